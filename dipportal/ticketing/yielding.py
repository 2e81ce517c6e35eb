"""What agreements yield with the counts as they come in: pure functions, no database and no request.

    found = yielded(contract, [Standing(performance, counts=…), …], now=now, forecast=forecast)
    found.so_far.provider.tickets, found.so_far.provider.fixed, found.pace

The sums are those of `contracts.settlement`, for the performances that count. What tickets brought and what does not
depend on them (a guarantee, a suppletion, a buyout, a rent) are kept apart everywhere, and without a sold ticket there
is no sum at all before the last evening: a guarantee is agreed then, not earned. docs/settlement-sheet.md says it in
words. Amounts are Decimal euros; `box_office` of an evening is cents, as everywhere in counts.
"""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance
from dipportal.contracts import settlement, settlement_words
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.contracts.settlement import Evening, Net, Settlement, SettlementError, Terms
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.rules import Standing
from dipportal.ticketing.yielding_played import Out, Paid, Played


@dataclass(frozen=True)
class Expected:
    """Tickets that a performance will have in the end: the likely number, and from where to where."""

    low: int
    expected: int
    high: int


Forecast = Callable[[Performance], Expected | None]


def no_forecast(_performance: Performance) -> Expected | None:
    """For whoever has none."""
    return None


# --- sums -----------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Part:
    """What one side gets: of what tickets brought, and beside that (guarantee, suppletion, buyout, rent), in euros."""

    tickets: Decimal
    fixed: Decimal

    @property
    def together(self) -> Decimal:
        return self.tickets + self.fixed

    def __add__(self, other: "Part") -> "Part":
        return Part(self.tickets + other.tickets, self.fixed + other.fixed)


@dataclass(frozen=True)
class Sums:
    """A settlement with what each side gets. `estimates`: codes of lines that are estimates."""

    terms: Terms
    evenings: tuple[Evening, ...]
    settlement: Settlement
    estimates: frozenset[str]

    @property
    def provider(self) -> Part:
        share = self._share
        return Part(share, self.settlement.provider - share)

    @property
    def receiver(self) -> Part:
        at = self.settlement.amount
        rest = at("net") - at("shared_costs") - self._share
        return Part(rest, self.settlement.receiver - rest)

    @property
    def _share(self) -> Decimal:
        """The provider's part of what tickets brought."""
        if self.terms.kind == ContractType.RENT:
            return self.settlement.amount("net")
        return self.settlement.amount("share")  # none of a buyout: the revenue is the receiver's

    @property
    def estimate(self) -> bool:
        return bool(self.estimates)

    @property
    def provider_estimate(self) -> bool:
        """Is what the provider gets an estimate? A buyout is none, however the tickets were counted."""
        return "provider" in self.estimates

    @property
    def tickets(self) -> int:
        """Paid ones."""
        return sum(one.tickets for one in self.evenings)

    @property
    def box_office(self) -> int:
        return sum(one.box_office for one in self.evenings)


@dataclass(frozen=True)
class OfEvening:
    """One performance in the sums. `provider` and `receiver`: None where the agreement is not divided over evenings."""

    played: Played
    net: Net | None = None
    provider: Decimal | None = None
    receiver: Decimal | None = None


@dataclass(frozen=True)
class Pace:
    """What it comes to if sales go on like this: the likely sums, and those of the ends of the range."""

    low: Sums
    expected: Sums
    high: Sums
    performances: int


