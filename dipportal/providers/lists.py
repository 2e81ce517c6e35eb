"""What the provider's long lists show of their rows; `listing` reads a page with them."""

from typing import Any

from django.db.models import QuerySet

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.core.lean import lean
from dipportal.organisations.queries import named

AGREEMENT = (
    "own_reference", "reference", "dip_id", "number", "first_at", "type", "status", "side", "answer_by", "discarded_at",
    "created_at", "proposed_at", "answered_at", "answered_by_id", "answer_source", "revises_id", "conflict_at",
    "evenings",
)  # fmt: skip
PERFORMANCE = ("starts_at", "status", "kind", "private", "number", "missing_since")
PRODUCTION = ("title", "season", "dip_id", "cancelled_at", "first_at", "evenings")


def agreements(rows: QuerySet[Any]) -> list[Contract]:
    """Who answered is shown of answers that were written down for somebody else, and read when there are any."""
    counted: ContractQuerySet = rows.with_evenings()  # type: ignore[attr-defined]
    found = lean(counted, AGREEMENT, {"production": ("title",), "theater": ("name", "city")})
    written_down = [(row, row.answered_by_id) for row in found if row.on_behalf and row.answered_by_id]
    if written_down:
        people = named(who for _row, who in written_down)
        for row, who in written_down:
            row.answered_by = people.get(who)
    return found


def performances(rows: QuerySet[Performance]) -> list[Performance]:
    related = {"production": ("title", "dip_id"), "theater": ("name", "city", "dip_member"), "hall": ("name",)}
    return lean(rows, PERFORMANCE, related)


def productions(rows: QuerySet[Any]) -> list[Production]:
    return lean(rows, PRODUCTION, {"genre": ("name",)})
