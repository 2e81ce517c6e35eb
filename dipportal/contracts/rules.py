"""Pure predicates. One rule serves the button, the view, the API and the action."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from itertools import pairwise
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts.enums import OUTSIDE, AnswerSource, ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.models_standing import StandingAgreement
from dipportal.contracts.terms import BY_NAME, OPEN_END, START_TIME, Unit, normalise, terms_of
from dipportal.contracts.transitions import MOVES
from dipportal.core import dates
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


def is_open_to(contract: Contract, move: str) -> bool:
    """Does the table allow this move in this state, whoever makes it?"""
    allowed = MOVES[move]
    return (
        contract.status in allowed.sources
        and allowed.drafted in (None, contract.side)
        and contract.discarded_at is None
    )


def may(contract: Contract, move: str, actor: Actor) -> bool:
    """Is this move open to this actor, in this state? For buttons; the action asks again."""
    allowed = MOVES[move]
    return is_open_to(contract, move) and actor.acts_for(side_of(contract, allowed.side), allowed.role)


def side_that_answered(contract: Contract) -> Side | None:
    """Which side gave the answer that stands; None when there is none, or when it was found in DIP."""
    if contract.answer_source in OUTSIDE:
        return Side.PROVIDER
    if contract.answer_source != AnswerSource.PORTAL:
        return None
    return Side.PROVIDER if contract.is_counter else Side.RECEIVER


def fault_in_undo(
    contract: Contract, within: dt.timedelta, *, reader: Organisation | None = None
) -> str | Promise | None:
    """Why this answer can no longer be taken back, in words. `within`: how long that is possible.

    With a `reader` only the later versions count that this organisation may see.
    """
    if contract.status not in (Status.APPROVED, Status.REJECTED) or contract.answered_at is None:
        return gettext_lazy("There is no answer to take back.")
    if contract.answered_at + within < timezone.now():
        minutes = int(within.total_seconds() // 60)
        return _("An answer can be taken back for %(minutes)d minutes, and those are over.") % {"minutes": minutes}
    built = Q(parent=contract) | Q(revises=contract)
    if contract.revises_id:
        built |= Q(revises=contract.revises_id, status__in=(Status.CONCEPT, Status.PROPOSED))
    later = Contract.objects.filter(built, discarded_at=None).exclude(pk=contract.pk)
    if (later.visible_to(reader) if reader else later).exists():
        return gettext_lazy("A later version was begun on it, so this answer can no longer be taken back.")
    return None


def may_undo(contract: Contract, actor: Actor, within: dt.timedelta) -> bool:
    """For the button; the action asks again. Costs queries only for a fresh answer.

    A concept of the other side's, on which the action stumbles, must not show in the button.
    """
    side = side_that_answered(contract)
    if side is None or not actor.acts_for(side_of(contract, side)):
        return False
    return fault_in_undo(contract, within, reader=actor.organisation) is None


def may_restore(contract: Contract, actor: Actor) -> bool:
    """A concept that was given up, taken back; the action asks whether the line went on without it."""
    return contract.discarded_at is not None and actor.acts_for(contract.provider, MOVES["discard"].role)


def is_expired(contract: Contract) -> bool:
    return contract.answer_by is not None and contract.answer_by < timezone.localdate()


def fault_in_time(contract: Contract) -> str | None:
    """Why it is too late for a yes, in words."""
    if not is_expired(contract):
        return None
    text = _("The last day to approve this was %(day)s. Ask the provider for another day, or reject it.")
    return text % {"day": day_in_words(contract.answer_by)}


def day_in_words(day: dt.date | None) -> str:
    return dates.day(day)


# --- what differs, and what was suggested ----------------------------------------------------------------------
def as_kept(contract: Contract, values: Mapping[str, Any]) -> dict[str, Any]:
    """These values of terms as plain data for JSON: what `suggestions` holds, and what a form gives back."""
    columns = normalise(contract.type, {**contract.term_values(), **values})
    return {name: _plain(columns[name]) for name in values}


def _plain(value: Any) -> Any:
    return str(value) if isinstance(value, Decimal) else value


def changed_terms(contract: Contract, wanted: Mapping[str, Any]) -> list[str]:
    """The names of the terms in which `wanted` says something else than the agreement, in the table's order."""
    ours = normalise(contract.type, contract.term_values())
    theirs = normalise(contract.type, dict(wanted))
    return [term.name for term in terms_of(contract.type) if not term.same(ours[term.name], theirs[term.name])]


