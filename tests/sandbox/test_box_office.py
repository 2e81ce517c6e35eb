"""What the made-up houses tell of their sales: at the agreed prices, within their seats, and not all alike."""

from collections import Counter
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest

from dipportal.sandbox.productions import RANKS
from dipportal.sandbox.store import Store
from dipportal.sandbox.world import box_office, build

# An autumn evening, early spring, and the first days of a season, in which nothing of it was played.
DAYS = (date(2026, 11, 28), date(2026, 3, 10), date(2026, 8, 2))
Record = dict[str, Any]


class World:
    def __init__(self, path: Path, today: date, scale: str = "demo") -> None:
        self.today = today
        self.store = Store(str(path))
        build.fill(self.store, scale=scale, seed=1, today=today)
        self.performances = self.by_number("performance")
        self.sales = self.by_number("tickets")
        self.odd: dict[str, int] = self.store.get_meta("odd_counts")
        self.approved: dict[int, Record] = {
            each["number"]: one
            for one in self.store.records("contract")
            if one["status"] == "approved"
            for each in one["performances"]
        }

    def by_number(self, kind: str) -> dict[int, Record]:
        return {one["number"]: one for one in self.store.records(kind)}

    def seats(self, number: int) -> list[int]:
        return [self.performances[number][rank] for rank in RANKS if self.performances[number][rank]]

    def sold(self, number: int) -> int:
        return sum(row["tickets"] for row in self.sales[number]["counts"])

    def waiting(self, kind: str) -> dict[int, int]:
        return {number: one["counts"][0]["tickets"] for number, one in self.by_number(kind).items()}


@pytest.fixture(scope="module", params=DAYS, ids=str)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("demo") / "w.sqlite3", request.param)


def prices_of(agreement: Record) -> list[int]:
    found: list[int] = agreement["properties"]["entrance_pricing"]
    return found


