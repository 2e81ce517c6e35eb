"""What is chosen above the lists of the sales monitor: a season, and in it a producer or a title."""

import datetime as dt
from functools import lru_cache
from typing import Any

import django_filters
from django.db.models import QuerySet
from django.http import QueryDict
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue import queries as catalogue
from dipportal.core.filtering import Asked, Filters, Wanted, asked, whole_number
from dipportal.core.kept_lists import KeptFilters
from dipportal.core.listing import MOMENT, FilterForm
from dipportal.organisations.areas import AreaRequest
from dipportal.organisations.models import Organisation
from dipportal.providers.filters import search_filter
from dipportal.ticketing import seasons
from dipportal.ticketing.models_sums import OwedCount, TourSums


@lru_cache(maxsize=512)
def _producers(organisation: Organisation, chosen: int | None) -> Asked:
    return asked([Wanted(catalogue.producers_of(organisation), kept=chosen)])


class _OfSeason:
    """The season in `data`, and the choices: of one producer alone there is nothing to choose."""

    season: str

    def _in_season(self, data: Any, own: Organisation) -> QueryDict:
        self.seasons = catalogue.seasons_of(own)
        self.season = seasons.shown_season(self.seasons, data.get("season", ""))
        chosen: QueryDict = data.copy()
        chosen["season"] = self.season
        return chosen

    def _offer(self, filters: Any, data: Any, own: Organisation) -> None:
        (producers,) = _producers(own, whole_number(data.get("producer"))).answer()
        if len(producers.rows) > 1:
            filters.choose_from("producer", producers.choices())
        else:
            del filters.filters["producer"]
        filters.choose_from("season", [(name, name) for name in self.seasons])


class TourFilter(_OfSeason, KeptFilters):
    q = search_filter()
    season = django_filters.ChoiceFilter(label=_("Season"), field_name="production__season", empty_label=None)
    producer = django_filters.ChoiceFilter(
        label=_("Producer"), field_name="production__producer_id", empty_label=_("all")
    )

    common = frozenset({"season", "producer"})

    class Meta:
        model = TourSums
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, request: AreaRequest) -> None:
        own = request.organisation
        chosen = self._in_season(data, own)
        super().__init__(chosen, whose=own, rows=lambda: seasons.tours(own, MOMENT), request=request)
        self._offer(self, data, own)

    def chosen_at(self, now: dt.datetime) -> QuerySet[TourSums]:
        """The same rows, to be asked without a statement that is kept."""
        self.queryset = seasons.tours(self.request.organisation, now)
        rows: QuerySet[TourSums] = self.filter_queryset(self.queryset) if self.is_valid() else self.queryset
        return rows


class OwedFilter(_OfSeason, Filters):
    season = django_filters.ChoiceFilter(label=_("Season"), field_name="production__season", empty_label=None)
    producer = django_filters.ChoiceFilter(
        label=_("Producer"), field_name="production__producer_id", empty_label=_("all")
    )

    class Meta:
        model = OwedCount
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, request: AreaRequest) -> None:
        own = request.organisation
        chosen = self._in_season(data, own)
        super().__init__(chosen, seasons.owed(own, timezone.now()), request=request)
        self._offer(self, data, own)
