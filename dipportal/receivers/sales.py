"""How the productions of a season sell in this house: beside each other, the weakest first, and as a file."""

import datetime as dt
from collections.abc import Sequence

from django.core.paginator import Paginator
from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from dipportal.core.errors import PortalError
from dipportal.core.files import file_reply
from dipportal.core.listing import PER_PAGE, asked_for
from dipportal.core.spreadsheets import CONTENT_TYPES
from dipportal.core.tables import MOST_ROWS
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.receivers.sales_filters import SalesFilter
from dipportal.ticketing import in_house, sales_sheet, season_line
from dipportal.ticketing.in_house import HouseSums
from dipportal.ticketing.queries import sold_of

# What of each production is compared; the weakest first, by itself.
ORDERS: dict[str, tuple[str, ...]] = {
    "title": ("title",),
    "date": ("first_at",),
    "sold": ("tickets",),
    "occupancy": ("occupancy",),
    "change": ("change",),
    "silent": ("silent",),
}
WEAKEST = "occupancy"


@area(Side.RECEIVER)
def sales(request: AreaRequest) -> HttpResponse:
    own, now = request.organisation, timezone.now()
    found = SalesFilter(request.GET, own)
    order, rows = _in_order(request, found, now)
    page = Paginator(rows, PER_PAGE).get_page(request.GET.get("page", ""))
    whole = in_house.by_season(own, found.seasons)
    context = {
        "filter": found,
        "listing": {"page": page, "order": order},
        "rows": in_house.with_productions(page.object_list),
        "moving": {row.pk: row.moving for row in page.object_list},
        "first_at": {row.pk: row.first_at for row in page.object_list if row.first_at},
        "together": in_house.together(rows),
        "silent": sum(row.silent for row in rows),
        "files": sales_sheet.offered(lambda what, kind: _at(request, "sales_file", what, kind), request.GET),
        "seasons": whole,
        "line": season_line.drawn(whole),
        "nothing_yet": not found.seasons and not rows,
    }
    return render(request, "receivers/sales.html", context)


def _at(request: AreaRequest, page: str, *arguments: str) -> str:
    return reverse(f"receivers:{page}", args=[request.organisation.slug, *arguments])


def _in_order(request: AreaRequest, found: SalesFilter, now: dt.datetime) -> tuple[str, Sequence[HouseSums]]:
    wanted, order, _page = asked_for(request, ORDERS, WEAKEST)
    (name,) = order.fields
    return wanted, in_house.in_order(in_house.productions(found.qs, now), name, down=order.down)


@area(Side.RECEIVER)
def sales_file(request: AreaRequest, what: str, kind: str) -> HttpResponse:
    """All that the filter chooses, not one page of it: its productions, in their order, or the performances of each."""
    if what not in FILES or kind not in sales_sheet.KINDS:
        raise Http404
    now = timezone.now()
    found = SalesFilter(request.GET, request.organisation)
    name = " · ".join(part for part in (request.organisation.name, found.season) if part)
    try:
        content = FILES[what](request, found, kind, name, now)
    except PortalError as refused:
        back = {"back_url": _at(request, "sales"), "back_label": _("Sales")}
        return render(request, "ticketing/refused.html", {**back, "refusal": refused}, status=400)
    return file_reply(
        content, f"{slugify(name)[:60]}-{what}-{timezone.localdate(now):%Y-%m-%d}.{kind}", CONTENT_TYPES[kind]
    )


def _productions(request: AreaRequest, found: SalesFilter, kind: str, name: str, now: dt.datetime) -> bytes:
    _order, rows = _in_order(request, found, now)
    shown = in_house.with_productions(rows[: MOST_ROWS + 1])
    return sales_sheet.tours_made(kind, name, shown, {row.pk: row.moving for row in shown}, now)


def _performances(request: AreaRequest, found: SalesFilter, kind: str, name: str, now: dt.datetime) -> bytes:
    rows = found.qs.select_related("production", "theater", "hall")
    evenings = list(rows.order_by("production__title", "production", "starts_at", "pk")[: MOST_ROWS + 1])
    return sales_sheet.made(kind, name, sold_of(request.organisation, evenings), now)


FILES = {sales_sheet.PRODUCTIONS: _productions, sales_sheet.PERFORMANCES: _performances}
