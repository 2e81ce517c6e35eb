"""Lists: an order from an allow-list and one page of a queryset. The same for every list page.

A list may hold more rows than anybody pages through. Up to `COUNTED` they are counted; beyond, the count says 'more
than', and a page costs the same however many rows there are.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest

Row = TypeVar("Row", bound=Model)
PER_PAGE = 50
# Counted one by one up to here: more than twice the agreements of the largest agency, and 1 ms for the database.
COUNTED = 5_000


@dataclass(frozen=True)
class Listing(Generic[Row]):
    page: "Page[Row]"
    order: str  # the order in force as the query string spells it: 'date' or '-date'
    beside: tuple[int, ...] = ()  # the numbers of rows that were asked for along with it


class Pages(Paginator[Row]):
    """Counts at most to `most`; `more` says that there are more rows than `count`. `beside` is counted along."""

    def __init__(self, rows: QuerySet[Row], per_page: int, *, most: int, beside: tuple[Any, ...] = ()) -> None:
        super().__init__(rows, per_page)
        self.most, self._others = most, beside

    @cached_property
    def _counts(self) -> list[int]:
        return counts([self.object_list, *self._others], most=self.most + 1)

    @property
    def _counted(self) -> int:
        return self._counts[0]

    @property
    def beside(self) -> tuple[int, ...]:
        return tuple(self._counts[1:])

    @cached_property
    def count(self) -> int:
        return min(self._counted, self.most)

    @property
    def more(self) -> bool:
        return self._counted > self.most


def counts(querysets: list[Any], *, most: int) -> list[int]:
    """How many rows each has, counted to `most`: one statement for all. The querysets are of one database."""
    database = connections[querysets[0].db]
    parts, values = [], []
    for rows in querysets:
        try:
            sql, params = _narrow(rows)[:most].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) counted)")  # noqa: S608 - made by the ORM, values apart
        values += params
    with database.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", values)
        found: list[int] = list(cursor.fetchone())
    return found


def _narrow(rows: Any) -> Any:
    """The keys alone, in no order: what a row shows need not be read to count it."""
    return rows.select_related(None).order_by().values("pk")


def first_keys(querysets: dict[str, Any], *, most: int) -> dict[str, list[Any]]:
    """The keys of the first `most` rows of each, in the order of each: one statement for all."""
    database = connections[next(iter(querysets.values())).db]
    parts, values = [], []
    keys: dict[str, list[Any]] = {name: [] for name in querysets}
    for name, rows in querysets.items():
        try:
            sql, params = rows.select_related(None).values("pk")[:most].query.sql_with_params()
        except EmptyResultSet:
            continue
        parts.append(f"SELECT %s AS name, found.* FROM ({sql}) found")  # noqa: S608 - made by the ORM, values apart
        values += [name, *params]
    if not parts:
        return keys
    with database.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(parts), values)
        for name, key in cursor.fetchall():
            keys[name].append(key)
    return keys


def listing(
    request: HttpRequest,
    rows: QuerySet[Row],
    *,
    orders: dict[str, tuple[str, ...]],
    default: str,
    per_page: int = PER_PAGE,
    beside: tuple[Any, ...] = (),
) -> Listing[Row]:
    """Sort and cut. `orders` maps a name in the query string to model fields; anything else is the default.

    `beside`: other querysets, whose rows are counted in the same statement.
    """
    wanted = request.GET.get("order", default)
    name = wanted.removeprefix("-")
    if name not in orders:
        wanted, name = default, default.removeprefix("-")
    down = wanted.startswith("-")
    fields = [_ordered(rows, field, down=down) for field in orders[name]]
    ordered = rows.order_by(*fields, "-pk" if down else "pk")
    number = request.GET.get("page", "")
    # Whoever goes on past what is counted finds a next page there too.
    beyond = (int(number) + 1) * per_page if number.isascii() and number.isdecimal() and len(number) < 8 else 0
    pages = Pages(ordered, per_page, most=max(COUNTED, beyond), beside=beside)
    return Listing(page=pages.get_page(number), order=wanted, beside=pages.beside)


def _ordered(rows: QuerySet[Row], field: str, *, down: bool) -> Any:
    """Empty values last, both ways. Where a column has none nothing is said of them: an index then serves both."""
    if not _may_be_null(rows.model, field):
        return F(field).desc() if down else F(field).asc()
    return F(field).desc(nulls_last=True) if down else F(field).asc(nulls_last=True)


def _may_be_null(model: type[Model], path: str) -> bool:
    for name in path.split("__"):
        try:
            field: Any = model._meta.get_field(name)
        except FieldDoesNotExist:  # an annotation
            return True
        if field.null:
            return True
        model = field.related_model or model
    return False
