"""The rows of this area's long lists, as HTML.

A list of fifty rows is written by one function: through the template language the same rows cost more than everything
else on the page. What a cell holds is escaped here, value by value; the words that stand in every row are looked up
once a list. No source string stands inside an f-string, where it is not found when the strings are collected.
"""

import datetime as dt
from collections.abc import Iterable
from html import escape
from typing import Any

from django.urls import reverse
from django.utils import timezone
from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.catalogue.enums import PerformanceKind, PerformanceStatus
from dipportal.catalogue.models import Performance, Theater
from dipportal.contracts.enums import AnswerSource, ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.models_batch import BatchKind
from dipportal.core import dates, markup
from dipportal.core.markup import NOTHING, aloud, cell, nothing, sub, whole, words
from dipportal.core.templatetags.portal import row_url
from dipportal.dip.models import RunKind, RunState, SyncRun
from dipportal.providers.history import state_of
from dipportal.providers.templatetags.stock import choosable


class Ticks:
    """The tick box of a concept or a performance; it belongs to the form of many_button.html further down. '' where
    nothing can be done with it at once, or when `shown` is False."""

    def __init__(self, name: str, *, shown: bool) -> None:
        self.name, self.shown, self.label = name, shown, esc(_("Choose: %(row)s"))

    def of(self, row: Any, about: str) -> str:
        """`about`: what the row is called, as HTML."""
        if not self.shown or not choosable(row):
            return ""
        return (
            f'<input type="checkbox" form="many-form" name="{self.name}" value="{row.pk}" '
            f'aria-label="{self.label % {"row": about}}">\n'
        )


# --- agreements ---------------------------------------------------------------------------------------------------
def agreements(rows: Iterable[Contract], slug: str, *, can_edit: bool, today: dt.date) -> SafeString:
    before, after = row_url("providers:contract", slug)
    types, when = words(ContractType.choices), markup.Dates()
    boxes, standing, last_days = Ticks("c", shown=can_edit), Standing(when), LastDays(today, when)
    theater, first, kind, status, proposed, due, version, evenings = (
        esc(text)
        for text in (
            _("Theater"), _("First performance"), _("Type"), _("Status"), _("Proposed"), _("Answer by"),
            _("version %(number)s"), _("%(number)s performances"),
        )
    )  # fmt: skip
    found = []
    for row in rows:
        title, house, many = escape(row.production.title), escape(row.theater.name), row.evenings  # type: ignore[attr-defined]
        box = boxes.of(row, f"{types[row.type]} · {title} · {house}")
        number = f" · {row.dip_id}" if row.dip_id else ""
        reference = escape(row.own_reference or row.reference)
        found.append(
            f'<tr>\n<th scope="row">{box}<a href="{before}{row.pk}{after}">{title}</a>'
            + (f'\n<small class="sub">{version % {"number": whole(row.number)}}</small>' if row.number > 1 else "")
            + sub(f'<span class="text-nowrap">{reference}</span>{number}')
            + "</th>"
            + cell(theater, house + sub(escape(row.theater.city)))
            + cell(
                first,
                when.of(row.first_at, bare=True) + (sub(evenings % {"number": whole(many)}) if many > 1 else ""),
            )
            + cell(kind, types[row.type], "text-nowrap")
            + cell(status, standing.of(row))
            + cell(proposed, when.of(row.proposed_at, "day", bare=True))
            + cell(due, last_days.of(row))
            + "</tr>\n"
        )
    return SafeString("".join(found))


class States:
    """How agreements stand, as HTML: made once for all that stand alike."""

    def __init__(self) -> None:
        self._made: dict[tuple[str, str, bool], SafeString] = {}

    def of(self, row: Contract) -> SafeString:
        alike = (row.status, row.side, row.discarded_at is None)
        if alike not in self._made:
            self._made[alike] = markup.status(*state_of(row))
        return self._made[alike]


