"""What a paper vouches for: the facts of one version in one canonical form, and their digest.

In it: what was agreed, and what the provider could change under it (the title of the production, the evenings).
Not in it: what happens to a version later (status, answer, marks, number in DIP, place in its line) and how DIP spells
the names of theaters, halls and producers; those are known by their number. Why: docs/decisions.md.
"""

import datetime as dt
import hashlib
import json
from decimal import Decimal
from typing import Any

from dipportal.contracts.models import Contract
from dipportal.contracts.terms import Term, Unit, normalise

FORM = 1  # of the facts: another selection or spelling gets another number, and old papers are known no more


def reference_of(contract: Contract) -> str:
    """What both sides call this version by: our reference, or DIP's number for one that was made there."""
    if contract.reference:
        return contract.reference
    return f"DIP-{contract.dip_id}" if contract.dip_id is not None else ""


def digest(contract: Contract) -> str:
    """SHA-256 over the facts, 64 hexadecimal characters. Costs one query, for the performances."""
    text = json.dumps(facts(contract), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def facts(contract: Contract) -> dict[str, Any]:
    terms = normalise(contract.type, contract.term_values())
    return {
        "form": FORM,
        "reference": reference_of(contract),
        "type": contract.type,
        "drafted_by": contract.side,
        "provider": contract.provider_id,
        "producer": contract.producer_id,
        "agency_as_provider": contract.agency_as_provider,
        "theater": contract.theater_id,
        "contacts": [contract.contact_receiver, contract.contact_provider],
        "production": {"key": contract.production_id, "title": contract.production.title},
        "performances": [
            {"key": pk, "starts_at": starts_at.astimezone(dt.UTC).isoformat(), "hall": hall, "status": status}
            for pk, starts_at, hall, status in contract.performances.order_by("pk").values_list(
                "pk", "starts_at", "hall_id", "status"
            )
        ],
        "terms": {term.name: _canonical(term, terms[term.name]) for term in contract.terms},
    }


def _canonical(term: Term, value: Any) -> Any:
    """Two values of which `term.same` says that they mean the same get one spelling."""
    if term.unit is Unit.FLAG:
        return bool(value)
    if not term.is_filled(value):
        return None
    if term.unit is Unit.PERCENT:
        return _number(value)
    if term.unit is Unit.TRANCHES:
        return [[int(row["amount"]), _number(row["percentage"])] for row in value]
    if term.unit is Unit.TEXT:
        return str(value).replace("\r\n", "\n").strip() or None
    return value


def _number(value: Any) -> str:
    number = Decimal(str(value))
    return f"{number.normalize():f}" if number else "0"
