"""Ticket counts of 101 productions over real HTTP with 100 ms an answer: the first pull, and one without news.

Volumes as seen of one large producer: 101 productions, of which six run, 1,900 rows of theaters, 2,700 performances.
"""

import datetime as dt

from django.utils import timezone

from bench import _house, _slow
from bench._sides import LATENCY, SIDE_BY_SIDE, connection_of, slow_dip
from bench.common import Ratio, seconds
from dipportal.catalogue.models import Performance, Producer, Production, Theater
from dipportal.dip.models import Connection
from dipportal.ticketing.models import TicketCount, TicketCountPoint

PRODUCER = 903
PRODUCTIONS, RUNNING = 101, 6
LISTS = 3
MOST = 1.3
TURNS = 3


def run() -> list[Ratio]:
    with slow_dip():
        connection = connection_of(PRODUCER)
        _tours()
        kinds = sum(len(numbers) for serial in range(RUNNING) for numbers in _slow.numbers_of(serial))
        return [*_first(connection, kinds), *_again(connection)]


def _tours() -> None:
    producer = Producer.objects.get(pk=PRODUCER)
    theaters = Theater.objects.bulk_create(Theater(pk=pk, name=f"Huis {pk}") for pk in range(1, _slow.THEATERS + 1))
    now = timezone.now()
    for serial in range(PRODUCTIONS):
        production = Production.objects.create(
            dip_id=f"NL-25-{PRODUCER}-{serial:05}", title=f"Stuk {serial}", season="2025-2026", producer=producer
        )
        plays = now + dt.timedelta(days=30 if serial < RUNNING else -400)
        Performance.objects.bulk_create(
            Performance(production=production, theater=theater, number=number, starts_at=plays)
            for theater, numbers in zip(theaters, _slow.numbers_of(serial), strict=True)
            for number in numbers
        )


def _first(connection: Connection, kinds: int) -> list[Ratio]:
    """Each turn with an empty memory, as the first pull has it."""
    taken = []
    for _turn in range(TURNS):
        connection.organisation.dip_records.all().delete()
        TicketCount.objects.all().delete()
        TicketCountPoint.objects.all().delete()
        taken.append(seconds(lambda: _house.pulled(connection, "counts-full")))
    return [_ratio("first pull of counts", min(taken), LISTS * PRODUCTIONS + kinds)]


def _again(connection: Connection) -> list[Ratio]:
    taken = min(seconds(lambda: _house.pulled(connection, "counts-full")) for _turn in range(TURNS))
    with _house.Statements() as nothing:
        _house.pulled(connection, "counts-full")
    return [
        _ratio("pull of counts without news", taken, LISTS * PRODUCTIONS),
        Ratio("writes of the pull of counts without news", len(nothing.writes), 0),
    ]


def _ratio(name: str, taken: float, calls: int) -> Ratio:
    ideal = calls * LATENCY / SIDE_BY_SIDE
    what = f"{name}: {calls} calls of {LATENCY * 1000:.0f} ms, {SIDE_BY_SIDE} at once / ideal"
    return Ratio(what, taken / ideal, MOST, note=f"{taken:.2f} s / {ideal:.2f} s")