def test_what_was_paid_lies_within_the_agreed_prices(world: World) -> None:
    agreed = [number for number in world.sales if number in world.approved]
    assert len(agreed) > 60
    for number in set(agreed) - {world.odd["dinner"]}:
        low, high = min(prices_of(world.approved[number])), max(prices_of(world.approved[number]))
        rows = {row["type"]: row for row in world.sales[number]["counts"]}
        for kind, least in (("normal", low), ("discount", low * 3 // 4), ("other", low * 3 // 4)):
            assert rows[kind]["tickets"] * least <= rows[kind]["recette"] <= rows[kind]["tickets"] * high, (
                number,
                kind,
            )
        assert rows["free"]["recette"] == rows["complimentary"]["recette"] == 0
        if rows["discount"]["tickets"]:
            assert rows["discount"]["recette"] < rows["discount"]["tickets"] * high


def test_two_counts_are_odd_on_purpose(world: World) -> None:
    """So that a demo shows a doubt about the revenue, and one about the seats; each has an approved agreement."""
    assert set(world.odd) == {"dinner", "chairs"}
    assert len(set(world.odd.values()) & set(world.approved)) == 2
    dinner = world.sales[world.odd["dinner"]]
    average = sum(row["recette"] for row in dinner["counts"]) / world.sold(world.odd["dinner"])
    assert average > max(prices_of(world.approved[world.odd["dinner"]]))
    chairs = world.odd["chairs"]
    assert world.sold(chairs) > sum(world.seats(chairs))


def test_nobody_else_sells_more_than_there_are_seats(world: World) -> None:
    reserved, blocked = world.waiting("reservations"), world.waiting("blockedseats")
    for number in set(world.sales) - {world.odd["chairs"]}:
        taken = world.sold(number) + reserved.get(number, 0) + blocked.get(number, 0)
        assert taken <= sum(world.seats(number)), number
    assert {*reserved, *blocked} <= set(world.sales)
    ahead = {number for number, one in world.performances.items() if one["date"][:10] >= world.today.isoformat()}
    assert {*reserved, *blocked} <= ahead
    assert len(reserved) > 10
    assert len(blocked) > 5


def test_halls_have_the_ranks_that_have_a_price(world: World) -> None:
    several = 0
    for number, agreement in world.approved.items():
        prices = prices_of(agreement)
        if len(prices) > 1:
            assert len(world.seats(number)) == len(prices), number
            several += 1
    assert several > 10


def test_new_ranks_keep_the_seats_of_the_hall() -> None:
    hall = {"number": 1, "production": {"id": "NL-1"}, "theater": {"id": 1}, **dict.fromkeys(RANKS, 0)}
    hall |= {"amount_rank1": 611, "amount_rank2": 80}
    box_office.give_ranks([hall], box_office.Prices(agreed={1: [3000, 2000, 1500]}))
    assert [hall[rank] for rank in RANKS] == [346, 207, 138, *[0] * 7]


def test_an_approved_agreement_sets_the_prices_before_one_that_is_still_open() -> None:
    def agreement(number: int, status: str, price: int) -> Record:
        return {
            "id": number, "status": status, "production": {"id": "NL-1"}, "theater": {"id": 1},
            "performances": [{"number": 7}], "properties": {"entrance_pricing": [price]},
        }  # fmt: skip

    found = box_office.Prices.of(
        [agreement(1, "revised", 1000), agreement(2, "approved", 1100), agreement(3, "concept", 1200)]
    )
    assert found.agreed == {7: [1100]}
    other = {"number": 8, "production": {"id": "NL-1"}, "theater": {"id": 1}}
    assert found.known(other) == [1100], "the next evening of the tour in this house costs the same"
    assert found.known({**other, "theater": {"id": 2}}) is None


def test_settlement_prices_are_the_entrance_prices_without_the_surcharge(world: World) -> None:
    """True in every sample of DIP; only where a revision is still being written the prices have yet to follow."""
    odd = []
    for one in world.store.records("contract"):
        terms = one["properties"]
        if terms["settlement_pricing"] != [price - terms["theater_fee"] for price in terms["entrance_pricing"]]:
            odd.append(one)
        assert sorted(terms["entrance_pricing"], reverse=True) == terms["entrance_pricing"]
    assert {(one["status"], one["parentId"] != 0) for one in odd} <= {("concept", True)}


def test_houses_differ_in_what_they_tell(world: World) -> None:
    kinds = Counter[str]()
    for one in world.sales.values():
        kinds.update({row["type"]: row["tickets"] for row in one["counts"]})
    assert min(kinds.values()) > 0
    assert kinds["normal"] > 3 * kinds["discount"] > 3 * kinds["free"] > 3 * kinds["complimentary"]
    with_complimentary = {one["theater"]["id"] for one in world.sales.values() if one["counts"][-1]["tickets"]}
    assert 0 < len(with_complimentary) < len({one["theater"]["id"] for one in world.sales.values()}) / 2


def test_most_tell_it_each_night_a_few_have_fallen_silent_and_a_few_say_nothing(world: World) -> None:
    ahead = {
        number: (date.fromisoformat(one["date"][:10]) - world.today).days
        for number, one in world.performances.items()
        if one["status"] == "agreed" and one["date"][:10] >= world.today.isoformat()
    }
    near = [number for number, days in ahead.items() if days <= 42]
    assert 0.5 < sum(number in world.sales for number in near) / len(near) < 0.9
    told = [date.fromisoformat(world.sales[number]["updated"][:10]) for number in ahead if number in world.sales]
    silent = sum(day < world.today - timedelta(days=8) for day in told)
    assert 0 < silent < len(told) / 4
    assert told.count(world.today) > len(told) / 2


@pytest.mark.parametrize("day", [date(2026, 11, 20), date(2026, 12, 3), date(2027, 3, 17), date(2027, 6, 16)], ids=str)
def test_there_is_always_a_count_to_enter_where_a_demo_begins(tmp_path: Path, day: date) -> None:
    """These are days on which chance alone would give the second theater none; agreed evenings of the agency."""
    world = World(tmp_path / "w.sqlite3", day)
    asked = [
        number
        for number, one in world.performances.items()
        if (one["theater"]["id"], one["status"]) == (2, "agreed")
        and day.isoformat() < one["date"] <= (day + timedelta(days=41)).isoformat()
        and number not in world.sales
    ]
    assert asked
