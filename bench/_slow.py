"""A DIP in a process of its own that takes its time: productions, performances and their ticket counts, made up."""

import json
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection as Pipe


class Slow(BaseHTTPRequestHandler):
    """Lists of a hundred productions with one performance each, and counts of tours; each answer takes the latency."""

    protocol_version = "HTTP/1.1"
    # Head and body leave at once: else the body waits until the client has confirmed the head, which takes 40 ms more.
    disable_nagle_algorithm = True
    wbufsize = -1
    latency = 0.0

    def do_GET(self) -> None:
        started = time.monotonic()
        parts = self.path.split("?")[0].strip("/").split("/")
        body = json.dumps(_answer(parts)).encode()
        time.sleep(max(0.0, self.latency - (time.monotonic() - started)))
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        pass


def _answer(parts: list[str]) -> list[dict[str, object]]:
    if parts[0] == "productions":
        return _counts(parts[1])
    if parts[0] == "performances":
        return _kinds(int(parts[1]))
    if parts[-1] == "performances":
        return [_performance(parts[3])]
    return [_production(int(parts[1]), number) for number in range(100)]


def _production(producer: int, number: int) -> dict[str, object]:
    return {"id": f"NL-25-{producer}-{number:05}", "title": f"Stuk {number}", "season": "2025-2026"}


def _performance(production: str) -> dict[str, object]:
    number = int(production.split("-")[2]) * 100_000 + int(production.split("-")[3])
    return {
        "id": number, "number": number, "date": "2026-04-01T20:00:00", "status": "agreed", "type": "normal",
        "production": {"id": production}, "theater": {"id": 1, "name": "Huis"},
    }  # fmt: skip


# Of each production so many theaters, of which the first ones play twice.
THEATERS, TWICE = 19, 8


def numbers_of(serial: int) -> list[list[int]]:
    """The performances of a production, theater by theater."""
    first = 1_000_000 + serial * 100
    plays = iter(range(first, first + 100))
    return [[next(plays) for _time in range(2 if place < TWICE else 1)] for place in range(THEATERS)]


def _counts(production: str) -> list[dict[str, object]]:
    rows: list[dict[str, object]] = []
    for theater, numbers in enumerate(numbers_of(int(production.split("-")[3])), start=1):
        sold = {number: sum(tickets for _kind, tickets in _sold(number)) for number in numbers}
        shared = {"updated": "2026-11-27T04:02:11.5"}
        plays = [
            {"number": number, "date": "2026-12-01T20:00:00", "tickets": tickets, "recette": tickets * 2000, **shared}
            for number, tickets in sold.items()
        ]
        total = sum(sold.values())
        rows.append(
            {"id": theater, "name": f"Huis {theater}", "tickets": total, "recette": total * 2000, **shared}
            | {"performances": plays}
        )
    return rows


def _sold(number: int) -> list[tuple[str, int]]:
    return [("normal", 100 + number % 37), ("discount", number % 11), ("free", number % 5)]


def _kinds(number: int) -> list[dict[str, object]]:
    return [{"type": kind, "tickets": tickets, "recette": tickets * 2000} for kind, tickets in _sold(number)]


def serve(pipe: Pipe, latency: float) -> None:
    """Tell the port, then answer for ever. In a process of its own, without Django."""
    Slow.latency = latency
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    pipe.send(server.server_address[1])
    server.serve_forever()
