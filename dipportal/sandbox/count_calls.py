"""Ticket counts, reservations, blocked seats and capacity, read and written."""

from __future__ import annotations

from typing import Any

from dipportal.sandbox import productions
from dipportal.sandbox.calls import Refusal, Written, forbidden, not_found
from dipportal.sandbox.clock import sort_key
from dipportal.sandbox.counts import count_record, shown, sums
from dipportal.sandbox.request import Request
from dipportal.sandbox.store import Record, Store

_NOUNS = {"tickets": "sales", "reservations": "reservations", "blockedseats": "blocked seats"}


def _rows(store: Store, kind: str, production_id: str) -> list[Record]:
    loaded = store.get(f"loaded_{kind}", production_id)
    if loaded is not None:
        rows: list[Record] = loaded["rows"]
        return rows
    by_theater: dict[int, Record] = {}
    for record in store.records(kind, "production = ?", [production_id]):
        theater = record["theater"]
        row = by_theater.setdefault(theater["id"], {**theater, "updated": "", "tickets": 0, "recette": 0})
        one = shown(record)
        row.setdefault("performances", []).append(one)
        row["tickets"] += one["tickets"]
        row["recette"] += one["recette"]
        row["updated"] = max(row["updated"], one["updated"], key=sort_key)
    return list(by_theater.values())


def _history(request: Request, kind: str) -> list[Record]:
    """A production without any answers 400: that is how DIP says 'none'. ASSUMED: another's looks the same."""
    production_id = request.arguments["productionNumber"]
    rows = _rows(request.store, kind, production_id) if _may_read(request, production_id) else []
    rows = [row for row in rows if request.caller.serves(row["id"])]
    if not rows:
        raise Refusal(f"No {_NOUNS[kind]} history for production {production_id}", error="Invalid response")
    return rows


def _may_read(request: Request, production_id: str) -> bool:
    if request.caller.kind == "ticketing":
        return True
    production = request.store.get("production", production_id)
    return production is None or production["producer"]["id"] in request.own_producers()


def list_sales(request: Request) -> list[Record]:
    return _history(request, "tickets")


def list_reservations(request: Request) -> list[Record]:
    return _history(request, "reservations")


def list_blocked_seats(request: Request) -> list[Record]:
    return _history(request, "blockedseats")


def list_theater_sales(request: Request) -> list[Record]:
    return [row for row in _history(request, "tickets") if row["id"] == request.arguments["theaterId"]]


def list_performance_sales(request: Request) -> Any:
    number = request.arguments["performanceId"]
    record = request.store.get("tickets", number)
    readable = record is not None and _may_read(request, record["production"])
    if record is None or not (readable and request.caller.serves(record["theater"]["id"])):
        raise Refusal(f"No sales history for performance {number}", error="Invalid response")
    return record["counts"]


def _performance(request: Request, production_id: str) -> Record | None:
    """ASSUMED: a ticketing system reports for the performances in its theaters, a provider for its own."""
    if request.caller.kind != "ticketing":
        request.own_production(production_id)
    number = request.body["performanceNumber"]
    performance = request.store.get("performance", number)
    if performance is None or performance["production"]["id"] != production_id:
        return None
    if not request.caller.serves(performance["theater"]["id"]):
        raise forbidden(f"Performance {number} is not in one of your theaters")
    return performance


def _update_counts(request: Request, kind: str) -> Written:
    body = request.body
    _refuse_unclear_totals(body, kind)
    performance = _performance(request, body["productionNumber"])
    if performance is None:
        # ASSUMED: both numbers stand in the body, so a wrong one makes a wrong body.
        text = (
            f"performanceNumber: production {body['productionNumber']} has no performance {body['performanceNumber']}"
        )
        raise Refusal(text)
    whole = {name: body.get(name) for name in ("tickets", "recette")}
    record = count_record(performance, body.get("counts", []), request.box.clock.stamp(), **whole)
    request.store.delete(f"loaded_{kind}", performance["production"]["id"])
    request.store.put(kind, performance["number"], record)
    answer = {name: record[name] for name in ("production", "number", "updated", "counts")}
    return Written({**answer, **sums(record)}, performance["number"])


def _refuse_unclear_totals(body: Record, kind: str) -> None:
    """ASSUMED: types or one number, and the revenue at each type or once; never both, and of tickets always types."""
    counts = body.get("counts")
    if counts is None:
        if "tickets" not in body or kind == "tickets":
            raise Refusal("counts: is required")
        return
    if "tickets" in body:
        raise Refusal("tickets: is the sum of counts, which are there")
    if len({one["type"] for one in counts}) != len(counts):
        raise Refusal("counts: a ticket type stands there twice")
    with_revenue = sum("recette" in one for one in counts)
    if with_revenue and (with_revenue < len(counts) or "recette" in body):
        raise Refusal("recette: belongs to every type, or to all of them together")
    if not with_revenue and "recette" not in body and kind == "tickets":
        raise Refusal("recette: is required")


def update_tickets(request: Request) -> Written:
    return _update_counts(request, "tickets")


def update_reservations(request: Request) -> Written:
    return _update_counts(request, "reservations")


def update_blocked_seats(request: Request) -> Written:
    return _update_counts(request, "blockedseats")


def update_capacity(request: Request) -> Written:
    production_id = request.arguments["productionNumber"]
    performance = _performance(request, production_id)
    if performance is None:
        raise not_found(f"Performance {request.body['performanceNumber']} of production {production_id}")
    for rank in productions.RANKS:
        performance[rank] = request.body.get(rank.replace("amount_rank", "amountRank"), 0)
    return Written(productions.save_performance(request.store, performance), performance["number"])


HANDLERS = {
    "listSales": list_sales,
    "listReservations": list_reservations,
    "listBlockedSeats": list_blocked_seats,
    "listTheaterSales": list_theater_sales,
    "listPerformanceSales": list_performance_sales,
    "updateTickets": update_tickets,
    "updateReservations": update_reservations,
    "updateBlockedSeats": update_blocked_seats,
    "updateCapacity": update_capacity,
}
