"""The sales monitor: the productions of a season beside each other, and the theaters that owe a count."""

from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dipportal.core.kept_lists import kept_listing
from dipportal.core.listing import PER_PAGE
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import lists, queries, season_line
from dipportal.providers.counts_filters import OwedFilter, TourFilter
from dipportal.ticketing import seasons

# The weakest first, by itself.
ORDERS: dict[str, tuple[str, ...]] = {
    "title": ("production__title",),
    "sold": ("tickets",),
    "occupancy": ("occupancy",),
    "change": ("change",),
    "silent": ("silent",),
}


@area(Side.PROVIDER)
def counts(request: AreaRequest) -> HttpResponse:
    own, now = request.organisation, timezone.now()
    found = TourFilter(request.GET, request)
    source = found.source(lambda keys, _order: lists.tours(own, keys))
    shown = kept_listing(request, source, orders=ORDERS, default="occupancy")
    chosen = found.chosen_at(now)
    rows = list(shown.page.object_list)
    whole = seasons.by_season(own)
    context = {
        "filter": found,
        "listing": shown,
        "rows": rows,
        "moving": seasons.moving(own, [row.pk for row in rows], now),
        "together": seasons.together(chosen),
        "silent": seasons.owed_of(chosen, now),
        "several": "producer" in found.filters,
        "seasons": whole,
        "line": season_line.drawn(whole),
        "nothing_yet": not whole and not seasons.tours(own, now).exists(),
    }
    return render(request, "providers/counts.html", context)


@area(Side.PROVIDER)
def silent_theaters(request: AreaRequest) -> HttpResponse:
    own, now = request.organisation, timezone.now()
    found = OwedFilter(request.GET, request)
    owed = found.qs
    page = Paginator(seasons.silent_theaters(owed, now), PER_PAGE).get_page(request.GET.get("page", ""))
    keys = [row["theater"] for row in page]
    theaters, named = queries.theaters_with_contact(own, keys), seasons.named_of(owed, keys, now)
    context = {
        "filter": found,
        "page": page,
        "rows": [(theaters[row["theater"]], row, named[row["theater"]]) for row in page],
        "nothing_yet": not found.seasons,
    }
    return render(request, "providers/silent_theaters.html", context)
