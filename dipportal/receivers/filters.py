"""The filters of the receiver's lists. Every choice comes from what this receiver may see."""

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance, PerformanceQuerySet
from dipportal.catalogue.queries import titles_in, visible_theaters
from dipportal.contracts.enums import SHARED, ContractType
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.core.filtering import Asked, Wanted, asked, whole_number
from dipportal.core.forms import DayField
from dipportal.core.kept_lists import KeptFilters
from dipportal.core.listing import MOMENT, FilterForm
from dipportal.organisations.models import Organisation
from dipportal.receivers.house import House
from dipportal.ticketing import queries

SHARED_CHOICES = [(status.value, status.label) for status in SHARED]
NONE = "none"


class DayFilter(filters.DateFilter):
    field_class = DayField


def day_filter(label: str | Promise, field: str, bound: str) -> DayFilter:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return DayFilter(label=label, field_name=field, lookup_expr=f"date__{bound}", widget=widget)


class HouseFilter(KeptFilters):
    """Drops the choice of a theater when there is only one to choose."""

    # Which rows of a house these are; and, for the productions to choose from, the same or more of these productions.
    rows_of: ClassVar[Callable[[House], QuerySet[Any]]]
    about: ClassVar[Callable[[House], QuerySet[Any]]]

    def __init__(self, data: Any, organisation: Organisation) -> None:
        rows_of = type(self).rows_of
        theaters, titles = _offered(type(self).about, organisation, whole_number(data.get("production"))).answer()
        self.house = house = House(organisation, tuple(sorted(theaters.rows)))
        super().__init__(data, whose=house, rows=lambda: rows_of(house))
        if len(theaters.rows) > 1:
            self.choose_from("theater", theaters.choices())
        else:
            del self.filters["theater"]
        self.choose_from("production", titles.choices())


@lru_cache(maxsize=512)
def _offered(about: Callable[[House], QuerySet[Any]], organisation: Organisation, kept: int | None) -> Asked:
    """The theaters of this house, and the titles of its rows: that depends on it alone, so the statement is kept."""
    theaters = visible_theaters(organisation)
    titles = titles_in(about(House(organisation, theaters)))
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

    rows_of, about = House.contracts, House.versions

    class Meta:
        model = Contract
        fields: list[str] = []
        form = FilterForm

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

    rows_of, about = House.performances, House.performances

    class Meta:
        model = Performance
        fields: list[str] = []
        form = FilterForm

    def search(self, rows: PerformanceQuerySet, _name: str, text: str) -> PerformanceQuerySet:
        return rows.search(text)

    def at_that_time(self, rows: PerformanceQuerySet, _name: str, when: str) -> PerformanceQuerySet:
        return rows.filter(starts_at__gte=MOMENT) if when == "coming" else rows.filter(starts_at__lt=MOMENT)

    def with_agreement(self, rows: PerformanceQuerySet, _name: str, status: str) -> PerformanceQuerySet:
        agreements = self.house.contracts().filter(performances=OuterRef("pk"))
        if status == NONE:
            return rows.filter(~Exists(agreements))
        return rows.filter(Exists(agreements.filter(status=status)))


class CountsFilter(HouseFilter):
    q = filters.CharFilter(label=_("Search"), method="search")
    state = filters.ChoiceFilter(
        label=_("Count"),
        choices=[("missing", _("Missing")), ("told", _("Told"))],
        method="with_count",
        empty_label=_("All"),
    )
    theater = filters.ChoiceFilter(label=_("Theater"), field_name="theater_id", empty_label=_("All"))
    production = filters.ChoiceFilter(label=_("Production"), field_name="production_id", empty_label=_("All"))
    since = day_filter(_("From"), "starts_at", "gte")
    until = day_filter(_("until"), "starts_at", "lte")

    rows_of, about = House.performances, House.performances

    class Meta:
        model = Performance
        fields: list[str] = []
        form = FilterForm

    def search(self, rows: PerformanceQuerySet, _name: str, text: str) -> PerformanceQuerySet:
        return rows.search(text)

    def with_count(self, rows: PerformanceQuerySet, _name: str, state: str) -> PerformanceQuerySet:
        return queries.lacking(rows, timezone.localdate()) if state == "missing" else queries.told(rows)
