"""What an agreement yields, for sold tickets or for a hall filled so far: pure sums, no database and no request.

    terms = terms_from(contract.type, contract.term_values())
    settle(terms, [Evening(box_office=801_000, tickets=300)]).provider      # Decimal euros

Rules in `settlement_rules` (F1 to F13), inputs in `settlement_input`. What holds for every type, to the cent:

    box office = surcharges + VAT + copyright due + shared costs + provider + receiver

Shared costs are volume's alone. Rent and other costs go from the provider's part to the receiver's, a buyout or a
suppletion from the receiver's to the provider's: neither adds a part. Over several evenings surcharges, VAT, copyright
and shares are rounded per evening and added up; only then comes what counts on the total (F6). Tranches, shared costs,
buyout and rent have no choice in DIP and count once for the agreement (C).
"""

from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from datetime import date
from decimal import ROUND_CEILING, Decimal
from fractions import Fraction
from typing import Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dipportal.contracts import settlement_rules as rule
from dipportal.contracts.enums import ContractType
from dipportal.contracts.settlement_input import (
    DUTCH_RATES,
    Evening,
    Rates,
    SettlementError,
    Terms,
    Tranche,
    euros,
    evening_of,
    rate_on,
    terms_from,
)
from dipportal.contracts.settlement_rules import ZERO, total

__all__ = [
    "DUTCH_RATES",
    "ESTIMATE",
    "FRACTIONS",
    "LABELS",
    "PARTS",
    "BreakEven",
    "Evening",
    "Line",
    "Net",
    "Rates",
    "Settlement",
    "SettlementError",
    "Terms",
    "Tranche",
    "break_even",
    "evening_of",
    "preview",
    "settle",
    "terms_from",
]

Certainty = Literal["A", "B", "C"]
FRACTIONS = (20, 40, 60, 80, 100)  # percent of the seats
# What the box office falls apart in, without rest.
PARTS = ("surcharges", "vat", "copyright_due", "shared_costs", "provider", "receiver")
UNKNOWN_WITHOUT_COPYRIGHT = ("copyright", "copyright_due", "invoice_copyright")
ESTIMATE = _("estimate, check in DIP")
NO_EVENINGS = _("Choose at least one performance.")
BASE = _("net = revenue without surcharges, VAT and copyright")
BASE_WITH_COSTS = _("net = revenue without surcharges, VAT and copyright; shared costs go off before it is divided")
BASE_WITHOUT_COPYRIGHT = _("net = revenue without surcharges and VAT; the copyright still has to go off")

LABELS: dict[str, str | Promise] = {
    "box_office": _("Revenue including surcharges and VAT"),
    "surcharges": _("Theater surcharges"),
    "revenue": _("Revenue including VAT"),
    "vat": _("VAT"),
    "revenue_ex": _("Revenue excluding VAT"),
    "copyright": _("Copyright"),
    "net": _("Net revenue"),
    "shared_costs": _("Shared costs"),
    "divided": _("Revenue to be divided"),
    "share": _("Provider's share"),
    "guarantee_added": _("Added up to the guarantee to the provider"),
    "guarantee_ceded": _("Ceded for the guarantee to the receiver"),
    "suppletion": _("Suppletion"),
    "buyout": _("Buyout amount"),
    "rent": pgettext_lazy("an amount", "Rent"),
    "other_costs": _("Other costs"),
    "provider": _("For the provider, excluding VAT"),
    "rest": _("Rest of the net revenue"),
    "copyright_due": _("Copyright due"),
    "copyright_extra": _("Copyright above that on the revenue"),
    "receiver": _("For the receiver, excluding VAT"),
    "invoice_provider": _("Amount of the provider including VAT"),
    "invoice_copyright": _("Copyright including VAT"),
    "invoice": _("Invoice of the provider to the receiver"),
}


@dataclass(frozen=True)
class Line:
    """One named amount, in euros, rounded to the cent; how sure its rule is and which one it is ('F5')."""

    code: str
    amount: Decimal
    rule: str
    certainty: Certainty

    @property
    def label(self) -> str | Promise:
        return LABELS[self.code]


@dataclass(frozen=True)
class Net:
    """From box office to net revenue, in euros: of one evening, or of all together."""

    box_office: Decimal
    surcharges: Decimal
    revenue: Decimal
    vat: Decimal
    revenue_ex: Decimal
    copyright: Decimal
    net: Decimal

    def __add__(self, other: "Net") -> "Net":
        return Net(*(getattr(self, one.name) + getattr(other, one.name) for one in fields(Net)))


