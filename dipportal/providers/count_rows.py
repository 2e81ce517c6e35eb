"""The rows of the sales monitor, as HTML; see rows.py for how."""

import datetime as dt
from collections.abc import Iterable, Mapping
from html import escape

from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.catalogue.models import Theater
from dipportal.core import markup
from dipportal.core.grouping import grouped
from dipportal.core.markup import NOTHING, cell, nothing, sub
from dipportal.core.money import format_percent
from dipportal.core.templatetags.portal import row_url, signed, signed_percent, whole_euros
from dipportal.ticketing.models_sums import OwedCount, TourSums
from dipportal.ticketing.monitor import share
from dipportal.ticketing.seasons import Moving


def tours(rows: Iterable[TourSums], moving: Mapping[int, Moving], slug: str, *, producers: bool) -> SafeString:
    """Each production of a season; `producers`: those of several stand in the list."""
    before, after = row_url("providers:production_counts", slug)
    numbers = Numbers()
    played, sold, occupancy, change, revenue, reserved, counted = (
        esc(text)
        for text in (
            _("Played"), _("Sold"), _("Occupancy"), _("In a week"), _("Revenue"), _("Reservations"), _("Counted"),
        )
    )  # fmt: skip
    off = "\n" + markup.status("cancelled", _("Cancelled"))
    found = []
    for row in rows:
        production, now = row.production, moving[row.pk]
        found.append(
            f'<tr>\n<th scope="row"><a href="{before}{row.pk}{after}">{escape(production.title)}</a>'
            + (off if production.cancelled_at else "")
            + (sub(escape(production.producer.name)) if producers else "")
            + "</th>"
            + cell(sold, numbers.sold(row), "numeric")
            + cell(occupancy, _percent(row.occupancy), "numeric")
            + cell(change, _change(row), "numeric")
            + cell(revenue, NOTHING if row.revenue_cents is None else esc(whole_euros(row.revenue_cents)), "numeric")
            + cell(reserved, NOTHING if row.reservations is None else grouped(row.reservations), "numeric")
            + cell(played, numbers.played(row, now), "numeric text-nowrap")
            + cell(counted, numbers.counted(row.counted_at) + numbers.silent(now.silent))
            + "</tr>\n"
        )
    return SafeString("".join(found))


class Numbers:
    """Numbers with their words, which are looked up once a list."""

    def __init__(self) -> None:
        self._of, self._of_seats = esc(_("%(part)s of %(whole)s")), esc(_("of %(seats)s"))
        self._unknown = sub(esc(_("capacity not known")))
        self._none = nothing(_("no count"))
        self._ago, self._when = esc(_("%(age)s ago")), markup.Dates()
        self._silent: dict[int, SafeString] = {}

    def played(self, row: TourSums, now: Moving) -> str:
        return self._of % {"part": grouped(now.played), "whole": grouped(row.performances)}

    def sold(self, row: TourSums) -> str:
        if row.tickets is None:
            return self._none
        seats = sub(self._of_seats % {"seats": grouped(row.seats)}) if row.seats else self._unknown
        return grouped(row.tickets) + seats

    def counted(self, moment: dt.datetime | None) -> str:
        return self._ago % {"age": self._when.ago(moment)} if moment else NOTHING

    def silent(self, owed: int) -> str:
        if not owed:
            return ""
        if owed not in self._silent:
            label = ngettext("%(number)s owes a count", "%(number)s owe a count", owed) % {"number": grouped(owed)}
            self._silent[owed] = markup.badge(label, "warning", "alert-triangle")
        return f"\n<div>{self._silent[owed]}</div>"


def _percent(value: object) -> str:
    return NOTHING if value is None else esc(format_percent(value))  # type: ignore[arg-type]


def _change(row: TourSums) -> str:
    if row.change is None:
        return NOTHING
    part = share(row.change, row.week_before or 0)
    return esc(signed(row.change)) + (sub(esc(signed_percent(part))) if part is not None else "")


def silent_theaters(rows: Iterable[tuple[Theater, dict[str, object], list[OwedCount]]], slug: str) -> SafeString:
    """Each theater that owes counts, the performances of which it owes them, and whom to ask for them."""
    before, after = row_url("providers:production_counts", slug)
    when = markup.Dates()
    number, since, which, contact = (
        esc(text) for text in (_("Counts owed"), _("Silent since"), _("Performances"), _("Contact"))
    )
    more, none_yet = esc(_("and %(number)s more")), esc(_("%(number)s without any count"))
    never_told, unknown = esc(_("no count yet")), nothing(_("not known"))
    found = []
    for theater, row, named in rows:
        owed, never = int(row["owed"]), int(row["never"])  # type: ignore[call-overload]
        plays = "".join(
            f'<div>{when.of(one.starts_at, bare=True)} · <a href="{before}{one.production_id}{after}">'
            f"{escape(one.production.title)}</a></div>"
            for one in named
        )
        rest = owed - len(named)
        told = row["since"]
        address = theater.contact  # type: ignore[attr-defined]
        found.append(
            f'<tr>\n<th scope="row">{escape(theater.name)}{sub(escape(theater.city))}</th>'
            + cell(number, grouped(owed), "numeric")
            + cell(
                since,
                (when.of(told, "day", bare=True) if told else "")  # type: ignore[arg-type]
                + (sub(none_yet % {"number": grouped(never)}) if told and never else "")
                + (never_told if not told else ""),
            )
            + cell(which, plays + (sub(more % {"number": grouped(rest)}) if rest > 0 else ""))
            + cell(contact, f'<a href="mailto:{escape(address)}">{escape(address)}</a>' if address else unknown)
            + "</tr>\n"
        )
    return SafeString("".join(found))
