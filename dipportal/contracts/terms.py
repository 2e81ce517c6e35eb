"""The one table of every term of an agreement.

Forms, validation, differences, the wire mapping and the tests read it; adding a term is one line here and one
migration. Amounts are integer euro cents, percentages Decimals, lists as described at `Unit`.
Source of the terms and of which type has which: docs/dip-api.md, 'An agreement record'.
"""

import functools
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from typing import TYPE_CHECKING, Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from dipportal.contracts.enums import ContractType

if TYPE_CHECKING:
    from dipportal.contracts.models import Contract

P, V, B, S, R = (
    ContractType.PARTAGE,
    ContractType.VOLUME,
    ContractType.BUYOUT,
    ContractType.SUPPLETION,
    ContractType.RENT,
)
ALL = (P, V, B, S, R)


class Unit(Enum):
    CENTS = "cents"  # int
    PERCENT = "percent"  # Decimal, 0 to 100
    FLAG = "flag"  # bool
    COUNT = "count"  # int
    TEXT = "text"  # str
    PRICES = "prices"  # list[int]: cents, one a rank
    TRANCHES = "tranches"  # list[{"amount": cents, "percentage": "60.00"}]; the last one is open-ended


class Group(Enum):
    MONEY = "money"
    TICKETS = "tickets"
    HOUSE = "house"
    REMARKS = "remarks"

    @property
    def label(self) -> str | Promise:
        return {
            Group.MONEY: _("Money"),
            Group.TICKETS: _("Prices and surcharges"),
            Group.HOUSE: _("Technicians"),
            Group.REMARKS: _("Remarks"),
        }[self]


@dataclass(frozen=True)
class Term:
    """One term. `required` names the types that cannot be proposed without it; `flags` are the marks with which
    DIP tells that it was rejected; `help` is one line beside the field."""

    name: str
    types: tuple[ContractType, ...]
    unit: Unit
    label: str | Promise
    flags: tuple[str, ...] = ()
    required: tuple[ContractType, ...] = ()
    group: Group = Group.MONEY
    help: str | Promise = ""
    default: Any = None

    def has(self, kind: str) -> bool:
        return kind in self.types

    def value(self, contract: "Contract") -> Any:
        return getattr(contract, self.name)

    def empty(self) -> Any:
        """What stands in the column when the type has the term and nobody filled it."""
        if self.default is not None:
            return self.default
        if self.unit in (Unit.PRICES, Unit.TRANCHES):
            return []
        return {Unit.TEXT: "", Unit.FLAG: False}.get(self.unit)

    def is_filled(self, value: Any) -> bool:
        return value not in (None, "", [], 0) if self.unit is not Unit.FLAG else value is not None

    def same(self, one: Any, other: Any) -> bool:
        """Do two values mean the same? 'Not filled in' and zero do; so do line ends of one character and of two."""
        if self.unit is Unit.FLAG:
            return bool(one) == bool(other)
        if not self.is_filled(one) and not self.is_filled(other):
            return True
        if self.unit is Unit.TRANCHES:
            return _slices(one) == _slices(other)
        if self.unit is Unit.TEXT:
            return _lines(one) == _lines(other)
        return bool(one == other)


def _slices(rows: Any) -> list[tuple[int, Decimal]]:
    return [(int(row["amount"]), Decimal(str(row["percentage"]))) for row in rows or []]


def _lines(value: Any) -> str:
    return str(value or "").replace("\r\n", "\n").strip()


