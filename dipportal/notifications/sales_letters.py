"""What the mails about weekly sales say: the question whether somebody wants them, and the figures of a week.

Pure. `weekly` is called within `translation.override(subscription.language)`.
"""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation
from django.utils.text import Truncator
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.core import dates
from dipportal.core.grouping import grouped
from dipportal.core.money import format_cents, format_percent
from dipportal.core.spreadsheets import CONTENT_TYPES, XLSX
from dipportal.core.tables import MOST_ROWS
from dipportal.core.templatetags.portal import signed, signed_percent
from dipportal.notifications import weeks
from dipportal.notifications.actions import File, Mail, one_line
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import SalesSubscription
from dipportal.notifications.text import tidy, without_indents
from dipportal.ticketing import sales_sheet
from dipportal.ticketing.monitor import Sold, Tour
from dipportal.ticketing.running import Sales

MOST_PRODUCTIONS = 40
WEAKEST = 10
MOST_LETTERS = 120


@dataclass(frozen=True)
class Fact:
    label: str
    value: str
    note: str = ""


@dataclass(frozen=True)
class Seller:
    """A production or a performance, and how it sells."""

    title: str
    where: str
    sold: str
    full: str
    change: str


def invitation(subscription: SalesSubscription, token: str, who: str) -> Mail:
    """The question, with the link to the page on which it is answered.

    The name of the reader is not in it: whoever invites may type anything there, and the mail goes to a stranger.
    """
    with translation.override(subscription.language):
        name = {"organisation": _short(subscription.organisation.name)}
        context = {
            **name,
            "language": subscription.language,
            "subject": _("Do you want the weekly sales of %(organisation)s?") % name,
            "who": _short(who),
            "link": settings.PUBLIC_URL + reverse("sales_invitation", kwargs={"token": token}),
            "until": dates.day(subscription.expires_at),
        }
        return Mail(
            kind=Kind.SALES_INVITATION,
            event_key=f"sales-invitation:{subscription.pk}:{subscription.invitation_digest[:24]}",
            recipient=subscription.email,
            organisation=subscription.organisation,
            language=subscription.language,
            subject=context["subject"],
            text=tidy(render_to_string("mail/sales_invitation.txt", context)),
            html=render_to_string("mail/sales_invitation.html", context),
        )


def weekly(subscription: SalesSubscription, sales: Sales, week: dt.date, token: str) -> Mail:
    """The mail of one week with its sheet; `token` is the secret of its stop link."""
    stop = settings.PUBLIC_URL + reverse("sales_stop", kwargs={"token": token})
    context = _letter(subscription, sales, week, stop)
    return Mail(
        kind=Kind.SALES,
        event_key=event_key(subscription.pk, week),
        recipient=subscription.email,
        organisation=subscription.organisation,
        language=subscription.language,
        subject=context["subject"],
        text=tidy(render_to_string("mail/sales.txt", context)),
        html=without_indents(render_to_string("mail/sales.html", context)),
        one_click=stop,
        files=(_sheet(sales, week),),
    )


def event_key(subscription: int, week: dt.date) -> str:
    return f"sales:{subscription}:{weeks.name_of(week)}"


def _sheet(sales: Sales, week: dt.date) -> File:
    what = _("Sales of %(organisation)s") % {"organisation": _short(sales.organisation.name)}
    content = sales_sheet.made(XLSX, what, sales.in_sheet, sales.now)
    name = _("sales")
    return File(f"{name}-{weeks.name_of(week)}.{XLSX}", CONTENT_TYPES[XLSX], content)


def _letter(subscription: SalesSubscription, sales: Sales, week: dt.date, stop: str) -> dict[str, Any]:
    organisation = _short(sales.organisation.name)
    listed = sales.by_production[:MOST_PRODUCTIONS]
    return {
        "language": subscription.language,
        "subject": _subject(sales.together, week),
        "opening": _("How the productions of %(organisation)s sold, as it stood on %(moment)s.")
        % {"organisation": organisation, "moment": dates.moment(sales.now)},
        "facts": _facts(sales.together),
        "weakest": [_evening(one) for one in sales.weakest(WEAKEST)],
        "productions": [_production(_short(one.title), tour) for one, tour in listed],
        "more": len(sales.by_production) - len(listed),
        "cut": _cut(sales),
        "why": _("You get this because you said yes to it on %(day)s, at the request of %(organisation)s.")
        % {"day": dates.day(subscription.confirmed_at), "organisation": organisation},
        "stop": stop,
    }


def _subject(tour: Tour, week: dt.date) -> str:
    """As 'Sales week 48: 1,240 tickets, +86'."""
    number = week.isocalendar().week
    told = {"week": number, "tickets": grouped(tour.tickets)}
    if tour.change is None:
        text = ngettext(
            "Sales week %(week)s: %(tickets)s ticket", "Sales week %(week)s: %(tickets)s tickets", tour.tickets
        )
        return text % told
    text = ngettext(
        "Sales week %(week)s: %(tickets)s ticket, %(change)s",
        "Sales week %(week)s: %(tickets)s tickets, %(change)s",
        tour.tickets,
    )
    return text % {**told, "change": signed(tour.change) if tour.change else "±0"}


def _facts(tour: Tour) -> list[Fact]:
    facts = [
        Fact(_("Sold"), grouped(tour.tickets), _of_seats(tour)),
        Fact(_("Change in a week"), signed(tour.change) or _("not known yet"), signed_percent(tour.change_share)),
        Fact(_("Revenue"), format_cents(tour.revenue_cents), _("with surcharge and VAT")),
    ]
    if tour.reservations is not None:
        facts.append(Fact(_("Reservations"), grouped(tour.reservations), _("not among what is sold")))
    counted = {"counted": grouped(len(tour.counted)), "playing": grouped(len(tour.playing))}
    return [*facts, Fact(_("Counted"), _("%(counted)s of %(playing)s performances") % counted)]


def _of_seats(tour: Tour) -> str:
    if tour.occupancy is None:
        return _("the capacity is not known")
    return _("%(full)s of %(seats)s seats") % {"full": format_percent(tour.occupancy), "seats": grouped(tour.seats)}


def _production(title: str, tour: Tour) -> Seller:
    if not tour.counted:
        return Seller(title, _("no count yet"), "", "", "")
    plays = ngettext("%(number)s performance", "%(number)s performances", len(tour.playing))
    return Seller(
        title=title,
        where=plays % {"number": grouped(len(tour.playing))},
        sold=grouped(tour.tickets),
        full=format_percent(tour.occupancy),
        change=signed(tour.change),
    )


def _evening(one: Sold) -> Seller:
    performance = one.performance
    return Seller(
        title=_short(performance.production.title),
        where=f"{dates.moment(performance.starts_at)}, {_short(performance.theater.name)}",
        sold=_("%(sold)s of %(seats)s") % {"sold": grouped(one.tickets or 0), "seats": grouped(one.seats)},
        full=format_percent(one.occupancy),
        change=signed(one.change),
    )


def _cut(sales: Sales) -> str:
    if len(sales.in_sheet) == len(sales.sold):
        return ""
    return _("The sheet begins a week ago, because there is more than fits: it has at most %(most)s performances.") % {
        "most": grouped(MOST_ROWS)
    }


def _short(text: str) -> str:
    """On one line of the text as well: nothing in a title can pass for a line of ours."""
    return Truncator(one_line(text)).chars(MOST_LETTERS)
