"""The start page: what waits for you."""

from django.http import HttpResponse
from django.shortcuts import render

from dipportal.catalogue import queries as catalogue
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import waiting


@area(Side.PROVIDER)
def start(request: AreaRequest) -> HttpResponse:
    organisation = request.organisation
    found = waiting.of(organisation, request.actor)
    context = {
        "away": found.away,
        "sections": found.sections,
        "conflicts": found.conflicts,
        "problems": found.problems,
        "fresh": found.nothing and not catalogue.productions_of(organisation).exists(),
    }
    return render(request, "providers/start.html", context)
