"""The members of one of DIP's records, read one by one: what is missing or odd is told with the name of its member."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _

from dipportal.dip.records import Raw
from dipportal.dip.values import MOST, Unreadable, whole


def text_of(raw: Raw, member: str) -> str:
    value = raw.get(member)
    return "" if value is None else str(value)


def part_of(raw: Raw, member: str) -> Raw:
    """A record within a record; an empty one when it is null or missing."""
    value = raw.get(member)
    return value if type(value) is dict else {} if value is None else of_member(member, value, as_record)


def as_record(value: Any) -> Raw:
    if not isinstance(value, dict):
        raise Unreadable(_("no record: %(value)s") % {"value": repr(str(value)[:80])})
    return value


def need(raw: Raw, member: str, read: Callable[[Any], Any]) -> Any:
    value = as_record(raw).get(member)
    if value is None:
        raise Unreadable(_("%(member)s is missing") % {"member": member})
    return of_member(member, value, read)


def maybe(raw: Raw, member: str, read: Callable[[Any], Any]) -> Any:
    value = raw.get(member)
    return None if value is None else of_member(member, value, read)


def number_of(raw: Raw, member: str) -> int:
    """As `need` of a whole number, which nearly all are at first sight."""
    value = raw.get(member) if type(raw) is dict else None
    if type(value) is int and -MOST < value < MOST:
        return value
    return int(need(raw, member, whole))


def of_member(member: str, value: Any, read: Callable[[Any], Any]) -> Any:
    try:
        return read(value)
    except Unreadable as error:
        raise Unreadable(f"{member}: {error}") from error
