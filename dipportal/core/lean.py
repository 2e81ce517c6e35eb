"""Rows that are only shown: instances of their models, made of what is shown of them.

Of fifty rows that name three others each, Django makes two hundred instances, and goes through every field that was not
read. Here a row is made of what was read, and what several rows name is made once and shared among them. What was not
read can be asked for all the same, at the price of a query, as with `only`.
"""

from collections.abc import Iterable, Mapping, Sequence
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


class Parts:
    """The models that rows are made of."""

    def __init__(self, model: Any, own: Sequence[str], related: Mapping[str, Sequence[str]] | None) -> None:
        self.row = _Part(model, "", own, 0)
        self.all = {"": self.row}
        for path, names in (related or {}).items():
            through, _dash, place = path.rpartition("__")
            held: Any = self.all[through].model._meta.get_field(place).related_model
            self.all[path] = _Part(held, path, names, sum(len(part.names) for part in self.all.values()))
        self.columns = [column for part in self.all.values() for column in part.columns]

    def rows(self, found: Iterable[tuple[Any, ...]], database: str) -> list[Any]:
        named = [(path, part) for path, part in self.all.items() if path]
        rows = []
        for values in found:
            made: dict[str, Any] = {"": self.row.new(values, database)}
            for path, part in named:
                one = made[path] = part.made(values, database)
                holder = made[part.holder]
                if holder is not None:
                    holder.__dict__[f"{part.place}_id"] = values[part.start]
                    holder._state.fields_cache[part.place] = one
            rows.append(made[""])
        return rows


def lean(rows: QuerySet[Row], own: Sequence[str], related: Mapping[str, Sequence[str]] | None = None) -> list[Row]:
    """The rows with these fields and annotations, in their order. A key to another row is named as its column.

    `related`: what is read of the rows that they name, by the path to it; a path comes after the one it goes through.
    """
    parts = Parts(rows.model, own, related)
    return parts.rows(rows.values_list(*parts.columns), rows.db)
