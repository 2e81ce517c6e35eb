"""Loaders: fetch an object and decide access in one call. What belongs to somebody else does not exist (404)."""

from django.shortcuts import get_object_or_404

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import queries as contracts
from dipportal.contracts.models import Contract
from dipportal.contracts.models_standing import StandingAgreement
from dipportal.contracts.standing import standing_of
from dipportal.organisations.areas import AreaRequest


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


def standing(request: AreaRequest, pk: int, *, with_file: bool = False) -> StandingAgreement:
    rows = standing_of(request.organisation)
    return get_object_or_404(rows.exclude(file="") if with_file else rows, pk=pk)
