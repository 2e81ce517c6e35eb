"""The sales of a production: every performance of its tour, and the run-up of all of them over each other."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone

from dipportal.catalogue import queries as catalogue
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import forecasts, loaders
from dipportal.ticketing import definitions, earlier, queries, run_up
from dipportal.ticketing.monitor import SHOWN, Tour

WEAKEST = "weakest"


@area(Side.PROVIDER)
def production_counts(request: AreaRequest, pk: int) -> HttpResponse:
    """What has a count, and what owes one, in a table; the rest of the tour, which has nothing to tell, below it."""
    shown = loaders.production(request, pk)
    evenings = catalogue.performances_of(request.organisation).filter(production=shown)
    performances = list(evenings.order_by("starts_at", "pk"))
    tour = Tour(queries.sold_of(request.organisation, performances))
    weakest = request.GET.get("order") == WEAKEST
    now = timezone.now()
    rows = [(one, one.silence(now)) for one in (tour.weakest_first() if weakest else tour.sold)]
    context = {
        "production": shown,
        "tour": tour,
        "rows": [(one, silence) for one, silence in rows if one.told or silence],
        "later": [one for one in tour.sold if not one.told and not one.silence(now)],
        "silent": sum(silence is not None for _one, silence in rows),
        "weakest": weakest,
        "kinds": [(kind, definitions.KINDS[kind]) for kind in SHOWN],
        "definitions": definitions,
        "earlier": earlier.compared(request.organisation, shown, tour),
        "forecasts": forecasts.shown(request.organisation, tour, now),
    }
    if tour.counted:
        context["chart"] = run_up.drawn(queries.curves_of(request.organisation, performances), now)
    return render(request, "providers/production_counts.html", context)
