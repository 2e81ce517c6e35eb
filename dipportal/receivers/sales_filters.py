"""What is chosen above the productions of a season in a house: the season, and in it a theater, a hall or a title."""

from functools import lru_cache
from typing import Any

import django_filters
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance, PerformanceQuerySet
from dipportal.catalogue.queries import halls_played, visible_performances, visible_theaters
from dipportal.core.filtering import Asked, Filters, Wanted, asked
from dipportal.core.listing import FilterForm
from dipportal.organisations.models import Organisation
from dipportal.ticketing import in_house, seasons


@lru_cache(maxsize=512)
def _places(organisation: Organisation) -> Asked:
    """The theaters of this house, and its halls in which something plays."""
    halls = Wanted(halls_played(organisation), columns=("name", "theater__name"), most=None)
    return asked([Wanted(visible_theaters(organisation), most=None), halls])


class SalesFilter(Filters):
    """The performances of a house that are added up. Of one theater, or one hall, alone there is nothing to choose."""

    q = django_filters.CharFilter(label=_("Search"), method="search")
    season = django_filters.ChoiceFilter(label=_("Season"), field_name="production__season", empty_label=None)
    theater = django_filters.ChoiceFilter(label=_("Theater"), field_name="theater_id", empty_label=_("all"))
    hall = django_filters.ChoiceFilter(label=_("Hall"), field_name="hall_id", empty_label=_("all"))

    class Meta:
        model = Performance
        fields: list[str] = []
        form = FilterForm

    def __init__(self, data: Any, organisation: Organisation) -> None:
        # With the number of performances that take place in each.
        self.seasons = in_house.seasons(organisation)
        self.season = seasons.shown_season(list(self.seasons), data.get("season", ""))
        chosen = data.copy()
        chosen["season"] = self.season
        super().__init__(chosen, visible_performances(organisation))
        self._offer(organisation)

    def _offer(self, organisation: Organisation) -> None:
        theaters, halls = _places(organisation).answer()
        several = len(theaters.rows) > 1
        self.choose_from("season", [(name, name) for name in self.seasons])
        self.choose_from("theater", theaters.choices())
        self.choose_from("hall", halls.choices(lambda hall, theater: f"{hall}, {theater}" if several else hall))
        for name, offer in (("theater", theaters), ("hall", halls)):
            if len(offer.rows) < 2:
                del self.filters[name]

    def search(self, rows: PerformanceQuerySet, _name: str, text: str) -> PerformanceQuerySet:
        """By the title or the DIP-id of the production, and not by the number of any performance: not all play here."""
        number = text.partition("|")[0].strip()
        found = Q(production__title__icontains=text)
        if number:
            found |= Q(production__dip_id__icontains=number)
        return rows.filter(found)
