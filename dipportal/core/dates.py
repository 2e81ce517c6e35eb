"""Dates as Dutch planners write them, in the language of the reader, always in Amsterdam's time."""

import datetime as dt
from functools import lru_cache

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.timesince import timesince
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
    return _day(value, get_language() or "")


@lru_cache(maxsize=4096)
def _day(value: dt.date, language: str) -> str:
    """`language` is the one in force: the same days stand in every list, so their words are made once."""
    names = date_format(value, "D j M Y")
    # Django abbreviates Dutch months as 'mrt' and English ones as 'Mar'; the weekday is lower case in Dutch.
    return names.lower() if language.startswith("nl") else names


def ago(value: dt.datetime | None) -> str:
    """The age in words: '3 dagen'."""
    if value is None:
        return ""
    if timezone.now() - value < dt.timedelta(minutes=1):
        return gettext("less than a minute")
    return timesince(value, depth=1)
