"""The rows of this area's long lists, as HTML.

A list of fifty rows is written by one function: through the template language the same rows cost more than everything
else on the page. What a cell holds is escaped here, value by value; the words that stand in every row are looked up
once a list. No source string stands inside an f-string, where it is not found when the strings are collected.
"""

from collections.abc import Iterable
from html import escape
from typing import Any

from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.core import markup
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


class Proposals:
    """What a list says of a proposal that can be answered. The words are looked up once a list."""

    def __init__(self, marks: Marks, when: markup.Dates) -> None:
        self._marks, self._when = marks, when
        self._choose, self._waits = aloud(_("Choose %(title)s, %(when)s")), esc(_("waits for %(age)s"))
        self._no_day, self._late = markup.not_shown(_("no last day")), markup.status("expired", _("expired"))

    def tick(self, row: Contract) -> str:
        """The cell with the box with which a proposal is chosen; empty when it is not open to an answer."""
        if row.pk not in self._marks.tickable:
            return '<td class="tick"></td>'
        label = self._choose % {
            "title": escape(row.production.title),
            "when": self._when.of(row.first_at, "day", bare=True) if row.first_at else "",
        }
        return (
            f'<td class="tick"><label><input type="checkbox" name="chosen" value="{row.pk}:{row.version}">'
            f"{label}</label></td>"
        )

    def due(self, row: Contract) -> str:
        """Until when a proposal can be approved."""
        if not row.answer_by or row.status != Status.PROPOSED or row.is_counter:
            return self._no_day
        late = self._late if row.pk in self._marks.expired else ""
        return f"{self._when.of(row.answer_by, 'day')} {late}"

    def proposed(self, row: Contract) -> str:
        """On which day, and for how long it has waited."""
        day = self._when.of(row.proposed_at, "day")
        if row.status != Status.PROPOSED or row.proposed_at is None:
            return day
        return f"{day}<div><small>{self._waits % {'age': self._when.ago(row.proposed_at)}}</small></div>"


def agreements(rows: Iterable[Contract], slug: str, marks: Marks, *, ticks: bool, several_theaters: bool) -> SafeString:
    before, after = row_url("receivers:contract", slug)
    types, when, states = words(ContractType.choices), markup.Dates(), States()
    proposals, differs = Proposals(marks, when), markup.status("conflict", _("differs in DIP"))
    first, theater, kind, provider, proposed, last_day, status, version = (
        esc(text)
        for text in (
            _("First performance"), _("Theater"), _("Type"), _("Provider"), _("Proposed"), _("Answer by"), _("Status"),
            _("version %(number)s"),
        )
    )  # fmt: skip
    found = []
    for row in rows:
        unlike = differs if row.conflict_at else ""
        found.append(
            f"<tr>\n{proposals.tick(row) if ticks else ''}"
            f'<th scope="row"><a href="{before}{row.pk}{after}">{escape(row.production.title)}</a>'
            + (f"\n<small>{version % {'number': whole(row.number)}}</small>" if row.number > 1 else "")
            + "</th>"
            + cell(first, when.of(row.first_at))
            + (cell(theater, escape(row.theater.name)) if several_theaters else "")
            + cell(kind, types[row.type], "text-nowrap")
            + cell(provider, escape(row.provider.name))
            + cell(proposed, proposals.proposed(row))
            + cell(last_day, proposals.due(row))
            + cell(status, f"{states.of(row)}\n{unlike}")
            + "</tr>\n"
        )
    return SafeString("".join(found))


def performances(rows: Iterable[Any], slug: str, *, several_theaters: bool) -> SafeString:
    """With what was agreed or proposed for each (`agreements`)."""
    before, after = row_url("receivers:contract", slug)
    types, plays = words(ContractType.choices), words(PerformanceStatus.choices)
    states, when, ids, none = States(), markup.Dates(), markup.DipIds(), nothing(_("none"))
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
            + cell(date, when.of(row.starts_at, bare=True))
            + f'<th scope="row">{title}</th>'
            + cell(theater, escape(", ".join(places)))
            + cell(dip_id, ids.of(row.dip_id))
            + cell(status, markup.status(row.status, plays[row.status]) + missing(row))
            + cell(agreement, "\n".join(links) or none)
            + "</tr>\n"
        )
    return SafeString("".join(found))


def missing(row: Any) -> str:
    return "\n" + markup.badge(_("no longer in DIP"), "warning", "alert-triangle") if row.missing_since else ""
