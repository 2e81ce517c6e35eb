"""Each week of Amsterdam has exactly one moment for a weekday and an hour, whatever the clock does in it."""

import datetime as dt
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dipportal.notifications import weeks
from tests.notifications.clocks import without_summer_time

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
MONDAYS = st.dates(dt.date(2000, 1, 1), dt.date(2099, 12, 31)).map(lambda day: day - dt.timedelta(days=day.weekday()))
WEEKDAYS, HOURS = st.integers(0, 6), st.integers(0, 23)
MOMENTS = st.datetimes(dt.datetime(2000, 1, 10), dt.datetime(2099, 12, 20), timezones=st.just(dt.UTC))
SUNDAY = 6
# The weeks in which summer time begins and ends.
SPRING, AUTUMN = dt.date(2027, 3, 22), dt.date(2026, 10, 19)


def clock(moment: dt.datetime) -> dt.datetime:
    return moment.astimezone(AMSTERDAM)


@given(MONDAYS, WEEKDAYS, HOURS)
def test_the_moment_lies_in_its_week_on_its_day_and_at_its_hour(week: dt.date, weekday: int, hour: int) -> None:
    moment = weeks.planned(week, weekday, hour)
    assert weeks.week_of(moment) == week
    local = clock(moment)
    assert local.date() == week + dt.timedelta(days=weekday)
    assert local.minute == 0
    skipped = (weekday, hour) == (SUNDAY, 2) and local.hour == 3
    assert local.hour == hour or skipped


@given(MONDAYS, WEEKDAYS, HOURS)
def test_an_hour_earlier_it_is_not_yet_that_hour(week: dt.date, weekday: int, hour: int) -> None:
    """Of an hour that comes twice the moment is in the first."""
    before = clock(weeks.planned(week, weekday, hour) - dt.timedelta(hours=1))
    wall = dt.datetime.combine(week + dt.timedelta(days=weekday), dt.time(hour))
    assert before.replace(tzinfo=None) < wall


@given(MOMENTS, WEEKDAYS, HOURS)
def test_at_any_moment_one_moment_at_most_of_this_week_has_come_and_the_next_week_has_not(
    now: dt.datetime, weekday: int, hour: int
) -> None:
    week = weeks.week_of(now)
    before, this, after = (weeks.planned(week + dt.timedelta(weeks=n), weekday, hour) for n in (-1, 0, 1))
    assert before < this < after
    assert before <= now < after
    # The wall says the same as the moments, but for the hour that is passed over.
    local = clock(now)
    assert (this <= now) == ((local.weekday(), local.hour) >= (weekday, hour))


@given(MONDAYS)
def test_a_week_is_found_by_its_name(week: dt.date) -> None:
    assert weeks.named(weeks.name_of(week)) == week


@pytest.mark.parametrize("name", ["2026-W54", "2026", "2026-W", "x-W1", "2025-W53"])
def test_what_is_no_week_is_refused(name: str) -> None:
    with pytest.raises(ValueError):
        weeks.named(name)


def test_weeks_around_new_year_have_the_year_of_their_thursday() -> None:
    assert weeks.name_of(dt.date(2026, 12, 28)) == "2026-W53"
    assert weeks.name_of(dt.date(2024, 12, 30)) == "2025-W01"


def test_the_hour_that_is_passed_over_comes_when_the_clock_jumps() -> None:
    moment = weeks.planned(SPRING, SUNDAY, 2)
    assert moment == dt.datetime(2027, 3, 28, 1, tzinfo=dt.UTC) == weeks.planned(SPRING, SUNDAY, 3)
    assert clock(moment - dt.timedelta(seconds=1)).hour == 1
    assert clock(moment).hour == 3


def test_the_hour_that_comes_twice_counts_the_first_time() -> None:
    moment = weeks.planned(AUTUMN, SUNDAY, 2)
    assert moment == dt.datetime(2026, 10, 25, 0, tzinfo=dt.UTC)
    assert clock(moment).hour == clock(moment + dt.timedelta(hours=1)).hour == 2
    assert weeks.planned(AUTUMN, SUNDAY, 3) - moment == dt.timedelta(hours=2)


def test_a_changed_rule_moves_the_moment_and_keeps_it_in_its_week(tmp_path: Path) -> None:
    summer = dt.date(2026, 7, 6)
    before = weeks.planned(summer, 0, 0)
    with without_summer_time(tmp_path):
        after = weeks.planned(summer, 0, 0)
        assert after - before == dt.timedelta(hours=1)
        assert weeks.week_of(after) == summer
        assert weeks.week_of(before) == summer - dt.timedelta(weeks=1)
        assert weeks.planned(SPRING, SUNDAY, 3) - weeks.planned(SPRING, SUNDAY, 2) == dt.timedelta(hours=1)
    assert weeks.planned(summer, 0, 0) == before, "the rules of this test stay in this test"
