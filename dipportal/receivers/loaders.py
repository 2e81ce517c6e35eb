"""What a receiver asks for, and may see: the one place where its pages get their rows. Not visible is not found."""

from collections.abc import Iterable, Sequence

from django.shortcuts import get_object_or_404

from dipportal.catalogue.models import Performance, PerformanceQuerySet, Production, Theater
from dipportal.catalogue.queries import visible_performances, visible_productions, visible_theaters
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.contracts.queries import contracts_of, versions_of, waiting_for_answer
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.journal.queries import timeline
from dipportal.organisations.models import Organisation
from dipportal.ticketing import yield_queries
from dipportal.ticketing.models import Counting
from dipportal.ticketing.models_keys import SystemKey
from dipportal.ticketing.queries import keys_of, standings, without_link
from dipportal.ticketing.rules import Standing
from dipportal.ticketing.yielding import Forecast, Yielded

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


def yield_of(
    contract: Contract,
    organisation: Organisation,
    performances: Sequence[Performance] | None = None,
    *,
    forecast: Forecast | None = None,
) -> Yielded | None:
    """What an agreement for this house yields with its counts; None for one that is not in force."""
    if contract.status != Status.APPROVED:
        return None
    return yield_queries.yield_of(organisation, contract, performances, forecast=forecast)


def standing(organisation: Organisation, pk: int) -> Standing:
    """How one of its performances is counted."""
    shown = get_object_or_404(visible_performances(organisation), pk=pk)
    return standings([shown.pk])[shown.pk]


def production(organisation: Organisation, pk: int) -> Production:
    """One that plays in its house."""
    return get_object_or_404(visible_productions(organisation), pk=pk)


def theater(organisation: Organisation, pk: int) -> Theater:
    """One that it runs."""
    return get_object_or_404(visible_theaters(organisation), pk=pk)


def theaters(organisation: Organisation) -> list[Theater]:
    """Those that it runs, by name."""
    return list(visible_theaters(organisation).order_by("name", "pk"))


def system_keys(organisation: Organisation) -> list[SystemKey]:
    """The keys that it made, for its theaters in their order, those that were revoked last first."""
    return list(keys_of(organisation).order_by("theater__name", "-revoked_at", "name", "pk"))


def system_key(organisation: Organisation, pk: int) -> SystemKey:
    return get_object_or_404(keys_of(organisation), pk=pk)


def counting(organisation: Organisation) -> list[Counting]:
    """How each of its theaters counts, by name; a row that was never saved for one that has said nothing."""
    theaters = visible_theaters(organisation).select_related("counting").order_by("name", "pk")
    return [one.counting if hasattr(one, "counting") else Counting(theater=one) for one in theaters]


def unlinked(organisation: Organisation) -> PerformanceQuerySet:
    """What still plays in this house and has no number in its ticketing system."""
    rows = without_link(visible_performances(organisation).upcoming())
    return rows.select_related("production", "theater", "hall")


def linkable(organisation: Organisation, keys: Iterable[int]) -> dict[int, Performance]:
    """Those of these numbers that play in this house, linked or not."""
    rows = visible_performances(organisation).select_related("production", "theater", "hall")
    return rows.order_by("starts_at", "pk").in_bulk(list(keys))
