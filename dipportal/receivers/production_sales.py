"""How one production sells in this house: each of its performances here, and what earlier ones did here."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue.models import Production
from dipportal.catalogue.queries import visible_performances
from dipportal.core.errors import PortalError
from dipportal.core.files import file_reply
from dipportal.core.spreadsheets import CONTENT_TYPES
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.receivers import loaders
from dipportal.ticketing import earlier, one_production, queries, sales_sheet
from dipportal.ticketing.monitor import Tour


@area(Side.RECEIVER)
def production_sales(request: AreaRequest, pk: int) -> HttpResponse:
    own, now = request.organisation, timezone.now()
    shown = loaders.production(own, pk)
    tour = _here(request, shown)
    context = {
        "production": shown,
        "earlier": earlier.compared_in_house(own, shown, tour),
        **one_production.shown(
            own,
            tour,
            now,
            order=request.GET.get("order", ""),
            file=lambda kind: reverse("receivers:production_sales_file", args=[own.slug, pk, kind]),
        ),
    }
    return render(request, "receivers/production_sales.html", context)


@area(Side.RECEIVER)
def file(request: AreaRequest, pk: int, kind: str) -> HttpResponse:
    """All of its performances here, in the order of the page, also what has nothing to count yet."""
    if kind not in sales_sheet.KINDS:
        raise Http404
    shown = loaders.production(request.organisation, pk)
    rows = one_production.in_order(_here(request, shown), request.GET.get("order", ""))
    try:
        content, name = sales_sheet.production_made(kind, shown, rows, timezone.now())
    except PortalError as refused:
        back = {"back_url": reverse("receivers:production_sales", args=[request.organisation.slug, pk])}
        context = {**back, "back_label": shown.title, "refusal": refused}
        return render(request, "ticketing/refused.html", context, status=400)
    return file_reply(content, name, CONTENT_TYPES[kind])


def _here(request: AreaRequest, production: Production) -> Tour:
    """Its performances in the theaters of this organisation, and no others."""
    evenings = visible_performances(request.organisation).filter(production=production)
    rows = evenings.select_related("production", "theater", "hall").order_by("starts_at", "pk")
    return Tour(queries.sold_of(request.organisation, list(rows)))