@dataclass(frozen=True)
class Yielded:
    """An agreement with its counts. Without `so_far` there is nothing to settle yet; `reason`: terms or counts that
    give no settlement. `pace` None: `unforeseen` performances have neither a forecast nor a last count."""

    contract: Contract
    evenings: tuple[OfEvening, ...]
    terms: Terms | None = None
    so_far: Sums | None = None
    pace: Pace | None = None
    unforeseen: int = 0
    divided: bool = True
    reason: str | Promise = ""

    @cached_property
    def playing(self) -> list[Played]:
        return [one.played for one in self.evenings if one.played.takes_place]

    @cached_property
    def counted(self) -> list[Played]:
        return [one for one in self.playing if one.counts]

    @cached_property
    def left_out(self) -> list[Played]:
        """Those that do not count, each with its reason."""
        return [one.played for one in self.evenings if not one.played.counts]

    @property
    def tickets(self) -> int:
        """All of them, also those that were given away."""
        return sum(one.count.tickets or 0 for one in self.counted if one.count is not None)

    @property
    def final(self) -> bool:
        """Was every performance that takes place played, and counted since?"""
        return bool(self.playing) and all(one.settled for one in self.playing)

    @property
    def base(self) -> str | Promise:
        return self.so_far.settlement.base if self.so_far is not None else self._base

    @cached_property
    def _base(self) -> str | Promise:
        return settlement.settle(self.terms, [Evening(0, 0)]).base if self.terms is not None else ""

    @property
    def estimate(self) -> bool:
        return self.so_far is not None and self.so_far.estimate

    @property
    def guessed(self) -> list[Played]:
        """Those of which the number of paid tickets is a reading of ours."""
        return [one for one in self.counted if one.paid is not None and not one.paid.certain]

    @property
    def disagreeing(self) -> list[Played]:
        return [one for one in self.playing if one.disagrees]

    @property
    def doubted(self) -> list[Played]:
        return [one for one in self.playing if one.doubts]

    @property
    def agreed(self) -> list[tuple[str | Promise, int]]:
        """The amounts that do not depend on what is sold, with their names, in cents."""
        return [(label, amount) for name, label in FIXED if (amount := getattr(self.terms, name, None))]

    @property
    def nothing(self) -> str | Promise:
        """Why nothing can be settled yet; '' when something can."""
        if self.so_far is not None or self.reason:
            return self.reason
        if not self.playing:
            return NO_EVENING
        return UNSOLD if any(one.out is Out.UNSOLD for one in self.playing) else UNCOUNTED

    @property
    def fixed_label(self) -> str | Promise:
        """What a side gets or gives beside its part of what tickets brought."""
        return BESIDE.get(self.contract.type, _("Guarantee"))

    @property
    def not_divided(self) -> str | Promise:
        """Why there are no amounts for each performance; '' when there are."""
        if self.divided or self.terms is None:
            return ""
        return NOT_DIVIDED[self.terms.kind]


FIXED: tuple[tuple[str, str | Promise], ...] = (
    ("provider_guarantee", _("Guarantee to the provider")),
    ("receiver_guarantee", _("Guarantee to the receiver")),
    ("suppletion_amount", _("Suppletion, at most")),
    ("buyout_amount", _("Buyout amount")),
    ("rent", _("Rent of the hall")),
    ("other_costs", _("Other costs")),
    ("shared_costs", _("Shared costs")),
)
NO_EVENING = _("No performance of this agreement takes place, so there is nothing to settle.")
UNSOLD = _("No ticket was sold yet, so nothing is earned.")
UNCOUNTED = _("No count came in yet, so nothing is known to be earned.")
BESIDE: dict[str, str | Promise] = {
    ContractType.SUPPLETION: _("Suppletion"),
    ContractType.BUYOUT: _("Buyout amount"),
    ContractType.RENT: _("Rent and other costs"),
}
_TOGETHER = _(
    "The guarantee is for all performances together. It is held against their sum and not divided over the evenings."
)
NOT_DIVIDED: dict[str, str | Promise] = {
    ContractType.PARTAGE: _TOGETHER,
    ContractType.SUPPLETION: _(
        "The suppletion is for all performances together. It is held against their sum and not divided over the"
        " evenings."
    ),
    ContractType.VOLUME: _(
        "The tranches count for the revenue of all performances together, so the shares are not divided over the"
        " evenings."
    ),
    ContractType.BUYOUT: _("The buyout is one amount for all performances together, not divided over the evenings."),
    ContractType.RENT: _("Rent and other costs are for all performances together, not divided over the evenings."),
}


def is_divided(terms: Terms, performances: int) -> bool:
    """Are there amounts for each performance? Where one amount counts for all of them the rules do not divide it."""
    if performances <= 1:
        return True
    if terms.kind == ContractType.PARTAGE:
        return terms.per_performance or not (terms.provider_guarantee or terms.receiver_guarantee)
    if terms.kind == ContractType.SUPPLETION:
        return terms.per_performance or not terms.suppletion_amount
    return False


