"""The rows of the start page, as HTML; see rows.py for how and why."""

from collections.abc import Callable, Iterable
from html import escape
from typing import Any

from django.urls import reverse
from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.text import Truncator
from django.utils.translation import gettext as _

from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.core import dates, markup
from dipportal.core.markup import words
from dipportal.core.templatetags.portal import row_url

REASON = 160


def agreements(rows: Iterable[Contract], name: str, slug: str) -> SafeString:
    """`name` is the section's: it says since when each row waits."""
    before, after = row_url("providers:contract", slug)
    types, when, since = words(ContractType.choices), markup.Dates(), SINCE.get(name, _nothing)
    found = []
    for row in rows:
        title = f"{escape(row.production.title)} · {escape(row.theater.name)}"
        reason = row.rejection_reason if name == "rejections" else ""
        found.append(
            f'{ROW}<div>\n<a href="{before}{row.pk}{after}">{title}</a>\n<div class="text-secondary">\n'
            + " · ".join((when.of(row.first_at, "day"), types[row.type], *map(esc, since(row))))
            + "\n</div>\n"
            + (f"<div>“{escape(Truncator(reason).chars(REASON))}”</div>\n" if reason else "")
            + "</div>\n</li>\n"
        )
    return SafeString("".join(found))


ROW = '<li class="d-flex justify-content-between align-items-center gap-3 py-2 border-top">\n'


def _nothing(_row: Contract) -> list[str]:
    return []


def _counters(row: Contract) -> list[str]:
    return [_("waits %(age)s") % {"age": dates.ago(row.proposed_at)}]


def _unanswered(row: Contract) -> list[str]:
    due = [_("answer by %(day)s") % {"day": dates.day(row.answer_by)}] if row.answer_by else []
    return [*_counters(row), *due]


def _expired(row: Contract) -> list[str]:
    return [_("last day was %(day)s") % {"day": dates.day(row.answer_by)}]


def _seconds(row: Contract) -> list[str]:
    return [_("first yes %(age)s ago") % {"age": dates.ago(row.endorsed_at)}]


def _concepts(row: Contract) -> list[str]:
    return [_("made %(age)s ago") % {"age": dates.ago(row.created_at)}]


def _rejections(row: Contract) -> list[str]:
    return [_("rejected %(age)s ago") % {"age": dates.ago(row.answered_at)}]


# What a section says of its rows besides the first evening and the type.
SINCE: dict[str, Callable[[Contract], list[str]]] = {
    "counters": _counters,
    "unanswered": _unanswered,
    "expired": _expired,
    "seconds": _seconds,
    "concepts": _concepts,
    "rejections": _rejections,
}


def performances(rows: Iterable[Any], slug: str, *, can_edit: bool) -> SafeString:
    """Those without an agreement, each with the way to one."""
    before, after = row_url("providers:production", slug)
    draft, draft_url = esc(_("Draft one")), reverse("providers:contract_new", args=[slug])
    when = markup.Dates()
    found = []
    for row in rows:
        about = f"production={row.production_id}&amp;theater={row.theater_id}"
        button = f'<a class="btn btn-sm flex-shrink-0" href="{draft_url}?{about}">{draft}</a>\n' if can_edit else ""
        found.append(
            f'{ROW}<div>\n<a href="{before}{row.production_id}{after}#performance-{row.pk}">'
            f'{escape(row.production.title)}</a>\n<div class="text-secondary">\n'
            f"{when.of(row.starts_at)} · {escape(row.theater.name)}\n</div>\n</div>\n"
            f"{button}</li>\n"
        )
    return SafeString("".join(found))
