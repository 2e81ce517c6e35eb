"""Two versions of one agreement beside each other, of those that were proposed to this receiver."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from dipportal.contracts import queries
from dipportal.contracts.differences import choose
from dipportal.contracts.differences import compare as differences
from dipportal.contracts.forms import VersionsForm
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.receivers import loaders


@area(Side.RECEIVER)
def compare(request: AreaRequest, pk: int) -> HttpResponse:
    """With the version before, or any two versions that the address names (`met`, `versie`)."""
    shown = loaders.contract(request.organisation, pk)
    parties = ("provider", "producer", "production", "theater")
    versions = list(queries.versions_of(shown, request.organisation).select_related(*parties))
    try:
        old, new = choose(shown, versions, request.GET.dict())
    except LookupError as stranger:
        raise Http404 from stranger
    context = {
        "contract": new,
        "comparison": differences(old, new, reader=request.organisation) if old else None,
        "form": VersionsForm(versions=versions, chosen=(old, new)),
    }
    return render(request, "receivers/compare.html", context)
