"""What happens to an agreement in DIP, whoever asks for it: the API, the dashboard or a test."""

from __future__ import annotations

import json
from typing import Any

from dipportal.sandbox import terms
from dipportal.sandbox.calls import Refusal, not_found
from dipportal.sandbox.clock import Clock
from dipportal.sandbox.store import Record, Store


def load(store: Store, contract_id: int) -> Record:
    found = store.get("contract", contract_id)
    if found is None:
        raise not_found(f"Contract {contract_id}")
    return found


def save(store: Store, clock: Clock, record: Record) -> Record:
    record["modified"] = clock.stamp()
    store.put("contract", record["id"], record)
    return record


def require_status(record: Record, status: str, what: str) -> None:
    if record["status"] != status:
        raise Refusal(f"Contract {record['id']} is {record['status']}; only one that is {status} can be {what}")


def performance_part(performances: list[Record]) -> dict[str, Any]:
    """The members that follow from the performances, earliest first."""
    ordered = sorted(performances, key=lambda one: (one["date"], one["number"]))
    return {
        "first_date": ordered[0]["date"],
        "performances": [{"number": one["number"], "date": one["date"]} for one in ordered],
    }


def new_record(contract_id: int, contract_type: str, stamp: str, **members: Any) -> Record:
    """A concept, its members in DIP's order; `members` may also set any of the defaults."""
    record: Record = {
        "id": contract_id,
        "type": contract_type,
        "name": "",
        "status": "concept",
        "reject_reason": "",
        "modified": stamp,
        "contact_theater": "",
        "contact_producer": "",
        "agencyAsProvider": False,
        "agency": None,
        "producer": None,
        "theater": None,
        "production": None,
        "first_date": "",
        "performances": [],
        "properties": {},
        "childIds": [],
        "parentId": 0,
        "rejection_fields": terms.no_rejections(),
    }
    record.update(members)
    return record


def propose(store: Store, clock: Clock, record: Record) -> Record:
    require_status(record, "concept", "proposed")
    record["status"] = "proposed"
    return save(store, clock, record)


def approve(store: Store, clock: Clock, record: Record) -> Record:
    require_status(record, "proposed", "approved")
    record.update(status="approved", reject_reason="", rejection_fields=terms.no_rejections())
    _supersede(store, clock, record)
    return save(store, clock, record)


def _supersede(store: Store, clock: Clock, record: Record) -> None:
    """ASSUMED: an approved revision makes the approved version before it `revised`."""
    if not record["parentId"]:
        return
    root = store.get("contract", record["parentId"])
    if root is None:
        return
    versions = [root, *(store.get("contract", child) for child in root["childIds"])]
    for version in versions:
        if version is not None and version["id"] != record["id"] and version["status"] == "approved":
            version["status"] = "revised"
            save(store, clock, version)


def reject(store: Store, clock: Clock, record: Record, reason: str, fields: list[str]) -> Record:
    require_status(record, "proposed", "rejected")
    allowed = terms.rejection_fields_of(record["type"])
    unknown = [name for name in fields if name not in allowed]
    if unknown:
        raise Refusal(f"{unknown[0]} is no field of a {record['type']} agreement")
    rejected = {**terms.no_rejections(), **dict.fromkeys(fields, True)}
    record.update(status="rejected", reject_reason=reason, rejection_fields=rejected)
    return save(store, clock, record)


def follow_performance(store: Store, performance: Record) -> None:
    """Agreements show the dates of their performances. ASSUMED: `modified` does not move with them."""
    for record in _naming(store, performance["production"]["id"]):
        shown = next((one for one in record["performances"] if one["number"] == performance["number"]), None)
        if shown is None or shown["date"] == performance["date"]:
            continue
        shown["date"] = performance["date"]
        record.update(performance_part(record["performances"]))
        store.put("contract", record["id"], record)


def follow_title(store: Store, production: Record) -> None:
    for record in _naming(store, production["id"]):
        record["production"]["title"] = production["title"]
        store.put("contract", record["id"], record)


def _naming(store: Store, production_id: str) -> list[Record]:
    sql = "SELECT body FROM record WHERE kind = 'contract' AND production = ? ORDER BY seq"
    return [json.loads(row["body"]) for row in store.rows(sql, (production_id,))]
