"""The filters above the lists. Choices are made from what the organisation itself may see."""

import datetime as dt
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import django_filters
from django import forms
from django.db.models import Exists, OuterRef, QuerySet
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import queries as contracts
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.core.dates import midnight
from dipportal.core.filtering import Asked, Filters, Wanted, asked, whole_number
from dipportal.core.forms import DayField
from dipportal.core.kept_lists import KeptFilters
from dipportal.core.listing import MOMENT, FilterForm
from dipportal.organisations.actors import Actor
from dipportal.organisations.areas import AreaRequest
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from dipportal.providers import queries
from dipportal.providers.forms import DayInput

# What asks for attention: the sections of the start page, each with the rows that it shows.
ATTENTION: dict[str, tuple[str | Promise, Callable[[Organisation, Actor], ContractQuerySet]]] = {
    "counter": (_("adapted proposals to answer"), queries.counters),
    "rejected": (_("rejected, nothing follows"), queries.rejections),
    "conflict": (_("answered differently in DIP"), queries.conflicts),
    "second": (_("waits for you as the second person"), queries.seconds),
    "expired": (_("past the last day"), queries.expired),
    "unanswered": (_("waits for the theater"), queries.unanswered),
    "off": (_("concepts without an evening that takes place"), queries.called_off),
}
AGES = (("7", _("longer than a week")), ("14", _("longer than two weeks")), ("28", _("longer than four weeks")))


def _searched(rows: Any, _name: str, text: str) -> Any:
    return rows.search(text)


def _since(field: str) -> Any:
    """From the beginning of this day, in Amsterdam."""

    def keep(rows: QuerySet[Any], _name: str, day: dt.date) -> QuerySet[Any]:
        return rows.filter(**{f"{field}__gte": midnight(day)})

    return keep


def _until(field: str) -> Any:
    """Up to and including this day, in Amsterdam."""

    def keep(rows: QuerySet[Any], _name: str, day: dt.date) -> QuerySet[Any]:
        return rows.filter(**{f"{field}__lt": midnight(day + dt.timedelta(days=1))})

    return keep


def search_filter() -> django_filters.CharFilter:
    return django_filters.CharFilter(
        label=_("Search"), method=_searched, max_length=100, widget=forms.TextInput(attrs={"type": "search"})
    )


class DayFilter(django_filters.DateFilter):
    field_class = DayField


def day_filter(label: Any, method: Any) -> DayFilter:
    return DayFilter(label=label, method=method, widget=DayInput())


def _titled(title: str, season: str) -> str:
    return f"{title} ({season})" if season else title


# What there is to choose from depends on the organisation, and on what an address chose, so the statement is kept.
def _titles(organisation: Organisation, production: int | None) -> Wanted:
    return Wanted(catalogue.titles_of(organisation), columns=("title", "season"), kept=production)


@lru_cache(maxsize=512)
def _offered_for_agreements(organisation: Organisation, production: int | None, theater: int | None) -> Asked:
    own = contracts.visible_contracts(organisation).filter(theater=OuterRef("pk"))
    theaters = catalogue.visible_theaters(organisation).filter(Exists(own))
    return asked([_titles(organisation, production), Wanted(theaters, kept=theater)])


@lru_cache(maxsize=512)
def _offered_for_productions(organisation: Organisation, producer: int | None, genre: int | None) -> Asked:
    own = Wanted(catalogue.producers_of(organisation), kept=producer)
    return asked([own, Wanted(catalogue.genres(), kept=genre)])


@lru_cache(maxsize=512)
def _offered_for_performances(organisation: Organisation, production: int | None) -> Asked:
    return asked([_titles(organisation, production)])


