"""Two versions of one agreement beside each other."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from dipportal.contracts import queries as contracts
from dipportal.contracts.differences import choose
from dipportal.contracts.differences import compare as differences
from dipportal.contracts.forms import VersionsForm
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import loaders


@area(Side.PROVIDER)
def compare(request: AreaRequest, pk: int) -> HttpResponse:
    """With the version before, or any two versions that the address names (`met`, `versie`)."""
    shown = loaders.contract(request, pk)
    parties = ("provider", "producer", "production", "theater")
    versions = list(contracts.versions_of(shown, request.organisation).select_related(*parties))
    try:
        old, new = choose(shown, versions, request.GET.dict())
    except LookupError as stranger:
        raise Http404 from stranger
    context = {
        "contract": new,
        "comparison": differences(old, new, reader=request.organisation) if old else None,
        "form": VersionsForm(versions=versions, chosen=(old, new)),
    }
    return render(request, "providers/compare.html", context)