class Standing:
    """How agreements stand, since when, and what else there is to know about their answer."""

    def __init__(self, when: markup.Dates) -> None:
        self._states, self._ages = States(), Ages(when)
        self._revision = sub(esc(_("revision; the agreement before it stays in force")))
        self._conflict = markup.status("conflict", _("differs in DIP"))

    def of(self, row: Contract) -> str:
        text = self._states.of(row) + sub(on_behalf(row)) + sub(self._ages.of(row))
        if row.revises_id and row.status not in (Status.APPROVED, Status.REVISED):
            text += self._revision
        return text + self._conflict if row.conflict_at else text


def on_behalf(row: Contract) -> str:
    """Who wrote down an answer that was given outside, and how it came. '' for any other answer."""
    if not row.on_behalf:
        return ""
    said = {
        "theater": row.theater.name,
        "who": row.answered_by.get_full_name() if row.answered_by else "",
        "source": AnswerSource(row.answer_source).label,
    }
    text = _("recorded on behalf of %(theater)s by %(who)s, %(source)s") % said
    return f"<span data-on-behalf>{esc(text)}</span>"


class Ages:
    """How long an agreement has been as it is, in words, as HTML; '' when nobody said since when."""

    def __init__(self, when: markup.Dates) -> None:
        self._when = when
        self._discarded, self._made, self._waits, self._answered = (
            esc(text)
            for text in (_("%(age)s ago"), _("made %(age)s ago"), _("waits %(age)s"), _("answered %(age)s ago"))
        )

    def of(self, row: Contract) -> str:
        if row.discarded_at:
            return self._discarded % {"age": self._when.ago(row.discarded_at)}
        if row.status == "concept":
            return self._made % {"age": self._when.ago(row.created_at)}
        if row.status == "proposed":
            return self._waits % {"age": self._when.ago(row.proposed_at)}
        return self._answered % {"age": self._when.ago(row.answered_at)} if row.answered_at else ""


class LastDays:
    """Until when own proposals can be approved, and which day has passed."""

    def __init__(self, today: dt.date, when: markup.Dates) -> None:
        self._when = when
        self._today, self._late = today, "\n" + markup.status("expired", _("past"))

    def of(self, row: Contract) -> str:
        if row.status != Status.PROPOSED or row.is_counter:
            return NOTHING
        if row.answer_by is None:
            return NOTHING
        return self._when.of(row.answer_by, "day", bare=True) + (self._late if row.answer_by < self._today else "")


# --- productions --------------------------------------------------------------------------------------------------
def productions(rows: Iterable[Any], slug: str) -> SafeString:
    before, after = row_url("providers:production", slug)
    season, genre, first, many, dip_id = (
        esc(text) for text in (_("Season"), _("Genre"), _("First performance"), _("Performances"), _("DIP-id"))
    )
    cancelled = "\n" + markup.status("cancelled", _("Cancelled"))
    when, not_yet = markup.Dates(), nothing(_("not yet in DIP"))
    return SafeString(
        "".join(
            f'<tr>\n<th scope="row"><a href="{before}{row.pk}{after}">{escape(row.title)}</a>'
            + (cancelled if row.cancelled_at else "")
            + "</th>\n"
            + cell(season, escape(row.season) or "–", "text-nowrap")
            + cell(genre, escape(row.genre.name) if row.genre else "–")
            + cell(first, when.of(row.first_at, "day"))
            + cell(many, whole(row.evenings), "numeric")
            + cell(dip_id, _in_dip(row.dip_id, not_yet))
            + "</tr>\n"
            for row in rows
        )
    )


def _in_dip(number: str, not_yet: str) -> str:
    """`not_yet`: what stands there without a number, as HTML."""
    return f"<code>{escape(number)}</code>" if number else not_yet


# --- performances -------------------------------------------------------------------------------------------------
Pairs = Iterable[tuple[Performance, Contract | None]]


