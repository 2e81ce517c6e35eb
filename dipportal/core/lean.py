"""Rows that are only shown: instances of their models, made of what is shown of them.

Of fifty rows that name three others each, Django makes two hundred instances, and goes through every field that was not
read. Here a row is made of what was read, and what several rows name is made once and shared among them. What was not
read can be asked for all the same, at the price of a query, as with `only`.
"""

from collections.abc import Mapping, Sequence
from typing import Any, TypeVar

from django.db.models import Model, QuerySet
from django.db.models.base import ModelState

Row = TypeVar("Row", bound=Model)


class _Part:
    """One of the models that a row is made of: which columns are its, and in which part it hangs under which name."""

    def __init__(self, model: Any, path: str, names: Sequence[str], start: int) -> None:
        self.model, self.names, self.start = model, [model._meta.pk.attname, *names], start
        self.stop = start + len(self.names)
        self.columns = [f"{path}__{name}" if path else name for name in self.names]
        self.holder, _dash, self.place = path.rpartition("__")
        self.seen: dict[Any, Any] = {}

    def made(self, values: tuple[Any, ...], database: str) -> Any:
        """The same one for the same key."""
        key = values[self.start]
        if key is None:
            return None
        found = self.seen.get(key)
        if found is None:
            found = self.seen[key] = self.new(values, database)
        return found

    def new(self, values: tuple[Any, ...], database: str) -> Any:
        found = self.model.__new__(self.model)
        found.__dict__.update(zip(self.names, values[self.start : self.stop], strict=True))
        state = found._state = ModelState()
        state.adding, state.db = False, database
        return found


def lean(rows: QuerySet[Row], own: Sequence[str], related: Mapping[str, Sequence[str]] | None = None) -> list[Row]:
    """The rows with these fields and annotations, in their order. A key to another row is named as its column.

    `related`: what is read of the rows that they name, by the path to it; a path comes after the one it goes through.
    """
    row = _Part(rows.model, "", own, 0)
    parts = {"": row}
    for path, names in (related or {}).items():
        through, _dash, place = path.rpartition("__")
        model = parts[through].model._meta.get_field(place).related_model
        parts[path] = _Part(model, path, names, sum(len(part.names) for part in parts.values()))
    columns = [column for part in parts.values() for column in part.columns]
    named = [(path, part) for path, part in parts.items() if path]
    found = []
    for values in rows.values_list(*columns):
        made: dict[str, Any] = {"": row.new(values, rows.db)}
        for path, part in named:
            one = made[path] = part.made(values, rows.db)
            holder = made[part.holder]
            if holder is not None:
                holder.__dict__[f"{part.place}_id"] = values[part.start]
                holder._state.fields_cache[part.place] = one
        found.append(made[""])
    return found
