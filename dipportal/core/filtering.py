"""Filters above lists: choices that cost little to show, however many there are to choose from.

What of a filter is the same for everybody (its field, its widget, the words of its choices) is made once for as long as
the process runs; what somebody may choose from is read anew for each page.
"""

import copy
from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape
from typing import Any, ClassVar

import django_filters
from django import forms
from django.core.exceptions import EmptyResultSet
from django.db import connections
from django.db.models import QuerySet
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

# Of more rows than this a filter offers the newest; the search box finds the others by name.
MOST_CHOICES = 25
MORE: tuple[None, Any] = (None, gettext_lazy("… and more: search by name"))


# --- widgets ------------------------------------------------------------------------------------------------------
class QuickSelect(forms.Select):
    """The same select, without a template for each option. A choice of None is a remark that cannot be chosen."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        options = [_option(key, label, chosen) for key, label in self.choices]
        given = attributes({"name": name, **self.build_attrs(self.attrs, attrs)})
        return SafeString(f"<select{given}>{''.join(options)}</select>")


def _option(key: Any, label: Any, chosen: set[str]) -> str:
    words = label if isinstance(label, SafeString) else escape(str(label))
    if key is None:
        return f"<option disabled>{words}</option>"
    text = str(key)
    selected = " selected" if text in chosen else ""
    return f'<option value="{escape(text)}"{selected}>{words}</option>'


class QuickInput(forms.TextInput):
    """The same input as the widget it stands for, without a template."""

    def __init__(self, widget: forms.TextInput) -> None:
        super().__init__(widget.attrs)
        self.input_type, self.format_value = widget.input_type, widget.format_value  # type: ignore[method-assign]
        self.is_required, self.is_localized = widget.is_required, widget.is_localized

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        typed = self.format_value(value)
        shown = {} if typed in (None, "") else {"value": str(typed)}
        given = attributes({"type": self.input_type, "name": name, **shown, **self.build_attrs(self.attrs, attrs)})
        return SafeString(f"<input{given}>")


def attributes(values: dict[str, Any]) -> str:
    """Of an element, each after a space; one that is True stands alone, one that is None or False not at all."""
    return "".join(
        f" {name}" if value is True else f' {name}="{escape(str(value))}"'
        for name, value in values.items()
        if value is not None and value is not False
    )


def quicken(field: forms.Field) -> forms.Field:
    """The same field; its select or its line of text needs no template."""
    widget: Any = field.widget
    if type(widget) is forms.Select:
        quick = QuickSelect(widget.attrs)
        quick.is_required = widget.is_required
        quick.choices = widget.choices if isinstance(field, forms.ModelChoiceField) else list(widget.choices)
        field.widget = quick
    elif isinstance(widget, forms.TextInput) and type(widget).render is forms.TextInput.render:
        field.widget = QuickInput(widget)
    return field


# --- one's own rows to choose from --------------------------------------------------------------------------------
def whole_number(text: str | None) -> int | None:
    """A key as an address carries it; None for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 18 else None


@dataclass(frozen=True)
class Wanted:
    """Rows to choose from. They stand in the order of the first column, then of the second, which runs down.

    Of more than `most` the newest are offered, and the one of the key `kept`.
    """

    rows: QuerySet[Any]
    columns: tuple[str, ...] = ("name",)
    kept: int | None = None
    most: int | None = MOST_CHOICES

    def querysets(self) -> list[QuerySet[Any]]:
        if self.most is None:
            return [self.rows.order_by()]
        newest = self.rows.order_by("-pk")[: self.most + 1]
        return [newest, self.rows.order_by().filter(pk=self.kept)] if self.kept else [newest]


@dataclass(frozen=True)
class Offer:
    rows: dict[int, tuple[str, str]]  # key: the two columns; the second is '' when there is one
    more: bool

    def choices(self, words: Callable[[str, str], str] = lambda first, _second: first) -> list[tuple[int | None, Any]]:
        """`words` makes of the two columns what is shown."""
        return [*((key, words(*columns)) for key, columns in self.rows.items()), *([MORE] if self.more else [])]


