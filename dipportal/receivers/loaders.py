"""What a receiver asks for, and may see: the one place where its pages get their rows. Not visible is not found."""

from collections.abc import Iterable

from django.shortcuts import get_object_or_404

from dipportal.catalogue.models import Performance
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.contracts.queries import contracts_of, versions_of, waiting_for_answer
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.journal.queries import timeline
from dipportal.organisations.models import Organisation

PEOPLE = ("proposed_by", "answered_by", "endorsed_by")


# Of an agreement with its seventy columns, what a list shows of it.
SHOWN = (
    "number", "first_at", "type", "status", "side", "version", "answer_by", "discarded_at", "proposed_at",
    "answer_source", "conflict_at", "endorsed_at", "production__title", "theater__name", "theater__receiver_id",
    "provider__name",
)  # fmt: skip


def listed(rows: ContractQuerySet, *people: str) -> ContractQuerySet:
    """The same rows with only what a list shows, and these people whole."""
    lean = rows.select_related(None).select_related("production", "theater__receiver", "provider", *people)
    return lean.only(*SHOWN, "theater__receiver__name", *(f"{name}__{part}" for name in people for part in PERSON))


PERSON = ("name", "email")


def contract(organisation: Organisation, pk: int) -> Contract:
    rows = contracts_of(organisation).select_related(*PEOPLE)
    return get_object_or_404(rows, pk=pk)


def waiting(organisation: Organisation) -> ContractQuerySet:
    """What this house has to answer, first what is due first."""
    return listed(waiting_for_answer(organisation), "endorsed_by")


def versions(contract: Contract, organisation: Organisation) -> list[Contract]:
    return list(versions_of(contract, organisation).select_related("provider", *PEOPLE))


def later(contract: Contract, organisation: Organisation) -> Contract | None:
    """The newest version that goes on from this one, as far as this receiver may see."""
    return contracts_of(organisation).filter(parent=contract).order_by("-number").first()


def named(organisation: Organisation, keys: Iterable[int]) -> dict[int, Contract]:
    """Those of these numbers that exist for this receiver."""
    return contracts_of(organisation).select_related(*PEOPLE).in_bulk(list(keys))


def history(versions: list[Contract]) -> list[Entry]:
    """The lines of these versions only: a version that was taken back leaves no line."""
    lines = timeline(versions[0].thread, side=Audience.RECEIVER)
    return list(lines.filter(target_id__in=[str(version.pk) for version in versions]))


def contract_or_none(organisation: Organisation, pk: int) -> Contract | None:
    return contracts_of(organisation).select_related(*PEOPLE).filter(pk=pk).first()


def evenings(contract: Contract) -> list[Performance]:
    return list(contract.performances.select_related("hall", "production").order_by("starts_at", "pk"))
