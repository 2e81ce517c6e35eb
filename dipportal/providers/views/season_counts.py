"""The sales monitor: the productions of a season beside each other, and the theaters that owe a count."""

import datetime as dt

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from dipportal.catalogue import queries as catalogue
from dipportal.core.errors import PortalError
from dipportal.core.files import file_reply
from dipportal.core.kept_lists import kept_listing
from dipportal.core.listing import PER_PAGE, asked_for
from dipportal.core.spreadsheets import CONTENT_TYPES
from dipportal.core.tables import MOST_ROWS
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import lists, queries
from dipportal.providers.counts_filters import OwedFilter, TourFilter
from dipportal.providers.pages import address
from dipportal.ticketing import sales_sheet, season_line, seasons
from dipportal.ticketing.queries import sold_of

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
        "files": sales_sheet.offered(
            lambda what, kind: address(request, "counts_file", what=what, kind=kind), request.GET
        ),
        "seasons": whole,
        "line": season_line.drawn(whole),
        "nothing_yet": not whole and not seasons.tours(own, now).exists(),
    }
    return render(request, "providers/counts.html", context)


@area(Side.PROVIDER)
def counts_file(request: AreaRequest, what: str, kind: str) -> HttpResponse:
    """All that the filter chooses, not one page of it: its tours, in their order, or the performances of each."""
    if what not in FILES or kind not in sales_sheet.KINDS:
        raise Http404
    now = timezone.now()
    found = TourFilter(request.GET, request)
    name = " · ".join(part for part in (request.organisation.name, found.season) if part)
    try:
        content = FILES[what](request, found, kind, name, now)
    except PortalError as refused:
        back = {"back_url": address(request, "counts"), "back_label": _("Ticket counts")}
        return render(request, "ticketing/refused.html", {**back, "refusal": refused}, status=400)
    return file_reply(
        content, f"{slugify(name)[:60]}-{what}-{timezone.localdate(now):%Y-%m-%d}.{kind}", CONTENT_TYPES[kind]
    )


def _tours(request: AreaRequest, found: TourFilter, kind: str, name: str, now: dt.datetime) -> bytes:
    _wanted, order, _page = asked_for(request, ORDERS, "occupancy")
    rows = order.of(found.chosen_at(now)).select_related("production__producer")
    tours = list(rows[: MOST_ROWS + 1])
    moving = seasons.moving(request.organisation, [row.pk for row in tours], now)
    return sales_sheet.tours_made(kind, name, tours, moving, now)


def _performances(request: AreaRequest, found: TourFilter, kind: str, name: str, now: dt.datetime) -> bytes:
    chosen = found.chosen_at(now).order_by().values("pk")
    rows = catalogue.performances_of(request.organisation).filter(production__in=chosen)
    evenings = list(rows.order_by("production__title", "production", "starts_at", "pk")[: MOST_ROWS + 1])
    return sales_sheet.made(kind, name, sold_of(request.organisation, evenings), now)


FILES = {sales_sheet.PRODUCTIONS: _tours, sales_sheet.PERFORMANCES: _performances}


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
