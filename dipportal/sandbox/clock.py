"""Date-times as DIP writes them: no offset, and a fraction of varying width."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

AMSTERDAM = ZoneInfo("Europe/Amsterdam")
_STAMP = re.compile(r"^(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?(?:\.(\d{1,7}))?(Z|[+-]\d\d:\d\d)?$")


def stamp(moment: datetime) -> str:
    """`.933`, `.12` or no fraction at all: DIP drops the zeros at the end."""
    text = moment.strftime("%Y-%m-%dT%H:%M:%S")
    fraction = f"{moment.microsecond // 1000:03d}".rstrip("0")
    return f"{text}.{fraction}" if fraction else text


def parse(text: str) -> datetime:
    """A naive moment; one with an offset is brought to Amsterdam first. Raises ValueError."""
    match = _STAMP.match(text.strip())
    if match is None:
        raise ValueError(f"not a date-time: {text!r}")
    minutes, seconds, fraction, offset = match.groups()
    micros = (fraction or "").ljust(6, "0")[:6]
    moment = datetime.fromisoformat(f"{minutes}{seconds or ':00'}.{micros}")
    if offset:
        aware = datetime.fromisoformat(moment.isoformat() + ("+00:00" if offset == "Z" else offset))
        moment = aware.astimezone(AMSTERDAM).replace(tzinfo=None)
    return moment


def sort_key(text: str) -> str:
    """One fixed width, so that `.5` and `.500` compare as equal in SQL."""
    return parse(text).isoformat(timespec="microseconds") if text else ""


def season_start(day: date) -> date:
    """Seasons run from 1 August to 31 July."""
    return date(day.year if day.month >= 8 else day.year - 1, 8, 1)


def season_end(start: date) -> date:
    return date(start.year + 1, 7, 31)


def season_name(start: date) -> str:
    return f"{start.year}-{start.year + 1}"


class Clock:
    """The wall clock, moved by whole days so that a world with another 'today' stays consistent."""

    def __init__(self, days: int = 0, zone: str = "amsterdam") -> None:
        self.days = days
        self.zone = zone

    def now(self) -> datetime:
        here = UTC if self.zone == "utc" else AMSTERDAM
        return datetime.now(here).replace(tzinfo=None) + timedelta(days=self.days)

    def stamp(self) -> str:
        return stamp(self.now())
