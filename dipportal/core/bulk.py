"""Many rows at once, in as few statements as the database allows: COPY on PostgreSQL, Django's batches elsewhere.

Rows are mappings of column attributes (`theater_id`, not `theater`) to values as Django would keep them. No signals,
no `save`: for the mirrors of what DIP has, whose facts were checked before.
"""

import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import orjson
from django.db import connection, models
from django.db.models import JSONField
from django.db.models.expressions import RawSQL

CHUNK = 1000
# So many values still travel in a statement of their own text.
CELLS = 20 * CHUNK
Row = Mapping[str, Any]


def has_copy() -> bool:
    return connection.vendor == "postgresql"


def among(numbers: Collection[int]) -> RawSQL | list[int]:
    """For `…__in` with any number of whole numbers: many travel as one value, which is soon written and soon read."""
    if len(numbers) <= CHUNK:
        return list(numbers)
    listed = ",".join(map(str, numbers))
    if has_copy():
        return RawSQL("SELECT unnest(%s::bigint[])", [f"{{{listed}}}"])
    return RawSQL("SELECT value FROM json_each(%s)", [f"[{listed}]"])


def reserve(model: type[models.Model], count: int) -> list[int]:
    """So many primary keys that nobody else gets. One statement; inside a transaction."""
    if not count:
        return []
    table = model._meta.db_table
    with connection.cursor() as cursor:
        if has_copy():
            column = model._meta.pk.column if model._meta.pk else "id"
            sequence = "pg_get_serial_sequence(%s, %s)"
            cursor.execute(f"SELECT nextval({sequence}) FROM generate_series(1, %s)", [f'"{table}"', column, count])  # noqa: S608
            return [number for (number,) in cursor.fetchall()]
        # One writer at a time holds the database until its transaction ends, and explicit keys raise the counter.
        used = "coalesce((SELECT seq FROM sqlite_sequence WHERE name = %s), 0)"
        cursor.execute(f'SELECT max({used}, coalesce(max(id), 0)) FROM "{table}"', [table])  # noqa: S608
        first = cursor.fetchone()[0] + 1
    return list(range(first, first + count))


def insert(model: type[models.Model], rows: Iterable[Row]) -> int:
    """Insert rows; what a row does not name has the field's default. Returns how many.

    Raises IntegrityError or DataError as an INSERT would; then none is there. Give keys of `reserve`, or none at all.
    """
    rows = iter(rows)
    first = next(rows, None)
    if first is None:
        return 0
    return _copied(model, first, rows) if has_copy() else _created(model, [first, *rows])


def _created(model: type[models.Model], rows: Sequence[Row]) -> int:
    model._default_manager.bulk_create([model(**row) for row in rows], batch_size=CHUNK)
    return len(rows)


def _copied(model: type[models.Model], first: Row, rest: Iterable[Row]) -> int:
    fields = [field for field in model._meta.concrete_fields if not field.primary_key or field.attname in first]
    blank = blank_row(model)
    return _copy(f'"{model._meta.db_table}"', fields, ({**blank, **row} for row in _chained(first, rest)))


def _chained(first: Row, rest: Iterable[Row]) -> Iterable[Row]:
    yield first
    yield from rest


def blank_row(model: type[models.Model]) -> dict[str, Any]:
    """The defaults of every column."""
    empty = model()
    return {field.attname: getattr(empty, field.attname) for field in model._meta.concrete_fields}


def _copy(table: str, fields: "Sequence[models.Field[Any, Any]]", rows: Iterable[Row]) -> int:
    names = [field.attname for field in fields]
    # Of a single name it would give the bare value.
    in_order: Any = operator.itemgetter(*names) if len(names) > 1 else lambda row: (row[names[0]],)
    json = [index for index, field in enumerate(fields) if isinstance(field, JSONField)]
    columns = ", ".join(f'"{field.column}"' for field in fields)
    count = 0
    # The cursor's own methods turn the driver's errors into Django's; COPY is not among them.
    statement = f"COPY {table} ({columns}) FROM STDIN"
    with connection.wrap_database_errors, connection.cursor() as cursor, cursor.copy(statement) as copy:
        for row in rows:
            values = list(in_order(row))
            for index in json:
                if values[index] is not None:
                    values[index] = as_json(values[index])
            copy.write_row(values)
            count += 1
    return count


def as_json(value: Any) -> str:
    return orjson.dumps(value, default=str).decode()


def update(model: type[models.Model], rows: Sequence[Row], names: Sequence[str]) -> None:
    """Write the columns `names` of rows that exist, found by `pk` under the name of the primary key.

    One statement for a thousand rows, or more of a few columns; three on PostgreSQL for what is larger, which goes
    through a temporary table.
    """
    if not rows:
        return
    if has_copy():
        _update_from(model, rows, names)
    else:
        key = _key(model).attname
        objects = [model(**{key: row[key]}, **{name: row[name] for name in names}) for row in rows]
        model._default_manager.bulk_update(objects, [_field(model, name).name for name in names], batch_size=CHUNK)


# Values of more than two kilobytes are squeezed on their way into a row, which takes longer than all else that is done
# with them. lz4 takes a fraction of the usual way's time; a server that was built without it goes on as it is.
_QUICKLY_SQUEEZED = (
    "SELECT set_config(name, 'lz4', true) FROM pg_settings"
    " WHERE name = 'default_toast_compression' AND 'lz4' = ANY(enumvals)"
)


def _update_from(model: type[models.Model], rows: Sequence[Row], names: Sequence[str]) -> None:
    key = _key(model)
    fields = [key, *(_field(model, name) for name in names)]
    table = f'"{model._meta.db_table}"'
    sets = ", ".join(f'"{field.column}" = new."{field.column}"' for field in fields[1:])
    columns = ", ".join(f'"{field.column}"' for field in fields)
    match = f'{table}."{key.column}" = new."{key.column}"'
    with connection.cursor() as cursor:
        if len(rows) <= CHUNK or len(rows) * len(fields) <= CELLS:
            types = ", ".join(f'"{field.column}" {field.rel_db_type(connection)}' for field in fields)
            text = as_json([{field.column: row[field.attname] for field in fields} for row in rows])
            new = f"jsonb_to_recordset(%s) AS new({types})"
            cursor.execute(f"UPDATE {table} SET {sets} FROM {new} WHERE {match}", [text])  # noqa: S608
            return
        made = f"CREATE TEMPORARY TABLE bulk_new ON COMMIT DROP AS SELECT {columns} FROM {table} WHERE false"  # noqa: S608
        cursor.execute(f"{made}; {_QUICKLY_SQUEEZED}")
    _copy("bulk_new", fields, rows)
    with connection.cursor() as cursor:
        cursor.execute(f"UPDATE {table} SET {sets} FROM bulk_new AS new WHERE {match}; DROP TABLE bulk_new")  # noqa: S608


def _key(model: type[models.Model]) -> "models.Field[Any, Any]":
    key = model._meta.pk
    if key is None:
        raise TypeError(f"{model.__name__} has no primary key")
    return key


def _field(model: type[models.Model], attname: str) -> "models.Field[Any, Any]":
    return next(field for field in model._meta.concrete_fields if field.attname == attname)
