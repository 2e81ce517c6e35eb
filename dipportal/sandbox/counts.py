"""Ticket counts as kept: one record per performance and kind, split by ticket type."""

from __future__ import annotations

from dipportal.sandbox.store import Record, Store

TICKET_TYPES = ("normal", "discount", "free", "other", "complimentary")
KINDS = ("tickets", "reservations", "blockedseats")


def count_record(performance: Record, counts: list[Record], updated: str) -> Record:
    """One per performance and kind; the answers are summed from these, so the sums always agree."""
    given = {one["type"]: one for one in counts}
    empty = {"tickets": 0, "recette": 0}
    return {
        "production": performance["production"]["id"],
        "theater": performance["theater"],
        "number": performance["number"],
        "date": performance["date"],
        "updated": updated,
        "counts": [{"type": one, **empty, **given.get(one, {})} for one in TICKET_TYPES],
    }


def shown(record: Record) -> Record:
    return {
        "number": record["number"],
        "date": record["date"],
        "tickets": sum(one["tickets"] for one in record["counts"]),
        "recette": sum(one["recette"] for one in record["counts"]),
        "updated": record["updated"],
    }


def follow_performance(store: Store, performance: Record) -> None:
    """A moved performance takes its counts along."""
    for kind in KINDS:
        record = store.get(kind, performance["number"])
        if record is not None:
            record.update(date=performance["date"], theater=performance["theater"])
            store.put(kind, performance["number"], record)
