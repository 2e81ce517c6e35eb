"""What the provider's long lists show of their rows; they are read in statements that are kept."""

from functools import lru_cache

from dipportal.catalogue.models import Performance, Production
from dipportal.catalogue.queries import productions_of, visible_performances
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import visible_contracts
from dipportal.core.listing import MOMENT, Order
from dipportal.core.repeated import KEYS, Repeated
from dipportal.organisations.models import Organisation
from dipportal.organisations.queries import named
from dipportal.ticketing import seasons
from dipportal.ticketing.models_sums import TourSums

AGREEMENT = (
    "own_reference", "reference", "dip_id", "number", "first_at", "type", "status", "side", "answer_by", "discarded_at",
    "created_at", "proposed_at", "answered_at", "answered_by_id", "answer_source", "revises_id", "conflict_at",
    "evenings",
)  # fmt: skip
PERFORMANCE = ("starts_at", "status", "kind", "private", "number", "missing_since")
TOUR = (
    "performances", "counted", "tickets", "seats", "occupancy", "revenue_cents", "reservations", "change",
    "week_before", "counted_at",
)  # fmt: skip
PRODUCTION = ("title", "season", "dip_id", "cancelled_at", "first_at", "evenings")


def agreements(organisation: Organisation, keys: list[int], order: Order) -> list[Contract]:
    """Who answered is shown of answers that were written down for somebody else, and read when there are any."""
    found: list[Contract] = _agreements(organisation, order).read(keys) if keys else []
    written_down = [(row, row.answered_by_id) for row in found if row.on_behalf and row.answered_by_id]
    if written_down:
        people = named(who for _row, who in written_down)
        for row, who in written_down:
            row.answered_by = people.get(who)
    return found


def performances(organisation: Organisation, keys: list[int], order: Order) -> list[Performance]:
    return _performances(organisation, order).read(keys) if keys else []


@lru_cache(maxsize=512)
def _agreements(organisation: Organisation, order: Order) -> Repeated:
    rows = visible_contracts(organisation).filter(pk__in=KEYS[0]).with_evenings()
    return Repeated(order.of(rows), AGREEMENT, {"production": ("title",), "theater": ("name", "city")})


@lru_cache(maxsize=512)
def _performances(organisation: Organisation, order: Order) -> Repeated:
    related = {"production": ("title", "dip_id"), "theater": ("name", "city", "dip_member"), "hall": ("name",)}
    return Repeated(order.of(visible_performances(organisation).filter(pk__in=KEYS[0])), PERFORMANCE, related)


def productions(organisation: Organisation, keys: list[int], order: Order) -> list[Production]:
    return _productions(organisation, order).read(keys) if keys else []


@lru_cache(maxsize=512)
def _productions(organisation: Organisation, order: Order) -> Repeated:
    rows = productions_of(organisation).select_related(None).filter(pk__in=KEYS[0])
    return Repeated(order.of(rows), PRODUCTION, {"genre": ("name",)})


def tours(organisation: Organisation, keys: list[int]) -> list[TourSums]:
    """In the order of the keys."""
    found = {row.pk: row for row in _tours(organisation).read(keys)} if keys else {}
    return [found[key] for key in keys if key in found]


@lru_cache(maxsize=512)
def _tours(organisation: Organisation) -> Repeated:
    related = {"production": ("title", "cancelled_at"), "production__producer": ("name",)}
    return Repeated(seasons.tours(organisation, MOMENT).filter(pk__in=KEYS[0]), TOUR, related)
