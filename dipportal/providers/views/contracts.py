"""Agreements: the list, one agreement, and the moves of the provider's side."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dipportal.contracts import actions, display, rules
from dipportal.contracts import queries as contracts
from dipportal.contracts.models import Contract
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.core.listing import listing
from dipportal.dip.rules import dip_state
from dipportal.journal.codes import Audience
from dipportal.journal.queries import timeline
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import loaders, queries
from dipportal.providers.filters import ContractFilter
from dipportal.providers.forms import ReasonForm, SeenForm
from dipportal.providers.history import lines
from dipportal.providers.pages import go, tell
from dipportal.providers.problems import Problem

ORDERS = {
    "date": ("first_at",),
    "production": ("production__title", "first_at"),
    "theater": ("theater__name", "first_at"),
    "type": ("type",),
    "status": ("status", "first_at"),
    "proposed": ("proposed_at",),
    "made": ("created_at",),
}


@area(Side.PROVIDER)
def contract_list(request: AreaRequest) -> HttpResponse:
    rows = queries.agreements(request.organisation)
    found = ContractFilter(request.GET, queryset=rows, request=request)
    shown = listing(request, found.qs, orders=ORDERS, default="-made")
    return render(
        request,
        "providers/contracts.html",
        {"filter": found, "listing": shown, "nothing_yet": not shown.page.object_list and not rows.exists()},
    )


@area(Side.PROVIDER)
def contract(request: AreaRequest, pk: int) -> HttpResponse:
    shown = loaders.contract(request, pk)
    dip = dip_state(shown)
    stuck = [Problem(row, "", "") for row in dip.stuck]
    context = {**contract_context(request, shown), "dip": dip, "stuck": stuck}
    return render(request, "providers/contract.html", context)


def contract_context(request: AreaRequest, shown: Contract) -> dict[str, Any]:
    versions = list(contracts.versions_of(shown, request.organisation))
    return {
        "contract": shown,
        "versions": versions,
        "later": next((version for version in versions if version.parent_id == shown.pk), None),
        "performances": shown.performances.select_related("hall").order_by("starts_at"),
        "groups": display.groups(shown, shown.parent),
        "missing": rules.faults_in_terms(shown.type, shown.term_values(), complete=True),
        "warnings": rules.warnings_in_terms(shown.type, shown.term_values()),
        "start_time_rejected": display.start_time_rejected(shown),
        "entries": lines(timeline(shown.thread, side=Audience.PROVIDER)),
        "may": {move: rules.may(shown, move, request.actor) for move in ("update", "propose", "withdraw", "amend")},
    }


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def propose(request: AreaRequest, pk: int) -> HttpResponse:
    """Asks first, in the agreement's own words; what is missing is listed with the way to fill it in.

    The page carries the version that was read: terms that a colleague changed since then are shown once more.
    """
    shown = loaders.contract(request, pk)
    form = SeenForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.propose(shown, actor=request.actor, seen_version=form.cleaned_data["version"])
            messages.success(request, _("Proposed. The theater can answer now."))
            return go(request, "contract", pk=pk)
        except (Invalid, StaleState) as refused:
            tell(request, refused)
            return go(request, "contract_propose", pk=pk)
    if not rules.may(shown, "propose", request.actor):
        messages.info(request, _("This agreement is no longer a concept, so there is nothing to propose."))
        return go(request, "contract", pk=pk)
    context = contract_context(request, shown)
    context["unfit"] = rules.fault_in_choice(shown.production, shown.theater, list(context["performances"]))
    return render(request, "providers/contract_propose.html", context)


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


@area(Side.PROVIDER, role=Role.EDITOR, methods=("POST",))
def amend(request: AreaRequest, pk: int) -> HttpResponse:
    """Begin the next version after a rejection and go on in its form."""
    rejected = loaders.contract(request, pk)
    try:
        following = actions.amend(rejected, actor=request.actor)
    except PortalError as refused:
        tell(request, refused)
        return go(request, "contract", pk=pk)
    text = _("Version %(number)d begins with the terms of the one before.")
    messages.success(request, text % {"number": following.number})
    return go(request, "contract_edit", pk=following.pk)
