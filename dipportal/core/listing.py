"""Lists: an order from an allow-list, one page of a queryset, and the form that filters it. The same for every list.

A list may hold more rows than anybody pages through. Up to `COUNTED` they are counted; beyond, the count says 'more
than', and a page costs the same however many rows there are.
"""

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Generic, TypeVar

from django import forms
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db import connection, connections
from django.db.models import F, Model, QuerySet
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from dipportal.core.filtering import QuickInput, QuickSelect

Row = TypeVar("Row", bound=Model)
PER_PAGE = 50
# Counted one by one up to here: more than anybody pages through, and a quarter of a millisecond for the database.
COUNTED = 1_000


@dataclass(frozen=True)
class Listing(Generic[Row]):
    page: "Page[Row]"
    order: str  # the order in force as the query string spells it: 'date' or '-date'
    beside: tuple[int, ...] = ()  # the numbers of rows that were asked for along with it


class Pages(Paginator[Row]):
    """Counts at most to `most`; `more` says that there are more rows than `count`. `beside` is counted along.

    With `wide` a page is found by its keys, in the statement that counts, and its rows are read from that queryset.
    `read` reads the rows of one page.
    """

    def __init__(
        self,
        rows: QuerySet[Row],
        per_page: int,
        *,
        most: int,
        beside: tuple[Any, ...] = (),
        wide: QuerySet[Row] | None = None,
        wanted: int = 1,
        read: "Callable[[QuerySet[Row]], list[Row]] | None" = None,
    ) -> None:
        super().__init__(rows, per_page)
        self._read = read
        self._rows, self.most, self._others, self._wide, self._wanted = rows, most, beside, wide, wanted

    @cached_property
    def _found(self) -> tuple[list[int], list[Any]]:
        rows = None if self._wide is None else self._cut(self._wanted)
        return counts_and_keys([self._rows, *self._others], rows, most=self.most + 1)

    def _cut(self, number: int) -> Any:
        return self._rows[(number - 1) * self.per_page : number * self.per_page]

    def page(self, number: int | str) -> "Page[Row]":
        valid = self.validate_number(number)
        if self._wide is None:
            return super().page(valid)
        # Another page than the one that was asked for: there were fewer rows.
        keys = (
            self._found[1]
            if valid == self._wanted
            else list(self._cut(valid).prefetch_related(None).values_list("pk", flat=True))
        )
        ordered = self._wide.filter(pk__in=keys).order_by(*self._rows.query.order_by)
        return self._get_page(ordered, valid, self)

    def _get_page(self, object_list: Any, number: int, paginator: Any) -> "Page[Row]":
        return Page(self._read(object_list) if self._read else object_list, number, paginator)

    @property
    def _counts(self) -> list[int]:
        return self._found[0]

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
    return counts_and_keys(querysets, None, most=most)[0]


def counts_and_keys(querysets: list[Any], rows: Any | None, *, most: int) -> tuple[list[int], list[Any]]:
    """The same, with the keys of these rows, in no order."""
    return counting(querysets, rows, most=most).answer()


@dataclass(frozen=True)
class Counting:
    """What `counts_and_keys` asks, as SQL; it can be kept, see Written. `alone`: there are no rows to ask keys of."""

    sql: str
    values: tuple[Any, ...]
    alone: bool
    database: str

    def at(self, moment: dt.datetime) -> "Counting":
        """With this one wherever MOMENT stands."""
        return replace(self, values=_at(self.values, moment))

    def answer(self) -> tuple[list[int], list[Any]]:
        with connections[self.database].cursor() as cursor:
            cursor.execute(self.sql, self.values)
            found = cursor.fetchall()
        if self.alone:
            return list(found[0]), []
        counted = next(row for row in found if row[0] == 0)
        return list(counted[1:]), [row[1] for row in found if row[0] == 1]


