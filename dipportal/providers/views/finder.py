"""Looking things up: theaters and halls with their ids, the members of DIP, and everything of one's own."""

from django.http import HttpResponse
from django.shortcuts import render

from dipportal.catalogue import queries as catalogue
from dipportal.core.listing import listing
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import finding
from dipportal.providers.filters import MemberFilter
from dipportal.providers.pages import typed

FOUND = 15
BY_NAME = {"name": ("name",), "city": ("city", "name"), "province": ("province", "city", "name")}


@area(Side.PROVIDER)
def finder(request: AreaRequest) -> HttpResponse:
    """The number of a theater and of each of its halls; retired ones on request."""
    text, retired = typed(request), request.GET.get("retired") == "on"
    rows = catalogue.theaters(request.organisation, text=text, retired=retired)
    shown = listing(request, rows, orders=BY_NAME, default="name")
    return render(request, "providers/finder.html", {"listing": shown, "text": text, "retired": retired})


@area(Side.PROVIDER)
def members(request: AreaRequest) -> HttpResponse:
    rows = catalogue.members(request.organisation)
    found = MemberFilter(request.GET, queryset=rows, request=request)
    shown = listing(request, found.qs, orders=BY_NAME, default="name", per_page=50)
    context = {"filter": found, "listing": shown, "nothing_yet": not shown.page.object_list and not rows.exists()}
    return render(request, "providers/members.html", context)


@area(Side.PROVIDER)
def search(request: AreaRequest) -> HttpResponse:
    """Productions, performances and agreements, by title, theater, reference, or a DIP-id in whole or in part."""
    text = typed(request)
    if not text:
        return render(request, "providers/search.html", {"text": ""})
    found = finding.find(request.organisation, text, most=FOUND + 1)
    return render(request, "providers/search.html", {"text": text, "most": FOUND, **found._asdict()})
