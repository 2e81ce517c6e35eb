"""The writing calls on agreements: create, update, propose, revise."""

from __future__ import annotations

from typing import Any

from dipportal.sandbox import contracts, terms
from dipportal.sandbox.calls import Refusal, Written, forbidden
from dipportal.sandbox.request import Request
from dipportal.sandbox.store import Record


def create(request: Request) -> Written:
    store, contract_type = request.store, request.arguments["type"]
    members = _members(request, contract_type)
    number = store.next_number("contract")
    record = contracts.new_record(number, contract_type, request.box.clock.stamp(), **members)
    store.put("contract", number, record, visible_at=request.visible_at)
    return Written(record, number, created=True)


def update(request: Request) -> Written:
    record = _own_contract(request)
    contracts.require_status(record, "concept", "updated")
    contract_type = _type_of(request, record)
    members = _members(request, contract_type)
    if record["parentId"]:
        _require_same_parties(record, members)
    record.update(members, type=contract_type)
    return Written(contracts.save(request.store, request.box.clock, record), record["id"])


def propose(request: Request) -> Written:
    record = contracts.propose(request.store, request.box.clock, _own_contract(request))
    return Written(record, record["id"])


def revise(request: Request) -> Written:
    """A new record; every version points to the ROOT, and the root lists them all."""
    store, clock = request.store, request.box.clock
    revised = _own_contract(request)
    contracts.require_status(revised, "approved", "revised")
    contract_type = _type_of(request, revised)
    members = _members(request, contract_type)
    _require_same_parties(revised, members)
    root_id = revised["parentId"] or revised["id"]
    number = store.next_number("contract")
    members["parentId"] = root_id
    record = contracts.new_record(number, contract_type, clock.stamp(), **members)
    store.put("contract", number, record, visible_at=request.visible_at)
    root = contracts.load(store, root_id)
    root["childIds"].append(number)
    contracts.save(store, clock, root)
    return Written(record, number, created=True)


def _own_contract(request: Request) -> Record:
    _require_rights(request)
    record = contracts.load(request.store, request.arguments["contractId"])
    if (record["agency"] or record["producer"])["id"] != request.caller.organisation:
        raise forbidden(f"Contract {record['id']} is not one of yours")
    return record


def _require_rights(request: Request) -> None:
    if not request.caller.has_contracts:
        raise Refusal("Not an agency")


def _type_of(request: Request, record: Record) -> str:
    """ASSUMED: a record keeps its type. The switch `type_change` allows another."""
    wanted: str = request.arguments["type"]
    if wanted != record["type"] and request.box.switches["type_change"] == "refuse":
        raise Refusal(f"Contract {record['id']} is of type {record['type']}, not {wanted}")
    return wanted


def _require_same_parties(record: Record, members: dict[str, Any]) -> None:
    for name in ("production", "theater"):
        if record[name]["id"] != members[name]["id"]:
            raise Refusal(f"A revision keeps the {name} of contract {record['id']}")


def _members(request: Request, contract_type: str) -> dict[str, Any]:
    """The record's members that a body decides, all checked."""
    _require_rights(request)
    body = request.body
    production = request.own_production(body["productionNumber"])
    theater = request.theater(body["theaterId"])
    if not theater["dip_member"]:
        raise Refusal(f"theaterId: theater {theater['id']} is not a DIP member")
    given = {terms.snake(name): value for name, value in body["properties"].items()}
    if given.get("producer_warranty") and given.get("theater_warranty"):
        raise Refusal("properties: only one of producerWarranty and theaterWarranty can be above 0")
    return {
        "name": body["name"],
        "contact_theater": body.get("contactTheater", ""),
        "contact_producer": body.get("contactProducer", ""),
        **_provider(request, production),
        "theater": {"id": theater["id"], "name": theater["name"]},
        "production": {"id": production["id"], "title": production["title"]},
        **contracts.performance_part(_performances(request, production, theater)),
        "properties": terms.properties(contract_type, given),
    }


def _provider(request: Request, production: Record) -> dict[str, Any]:
    """ASSUMED: a producer's own agreement has no agency, and an agency is the provider unless it says not."""
    caller = request.caller
    is_agency = caller.kind == "agency"
    return {
        "agencyAsProvider": is_agency and request.body.get("agencyAsProvider", True),
        "agency": {"id": caller.organisation, "name": caller.name} if is_agency else None,
        "producer": production["producer"],
    }


def _performances(request: Request, production: Record, theater: Record) -> list[Record]:
    found = []
    for number in request.body["performanceNumbers"]:
        performance = request.store.get("performance", number)
        if performance is None or performance["production"]["id"] != production["id"]:
            raise Refusal(f"performanceNumbers: {number} is no performance of production {production['id']}")
        if performance["theater"]["id"] != theater["id"]:
            raise Refusal(f"performanceNumbers: {number} does not play in theater {theater['id']}")
        found.append(performance)
    return found


HANDLERS = {
    "createContract": create,
    "updateContract": update,
    "proposeContract": propose,
    "reviseContract": revise,
}
