"""What a sheet would change: each row held against what stands here now, before anything is saved. Pure.

A row travels with the person who looks at it (`packed`), so that what is confirmed is what was looked at.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Any

from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.dip_id import DipId
from dipportal.core.grouping import grouped
from dipportal.core.money import format_cents
from dipportal.ticketing import rules
from dipportal.ticketing.actions import Entered
from dipportal.ticketing.rules import Report, Standing
from dipportal.ticketing.sheet import BY_NAME, ENTRY, as_filled, stands
from dipportal.ticketing.sheet_reading import Fault, SheetRow, differences

# A form has a thousand fields at most; of more doubts than this the sheet as a whole is in doubt.
MOST_DOUBTFUL = 500


@dataclass(frozen=True)
class Entry:
    """A row of the sheet, and the performance it is about (its key; None when it is none of ours).

    `seen`: when the own count was changed last, as the person read it. `filled`: what stood in the row when it was
    downloaded, if that is known. `odd`: what the row says of its performance that is not so. `asked`: the codes of the
    doubts that the person was shown.
    """

    number: int
    key: int | None
    label: str
    numbers: tuple[int | None, ...]
    seen: dt.datetime | None = None
    filled: tuple[int | None, ...] | None = None
    closed: bool = False
    odd: tuple[str, ...] = ()
    asked: tuple[str, ...] = ()
    faults: tuple[Fault, ...] = ()


class State(Enum):
    CHANGES = "changes"
    # Possible, but hardly: it is asked once more.
    DOUBTFUL = "doubtful"
    FAULTY = "faulty"
    # It says what stands here, or what it said when it was downloaded.
    SAME = "same"
    # Nothing was filled in, or nothing could be.
    LEFT = "left"


@dataclass(frozen=True)
class Change:
    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Judged:
    entry: Entry
    state: State
    standing: Standing | None = None
    report: Report | None = None
    changes: Sequence[Change] = ()
    doubts: Sequence[str] = ()
    faults: Sequence[Fault] = ()
    note: str = ""
    # It stands as the sheet says, and was said on an earlier day: that it stands still can be said anew.
    still: bool = False


# --- from the sheet -----------------------------------------------------------------------------------------------
def entries(rows: Sequence[SheetRow], known: Mapping[DipId, int], standings: Mapping[int, Standing]) -> list[Entry]:
    """`known`: the performances that the reader may see, by DIP-id; whatever is not among them does not exist."""
    return [_entry(row, known, standings) for row in rows]


def _entry(row: SheetRow, known: Mapping[DipId, int], standings: Mapping[int, Standing]) -> Entry:
    key = known.get(row.dip_id) if row.dip_id is not None else None
    entry = Entry(row.number, key, row.label, row.numbers, closed=row.closed, faults=row.faults)
    if key is None:
        return entry if row.dip_id is None else replace(entry, faults=(*row.faults, _unknown()))
    standing = standings[key]
    performance, mine = standing.performance, standing.entered
    odd = differences(row, timezone.localtime(performance.starts_at), performance.production.title)
    if row.mark is None:
        # The sheet does not say what was seen; the preview shows it, so that is what was seen.
        seen, filled = None if mine is None else mine.changed_at, None
    else:
        seen, filled = row.mark.seen, row.mark.filled
    return replace(entry, seen=seen, filled=filled, odd=tuple(odd))


def _unknown() -> Fault:
    return Fault(str(BY_NAME["dip_id"].heading), _("No performance in your theaters has this DIP-id."))


# --- against what stands ------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Preview:
    rows: Sequence[Judged] = field(default_factory=list)

    def _in(self, state: State) -> list[Judged]:
        return [one for one in self.rows if one.state is state]

    @property
    def changes(self) -> list[Judged]:
        return self._in(State.CHANGES)

    @property
    def doubtful(self) -> list[Judged]:
        return self._in(State.DOUBTFUL)

    @property
    def faulty(self) -> list[Judged]:
        return self._in(State.FAULTY)

    @property
    def unchanged(self) -> list[Judged]:
        return [one for one in self.rows if one.state in (State.SAME, State.LEFT)]

    @property
    def still(self) -> list[Judged]:
        return [one for one in self.rows if one.still]

    @property
    def too_doubtful(self) -> bool:
        return len(self.doubtful) > MOST_DOUBTFUL

    @property
    def can_save(self) -> bool:
        return bool(self.changes or self.doubtful or self.still) and not self.too_doubtful

    def chosen(self, sure: Collection[int], *, still: bool) -> list[Judged]:
        """What is saved: the changes, the doubtful rows with these numbers, and on request what stands still."""
        doubtful = [one for one in self.doubtful if one.entry.number in sure]
        return [*self.changes, *doubtful, *(self.still if still else [])]

    def left_out(self, sure: Collection[int]) -> list[Judged]:
        """What stays out although something was filled in."""
        return [*self.faulty, *(one for one in self.doubtful if one.entry.number not in sure)]

    def asked(self) -> list[Entry]:
        """The rows as they are shown: with the doubts that are shown with them."""
        return [_with_doubts(one) for one in self.rows]


def _with_doubts(one: Judged) -> Entry:
    if one.report is None or one.standing is None:
        return one.entry
    return replace(one.entry, asked=tuple(doubt.code for doubt in rules.doubts(one.report, one.standing)))


def preview(entries: Sequence[Entry], standings: Mapping[int, Standing]) -> Preview:
    """`standings`: of the performances that the reader may see."""
    return Preview([_judged(one, standings.get(one.key) if one.key is not None else None) for one in entries])


def _judged(entry: Entry, standing: Standing | None) -> Judged:
    left = _why_left(entry) if standing is not None else ""
    if left:
        return Judged(entry, State.LEFT, standing, note=left)
    if entry.faults or standing is None:
        return Judged(entry, State.FAULTY, standing, faults=entry.faults or [_unknown()])
    now = as_filled(stands(standing))
    # What the sheet did not change is no change, also when something else stands here by now.
    if entry.numbers == entry.filled:
        return _unchanged(entry, standing, entry.numbers, now)
    numbers, faults = _complete(entry.numbers, now)
    if faults:
        return Judged(entry, State.FAULTY, standing, faults=faults)
    if numbers == now:
        return _unchanged(entry, standing, numbers, now)
    return _held_against(entry, standing, numbers, now)


def _why_left(entry: Entry) -> str:
    if entry.closed:
        return _("closed when the sheet was made")
    if not entry.faults and all(number is None for number in entry.numbers):
        return _("nothing filled in")
    return ""


def _unchanged(
    entry: Entry, standing: Standing, numbers: tuple[int | None, ...], now: tuple[int | None, ...]
) -> Judged:
    still = numbers == now and _was_said_before_today(standing)
    report = _report(numbers)
    if report is None or rules.closed(standing) is not None or rules.doubts(report, standing):
        still = False
    return Judged(entry, State.SAME, standing, report, still=still)


def _was_said_before_today(standing: Standing) -> bool:
    mine = standing.entered
    return (
        mine is not None and mine.counted_at is not None and timezone.localdate(mine.counted_at) < timezone.localdate()
    )


def _held_against(
    entry: Entry, standing: Standing, numbers: tuple[int | None, ...], now: tuple[int | None, ...]
) -> Judged:
    report, changes = _report(numbers), _changes(now, numbers)
    faults = _faults(entry, standing, report)
    if faults or report is None:
        return Judged(entry, State.FAULTY, standing, report, changes, faults=faults)
    doubts = [*entry.odd, *(doubt.sentence for doubt in rules.doubts(report, standing))]
    return Judged(entry, State.DOUBTFUL if doubts else State.CHANGES, standing, report, changes, doubts)


def _complete(
    numbers: tuple[int | None, ...], now: tuple[int | None, ...]
) -> tuple[tuple[int | None, ...], list[Fault]]:
    """An empty cell is 0, unless a number stood there: then nobody knows what is meant."""
    faults = [
        Fault(
            str(BY_NAME[name].heading),
            _("Here stood %(number)s, and now nothing. Fill in 0 if there are none.") % {"number": _text(name, there)},
        )
        for name, number, there in zip(ENTRY, numbers, now, strict=True)
        if number is None and there
    ]
    filled = tuple(number or 0 for number in numbers)
    by_name = dict(zip(ENTRY, filled, strict=True))
    if by_name["complimentary"] > by_name["other"]:
        faults.append(
            Fault(
                str(BY_NAME["complimentary"].heading), _("These are part of 'other', so there cannot be more of them.")
            )
        )
    return filled, faults


def _report(numbers: tuple[int | None, ...]) -> Report | None:
    """None when a number is missing, or more are complimentary than there are others."""
    values = {name: number for name, number in zip(ENTRY, numbers, strict=True) if number is not None}
    if len(values) < len(ENTRY) or values["complimentary"] > values["other"]:
        return None
    return Report(**{**values, "other": values["other"] - values["complimentary"]})


def _faults(entry: Entry, standing: Standing, report: Report | None) -> list[Fault]:
    closed = rules.closed(standing)
    if closed is not None:
        return [Fault("", closed.sentence)]
    if report is None:
        return []
    found = [Fault(str(BY_NAME[name].heading), sentence) for name, sentence in rules.faults(report).items()]
    mine = standing.entered
    if not found and mine is not None and mine.changed_at != entry.seen:
        found.append(
            Fault(
                "",
                _(
                    "Somebody changed this count after you downloaded the sheet. With it stands what it is now, and"
                    " what your sheet says."
                ),
            )
        )
    return found


def _changes(now: tuple[int | None, ...], numbers: tuple[int | None, ...]) -> list[Change]:
    return [
        Change(str(BY_NAME[name].heading), _text(name, old), _text(name, new))
        for name, old, new in zip(ENTRY, now, numbers, strict=True)
        if old != new and (old or new)
    ]


def _text(name: str, number: int | None) -> str:
    if number is None:
        return "–"
    return format_cents(number) if name == "revenue_cents" else grouped(number)


def entered(chosen: Sequence[Judged], sure: Collection[int]) -> list[Entered]:
    """For the action. What was not shown as a doubt is not confirmed by a tick."""
    return [
        Entered(
            one.standing.performance,
            one.report,
            one.standing.entered.changed_at if one.still and one.standing.entered is not None else one.entry.seen,
            one.entry.asked if one.entry.number in sure else (),
        )
        for one in chosen
        if one.standing is not None and one.report is not None
    ]


# --- on the way to the reader and back ----------------------------------------------------------------------------
def packed(entries: Sequence[Entry]) -> list[list[Any]]:
    """As plain lists, for a page to carry."""
    return [
        [
            one.number,
            one.key,
            one.label,
            one.numbers,
            one.seen.isoformat() if one.seen is not None else None,
            one.filled,
            one.closed,
            one.odd,
            one.asked,
            [[fault.column, fault.sentence] for fault in one.faults],
        ]
        for one in entries
    ]


def unpacked(rows: Sequence[Sequence[Any]]) -> list[Entry]:
    return [
        Entry(
            number=number,
            key=key,
            label=label,
            numbers=tuple(numbers),
            seen=dt.datetime.fromisoformat(seen) if seen is not None else None,
            filled=tuple(filled) if filled is not None else None,
            closed=closed,
            odd=tuple(odd),
            asked=tuple(asked),
            faults=tuple(Fault(*fault) for fault in faults),
        )
        for number, key, label, numbers, seen, filled, closed, odd, asked, faults in rows
    ]
