"""Several short reads in one statement: a page that has to know five small things waits for the database once."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections

from dipportal.core.repeated import looked_for

Row = tuple[Any, ...]
Found = tuple[dict[str, list[Row]], dict[str, int]]


def read(querysets: Mapping[str, Any], *, counted: Mapping[str, Any] | None = None, most: int = 0) -> Found:
    """The rows of each queryset in its order, and how many rows each of `counted` has, counted to `most`.

    The querysets are of one database and give values that need no conversion: numbers and texts.
    """
    return written(querysets, counted=counted, most=most).read()


@dataclass(frozen=True)
class Written:
    """What is read together, as SQL; see repeated.

    `names`: of each read how many columns it has, 0 where rows are counted.
    `parts`: which reads the statement has, by its own number of each; an empty one is not asked.
    """

    names: dict[str, int]
    parts: tuple[str, ...]
    sql: str
    values: tuple[Any, ...]
    database: str

    def read(self, text: str = "") -> Found:
        """`text` comes where repeated.TEXT was asked for."""
        rows: dict[str, list[Row]] = {name: [] for name, width in self.names.items() if width}
        numbers = {name: 0 for name, width in self.names.items() if not width}
        if self.parts:
            connection = connections[self.database]
            with connection.cursor() as cursor:
                cursor.execute(self.sql, looked_for(self.values, text, connection.ops))
                for kind, *row in cursor.fetchall():
                    name = self.parts[kind]
                    if name in numbers:
                        numbers[name] = row[0]
                    else:
                        rows[name].append(tuple(row[: self.names[name]]))
        return rows, numbers


def written(querysets: Mapping[str, Any], *, counted: Mapping[str, Any] | None = None, most: int = 0) -> Written:
    # The widest first: of a column that others do not have it says the type.
    widths = {name: _width(rows) for name, rows in querysets.items()}
    wide = max([1, *widths.values()])
    wanted = [
        (name, querysets[name], "found.*" + ", NULL" * (wide - widths[name]))
        for name in sorted(querysets, key=lambda name: -widths[name])
    ]
    for name, some in (counted or {}).items():
        keys = some.select_related(None).order_by().values("pk")[:most]
        wanted.append((name, keys, "COUNT(*)" + ", NULL" * (wide - 1)))
    names: list[str] = []
    parts: list[str] = []
    values: list[Any] = []
    for name, some, columns in wanted:
        try:
            sql, params = some.query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT {len(names)} AS kind, {columns} FROM ({sql}) found")  # noqa: S608 - made by the ORM
        names.append(name)
        values += params
    database = wanted[0][1].db if wanted else ""
    every = widths | dict.fromkeys(counted or {}, 0)
    return Written(every, tuple(names), " UNION ALL ".join(parts), tuple(values), database)


def _width(rows: Any) -> int:
    return len(rows.query.values_select)
