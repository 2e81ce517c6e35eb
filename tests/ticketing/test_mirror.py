"""What a source tells of a performance: the count, its kinds, and the points of the curve."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.ticketing import mirror
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from tests.world import AMSTERDAM, World

TUESDAY = dt.datetime(2026, 9, 1, 4, 2, tzinfo=AMSTERDAM)
KINDS = {TicketKind.NORMAL: (80, 200000), TicketKind.DISCOUNT: (15, 30000), TicketKind.FREE: (5, 0)}
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def now(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timezone, "now", lambda: dt.datetime(2026, 9, 3, 12, tzinfo=AMSTERDAM))


def write(told: dict[int, Any]) -> mirror.Written:
    with transaction.atomic():
        return mirror.write(told, source=Source.DIP)


def sold(tickets: int = 100, cents: int = 230000, at: dt.datetime = TUESDAY, kinds: Any = None) -> mirror.Told:
    return mirror.sold(tickets, cents, at, kinds)


def points(performance: Performance) -> list[tuple[Any, ...]]:
    rows = TicketCountPoint.objects.filter(performance=performance).order_by("day")
    return list(rows.values_list("day", "tickets", "revenue_cents", "reservations"))


def test_a_new_count_with_its_kinds(world: World) -> None:
    evening = world.performances[0]
    assert write({evening.pk: sold(kinds=KINDS)}) == mirror.Written(created=1)
    row = TicketCount.objects.get()
    assert (row.performance, row.tickets, row.revenue_cents, row.counted_at) == (evening, 100, 230000, TUESDAY)
    assert (row.normal, row.discount, row.free, row.other, row.complimentary) == (80, 15, 5, 0, 0)
    assert row.revenue_of_kinds == {"normal": 200000, "discount": 30000, "free": 0}
    assert points(evening) == [(TUESDAY.date(), 100, 230000, None)]


def test_what_is_the_same_is_not_written(world: World) -> None:
    told = {one.pk: sold(kinds=KINDS) for one in world.performances}
    write(told)
    with CaptureQueriesContext(connection) as seen:
        assert write(told) == mirror.Written(unchanged=len(told))
    assert [one["sql"] for one in seen if one["sql"].startswith(("INSERT", "UPDATE", "DELETE", "COPY"))] == []


def test_what_a_source_leaves_out_stays(world: World) -> None:
    evening = world.performances[0]
    write({evening.pk: sold(kinds=KINDS)})
    assert write({evening.pk: {"reservations": 12}}).changed == 1
    assert write({evening.pk: {"blocked_seats": 4}}).changed == 1
    row = TicketCount.objects.get()
    assert (row.tickets, row.normal, row.reservations, row.blocked_seats) == (100, 80, 12, 4)


def test_reservations_before_the_first_ticket_are_no_count_of_tickets(world: World) -> None:
    write({world.performances[0].pk: {"reservations": 12}})
    row = TicketCount.objects.get()
    assert (row.tickets, row.revenue_cents, row.counted_at, row.reservations) == (None, None, None, 12)


def test_the_last_of_a_day_is_its_point_and_a_day_is_amsterdams(world: World) -> None:
    evening = world.performances[0]
    # In UTC still the day before.
    early = dt.datetime(2026, 9, 2, 0, 30, tzinfo=AMSTERDAM)
    write({evening.pk: sold(100)})
    write({evening.pk: sold(110, at=early)})
    write({evening.pk: sold(120, at=early + dt.timedelta(hours=20))})
    assert points(evening) == [
        (dt.date(2026, 9, 1), 100, 230000, None),
        (dt.date(2026, 9, 2), 120, 230000, None),
    ]


def test_a_clock_that_is_ahead_makes_no_point_of_tomorrow(world: World) -> None:
    evening = world.performances[0]
    write({evening.pk: sold(at=dt.datetime(2027, 1, 1, tzinfo=AMSTERDAM))})
    assert [day for day, *_rest in points(evening)] == [dt.date(2026, 9, 3)]


def test_a_count_that_was_only_counted_anew_is_no_point(world: World) -> None:
    evening = world.performances[0]
    write({evening.pk: sold()})
    assert write({evening.pk: sold(at=TUESDAY + dt.timedelta(days=1))}).changed == 1
    assert len(points(evening)) == 1


def test_what_the_source_no_longer_tells_is_kept_and_marked(world: World) -> None:
    evening = world.performances[0]
    write({evening.pk: sold()})
    assert mirror.mark_missing([evening.pk], source=Source.DIP) == 1
    assert mirror.mark_missing([evening.pk], source=Source.DIP) == 0
    assert TicketCount.objects.get().tickets == 100
    write({evening.pk: {"reservations": 3}})
    assert TicketCount.objects.get().missing_since is not None, "reservations are no tickets"
    assert write({evening.pk: sold()}).changed == 1
    assert TicketCount.objects.get().missing_since is None


def test_kinds_that_are_not_the_whole_are_refused_by_the_database(world: World) -> None:
    evening = world.performances[0]
    with pytest.raises(IntegrityError), transaction.atomic():
        write({evening.pk: sold(99, kinds=KINDS)})
    with pytest.raises(IntegrityError), transaction.atomic():
        TicketCount.objects.create(performance=evening, source=Source.DIP, tickets=5)
    assert not TicketCount.objects.exists()


def test_statements_do_not_grow_with_the_performances(world: World) -> None:
    def statements(evenings: list[Performance], tickets: int) -> int:
        with CaptureQueriesContext(connection) as seen:
            write({one.pk: sold(tickets) for one in evenings})
        return len(seen)

    some = world.performances[:1]
    many = [
        Performance.objects.create(
            production=world.production,
            theater=world.theater,
            starts_at=TUESDAY + dt.timedelta(days=day),
            number=9000 + day,
        )
        for day in range(40)
    ]
    assert statements(some, 1) == statements(many, 1)
    assert statements(some, 2) == statements(many, 2)


def test_everybody_sees_the_counts_of_the_performances_they_see(world: World) -> None:
    ours, theirs = world.performances[0], world.rival_performance
    write({ours.pk: sold(100), theirs.pk: sold(333)})
    seen = {
        name: (
            list(TicketCount.objects.visible_to(who).values_list("tickets", flat=True)),
            list(TicketCountPoint.objects.visible_to(who).values_list("tickets", flat=True)),
        )
        for name, who in (("agency", world.agency), ("rival", world.rival), ("kade", world.kade), ("nobody", None))
    }
    here = [333] if theirs.theater.receiver == world.kade else []
    assert seen["agency"] == ([100], [100])
    assert seen["rival"] == ([333], [333])
    assert seen["kade"] == ([100, *here], [100, *here])
    assert seen["nobody"] == ([], [])
