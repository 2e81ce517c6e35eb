"""Django's own threaded server, whose handler can hang up on a client in the middle of an answer."""

from __future__ import annotations

import socket
from collections.abc import Callable
from typing import Any, cast

from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.http import HttpResponse

CONNECTION = "sandbox.connection"


class Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"
    # Without it every answer waits for the client's delayed acknowledgement.
    disable_nagle_algorithm = True
    quiet = False

    def get_environ(self) -> dict[str, Any]:
        environ: dict[str, Any] = super().get_environ()
        environ[CONNECTION] = self
        return environ

    def address_string(self) -> str:
        return str(self.client_address[0])

    def log_message(self, format: str, *args: Any) -> None:
        if not self.quiet:
            super().log_message(format, *args)

    def hang_up(self) -> None:
        """Whatever is written after this fails quietly: the client is gone, as far as the server can tell."""
        self.close_connection = True
        cast(socket.socket, self.connection).shutdown(socket.SHUT_RDWR)

    def send_half(self, response: HttpResponse) -> None:
        body = response.content
        head = [
            f"HTTP/1.1 {response.status_code} {response.reason_phrase}",
            f"Content-Type: {response['Content-Type']}",
            f"Content-Length: {len(body)}",
        ]
        half = "\r\n".join(head).encode() + b"\r\n\r\n" + body[: len(body) // 2]
        cast(socket.socket, self.connection).sendall(half)
        self.hang_up()


class Server(ThreadedWSGIServer):
    request_queue_size = 128


def make(host: str, port: int, application: Callable[..., Any], *, quiet: bool) -> Server:
    handler = type("QuietHandler", (Handler,), {"quiet": quiet})
    server = Server((host, port), handler)
    server.set_app(application)
    return server
