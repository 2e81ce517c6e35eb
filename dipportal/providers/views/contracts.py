"""Agreements: the list, one agreement, and the moves of the provider's side."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.contracts import actions, display, four_eyes, rules, standing, yields
from dipportal.contracts import queries as contracts
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import START_TIME
from dipportal.core.errors import Invalid, PortalError
from dipportal.core.kept_lists import kept_listing
from dipportal.dip.rules import dip_state
from dipportal.journal.codes import Audience
from dipportal.journal.queries import timeline
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import conflicting, lists, loaders
from dipportal.providers.filters import ContractFilter
from dipportal.providers.forms import ProposeForm, ReasonForm
from dipportal.providers.history import line_of, lines, said_with, state_of
from dipportal.providers.pages import blame, go, tell
from dipportal.providers.problems import Problem

ORDERS = {
    "date": ("first_at",),
    "production": ("production__title", "first_at"),
    "theater": ("theater__name", "first_at"),
    "type": ("type",),
    "status": ("status", "first_at"),
    "proposed": ("proposed_at",),
    "made": ("created_at",),
    "answer_by": ("answer_by",),
}


@area(Side.PROVIDER)
def contract_list(request: AreaRequest) -> HttpResponse:
    found = ContractFilter(request.GET, request)
    source = found.source(lambda keys, order: lists.agreements(request.organisation, keys, order))
    shown = kept_listing(request, source, orders=ORDERS, default="-made")
    return render(
        request,
        "providers/contracts.html",
        {
            "filter": found,
            "listing": shown,
            "nothing_yet": not shown.page.object_list and not found.rows().exists(),
            "today": timezone.localdate(),
        },
    )


@area(Side.PROVIDER)
def contract(request: AreaRequest, pk: int) -> HttpResponse:
    shown = loaders.contract(request, pk)
    dip = dip_state(shown)
    stuck = [Problem(row, "", "") for row in dip.stuck]
    context = {**contract_context(request, shown), "dip": dip, "stuck": stuck}
    context["conflicts"] = conflicting.of_contract(shown, request.organisation)
    return render(request, "providers/contract.html", context)


MOVES = (
    "update", "propose", "withdraw", "extend", "discard", "amend", "reply", "revise", "adopt", "decline",
    "record_approval",
)  # fmt: skip


def contract_context(request: AreaRequest, shown: Contract) -> dict[str, Any]:
    versions = list(contracts.versions_of(shown, request.organisation).select_related("proposed_by", "answered_by"))
    entries = list(timeline(shown.thread, side=Audience.PROVIDER))
    open_call = shown.status == Status.PROPOSED and not shown.is_counter
    performances = list(shown.performances.select_related("hall", "production").order_by("starts_at"))
    return {
        "contract": shown,
        "state": state_of(shown),
        **line_of(shown, versions),
        "performances": performances,
        "money": yields.of_contract(shown, performances),
        "yielded": loaders.yield_of(request, shown, performances),
        "groups": display.groups(shown, shown.parent),
        "missing": rules.faults_in_terms(shown.type, shown.term_values(), complete=True),
        "warnings": rules.warnings_in_terms(shown.type, shown.term_values()),
        "standing": standing.notice(shown),
        "start_time_rejected": display.start_time_rejected(shown),
        "start_time_remark": display.remark_on(shown, START_TIME),
        "suggested": bool(rules.suggested_values(shown)),
        "said": said_with(shown, entries),
        "expired": open_call and rules.is_expired(shown),
        # What the receiver's first of two agreed to is no business of this side.
        "endorsed_by": None if open_call else shown.endorsed_by,
        "entries": lines(entries),
        "may": {move: rules.may(shown, move, request.actor) for move in MOVES}
        | {
            "restore": rules.may_restore(shown, request.actor),
            "undo": rules.may_undo(shown, request.actor, actions.UNDO),
        },
        "undo_until": shown.answered_at + actions.UNDO if shown.answered_at else None,
    }


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def propose(request: AreaRequest, pk: int) -> HttpResponse:
    """Asks first, in the agreement's own words; what is missing is listed with the way to fill it in.

    The page carries the version that was read: terms that a colleague changed since then are shown once more.
    """
    shown = loaders.contract(request, pk)
    form = ProposeForm(request.POST or None, contract=shown)
    if request.method == "POST" and form.is_valid():
        seen, last_day = form.cleaned_data["version"], form.cleaned_data["answer_by"]
        try:
            actions.propose(shown, actor=request.actor, seen_version=seen, answer_by=last_day)
            messages.success(request, _proposed(shown))
            return go(request, "contract", pk=pk)
        except PortalError as refused:
            if not (isinstance(refused, Invalid) and "answer_by" in refused.fields):
                tell(request, refused)
                return go(request, "contract_propose", pk=pk)
            blame(form, refused)
    if not rules.may(shown, "propose", request.actor):
        messages.info(request, _("This agreement is no longer a concept, so there is nothing to propose."))
        return go(request, "contract", pk=pk)
    context = contract_context(request, shown)
    context["form"] = form
    context["second"] = four_eyes.fault_in_second(shown, shown.provider, actor=request.actor)
    context["unfit"] = rules.fault_in_choice(shown.production, shown.theater, list(context["performances"]))
    return render(request, "providers/contract_propose.html", context)


def _proposed(contract: Contract) -> str:
    if contract.status == Status.PROPOSED:
        return _("Proposed. The theater can answer now.")
    return _("You agreed as the first of two. Once a colleague agrees too, it goes to the theater.")


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def withdraw(request: AreaRequest, pk: int) -> HttpResponse:
    shown = loaders.contract(request, pk)
    form = ReasonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.withdraw(shown, actor=request.actor, reason=form.cleaned_data["reason"])
            messages.success(request, _("Withdrawn. It is a concept again, and the theater no longer sees it."))
        except PortalError as refused:
            tell(request, refused)
        return go(request, "contract", pk=pk)
    if not rules.may(shown, "withdraw", request.actor):
        messages.info(request, _("This agreement is not a proposal, so there is nothing to withdraw."))
        return go(request, "contract", pk=pk)
    return render(request, "providers/contract_withdraw.html", {"contract": shown, "form": form})
