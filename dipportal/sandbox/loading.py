"""Records put in or changed from outside, past all rules: golden samples, and changes made 'in DIP'."""

from __future__ import annotations

from typing import Any

from dipportal.sandbox import contracts, productions
from dipportal.sandbox.clock import Clock
from dipportal.sandbox.store import Record, Store

# The name of a resource in its path, and the kind of record behind it.
KINDS = {
    "theaters": "theater",
    "producers": "producer",
    "genres": "genre",
    "provinces": "province",
    "countries": "country",
    "productions": "production",
    "performances": "performance",
    "contracts": "contract",
    "fees": "theater_fees",
    "contacts": "contacts",
    "borderellen": "borderel",
}
_COUNTS = {"sales": "tickets", "reservations": "reservations", "blockedseats": "blockedseats"}


def kind_of(name: str) -> str:
    """Both `contract` and `contracts` will do. Raises ValueError."""
    kind = KINDS.get(name, name)
    if kind not in {*KINDS.values(), *_COUNTS.values()}:
        raise ValueError(f"unknown kind: {name}")
    return kind


def load(store: Store, resources: dict[str, Any]) -> dict[str, int]:
    """Returns how many records of each resource were taken."""
    loaded = {}
    for resource, records in resources.items():
        if resource in _COUNTS:
            for production_id, rows in records.items():
                store.put(f"loaded_{_COUNTS[resource]}", production_id, {"rows": rows})
        else:
            kind = kind_of(resource)
            store.put_many(kind, [(record["id"], record) for record in records])
            for record in records:
                if kind in ("contract", "performance"):
                    store.reserve_number(kind, record["id"])
        loaded[resource] = len(records)
    return loaded


def edit(store: Store, clock: Clock, name: str, record_id: int | str, members: dict[str, Any]) -> Record:
    """Agreements get a new `modified` unless one is given. Raises ValueError for an unknown record or member."""
    kind = kind_of(name)
    record = store.get(kind, record_id)
    if record is None:
        raise ValueError(f"there is no {kind} {record_id}")
    for member, value in members.items():
        if member not in record:
            raise ValueError(f"a {kind} has no member {member}")
        if isinstance(record[member], dict) and isinstance(value, dict):
            record[member].update(value)
        else:
            record[member] = value
    if kind == "contract" and "modified" not in members:
        return contracts.save(store, clock, record)
    if kind == "performance":
        return productions.save_performance(store, record)
    if kind == "production":
        return productions.save_production(store, record)
    store.put(kind, record_id, record)
    return record
