"""202 reads of 100 ms side by side: two producers with a hundred productions each, over real HTTP on this machine."""

import datetime as dt
import multiprocessing
from collections.abc import Iterator
from contextlib import contextmanager

from django.conf import settings
from django.utils import timezone

from bench import _house, _slow
from bench.common import Ratio, seconds
from dipportal.catalogue.models import Producer
from dipportal.dip import crypto
from dipportal.dip.models import Connection
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation

CALLS, LATENCY, SIDE_BY_SIDE = 202, 0.1, 8
PRODUCERS = (901, 902)
TURNS = 5


def ratios() -> list[Ratio]:
    with slow_dip():
        connection = connection_of(*PRODUCERS)
        taken = min(seconds(lambda: _house.pulled(connection, "catalogue")) for _turn in range(TURNS))
    ideal = CALLS * LATENCY / SIDE_BY_SIDE
    name = f"{CALLS} calls of {LATENCY * 1000:.0f} ms, {SIDE_BY_SIDE} at once / ideal"
    return [Ratio(name, taken / ideal, 1.15, note=f"{taken:.2f} s / {ideal:.2f} s, with the comparison of all of it")]


@contextmanager
def slow_dip() -> Iterator[None]:
    """DIP's address is that of a process whose answers take LATENCY; SIDE_BY_SIDE may be under way, without a pace."""
    mine, theirs = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_slow.serve, args=(theirs, LATENCY), daemon=True)
    server.start()
    # Then a server that does not start is an end of file here, not a wait for ever.
    theirs.close()
    try:
        settings.DIP_URL = f"http://127.0.0.1:{mine.recv()}"
        settings.DIP_PACE_SECONDS, settings.DIP_CONCURRENCY = 0.0, SIDE_BY_SIDE
        yield
    finally:
        server.terminate()


def connection_of(*producers: int) -> Connection:
    organisation = Organisation.objects.create(slug="sides", name="Sides", kind=Side.PROVIDER)
    for pk in producers:
        Producer.objects.create(pk=pk, name=str(pk)).providers.add(organisation)
    return Connection.objects.create(
        organisation=organisation,
        client_id="sides",
        secret_encrypted=crypto.encrypt("secret"),
        token_encrypted=crypto.encrypt("token"),
        token_expires_at=timezone.now() + dt.timedelta(hours=1),
    )
