"""Lists: an order from an allow-list, one page of a queryset, and the form that filters it. The same for every list.

A list may hold more rows than anybody pages through. Up to `COUNTED` they are counted; beyond, the count says 'more
than', and a page costs the same however many rows there are.
"""

from dataclasses import dataclass
from functools import cached_property
from typing import Any, Generic, TypeVar

from django import forms
from django.core.exceptions import EmptyResultSet, FieldDoesNotExist
from django.core.paginator import Page, Paginator
from django.db import connections
from django.db.models import F, Model, QuerySet
from django.forms.utils import flatatt
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString

from dipportal.core.filtering import QuickSelect

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
    """Counts at most to `most`; `more` says that there are more rows than `count`. `beside` is counted along.

    With `wide` a page is found by its keys, in the statement that counts, and its rows are read from that queryset.
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
    ) -> None:
        super().__init__(rows, per_page)
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
        return Page(ordered, valid, self)

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
    database = connections[querysets[0].db]
    parts, values = _counted_parts(querysets, most)
    numbers = f"SELECT {', '.join(parts)}"
    with database.cursor() as cursor:
        if rows is None:
            cursor.execute(numbers, values)
            return list(cursor.fetchone()), []
        try:
            sql, params = _keys_alone(rows).query.sql_with_params()
        except EmptyResultSet:
            cursor.execute(numbers, values)
            return list(cursor.fetchone()), []
        empty = ", NULL" * (len(parts) - 1)
        keys = f"SELECT 1, found.*{empty} FROM ({sql}) found"  # noqa: S608 - made by the ORM, values apart
        cursor.execute(f"SELECT 0 AS kind, {', '.join(parts)} UNION ALL {keys}", [*values, *params])
        found = cursor.fetchall()
    counted = next(row for row in found if row[0] == 0)
    return list(counted[1:]), [row[1] for row in found if row[0] == 1]


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
    wide: QuerySet[Row] | None = None,
) -> Listing[Row]:
    """Sort and cut. `orders` maps a name in the query string to model fields; anything else is the default.

    `beside`: other querysets, whose rows are counted in the same statement. `wide`: where the rows of the page are
    read from, for a list in an order that no index has: `rows` are then sorted by their keys alone.
    """
    wanted = request.GET.get("order", default)
    name = wanted.removeprefix("-")
    if name not in orders:
        wanted, name = default, default.removeprefix("-")
    down = wanted.startswith("-")
    fields = [_ordered(rows, field, down=down) for field in orders[name]]
    ordered = rows.order_by(*fields, "-pk" if down else "pk")
    number = request.GET.get("page", "")
    asked = max(1, int(number)) if number.isascii() and number.isdecimal() and len(number) < 8 else 1
    # Whoever goes on past what is counted finds a next page there too.
    most = max(COUNTED, (asked + 1) * per_page)
    pages = Pages(ordered, per_page, most=most, beside=beside, wide=wide, wanted=asked)
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


# --- the form above a list ----------------------------------------------------------------------------------------
class QuickInput(forms.TextInput):
    """The same input as the widget it stands for, without a template."""

    def __init__(self, widget: forms.TextInput) -> None:
        super().__init__(widget.attrs)
        self.input_type, self.format_value = widget.input_type, widget.format_value  # type: ignore[method-assign]
        self.is_required, self.is_localized = widget.is_required, widget.is_localized

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed = self.format_value(value)
        shown = {} if typed in (None, "") else {"value": str(typed)}
        given = flatatt({"type": self.input_type, "name": name, **shown, **self.build_attrs(self.attrs, attrs)})
        return SafeString(f"<input{given}>")


class FilterForm(forms.Form):
    """The form of a filter; a FilterSet names it in its Meta."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for field in self.fields.values():
            widget = field.widget
            if isinstance(widget, forms.TextInput) and type(widget).render is forms.TextInput.render:
                field.widget = QuickInput(widget)

    @property
    def quick_fields(self) -> SafeString:
        """What components/form.html gives, without three templates for each field."""
        if self.errors or self.hidden_fields():
            return render_to_string("components/form.html", {"form": self})
        return SafeString("".join(_field(bound) for bound in self))


def _field(bound: forms.BoundField) -> str:
    plain = isinstance(bound.field.widget, QuickSelect | QuickInput) and not bound.field.required
    if not plain or bound.help_text:
        return bound.as_field_group()
    label = conditional_escape(bound.label)
    return (
        f'<div class="field"><label class="field-label" for="{bound.id_for_label}">{label}</label>'
        f'<div class="field-control">{bound}</div></div>'
    )
