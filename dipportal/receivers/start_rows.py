"""The rows of the start page, as HTML; see rows.py for how and why."""

from collections.abc import Iterable
from html import escape

from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.catalogue.changes import Change
from dipportal.catalogue.enums import PerformanceStatus
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.core import dates, markup
from dipportal.core.markup import cell, whole, words
from dipportal.core.templatetags.portal import row_url
from dipportal.receivers.reading import Marks
from dipportal.receivers.rows import Proposals, States


def waiting(rows: Iterable[Contract], slug: str, marks: Marks, *, several_theaters: bool, me: int) -> SafeString:
    """Proposals to answer. `me`: the number of the reader where it is shown who agreed first, otherwise 0."""
    before, after = row_url("receivers:contract", slug)
    types, when = words(ContractType.choices), markup.Dates()
    proposals = Proposals(marks, when)
    played, theater, kind, provider, waits, last_day, agreed, version = (
        esc(text)
        for text in (
            _("First performance"), _("Theater"), _("Type"), _("Provider"), _("Waiting"), _("Answer by"),
            _("Agreed first"), _("version %(number)s"),
        )
    )  # fmt: skip
    found = []
    for row in rows:
        number = f"\n<small>{version % {'number': whole(row.number)}}</small>" if row.number > 1 else ""
        found.append(
            "<tr>\n"
            + (f"{proposals.tick(row)}\n" if marks.tickable else "")
            + f'<th scope="row">\n<a href="{before}{row.pk}{after}">{escape(row.production.title)}</a>{number}\n'
            + "</th>\n"
            + cell(played, when.of(row.first_at))
            + (cell(theater, escape(row.theater.name)) if several_theaters else "")
            + cell(kind, types[row.type], "text-nowrap")
            + cell(provider, escape(row.provider.name))
            + cell(waits, when.of(row.proposed_at, "ago"))
            + cell(last_day, proposals.due(row))
            + (cell(agreed, _agreed_first(row, me, when)) if me else "")
            + "\n</tr>\n"
        )
    return SafeString("".join(found))


def _agreed_first(row: Contract, me: int, when: markup.Dates) -> str:
    who = escape(row.endorsed_by.get_full_name()) if row.endorsed_by else ""
    mine = row.endorsed_by_id == me
    since = esc(_("That was you: a colleague has to agree.")) if mine else when.of(row.endorsed_at)
    return f"{who}\n<div>\n<small>{since}</small>\n</div>"


def counters(rows: Iterable[Contract], slug: str) -> SafeString:
    """This house's own adapted proposals."""
    before, after = row_url("receivers:contract", slug)
    when, states = markup.Dates(), States()
    played, status, provider, sent, version = (
        esc(text) for text in (_("First performance"), _("Status"), _("Provider"), _("Sent"), _("version %(number)s"))
    )
    return SafeString(
        "".join(
            f'<tr>\n<th scope="row">\n<a href="{before}{row.pk}{after}">{escape(row.production.title)}</a>\n'
            f"<small>{version % {'number': whole(row.number)}}</small>\n</th>\n"
            + cell(played, when.of(row.first_at))
            + cell(status, states.of(row))
            + cell(provider, escape(row.provider.name))
            + cell(sent, when.of(row.proposed_at, "ago"))
            + "\n</tr>\n"
            for row in rows
        )
    )


def changes(rows: Iterable[Change]) -> SafeString:
    """What providers moved and cancelled."""
    when, states = markup.Dates(), words(PerformanceStatus.choices)
    what, now, since, was = (esc(text) for text in (_("What changed"), _("It is now"), _("When"), _("was:")))
    found = []
    for row in rows:
        play = row.performance
        before = [dates.moment(row.was_at)] if row.was_at else []
        before += [row.was_in] if row.was_in else []
        old = [f"<div><small>{was} <del>{escape(text)}</del></small></div>" for text in before]
        hall = f"{escape(play.hall.name)}\n" if play.hall else ""
        found.append(
            f'<tr>\n<th scope="row">{escape(play.production.title)}</th>\n'
            + cell(what, "\n".join([esc(str(row.entry.label)), *old]))
            + cell(
                now,
                f"{when.of(play.starts_at)}\n{hall}" + markup.status(play.status, states[play.status]),
            )
            + cell(since, when.of(row.entry.at, "ago"))
            + "\n</tr>\n"
        )
    return SafeString("".join(found))
