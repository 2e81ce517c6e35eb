"""What the weekly mail about missing ticket counts says: how many, which, and for each a button that opens its page.

Pure. Call within `translation.override(reader.language)`.
"""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.catalogue.models import Performance, Theater
from dipportal.core import dates
from dipportal.notifications.actions import one_line
from dipportal.notifications.enums import Why
from dipportal.notifications.recipients import Reader
from dipportal.notifications.text import tidy, without_indents
from dipportal.organisations.models import Organisation

MOST_LISTED = 100
MOST_LETTERS = 120


@dataclass(frozen=True)
class Missing:
    """What a theater owes at a moment, read once for all its readers. `performances` in the order of their evenings."""

    theater: Theater
    organisation: Organisation
    performances: tuple[Performance, ...]
    now: dt.datetime

    @classmethod
    def of(cls, theater: Theater, performances: Sequence[Performance], now: dt.datetime) -> "Missing":
        if theater.receiver is None:
            raise ValueError("a theater that nobody runs owes nothing")
        return cls(theater, theater.receiver, tuple(performances), now)


@dataclass(frozen=True)
class Row:
    title: str
    when: str
    where: str
    dip_id: str
    url: str


@dataclass(frozen=True)
class Group:
    label: str
    rows: list[Row]


def render(missing: Missing, reader: Reader) -> tuple[str, str, str]:
    """Subject, text and HTML for one reader."""
    context = letter(missing, reader)
    text = tidy(render_to_string("mail/missing_counts.txt", context))
    html = without_indents(render_to_string("mail/missing_counts.html", context))
    return context["subject"], text, html


def letter(missing: Missing, reader: Reader) -> dict[str, Any]:
    number = len(missing.performances)
    return {
        "language": reader.language,
        "subject": _subject(missing),
        "opening": _opening(missing),
        "groups": _groups(missing),
        "more": max(0, number - MOST_LISTED),
        "list": _address(missing, "counts"),
        "no_access": _no_access(missing, reader),
        "why": _why(missing, reader),
        "settings": _address(missing, "counting"),
        "preferences": _preferences() if reader.user else "",
    }


def where_to_stop(missing: Missing, reader: Reader) -> str:
    """The page on which this reader can stop the mail: for themselves, or without an account for the theater."""
    return _preferences() if reader.user else _address(missing, "counting")


def _preferences() -> str:
    return settings.PUBLIC_URL + reverse("preferences")


def _address(missing: Missing, page: str, **key: int) -> str:
    path = reverse(f"receivers:{page}", kwargs={"organisation": missing.organisation.slug, **key})
    return f"{settings.PUBLIC_URL}{path}"


def _subject(missing: Missing) -> str:
    number = len(missing.performances)
    return ngettext(
        "Enter: ticket count of %(count)d performance, %(theater)s",
        "Enter: ticket counts of %(count)d performances, %(theater)s",
        number,
    ) % {"count": number, "theater": _short(missing.theater.name)}


def _opening(missing: Missing) -> str:
    number = len(missing.performances)
    return ngettext(
        "No ticket count is registered of %(count)d performance in %(theater)s.",
        "No ticket count is registered of %(count)d performances in %(theater)s.",
        number,
    ) % {"count": number, "theater": _short(missing.theater.name)}


def _groups(missing: Missing) -> list[Group]:
    listed = missing.performances[:MOST_LISTED]
    played = [_row(missing, one) for one in listed if one.starts_at <= missing.now]
    coming = [_row(missing, one) for one in listed if one.starts_at > missing.now]
    found = (Group(_("Already played"), played), Group(_("Coming"), coming))
    return [group for group in found if group.rows]


def _row(missing: Missing, performance: Performance) -> Row:
    return Row(
        title=_short(performance.production.title),
        when=dates.moment(performance.starts_at),
        where=_short(performance.hall.name) if performance.hall else "",
        dip_id=performance.dip_id,
        url=_address(missing, "count", pk=performance.pk),
    )


def _short(text: str) -> str:
    """On one line of the text as well: nothing in a title can pass for a line of ours."""
    return Truncator(one_line(text)).chars(MOST_LETTERS)


def _no_access(missing: Missing, reader: Reader) -> str:
    if reader.member:
        return ""
    return _("You need an account of %(organisation)s for this. No account? Ask a colleague who has one.") % {
        "organisation": _short(missing.organisation.name)
    }


def _why(missing: Missing, reader: Reader) -> str:
    name = {"organisation": _short(missing.organisation.name)}
    if reader.why is Why.OFFICE:
        return _("You get this because this is the address of %(organisation)s in the portal.") % name
    return _("You get this because you work for %(organisation)s.") % name
