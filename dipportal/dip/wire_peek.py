"""What is read of a record of DIP without parsing it: who it is, when it changed, whom it hangs under.

A page that was seen before is known by this and its digests alone. Nothing here raises: what cannot be read is empty,
and the parser of wire.py says what is wrong with it.
"""

from collections.abc import Callable, Iterable
from typing import Any, TypedDict

from dipportal.dip.records import Raw, Record
from dipportal.dip.values import Unreadable, whole
from dipportal.dip.wire import id_in, parse_list


class Numbered(TypedDict, total=False):
    id: Any


class Glimpse(Numbered, total=False):
    """All that is read here of an agreement."""

    name: Any
    modified: Any
    childIds: Any
    parentId: Any


def parse_one(raw: Any, read: Callable[[Raw], Record]) -> Record:
    """Raises Unreadable."""
    if isinstance(raw, dict):
        return read(raw)
    parsed = parse_list([raw], read)
    if parsed.faults:
        raise Unreadable(parsed.faults[0].reason)
    return parsed.records[0]


def number_in(raw: Any, member: str = "id") -> str:
    """The number by which a record is known, as text; '' when it has none, because it is no record."""
    if not isinstance(raw, dict):
        return ""
    found = raw.get(member)
    if type(found) is int:
        return str(found)
    try:
        return str(whole(found))
    except Unreadable:
        return (id_in(raw) or "")[:60]


def performance_number_in(raw: Any) -> str:
    has_number = isinstance(raw, dict) and raw.get("number") is not None
    return number_in(raw, "number" if has_number else "id")


def production_number_in(raw: Any) -> str:
    return (id_in(raw) or "")[:60] if isinstance(raw, dict) else ""


def production_of(raw: Any) -> str:
    """The number of the production that a performance belongs to."""
    part = raw.get("production") if isinstance(raw, dict) else None
    return str(part.get("id") or "") if isinstance(part, dict) else ""


def stamps_in(raws: Iterable[Any]) -> set[str]:
    """When these changed, as DIP writes it; each stamp once."""
    return {stamp for raw in raws if type(raw) is dict and type(stamp := raw.get("modified")) is str and stamp}


def names_in(raws: Iterable[tuple[str, Any]], mark: str) -> dict[str, str]:
    """The names with this mark in them, by the number by which their record is known."""
    return {
        key: name for key, raw in raws if type(raw) is dict and type(name := raw.get("name")) is str and mark in name
    }


def parents_in(raws: Iterable[tuple[str, Any]]) -> dict[int, int]:
    """Version → the one it hangs under, from both ends: the parent may come before the child or after it.

    `raws` are records with the number by which they are known. What a child says of itself counts.
    """
    from_above: dict[int, int] = {}
    from_below: dict[int, int] = {}
    for key, raw in raws:
        if not isinstance(raw, dict) or not (raw.get("childIds") or raw.get("parentId")):
            continue
        own = _number(key)
        children = raw.get("childIds")
        if own and children and isinstance(children, list):
            from_above.update((number, own) for child in children if (number := _number(child)))
        parent = _number(raw.get("parentId"))
        if own and parent:
            from_below[own] = parent
    return from_above | from_below


def _number(value: Any) -> int:
    try:
        return whole(value)
    except Unreadable:
        return 0
