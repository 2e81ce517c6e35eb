"""What an agreement would yield for both sides: the sums of `settlement`, for the halls and prices at hand.

For a screen: nothing here decides anything. What cannot be worked out yet says why.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance
from dipportal.contracts import settlement
from dipportal.contracts.models import Contract
from dipportal.contracts.rules import takes_place
from dipportal.contracts.settlement import BreakEven, Settlement, SettlementError, Terms
from dipportal.contracts.terms import BY_NAME

CENTS = Decimal(100)


@dataclass(frozen=True)
class Column:
    """One way to fill the hall: so many percent of the seats sold at full price. Amounts in cents."""

    percent: int
    tickets: int
    box_office: int
    provider: int
    receiver: int

    @property
    def loses(self) -> bool:
        """Does the receiver have to add money?"""
        return self.receiver < 0


@dataclass(frozen=True)
class Yield:
    """`columns` from little to much. Without columns `reason` says what is missing. `break_even`: from where on the
    provider's share earns the guarantee; `guaranteed` says whether there is one to earn."""

    columns: tuple[Column, ...] = ()
    lines: tuple[settlement.Line, ...] = ()
    base: str | Promise = ""
    estimate: bool = False
    evenings: int = 0
    seats: int = 0
    break_even: BreakEven | None = None
    guaranteed: bool = False
    missing: tuple[str | Promise, ...] = ()
    reason: str | Promise = ""


UNREADABLE = Yield(reason=_("Something in the form cannot be read yet; correct it to see the sums."))


def of_contract(contract: Contract, performances: Iterable[Performance]) -> Yield:
    return of_terms(contract.type, contract.term_values(), performances)


def of_terms(kind: str, values: Mapping[str, Any], performances: Iterable[Performance]) -> Yield:
    """For the performances that still take place, all filled alike; the lines are those of a full hall."""
    evenings = [one for one in performances if takes_place(one)]
    try:
        terms = settlement.terms_from(kind, values)
        capacity = [one.capacity for one in evenings]
        dates = [timezone.localdate(one.starts_at) for one in evenings]
        filled = settlement.preview(terms, capacity, dates=dates)
        even = settlement.break_even(terms, capacity, dates=dates)
    except SettlementError as refusal:
        return Yield(reason=_reason(refusal, evenings))
    full = filled[-1][1]
    return Yield(
        columns=tuple(_column(percent, one, capacity) for percent, one in filled),
        lines=full.lines,
        base=full.base,
        estimate=full.estimate,
        evenings=len(evenings),
        seats=sum(map(sum, capacity)),
        break_even=even,
        guaranteed=_is_guaranteed(terms),
        missing=tuple(BY_NAME[name].label for name in full.missing),
    )


def _column(percent: int, one: Settlement, capacity: Iterable[Iterable[int]]) -> Column:
    seats = sum(int(Decimal(rank) * percent / 100 + Decimal("0.5")) for ranks in capacity for rank in ranks)
    return Column(percent, seats, _cents(one.amount("box_office")), _cents(one.provider), _cents(one.receiver))


def _cents(amount: Decimal) -> int:
    return int(amount * CENTS)


def _is_guaranteed(terms: Terms) -> bool:
    return bool(terms.provider_guarantee or terms.suppletion_amount)


def _reason(refusal: SettlementError, evenings: list[Performance]) -> str | Promise:
    if refusal.code == "seats":
        without = [one for one in evenings if not one.seats]
        return _("The number of seats is not known of %(count)d of the %(all)d performances.") % {
            "count": len(without),
            "all": len(evenings),
        }
    return refusal.sentence