class ContractFilter(KeptFilters):
    q = search_filter()
    status = django_filters.ChoiceFilter(label=_("Status"), choices=Status.choices, empty_label=_("all"))
    type = django_filters.ChoiceFilter(label=_("Type"), choices=ContractType.choices, empty_label=_("all"))
    production = django_filters.ChoiceFilter(label=_("Production"), field_name="production_id", empty_label=_("all"))
    theater = django_filters.ChoiceFilter(label=_("Theater"), field_name="theater_id", empty_label=_("all"))
    since = day_filter(_("First performance from"), _since("first_at"))
    until = day_filter(_("First performance until"), _until("first_at"))
    age = django_filters.ChoiceFilter(
        label=_("Waits for an answer"), choices=AGES, method="waiting", empty_label=_("any time")
    )
    attention = django_filters.ChoiceFilter(
        label=_("Attention"),
        choices=[(name, label) for name, (label, _rows) in ATTENTION.items()],
        method="asking",
        empty_label=_("all"),
    )
    versions = django_filters.ChoiceFilter(
        label=_("Versions"),
        choices=(("all", _("also earlier ones")), ("discarded", _("given up"))),
        method="which",
        empty_label=_("newest only"),
    )

    common = frozenset({"status", "type", "versions"})

    class Meta:
        model = Contract
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, request: AreaRequest) -> None:
        own = request.organisation
        super().__init__(data, whose=own, rows=lambda: contracts.visible_contracts(own), request=request)
        chosen = whole_number(data.get("production")), whole_number(data.get("theater"))
        titles, theaters = _offered_for_agreements(own, *chosen).answer()
        self.choose_from("production", titles.choices(_titled))
        self.choose_from("theater", theaters.choices())

    def filter_queryset(self, queryset: Any) -> Any:
        rows = super().filter_queryset(queryset)
        versions = self.form.cleaned_data.get("versions")
        if versions == "discarded":
            return rows.filter(discarded_at__isnull=False)
        return rows.filter(discarded_at=None) if versions == "all" else rows.newest(self.request.organisation)

    def which(self, rows: Any, _name: str, _value: str) -> Any:
        return rows

    def waiting(self, rows: Any, _name: str, days: str) -> Any:
        before = timezone.now() - dt.timedelta(days=int(days))
        return rows.filter(status=Status.PROPOSED, side=Side.PROVIDER, proposed_at__lte=before)

    def asking(self, rows: Any, _name: str, value: str) -> Any:
        asked = ATTENTION[value][1](self.request.organisation, self.request.actor)
        return rows.filter(pk__in=asked.order_by().values("pk"))


class ProductionFilter(KeptFilters):
    q = search_filter()
    season = django_filters.ChoiceFilter(label=_("Season"), choices=(), empty_label=_("all"))
    producer = django_filters.ChoiceFilter(label=_("Producer"), field_name="producer_id", empty_label=_("all"))
    genre = django_filters.ChoiceFilter(label=_("Genre"), field_name="genre_id", empty_label=_("all"))

    common = frozenset({"season", "producer", "genre"})

    class Meta:
        model = Production
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, request: AreaRequest) -> None:
        own = request.organisation
        super().__init__(data, whose=own, rows=lambda: queries.listed_productions(own), request=request)
        chosen = whole_number(data.get("producer")), whole_number(data.get("genre"))
        producers, genres = _offered_for_productions(own, *chosen).answer()
        self.choose_from("producer", producers.choices())
        self.choose_from("genre", genres.choices())
        self.choose_from("season", [(name, name) for name in catalogue.seasons_of(own)])


class PerformanceFilter(KeptFilters):
    q = search_filter()
    production = django_filters.ChoiceFilter(label=_("Production"), field_name="production_id", empty_label=_("all"))
    since = day_filter(_("From"), _since("starts_at"))
    until = day_filter(_("Until"), _until("starts_at"))
    agreement = django_filters.ChoiceFilter(
        label=_("Agreement"),
        choices=(("none", _("upcoming without agreement")),),
        method="without",
        empty_label=_("all"),
    )

    common = frozenset({"agreement"})

    class Meta:
        model = Performance
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, request: AreaRequest) -> None:
        own = request.organisation
        super().__init__(data, whose=own, rows=lambda: catalogue.visible_performances(own), request=request)
        (titles,) = _offered_for_performances(own, whole_number(data.get("production"))).answer()
        self.choose_from("production", titles.choices(_titled))

    def without(self, rows: Any, _name: str, _value: str) -> Any:
        bare = contracts.performances_without_contract(self.request.organisation, since=MOMENT)
        return rows.filter(pk__in=bare.order_by().values("pk"))


class MemberFilter(Filters):
    q = search_filter()
    province = django_filters.ChoiceFilter(label=_("Province"), choices=(), empty_label=_("all"))

    class Meta:
        model = Theater
        fields: list[str] = []
        form = FilterForm

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        names = catalogue.provinces(self.request.organisation)
        self.choose_from("province", [(name, name) for name in names])
