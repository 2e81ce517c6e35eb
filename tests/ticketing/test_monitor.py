"""How performances sell: occupancy, change, silence, and the run-up."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.ticketing import queries
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.monitor import Curve, Silence, Sold, Tour, curve, run_up, share
from tests.world import AMSTERDAM, World

NOW = dt.datetime(2026, 11, 18, 12, tzinfo=AMSTERDAM)


def sold(
    tickets: int | None = None, *, seats: int = 500, before: int | None = None, days: int = 10, **more: Any
) -> Sold:
    """A performance in so many days, counted this morning; `more` are columns of the performance and the count."""
    starts_at = NOW + dt.timedelta(days=days)
    counted = more.pop("counted_at", NOW - dt.timedelta(hours=8))
    missing, reservations = more.pop("missing_since", None), more.pop("reservations", None)
    performance = Performance(starts_at=starts_at, capacity=[seats], **{"number": 1, **more})
    count = TicketCount(
        tickets=tickets,
        revenue_cents=None if tickets is None else tickets * 2000,
        counted_at=None if tickets is None else counted,
        missing_since=missing,
        reservations=reservations,
    )
    return Sold(performance, count if tickets is not None or reservations is not None else None, before)


def test_shares_are_rounded_half_up_and_of_nothing_there_is_none() -> None:
    assert [share(1, 3), share(1, 8), share(1, 2000), share(5, 0)] == [
        Decimal("33.3"), Decimal("12.5"), Decimal("0.1"), None
    ]  # fmt: skip


def test_one_performance() -> None:
    one = sold(212, before=200)
    assert (one.tickets, one.occupancy, one.change, one.change_share) == (212, Decimal("42.4"), 12, Decimal("6.0"))
    assert (sold(5, before=0).change, sold(5, before=0).change_share) == (5, None)
    assert (sold(5).change, sold(5, seats=0).occupancy) == (None, None)


def test_what_is_not_told_is_no_zero() -> None:
    for one in (sold(), sold(reservations=7), sold(100, missing_since=NOW)):
        assert (one.tickets, one.occupancy, one.change, one.told) == (None, None, None, None)
    assert [number for _kind, number in sold(100).by_kind] == [None] * 4


@pytest.mark.parametrize(
    ("one", "silence"),
    [
        (sold(100), None),
        (sold(), Silence(None)),
        (sold(reservations=3), Silence(None)),
        (sold(days=61), None),
        (sold(days=60), Silence(None)),
        (sold(100, counted_at=NOW - dt.timedelta(days=9)), Silence(NOW - dt.timedelta(days=9))),
        (sold(100, counted_at=NOW - dt.timedelta(days=7)), None),
        # After the evening the last count is the one from after it; a week is time enough for it.
        (sold(100, days=-3, counted_at=NOW - dt.timedelta(days=4)), None),
        (sold(100, days=-30, counted_at=NOW - dt.timedelta(days=29)), None),
        (sold(100, days=-30, counted_at=NOW - dt.timedelta(days=31)), Silence(NOW - dt.timedelta(days=31))),
        (sold(status="cancelled"), None),
        (sold(number=None), None),
    ],
)
def test_who_owes_a_count(one: Sold, silence: Silence | None) -> None:
    assert one.silence(NOW) == silence


def test_a_tour_counts_what_takes_place_and_the_seats_of_what_was_counted() -> None:
    tour = Tour(
        [
            sold(200, before=150, reservations=10),
            sold(100, seats=250, before=100),
            sold(50, seats=0),
            sold(seats=1000),
            sold(400, status="cancelled", before=1),
        ]
    )
    assert (len(tour.playing), len(tour.counted)) == (4, 3)
    assert (tour.tickets, tour.seats, tour.revenue_cents, tour.reservations) == (350, 750, 700000, 10)
    assert tour.occupancy == Decimal("40.0"), "300 of 750: of the third nobody knows the seats"
    assert (tour.change, tour.change_share) == (50, Decimal("20.0"))
    empty = Tour([sold()])
    assert (empty.occupancy, empty.change, empty.change_share, empty.reservations) == (None, None, None, None)


def test_the_weakest_come_first_and_what_says_nothing_last() -> None:
    full, weak, silent = sold(400), sold(40), sold(days=1)
    off = sold(1, status="cancelled")
    assert Tour([off, full, silent, weak]).weakest_first() == [weak, full, silent, off]


# --- the run-up -------------------------------------------------------------------------------------------------
EVENING = dt.date(2026, 12, 20)


def played(pk: int, *steps: tuple[int, int], seats: int = 100) -> Curve:
    return Curve(Performance(pk=pk, capacity=[seats]), steps)


def test_a_curve_goes_by_days_before_the_evening() -> None:
    points = [(EVENING - dt.timedelta(days=30), 5), (EVENING - dt.timedelta(days=3), 40), (EVENING, 60)]
    one = curve(Performance(pk=1), [*points, (EVENING + dt.timedelta(days=1), 58)], EVENING)
    assert one.steps == ((30, 5), (3, 40), (0, 58))
    assert [one.at(days) for days in (31, 30, 10, 3, 1, 0)] == [None, 5, 5, 40, 40, 58]


def test_the_run_up_is_that_of_who_came_so_far() -> None:
    curves = [played(1, (30, 10), (0, 80)), played(2, (30, 20), (20, 30)), played(3, (30, 1), seats=0)]
    evenings = {1: EVENING, 2: EVENING + dt.timedelta(days=20), 3: EVENING}
    found = run_up(curves, evenings, EVENING, [40, 30, 20, 10, 0])
    assert [(one.days_before, one.performances, one.average, one.least, one.most) for one in found] == [
        (30, 2, Decimal("15.0"), Decimal("10.0"), Decimal("20.0")),
        (20, 2, Decimal("20.0"), Decimal("10.0"), Decimal("30.0")),
        # The second one has twenty days to go.
        (10, 1, Decimal("10.0"), Decimal("10.0"), Decimal("10.0")),
        (0, 1, Decimal("80.0"), Decimal("80.0"), Decimal("80.0")),
    ]


# --- reading it --------------------------------------------------------------------------------------------------
@pytest.mark.django_db
def test_the_change_is_since_the_last_point_of_a_week_ago(world: World, django_assert_num_queries: Any) -> None:
    one, other = world.performances[:2]
    today = timezone.localdate()
    for days, tickets in ((20, 10), (8, 30), (6, 45), (0, 50)):
        TicketCountPoint.objects.create(performance=one, day=today - dt.timedelta(days=days), tickets=tickets)
    for evening in (one, other, world.rival_performance):
        TicketCount.objects.create(
            performance=evening, source=Source.DIP, tickets=50, revenue_cents=1, counted_at=timezone.now()
        )
    with django_assert_num_queries(1):
        found = queries.sold_of(world.agency, [other, one, world.rival_performance])
    assert [(seen.performance, seen.tickets, seen.change) for seen in found] == [
        (other, 50, None), (one, 50, 20), (world.rival_performance, None, None)
    ]  # fmt: skip
    with django_assert_num_queries(1):
        curves = queries.curves_of(world.agency, [one, other])
    assert [drawn.performance for drawn in curves] == [one]


def test_kinds_are_shown_as_they_are_defined() -> None:
    count = TicketCount(
        tickets=7, revenue_cents=1, counted_at=NOW, normal=1, discount=2, free=0, other=3, complimentary=1
    )
    shown = Sold(Performance(starts_at=NOW), count).by_kind
    assert shown == [
        (TicketKind.NORMAL, 1), (TicketKind.DISCOUNT, 2), (TicketKind.FREE, 0), (TicketKind.OTHER, 4)
    ]  # fmt: skip
