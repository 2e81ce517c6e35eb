"""Several short reads in one statement: a page that has to know five small things waits for the database once."""

from collections.abc import Mapping
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections

Row = tuple[Any, ...]


def read(
    querysets: Mapping[str, Any], *, counted: Mapping[str, Any] | None = None, most: int = 0
) -> tuple[dict[str, list[Row]], dict[str, int]]:
    """The rows of each queryset in its order, and how many rows each of `counted` has, counted to `most`.

    The querysets are of one database and give values that need no conversion: numbers and texts.
    """
    rows: dict[str, list[Row]] = {name: [] for name in querysets}
    numbers = dict.fromkeys(counted or {}, 0)
    # The widest first: of a column that others do not have it says the type.
    widest_first = sorted(querysets, key=lambda name: -_width(querysets[name]))
    wide = max([1, *map(_width, querysets.values())])
    wanted = [(name, querysets[name], "found.*" + ", NULL" * (wide - _width(querysets[name]))) for name in widest_first]
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
    if parts:
        database = connections[wanted[0][1].db]
        with database.cursor() as cursor:
            cursor.execute(" UNION ALL ".join(parts), values)
            for kind, *row in cursor.fetchall():
                name = names[kind]
                if name in numbers:
                    numbers[name] = row[0]
                else:
                    rows[name].append(tuple(row[: _width(querysets[name])]))
    return rows, numbers


def _width(rows: Any) -> int:
    return len(rows.query.values_select)