@dataclass(frozen=True)
class Settlement:
    """What comes out. `evenings` in the order given; `missing` names terms that nobody filled in yet."""

    kind: ContractType
    lines: tuple[Line, ...]
    base: str | Promise
    evenings: tuple[Net, ...]
    missing: tuple[str, ...]

    def line(self, code: str) -> Line | None:
        return next((line for line in self.lines if line.code == code), None)

    def amount(self, code: str) -> Decimal:
        """In euros; zero for a line that this agreement does not have."""
        found = self.line(code)
        return found.amount if found else ZERO

    @property
    def provider(self) -> Decimal:
        return self.amount("provider")

    @property
    def receiver(self) -> Decimal:
        """Without VAT, after the copyright due (F9); negative when the receiver has to add money."""
        return self.amount("receiver")

    @property
    def parts(self) -> dict[str, Decimal]:
        """What the box office falls apart in: their sum is the box office, to the cent."""
        return {code: self.amount(code) for code in PARTS}

    @property
    def estimate(self) -> bool:
        """Does it rest on a reading of ours, or on terms that are not there? Then show `ESTIMATE` beside it."""
        return bool(self.missing) or any(line.certainty == "C" for line in self.lines)


@dataclass(frozen=True)
class _Division:
    """How the net revenue is divided. `secured`: the guarantee or the buyout, in euros, on which copyright is due at
    least, for each evening or once (F9)."""

    provider: Decimal
    lines: tuple[Line, ...]
    rule: str
    certainty: Certainty
    secured: Decimal = ZERO
    per_performance: bool = False
    costs: Decimal = ZERO


def settle(terms: Terms, evenings: Sequence[Evening], rates: Rates = DUTCH_RATES) -> Settlement:
    """The settlement of these evenings together. Raises SettlementError when there are none."""
    if not evenings:
        raise SettlementError(NO_EVENINGS, code="evenings")
    nets = tuple(_net(terms, evening, rates) for evening in evenings)
    whole = sum(nets[1:], nets[0])
    division = _DIVIDE[terms.kind](terms, nets)
    due = _copyright_due(terms, nets, division)
    rest = whole.net - division.costs - division.provider
    lines = [*_net_lines(terms, evenings, whole), *division.lines]
    lines.append(Line("provider", division.provider, division.rule, division.certainty))
    if due > whole.copyright:
        lines.append(Line("rest", rest, division.rule, division.certainty))
        lines.append(Line("copyright_extra", due - whole.copyright, "F9", "B"))
    lines.append(Line("copyright_due", due, "F9", "B"))
    lines.append(Line("receiver", rest - (due - whole.copyright), division.rule, division.certainty))
    if terms.kind != ContractType.RENT:
        lines += _invoice_lines(division.provider, due, rates, evenings)
    if terms.copyright_percentage is None:
        lines = [line for line in lines if line.code not in UNKNOWN_WITHOUT_COPYRIGHT]
    return Settlement(terms.kind, tuple(lines), _base(terms), nets, terms.missing)


def _net(terms: Terms, evening: Evening, rates: Rates) -> Net:
    box_office = euros(evening.box_office)
    surcharges = rule.surcharges(box_office, euros(terms.theater_surcharge), evening.tickets)
    revenue = box_office - surcharges
    revenue_ex = rule.revenue_without_vat(revenue, rate_on(rates.performing_arts, evening.on))
    take = rule.copyright_part_added if terms.copyright_part_added else rule.copyright_straight
    copyright_ = take(revenue_ex, terms.copyright_percentage or ZERO)
    return Net(box_office, surcharges, revenue, revenue - revenue_ex, revenue_ex, copyright_, revenue_ex - copyright_)


def _net_lines(terms: Terms, evenings: Sequence[Evening], whole: Net) -> list[Line]:
    """F1 to F3. A count with more surcharges than revenue, and an unknown copyright, make an estimate of it."""
    asked = total(euros(terms.theater_surcharge) * evening.tickets for evening in evenings)
    counted: Certainty = "A" if asked == whole.surcharges else "C"
    taken: Certainty = "C" if terms.copyright_percentage is None or not terms.copyright_part_added else "B"
    marks: dict[str, tuple[str, Certainty]] = {
        "box_office": ("F1", "A"),
        "surcharges": ("F1", counted),
        "revenue": ("F1", counted),
        "vat": ("F2", "A"),
        "revenue_ex": ("F2", "A"),
        "copyright": ("F3", taken),
        "net": ("F3", taken),
    }
    return [Line(code, getattr(whole, code), *mark) for code, mark in marks.items()]


def _base(terms: Terms) -> str | Promise:
    if terms.copyright_percentage is None:
        return BASE_WITHOUT_COPYRIGHT
    return BASE_WITH_COSTS if terms.kind == ContractType.VOLUME and terms.shared_costs else BASE


