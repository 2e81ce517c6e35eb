"""The start page: what waits for you."""

from django.http import HttpResponse
from django.shortcuts import render

from dipportal.catalogue import queries as catalogue
from dipportal.dip import queries as dip
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import conflicting, problems
from dipportal.providers.waiting import SHOWN, sections


@area(Side.PROVIDER)
def start(request: AreaRequest) -> HttpResponse:
    organisation = request.organisation
    troubled = problems.of(organisation, most=SHOWN)
    waiting = sections(organisation, request.actor)
    unlike = conflicting.first(organisation, SHOWN)
    empty = not (waiting or troubled or unlike.count)
    context = {
        "away": dip.away_of(dip.connection_of(organisation)),
        "sections": waiting,
        "conflicts": unlike,
        "problems": troubled,
        "fresh": empty and not catalogue.productions_of(organisation).exists(),
    }
    return render(request, "providers/start.html", context)
