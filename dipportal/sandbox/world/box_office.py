"""What the tickets cost that were sold: the prices that were agreed, in the mix of ranks and kinds that houses have.

All chance comes from the numbers of performance and theater, so nothing here moves what else is drawn of a world.
Revenue is what visitors paid, with theater surcharge and VAT, which is what the entrance prices of an agreement hold.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from random import Random

from dipportal.sandbox.counts import KINDS, count_record
from dipportal.sandbox.productions import RANKS
from dipportal.sandbox.store import Record

# How the seats of a hall go over its ranks, as far as it has them.
_PARTS = (5, 3, 2, 1)
# What each visitor paid for a dinner, and for the chairs that were put in the aisle.
_DINNER = 2450
_CHAIRS = 6


@dataclass
class Sold:
    """What was drawn of one performance: how many tickets, and the price of a house without an agreement. Cents."""

    performance: Record
    tickets: int
    price: int
    stamp: str
    reserved: int = 0
    blocked: int = 0
    dinner: int = 0

    @property
    def number(self) -> int:
        return int(self.performance["number"])

    @property
    def seats(self) -> int:
        return sum(seats_of(self.performance))


@dataclass
class Prices:
    """Cents a rank, by performance as in the agreement on it, and by tour and house for the evenings beside these."""

    agreed: dict[int, list[int]] = field(default_factory=dict)
    in_house: dict[tuple[str, int], list[int]] = field(default_factory=dict)

    @classmethod
    def of(cls, agreements: Iterable[Record]) -> Prices:
        """An approved agreement counts before one that is still open; of several the last."""
        found = cls()
        for one in sorted(agreements, key=lambda one: (one["status"] == "approved", one["id"])):
            prices = one["properties"]["entrance_pricing"]
            found.in_house[one["production"]["id"], one["theater"]["id"]] = prices
            found.agreed |= {each["number"]: prices for each in one["performances"]}
        return found

    def known(self, performance: Record) -> list[int] | None:
        return self.agreed.get(performance["number"]) or self.in_house.get(_tour_and_house(performance))

    def asked(self, one: Sold) -> list[int]:
        """Where nothing was agreed the first evening of a tour in a house sets the price of the others."""
        return self.known(one.performance) or self.in_house.setdefault(_tour_and_house(one.performance), [one.price])


def _tour_and_house(performance: Record) -> tuple[str, int]:
    return performance["production"]["id"], performance["theater"]["id"]


def seats_of(performance: Record) -> list[int]:
    return [performance[rank] for rank in RANKS if performance[rank]]


def give_ranks(performances: Iterable[Record], prices: Prices) -> None:
    """A hall has the ranks that have a price; together they keep its seats."""
    for one in performances:
        known, seats = prices.known(one), seats_of(one)
        if known is None or len(known) in (1, len(seats)):
            continue
        parts = _PARTS[: len(known)]
        ranks = [sum(seats) * part // sum(parts) for part in parts]
        ranks[0] += sum(seats) - sum(ranks)
        one.update({name: ranks[place] if place < len(ranks) else 0 for place, name in enumerate(RANKS)})


def _kinds(one: Sold) -> dict[str, int]:
    """Tickets by kind. A few houses tell of complimentary ones, and some have what fits nowhere else."""
    own = Random(f"kinds {one.number}")
    house = Random(f"kinds of house {one.performance['theater']['id']}")
    with_other, with_complimentary = house.random() < 0.25, house.random() < 0.2
    discount, other = round(one.tickets * own.uniform(0.06, 0.28)), round(one.tickets * own.uniform(0.01, 0.05))
    given = round(one.tickets * own.uniform(0.01, 0.06))
    found = {
        "discount": discount,
        "free": given - given // 2 if with_complimentary else given,
        "other": other if with_other else 0,
        "complimentary": given // 2 if with_complimentary else 0,
    }
    return {"normal": one.tickets - sum(found.values()), **found}


def _over_ranks(tickets: int, left: list[int], chance: Random) -> list[int]:
    """So many tickets over what is left of each rank, which becomes less. What has no seat stands in the last."""
    wanted = [seats * chance.uniform(0.7, 1.3) for seats in left]
    taken = [min(seats, int(tickets * part / (sum(wanted) or 1))) for seats, part in zip(left, wanted, strict=True)]
    for place, seats in enumerate(left):
        taken[place] += min(seats - taken[place], tickets - sum(taken))
    taken[-1] += tickets - sum(taken)
    for place, number in enumerate(taken):
        left[place] = max(0, left[place] - number)
    return taken


def _reduced(price: int, reduction: int) -> int:
    """At most a quarter off, in quarters of a euro."""
    return max(price - reduction, -(-price * 3 // 100) * 25)


def counted(one: Sold, prices: Sequence[int]) -> Record:
    """The record of its sales."""
    own = Random(f"prices {one.number}")
    reduction = own.choice((150, 250, 300, 400))
    seats = seats_of(one.performance)
    left = seats if len(seats) == len(prices) else [sum(seats)]
    asked = {"normal": prices, "free": [0] * len(prices), "complimentary": [0] * len(prices)}
    reduced = [_reduced(price, reduction) for price in prices]
    rows = []
    for kind, tickets in _kinds(one).items():
        ranks = _over_ranks(tickets, left, own)
        paid = sum(number * price for number, price in zip(ranks, asked.get(kind, reduced), strict=False))
        with_price = 0 if kind in ("free", "complimentary") else tickets
        rows.append({"type": kind, "tickets": tickets, "recette": paid + with_price * one.dinner})
    return count_record(one.performance, rows, one.stamp)


def records(sold: Iterable[Sold], prices: Prices) -> dict[str, list[Record]]:
    """Tickets, reservations and blocked seats, for each performance that has any."""
    found: dict[str, list[Record]] = {kind: [] for kind in KINDS}
    for one in sold:
        asked = prices.asked(one)
        found["tickets"].append(counted(one, asked))
        if one.reserved:
            found["reservations"].append(_apart(one, one.reserved, asked[0]))
        if one.blocked:
            found["blockedseats"].append(_apart(one, one.blocked, 0))
    return found


def _apart(one: Sold, places: int, price: int) -> Record:
    row = {"type": "normal", "tickets": places, "recette": places * price}
    return count_record(one.performance, [row], one.stamp)


def make_odd(sold: Iterable[Sold], agreements: Iterable[Record], today: date) -> dict[str, int]:
    """Two counts that do not fit their agreement, so that a demo shows how such a doubt looks. Returns their numbers.

    `dinner`: a house told the price of an evening with dinner, which is no revenue of the performance. `chairs`: a
    house that sold out put chairs in the aisle, and told more tickets than it has seats. Played ones, with an
    approved agreement; all other counts with an agreement are made of its prices.
    """
    approved = _approved(agreements)
    # Of a handful of tickets nobody would see what is odd.
    known = [one for one in sold if one.number in approved and one.tickets >= 20]
    played = [one for one in known if one.performance["date"][:10] < today.isoformat()] or known
    if len(played) < 2:
        return {}
    chairs = max(played, key=lambda one: (one.tickets / one.seats, -one.number))
    rest = [one for one in played if one is not chairs]
    dinner = min(rest, key=lambda one: (one.performance["theater"]["id"], one.number))
    chairs.tickets = chairs.seats + _CHAIRS
    dinner.dinner = _DINNER
    return {"dinner": dinner.number, "chairs": chairs.number}


def _approved(agreements: Iterable[Record]) -> Collection[int]:
    return {each["number"] for one in agreements if one["status"] == "approved" for each in one["performances"]}
