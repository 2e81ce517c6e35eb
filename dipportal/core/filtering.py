"""Filters above lists: choices that cost little to show, however many there are to choose from."""

from collections.abc import Iterator
from typing import Any

import django_filters
from django import forms
from django.db.models import Q, QuerySet
from django.forms.utils import flatatt
from django.utils.html import conditional_escape
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy

# Of more rows than this a filter offers the newest; the search box finds the others by name.
MOST_CHOICES = 25
MORE: tuple[None, Any] = (None, gettext_lazy("… and more: search by name"))


class QuickSelect(forms.Select):
    """The same select, without a template for each option. A choice of None is a remark that cannot be chosen."""

    def render(self, name: str, value: Any, attrs: Any = None, renderer: Any = None) -> SafeString:
        chosen = set(self.format_value(value))
        options = [_option(key, label, chosen) for key, label in self.choices]
        given = flatatt(self.build_attrs({"name": name, **self.attrs}, attrs))
        return SafeString(f"<select{given}>{''.join(options)}</select>")


def _option(key: Any, label: Any, chosen: set[str]) -> str:
    if key is None:
        return f"<option disabled>{conditional_escape(label)}</option>"
    text = str(key)
    selected = " selected" if text in chosen else ""
    return f'<option value="{conditional_escape(text)}"{selected}>{conditional_escape(label)}</option>'


class Filters(django_filters.FilterSet):
    """A FilterSet whose selects are quick ones."""

    @property
    def form(self) -> forms.Form:
        form: forms.Form = super().form
        for name, field in form.fields.items():
            if isinstance(field, FewField):
                field.kept = whole_number(form.data.get(name))
            if type(field.widget) is forms.Select:
                quick = QuickSelect(field.widget.attrs)
                quick.is_required, quick.choices = field.widget.is_required, field.widget.choices
                field.widget = quick
        return form


def whole_number(text: str | None) -> int | None:
    """A key as an address carries it; None for anything else."""
    return int(text) if text and text.isascii() and text.isdecimal() and len(text) < 18 else None


def few(rows: QuerySet[Any], kept: int | None = None) -> tuple[list[Any], bool]:
    """The newest of these rows in their own order, with the one of the key `kept`; and whether there are more."""
    newest = rows.order_by("-pk").values("pk")[: MOST_CHOICES + 1]
    found = list(rows.filter(Q(pk__in=newest) | Q(pk=kept) if kept else Q(pk__in=newest)))
    if len(found) <= MOST_CHOICES:
        return found, False
    oldest = min(row.pk for row in found if row.pk != kept)
    return [row for row in found if row.pk != oldest], True


class FewIterator(django_filters.fields.ModelChoiceIterator):
    """Offers the newest rows when there are many, and always the one that is chosen."""

    def __iter__(self) -> Iterator[Any]:
        if self.field.empty_label is not None:
            yield "", self.field.empty_label
        rows, more = few(self.queryset, self.field.kept)
        for row in rows:
            yield self.choice(row)
        if more:
            yield MORE


class FewField(django_filters.fields.ModelChoiceField):
    """A choice of one's own rows. What is not among those offered can still be chosen, by an address."""

    iterator = FewIterator
    kept: int | None = None


class FewFilter(django_filters.ModelChoiceFilter):
    field_class = FewField
