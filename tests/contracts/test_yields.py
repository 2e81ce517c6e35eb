"""The sums as a screen shows them: the published preview to the cent, and words where there is no sum."""

from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import translation

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.contracts import yields
from dipportal.contracts.settlement import PARTS
from tests.world import World

# The case of the rules: 500 seats at 27.50, surcharge 2.50, 80/20, guarantee 5,000.
TERMS: dict[str, Any] = {
    "provider_share": Decimal(80),
    "provider_guarantee": 500000,
    "copyright_percentage": Decimal(12),
    "copyright_part_added": True,
    "entrance_prices": [2750],
    "settlement_prices": [2500],
    "theater_surcharge": 250,
}


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def test_the_published_preview(world: World) -> None:
    found = yields.of_terms("partage", TERMS, world.performances[:1])
    both = {column.percent: (column.provider, column.receiver) for column in found.columns}
    assert both[20] == (500000, -330642)
    assert both[60] == (500000, 114351)
    assert both[100] == (819135, 204784)
    assert [column.tickets for column in found.columns] == [100, 200, 300, 400, 500]
    assert [column.loses for column in found.columns] == [True, True, False, False, False]
    assert (found.evenings, found.seats, found.estimate, found.reason) == (1, 500, False, "")
    assert found.break_even is not None
    # 0.8 x net >= 5,000 from 305 tickets of 25.00 on: 305 x 25 / 1.09 / 1.12 x 0.8 = 4,996.72, with 306 it is 5,013.11
    assert found.break_even.tickets == 306


def test_the_lines_of_a_full_hall_add_up(world: World) -> None:
    found = yields.of_terms("partage", TERMS, world.performances[:1])
    amounts = {line.code: line.amount for line in found.lines}
    assert sum(amounts.get(code, Decimal(0)) for code in PARTS) == amounts["box_office"] == Decimal("13750.00")


def test_a_cancelled_evening_counts_for_nothing(world: World) -> None:
    two = world.performances[:2]
    two[0].status = PerformanceStatus.CANCELLED
    assert yields.of_terms("partage", TERMS, two) == yields.of_terms("partage", TERMS, world.performances[1:2])


@pytest.mark.parametrize(
    ("change", "word"),
    [({"entrance_prices": [], "settlement_prices": []}, "price"), ({"theater_surcharge": 3000}, "surcharge")],
)
def test_without_prices_it_says_what_is_missing(world: World, change: dict[str, Any], word: str) -> None:
    found = yields.of_terms("partage", {**TERMS, **change}, world.performances[:1])
    assert found.columns == ()
    assert word in str(found.reason)


def test_without_seats_or_evenings_it_says_so(world: World) -> None:
    world.performances[0].capacity = []
    found = yields.of_terms("partage", TERMS, world.performances[:2])
    assert "1 of the 2 performances" in str(found.reason)
    assert yields.of_terms("partage", TERMS, []).reason


def test_what_rests_on_a_reading_of_ours_says_so(world: World) -> None:
    straight = yields.of_terms("partage", {**TERMS, "copyright_part_added": False}, world.performances[:1])
    assert straight.estimate
    empty = yields.of_terms("partage", {**TERMS, "provider_share": None}, world.performances[:1])
    assert empty.estimate
    assert [str(label) for label in empty.missing] == ["Provider's share"]
