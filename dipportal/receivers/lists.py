"""What the receiver's long lists show of their rows; `listing` reads a page with them."""

from typing import Any

from django.db.models import F, QuerySet

from dipportal.catalogue.models import Performance
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import visible_contracts
from dipportal.core.lean import lean
from dipportal.organisations.models import Organisation

AGREEMENT = (
    "number", "first_at", "type", "status", "side", "version", "answer_by", "discarded_at", "proposed_at",
    "answer_source", "conflict_at",
)  # fmt: skip


def agreements(rows: QuerySet[Contract], organisation: Organisation) -> list[Contract]:
    related = {"production": ("title",), "theater": ("name", "receiver_id"), "provider": ("name",)}
    found = lean(rows, AGREEMENT, related)
    for row in found:
        if row.theater.receiver_id == organisation.pk:
            row.theater.receiver = organisation
    return found


def performances(rows: QuerySet[Performance], organisation: Organisation) -> list[Performance]:
    """With `agreements`: what was agreed or proposed for each, newest first."""
    related = {"production": ("title", "dip_id"), "theater": ("name",), "hall": ("name",)}
    found = lean(rows, ("starts_at", "status", "number", "missing_since"), related)
    each: Any = visible_contracts(organisation).newest(organisation).annotate(evening=F("performances"))
    each = each.filter(evening__in=[row.pk for row in found]).order_by("-pk")
    agreed: dict[int, list[Any]] = {}
    for one in lean(each, ("type", "status", "side", "answer_source", "number", "evening")):
        agreed.setdefault(one.evening, []).append(one)
    for row in found:
        row.agreements = agreed.get(row.pk, [])  # type: ignore[attr-defined]
    return found
