"""The adapted proposal: typed, looked at, sent; and taken back."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dipportal.contracts import actions, rules
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers import loaders
from dipportal.receivers.forms import Answer, CounterForm, RetractForm
from dipportal.receivers.refusals import too_late
from dipportal.receivers.yields import of_form


@area(Side.RECEIVER, role=Role.EDITOR, methods=("GET", "POST"))
def counter(request: AreaRequest, pk: int) -> HttpResponseBase:
    """First the changes are shown, old and new; then what was shown is sent, and nothing else."""
    contract = loaders.contract(request.organisation, pk)
    if not _open(request, contract):
        return _closed(request, contract)
    form = CounterForm.of(contract, request.POST if request.method == "POST" else None)
    if request.method != "POST" or not form.is_valid():
        return _page(request, contract, form)
    if request.POST.get("step") == "send" and form.was_checked:
        return _send(request, contract, form)
    return _checked(request, contract, form)


def _open(request: AreaRequest, contract: Contract) -> bool:
    return rules.may(contract, "counter", request.actor) and loaders.later(contract, request.organisation) is None


def _closed(request: AreaRequest, contract: Contract) -> HttpResponseBase:
    """Sent already (a double click, or the way back in the browser), or there is nothing to answer."""
    sent = loaders.later(contract, request.organisation)
    if sent is not None and sent.is_counter:
        messages.info(request, _("An adapted proposal was sent already: this one."))
        return redirect(sent.url_for(request.organisation))
    if request.method == "POST":
        return too_late(request, contract)
    messages.info(request, _("An adapted proposal is not possible here now."))
    return redirect(contract.url_for(request.organisation))


def _checked(request: AreaRequest, contract: Contract, form: CounterForm, *, stale: bool = False) -> HttpResponse:
    """What differs, beside the form with everything that was typed."""
    form.refuse_unfit(contract)
    if not form.errors or stale:
        form.renew(version=contract.version if stale else form.cleaned_data["version"])
    context = {"changes": form.changes(contract) if not form.errors else [], "stale": stale}
    return _page(request, contract, form, status=409 if stale else 200, **context)


def _send(request: AreaRequest, contract: Contract, form: CounterForm) -> HttpResponseBase:
    try:
        following = actions.counter(
            contract,
            actor=request.actor,
            terms=form.terms(),
            remark=form.cleaned_data["remark"],
            seen_version=form.cleaned_data["version"],
        )
    except Invalid as refusal:
        form.blame(refusal)
        return _page(request, contract, form)
    except StaleState:
        return _stale(request, contract, form)
    except PortalError as refusal:
        form.add_error(None, _sentence(refusal))
        return _page(request, contract, form)
    messages.success(request, _("Sent. The provider can accept it as it is, or answer with other terms."))
    return redirect(following.url_for(request.organisation))


def _sentence(refusal: PortalError) -> str:
    """What the provider drafts is its own affair: the refusal says whose turn it is, not what lies there."""
    if refusal.code == "open_version":
        return _("An adapted proposal is no longer possible here: the next move is the provider's. Call them.")
    return str(refusal)


def _stale(request: AreaRequest, contract: Contract, form: CounterForm) -> HttpResponseBase:
    now = loaders.contract_or_none(request.organisation, contract.pk)
    if now is None or now.type != contract.type or not _open(request, now):
        return too_late(request, contract)
    return _checked(request, now, form, stale=True)


def _page(
    request: AreaRequest, contract: Contract, form: CounterForm, *, status: int = 200, **context: object
) -> HttpResponse:
    kind = ContractType(contract.type)
    money = of_form(contract, form)
    context = {"contract": contract, "form": form, "kind": kind, "money": money, **context}
    return render(request, "receivers/counter.html", context, status=status)


@area(Side.RECEIVER, role=Role.EDITOR, methods=("GET", "POST"))
def retract(request: AreaRequest, pk: int) -> HttpResponseBase:
    contract = loaders.contract(request.organisation, pk)
    form = RetractForm(request.POST if request.method == "POST" else None)
    seen = Answer(request.POST)
    if request.method == "POST" and form.is_valid() and seen.is_valid():
        return _retract(request, contract, form.cleaned_data["reason"], seen.cleaned_data["version"])
    if not rules.may(contract, "retract", request.actor):
        messages.info(request, _("There is no adapted proposal of yours to take back."))
        return redirect(contract.url_for(request.organisation))
    return render(request, "receivers/retract.html", {"contract": contract, "form": form})


def _retract(request: AreaRequest, contract: Contract, reason: str, seen_version: int) -> HttpResponseBase:
    try:
        actions.retract(contract, actor=request.actor, reason=reason, seen_version=seen_version)
    except StaleState:
        return too_late(request, contract)
    messages.success(request, _("Taken back. The provider is told, and has the next move."))
    return redirect(contract.url_for(request.organisation))
