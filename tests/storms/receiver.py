"""A mail server that takes its time, and keeps what it has said yes to or was about to.

A message counts as accepted once its last line has come in: the answer may be on its way when the sender dies, and
then the mail is delivered although nobody knows. A sender that dies before that has delivered nothing.
"""

import random
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from typing import Any

# Where a sender can be killed: between DATA and our 'go on', and between its last line and our answer.
DATA, REPLY = "data", "reply"


@dataclass(frozen=True)
class Letter:
    recipient: str
    message_id: str
    # The head of the thread that it belongs to, as it stands in References.
    thread: str


@dataclass
class Post:
    """What was accepted, how many conversations are where, and how many broke off where."""

    chance: random.Random
    # Seconds: how long each of the two waits takes at most.
    slow: float
    # On which it listens.
    port: int = 0
    letters: list[Letter] = field(default_factory=list)
    inside: dict[str, int] = field(default_factory=lambda: {DATA: 0, REPLY: 0})
    broken: dict[str, int] = field(default_factory=lambda: {DATA: 0, REPLY: 0})
    lock: threading.Lock = field(default_factory=threading.Lock)

    def wait(self) -> float:
        with self.lock:
            return self.chance.uniform(0.2, 1) * self.slow

    def broke(self, where: str) -> None:
        with self.lock:
            self.broken[where] += 1


class Conversation(socketserver.StreamRequestHandler):
    server: Any

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        try:
            self.talk(self.server.post)
        except OSError:
            # The sender is gone; what it had delivered is kept.
            return

    def talk(self, post: Post) -> None:
        recipient = ""
        self.say("220 mail.example")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                self.say("221 bye")
                return
            if verb == b"RCPT":
                recipient = line.decode().partition("<")[2].partition(">")[0]
            if verb != b"DATA":
                self.say("250 ok")
            elif not self.take(post, recipient):
                return

    def take(self, post: Post, recipient: str) -> bool:
        """One message; False when the sender is gone."""
        if not self.linger(post, DATA):
            return False
        self.say("354 go on")
        lines = []
        while (line := self.rfile.readline()) != b".\r\n":
            if not line:
                post.broke(DATA)
                return False
            lines.append(line)
        letter = message_from_bytes(b"".join(lines))
        with post.lock:
            post.letters.append(Letter(recipient, str(letter["Message-ID"]), str(letter["References"])))
        if not self.linger(post, REPLY):
            return False
        self.say("250 taken")
        return True

    def linger(self, post: Post, where: str) -> bool:
        """Take some time; False when the sender goes away meanwhile."""
        seconds = post.wait()
        with post.lock:
            post.inside[where] += 1
        try:
            there = self.still_there(seconds)
        finally:
            with post.lock:
                post.inside[where] -= 1
        if not there:
            post.broke(where)
        return there

    def still_there(self, seconds: float) -> bool:
        """A sender that waits for us says nothing: whatever can be read now is its end."""
        end = time.monotonic() + seconds
        self.connection.settimeout(0.05)
        try:
            while (left := end - time.monotonic()) > 0:
                self.connection.settimeout(min(0.05, left))
                try:
                    return bool(self.connection.recv(1))
                except TimeoutError:
                    continue
                except OSError:
                    return False
        finally:
            self.connection.settimeout(None)
        return True


class Office(socketserver.ThreadingTCPServer):
    daemon_threads = True
    allow_reuse_address = True


@contextmanager
def mail_server(port: int, chance: random.Random, *, slow: float) -> Iterator[Post]:
    """Run a server on this port, 0 for any that is free. `slow` in seconds; it may be changed on the way."""
    with Office(("127.0.0.1", port), Conversation) as server:
        server.post = post = Post(chance, slow, server.server_address[1])  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        try:
            yield post
        finally:
            server.shutdown()
            thread.join()
