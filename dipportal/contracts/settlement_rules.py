"""The rules F1 to F13 of what an agreement yields, one function each. `settlement` is the face and puts them together.

Amounts are `Decimal` euros, percentages `Decimal` 0 to 100; every amount returned is rounded half up to the cent, and
what one side does not get is a subtraction, so the parts of a sum always add up. Nothing here raises. Where a rule
comes from and how sure it is (A: a primary page or two sources, B: one working implementation, C: our reading) stands
at its function.
"""

from collections.abc import Iterable, Sequence
from decimal import ROUND_HALF_UP, Decimal

ZERO = Decimal("0.00")
CENT = Decimal("0.01")
HUNDRED = Decimal(100)


def to_cent(amount: Decimal) -> Decimal:
    return amount.quantize(CENT, rounding=ROUND_HALF_UP)


def percent_of(amount: Decimal, percentage: Decimal) -> Decimal:
    return to_cent(amount * percentage / HUNDRED)


def plus_percent(amount: Decimal, percentage: Decimal) -> Decimal:
    return to_cent(amount * (HUNDRED + percentage) / HUNDRED)


def total(amounts: Iterable[Decimal]) -> Decimal:
    return sum(amounts, ZERO)


def surcharges(box_office: Decimal, surcharge: Decimal, tickets: int) -> Decimal:
    """F1 (A): what the theater keeps of the box office, `surcharge` for each paying ticket.

    Never more than was paid (C): a count without revenue would otherwise give a negative revenue.
    """
    return min(to_cent(surcharge * tickets), box_office)


def revenue_without_vat(revenue: Decimal, vat: Decimal) -> Decimal:
    """F2 (A): the VAT is part of the revenue. 7,260.00 at 9 % is 6,660.55."""
    return to_cent(revenue * HUNDRED / (HUNDRED + vat))


def copyright_part_added(revenue_ex: Decimal, percentage: Decimal) -> Decimal:
    """F3, `12/112` (B): the copyright is added to the net revenue, so it is 12/112 of the sum."""
    return to_cent(revenue_ex * percentage / (HUNDRED + percentage))


def copyright_straight(revenue_ex: Decimal, percentage: Decimal) -> Decimal:
    """F3, `12/100` (C): the percentage of the revenue without VAT."""
    return percent_of(revenue_ex, percentage)


def partage(net: Decimal, percentage: Decimal) -> Decimal:
    """F4 (A): the provider's share of one evening; the receiver gets the rest."""
    return percent_of(net, percentage)


def guaranteed(share: Decimal, guarantee: Decimal) -> Decimal:
    """F5 (A): what the provider gets, at least the guarantee, also when the net revenue is less."""
    return max(share, guarantee)


def units(amounts: Sequence[Decimal], *, per_performance: bool) -> tuple[Decimal, ...]:
    """F6 (A that it is a choice, C on the total): what a guarantee is held against.

    Each evening on its own, or the sum of the evenings, each already rounded to the cent.
    """
    return tuple(amounts) if per_performance else (total(amounts),)


def guaranteed_to_receiver(net: Decimal, share: Decimal, guarantee: Decimal) -> Decimal:
    """F7 (C): what is left for the provider when the receiver gets at least the guarantee; may be negative."""
    return net - max(net - share, guarantee)


def shared_costs_taken(net: Decimal, costs: Decimal) -> Decimal:
    """F8 (C): the shared costs go off first; never more than there is, so a share of nothing is nothing."""
    return min(costs, net)


def tranches(divided: Decimal, slices: Sequence[tuple[Decimal | None, Decimal]]) -> Decimal:
    """F8 (C): the provider's share of a revenue cut at rising bounds: (bound or None for no end, percentage).

    Rounded once, not slice by slice. What lies above the last bound was not agreed and gives the provider nothing.
    """
    share, floor = Decimal(0), Decimal(0)
    for bound, percentage in slices:
        ceiling = divided if bound is None else min(bound, divided)
        share += (ceiling - floor) * percentage / HUNDRED
        floor = ceiling
    return to_cent(share)


def copyright_due(on_revenue: Decimal, percentage: Decimal, secured: Decimal) -> Decimal:
    """F9 (B): the copyright to be paid, at least the percentage of the guarantee or the buyout (`secured`)."""
    return max(on_revenue, percent_of(secured, percentage))


def invoice(amount: Decimal, vat: Decimal, copyright_: Decimal, copyright_vat: Decimal) -> tuple[Decimal, Decimal]:
    """F10 (B): the two lines of the provider's invoice to the receiver, each with its own VAT."""
    return plus_percent(amount, vat), plus_percent(copyright_, copyright_vat)


def suppletion(share: Decimal, most: Decimal, wanted: Decimal) -> Decimal:
    """F11 (C): what the receiver adds to bring the provider's share up to `wanted`, `most` at most."""
    return min(most, max(ZERO, wanted - share))


def buyout(amount: Decimal) -> Decimal:
    """F12 (A): the provider gets the amount; the revenue, good or bad, stays with the receiver."""
    return amount


def rent(amount: Decimal, other_costs: Decimal) -> Decimal:
    """F13 (A): what the receiver gets; the revenue stays with the provider."""
    return amount + other_costs