def performances(rows: Pairs, slug: str, *, can_edit: bool) -> SafeString:
    """Of many productions: the list of performances."""
    before, after = row_url("providers:production", slug)
    links = Links(slug, can_edit=can_edit)
    production, theater, kind, agreement, dip_id = (
        esc(text) for text in (_("Production"), _("Theater"), _("Type"), _("Agreement"), _("DIP-id"))
    )
    kinds, when = words(PerformanceKind.choices), markup.Dates()
    boxes, not_yet = Ticks("p", shown=can_edit), nothing(_("not yet in DIP"))
    found = []
    for row, contract in rows:
        place, title = f"performance-{row.pk}", escape(row.production.title)
        hall = f'<div class="small">{escape(row.hall.name)}</div>' if row.hall else ""
        box = boxes.of(row, f"{title} · {row.starts_at.astimezone(when.zone):%d-%m-%Y %H:%M}")
        found.append(
            f'<tr id="{place}">\n<th scope="row">{box}'
            f'<a href="{before}{row.production_id}{after}#{place}">{when.of(row.starts_at)}</a>'
            + _missing(row)
            + "</th>"
            + cell(production, title)
            + cell(theater, escape(row.theater.name) + hall + sub(escape(row.theater.city)))
            + cell(kind, kinds[row.kind] + _closed(row), "text-nowrap")
            + cell(agreement, links.agreement(row, contract))
            + cell(dip_id, _in_dip(row.dip_id, not_yet))
            + "</tr>\n"
        )
    return SafeString("".join(found))


def tour(rows: Pairs, slug: str, *, can_edit: bool) -> SafeString:
    """Of one production: its tour."""
    before, after = row_url("providers:performance_edit", slug)
    links = Links(slug, can_edit=can_edit)
    theater, hall, kind, status, agreement, dip_id = (
        esc(text) for text in (_("Theater"), _("Hall"), _("Type"), _("Status"), _("Agreement"), _("DIP-id"))
    )
    kinds, states, edit = words(PerformanceKind.choices), words(PerformanceStatus.choices), esc(_("Edit"))
    boxes, not_yet = Ticks("p", shown=can_edit), nothing(_("not yet in DIP"))
    found = []
    for row, contract in rows:
        button = (
            f'<a class="btn btn-sm" href="{before}{row.pk}{after}">{edit}{aloud(" " + dates.moment(row.starts_at))}</a>'
            if can_edit and not row.cancelled
            else ""
        )
        found.append(
            f'<tr id="performance-{row.pk}">\n<th scope="row">{boxes.of(row, escape(str(row)))}'
            f"{markup.date(row.starts_at)}</th>"
            + cell(theater, esc(row.theater.name) + sub(esc(row.theater.city)))
            + cell(hall, esc(row.hall.name) if row.hall else "–")
            + cell(kind, kinds[row.kind] + _closed(row), "text-nowrap")
            + cell(status, markup.status(row.status, states[row.status]) + _missing(row))
            + cell(agreement, links.agreement(row, contract))
            + cell(dip_id, _in_dip(row.dip_id, not_yet))
            + (f"<td>{button}</td>" if can_edit else "")
            + "</tr>\n"
        )
    return SafeString("".join(found))


def _missing(row: Performance) -> str:
    return "\n" + markup.badge(_("no longer in DIP"), "warning", "alert-triangle") if row.missing_since else ""


def _closed(row: Performance) -> str:
    return sub(esc(_("closed"))) if row.private else ""


class Links:
    """From a performance to its agreement, or to the form that drafts one."""

    def __init__(self, slug: str, *, can_edit: bool) -> None:
        self._can_edit = can_edit
        self._before, self._after = row_url("providers:contract", slug)
        self._new, self._draft = reverse("providers:contract_new", args=[slug]), esc(_("Draft one"))
        self._states = {status.value: markup.status(status.value, status.label) for status in Status}
        self._no_member, self._none_yet = nothing(_("no member of DIP")), nothing(_("none yet"))

    def agreement(self, row: Performance, contract: Contract | None) -> str:
        if contract is not None:
            return f'<a href="{self._before}{contract.pk}{self._after}">{self._states[contract.status]}</a>'
        if row.cancelled or row.missing_since:
            return NOTHING
        if not row.theater.dip_member:
            return self._no_member
        if not self._can_edit:
            return self._none_yet
        about = f"production={row.production_id}&amp;theater={row.theater_id}&amp;performance={row.pk}"
        return f'<a href="{self._new}?{about}">{self._draft}</a>'