def yielded(
    contract: Contract, standings: Sequence[Standing], *, now: dt.datetime, forecast: Forecast = no_forecast
) -> Yielded:
    """One agreement with the performances that it covers, in their order, approved or not."""
    played = [Played(one, contract, now) for one in standings]
    evenings = tuple(OfEvening(one) for one in played)
    try:
        terms = settlement.terms_from(contract.type, contract.term_values())
        found = _worked_out(contract, terms, played, forecast)
    except SettlementError as refused:
        return Yielded(contract, evenings, reason=refused.sentence)
    return found


def _worked_out(contract: Contract, terms: Terms, played: Sequence[Played], forecast: Forecast) -> Yielded:
    divided = is_divided(terms, len(played))
    counted = [one for one in played if one.counts]
    so_far = _sums(terms, [one.evening() for one in counted], _doubted(terms, counted, divided)) if counted else None
    of_evenings = tuple(_of_evening(terms, one, divided=divided) for one in played)
    playing = [one for one in played if one.takes_place]
    pace, unforeseen = _pace(terms, playing, _doubted(terms, playing, divided), forecast)
    return Yielded(contract, of_evenings, terms, so_far, pace, unforeseen, divided)


def _doubted(terms: Terms, counted: Sequence[Played], divided: bool) -> tuple[str, ...]:
    """Lines that rest on a reading of ours which the sums themselves cannot know."""
    guessed = any(one.paid is not None and not one.paid.certain for one in counted)
    found = ["surcharges"] if guessed else []
    if not divided:
        found += settlement_words.ONCE
        found += ["copyright_due"] if terms.provider_guarantee or terms.buyout_amount else []
    return tuple(found)


def _sums(terms: Terms, evenings: Sequence[Evening], doubted: Sequence[str]) -> Sums:
    found = settlement.settle(terms, evenings)
    return Sums(terms, tuple(evenings), found, settlement_words.estimates(found, doubted))


def _of_evening(terms: Terms, played: Played, *, divided: bool) -> OfEvening:
    if not played.counts:
        return OfEvening(played)
    alone = settlement.settle(terms, [played.evening()])
    if not divided:
        return OfEvening(played, alone.evenings[0])
    return OfEvening(played, alone.evenings[0], alone.provider, alone.receiver)


# --- at this pace ---------------------------------------------------------------------------------------------------
def _pace(
    terms: Terms, playing: Sequence[Played], doubted: Sequence[str], forecast: Forecast
) -> tuple[Pace | None, int]:
    """All performances that take place, or nothing: a sum of some of them says little of a guarantee on all."""
    if not playing or all(one.settled for one in playing):
        return None, 0
    expected = [at_this_pace(one, forecast) for one in playing]
    known = [one for one in expected if one is not None]
    if len(known) < len(expected):
        return None, len(expected) - len(known)
    low, middle, high = ([one[place] for one in known] for place in range(3))
    sums = [_sums(terms, one, doubted) for one in (low, middle, high)]
    return Pace(sums[0], sums[1], sums[2], len(known)), 0


def at_this_pace(played: Played, forecast: Forecast) -> tuple[Evening, Evening, Evening] | None:
    """One performance at the low end, as expected, and at the high end. One that was settled is what it is.

    None without a forecast, and before a ticket was sold: then no ticket has a price yet.
    """
    if played.settled:
        return (played.evening(),) * 3
    count, paid = played.count, played.paid
    if count is None or paid is None or not count.tickets:
        return None
    found = forecast(played.performance)
    if found is None:
        return None
    seats = played.performance.seats
    ends = [min(one, seats) if seats else one for one in (found.low, found.expected, found.high)]
    low, middle, high = (_grown(count, paid, tickets, played.on) for tickets in ends)
    return low, middle, high


def _grown(count: TicketCount, paid: Paid, tickets: int, on: dt.date) -> Evening:
    """So many tickets at the average price so far, and as large a part of them paid."""
    sold = Decimal(count.tickets or 1)

    def part(whole: int) -> int:
        return int((whole * tickets / sold).quantize(Decimal(1), rounding=ROUND_HALF_UP))

    return Evening(part(count.revenue_cents or 0), part(paid.tickets), on)
