"""Refusals of the API: a code for programs, a sentence for people, and what is wrong in which row."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from dipportal.core.errors import PortalError


@dataclass(frozen=True)
class Row:
    """What is wrong in one row. `index`: from 0. `field`: a path of members, '' for the row as a whole."""

    index: int
    code: str
    sentence: str
    field: str = ""


class Refused(PortalError):
    """A body of which nothing was taken in."""

    def __init__(self, code: str, sentence: str, *, status: int = 400, rows: Sequence[Row] = ()) -> None:
        super().__init__(sentence, code=code)
        self.status = status
        self.rows = list(rows)


def rows_of(index: int, detail: Any) -> list[Row]:
    """What a serializer says of one row, flat: {'counts': [{}, {'tickets': […]}]} is 'counts.1.tickets'."""
    return [Row(index, code, sentence, path) for path, code, sentence in _flat(detail, ())]


def _flat(detail: Any, path: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    if isinstance(detail, dict):
        for name, deeper in detail.items():
            yield from _flat(deeper, path if name == "non_field_errors" else (*path, str(name)))
    elif isinstance(detail, list):
        for place, deeper in enumerate(detail):
            # A list holds sentences about one member, or for each entry of a list what is wrong in it.
            yield from _flat(deeper, (*path, str(place)) if isinstance(deeper, dict) else path)
    else:
        yield ".".join(path), str(detail.code), str(detail)
