"""The rows of this area's long lists, as HTML.

A list of fifty rows is written by one function: through the template language the same rows cost more than everything
else on the page. What a cell holds is escaped here, value by value; the words that stand in every row are looked up
once a list. No source string stands inside an f-string, where it is not found when the strings are collected.
"""

from collections.abc import Iterable
from html import escape
from typing import Any

from django.utils import timezone
from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.core import dates, markup
from dipportal.core.markup import aloud, cell, nothing, whole, words
from dipportal.core.templatetags.portal import row_url
from dipportal.receivers.reading import Marks, state_of


def agreement_state(contract: Contract) -> SafeString:
    """The status as the receiver reads it: an adapted proposal of its own waits for the provider."""
    state = state_of(contract)
    return markup.status(state.code, state.label)


class States:
    """How agreements stand, as HTML: made once for all that stand alike."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, bool], SafeString] = {}

    def of(self, row: Contract) -> SafeString:
        alike = (row.status, row.side, bool(row.answer_source))
        if alike not in self._made:
            self._made[alike] = agreement_state(row)
        return self._made[alike]


def tick(contract: Contract, marks: Marks) -> str:
    """The cell with the box with which a proposal is chosen; empty when it is not open to an answer."""
    if contract.pk not in marks.tickable:
        return '<td class="tick"></td>'
    about = {"title": contract.production.title, "when": dates.day(contract.first_at)}
    label = aloud(_("Choose %(title)s, %(when)s") % about)
    return (
        f'<td class="tick"><label><input type="checkbox" name="chosen" value="{contract.pk}:{contract.version}">'
        f"{label}</label></td>"
    )


def due(contract: Contract, marks: Marks) -> str:
    """Until when a proposal can be approved."""
    if not contract.answer_by or contract.status != Status.PROPOSED or contract.is_counter:
        return markup.not_shown(_("no last day"))
    late = markup.status("expired", _("expired")) if contract.pk in marks.expired else ""
    return f"{markup.date(contract.answer_by, 'day')} {late}"


def agreements(rows: Iterable[Contract], slug: str, marks: Marks, *, ticks: bool, several_theaters: bool) -> SafeString:
    before, after = row_url("receivers:contract", slug)
    types, zone, states = words(ContractType.choices), timezone.get_current_timezone(), States()
    first, theater, kind, provider, proposed, last_day, status = (
        esc(text)
        for text in (
            _("First performance"), _("Theater"), _("Type"), _("Provider"), _("Proposed"), _("Answer by"), _("Status"),
        )
    )  # fmt: skip
    found = []
    for row in rows:
        version = _("version %(number)s") % {"number": whole(row.number)} if row.number > 1 else ""
        unlike = markup.status("conflict", _("differs in DIP")) if row.conflict_at else ""
        found.append(
            f"<tr>\n{tick(row, marks) if ticks else ''}"
            f'<th scope="row"><a href="{before}{row.pk}{after}">{escape(row.production.title)}</a>'
            + (f"\n<small>{esc(version)}</small>" if version else "")
            + "</th>"
            + cell(first, markup.dated(row.first_at, "", False, zone))
            + (cell(theater, escape(row.theater.name)) if several_theaters else "")
            + cell(kind, types[row.type], "text-nowrap")
            + cell(provider, escape(row.provider.name))
            + cell(proposed, markup.dated(row.proposed_at, "day", False, zone) + _waits(row))
            + cell(last_day, due(row, marks))
            + cell(status, f"{states.of(row)}\n{unlike}")
            + "</tr>\n"
        )
    return SafeString("".join(found))


def _waits(row: Contract) -> str:
    if row.status != Status.PROPOSED or row.proposed_at is None:
        return ""
    text = _("waits for %(age)s") % {"age": dates.ago(row.proposed_at)}
    return f"<div><small>{esc(text)}</small></div>"


def performances(rows: Iterable[Any], slug: str, *, several_theaters: bool) -> SafeString:
    """With what was agreed or proposed for each (`agreements`)."""
    before, after = row_url("receivers:contract", slug)
    types, plays = words(ContractType.choices), words(PerformanceStatus.choices)
    states, zone = States(), timezone.get_current_timezone()
    date, theater, dip_id, status, agreement = (
        esc(text)
        for text in (_("Date and time"), _("Theater and hall"), _("DIP-id"), _("Status"), _("Agreement"))
    )  # fmt: skip
    found = []
    for row in rows:
        title = escape(row.production.title)
        places = [row.theater.name] if several_theaters else []
        places += [row.hall.name] if row.hall else []
        links = [
            f'<a href="{before}{one.pk}{after}">{types[one.type]}<span class="visually-hidden"> {title}</span></a>\n'
            f"{states.of(one)}"
            for one in row.agreements
        ]
        found.append(
            "<tr>\n"
            + cell(date, markup.dated(row.starts_at, "", True, zone))
            + f'<th scope="row">{title}</th>'
            + cell(theater, escape(", ".join(places)))
            + cell(dip_id, markup.dip_id(row.dip_id))
            + cell(status, markup.status(row.status, plays[row.status]) + missing(row))
            + cell(agreement, "\n".join(links) or nothing(_("none")))
            + "</tr>\n"
        )
    return SafeString("".join(found))


def missing(row: Any) -> str:
    return "\n" + markup.badge(_("no longer in DIP"), "warning", "alert-triangle") if row.missing_since else ""
