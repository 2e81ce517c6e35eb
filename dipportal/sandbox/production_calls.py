"""The writing calls on productions and performances. ASSUMED throughout: paths and bodies are not known."""

from __future__ import annotations

from typing import Any

from dipportal.sandbox import productions, terms
from dipportal.sandbox.calls import Refusal, Written, forbidden, not_found
from dipportal.sandbox.request import Request
from dipportal.sandbox.store import Record


def create_production(request: Request) -> Written:
    producer = _own_producer(request)
    members = _production_members(request)
    store = request.store
    serial = store.next_number("serial")
    # Widths differ on purpose, as they do in DIP.
    width = 7 if serial % 3 else 5
    number = f"NL-{members['season'][2:4]}-{producer['id']}-{serial:0{width}d}"
    record = productions.production_record(number, producer=producer, **members)
    store.put("production", number, record, visible_at=request.visible_at)
    return Written(record, number, created=True)


def update_production(request: Request) -> Written:
    record = _production(request)
    record.update(_production_members(request))
    record["startDate"] = f"{record['season'][:4]}-08-01T00:00:00"
    return Written(productions.save_production(request.store, record), record["id"])


def create_performance(request: Request) -> Written:
    production = _production(request)
    members = _performance_members(request)
    theater = request.theater(request.body["theaterId"])
    number = request.store.next_number("performance")
    record = productions.performance_record(number, production, theater, **members)
    request.store.put("performance", number, record, visible_at=request.visible_at)
    return Written(record, number, created=True)


def update_performance(request: Request) -> Written:
    production = _production(request)
    number = request.arguments["number"]
    record = request.store.get("performance", number)
    if record is None or record["production"]["id"] != production["id"]:
        raise not_found(f"Performance {number} of production {production['id']}")
    theater_id = request.body.get("theaterId", record["theater"]["id"])
    if theater_id != record["theater"]["id"]:
        theater = request.theater(theater_id)
        # The old hall cannot stay when the theater changes.
        record.update(theater={"id": theater["id"], "name": theater["name"]}, theater_location=None)
    record.update(_performance_members(request, theater_id))
    return Written(productions.save_performance(request.store, record), number)


def _own_producer(request: Request) -> Record:
    producer_id = request.arguments["producerId"]
    producer = request.store.get("producer", producer_id)
    if producer is None:
        raise not_found(f"Producer {producer_id}")
    if producer_id not in request.own_producers():
        raise forbidden(f"Producer {producer_id} is not one of yours")
    return producer


def _production(request: Request) -> Record:
    producer = _own_producer(request)
    production = request.production(request.arguments["productionNumber"])
    if production["producer"]["id"] != producer["id"]:
        raise not_found(f"Production {production['id']} of producer {producer['id']}")
    return production


def _production_members(request: Request) -> dict[str, Any]:
    body = request.body
    members = {name: body[name] for name in ("title", "season") if name in body}
    season = members.get("season")
    if season is not None and int(season[5:]) != int(season[:4]) + 1:
        raise Refusal(f"season: {season} is not two years in a row")
    if "genreId" in body:
        members["genre"] = _known(request, "genre", body["genreId"], "genreId")
    if "coProducerIds" in body:
        members["co_producers"] = [_known(request, "producer", one, "coProducerIds") for one in body["coProducerIds"]]
    return members


def _known(request: Request, kind: str, record_id: int, member: str) -> Record:
    found = request.store.get(kind, record_id)
    if found is None:
        raise Refusal(f"{member}: there is no {kind} {record_id}")
    return found


def _performance_members(request: Request, theater_id: int | None = None) -> dict[str, Any]:
    body = request.body
    members: dict[str, Any] = {}
    for name, value in body.items():
        if name == "date":
            members["date"] = _date(value)
        elif name == "theaterLocationId":
            members["theater_location"] = _hall(request, value, theater_id or body["theaterId"])
        elif name == "isOtherLocation":
            members[name] = value
        elif name.startswith("amountRank"):
            members[name.replace("amountRank", "amount_rank")] = value
        elif name != "theaterId":
            members[terms.snake(name)] = value
    return members


def _date(text: str) -> str:
    try:
        return productions.normal_date(text)
    except ValueError as problem:
        raise Refusal(f"date: {problem}") from problem


def _hall(request: Request, hall_id: int | None, theater_id: int) -> Record | None:
    if hall_id is None:
        return None
    halls: list[Record] = request.theater(theater_id)["theater_locations"]
    for hall in halls:
        if hall["id"] == hall_id:
            return hall
    raise Refusal(f"theaterLocationId: hall {hall_id} is not in theater {theater_id}")


HANDLERS = {
    "createProduction": create_production,
    "updateProduction": update_production,
    "createPerformance": create_performance,
    "updatePerformance": update_performance,
}
