"""One proposal, and the receiver's answer to it."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dipportal.contracts import actions, rules
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.dates import moment
from dipportal.core.errors import Invalid, StaleState
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.receivers import loaders
from dipportal.receivers.forms import ApproveForm, RejectForm
from dipportal.receivers.reading import about, answered_by


@area(Side.RECEIVER)
def contract(request: AreaRequest, pk: int) -> HttpResponse:
    return _page(request, loaders.contract(request.organisation, pk))


@area(Side.RECEIVER, methods=("GET", "POST"))
def approve(request: AreaRequest, pk: int) -> HttpResponseBase:
    contract = loaders.contract(request.organisation, pk)
    if request.method != "POST":
        return redirect(contract.url_for(request.organisation))
    form = ApproveForm(request.POST, auto_id="approve_%s")
    if not form.is_valid():
        return _again(request, contract, approve_form=form)
    try:
        actions.approve(
            contract,
            actor=request.actor,
            note=form.cleaned_data["note"],
            seen_version=form.cleaned_data["version"],
        )
    except StaleState:
        return _too_late(request, contract)
    messages.success(request, _("Approved. The provider gets a mail."))
    return redirect(contract.url_for(request.organisation))


@area(Side.RECEIVER, methods=("GET", "POST"))
def reject(request: AreaRequest, pk: int) -> HttpResponseBase:
    contract = loaders.contract(request.organisation, pk)
    if request.method != "POST":
        return redirect(contract.url_for(request.organisation))
    form = RejectForm(request.POST, contract=contract, auto_id="reject_%s")
    if not form.is_valid():
        return _again(request, contract, reject_form=form)
    try:
        actions.reject(
            contract,
            actor=request.actor,
            reason=form.cleaned_data["reason"],
            rejected_terms=form.cleaned_data["rejected_terms"],
            seen_version=form.cleaned_data["version"],
        )
    except Invalid as refusal:
        for field, sentence in refusal.fields.items():
            form.add_error(field, str(sentence))
        return _again(request, contract, reject_form=form)
    except StaleState:
        return _too_late(request, contract)
    messages.success(request, _("Rejected. The provider gets your reason by mail."))
    return redirect(contract.url_for(request.organisation))


def _page(request: AreaRequest, contract: Contract, **forms: Any) -> HttpResponse:
    context = {**about(request, contract), **forms}
    if rules.may(contract, "approve", request.actor):
        initial = {"version": contract.version}
        context["can_answer"] = True
        context.setdefault("approve_form", ApproveForm(initial=initial, auto_id="approve_%s"))
        context.setdefault("reject_form", RejectForm(contract=contract, initial=initial, auto_id="reject_%s"))
    return render(request, "receivers/contract.html", context)


def _again(request: AreaRequest, contract: Contract, **forms: Any) -> HttpResponse:
    """The page with what is wrong in the form; when there is nothing left to answer, who was first."""
    open_still = contract.status == Status.PROPOSED
    return _page(request, contract, **forms) if open_still else _too_late(request, contract)


def _too_late(request: AreaRequest, contract: Contract) -> HttpResponse:
    """Somebody was first: say who, and what it is now."""
    now = loaders.contract_or_none(request.organisation, contract.pk)
    context = {
        "sentence": _who_was_first(now),
        "newest_url": now.url_for(request.organisation) if now else request.organisation.home_url,
    }
    return render(request, "409.html", context, status=409)


def _who_was_first(now: Contract | None) -> str:
    if now is None:
        return _("The provider took this proposal back, so it can no longer be answered.")
    answer = {"who": answered_by(now), "when": moment(now.answered_at)}
    if now.status == Status.APPROVED:
        return _("This proposal was already approved by %(who)s, %(when)s. Your answer was not saved.") % answer
    if now.status == Status.REJECTED:
        return _("This proposal was already rejected by %(who)s, %(when)s. Your answer was not saved.") % answer
    return _("The provider changed this proposal after you opened it. Your answer was not saved: read it again first.")
