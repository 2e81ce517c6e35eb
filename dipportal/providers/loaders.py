"""Loaders: fetch an object and decide access in one call. What belongs to somebody else does not exist (404)."""

from collections.abc import Sequence

from django.shortcuts import get_object_or_404

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import queries as contracts
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.models_standing import StandingAgreement
from dipportal.contracts.standing import standing_of
from dipportal.notifications.models import SalesSubscription
from dipportal.notifications.subscriptions import subscriptions_of
from dipportal.organisations.areas import AreaRequest
from dipportal.ticketing import yield_queries
from dipportal.ticketing.yielding import Forecast, Yielded


def production(request: AreaRequest, pk: int) -> Production:
    return get_object_or_404(catalogue.productions_of(request.organisation), pk=pk)


def performance(request: AreaRequest, pk: int) -> Performance:
    return get_object_or_404(catalogue.performances_of(request.organisation), pk=pk)


def contract(request: AreaRequest, pk: int) -> Contract:
    return get_object_or_404(
        contracts.contracts_of(request.organisation).select_related(
            "parent", "revises", "proposed_by", "answered_by", "endorsed_by"
        ),
        pk=pk,
    )


def yield_of(
    request: AreaRequest,
    contract: Contract,
    performances: Sequence[Performance] | None = None,
    *,
    forecast: Forecast | None = None,
) -> Yielded | None:
    """What an agreement of ours yields with its counts; None for one that is not in force."""
    if contract.status != Status.APPROVED:
        return None
    return yield_queries.yield_of(request.organisation, contract, performances, forecast=forecast)


def standing(request: AreaRequest, pk: int, *, with_file: bool = False) -> StandingAgreement:
    rows = standing_of(request.organisation)
    return get_object_or_404(rows.exclude(file="") if with_file else rows, pk=pk)


def sales_subscription(request: AreaRequest, pk: int) -> SalesSubscription:
    return get_object_or_404(subscriptions_of(request.organisation), pk=pk)