def counting(querysets: list[Any], rows: Any | None, *, most: int) -> Counting:
    parts, values = _counted_parts(querysets, most)
    numbers, database = ", ".join(parts), querysets[0].db
    alone = Counting(f"SELECT {numbers}", tuple(values), True, database)
    if rows is None:
        return alone
    try:
        sql, params = _keys_alone(rows).query.sql_with_params()
    except EmptyResultSet:
        return alone
    empty = ", NULL" * (len(parts) - 1)
    keys = f"SELECT 1, found.*{empty} FROM ({sql}) found"  # noqa: S608 - made by the ORM, values apart
    return Counting(f"SELECT 0 AS kind, {numbers} UNION ALL {keys}", (*values, *params), False, database)


def _keys_alone(rows: Any) -> Any:
    return rows.select_related(None).values("pk")


def _counted_parts(querysets: list[Any], most: int) -> tuple[list[str], list[Any]]:
    parts: list[str] = []
    values: list[Any] = []
    for rows in querysets:
        try:
            sql, params = _narrow(rows)[:most].query.sql_with_params()
        except EmptyResultSet:
            parts.append("0")
            continue
        parts.append(f"(SELECT COUNT(*) FROM ({sql}) counted)")  # noqa: S608 - made by the ORM, values apart
        values += params
    return parts, values


def _narrow(rows: Any) -> Any:
    """The keys alone, in no order: what a row shows need not be read to count it."""
    return rows.select_related(None).order_by().values("pk")


@dataclass(frozen=True)
class Ask:
    """What `firsts` is asked of some rows: the keys of the first ones in their order, and their number up to `most`.

    The number comes out of the same reading as the keys. `apart`: it is counted by itself and in no order; where no
    index has the order, sorting so many costs more than counting them.
    """

    rows: Any
    shown: int
    most: int
    apart: bool = False


@dataclass(frozen=True)
class First:
    """The answer; see Ask."""

    keys: list[Any]
    count: int


# Stands for the moment at which rows are asked for in a statement that was written before; see Written.at.
MOMENT = dt.datetime(9999, 12, 1, tzinfo=dt.UTC)


def _at(values: tuple[Any, ...], moment: dt.datetime) -> tuple[Any, ...]:
    adapt = connection.ops.adapt_datetimefield_value
    mark, value = adapt(MOMENT), adapt(moment)
    return tuple(value if one == mark else one for one in values)


@dataclass(frozen=True)
class Written:
    """What is asked, as SQL: a statement for each, and the values of all. Of the rows it holds nothing.

    It can be kept, because writing it takes Django longer than answering it takes the database; by whom, depends on
    what the asking depends on.
    """

    names: tuple[str, ...]
    parts: tuple[str, ...]
    values: tuple[Any, ...]

    def at(self, moment: dt.datetime) -> "Written":
        """With this one wherever MOMENT stands."""
        return replace(self, values=_at(self.values, moment))

    def beside(self, other: "Written") -> "Written":
        """Both, in one statement."""
        return Written(self.names + other.names, self.parts + other.parts, self.values + other.values)


def written(asked: dict[str, Ask]) -> Written:
    parts: list[str] = []
    values: list[Any] = []
    for name, ask in asked.items():
        try:
            part, params = _first_part(ask)
        except EmptyResultSet:
            continue
        parts.append(part)
        values += [name, *params]
    return Written(tuple(asked), tuple(parts), tuple(values))


def firsts(wanted: Written) -> dict[str, First]:
    """Of each the first keys and the number of rows: one statement for all. The rows are of one database."""
    found = {name: First([], 0) for name in wanted.names}
    if not wanted.parts:
        return found
    with connection.cursor() as cursor:
        cursor.execute(" UNION ALL ".join(wanted.parts), wanted.values)
        for name, key, count in cursor.fetchall():
            found[name] = First([*found[name].keys, key], count)
    return found


