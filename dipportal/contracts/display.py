"""Terms as people read them: one text a value, rows a group, and what differs from the version before."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.contracts import rules
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import EXTRA_FLAGS, OPEN_END, Group, Term, Unit
from dipportal.core.money import format_cents, format_percent


@dataclass(frozen=True)
class Row:
    """One term of one agreement. `before` is its text in the version before, None when there is none."""

    term: Term
    text: str
    before: str | None = None
    rejected: bool = False
    missing: bool = False
    warnings: tuple[str, ...] = ()
    # What the receiver would rather see in a rejected term, and what it says beside it.
    suggestion: str = ""
    remark: str = ""
    # Does it mean something else than before? ('Not filled in' and zero mean the same.)
    changed: bool = False


@dataclass(frozen=True)
class GroupOfRows:
    label: str | Promise
    rows: list[Row]


def text_of(term: Term, value: Any) -> str:
    """The value of a term with its unit; '' when nothing is filled in."""
    if value is None or value in ("", []):
        return ""
    if term.unit in (Unit.PRICES, Unit.TRANCHES):
        return "; ".join(pieces(term, value))
    return _TEXTS.get(term.unit, str)(value)


def pieces(term: Term, value: Any) -> list[str]:
    """A value of several parts, one text each: price by rank, tranche by tranche, line by line."""
    if term.unit is Unit.PRICES:
        return [format_cents(cents) for cents in value or []]
    if term.unit is Unit.TRANCHES:
        return [_tranche(row, first=index == 0) for index, row in enumerate(value or [])]
    return str(value or "").strip().splitlines()


def _yes_or_no(value: bool) -> str:
    return _("yes") if value else _("no")


def _tranche(row: dict[str, Any], *, first: bool) -> str:
    share = format_percent(Decimal(str(row["percentage"])))
    if row["amount"] != OPEN_END:
        return _("up to %(amount)s: %(share)s") % {"amount": format_cents(row["amount"]), "share": share}
    return share if first else _("above that: %(share)s") % {"share": share}


_TEXTS: dict[Unit, Callable[[Any], str]] = {
    Unit.CENTS: format_cents,
    Unit.PERCENT: format_percent,
    Unit.FLAG: _yes_or_no,
}


def groups(contract: Contract, before: Contract | None = None) -> list[GroupOfRows]:
    """Every term of the agreement, by group, in the order of the table; empty groups are left out."""
    values = contract.term_values()
    missing = rules.faults_in_terms(contract.type, values, complete=True)
    warnings = rules.warnings_in_terms(contract.type, values)
    suggested = rules.suggested_values(contract)
    found: dict[Group, list[Row]] = {group: [] for group in Group}
    for term in contract.terms:
        found[term.group].append(
            Row(
                term=term,
                text=text_of(term, values[term.name]),
                before=_text_before(term, before),
                rejected=term.name in contract.rejected_terms,
                missing=term.name in missing,
                warnings=tuple(warning.text for warning in warnings if warning.term == term.name),
                suggestion=text_of(term, suggested.get(term.name)),
                remark=remark_on(contract, term.name),
                changed=before is not None
                and term.has(before.type)
                and not term.same(values[term.name], term.value(before)),
            )
        )
    return [GroupOfRows(group.label, rows) for group, rows in found.items() if rows]


def _text_before(term: Term, before: Contract | None) -> str | None:
    if before is None or not term.has(before.type):
        return None
    return text_of(term, term.value(before))


def start_time_rejected(contract: Contract) -> bool:
    return any(name in contract.rejected_terms for name in EXTRA_FLAGS)


def remark_on(contract: Contract, name: str) -> str:
    """What the receiver said beside a rejected term, or beside the start time; '' for nothing."""
    return str(contract.suggestions.get(name, {}).get("remark") or "")


def differences(terms: Iterable[Term], old: dict[str, Any], new: dict[str, Any]) -> list[tuple[Term, str, str]]:
    """The terms whose text differs: (term, text in `old`, text in `new`)."""
    pairs = ((term, text_of(term, old.get(term.name)), text_of(term, new.get(term.name))) for term in terms)
    return [(term, was, is_now) for term, was, is_now in pairs if was != is_now]
