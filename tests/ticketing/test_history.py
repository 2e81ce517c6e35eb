"""How much of a curve is kept."""

import datetime as dt

import pytest

from dipportal.ticketing import history, tasks
from dipportal.ticketing.models import TicketCountPoint
from tests.world import World

TODAY = dt.date(2026, 11, 18)
BORDER = TODAY - history.DAILY_FOR
pytestmark = pytest.mark.django_db


def drawn(world: World, first: dt.date, days: int) -> None:
    for evening in world.performances[:2]:
        TicketCountPoint.objects.bulk_create(
            TicketCountPoint(performance=evening, day=first + dt.timedelta(days=day), tickets=day)
            for day in range(days)
        )


def days(world: World) -> list[dt.date]:
    rows = TicketCountPoint.objects.filter(performance=world.performances[0])
    return list(rows.order_by("day").values_list("day", flat=True))


def test_of_a_week_that_is_old_the_last_day_stays(world: World) -> None:
    monday = BORDER - dt.timedelta(weeks=3, days=BORDER.weekday())
    drawn(world, monday, 14)
    assert history.thin(TODAY) == 2 * 12
    assert days(world) == [monday + dt.timedelta(days=6), monday + dt.timedelta(days=13)]
    assert history.thin(TODAY) == 0


def test_the_last_months_keep_every_day(world: World) -> None:
    drawn(world, BORDER, 30)
    assert history.thin(TODAY) == 0


def test_a_week_across_the_border_loses_nothing_to_the_days_behind_it(world: World) -> None:
    """A day that stays for now is no reason to take the days before it away: next week they may be all there is."""
    drawn(world, BORDER - dt.timedelta(days=1), 3)
    assert history.thin(TODAY) == 0
    assert len(days(world)) == 3


def test_each_performance_keeps_its_own(world: World) -> None:
    one, two = world.performances[:2]
    week = BORDER - dt.timedelta(weeks=2, days=BORDER.weekday())
    TicketCountPoint.objects.create(performance=one, day=week, tickets=1)
    TicketCountPoint.objects.create(performance=two, day=week + dt.timedelta(days=3), tickets=2)
    assert history.thin(TODAY) == 0


def test_the_task_does_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.timezone, "localdate", lambda: TODAY)
    drawn(world, BORDER - dt.timedelta(weeks=2, days=BORDER.weekday()), 2)
    assert tasks.thin_points() == 2