@dataclass(frozen=True)
class Asked:
    """What is asked for selects, as SQL; of the rows it holds nothing, so it can be kept. `kept`: see Wanted."""

    sql: str
    values: tuple[Any, ...]
    limits: tuple[tuple[int | None, int | None], ...]  # of each select `most` and `kept`
    database: str

    def answer(self) -> list[Offer]:
        found: list[dict[int, tuple[str, str]]] = [{} for _one in self.limits]
        if self.sql:
            with connections[self.database].cursor() as cursor:
                cursor.execute(self.sql, self.values)
                for number, key, first, second in cursor.fetchall():
                    found[number][key] = (first, second)
        return [_cut(rows, *limits) for rows, limits in zip(found, self.limits, strict=True)]


def _cut(found: dict[int, tuple[str, str]], most: int | None, kept: int | None) -> Offer:
    if most is None or len(found) <= most:
        return Offer(found, more=False)
    oldest = min(key for key in found if key != kept)
    return Offer({key: row for key, row in found.items() if key != oldest}, more=True)


def asked(wanted: Sequence[Wanted]) -> Asked:
    """One statement for all selects. The querysets are of one database."""
    parts: list[str] = []
    values: list[Any] = []
    for number, one in enumerate(wanted):
        blank = "" if len(one.columns) == 2 else ", ''"
        for rows in one.querysets():
            try:
                sql, params = rows.values_list("pk", *one.columns).query.sql_with_params()
            except EmptyResultSet:
                continue
            parts.append(f"SELECT {number}, found.*{blank} FROM ({sql}) found")  # noqa: S608 - made by the ORM
            values += params
    whole = f"{' UNION ALL '.join(parts)} ORDER BY 1, 3, 4 DESC, 2" if parts else ""
    limits = tuple((one.most, one.kept) for one in wanted)
    return Asked(whole, tuple(values), limits, wanted[0].rows.db)


# --- the filters of a list ----------------------------------------------------------------------------------------
class _Filters(OrderedDict[str, Any]):
    """The filters of a class. Each page gets its own, for it says whose page it is; they share what never changes."""

    def __deepcopy__(self, _memo: dict[int, Any]) -> dict[str, Any]:
        return {name: _own(each) for name, each in self.items()}


def _own(each: Any) -> Any:
    own = copy.copy(each)
    own.extra = dict(each.extra)
    own.__dict__.pop("_field", None)
    if each.method is not None:
        own.method = each.method  # which binds it to the copy
    return own


class Filters(django_filters.FilterSet):
    """A FilterSet whose fields are quick ones, and are made once unless their choices are somebody's own."""

    _shared: ClassVar[dict[str, forms.Field]] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._own: set[str] = set()

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._shared = {}

    @classmethod
    def get_filters(cls) -> dict[str, Any]:
        return _Filters(super().get_filters())

    @cached_property
    def form(self) -> forms.Form:
        form: forms.Form = self._meta.form(self.data if self.is_bound else None, prefix=self.form_prefix)
        form.fields = {name: self._field(name) for name in self.filters}
        return form

    def choose_from(self, name: str, choices: list[tuple[Any, Any]]) -> None:
        """What the reader of this page can choose from."""
        self.filters[name].extra["choices"] = choices
        self._own.add(name)

    def _field(self, name: str) -> forms.Field:
        field = self._shared.get(name) if name not in self._own else None
        if field is None:
            field = quicken(self.filters[name].field)
            if name not in self._own and self._same_for_all(name):
                self._shared[name] = field
        return field

    def _same_for_all(self, name: str) -> bool:
        """Without rows to choose from; and a label that a filter makes by itself is in the language of the moment."""
        declared = self.base_filters[name]
        return declared.label is not None and not isinstance(declared, django_filters.filters.QuerySetRequestMixin)
