"""The demo's made-up run-ups: irregular, the same every time, and as the portal would have kept them."""

import datetime as dt
from itertools import pairwise

import pytest
from django.utils import timezone

from dipportal.catalogue.models import Performance, Theater
from dipportal.demo import run_ups
from dipportal.ticketing import history
from dipportal.ticketing.models import TicketCountPoint
from tests.ticketing.sales import sells
from tests.world import World

pytestmark = pytest.mark.django_db
SEATS = 300


@pytest.fixture
def drawn(world: World) -> list[list[tuple[dt.date, int]]]:
    """The curves of a hundred performances in twenty houses: of the running season, the one before, and to come."""
    houses = Theater.objects.bulk_create(Theater(pk=8000 + number, name=f"Huis {number}") for number in range(20))
    evenings = []
    for number in range(100):
        day = (-20, -300, 15)[number % 3] - number
        count = {min(0, day + 1): SEATS if number % 7 == 0 else 40 + number}
        evenings.append(sells(world.production, houses[number % 20], day, count, seats=SEATS))
    # By these the chance is drawn.
    for number, evening in enumerate(evenings):
        Performance.objects.filter(pk=evening.pk).update(number=8_000_000 + number)
    run_ups.draw()
    return [curve(evening) for evening in evenings]


def curve(evening: Performance) -> list[tuple[dt.date, int]]:
    return list(evening.ticket_count_points.order_by("day").values_list("day", "tickets"))


def test_each_ends_at_its_count_and_none_has_more_than_its_seats(drawn: list[list[tuple[dt.date, int]]]) -> None:
    for number, points in enumerate(drawn):
        assert points[-1][1] == (SEATS if number % 7 == 0 else 40 + number)
        assert all(0 <= tickets <= SEATS for _day, tickets in points)
    assert sum(len(points) for points in drawn) > 10 * len(drawn)


def test_they_are_no_family_of_smooth_curves(drawn: list[list[tuple[dt.date, int]]]) -> None:
    falling = [points for points in drawn if any(after < before for (_d, before), (_n, after) in pairwise(points))]
    assert 3 < len(falling) < 60
    # Halves are reached at quite different times.
    halves = {
        (points[-1][0] - next(day for day, tickets in points if 2 * tickets >= points[-1][1])).days // 7
        for points in drawn
    }
    assert len(halves) > 5
    full = [points for number, points in enumerate(drawn) if number % 7 == 0]
    assert any((points[-1][0] - next(day for day, sold in points if sold >= SEATS)).days > 7 for points in full)


def test_some_houses_report_once_a_week(drawn: list[list[tuple[dt.date, int]]]) -> None:
    border = timezone.localdate() - history.DAILY_FOR
    weekdays = [
        {day.weekday() for day, _tickets in points[:-1] if day >= border} for points in drawn if points[-1][0] > border
    ]
    weekly = [days for days in weekdays if len(days) == 1]
    assert 0 < len(weekly) < len(weekdays) / 2


def test_what_is_old_is_kept_as_the_portal_keeps_it(drawn: list[list[tuple[dt.date, int]]]) -> None:
    assert TicketCountPoint.objects.filter(day__lt=timezone.localdate() - history.DAILY_FOR).count() > 100
    assert history.thin(timezone.localdate()) == 0


def test_what_was_sold_before_its_sale_began_has_no_run_up(world: World) -> None:
    """A house may tell of a performance at any moment; no drawn sale is as long as this one."""
    house = Theater.objects.create(pk=8100, name="Huis")
    far = sells(world.production, house, 900, {0: 5}, seats=SEATS)
    assert run_ups.draw() == 0
    assert [tickets for _day, tickets in curve(far)] == [5]


def test_doing_it_again_gives_the_same(drawn: list[list[tuple[dt.date, int]]]) -> None:
    assert run_ups.draw() == 0
    evenings = list(Performance.objects.filter(number__in=range(8_000_000, 8_000_100)).order_by("number"))
    for evening, points in zip(evenings, drawn, strict=True):
        evening.ticket_count_points.filter(day__lt=points[-1][0]).delete()
    run_ups.draw()
    assert [curve(evening) for evening in evenings] == drawn
