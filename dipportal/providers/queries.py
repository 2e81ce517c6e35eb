"""Reads for the pages of this area, made from the queries of the rooms below."""

from collections.abc import Sequence

from django.db.models import Count, Exists, OuterRef, QuerySet

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import queries as contracts
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.organisations.models import Organisation

# An agreement in one of these states counts on its performances.
STANDING = (Status.CONCEPT, Status.PROPOSED, Status.APPROVED)


def agreements(organisation: Organisation) -> ContractQuerySet:
    """The rows of the list of agreements; `evenings` is the number of performances."""
    return contracts.contracts_of(organisation).annotate(evenings=Count("performances"))


def rejections(organisation: Organisation) -> ContractQuerySet:
    """Rejected versions that nothing follows yet, longest waiting first."""
    return agreements(organisation).newest(organisation).filter(status=Status.REJECTED).order_by("answered_at", "pk")


def concepts(organisation: Organisation) -> ContractQuerySet:
    return agreements(organisation).filter(status=Status.CONCEPT).order_by("created_at", "pk")


def unanswered(organisation: Organisation) -> ContractQuerySet:
    return agreements(organisation).filter(status=Status.PROPOSED).order_by("proposed_at", "pk")


def conflicts(organisation: Organisation) -> ContractQuerySet:
    return agreements(organisation).newest(organisation).filter(conflict_at__isnull=False).order_by("conflict_at", "pk")


def affected(organisation: Organisation, performances: Sequence[Performance]) -> ContractQuerySet:
    """The agreements that a moved or cancelled performance touches."""
    touched = contracts.contracts_of(organisation).filter(performances__in=performances, status__in=STANDING)
    return touched.distinct().order_by("first_at", "pk")


def contract_of_each(organisation: Organisation, performances: Sequence[Performance]) -> dict[int, Contract]:
    """The newest agreement of each performance, by the performance's key: one query for a whole tour."""
    rows = contracts.contracts_of(organisation).filter(performances__in=performances).newest(organisation)
    found: dict[int, Contract] = {}
    for row in rows.prefetch_related("performances").order_by("pk"):
        for performance in row.performances.all():
            found[performance.pk] = row
    return found


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
