"""Productions and performances as records: made, changed, and followed by what shows them."""

from __future__ import annotations

from typing import Any

from dipportal.sandbox import clock, contracts, counts
from dipportal.sandbox.store import Record, Store

RANKS = tuple(f"amount_rank{rank}" for rank in range(1, 11))


def production_record(production_id: str, **members: Any) -> Record:
    """`title`, `season`, `genre` and `producer` must be among the members."""
    first_year = int(members["season"][:4])
    return {
        "id": production_id,
        "title": members["title"],
        "startDate": f"{first_year}-08-01T00:00:00",
        "season": members["season"],
        "genre": members["genre"],
        "producer": members["producer"],
        "co_producers": members.get("co_producers", []),
        "accompanied_by_producers": [],
        "cast_members": [],
    }


def performance_record(number: int, production: Record, theater: Record, **members: Any) -> Record:
    """`date` must be among the members; `theater_location` is a hall's record or None."""
    return {
        "id": number,
        "number": number,
        "date": members["date"],
        "status": members.get("status", "agreed"),
        "type": members.get("type", "normal"),
        "private": members.get("private", False),
        "in_festival": members.get("in_festival", False),
        "isOtherLocation": members.get("isOtherLocation", False),
        **{rank: members.get(rank, 0) for rank in RANKS},
        "production": {"id": production["id"], "title": production["title"], "genre": production["genre"]},
        "theater": {"id": theater["id"], "name": theater["name"]},
        "theater_location": members.get("theater_location"),
        "forms": [],
    }


def save_performance(store: Store, performance: Record) -> Record:
    store.put("performance", performance["number"], performance)
    contracts.follow_performance(store, performance)
    counts.follow_performance(store, performance)
    return performance


def save_production(store: Store, production: Record) -> Record:
    """Performances and agreements show the title, so they follow."""
    store.put("production", production["id"], production)
    for performance in store.records("performance", "production = ?", [production["id"]]):
        performance["production"].update(title=production["title"], genre=production["genre"])
        store.put("performance", performance["number"], performance)
    contracts.follow_title(store, production)
    return production


def normal_date(text: str) -> str:
    """Seconds are always written; a fraction is kept as DIP writes it. Raises ValueError."""
    return clock.stamp(clock.parse(text))