TERMS: tuple[Term, ...] = (
    Term("provider_share", (P, S), Unit.PERCENT, _("Provider's share"), ("provider_partage",), (P, S),
         help=_("Of the net revenue: revenue without surcharges, VAT and copyright.")),
    Term("buyout_amount", (B,), Unit.CENTS, _("Buyout amount"), ("buyout_amount",), (B,)),
    Term("rent", (R,), Unit.CENTS, pgettext_lazy("an amount", "Rent"), ("rent",), (R,)),
    Term("other_costs", (R,), Unit.CENTS, _("Other costs"), ("other_costs",)),
    Term("tranches", (V,), Unit.TRANCHES, _("Tranches"), ("tranche",), (V,),
         help=_("Up to which net revenue the provider gets which percentage; the last tranche has no end.")),
    Term("shared_costs", (V,), Unit.CENTS, _("Shared costs"), ("combined_budget",),
         help=_("Taken off the net revenue before it is shared.")),
    Term("suppletion_amount", (S,), Unit.CENTS, _("Suppletion"), ("suppletion_amount", "maximum_amount"), (S,),
         help=_("The most that the receiver adds.")),
    Term("suppletion_guarantee", (S,), Unit.CENTS, _("Topped up to"), ("amount",), (S,),
         help=_("The amount up to which the provider's share is topped up.")),
    Term("provider_guarantee", (P, V), Unit.CENTS, _("Guarantee to the provider"), ("provider_guarantee",),
         help=_("Without VAT. Only one of the two guarantees can be filled.")),
    Term("receiver_guarantee", (P, V), Unit.CENTS, _("Guarantee to the receiver"), ("consumer_guarantee",),
         help=_("Only one of the two guarantees can be filled.")),
    Term("guarantee_per_performance", (P, S), Unit.FLAG, _("Guarantee counts per performance"),
         ("guarantee_per_performance", "guarantee_calculation"),
         help=_("Otherwise it counts on the total of the performances.")),
    Term("copyright_percentage", (P, V, B, S), Unit.PERCENT, _("Copyright"), ("copyright",), (P, V, S)),
    Term("copyright_part_added", (P, V, S), Unit.FLAG, _("Copyright as part of the sum (12/112)"),
         ("copyright_calculation",), default=True,
         help=_("On: 12 % is taken as 12/112 of the revenue. Off: as 12/100.")),
    Term("entrance_prices", ALL, Unit.PRICES, _("Entrance prices"), ("ticket_price",), group=Group.TICKETS,
         help=_("What the visitor pays, one price a rank, separated by a semicolon: 27,50; 23,50.")),
    Term("settlement_prices", ALL, Unit.PRICES, _("Settlement prices"), ("ticket_price",), group=Group.TICKETS,
         help=_("The entrance price without the theater surcharge, one a rank.")),
    Term("theater_surcharge", ALL, Unit.CENTS, _("Theater surcharge"), ("theater_surcharge",),
         group=Group.TICKETS, default=0, help=_("Per ticket, within the entrance price.")),
    Term("consumption_surcharge", ALL, Unit.CENTS, _("Drinks surcharge"), ("consumption_surcharge",),
         group=Group.TICKETS, default=0, help=_("Per ticket.")),
    Term("service_surcharge", ALL, Unit.CENTS, _("Service surcharge"), ("service_surcharge",),
         group=Group.TICKETS, default=0, help=_("Per ticket.")),
    Term("wardrobe_surcharge", ALL, Unit.CENTS, _("Cloakroom surcharge"), ("wardrobe_surcharge",),
         group=Group.TICKETS, default=0, help=_("Per ticket.")),
    Term("theater_technicians", ALL, Unit.COUNT, _("Technicians of the theater"), group=Group.HOUSE),
    Term("provider_technicians", ALL, Unit.COUNT, _("Technicians of the provider"), group=Group.HOUSE),
    Term("standing_agreement", ALL, Unit.FLAG, _("The standing agreement applies"), group=Group.REMARKS),
    Term("remarks", ALL, Unit.TEXT, _("Remarks"), ("remark",), group=Group.REMARKS),
)  # fmt: skip

BY_NAME: dict[str, Term] = {term.name: term for term in TERMS}

# What can be rejected without being a term of the agreement: the performance's own time.
START_TIME = "start_time"
EXTRA_FLAGS: dict[str, str | Promise] = {START_TIME: _("Start time")}


@functools.lru_cache(maxsize=64)
def terms_of(kind: str) -> tuple[Term, ...]:
    return tuple(term for term in TERMS if term.has(kind))


def rejectable(kind: str) -> dict[str, str | Promise]:
    """What a receiver can tick for this type: name → label."""
    return {**{term.name: term.label for term in terms_of(kind)}, **EXTRA_FLAGS}


def rejection_label(name: str) -> str | Promise:
    return BY_NAME[name].label if name in BY_NAME else EXTRA_FLAGS.get(name, name)


def normalise(kind: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """The columns of every term: given values for the terms of this type, None for those of other types.

    Raises KeyError for a name that is no term of the type.
    """
    own = _names_of(kind)
    if not values.keys() <= own:
        raise KeyError(f"no terms of {kind}: {', '.join(sorted(values.keys() - own))}")
    columns: dict[str, Any] = {}
    for term in TERMS:
        name = term.name
        if name not in own:
            columns[name] = None
            continue
        given = values.get(name)
        columns[name] = term.empty() if given is None else _TIDY[term.unit](given)
    return columns


@functools.lru_cache(maxsize=64)
def _names_of(kind: str) -> frozenset[str]:
    return frozenset(term.name for term in terms_of(kind))


def _tranches(value: Any) -> list[dict[str, Any]]:
    return [
        {"amount": int(row["amount"]), "percentage": f"{Decimal(str(row['percentage'])).quantize(Decimal('0.01'))}"}
        for row in value
    ]


def _as_given(value: Any) -> Any:
    return value


# Browsers send line ends of two characters, DIP has one: the same text is no change.
_TIDY: dict[Unit, Callable[[Any], Any]] = {
    **dict.fromkeys(Unit, _as_given),
    Unit.PERCENT: lambda value: Decimal(str(value)).quantize(Decimal("0.0001")),
    Unit.TRANCHES: _tranches,
    Unit.TEXT: lambda value: str(value).replace("\r\n", "\n"),
}


# DIP writes the open end of the last tranche as this amount, in cents (seen in its records).
OPEN_END = 99_999_999
