"""The filters of the receiver's lists. Every choice comes from what this receiver may see."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import PerformanceQuerySet
from dipportal.catalogue.queries import titles_in, visible_theaters
from dipportal.contracts.enums import SHARED, ContractType
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.core.filtering import Filters, Offer, Wanted, offers, whole_number
from dipportal.core.forms import DayField
from dipportal.core.listing import FilterForm
from dipportal.organisations.models import Organisation
from dipportal.receivers import loaders

SHARED_CHOICES = [(status.value, status.label) for status in SHARED]
NONE = "none"


class DayFilter(filters.DateFilter):
    field_class = DayField


def day_filter(label: str | Promise, field: str, bound: str) -> DayFilter:
    widget = forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d")
    return DayFilter(label=label, field_name=field, lookup_expr=f"date__{bound}", widget=widget)


class HouseFilter(Filters):
    """Drops the choice of a theater when there is only one to choose."""

    class Meta:
        form = FilterForm

    def __init__(self, *args: Any, organisation: Organisation, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.organisation = organisation
        theaters, titles = self.offers()
        if len(theaters.rows) > 1:
            self.choose_from("theater", theaters.choices())
        else:
            del self.filters["theater"]
        self.choose_from("production", titles.choices())

    def offers(self) -> list[Offer]:
        """The theaters of this house, and the titles of the rows."""
        return offers([self.theaters(), self.titles(self.queryset)])

    def theaters(self) -> Wanted:
        return Wanted(visible_theaters(self.organisation), most=None)

    def titles(self, rows: Any) -> Wanted:
        return Wanted(titles_in(rows), columns=("title",), kept=whole_number(self.data.get("production")))


class ContractFilter(HouseFilter):
    q = filters.CharFilter(label=_("Search"), method="search")
    status = filters.ChoiceFilter(label=_("Status"), choices=SHARED_CHOICES, empty_label=_("All"))
    type = filters.ChoiceFilter(label=_("Type"), choices=ContractType.choices, empty_label=_("All"))
    theater = filters.ChoiceFilter(label=_("Theater"), field_name="theater_id", empty_label=_("All"))
    production = filters.ChoiceFilter(label=_("Production"), field_name="production_id", empty_label=_("All"))
    since = day_filter(_("Played from"), "first_at", "gte")
    until = day_filter(_("until"), "first_at", "lte")

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

    def offers(self) -> list[Offer]:
        # These are the theaters of all rows. With their numbers in hand the database need not look up, of each evening
        # of each title, whose theater it is in.
        (theaters,) = offers([self.theaters()])
        housed = self.queryset.filter(theater__in=list(theaters.rows))
        return [theaters, *offers([self.titles(housed)])]

    def search(self, rows: PerformanceQuerySet, _name: str, text: str) -> PerformanceQuerySet:
        return rows.search(text)

    def at_that_time(self, rows: PerformanceQuerySet, _name: str, when: str) -> PerformanceQuerySet:
        now = timezone.now()
        return rows.filter(starts_at__gte=now) if when == "coming" else rows.filter(starts_at__lt=now)

    def with_agreement(self, rows: PerformanceQuerySet, _name: str, status: str) -> PerformanceQuerySet:
        agreements: QuerySet[Contract] = loaders.contracts(self.organisation).filter(performances=OuterRef("pk"))
        if status == NONE:
            return rows.filter(~Exists(agreements))
        return rows.filter(Exists(agreements.filter(status=status)))
