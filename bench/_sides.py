"""202 reads of 100 ms side by side: two producers with a hundred productions each, over real HTTP on this machine."""

import datetime as dt
import json
import multiprocessing
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from multiprocessing.connection import Connection as Pipe

from django.conf import settings
from django.utils import timezone

from bench import _house
from bench.common import Ratio, seconds
from dipportal.catalogue.models import Producer
from dipportal.dip import crypto
from dipportal.dip.models import Connection
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation

CALLS, LATENCY, SIDE_BY_SIDE = 202, 0.1, 8
PRODUCERS = (901, 902)
TURNS = 3


class Slow(BaseHTTPRequestHandler):
    """Lists of a hundred productions, with one performance each; every answer takes the latency."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        started = time.monotonic()
        parts = self.path.split("?")[0].strip("/").split("/")
        producer = int(parts[1])
        found = [_production(producer, number) for number in range(100)]
        if parts[-1] == "performances":
            found = [_performance(parts[3])]
        body = json.dumps(found).encode()
        time.sleep(max(0.0, LATENCY - (time.monotonic() - started)))
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


def _serve(pipe: Pipe) -> None:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Slow)
    server.daemon_threads = True
    pipe.send(server.server_address[1])
    server.serve_forever()


def ratios() -> list[Ratio]:
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(theirs,), daemon=True)
    server.start()
    try:
        settings.DIP_URL = f"http://127.0.0.1:{mine.recv()}"
        settings.DIP_PACE_SECONDS, settings.DIP_CONCURRENCY = 0.0, SIDE_BY_SIDE
        connection = _connection()
        taken = min(seconds(lambda: _house.pulled(connection, "catalogue")) for _turn in range(TURNS))
    finally:
        server.terminate()
    ideal = CALLS * LATENCY / SIDE_BY_SIDE
    name = f"{CALLS} calls of {LATENCY * 1000:.0f} ms, {SIDE_BY_SIDE} at once / ideal"
    return [Ratio(name, taken / ideal, 1.15, note=f"{taken:.2f} s / {ideal:.2f} s, with the comparison of all of it")]


def _connection() -> Connection:
    organisation = Organisation.objects.create(slug="sides", name="Sides", kind=Side.PROVIDER)
    for pk in PRODUCERS:
        Producer.objects.create(pk=pk, name=str(pk)).providers.add(organisation)
    return Connection.objects.create(
        organisation=organisation,
        client_id="sides",
        secret_encrypted=crypto.encrypt("secret"),
        token_encrypted=crypto.encrypt("token"),
        token_expires_at=timezone.now() + dt.timedelta(hours=1),
    )
