"""Reads whose SQL is kept: the same question, asked again and again with other keys and another text.

Writing a question with joins and an EXISTS takes Django longer than answering it takes the database. Here it is written
once, with marks where the keys and the text of the moment come; of the rows nothing is kept. By whom it may be kept,
depends on what the question depends on: mostly the organisation.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet

from dipportal.core.lean import Parts

_BASE = -1_000_000_000_000
# Stand for the keys that are given when the rows are read: `pk__in=KEYS[0]` for the first ones, and so on.
KEYS = tuple([_BASE - place] for place in range(3))
# Stands for the text that is looked for with `icontains`.
TEXT = "\ue000"
_PLACE = re.compile(r"%%|%s")
_APART = "\x00"


def looked_for(values: Sequence[Any], text: str, operations: Any) -> list[Any]:
    """The values of a statement, with this text where TEXT stands."""
    mark, like = f"%{TEXT}%", f"%{operations.prep_for_like_query(text)}%"
    return [like if one == mark else one for one in values]


@dataclass(frozen=True)
class Sql:
    """A statement in pieces: text and, by turns, the number of the keys that come there."""

    pieces: tuple[str, ...]
    values: tuple[Any, ...]

    @classmethod
    def of(cls, sql: str, params: Sequence[Any]) -> "Sql":
        marks = {mark: str(place) for place, (mark,) in enumerate(KEYS)}
        given, values = iter(params), []

        def put(place: re.Match[str]) -> str:
            if place[0] == "%%":
                return place[0]
            value = next(given)
            if isinstance(value, int) and value in marks:
                return f"{_APART}{marks[value]}{_APART}"
            values.append(value)
            return place[0]

        return cls(tuple(_PLACE.sub(put, sql).split(_APART)), tuple(values))

    def at(self, keys: Sequence[Sequence[int]]) -> str:
        """The statement with these keys; where there are none nothing is equal to what stands there."""
        given = [", ".join([f"{int(key):d}" for key in some]) or "NULL" for some in keys]
        return "".join([given[int(piece)] if place % 2 else piece for place, piece in enumerate(self.pieces)])


class Repeated:
    """Rows as `lean` makes them. They may not be excluded by keys: see Sql.at."""

    def __init__(
        self, rows: QuerySet[Any], own: Sequence[str], related: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._database, self._asked = rows.db, (rows.model, tuple(own), dict(related or {}))
        compiler = rows.values_list(*Parts(*self._asked).columns).query.get_compiler(rows.db)
        try:
            self._sql: Sql | None = Sql.of(*compiler.as_sql())
        except EmptyResultSet:  # Nothing can be found, whatever is given.
            self._sql = None
        self._columns: list[Any] = [column for column, _sql, _alias in compiler.select or []]

    def read(self, *keys: Sequence[int], text: str = "") -> list[Any]:
        if self._sql is None:
            return []
        connection = connections[self._database]
        with connection.cursor() as cursor:
            cursor.execute(self._sql.at(keys), looked_for(self._sql.values, text, connection.ops))
            found = cursor.fetchall()
        return Parts(*self._asked).rows(self._converted(found, connection), self._database)

    def _converted(self, rows: list[tuple[Any, ...]], connection: Any) -> list[tuple[Any, ...]]:
        """As Django does with what it reads; on PostgreSQL there is next to nothing to convert."""
        turns = [
            (place, column, turn)
            for place, column in enumerate(self._columns)
            for turn in [*connection.ops.get_db_converters(column), *column.get_db_converters(connection)]
        ]
        if not turns:
            return rows
        found = []
        for row in rows:
            values = list(row)
            for place, column, turn in turns:
                values[place] = turn(values[place], column, connection)
            found.append(tuple(values))
        return found