def _first_part(ask: Ask) -> tuple[str, list[Any]]:
    """SQL of (name, key, count) of the first rows, and its values after the name."""
    ordered = _keys_alone(ask.rows)
    if ask.apart:
        (counted,), values = _counted_parts([ask.rows], ask.most)
        sql, params = ordered[: ask.shown].query.sql_with_params()
        return f"SELECT %s AS name, found.*, {counted} FROM ({sql}) found", [*values, *params]  # noqa: S608
    sql, params = ordered[: ask.most].query.sql_with_params()
    numbered = f"SELECT %s AS name, found.*, COUNT(*) OVER () FROM ({sql}) found LIMIT {ask.shown:d}"  # noqa: S608
    return f"SELECT * FROM ({numbered}) few", [*params]  # noqa: S608


def listing(
    request: HttpRequest,
    rows: QuerySet[Row],
    *,
    orders: dict[str, tuple[str, ...]],
    default: str,
    per_page: int = PER_PAGE,
    beside: tuple[Any, ...] = (),
    wide: QuerySet[Row] | None = None,
    read: Callable[[QuerySet[Row]], list[Row]] | None = None,
) -> Listing[Row]:
    """Sort and cut. `orders` maps a name in the query string to model fields; anything else is the default.

    `beside`: other querysets, whose rows are counted in the same statement. `wide`: where the rows of the page are
    read from, for a list in an order that no index has: `rows` are then sorted by their keys alone. `read`: how they
    are read.
    """
    wanted, order, asked = asked_for(request, orders, default)
    ordered, most = order.of(rows), most_counted(asked, per_page)
    pages = Pages(ordered, per_page, most=most, beside=beside, wide=wide, wanted=asked, read=read)
    return Listing(page=pages.get_page(request.GET.get("page", "")), order=wanted, beside=pages.beside)


@dataclass(frozen=True)
class Order:
    """By these fields, and then by the key."""

    fields: tuple[str, ...]
    down: bool

    def of(self, rows: QuerySet[Row]) -> QuerySet[Row]:
        fields = [_ordered(rows, field, down=self.down) for field in self.fields]
        return rows.order_by(*fields, "-pk" if self.down else "pk")


def asked_for(request: HttpRequest, orders: dict[str, tuple[str, ...]], default: str) -> tuple[str, Order, int]:
    """The order as the query string spells it, what it means, and the number of the page; 1 for what is no number."""
    wanted = request.GET.get("order", default)
    name = wanted.removeprefix("-")
    if name not in orders:
        wanted, name = default, default.removeprefix("-")
    number = request.GET.get("page", "")
    asked = max(1, int(number)) if number.isascii() and number.isdecimal() and len(number) < 8 else 1
    return wanted, Order(orders[name], wanted.startswith("-")), asked


def most_counted(page: int, per_page: int) -> int:
    """Whoever goes on past what is counted finds a next page there too."""
    return max(COUNTED, (page + 1) * per_page)


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


# --- the form above a list ----------------------------------------------------------------------------------------
class FilterForm(forms.Form):
    """The form of a filter; a FilterSet names it in its Meta."""

    @property
    def quick_fields(self) -> SafeString:
        """What components/form.html gives, without three templates for each field."""
        if self.errors or self.hidden_fields():
            return render_to_string("components/form.html", {"form": self})
        return SafeString("".join(_field(bound) for bound in self))


def _field(bound: forms.BoundField) -> str:
    field = bound.field
    plain = isinstance(field.widget, QuickSelect | QuickInput) and not field.required and not field.disabled
    if not plain or field.help_text:
        return bound.as_field_group()
    label, place = conditional_escape(bound.label), conditional_escape(bound.id_for_label)
    control = field.widget.render(bound.html_name, bound.value(), {"id": bound.auto_id} if bound.auto_id else None)
    return (
        f'<div class="field"><label class="field-label" for="{place}">{label}</label>'
        f'<div class="field-control">{control}</div></div>'
    )
