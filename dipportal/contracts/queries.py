"""Reads. Everything starts at `visible_to(organisation)`."""

from django.db.models import Q, QuerySet

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.organisations.models import Organisation


def contracts_of(organisation: Organisation | None) -> ContractQuerySet:
    """What this organisation may see, with what a list row shows."""
    return Contract.objects.visible_to(organisation).select_related(
        "provider", "theater__receiver", "production", "producer"
    )


def versions_of(contract: Contract, organisation: Organisation) -> ContractQuerySet:
    """All versions of this deal that the organisation may see, first one first."""
    return (
        Contract.objects.visible_to(organisation)
        .filter(Q(root_id=contract.root_id_or_own) | Q(pk=contract.root_id_or_own))
        .order_by("number", "pk")
    )


def waiting_for_answer(organisation: Organisation) -> ContractQuerySet:
    return contracts_of(organisation).filter(status=Status.PROPOSED).order_by("proposed_at", "pk")


def performances_without_contract(organisation: Organisation) -> QuerySet[Performance]:
    """Upcoming performances in member theaters for which no agreement of any kind stands open or agreed."""
    covered = Contract.objects.visible_to(organisation).exclude(status=Status.REJECTED)
    return (
        Performance.objects.visible_to(organisation)
        .upcoming()
        .filter(theater__dip_member=True)
        .exclude(pk__in=covered.values("performances"))
        .select_related("production", "theater", "hall")
    )


def performances_for(organisation: Organisation, production: Production, theater: Theater) -> QuerySet[Performance]:
    """The performances that one agreement can cover: one production, in one theater."""
    return (
        Performance.objects.visible_to(organisation)
        .filter(production=production, theater=theater, status=PerformanceStatus.AGREED, missing_since=None)
        .select_related("hall")
        .order_by("starts_at")
    )
