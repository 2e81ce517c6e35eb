"""The productions of a season in a list, as HTML, for both sides of the portal."""

import datetime as dt
from collections.abc import Iterable, Mapping
from html import escape

from django.utils.html import conditional_escape as esc
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.core import markup
from dipportal.core.grouping import grouped
from dipportal.core.markup import NOTHING, cell, nothing, sub
from dipportal.core.money import format_percent
from dipportal.core.templatetags.portal import at, signed, signed_percent, whole_euros
from dipportal.ticketing.in_house import Sums
from dipportal.ticketing.monitor import share
from dipportal.ticketing.seasons import Moving


def productions(
    rows: Iterable[Sums],
    moving: Mapping[int, Moving],
    place: tuple[str, str],
    *,
    producers: bool,
    first_at: Mapping[int, dt.datetime] | None = None,
) -> SafeString:
    """Each production of a season. `place`: the address of its page, of row_url; `producers`: those of several stand
    in the list; `first_at`: when each plays for the first time, in a column of its own."""
    numbers = Numbers()
    day, played, sold, occupancy, change, revenue, reserved, counted = (
        esc(text)
        for text in (
            _("First performance"), _("Played"), _("Sold"), _("Occupancy"), _("In a week"), _("Revenue"),
            _("Reservations"), _("Counted"),
        )
    )  # fmt: skip
    off = "\n" + markup.status("cancelled", _("Cancelled"))
    found = []
    for row in rows:
        production, now = row.production, moving[row.pk]
        found.append(
            f'<tr><th scope="row"><a href="{at(place, row.pk)}">{escape(production.title)}</a>'
            + (off if production.cancelled_at else "")
            + (sub(escape(production.producer.name)) if producers else "")
            + "</th>"
            + (
                cell(day, numbers.when.of(first_at.get(row.pk), "day", bare=True), "text-nowrap")
                if first_at is not None
                else ""
            )
            + cell(sold, numbers.sold(row), "numeric")
            + cell(occupancy, _percent(row.occupancy), "numeric")
            + cell(change, _change(row), "numeric")
            + cell(revenue, NOTHING if row.revenue_cents is None else esc(whole_euros(row.revenue_cents)), "numeric")
            + cell(reserved, NOTHING if row.reservations is None else grouped(row.reservations), "numeric")
            + cell(played, numbers.played(row, now), "numeric")
            + cell(counted, numbers.counted(row.counted_at) + numbers.silent(now.silent))
            + "</tr>\n"
        )
    return SafeString("".join(found))


class Numbers:
    """Numbers with their words, which are looked up once a list."""

    def __init__(self) -> None:
        # On one line, in fewer bytes than a class for each.
        self._of = esc(_("%(part)s of %(whole)s")).replace(" ", "\u00a0")
        self._of_seats = esc(_("of %(seats)s"))
        self._unknown = sub(esc(_("capacity not known")))
        self._none = nothing(_("no count"))
        self._ago, self.when = esc(_("%(age)s ago")), markup.Dates()
        self._silent: dict[int, SafeString] = {}

    def played(self, row: Sums, now: Moving) -> str:
        return self._of % {"part": grouped(now.played), "whole": grouped(row.performances)}

    def sold(self, row: Sums) -> str:
        if row.tickets is None:
            return self._none
        seats = sub(self._of_seats % {"seats": grouped(row.seats)}) if row.seats else self._unknown
        return grouped(row.tickets) + seats

    def counted(self, moment: dt.datetime | None) -> str:
        return self._ago % {"age": self.when.ago(moment)} if moment else NOTHING

    def silent(self, owed: int) -> str:
        if not owed:
            return ""
        if owed not in self._silent:
            label = ngettext("%(number)s owes a count", "%(number)s owe a count", owed) % {"number": grouped(owed)}
            self._silent[owed] = markup.badge(label, "warning", "alert-triangle")
        return f"<div>{self._silent[owed]}</div>"


def _percent(value: object) -> str:
    return NOTHING if value is None else esc(format_percent(value))  # type: ignore[arg-type]


def _change(row: Sums) -> str:
    if row.change is None:
        return NOTHING
    part = share(row.change, row.week_before or 0)
    return esc(signed(row.change)) + (sub(esc(signed_percent(part))) if row.change and part is not None else "")
