"""Pure predicates. One rule serves the button, the view, the API and the action."""

from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, Unit, terms_of
from dipportal.contracts.transitions import MOVES
from dipportal.core.money import format_cents
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation

MOST_PERFORMANCES = 60


@dataclass(frozen=True)
class Warning_:
    """Something that is allowed but probably not meant. `term` is the field it belongs to."""

    term: str
    text: str


def side_of(contract: Contract, side: Side) -> Organisation | None:
    return contract.provider if side == Side.PROVIDER else contract.theater.receiver


def may(contract: Contract, move: str, actor: Actor) -> bool:
    """Is this move open to this actor, in this state? For buttons; the action asks again."""
    allowed = MOVES[move]
    return contract.status in allowed.sources and actor.acts_for(side_of(contract, allowed.side), allowed.role)


def faults_in_terms(kind: str, values: dict[str, Any], *, complete: bool) -> dict[str, str | Promise]:
    """What is wrong with these terms: term name → sentence. `complete` also asks for what a proposal needs."""
    faults: dict[str, str | Promise] = {}
    for term in terms_of(kind):
        value = values.get(term.name)
        if complete and kind in term.required and value in (None, "", []):
            faults[term.name] = gettext_lazy("Fill this in before you propose.")
        elif value is None:
            continue
        elif term.unit is Unit.PERCENT and not 0 <= Decimal(str(value)) <= 100:
            faults[term.name] = gettext_lazy("A percentage lies between 0 and 100.")
        elif term.unit is Unit.CENTS and value < 0:
            faults[term.name] = gettext_lazy("An amount cannot be negative.")
        elif term.unit is Unit.PRICES and any(price < 0 for price in value):
            faults[term.name] = gettext_lazy("A price cannot be negative.")
        elif term.unit is Unit.TRANCHES and value:
            fault = fault_in_tranches(value)
            if fault:
                faults[term.name] = fault
    if (values.get("provider_guarantee") or 0) > 0 and (values.get("receiver_guarantee") or 0) > 0:
        faults["receiver_guarantee"] = gettext_lazy("Only one of the two guarantees can be filled.")
    return faults


def fault_in_tranches(rows: list[dict[str, Any]]) -> str | Promise | None:
    bounds = [row["amount"] for row in rows]
    if any(later <= earlier for earlier, later in pairwise(bounds)):
        return gettext_lazy("Each tranche ends above the one before it.")
    if any(not 0 <= Decimal(str(row["percentage"])) <= 100 for row in rows):
        return gettext_lazy("A percentage lies between 0 and 100.")
    return None


def warnings_in_terms(kind: str, values: dict[str, Any]) -> list[Warning_]:
    """What is probably not meant. Settlement price = entrance price - theater surcharge, per rank, in all samples."""
    found: list[Warning_] = []
    entrance, settlement = values.get("entrance_prices") or [], values.get("settlement_prices") or []
    surcharge = values.get("theater_surcharge") or 0
    if entrance and settlement and len(entrance) != len(settlement):
        text = _("There are %(entrance)d entrance prices and %(settlement)d settlement prices.")
        found.append(Warning_("settlement_prices", text % {"entrance": len(entrance), "settlement": len(settlement)}))
    for rank, (asked, settled) in enumerate(zip(entrance, settlement, strict=False), start=1):
        # A free rank carries no surcharge.
        if asked and settled != asked - surcharge:
            text = _(
                "Rank %(rank)d: %(entrance)s minus the theater surcharge of %(surcharge)s is %(expected)s, "
                "but the settlement price is %(settlement)s."
            )
            amounts = {
                "rank": rank,
                "entrance": format_cents(asked),
                "surcharge": format_cents(surcharge),
                "expected": format_cents(asked - surcharge),
                "settlement": format_cents(settled),
            }
            found.append(Warning_("settlement_prices", text % amounts))
    if kind == ContractType.VOLUME and len(values.get("tranches") or []) == 1:
        found.append(Warning_("tranches", _("With one tranche this is a partage.")))
    return found


def fault_in_rejection(contract: Contract, reason: str, rejected_terms: list[str]) -> str | Promise | None:
    if not reason.strip():
        return gettext_lazy("Say why: the provider works on from your reason.")
    own = {term.name for term in terms_of(contract.type)} | {"start_time"}
    if not set(rejected_terms) <= own:
        return gettext_lazy("One of the ticked fields does not belong to this agreement.")
    return None


def in_table_order(names: list[str]) -> list[str]:
    order = [*BY_NAME, "start_time"]
    return sorted(set(names), key=order.index)
