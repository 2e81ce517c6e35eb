"""What an adapted proposal would yield, while it is being typed. Works out, and writes nothing."""

from django.http import HttpResponse
from django.shortcuts import render

from dipportal.contracts import yields
from dipportal.contracts.forms import TermsForm
from dipportal.contracts.models import Contract
from dipportal.contracts.yields import Yield
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers import loaders


@area(Side.RECEIVER, role=Role.EDITOR, methods=("POST",))
def contract_yield(request: AreaRequest, pk: int) -> HttpResponse:
    """A fragment for the form of an adapted proposal: the sums for what stands in it now."""
    contract = loaders.contract(request.organisation, pk)
    money = of_form(contract, TermsForm(request.POST, kind=contract.type))
    return render(request, "components/yield.html", {"money": money, "own": "receiver", "lines": True})


def of_form(contract: Contract, form: TermsForm) -> Yield:
    if form.is_bound and not form.is_valid():
        return yields.UNREADABLE
    values = form.terms() if form.is_bound else form.begun()
    return yields.of_terms(contract.type, values, loaders.evenings(contract))
