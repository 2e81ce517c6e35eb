"""Ticket counts as a spreadsheet: its columns, and what is written into it. Pure: it gets what it writes.

A column is found by its heading, in every language of the portal and in any order, so the words of a heading are part
of what old sheets can be read by.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache

from django.conf import settings
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.core import spreadsheets
from dipportal.core.spreadsheets import Column, Form, Line, Notes, Value
from dipportal.ticketing import definitions, rules
from dipportal.ticketing.enums import TicketKind
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.rules import MOST_CENTS, MOST_TICKETS, Standing

# As they stand in the sheet: 'other' with the complimentary tickets that the next column tells apart.
ENTRY = ("normal", "discount", "free", "other", "complimentary", "reservations", "blocked_seats", "revenue_cents")
NOTHING = "0"

Numbers = Mapping[str, int | None]


@dataclass(frozen=True)
class Field:
    """A column of the sheet. `needed`: without it a sheet cannot be read."""

    name: str
    heading: str | Promise
    text: str | Promise
    width: int
    form: Form = Form.TEXT
    needed: bool = False

    @property
    def entry(self) -> bool:
        return self.name in ENTRY


def _entry(name: str, heading: str | Promise, text: str | Promise, *, needed: bool = True) -> Field:
    return Field(name, heading, text, 13, Form.WHOLE, needed)


FIELDS = (
    Field(
        "dip_id",
        gettext_lazy("DIP-id"),
        gettext_lazy("The key by which a row is recognised. Leave it as it is."),
        32,
        needed=True,
    ),
    Field("day", gettext_lazy("Date"), gettext_lazy("To recognise the performance; it is compared."), 12, Form.DAY),
    Field("clock", gettext_lazy("Time"), gettext_lazy("To recognise the performance; it is compared."), 8, Form.CLOCK),
    Field("title", gettext_lazy("Production"), gettext_lazy("To recognise the performance; it is compared."), 40),
    Field("theater", gettext_lazy("Theater"), gettext_lazy("To recognise the performance."), 26),
    Field("hall", gettext_lazy("Hall"), gettext_lazy("To recognise the performance."), 20),
    Field(
        "seats", gettext_lazy("Seats"), gettext_lazy("The seats of this performance, as DIP has them."), 9, Form.WHOLE
    ),
    _entry("normal", TicketKind.NORMAL.label, definitions.KINDS[TicketKind.NORMAL]),
    _entry("discount", TicketKind.DISCOUNT.label, definitions.KINDS[TicketKind.DISCOUNT]),
    _entry("free", TicketKind.FREE.label, definitions.KINDS[TicketKind.FREE]),
    _entry("other", TicketKind.OTHER.label, definitions.KINDS[TicketKind.OTHER]),
    _entry(
        "complimentary",
        gettext_lazy("Of which complimentary"),
        gettext_lazy("How many of 'other' are complimentary tickets. Used by a few theaters only."),
        needed=False,
    ),
    _entry("reservations", gettext_lazy("Reservations"), definitions.RESERVATIONS),
    _entry("blocked_seats", gettext_lazy("Blocked seats"), definitions.BLOCKED),
    Field("revenue_cents", gettext_lazy("Revenue in euros"), definitions.REVENUE, 16, Form.CENTS, needed=True),
    Field(
        "closed",
        gettext_lazy("Closed for entry"),
        gettext_lazy("Why nothing can be entered in a row. What stands in such a row is not read."),
        50,
    ),
    Field(
        "mark",
        gettext_lazy("Mark"),
        gettext_lazy(
            "What stood here when the sheet was downloaded. Leave it as it is: it keeps a colleague's work safe."
        ),
        44,
    ),
)
BY_NAME = {one.name: one for one in FIELDS}


def folded(heading: str) -> str:
    """A heading without what people change in it: capitals, spaces, dashes."""
    return "".join(letter for letter in heading.casefold() if letter.isalnum())


@cache
def headings() -> Mapping[str, str]:
    """Every heading that is understood, folded → the name of its field."""
    found: dict[str, str] = {}
    for language, _name in settings.LANGUAGES:
        with translation.override(language):
            found.update({folded(str(one.heading)): one.name for one in FIELDS})
    return found


@dataclass(frozen=True)
class Mark:
    """What a row says of the moment of its download: when the own count was changed last, and what was filled in."""

    seen: dt.datetime | None
    filled: tuple[int | None, ...] = field(default=(None,) * len(ENTRY))

    def __str__(self) -> str:
        seen = NOTHING if self.seen is None else self.seen.astimezone(dt.UTC).isoformat()
        return f"{seen} {'/'.join('' if number is None else str(number) for number in self.filled)}"

    @classmethod
    def parse(cls, text: str) -> "Mark":
        """Raises ValueError."""
        when, _space, rest = text.partition(" ")
        filled = tuple(int(part) if part else None for part in rest.split("/"))
        seen = None if when == NOTHING else dt.datetime.fromisoformat(when)
        if len(filled) != len(ENTRY) or (seen is not None and seen.tzinfo is None):
            raise ValueError("not a mark")
        return cls(seen, filled)


def stands(standing: Standing) -> Numbers:
    """What stands now, as the sheet shows it; None where a number was not told.

    What was entered here, unless something else was told later. Totals without kinds fill in nothing.
    """
    count = _stands(standing)
    if count is None or count.kinds is None:
        return dict.fromkeys(ENTRY)
    numbers: dict[str, int | None] = {name: getattr(count, name) for name in ENTRY}
    numbers["other"] = count.kinds[TicketKind.OTHER] + count.kinds[TicketKind.COMPLIMENTARY]
    return numbers


def _stands(standing: Standing) -> TicketCount | None:
    mine, shown = standing.entered, standing.shown
    if mine is None or shown is None or not mine.is_told:
        return shown
    same = (mine.tickets, mine.revenue_cents) == (shown.tickets, shown.revenue_cents)
    return mine if same else shown


def as_filled(numbers: Numbers) -> tuple[int | None, ...]:
    return tuple(numbers[name] for name in ENTRY)


def mark(standing: Standing) -> Mark:
    mine = standing.entered
    return Mark(None if mine is None else mine.changed_at, as_filled(stands(standing)))


# --- writing ------------------------------------------------------------------------------------------------------
def xlsx(standings: Iterable[Standing], *, several_theaters: bool) -> bytes:
    fields = _shown(several_theaters)
    lines = [_line(one, fields) for one in standings]
    return spreadsheets.xlsx(_("Ticket counts"), _columns(fields), lines, Notes(_("Explanation"), _notes(fields)))


def csv(standings: Iterable[Standing], *, several_theaters: bool) -> bytes:
    fields = _shown(several_theaters)
    return spreadsheets.csv_file(_columns(fields), [_line(one, fields) for one in standings])


def _shown(several_theaters: bool) -> Sequence[Field]:
    return [one for one in FIELDS if several_theaters or one.name != "theater"]


def _columns(fields: Sequence[Field]) -> list[Column]:
    places = {one.name: place for place, one in enumerate(fields)}
    return [
        Column(
            str(one.heading),
            one.width,
            one.form,
            entry=one.entry,
            most=MOST_CENTS // 100 if one.form is Form.CENTS else MOST_TICKETS,
            bounded_by=places["other"] if one.name == "complimentary" else None,
        )
        for one in fields
    ]


def _line(standing: Standing, fields: Sequence[Field]) -> Line:
    performance = standing.performance
    closed = rules.closed(standing)
    starts = timezone.localtime(performance.starts_at)
    values: dict[str, Value] = {
        "dip_id": performance.dip_id,
        "day": starts.date(),
        "clock": starts.time().replace(second=0, microsecond=0),
        "title": performance.production.title,
        "theater": performance.theater.name,
        "hall": performance.hall.name if performance.hall is not None else "",
        "seats": performance.seats or None,
        "closed": "" if closed is None else closed.sentence,
        "mark": str(mark(standing)),
        **stands(standing),
    }
    return Line([values[one.name] for one in fields], locked=closed is not None)


def _notes(fields: Sequence[Field]) -> list[tuple[str, str]]:
    rows = [(str(one.heading), str(one.text)) for one in fields]
    return [
        (
            _("How it works"),
            _("Fill in the coloured cells, save the sheet, and upload it. Nothing is saved before you confirm."),
        ),
        (_("Running totals"), _("Each number is the total up to now, not what was sold since the last time.")),
        (_("Tickets"), str(definitions.ACQUIRED)),
        (
            _("Empty cells"),
            _("A row in which nothing is filled in is left as it is. In other rows an empty cell counts as 0."),
        ),
        *rows,
    ]
