"""What the receiver's long lists show of their rows, read in statements that are kept."""

from functools import lru_cache
from typing import Any

from django.db.models import F

from dipportal.contracts.models import Contract
from dipportal.contracts.queries import contracts_in
from dipportal.core.listing import Order
from dipportal.core.repeated import KEYS, Repeated
from dipportal.receivers.house import House

AGREEMENT = (
    "number", "first_at", "type", "status", "side", "version", "answer_by", "discarded_at", "proposed_at",
    "answer_source", "conflict_at",
)  # fmt: skip
NAMED = {"production": ("title",), "theater": ("name",), "provider": ("name",)}
PERFORMANCE = ("starts_at", "status", "number", "missing_since")
ABOUT = {"production": ("title", "dip_id"), "theater": ("name",), "hall": ("name",)}
AGREED = ("type", "status", "side", "answer_source", "number", "evening")


def agreements(house: House, keys: list[int], order: Order) -> list[Contract]:
    if not keys:
        return []
    found = _agreements(house, order).read(keys)
    for row in found:
        row.theater.receiver = house.organisation  # which is why it may see them
    return found


def performances(house: House, keys: list[int], order: Order) -> list[Any]:
    """With `agreements`: what was agreed or proposed for each, newest first."""
    if not keys:
        return []
    found = _performances(house, order).read(keys)
    agreed: dict[int, list[Any]] = {}
    for one in _agreed(house).read([row.pk for row in found]):
        agreed.setdefault(one.evening, []).append(one)
    for row in found:
        row.agreements = agreed.get(row.pk, [])
    return found


@lru_cache(maxsize=512)
def _agreements(house: House, order: Order) -> Repeated:
    return Repeated(order.of(contracts_in(house.theaters).filter(pk__in=KEYS[0])), AGREEMENT, NAMED)


@lru_cache(maxsize=512)
def _performances(house: House, order: Order) -> Repeated:
    return Repeated(order.of(house.performances().filter(pk__in=KEYS[0])), PERFORMANCE, ABOUT)


@lru_cache(maxsize=256)
def _agreed(house: House) -> Repeated:
    rows: Any = house.contracts().annotate(evening=F("performances"))
    return Repeated(rows.filter(evening__in=KEYS[0]).order_by("-pk"), AGREED)
