"""The reading calls on reference data, productions, performances, fees, contacts and settlement sheets."""

from __future__ import annotations

from typing import Any

from dipportal.sandbox import clock
from dipportal.sandbox.calls import Raw, Refusal, json_list, not_found
from dipportal.sandbox.request import Request
from dipportal.sandbox.store import Record

_OF_PRODUCER = "production IN (SELECT id FROM record WHERE kind = 'production' AND owner = ?)"


def list_theaters(request: Request) -> Raw:
    return json_list(request.store.texts("theater"))


def get_theater(request: Request) -> Record:
    return request.theater(request.arguments["theaterId"])


def list_producers(request: Request) -> Raw:
    return json_list(request.store.texts("producer"))


def list_genres(request: Request) -> Raw:
    return json_list(request.store.texts("genre"))


def list_provinces(request: Request) -> Raw:
    return json_list(request.store.texts("province"))


def list_countries(request: Request) -> Raw:
    return json_list(request.store.texts("country"))


def list_productions(request: Request) -> Raw:
    """The window is laid over the seasons; ASSUMED: a season that touches the window counts."""
    start, end = request.query.get("startDate"), request.query.get("endDate")
    if start is None and end is None:
        first = clock.season_start(request.box.season_day)
        start, end = first.isoformat(), clock.season_end(first).isoformat()
    conditions, parameters = ["owner = ?"], [request.arguments["producerId"]]
    if end is not None:
        conditions.append("modified <= ?")
        parameters.append(_moment_key(end, end_of_day=True))
    if start is not None:
        # A season lasts until the day before the same date a year later.
        conditions.append("strftime('%Y-%m-%dT%H:%M:%S', modified, '+1 year') > ?")
        parameters.append(_moment_key(start)[:19])
    return json_list(request.store.texts("production", " AND ".join(conditions), parameters))


def _moment_key(text: str, *, end_of_day: bool = False) -> str:
    if len(text) == 10:
        text += "T23:59:59" if end_of_day else "T00:00:00"
    try:
        return clock.sort_key(text)
    except ValueError as problem:
        raise Refusal(str(problem)) from problem


def list_performances(request: Request) -> Raw:
    production = request.production(request.arguments["productionNumber"])
    if production["producer"]["id"] != request.arguments["producerId"]:
        raise not_found(f"Production {production['id']} of this producer")
    return json_list(request.store.texts("performance", "production = ?", [production["id"]]))


def list_theater_performances(request: Request) -> Raw:
    return json_list(request.store.texts("performance", "theater = ?", [request.arguments["theaterId"]]))


def list_producer_theater_performances(request: Request) -> Raw:
    parameters = [request.arguments["theaterId"], request.arguments["producerId"]]
    return json_list(request.store.texts("performance", f"theater = ? AND {_OF_PRODUCER}", parameters))


def list_contacts(request: Request) -> Raw:
    return Raw('{"theaters":[' + ",".join(request.store.texts("contacts")) + "]}")


def get_theater_fees(request: Request) -> Any:
    found = request.store.get("theater_fees", request.theater(request.arguments["theaterId"])["id"])
    return found["fees"] if found else []


def list_theater_fees(request: Request) -> Raw:
    if request.caller.kind != "agency":
        raise Refusal("Not an agency")
    return json_list(request.store.texts("theater_fees"))


def list_contracts(request: Request) -> Raw:
    where, parameters = "owner = ?", [_contract_owner(request)]
    since = request.query.get("modifiedSince")
    if since is not None:
        where += " AND modified >= ?"
        parameters.append(_moment_key(since))
    return json_list(request.store.texts("contract", where, parameters))


def list_production_contracts(request: Request) -> Raw:
    parameters = [_contract_owner(request), request.arguments["productionNumber"]]
    return json_list(request.store.texts("contract", "owner = ? AND production = ?", parameters))


def _contract_owner(request: Request) -> Any:
    if not request.caller.has_contracts:
        # ASSUMED by analogy with the fees: the same 400, in the same words.
        raise Refusal("Not an agency")
    return request.caller.organisation


def list_borderellen(request: Request) -> Record:
    sheets = request.store.records("borderel", "owner = ?", [request.caller.organisation])
    # ASSUMED: without a limit a page holds 100 sheets.
    offset, limit = request.query.get("Offset", 0), request.query.get("Limit", 100)
    page, pages = offset // limit + 1, -(-len(sheets) // limit)
    return {
        "data": [_sheet(sheet) for sheet in sheets[offset : offset + limit]],
        "meta": {
            "pagination": {
                "page": page,
                "pageSize": limit,
                "totalItems": len(sheets),
                "totalPages": pages,
                "hasNextPage": offset + limit < len(sheets),
                "hasPreviousPage": offset > 0,
            }
        },
    }


def get_borderel(request: Request) -> Record:
    sheet = request.store.get("borderel", request.arguments["borderelId"])
    if sheet is None or sheet["owner"] != request.caller.organisation:
        raise not_found(f"Borderel {request.arguments['borderelId']}")
    return _sheet(sheet)


def _sheet(sheet: Record) -> Record:
    return {name: value for name, value in sheet.items() if name != "owner"}


HANDLERS = {
    "listTheaters": list_theaters,
    "getTheater": get_theater,
    "listTheaterFees": list_theater_fees,
    "getTheaterFees": get_theater_fees,
    "listTheaterPerformances": list_theater_performances,
    "listContacts": list_contacts,
    "listProducers": list_producers,
    "listGenres": list_genres,
    "listProvinces": list_provinces,
    "listCountries": list_countries,
    "listProductions": list_productions,
    "listPerformances": list_performances,
    "listProducerTheaterPerformances": list_producer_theater_performances,
    "listContracts": list_contracts,
    "listProductionContracts": list_production_contracts,
    "listBorderellen": list_borderellen,
    "getBorderel": get_borderel,
}