def _once(nets: Sequence[Net]) -> Certainty:
    """How sure an amount is that DIP gives once for an agreement of one or of several evenings."""
    return "A" if len(nets) == 1 else "C"


def _partage(terms: Terms, nets: Sequence[Net]) -> _Division:
    shares = [rule.partage(one.net, terms.provider_share or ZERO) for one in nets]
    alone = _Division(total(shares), (Line("share", total(shares), "F4", "A"),), "F4", "A")
    return _guaranteed(terms, [one.net for one in nets], shares, alone, _once(nets))


def _volume(terms: Terms, nets: Sequence[Net]) -> _Division:
    net = total(one.net for one in nets)
    costs = rule.shared_costs_taken(net, euros(terms.shared_costs))
    slices = [(None if one.up_to is None else euros(one.up_to), one.percentage) for one in terms.tranches]
    share = rule.tranches(net - costs, slices)
    lines = [Line("share", share, "F8", "C")]
    if terms.shared_costs:
        lines = [Line("shared_costs", costs, "F8", "C"), Line("divided", net - costs, "F8", "C"), *lines]
    alone = _Division(share, tuple(lines), "F8", "C", costs=costs)
    return _guaranteed(terms, [net - costs], [share], alone, _once(nets))


def _guaranteed(
    terms: Terms, nets: Sequence[Decimal], shares: Sequence[Decimal], alone: _Division, once: Certainty
) -> _Division:
    """F5 to F7: a division with the guarantee of one of the sides, held against each evening or against the total."""
    per_performance = terms.per_performance
    held = rule.units(shares, per_performance=per_performance)
    if terms.provider_guarantee:
        guarantee = euros(terms.provider_guarantee)
        provider = total(rule.guaranteed(share, guarantee) for share in held)
        name, certainty = ("F5", once) if once == "A" else ("F6", "A" if per_performance else once)
        added = Line("guarantee_added", provider - alone.provider, name, certainty)
        lines = (*alone.lines, added)
        return _Division(provider, lines, name, certainty, guarantee, per_performance, alone.costs)
    if terms.receiver_guarantee:
        guarantee = euros(terms.receiver_guarantee)
        against = rule.units(nets, per_performance=per_performance)
        pairs = zip(against, held, strict=True)
        provider = total(rule.guaranteed_to_receiver(net, share, guarantee) for net, share in pairs)
        lines = (*alone.lines, Line("guarantee_ceded", alone.provider - provider, "F7", "C"))
        return _Division(provider, lines, "F7", "C", costs=alone.costs)
    return alone


def _suppletion(terms: Terms, nets: Sequence[Net]) -> _Division:
    shares = [rule.partage(one.net, terms.provider_share or ZERO) for one in nets]
    most, wanted = euros(terms.suppletion_amount), euros(terms.suppletion_guarantee)
    held = rule.units(shares, per_performance=terms.per_performance)
    added = total(rule.suppletion(share, most, wanted) for share in held)
    lines = (Line("share", total(shares), "F4", "A"), Line("suppletion", added, "F11", "C"))
    return _Division(total(shares) + added, lines, "F11", "C")


def _buyout(terms: Terms, nets: Sequence[Net]) -> _Division:
    amount = rule.buyout(euros(terms.buyout_amount))
    return _Division(amount, (Line("buyout", amount, "F12", _once(nets)),), "F12", _once(nets), secured=amount)


def _rent(terms: Terms, nets: Sequence[Net]) -> _Division:
    certainty = _once(nets)
    amount, other = euros(terms.rent), euros(terms.other_costs)
    lines = (Line("rent", amount, "F13", certainty), Line("other_costs", other, "F13", certainty))
    return _Division(total(one.net for one in nets) - rule.rent(amount, other), lines, "F13", certainty)


_DIVIDE: dict[str, Callable[[Terms, Sequence[Net]], _Division]] = {
    ContractType.PARTAGE: _partage,
    ContractType.VOLUME: _volume,
    ContractType.BUYOUT: _buyout,
    ContractType.SUPPLETION: _suppletion,
    ContractType.RENT: _rent,
}


def _copyright_due(terms: Terms, nets: Sequence[Net], division: _Division) -> Decimal:
    """F9, for each evening when the guarantee counts so. A suppletion's amount is no guarantee: `most` caps it."""
    held = rule.units([one.copyright for one in nets], per_performance=division.per_performance)
    percentage = terms.copyright_percentage or ZERO
    return total(rule.copyright_due(one, percentage, division.secured) for one in held)


