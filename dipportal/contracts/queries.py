"""Reads. Everything starts at `visible_to(organisation)`."""

import datetime as dt
from collections.abc import Collection

from django.db.models import Exists, F, OuterRef, Q, QuerySet

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production, Theater, TheaterQuerySet
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation, User
from dipportal.organisations.queries import approvers_of


def visible_contracts(organisation: Organisation | None) -> ContractQuerySet:
    """What this organisation may see, with nothing read along."""
    return Contract.objects.visible_to(organisation)


def contracts_in(theaters: Collection[int] | TheaterQuerySet) -> ContractQuerySet:
    """What the receiver that runs these theaters may see: `visible_theaters`, or their numbers, read just before."""
    return Contract.objects.in_house(theaters)


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
    """The proposals that a receiver has to answer, first what is due first."""
    rows = contracts_of(organisation).to_answer()
    return rows.order_by(F("answer_by").asc(nulls_last=True), "proposed_at", "pk")


def counters_open(organisation: Organisation) -> ContractQuerySet:
    """The adapted proposals that the provider has to answer, the longest waiting first."""
    rows = contracts_of(organisation).filter(status=Status.PROPOSED, side=Side.RECEIVER)
    return rows.order_by("proposed_at", "pk")


def waiting_for_second(organisation: Organisation, user: User | None) -> ContractQuerySet:
    """What a colleague agreed to as the first of two, and this person may complete; longest waiting first."""
    rows = contracts_of(organisation)
    if not organisation.four_eyes or user is None:
        return rows.none()
    counters = Q(status=Status.PROPOSED, side=Side.RECEIVER)
    drafts = Q(status=Status.CONCEPT, discarded_at=None)
    ours = drafts | counters if organisation.is_provider else Q(status=Status.PROPOSED, side=Side.PROVIDER)
    rows = rows.filter(ours, endorsed_by__isnull=False).exclude(endorsed_by=user)
    deciding = approvers_of(organisation)
    if deciding is not None and user.pk not in deciding:
        rows = rows.filter(endorsed_by__in=deciding)
    return rows.order_by("endorsed_at", "pk")


def without_an_evening(organisation: Organisation) -> ContractQuerySet:
    """Agreements of which no evening takes place any more.

    Looked for among those with an evening that does not take place: of those there are few, and an index has them.
    """
    evenings = Contract.performances.through._default_manager
    off = evenings.filter(performance__in=Performance.objects.off().values("pk")).values("contract")
    plays = evenings.filter(contract=OuterRef("pk"), performance__in=Performance.objects.agreed().values("pk"))
    return contracts_of(organisation).filter(~Exists(plays), pk__in=off)


def performances_without_contract(
    organisation: Organisation, since: dt.datetime | None = None
) -> QuerySet[Performance]:
    """Upcoming performances in member theaters for which no agreement of any kind stands open or agreed."""
    # From the evening to its agreements, not the other way about: the database then looks up those of each evening.
    covering = Contract.performances.through._default_manager.filter(
        contract__provider=organisation, contract__discarded_at=None
    ).exclude(contract__status=Status.REJECTED)
    return (
        Performance.objects.looked_up_for(organisation)
        .upcoming(since)
        .filter(theater__dip_member=True)
        .filter(~Exists(covering.filter(performance=OuterRef("pk"))))
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
