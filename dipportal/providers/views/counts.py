"""The sales of a production: every performance of its tour, and the run-up of all of them over each other."""

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Production
from dipportal.core.errors import PortalError
from dipportal.core.files import file_reply
from dipportal.core.spreadsheets import CONTENT_TYPES
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import loaders
from dipportal.providers.pages import address
from dipportal.ticketing import earlier, expected, one_production, queries, sales_sheet
from dipportal.ticketing.monitor import Tour
from dipportal.ticketing.yield_queries import yields_over_tour


@area(Side.PROVIDER)
def production_counts(request: AreaRequest, pk: int) -> HttpResponse:
    own, now = request.organisation, timezone.now()
    shown = loaders.production(request, pk)
    tour = _tour(request, shown)
    sales = one_production.shown(
        own,
        tour,
        now,
        order=request.GET.get("order", ""),
        file=lambda kind: address(request, "production_counts_file", pk=pk, kind=kind),
        before_there=earlier.in_same_theaters(own, tour, now),
    )
    pace = expected.pace(sales["forecasts"])
    context = {
        **sales,
        "production": shown,
        "earlier": earlier.compared(own, shown, tour),
        "yields": yields_over_tour(own, shown, [one.performance for one in tour.sold], forecast=pace),
    }
    return render(request, "providers/production_counts.html", context)


@area(Side.PROVIDER)
def production_counts_file(request: AreaRequest, pk: int, kind: str) -> HttpResponse:
    """All of the tour, in the order of the page, also what has nothing to count yet."""
    if kind not in sales_sheet.KINDS:
        raise Http404
    shown = loaders.production(request, pk)
    rows = one_production.in_order(_tour(request, shown), request.GET.get("order", ""))
    try:
        content, name = sales_sheet.production_made(kind, shown, rows, timezone.now())
    except PortalError as refused:
        back = {"back_url": address(request, "production_counts", pk=pk), "back_label": shown.title}
        return render(request, "ticketing/refused.html", {**back, "refusal": refused}, status=400)
    return file_reply(content, name, CONTENT_TYPES[kind])


def _tour(request: AreaRequest, production: Production) -> Tour:
    evenings = catalogue.performances_of(request.organisation).filter(production=production)
    return Tour(queries.sold_of(request.organisation, list(evenings.order_by("starts_at", "pk"))))
