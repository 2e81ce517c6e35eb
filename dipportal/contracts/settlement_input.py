"""What goes into a settlement: the terms, the evenings and the rates. `settlement` is the face of these.

Amounts are integer euro cents, as in the columns of an agreement; percentages are Decimals, 0 to 100.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext_lazy as _

from dipportal.contracts.enums import ContractType
from dipportal.contracts.settlement_rules import CENT
from dipportal.contracts.terms import BY_NAME, OPEN_END, terms_of
from dipportal.core.errors import PortalError


class SettlementError(PortalError):
    """These terms, counts or seats give no settlement. Codes: terms, evenings, count, seats, price."""

    code = "settlement"


@dataclass(frozen=True)
class Tranche:
    """A slice of the revenue that ends at `up_to` cents; None: it has no end."""

    up_to: int | None
    percentage: Decimal


@dataclass(frozen=True)
class Terms:
    """The terms of one agreement that money depends on, under the names of `terms.TERMS`.

    None is 'not filled in' and counts as zero; `missing` names what should be there. Raises SettlementError for terms
    that no agreement can have: the same that `rules.faults_in_terms` refuses.
    """

    kind: ContractType
    provider_share: Decimal | None = None
    buyout_amount: int | None = None
    rent: int | None = None
    other_costs: int | None = None
    tranches: tuple[Tranche, ...] = ()
    shared_costs: int | None = None
    suppletion_amount: int | None = None
    suppletion_guarantee: int | None = None
    provider_guarantee: int | None = None
    receiver_guarantee: int | None = None
    guarantee_per_performance: bool = False
    copyright_percentage: Decimal | None = None
    copyright_part_added: bool = True
    entrance_prices: tuple[int, ...] = ()
    settlement_prices: tuple[int, ...] = ()
    theater_surcharge: int | None = None

    def __post_init__(self) -> None:
        if any(amount < 0 for amount in self._amounts()):
            raise SettlementError(_("An amount cannot be negative."), code="terms")
        if any(not 0 <= percentage <= 100 for percentage in self._percentages()):
            raise SettlementError(_("A percentage lies between 0 and 100."), code="terms")
        if self.provider_guarantee and self.receiver_guarantee:
            raise SettlementError(_("Only one of the two guarantees can be filled."), code="terms")
        bounds = [OPEN_END if one.up_to is None else one.up_to for one in self.tranches]
        if any(later <= earlier for earlier, later in pairwise(bounds)):
            raise SettlementError(_("Each tranche ends above the one before it."), code="terms")

    def _amounts(self) -> Iterator[int]:
        names = (*AMOUNTS, "theater_surcharge")
        yield from (getattr(self, name) or 0 for name in names)
        yield from (*self.entrance_prices, *self.settlement_prices)
        yield from (one.up_to or 0 for one in self.tranches)

    def _percentages(self) -> Iterator[Decimal]:
        yield from (one for one in (self.provider_share, self.copyright_percentage) if one is not None)
        yield from (one.percentage for one in self.tranches)

    @property
    def missing(self) -> tuple[str, ...]:
        """Names of the terms without which the sums are not what was meant, in the order of the table."""
        needed = (term.name for term in terms_of(self.kind) if self.kind in term.required)
        missing = {name for name in needed if getattr(self, name) in (None, ())}
        if self.tranches and self.tranches[-1].up_to is not None:
            missing.add("tranches")  # nobody said what happens above the last bound
        return tuple(term.name for term in terms_of(self.kind) if term.name in missing)

    @property
    def per_performance(self) -> bool:
        """Does the guarantee count per performance? On the total for types that leave no choice (F6)."""
        return self.guarantee_per_performance and BY_NAME["guarantee_per_performance"].has(self.kind)

    @property
    def prices(self) -> tuple[int, ...]:
        """What the visitor pays, cents a rank: the entrance prices, or else the settlement prices and the surcharge."""
        surcharge = self.theater_surcharge or 0
        return self.entrance_prices or tuple(price + surcharge if price else 0 for price in self.settlement_prices)


AMOUNTS = (
    "buyout_amount",
    "rent",
    "other_costs",
    "shared_costs",
    "suppletion_amount",
    "suppletion_guarantee",
    "provider_guarantee",
    "receiver_guarantee",
)


def terms_from(kind: str, values: Mapping[str, Any]) -> Terms:
    """The terms of an agreement from its columns or a form's cleaned values: `contract.term_values()`.

    Cents, Decimals, tranches as [{"amount": cents, "percentage": "60.00"}] with OPEN_END for no end. Terms of another
    type are left out. Raises SettlementError as `Terms` does, ValueError for an unknown type.
    """
    own = {term.name for term in terms_of(kind)}
    given = {name: value for name, value in values.items() if name in own and value is not None and value != ""}
    plain = {name: given[name] for name in (*AMOUNTS, "theater_surcharge") if name in given}
    return Terms(
        kind=ContractType(kind),
        **plain,
        provider_share=_percentage(given.get("provider_share")),
        copyright_percentage=_percentage(given.get("copyright_percentage")),
        tranches=tuple(
            Tranche(None if row["amount"] == OPEN_END else int(row["amount"]), Decimal(str(row["percentage"])))
            for row in given.get("tranches", ())
        ),
        guarantee_per_performance=bool(given.get("guarantee_per_performance", False)),
        copyright_part_added=bool(given.get("copyright_part_added", True)),
        entrance_prices=tuple(given.get("entrance_prices", ())),
        settlement_prices=tuple(given.get("settlement_prices", ())),
    )


def _percentage(value: Decimal | float | str | None) -> Decimal | None:
    return None if value is None else Decimal(str(value))


@dataclass(frozen=True)
class Evening:
    """One performance: `box_office` in cents, VAT and theater surcharge included (drinks, cloakroom and service are
    the theater's and stay out of it, as in DIP's counts); `tickets` that were paid for; its date, None for today's
    rates. Raises SettlementError when one of them is negative."""

    box_office: int
    tickets: int
    on: date | None = None

    def __post_init__(self) -> None:
        if self.box_office < 0 or self.tickets < 0:
            raise SettlementError(_("Revenue and number of tickets cannot be negative."), code="count")


def evening_of(sold: Sequence[int], prices: Sequence[int], surcharge: int = 0, on: date | None = None) -> Evening:
    """An evening from the seats sold per rank, all at full price. Prices in cents a rank, surcharge included.

    One price counts for every rank; a free rank is no paying ticket. Raises SettlementError for seats without a price
    and for a price that does not hold the surcharge.
    """
    ranks = list(prices) * len(sold) if len(prices) == 1 else list(prices)
    box_office = tickets = 0
    for rank, seats in enumerate(sold, start=1):
        if not seats:
            continue
        if rank > len(ranks):
            raise SettlementError(_("There is no price for rank %(rank)d.") % {"rank": rank}, code="price")
        price = ranks[rank - 1]
        if 0 < price < surcharge:
            sentence = _("The price of rank %(rank)d is less than the theater surcharge.")
            raise SettlementError(sentence % {"rank": rank}, code="price")
        box_office += seats * price
        tickets += seats if price else 0
    return Evening(box_office, tickets, on)


Dated = tuple[tuple[date, Decimal], ...]  # (in force from, percentage), rising


@dataclass(frozen=True)
class Rates:
    """VAT in percent by date: on performing arts, and on the copyright that the provider invoices (F10)."""

    performing_arts: Dated = ((date.min, Decimal(6)), (date(2019, 1, 1), Decimal(9)))
    copyright_invoice: Dated = ((date.min, Decimal(21)),)


DUTCH_RATES = Rates()


def rate_on(rates: Dated, on: date | None) -> Decimal:
    """The percentage in force on a day; None asks for the newest. Raises ValueError before the first one."""
    for start, percentage in sorted(rates, reverse=True):
        if on is None or start <= on:
            return percentage
    raise ValueError(f"no rate on {on}")


def euros(cents: int | None) -> Decimal:
    return (cents or 0) * CENT