def suggested_values(contract: Contract) -> dict[str, Any]:
    """What the receiver suggested for the terms it rejected, as values of the terms: percentages as Decimals."""
    found: dict[str, Any] = {}
    for name, wish in contract.suggestions.items():
        if wish.get("value") is None or name not in BY_NAME or not BY_NAME[name].has(contract.type):
            continue
        percent = BY_NAME[name].unit is Unit.PERCENT
        found[name] = Decimal(str(wish["value"])) if percent else wish["value"]
    return found


def faults_in_suggestions(contract: Contract, values: Mapping[str, Any]) -> dict[str, str | Promise]:
    """A suggested value must be one that the term can hold: name → sentence."""
    own = {term.name for term in terms_of(contract.type)}
    strangers = set(values) - own
    if strangers:
        return dict.fromkeys(strangers, gettext_lazy("No value can be suggested for this."))
    both = {"provider_guarantee", "receiver_guarantee"}
    alone = {**contract.term_values(), **values} if both & set(values) else dict(values)
    found = faults_in_terms(contract.type, alone, complete=False)
    return {name: sentence for name, sentence in found.items() if name in values or both & {name} & both}


@dataclass(frozen=True)
class Unfit:
    """Why these performances cannot be agreed on; `field` is the form field that it belongs to, '' for none."""

    code: str
    sentence: str | Promise
    field: str = ""


def takes_place(performance: Performance) -> bool:
    """Not cancelled, and DIP still has it (or never had)."""
    return not performance.cancelled and performance.missing_since is None


def fault_in_choice(production: Production, theater: Theater, performances: Sequence[Performance]) -> Unfit | None:
    """One agreement covers performances of one production in one theater, a member of DIP, that still take place."""
    if not theater.dip_member:
        sentence = _("%(theater)s is not a member of DIP, so no agreement can be made with it here.")
        return Unfit("no_member", sentence % {"theater": theater})
    faults = (
        ("no_performances", not performances, gettext_lazy("Choose at least one performance.")),
        ("too_many", len(performances) > MOST_PERFORMANCES, gettext_lazy("Choose at most 60 performances.")),
        (
            "foreign_performance",
            any(one.production_id != production.pk or one.theater_id != theater.pk for one in performances),
            gettext_lazy("Choose performances of this production in this theater only."),
        ),
        (
            "cancelled",
            any(one.cancelled for one in performances),
            gettext_lazy("A cancelled performance cannot be agreed on. Leave it out."),
        ),
        (
            "missing",
            any(one.missing_since for one in performances),
            gettext_lazy("DIP no longer has one of these performances, so it cannot be agreed on. Leave it out."),
        ),
    )
    return next((Unfit(code, sentence, "performances") for code, is_so, sentence in faults if is_so), None)


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
            fault = fault_in_tranches(value, complete=complete)
            if fault:
                faults[term.name] = fault
    if (values.get("provider_guarantee") or 0) > 0 and (values.get("receiver_guarantee") or 0) > 0:
        faults["receiver_guarantee"] = gettext_lazy("Only one of the two guarantees can be filled.")
    return faults


def fault_in_tranches(rows: list[dict[str, Any]], *, complete: bool = False) -> str | Promise | None:
    """What is wrong with the slices. A proposal must say what happens above the last bound, so that one has no end."""
    bounds = [row["amount"] for row in rows]
    if complete and bounds[-1] != OPEN_END:
        return gettext_lazy("The last tranche has no end: leave its amount empty, so that all revenue is covered.")
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


def fault_in_standing(contract: Contract, found: StandingAgreement | None) -> str | Promise | None:
    """Why 'the standing agreement applies' says more than is on file; `found` as `standing.on_file` gives it."""
    if not contract.standing_agreement or found is not None:
        return None
    return gettext_lazy(
        "The terms say that the standing agreement applies, but none is on file for the day of the first performance."
    )


def fault_in_rejection(contract: Contract, reason: str, rejected_terms: list[str]) -> str | Promise | None:
    if not reason.strip():
        return gettext_lazy("Say why: the provider works on from your reason.")
    own = {term.name for term in terms_of(contract.type)} | {START_TIME}
    if not set(rejected_terms) <= own:
        return gettext_lazy("One of the ticked fields does not belong to this agreement.")
    return None


def in_table_order(names: list[str]) -> list[str]:
    order = [*BY_NAME, START_TIME]
    return sorted(set(names), key=order.index)
