"""Dates as Dutch planners write them, in the language of the reader, always in Amsterdam's time."""

import datetime as dt
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import avoid_wrapping
from django.utils.timesince import TIME_STRINGS
from django.utils.translation import get_language, gettext


def moment(value: dt.datetime | None) -> str:
    """`do 12 mrt 2026, 20:15`."""
    if value is None:
        return ""
    local = timezone.localtime(value)
    return f"{day(local)}, {local:%H:%M}"


def day(value: dt.date | dt.datetime | None) -> str:
    """`do 12 mrt 2026`."""
    if value is None:
        return ""
    if isinstance(value, dt.datetime):
        value = (timezone.localtime(value) if timezone.is_aware(value) else value).date()
    return day_in(value, get_language() or "")


@lru_cache(maxsize=4096)
def day_in(value: dt.date, language: str) -> str:
    """`language` is the one in force: the same days stand in every list, so their words are made once."""
    names = date_format(value, "D j M Y")
    # Django abbreviates Dutch months as 'mrt' and English ones as 'Mar'; the weekday is lower case in Dutch.
    return names.lower() if language.startswith("nl") else names


def midnight(of: dt.date) -> dt.datetime:
    """The moment at which that day begins in Amsterdam."""
    return dt.datetime.combine(of, dt.time.min, timezone.get_default_timezone())


def ago(value: dt.datetime | None, language: str | None = None) -> str:
    """The age in words: '3 dagen'. `language`: the one in force, if that was looked up already."""
    if value is None:
        return ""
    now = timezone.now()
    if now - value < dt.timedelta(minutes=1):
        return gettext("less than a minute")
    return _age(*largest_unit(value, now), language or get_language() or "")


def largest_unit(since: dt.datetime, now: dt.datetime) -> tuple[str, int]:
    """What Django's `timesince` begins with, without the rest: the largest unit that fits in between, and how often."""
    passed = now - since
    if passed.days >= 28:
        now = now.astimezone(since.tzinfo)
        months = (now.year - since.year) * 12 + now.month - since.month
        if (since.day, since.time()) > (now.day, now.time()):
            months -= 1
        if months:
            return ("year", months // 12) if months >= 12 else ("month", months)
    if passed.days:
        return ("week", passed.days // 7) if passed.days >= 7 else ("day", passed.days)
    return ("hour", passed.seconds // 3600) if passed.seconds >= 3600 else ("minute", passed.seconds // 60)


@lru_cache(maxsize=1024)
def _age(unit: str, number: int, language: str) -> str:
    """`language` is the one in force."""
    words: str = avoid_wrapping(TIME_STRINGS[unit] % {"num": number})
    return words
