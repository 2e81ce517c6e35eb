"""A mail server in a process of its own, which takes every mail after a pause: `with running(0.01) as port`."""

import socketserver
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


class Conversation(socketserver.StreamRequestHandler):
    """Says yes to everything but one address. `server.pause`: seconds between a mail and its 'taken'."""

    disable_nagle_algorithm = True

    def handle(self) -> None:
        self.say(b"220 mail.example")
        while line := self.rfile.readline():
            verb = line[:4].upper()
            if verb == b"QUIT":
                self.say(b"221 bye")
                return
            if verb == b"DATA":
                self.say(b"354 go on")
                while self.rfile.readline() not in (b".\r\n", b""):
                    pass
                time.sleep(self.server.pause)  # type: ignore[attr-defined]
                self.say(b"250 taken")
            elif verb == b"RCPT" and b"<weg@" in line:
                self.say(b"550 no such user")
            else:
                self.say(b"250 mail.example")

    def say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


@contextmanager
def running(pause: float) -> Iterator[int]:
    command = [sys.executable, "-m", "bench._sink", str(pause)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parent.parent) as process:
        assert process.stdout is not None
        try:
            yield int(process.stdout.readline())
        finally:
            process.terminate()


def main() -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Conversation) as server:
        server.daemon_threads = True
        server.pause = float(sys.argv[1])  # type: ignore[attr-defined]
        sys.stdout.write(f"{server.server_address[1]}\n")
        sys.stdout.flush()
        server.serve_forever()


if __name__ == "__main__":
    main()
