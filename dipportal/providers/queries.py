"""Reads for the pages of this area, made from the queries of the rooms below."""

from collections.abc import Collection, Sequence
from functools import lru_cache
from typing import Any

from django.db.models import Exists, F, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.utils import timezone

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Performance, Production, ProductionQuerySet, Theater
from dipportal.contracts import queries as contracts
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.core.listing import MOMENT
from dipportal.core.repeated import KEYS, Repeated
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation

# An agreement in one of these states counts on its performances.
STANDING = (Status.CONCEPT, Status.PROPOSED, Status.APPROVED)
CONCEPT = Q(status=Status.CONCEPT, discarded_at=None)
OWN_PROPOSAL = Q(status=Status.PROPOSED, side=Side.PROVIDER)
COUNTER = Q(status=Status.PROPOSED, side=Side.RECEIVER)


def agreements(organisation: Organisation) -> ContractQuerySet:
    """The rows of the list of agreements; `evenings` is the number of performances."""
    return contracts.contracts_of(organisation).select_related("answered_by").with_evenings()


# --- what asks for attention: the sections of the start page, and the filters of the list -------------------------
# Which agreements these are, in their order; what a page shows of them it reads by their keys.
def rejections(organisation: Organisation, _actor: Actor) -> ContractQuerySet:
    """Rejected versions that nothing follows yet, longest waiting first."""
    return (
        contracts.contracts_of(organisation)
        .newest(organisation)
        .filter(status=Status.REJECTED)
        .order_by("answered_at", "pk")
    )


def conflicts(organisation: Organisation, _actor: Actor) -> ContractQuerySet:
    return (
        contracts.contracts_of(organisation)
        .newest(organisation)
        .filter(conflict_at__isnull=False)
        .order_by("conflict_at", "pk")
    )


def counters(organisation: Organisation, _actor: Actor) -> ContractQuerySet:
    """Adapted proposals that the provider has to answer, longest waiting first."""
    return contracts.contracts_of(organisation).filter(COUNTER).order_by("proposed_at", "pk")


def seconds(organisation: Organisation, actor: Actor) -> ContractQuerySet:
    """What a colleague agreed to, and this person may complete."""
    rows = contracts.contracts_of(organisation)
    if not organisation.four_eyes or not actor.acts_for(organisation):
        return rows.none()
    waiting = contracts.waiting_for_second(organisation, actor.user)
    return rows.filter(pk__in=waiting.order_by().values("pk")).order_by("endorsed_at", "pk")


def expired(organisation: Organisation, _actor: Actor) -> ContractQuerySet:
    """Own proposals whose last day has passed."""
    rows = contracts.contracts_of(organisation).filter(OWN_PROPOSAL, answer_by__lt=timezone.localdate())
    return rows.order_by("answer_by", "pk")


def unanswered(organisation: Organisation, _actor: Actor) -> ContractQuerySet:
    """Own proposals that the theater can still approve."""
    still = Q(answer_by=None) | Q(answer_by__gte=timezone.localdate())
    return contracts.contracts_of(organisation).filter(OWN_PROPOSAL, still).order_by("proposed_at", "pk")


def concepts(organisation: Organisation, _actor: Actor) -> ContractQuerySet:
    return contracts.contracts_of(organisation).filter(CONCEPT).order_by("created_at", "pk")


def called_off(organisation: Organisation, _actor: Actor) -> ContractQuerySet:
    """Concepts of which no evening takes place any more."""
    return contracts.without_an_evening(organisation).filter(CONCEPT).order_by("first_at", "pk")


def bare(organisation: Organisation, _actor: Actor) -> QuerySet[Performance]:
    """Performances without an agreement, from the moment on that stands for the one at which they are asked for."""
    return contracts.performances_without_contract(organisation, since=MOMENT).order_by("starts_at", "pk")


def affected(organisation: Organisation, performances: Sequence[Performance]) -> ContractQuerySet:
    """The agreements that a moved or cancelled performance touches."""
    touched = contracts.contracts_of(organisation).filter(performances__in=performances, status__in=STANDING)
    return touched.filter(discarded_at=None).distinct().order_by("first_at", "pk")


def contract_of_each(organisation: Organisation, performances: Sequence[Performance]) -> dict[int, Contract]:
    """The newest agreement of each performance, by the performance's key: one query for a whole tour."""
    keys = [performance.pk for performance in performances]
    return {row.evening: row for row in _of_evenings(organisation).read(keys)} if keys else {}


@lru_cache(maxsize=256)
def _of_evenings(organisation: Organisation) -> Repeated:
    rows = contracts.visible_contracts(organisation).newest(organisation)
    each: Any = rows.annotate(evening=F("performances")).filter(evening__in=KEYS[0]).order_by("pk")
    return Repeated(each, ("status", "evening"))


def listed_productions(organisation: Organisation) -> ProductionQuerySet:
    """The rows of the list of productions, with only what it shows."""
    rows = catalogue.productions_of(organisation).select_related(None).select_related("genre")
    return rows.only("title", "season", "dip_id", "cancelled_at", "genre__name")


def theaters_of(organisation: Organisation, production: Production) -> QuerySet[Theater]:
    """The theaters where a production plays, with the number of performances that can be agreed on."""
    plays = catalogue.performances_of(organisation).filter(production=production).agreed()
    return (
        catalogue.theaters(organisation, retired=True)
        .filter(Exists(plays.filter(theater=OuterRef("pk"))))
        .prefetch_related(None)
        .order_by("name", "pk")
    )


def last_contacts(organisation: Organisation, theater: Theater) -> tuple[str, str]:
    """The contacts (theater, provider) of the newest agreement with this theater; the provider's own otherwise."""
    last = (
        contracts.contracts_of(organisation)
        .filter(theater=theater)
        .exclude(contact_receiver="")
        .order_by("-created_at", "-pk")
        .first()
    )
    own = organisation.contact_email
    return (last.contact_receiver, last.contact_provider or own) if last else ("", own)


def theaters_with_contact(organisation: Organisation, keys: Collection[int]) -> dict[int, Theater]:
    """These theaters, each with `contact`: the address in the newest agreement with it, or '' when there is none."""
    own = contracts.visible_contracts(organisation).filter(theater=OuterRef("pk")).exclude(contact_receiver="")
    newest = own.order_by("-created_at", "-pk").values("contact_receiver")[:1]
    rows = catalogue.visible_theaters(organisation).annotate(contact=Coalesce(Subquery(newest), Value("")))
    return dict(rows.in_bulk(keys))
