"""Ticket counts as kept: one record per performance and kind, split by ticket type."""

from __future__ import annotations

from dipportal.sandbox.store import Record, Store

TICKET_TYPES = ("normal", "discount", "free", "other", "complimentary")
KINDS = ("tickets", "reservations", "blockedseats")


def count_record(
    performance: Record, counts: list[Record], updated: str, *, tickets: int | None = None, recette: int | None = None
) -> Record:
    """One per performance and kind; the answers are summed from these, so the sums always agree.

    `tickets`: places that were told without their types. `recette`: told once for all types, of which none has its own.
    """
    given = {one["type"]: one for one in counts}
    empty = {"tickets": 0} if recette is not None else {"tickets": 0, "recette": 0}
    record = {
        "production": performance["production"]["id"],
        "theater": performance["theater"],
        "number": performance["number"],
        "date": performance["date"],
        "updated": updated,
        "counts": [{"type": one, **empty, **given.get(one, {})} for one in TICKET_TYPES] if tickets is None else [],
    }
    whole = {"tickets": tickets, "recette": recette}
    return {**record, "whole": {name: number for name, number in whole.items() if number is not None}}


def shown(record: Record) -> Record:
    return {"number": record["number"], "date": record["date"], **sums(record), "updated": record["updated"]}


def sums(record: Record) -> Record:
    """The tickets and the revenue of all types together. A store of an earlier sandbox knows no `whole`."""
    of_types = {name: sum(one.get(name, 0) for one in record["counts"]) for name in ("tickets", "recette")}
    return {**of_types, **record.get("whole", {})}


def follow_performance(store: Store, performance: Record) -> None:
    """A moved performance takes its counts along."""
    for kind in KINDS:
        record = store.get(kind, performance["number"])
        if record is not None:
            record.update(date=performance["date"], theater=performance["theater"])
            store.put(kind, performance["number"], record)
