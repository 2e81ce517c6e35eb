"""What an agreement would yield, while its terms are being typed. Works out, and writes nothing."""

from django.http import Http404, HttpResponse
from django.shortcuts import render

from dipportal.catalogue import queries as catalogue
from dipportal.contracts import yields
from dipportal.contracts.enums import ContractType
from dipportal.contracts.forms import TermsForm
from dipportal.contracts.yields import Yield
from dipportal.core.numbers import keys
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers.forms import ContractForm


@area(Side.PROVIDER, role=Role.EDITOR, methods=("POST",))
def contract_yield(request: AreaRequest, kind: str) -> HttpResponse:
    """A fragment for the form of a concept: the sums for what stands in it now."""
    if kind not in ContractType.values:
        raise Http404
    chosen = catalogue.performances_of(request.organisation).filter(pk__in=keys(request.POST.getlist("performances")))
    form = TermsForm(request.POST, kind=kind)
    money = yields.of_terms(kind, form.terms(), chosen) if form.is_valid() else yields.UNREADABLE
    return render(request, "components/yield.html", {"money": money, "own": "provider", "lines": True})


def of_form(form: ContractForm) -> Yield:
    """The same for a page that is shown as a whole: what was typed, or else what the form begins with."""
    if not form.is_bound:
        begun = [getattr(one, "pk", one) for one in form.initial.get("performances") or ()]
        return yields.of_terms(form.kind, form.begun(), form.offered.filter(pk__in=keys(map(str, begun))))
    if not form.is_valid():
        return yields.UNREADABLE
    return yields.of_terms(form.kind, form.terms(), form.cleaned_data["performances"])
