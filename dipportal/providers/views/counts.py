"""The sales of a production: every performance of its tour, and the run-up of all of them over each other."""

from collections.abc import Sequence

from django.http import Http404, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.text import slugify

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Production
from dipportal.core.errors import PortalError
from dipportal.core.files import file_reply
from dipportal.core.spreadsheets import CONTENT_TYPES
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import forecasts, loaders
from dipportal.providers.pages import address
from dipportal.ticketing import definitions, earlier, queries, run_up, sales_sheet
from dipportal.ticketing.monitor import SHOWN, Sold, Tour
from dipportal.ticketing.yield_queries import yields_over_tour

WEAKEST = "weakest"


@area(Side.PROVIDER)
def production_counts(request: AreaRequest, pk: int) -> HttpResponse:
    """What has a count, and what owes one, in a table; the rest of the tour, which has nothing to tell, below it."""
    shown = loaders.production(request, pk)
    tour = _tour(request, shown)
    weakest, now = request.GET.get("order") == WEAKEST, timezone.now()
    rows = [(one, one.silence(now)) for one in _in_order(request, tour)]
    coming = forecasts.shown(request.organisation, tour, now)
    performances = [one.performance for one in tour.sold]
    context = {
        "production": shown,
        "files": sales_sheet.KINDS,
        "tour": tour,
        "rows": [(one, silence) for one, silence in rows if one.told or silence],
        "later": [one for one in tour.sold if not one.told and not one.silence(now)],
        "silent": sum(silence is not None for _one, silence in rows),
        "weakest": weakest,
        "kinds": [(kind, definitions.KINDS[kind]) for kind in SHOWN],
        "definitions": definitions,
        "earlier": earlier.compared(request.organisation, shown, tour),
        "forecasts": coming,
        "yields": yields_over_tour(request.organisation, shown, performances, forecast=forecasts.pace(coming)),
    }
    if tour.counted:
        context["chart"] = run_up.drawn(queries.curves_of(request.organisation, performances), now)
    return render(request, "providers/production_counts.html", context)


@area(Side.PROVIDER)
def production_counts_file(request: AreaRequest, pk: int, kind: str) -> HttpResponse:
    """All of the tour, in the order of the page, also what has nothing to count yet."""
    if kind not in sales_sheet.KINDS:
        raise Http404
    shown, now = loaders.production(request, pk), timezone.now()
    what = " · ".join(part for part in (shown.title, shown.season) if part)
    try:
        content = sales_sheet.made(kind, what, _in_order(request, _tour(request, shown)), now)
    except PortalError as refused:
        back = {"back_url": address(request, "production_counts", pk=pk), "back_label": shown.title}
        return render(request, "providers/counts_refused.html", {**back, "refusal": refused}, status=400)
    name = f"{slugify(shown.title)[:60] or shown.pk}-{timezone.localdate(now):%Y-%m-%d}.{kind}"
    return file_reply(content, name, CONTENT_TYPES[kind])


def _tour(request: AreaRequest, production: Production) -> Tour:
    evenings = catalogue.performances_of(request.organisation).filter(production=production)
    return Tour(queries.sold_of(request.organisation, list(evenings.order_by("starts_at", "pk"))))


def _in_order(request: AreaRequest, tour: Tour) -> Sequence[Sold]:
    return tour.weakest_first() if request.GET.get("order") == WEAKEST else tour.sold
