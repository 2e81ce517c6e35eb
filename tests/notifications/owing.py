"""Theaters that owe counts, in a week of the test's own, and what is mailed about them."""

import datetime as dt
from collections import Counter
from typing import Any

from django.utils import timezone

from dipportal.catalogue.models import Performance, Theater
from dipportal.notifications import weekly
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.ticketing import mirror
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import Counting
from tests.world import World

KADE = {"editor@de-kade.example", "manager@de-kade.example"}
HAVEN = {"editor@de-haven.example", "manager@de-haven.example"}
# A Wednesday in a week like any other.
STEP = dt.timedelta(hours=1)
NOW = dt.datetime(2027, 2, 10, 11, 0, tzinfo=dt.UTC)


def owe(world: World, now: dt.datetime = NOW) -> None:
    """Each theater owes counts at that moment: of an evening that was played, and of coming ones."""
    for performance, days in zip(world.performances, (-3, 10, 40), strict=True):
        Performance.objects.filter(pk=performance.pk).update(starts_at=now + dt.timedelta(days=days))
    Performance.objects.filter(pk=world.rival_performance.pk).update(starts_at=now + dt.timedelta(days=5))


def owe_always(world: World, first: dt.datetime) -> None:
    """In every week of a few months."""
    for theater, hall in ((world.theater, world.hall), (world.other_theater, world.other_hall)):
        Performance.objects.bulk_create(
            Performance(
                number=70_000_000 + theater.pk * 100 + n, production=world.production, theater=theater, hall=hall,
                starts_at=first + dt.timedelta(weeks=n),
            )
            for n in range(16)
        )  # fmt: skip


def set_moment(theater: Theater, weekday: int = 0, hour: int = 8, *, reminded: bool = True) -> None:
    Counting.objects.update_or_create(
        theater=theater, defaults={"weekday": weekday, "hour": hour, "reminded": reminded}
    )


def mails() -> Counter[tuple[str, str]]:
    """How many rows there are by what they are about (theater and week) and address."""
    return Counter(Email.objects.filter(kind=Kind.COUNTS).values_list("event_key", "recipient"))


def expected(world: World, *names: str) -> Counter[tuple[str, str]]:
    """One mail for each of our two houses' readers in each of these weeks."""
    return Counter(
        (f"counts:{theater.pk}:{name}", reader)
        for name in names
        for theater, readers in ((world.theater, KADE), (world.other_theater, HAVEN))
        for reader in readers
    )


def count(performance: Performance) -> None:
    told: Any = {
        **dict.fromkeys(("normal", "discount", "free", "other", "complimentary"), 0), "tickets": 0,
        "revenue_cents": 0, "revenue_of_kinds": {}, "reservations": 0, "blocked_seats": 0, "counted_at": timezone.now(),
    }  # fmt: skip
    mirror.write({performance.pk: told}, source=Source.HAND)


def tick(begin: dt.datetime, end: dt.datetime) -> None:
    """Every beat comes twice."""
    now = begin
    while now < end:
        weekly.write_due(now)
        weekly.write_due(now)
        now += STEP
