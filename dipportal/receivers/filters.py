"""The filters of the receiver's lists. Every choice comes from what this receiver may see."""

from collections.abc import Callable, Hashable
from functools import cached_property, lru_cache
from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django_filters.constants import EMPTY_VALUES

from dipportal.catalogue.models import PerformanceQuerySet
from dipportal.catalogue.queries import titles_in, visible_performances, visible_theaters
from dipportal.contracts.enums import SHARED, ContractType
from dipportal.contracts.models import ContractQuerySet
from dipportal.contracts.queries import visible_contracts
from dipportal.core.filtering import Asked, Filters, Wanted, asked, whole_number
from dipportal.core.forms import DayField
from dipportal.core.listing import MOMENT, FilterForm
from dipportal.organisations.models import Organisation
from dipportal.receivers.house import House

SHARED_CHOICES = [(status.value, status.label) for status in SHARED]
NONE = "none"


class DayFilter(filters.DateFilter):
    field_class = DayField


def day_filter(label: str | Promise, field: str, bound: str) -> DayFilter:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return DayFilter(label=label, field_name=field, lookup_expr=f"date__{bound}", widget=widget)


class HouseFilter(Filters):
    """Drops the choice of a theater when there is only one to choose.

    The rows are made when they are first asked for; a page whose statement was kept does without them.
    """

    class Meta:
        form = FilterForm

    # Choices that a kept statement may depend on: there are few, and many ask for the same.
    common: ClassVar[frozenset[str]] = frozenset()

    def __init__(self, data: Any, organisation: Organisation) -> None:
        super().__init__(data, self.none())
        kept = whole_number(self.data.get("production"))
        theaters, titles = _offered(self.all_of, organisation, kept).answer()
        self.house = House(organisation, tuple(sorted(theaters.rows)))
        if len(theaters.rows) > 1:
            self.choose_from("theater", theaters.choices())
        else:
            del self.filters["theater"]
        self.choose_from("production", titles.choices())

    @staticmethod
    def none() -> QuerySet[Any]:
        """None of those rows."""
        raise NotImplementedError

    @staticmethod
    def all_of(house: House) -> QuerySet[Any]:
        """The rows of this house."""
        raise NotImplementedError

    @cached_property
    def key(self) -> Hashable | None:
        """What the chosen rows depend on; None where it is a choice that hardly anybody makes twice."""
        if not self.is_valid():
            return None
        made = {name: value for name, value in self.form.cleaned_data.items() if value not in EMPTY_VALUES}
        return (type(self), self.house, *sorted(made.items())) if made.keys() <= self.common else None

    def chosen(self) -> QuerySet[Any]:
        """The rows that fit what was chosen; they may ask for MOMENT."""
        self.queryset = self.all_of(self.house)
        return self.qs


@lru_cache(maxsize=512)
def _offered(all_of: Callable[[House], QuerySet[Any]], organisation: Organisation, kept: int | None) -> Asked:
    """The theaters of this house, and the titles of its rows: that depends on it alone, so the statement is kept."""
    theaters = visible_theaters(organisation)
    titles = titles_in(all_of(House(organisation, theaters)))
    return asked([Wanted(theaters, most=None), Wanted(titles, columns=("title",), kept=kept)])


class ContractFilter(HouseFilter):
    q = filters.CharFilter(label=_("Search"), method="search")
    status = filters.ChoiceFilter(label=_("Status"), choices=SHARED_CHOICES, empty_label=_("All"))
    type = filters.ChoiceFilter(label=_("Type"), choices=ContractType.choices, empty_label=_("All"))
    theater = filters.ChoiceFilter(label=_("Theater"), field_name="theater_id", empty_label=_("All"))
    production = filters.ChoiceFilter(label=_("Production"), field_name="production_id", empty_label=_("All"))
    since = day_filter(_("Played from"), "first_at", "gte")
    until = day_filter(_("until"), "first_at", "lte")

    common = frozenset({"status", "type"})

    @staticmethod
    def none() -> ContractQuerySet:
        return visible_contracts(None)

    @staticmethod
    def all_of(house: House) -> ContractQuerySet:
        return house.contracts()

    def search(self, rows: ContractQuerySet, _name: str, text: str) -> ContractQuerySet:
        return rows.search(text, own_reference=False)


class PerformanceFilter(HouseFilter):
    q = filters.CharFilter(label=_("Search"), method="search")
    when = filters.ChoiceFilter(
        label=_("When"),
        choices=[("coming", _("Coming")), ("past", _("Past"))],
        method="at_that_time",
        empty_label=_("All"),
    )
    agreement = filters.ChoiceFilter(
        label=_("Agreement"),
        choices=[(NONE, _("No agreement")), *SHARED_CHOICES],
        method="with_agreement",
        empty_label=_("All"),
    )
    theater = filters.ChoiceFilter(label=_("Theater"), field_name="theater_id", empty_label=_("All"))
    production = filters.ChoiceFilter(label=_("Production"), field_name="production_id", empty_label=_("All"))
    since = day_filter(_("From"), "starts_at", "gte")
    until = day_filter(_("until"), "starts_at", "lte")

    common = frozenset({"when", "agreement"})

    @staticmethod
    def none() -> PerformanceQuerySet:
        return visible_performances(None)

    @staticmethod
    def all_of(house: House) -> PerformanceQuerySet:
        return house.performances()

    def search(self, rows: PerformanceQuerySet, _name: str, text: str) -> PerformanceQuerySet:
        return rows.search(text)

    def at_that_time(self, rows: PerformanceQuerySet, _name: str, when: str) -> PerformanceQuerySet:
        return rows.filter(starts_at__gte=MOMENT) if when == "coming" else rows.filter(starts_at__lt=MOMENT)

    def with_agreement(self, rows: PerformanceQuerySet, _name: str, status: str) -> PerformanceQuerySet:
        agreements = self.house.contracts().filter(performances=OuterRef("pk"))
        if status == NONE:
            return rows.filter(~Exists(agreements))
        return rows.filter(Exists(agreements.filter(status=status)))