def _invoice_lines(provider: Decimal, due: Decimal, rates: Rates, evenings: Sequence[Evening]) -> list[Line]:
    """F10, at the rates of the last evening: the invoice comes after it."""
    dates = [evening.on for evening in evenings if evening.on]
    last = max(dates) if dates else None
    vat, copyright_vat = rate_on(rates.performing_arts, last), rate_on(rates.copyright_invoice, last)
    amount, copyright_ = rule.invoice(provider, vat, due, copyright_vat)
    amounts = {"invoice_provider": amount, "invoice_copyright": copyright_, "invoice": amount + copyright_}
    return [Line(code, one, "F10", "B") for code, one in amounts.items()]


# --- before a ticket is sold


@dataclass(frozen=True)
class BreakEven:
    """From how many tickets on, of how many seats, the provider's share earns the guarantee."""

    tickets: int
    seats: int

    @property
    def percent(self) -> Decimal:
        """Of the seats, rounded up to a tenth, so that it is never too few."""
        return (Decimal(self.tickets) * 100 / self.seats).quantize(Decimal("0.1"), rounding=ROUND_CEILING)


def preview(
    terms: Terms,
    capacity_per_evening: Sequence[Sequence[int]],
    prices: Sequence[int] | None = None,
    fractions: Sequence[int] = FRACTIONS,
    *,
    dates: Sequence[date | None] = (),
    rates: Rates = DUTCH_RATES,
) -> list[tuple[int, Settlement]]:
    """What comes out when so many percent of the seats of every rank are sold at full price, each evening alike.

    Capacity is seats per rank, a row an evening; `prices` are cents a rank, theater surcharge included, by default
    the terms' own. Seats are rounded half up. Raises SettlementError without evenings, seats or prices.
    """
    hall = _Hall.of(terms, capacity_per_evening, prices, dates)
    return [(percent, settle(terms, hall.filled(Fraction(percent, 100)), rates)) for percent in fractions]


def break_even(
    terms: Terms,
    capacity_per_evening: Sequence[Sequence[int]],
    prices: Sequence[int] | None = None,
    *,
    dates: Sequence[date | None] = (),
    rates: Rates = DUTCH_RATES,
) -> BreakEven | None:
    """The fewest tickets, all ranks and evenings filled alike, at which guarantee or suppletion adds nothing any more.

    None without a guarantee, and when a full hall does not earn it. Exact: the number sold changes only where the
    fraction of a rank passes a half, and a share never falls when more is sold, so halving finds the first of those
    points. Raises SettlementError as `preview` does.
    """
    hall = _Hall.of(terms, capacity_per_evening, prices, dates)
    supplements = {"guarantee_added": terms.provider_guarantee, "suppletion": terms.suppletion_amount}

    def earned(fraction: Fraction) -> bool:
        settlement = settle(terms, hall.filled(fraction), rates)
        return all(settlement.amount(code) == 0 for code in supplements)

    if not any(supplements.values()) or earned(Fraction(0)):
        return None
    sizes = {seats for ranks in hall.capacity for seats in ranks}
    points = sorted({Fraction(2 * seat + 1, 2 * seats) for seats in sizes for seat in range(seats)})
    first = bisect_left(points, True, key=earned)
    if first == len(points):
        return None
    return BreakEven(sum(map(sum, hall.sold(points[first]))), sum(map(sum, hall.capacity)))


@dataclass(frozen=True)
class _Hall:
    """The seats of every evening, their prices and dates."""

    capacity: Sequence[Sequence[int]]
    prices: Sequence[int]
    surcharge: int
    dates: Sequence[date | None]

    @classmethod
    def of(
        cls,
        terms: Terms,
        capacity: Sequence[Sequence[int]],
        prices: Sequence[int] | None,
        dates: Sequence[date | None],
    ) -> "_Hall":
        if not capacity:
            raise SettlementError(NO_EVENINGS, code="evenings")
        if not all(sum(ranks) for ranks in capacity):
            raise SettlementError(_("The number of seats of a performance is not known."), code="seats")
        prices = terms.prices if prices is None else prices
        hall = cls(capacity, prices, terms.theater_surcharge or 0, dates or [None] * len(capacity))
        hall.filled(Fraction(1))  # says what is wrong with the prices, also for a fraction that sells nothing
        return hall

    def sold(self, fraction: Fraction) -> list[list[int]]:
        """Seats sold per rank, whole ones, half up."""
        half = Fraction(1, 2)
        return [[int(seats * fraction + half) for seats in ranks] for ranks in self.capacity]

    def filled(self, fraction: Fraction) -> list[Evening]:
        evenings = zip(self.sold(fraction), self.dates, strict=True)
        return [evening_of(sold, self.prices, self.surcharge, on) for sold, on in evenings]
