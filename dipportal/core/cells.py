"""What a cell of a spreadsheet says: numbers, amounts, dates and times, as people and office programs write them.

Each raises ValueError for what it does not understand, and gives None for an empty cell.
"""

import datetime as dt
import math
import re
from decimal import Decimal

from dipportal.core.money import NBSP, parse_cents
from dipportal.core.spreadsheets import Value, clean

_WHOLE = re.compile(r"-?(?:[0-9]{1,9}|[0-9]{1,3}(?:\.[0-9]{3}){1,2})")
_DAYS = (
    re.compile(r"(?P<day>[0-9]{1,2})[-/. ](?P<month>[0-9]{1,2})[-/. ](?P<year>[0-9]{4})"),
    re.compile(r"(?P<year>[0-9]{4})-(?P<month>[0-9]{1,2})-(?P<day>[0-9]{1,2})"),
)
_CLOCK = re.compile(r"([0-9]{1,2})[:.]([0-9]{2})(?::[0-9]{2})?")
# What a calculation leaves behind a cent is no part of the amount.
_NOISE = Decimal("0.0001")


def text(value: Value) -> str:
    """What stands there, on one line, as a person would read it."""
    if isinstance(value, dt.datetime) and value.time() != dt.time():
        return f"{value:%d-%m-%Y %H:%M}"
    if isinstance(value, dt.date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else clean(str(value))


def whole(value: Value) -> int | None:
    """A whole number: 1200, '1200', '1.200'. Also a negative one, which is for the caller to refuse."""
    if isinstance(value, str):
        digits = _plain(value)
        if not digits:
            return None
        if not _WHOLE.fullmatch(digits):
            raise ValueError("not a whole number")
        return int(digits.replace(".", ""))
    number = _number(value)
    if number is None:
        return None
    if number != int(number):
        raise ValueError("not a whole number")
    return int(number)


def cents(value: Value) -> int | None:
    """An amount in euros as cents: 1234.5, '1.234,50', '€ 1234,50'. Raises ValueError beyond the cent."""
    if isinstance(value, str):
        return parse_cents(value) if _plain(value) else None
    number = _number(value)
    if number is None:
        return None
    exact = Decimal(str(number)) * 100
    whole_cents = exact.to_integral_value()
    if abs(exact - whole_cents) > _NOISE:
        raise ValueError("not an amount")
    return int(whole_cents)


def day(value: Value) -> dt.date | None:
    """A date: of an office program, or '12-3-2026', '12/03/2026', '2026-03-12'."""
    if isinstance(value, dt.datetime):
        return value.date()
    if isinstance(value, dt.date) or value is None:
        return value
    written = clean(value) if isinstance(value, str) else "?"
    if not written:
        return None
    for pattern in _DAYS:
        found = pattern.fullmatch(written)
        if found:
            return dt.date(int(found["year"]), int(found["month"]), int(found["day"]))
    raise ValueError("not a date")


def clock(value: Value) -> dt.time | None:
    """A time to the minute: of an office program, or '20:15', '20.15', '20:15:00'."""
    if isinstance(value, dt.datetime):
        return value.time().replace(second=0, microsecond=0)
    if isinstance(value, dt.time):
        return value.replace(second=0, microsecond=0)
    if value is None:
        return None
    written = clean(value) if isinstance(value, str) else "?"
    if not written:
        return None
    found = _CLOCK.fullmatch(written)
    if found is None:
        raise ValueError("not a time")
    return dt.time(int(found[1]), int(found[2]))


def _plain(written: str) -> str:
    return written.replace(NBSP, "").replace("\u202f", "").replace(" ", "").strip()


def _number(value: Value) -> int | float | Decimal | None:
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float | Decimal) or not math.isfinite(value):
        raise ValueError("not a number")
    return value
