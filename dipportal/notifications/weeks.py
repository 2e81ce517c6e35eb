"""The weeks of Amsterdam, and the moment in each at which something planned weekly is due. Pure.

A week is the ISO week by the clock of Amsterdam, known by its Monday. Each week has exactly one moment for a weekday
and an hour, whatever the clock does in it.
"""

import datetime as dt

from django.utils import timezone


def week_of(now: dt.datetime) -> dt.date:
    """The Monday of the week in which a moment falls."""
    today = timezone.localdate(now, timezone.get_default_timezone())
    return today - dt.timedelta(days=today.weekday())


def planned(week: dt.date, weekday: int, hour: int) -> dt.datetime:
    """The moment of that week at which it is that hour of that weekday (0 for Monday), in UTC.

    An hour that is passed over when summer time begins: the moment at which the clock jumps. One that comes twice when
    it ends: the first of the two.
    """
    day = week + dt.timedelta(days=weekday)
    local = dt.datetime(day.year, day.month, day.day, hour, tzinfo=timezone.get_default_timezone())
    return local.astimezone(dt.UTC)


def name_of(week: dt.date) -> str:
    """As 2026-W12."""
    year, number, _day = week.isocalendar()
    return f"{year}-W{number:02}"


def named(name: str) -> dt.date:
    """The week of that name; raises ValueError for what is no name of a week."""
    year, number = name.split("-W")
    return dt.date.fromisocalendar(int(year), int(number), 1)
