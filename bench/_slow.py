"""A DIP in a process of its own that takes its time: lists of productions and performances, made up."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection as Pipe


class Slow(BaseHTTPRequestHandler):
    """Lists of a hundred productions, with one performance each; every answer takes the latency."""

    protocol_version = "HTTP/1.1"
    # Head and body leave at once: else the body waits until the client has confirmed the head, which takes 40 ms more.
    disable_nagle_algorithm = True
    wbufsize = -1
    latency = 0.0

    def do_GET(self) -> None:
        started = time.monotonic()
        parts = self.path.split("?")[0].strip("/").split("/")
        producer = int(parts[1])
        found = [_production(producer, number) for number in range(100)]
        if parts[-1] == "performances":
            found = [_performance(parts[3])]
        body = json.dumps(found).encode()
        time.sleep(max(0.0, self.latency - (time.monotonic() - started)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def _production(producer: int, number: int) -> dict[str, object]:
    return {"id": f"NL-25-{producer}-{number:05}", "title": f"Stuk {number}", "season": "2025-2026"}


def _performance(production: str) -> dict[str, object]:
    number = int(production.split("-")[2]) * 100_000 + int(production.split("-")[3])
    return {
        "id": number, "number": number, "date": "2026-04-01T20:00:00", "status": "agreed", "type": "normal",
        "production": {"id": production}, "theater": {"id": 1, "name": "Huis"},
    }  # fmt: skip


def serve(pipe: Pipe, latency: float) -> None:
    """Tell the port, then answer for ever. In a process of its own, without Django."""
    Slow.latency = latency
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    pipe.send(server.server_address[1])
    server.serve_forever()
