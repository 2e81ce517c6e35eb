"""What the receiver's long lists show of their rows, read in statements that are kept."""

from functools import lru_cache
from typing import Any

from dipportal.contracts.models import Contract
from dipportal.contracts.queries import contracts_in
from dipportal.core.listing import Order
from dipportal.core.repeated import KEYS, Repeated
from dipportal.receivers import looked_up
from dipportal.receivers.house import House

AGREEMENT = (
    "number", "first_at", "type", "status", "side", "version", "answer_by", "discarded_at", "proposed_at",
    "answer_source", "conflict_at",
)  # fmt: skip
NAMED = {"production": ("title",), "theater": ("name",), "provider": ("name",)}


def agreements(house: House, keys: list[int], order: Order) -> list[Contract]:
    if not keys:
        return []
    found = _agreements(house, order).read(keys)
    for row in found:
        row.theater.receiver = house.organisation  # which is why it may see them
    return found


def performances(house: House, keys: list[int], order: Order) -> list[Any]:
    """With `agreements`: what was agreed or proposed for each, newest first."""
    return looked_up.with_agreements(house.keys, _performances(house, order).read(keys)) if keys else []


@lru_cache(maxsize=512)
def _agreements(house: House, order: Order) -> Repeated:
    return Repeated(order.of(contracts_in(house.theaters).filter(pk__in=KEYS[0])), AGREEMENT, NAMED)


@lru_cache(maxsize=512)
def _performances(house: House, order: Order) -> Repeated:
    return Repeated(order.of(house.performances().filter(pk__in=KEYS[0])), looked_up.PERFORMANCE, looked_up.ABOUT)
