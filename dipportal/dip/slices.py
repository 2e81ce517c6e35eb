"""A list of DIP cut into its records, without reading them: of a record that is as it was, nothing else is wanted.

A slice is the record's own bytes within the body. `peek` gives the few members by which it is known; the whole of it
is read only where somebody asks for it (pull_records.Page). So a list costs by what changed in it, and one record that
cannot be read is one record, and not the list.
"""

from collections.abc import Callable
from typing import Any

import msgspec

from dipportal.dip import wire_peek

Slice = msgspec.Raw
# Further than this DIP's numbers do not go, and the usual reader reads no whole number.
_BITS = 63

_list = msgspec.json.Decoder(list[Slice])
_peek = msgspec.json.Decoder(wire_peek.Glimpse)
# Where another member cannot be read, the number may be.
_number = msgspec.json.Decoder(wire_peek.Numbered)
_ODD = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)


def cut(body: bytes, read: Callable[[bytes], Any]) -> Any:
    """The slices of a list; what is no list is read as a whole by `read`, and raises what that raises."""
    try:
        return _list.decode(body)
    except msgspec.DecodeError:
        return read(body)


def peek(of: Slice, read: Callable[[bytes], Any]) -> Any:
    """The members by which a record is known; all of it where these are not plain to see, None when nothing is."""
    try:
        found: Any = _peek.decode(of)
    except _ODD:
        found = None
    if found is not None and _plain(found.get("id")):
        return found
    try:
        return read(bytes(of))
    except (ValueError, RecursionError):
        return _only_number(of)


def _only_number(of: Slice) -> Any:
    try:
        found = _number.decode(of)
    except _ODD:
        return None
    return found if _plain(found.get("id")) else None


def _plain(number: Any) -> bool:
    return type(number) is int and number.bit_length() <= _BITS


def text_of(of: Slice) -> str:
    """As text that a database keeps, for whoever has to look at what nobody can read."""
    return bytes(of).decode(errors="replace").replace("\x00", "")
