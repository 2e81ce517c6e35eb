"""One proposal, the receiver's answer to it, and that answer taken back."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dipportal.contracts import actions, rules
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers import loaders
from dipportal.receivers.forms import Answer, ApproveForm, RejectForm
from dipportal.receivers.reading import about, minutes_left
from dipportal.receivers.refusals import too_late


@area(Side.RECEIVER)
def contract(request: AreaRequest, pk: int) -> HttpResponse:
    return _page(request, loaders.contract(request.organisation, pk))


@area(Side.RECEIVER, methods=("GET", "POST"))
def approve(request: AreaRequest, pk: int) -> HttpResponseBase:
    contract = loaders.contract(request.organisation, pk)
    if request.method != "POST":
        return _back(request, contract)
    form = ApproveForm(request.POST, auto_id="approve_%s")
    if not form.is_valid():
        return _again(request, contract, approve_form=form)
    note, seen = form.cleaned_data["note"], form.cleaned_data["version"]
    try:
        actions.approve(contract, actor=request.actor, note=note, seen_version=seen)
    except StaleState:
        return too_late(request, contract)
    except PortalError as refusal:
        messages.error(request, str(refusal))
        return _back(request, contract)
    messages.success(request, _outcome(contract))
    return _back(request, contract)


@area(Side.RECEIVER, methods=("GET", "POST"))
def reject(request: AreaRequest, pk: int) -> HttpResponseBase:
    contract = loaders.contract(request.organisation, pk)
    if request.method != "POST":
        return _back(request, contract)
    form = RejectForm(request.POST, contract=contract, auto_id="reject_%s")
    if not form.is_valid():
        return _again(request, contract, reject_form=form)
    try:
        actions.reject(
            contract,
            actor=request.actor,
            reason=form.cleaned_data["reason"],
            rejected_terms=form.cleaned_data["rejected_terms"],
            suggestions=form.wishes(),
            seen_version=form.cleaned_data["version"],
        )
    except Invalid as refusal:
        form.blame(refusal)
        return _again(request, contract, reject_form=form)
    except StaleState:
        return too_late(request, contract)
    messages.success(request, _("Rejected. The provider gets your reason by mail."))
    return _back(request, contract)


@area(Side.RECEIVER, role=Role.EDITOR, methods=("GET", "POST"))
def undo(request: AreaRequest, pk: int) -> HttpResponseBase:
    """Take an answer back that was a slip. Asks first, in the agreement's own words."""
    contract = loaders.contract(request.organisation, pk)
    if request.method == "POST":
        return _undo(request, contract)
    if not rules.may_undo(contract, request.actor, actions.UNDO):
        messages.info(request, _("There is no answer of yours that can still be taken back."))
        return _back(request, contract)
    return render(request, "receivers/undo.html", {"contract": contract, "minutes": minutes_left(contract)})


def _undo(request: AreaRequest, contract: Contract) -> HttpResponseBase:
    form = Answer(request.POST)
    if not form.is_valid():
        return redirect(request.path)
    try:
        actions.undo(contract, actor=request.actor, seen_version=form.cleaned_data["version"])
    except StaleState:
        return too_late(request, contract)
    except PortalError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(
            request, _("Your answer was taken back. The proposal is open again, and the provider is told.")
        )
    return _back(request, contract)


def _outcome(contract: Contract) -> str:
    if contract.status == Status.APPROVED:
        return _("Approved. The provider gets a mail.")
    return _("Your yes is kept. A colleague has to agree as well before the provider hears of it.")


def _back(request: AreaRequest, contract: Contract) -> HttpResponseBase:
    return redirect(contract.url_for(request.organisation))


def _page(request: AreaRequest, contract: Contract, **forms: Any) -> HttpResponse:
    context = {**about(request, contract), **forms}
    if context["can_answer"]:
        initial = {"version": contract.version}
        context.setdefault("approve_form", ApproveForm(initial=initial, auto_id="approve_%s"))
        context.setdefault("reject_form", RejectForm(contract=contract, initial=initial, auto_id="reject_%s"))
    return render(request, "receivers/contract.html", context)


def _again(request: AreaRequest, contract: Contract, **forms: Any) -> HttpResponse:
    """The page with what is wrong in the form; when there is nothing left to answer, who was first."""
    open_still = rules.is_open_to(contract, "reject")
    return _page(request, contract, **forms) if open_still else too_late(request, contract)
