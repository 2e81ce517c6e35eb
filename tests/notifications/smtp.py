"""A mail server on loopback that keeps what it was given and misbehaves on demand."""

import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email import message_from_bytes
from email.message import Message
from typing import Any

# What the server does after the whole message has come in.
ACCEPT, HANG_UP = "accept", "hang up"


@dataclass
class Post:
    """What arrived, and how the next mails are treated. `rcpt` gives the answer per address, `data` per message."""

    letters: list[Message] = field(default_factory=list)
    connections: int = 0
    rcpt: dict[str, str] = field(default_factory=dict)
    sender: str = "250 ok"
    data: dict[str, list[str]] = field(default_factory=dict)
    on_letter: Callable[[], None] | None = None

    @property
    def ids(self) -> list[str]:
        return [str(letter["Message-ID"]) for letter in self.letters]


class Conversation(socketserver.StreamRequestHandler):
    server: Any

    def say(self, line: str) -> None:
        self.wfile.write(line.encode() + b"\r\n")

    def handle(self) -> None:
        post: Post = self.server.post
        post.connections += 1
        recipient = ""
        self.say("220 mail.example")
        while line := self.rfile.readline():
            command = line.decode().strip()
            verb = command[:4].upper()
            if verb == "QUIT":
                self.say("221 bye")
                return
            if verb == "MAIL":
                self.say(post.sender)
            elif verb == "RCPT":
                recipient = command.partition("<")[2].partition(">")[0]
                self.say(post.rcpt.get(recipient, "250 ok"))
            elif verb == "DATA":
                self.say("354 go on")
                if not self.take(post, recipient):
                    return
            else:
                self.say("250 mail.example")

    def take(self, post: Post, recipient: str) -> bool:
        lines = []
        while (line := self.rfile.readline()) not in (b".\r\n", b""):
            lines.append(line)
        post.letters.append(message_from_bytes(b"".join(lines)))
        if post.on_letter:
            post.on_letter()
        plan = post.data.get(recipient)
        answer = plan.pop(0) if plan else ACCEPT
        if answer == HANG_UP:
            return False
        self.say("250 taken" if answer == ACCEPT else answer)
        return True


@contextmanager
def mail_server(settings: Any) -> Iterator[Post]:
    """Run a server and point the portal's mail at it."""
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        server.post = Post()  # type: ignore[attr-defined]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.server_address[1]
        settings.EMAIL_TIMEOUT = 5
        try:
            yield server.post  # type: ignore[attr-defined]
        finally:
            server.shutdown()
            thread.join()