# --- theaters -----------------------------------------------------------------------------------------------------
def theaters(rows: Iterable[Any]) -> SafeString:
    """With their halls, each with its number (`shown_halls`)."""
    city, number, halls, member = (
        esc(text) for text in (_("City"), _("Number"), _("Halls, with their number"), _("Member of DIP"))
    )
    yes, no = _("yes,no").split(",")
    return SafeString(
        "".join(
            f'<tr>\n<th scope="row">{esc(row.name)}</th>'
            + cell(city, esc(row.city) or "–")
            + cell(number, markup.dip_id(str(row.pk)))
            + cell(halls, _halls(row))
            + cell(member, esc(yes if row.dip_member else no))
            + "</tr>\n"
            for row in rows
        )
    )


def _halls(theater: Any) -> str:
    lines = [f"<div>{esc(hall.name)}: <code>{hall.pk}</code></div>" for hall in theater.shown_halls]
    return "".join(lines) or nothing(_("no halls"))


def members(rows: Iterable[Theater]) -> SafeString:
    city, province, number = (esc(text) for text in (_("City"), _("Province"), _("Number")))
    return SafeString(
        "".join(
            f'<tr>\n<th scope="row">{esc(row.name)}</th>'
            + cell(city, esc(row.city) or "–")
            + cell(province, esc(row.province) or "–")
            + cell(number, str(row.pk), "numeric")
            + "</tr>\n"
            for row in rows
        )
    )


# --- what was done at once ----------------------------------------------------------------------------------------
def batches(rows: Iterable[Any], slug: str) -> SafeString:
    before, after = row_url("providers:batch", slug)
    what, who, many, done, refused = (
        esc(text) for text in (_("What"), _("Who"), _("Agreements"), _("Done"), _("Refused"))
    )
    kinds = words(BatchKind.choices)
    return SafeString(
        "".join(
            f'<tr>\n<th scope="row"><a href="{before}{row.pk}{after}">{markup.date(row.created_at)}</a></th>'
            + cell(what, kinds[row.kind])
            + cell(who, esc(str(row.made_by)))
            + cell(many, whole(row.total), "numeric")
            + cell(done, whole(row.good), "numeric")
            + cell(refused, whole(row.bad), "numeric")
            + "</tr>\n"
            for row in rows
        )
    )


# --- the pulls so far ---------------------------------------------------------------------------------------------
# How a run ended looks like a state of something else.
RUN_LOOKS = {RunState.GOOD: "done", RunState.PARTLY: "partial", RunState.FAILED: "failed"}


def runs(rows: Iterable[tuple[SyncRun, int | None]]) -> SafeString:
    """Each with how many seconds it took; None as long as it runs."""
    what, result, seconds, seen, new, changed, wrong = (
        esc(text)
        for text in (
            _("What"), _("Result"), _("Seconds"), _("Seen"), _("New"), _("Changed"), _("What went wrong"),
        )
    )  # fmt: skip
    kinds, zone = words(RunKind.choices), timezone.get_current_timezone()
    states = {state.value: markup.status(RUN_LOOKS.get(state, "running"), esc(str(state.label))) for state in RunState}
    found = []
    for row, took in rows:
        found.append(
            f'<tr>\n<th scope="row">{markup.dated(row.started_at, "", False, zone)}</th>'
            # A version before or after this one may have pulled something that has no name here.
            + cell(what, kinds.get(row.kind) or esc(row.kind))
            + cell(result, states[row.state])
            + cell(seconds, "–" if took is None else whole(took), "numeric")
            + cell(seen, whole(row.counts.get("seen") or 0), "numeric")
            + cell(new, whole(row.counts.get("new") or 0), "numeric")
            + cell(changed, whole(row.counts.get("changed") or 0), "numeric")
            + cell(wrong, _errors(row))
            + "</tr>\n"
        )
    return SafeString("".join(found))


def _errors(row: SyncRun) -> str:
    if not row.errors:
        return NOTHING
    many = len(row.errors)
    head = ngettext("%(number)s problem", "%(number)s problems", many) % {"number": whole(many)}
    lines = "".join(f'<li class="text-break">{esc(error)}</li>' for error in row.errors)
    return f"<details><summary>{esc(head)}</summary><ul>{lines}</ul></details>"
