"""Plain values as DIP writes them: moments without offset, cents that come as 200.0, digests. No member names here."""

import datetime as dt
import functools
import hashlib
import json
import re
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.utils.translation import gettext as _

# ASSUMED: times without offset are Amsterdam's, in what DIP answers and in what it is sent.
AMSTERDAM = ZoneInfo("Europe/Amsterdam")
# What a column of the database holds, and no exponent that fills the memory.
DIGITS = 17
MOST = 10 ** (DIGITS + 1)


class Unreadable(ValueError):
    """What DIP sent is not what was asked for. The text stands on pages, so it is in the reader's language."""


def _unreadable(sentence: str, value: object) -> Unreadable:
    return Unreadable(sentence % {"value": repr(value)})


_STAMP = re.compile(r"^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d)(:\d\d)?(?:\.(\d{0,7}))?(Z|[+-]\d\d:?\d\d)?)?$")


def parse_moment(text: Any) -> dt.datetime:
    """DIP's date-time, with a fraction of 0 to 7 digits; without offset it is read as Amsterdam's time.

    In the night the clock goes back the first of the two hours is meant; the hour that the clock skips counts on from
    the hour before it. Raises Unreadable.
    """
    if not isinstance(text, str):
        raise _unreadable(_("no date-time: %(value)s"), text)
    return _moment(text)


# An agreement tells each of its moments twice, and the evenings of a tour stand in many agreements.
@functools.lru_cache(maxsize=4096)
def _moment(text: str) -> dt.datetime:
    match = _STAMP.match(text.strip())
    if match is None:
        raise _unreadable(_("no date-time: %(value)s"), text)
    day, minutes, seconds, fraction, offset = match.groups()
    parts = (day, "T", minutes or "00:00", seconds or ":00", f".{fraction}" if fraction else "", offset or "")
    try:
        moment = dt.datetime.fromisoformat("".join(parts))
        if not offset:
            # What `replace` gives, in a fifth of its time.
            moment = dt.datetime.combine(moment, moment.time(), AMSTERDAM)
        # Through UTC, so that an hour the clock skips becomes one that exists.
        return moment.astimezone(dt.UTC).astimezone(AMSTERDAM)
    except (ValueError, OverflowError) as error:
        # Also the first and the last day that there is: what some systems write for 'no date'.
        raise _unreadable(_("no date-time: %(value)s"), text) from error


def stamp(moment: dt.datetime) -> str:
    """A moment as DIP writes it: Amsterdam's time, no offset, no needless digits."""
    local = moment.astimezone(AMSTERDAM).replace(tzinfo=None)
    text = local.isoformat(timespec="microseconds" if local.microsecond else "seconds")
    return text.rstrip("0") if local.microsecond else text


def digest(value: Any) -> str:
    """One digest for equal JSON values, whatever the order of their members."""
    return digests([value])[0]


def digests(values: Sequence[Any]) -> list[str]:
    """Of each value its `digest`; of many a good deal faster than one by one."""
    dumps, sort, sha256 = orjson.dumps, orjson.OPT_SORT_KEYS, hashlib.sha256
    try:
        return [sha256(dumps(value, option=sort)).hexdigest() for value in values]
    except TypeError:
        return [sha256(_sorted_text(value)).hexdigest() for value in values]


def _sorted_text(value: Any) -> bytes:
    try:
        return orjson.dumps(value, option=orjson.OPT_SORT_KEYS)
    except TypeError:
        # What orjson does not write, as a number of more than 64 bits; the same text otherwise.
        return json.dumps(value, sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode(errors="replace")


def whole(value: Any) -> int:
    """An integer, also when it comes as 200.0 or '200'."""
    if type(value) is int and -MOST < value < MOST:
        return value
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _unreadable(_("no whole number: %(value)s"), value)
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise _unreadable(_("no whole number: %(value)s"), value) from error
    if not number.is_finite() or number.adjusted() > DIGITS or number != number.to_integral_value():
        raise _unreadable(_("no whole number: %(value)s"), value)
    return int(number)


def percent(value: Any) -> Decimal:
    # Most are 12.0 or 70.0.
    return _percent_of(value) if type(value) is float else _percent(value)


@functools.lru_cache(maxsize=256)
def _percent_of(value: float) -> Decimal:
    return _percent(value)


def _percent(value: Any) -> Decimal:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise _unreadable(_("no percentage: %(value)s"), value)
    try:
        number = Decimal(str(value))
    except InvalidOperation as error:
        raise _unreadable(_("no percentage: %(value)s"), value) from error
    if not number.is_finite() or number.adjusted() > DIGITS:
        raise _unreadable(_("no percentage: %(value)s"), value)
    return number


def flag(value: Any) -> bool:
    if not isinstance(value, bool):
        raise _unreadable(_("neither true nor false: %(value)s"), value)
    return value


def listing(value: Any) -> list[Any]:
    if not isinstance(value, list):
        raise _unreadable(_("no list: %(value)s"), str(value)[:80])
    return value
