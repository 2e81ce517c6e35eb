"""The filters of the receiver's lists. Every choice comes from what this receiver may see."""

from typing import Any

import django_filters as filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import PerformanceQuerySet
from dipportal.catalogue.queries import titles_in
from dipportal.contracts.enums import SHARED, ContractType
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.core.filtering import MORE, Filters, few, whole_number
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
        theaters = [(theater.pk, theater.name) for theater in loaders.theaters(organisation)]
        if len(theaters) > 1:
            self.filters["theater"].extra["choices"] = theaters
        else:
            del self.filters["theater"]
        self.filters["production"].extra["choices"] = self.productions()

    def productions(self) -> list[tuple[int | None, Any]]:
        rows, more = few(titles_in(self.queryset), whole_number(self.data.get("production")))
        return [*((row.pk, row.title) for row in rows), *([MORE] if more else [])]


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
