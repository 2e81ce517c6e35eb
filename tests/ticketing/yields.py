"""What the tests of yields and settlement sheets share: the base case of the rules, and counts as sources tell them."""

import datetime as dt
from decimal import Decimal
from typing import Any

from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.contracts.models import Contract
from dipportal.ticketing import mirror
from dipportal.ticketing.enums import Source, TicketKind
from tests.world import World

# 240 normal at 27.50, 60 discount at 23.50, 10 free; surcharge 2.50, copyright 12/112, 80/20, guarantee 5,000.
TERMS: dict[str, Any] = {
    "provider_share": Decimal(80),
    "provider_guarantee": 500000,
    "guarantee_per_performance": False,
    "copyright_percentage": Decimal(12),
    "copyright_part_added": True,
    "entrance_prices": [2750],
    "settlement_prices": [2500],
    "theater_surcharge": 250,
}
COMMON: dict[str, Any] = {
    "copyright_percentage": Decimal(12),
    "entrance_prices": [2750],
    "settlement_prices": [2500],
    "theater_surcharge": 250,
}
BASE_CASE = {TicketKind.NORMAL: (240, 660000), TicketKind.DISCOUNT: (60, 141000), TicketKind.FREE: (10, 0)}


def played(*performances: Performance, days: int = 2) -> None:
    """They were played so many days ago."""
    for place, one in enumerate(performances):
        one.starts_at = timezone.now() - dt.timedelta(days=days, minutes=place)
        one.save(update_fields=["starts_at"])


def count(
    performance: Performance,
    kinds: dict[TicketKind, tuple[int, int]] | None = BASE_CASE,
    *,
    tickets: int = 0,
    cents: int = 0,
    source: Source = Source.DIP,
    at: dt.datetime | None = None,
) -> None:
    """Told by kind, or (`kinds` None) in total only."""
    if kinds is not None:
        tickets = sum(one for one, _cents in kinds.values())
        cents = sum(one for _tickets, one in kinds.values())
    told = mirror.sold(tickets, cents, at or timezone.now(), kinds)
    mirror.write({performance.pk: told}, source=source)


def agreed(world: World, number: int = 1, *, kind: str = "partage", **terms: Any) -> Contract:
    """Approved, for the first so many performances."""
    begun = TERMS if kind == "partage" else COMMON if kind != "rent" else {"theater_surcharge": 250}
    return world.contract(
        status="approved", kind=kind, terms={**begun, **terms}, performances=world.performances[:number]
    )
