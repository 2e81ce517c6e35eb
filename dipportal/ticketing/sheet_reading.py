"""A sheet of ticket counts that comes back: which columns it has, and what each row says. Pure.

What a row says is not yet held against anything that stands here; sheet_preview.py does that.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from django.utils.translation import gettext as _

from dipportal.catalogue.dip_id import DipId
from dipportal.core import cells
from dipportal.core.errors import Invalid
from dipportal.core.spreadsheets import Row, Value
from dipportal.ticketing.actions import MOST_AT_ONCE
from dipportal.ticketing.sheet import BY_NAME, ENTRY, FIELDS, Mark, folded, headings

# The heading stands among the first rows; above it people write what they like.
HEADING_WITHIN = 10
LONGEST_LABEL = 100


@dataclass(frozen=True)
class Fault:
    """`column`: its heading in words, '' for the whole row."""

    column: str
    sentence: str


@dataclass(frozen=True)
class SheetRow:
    """One row as it was read. `numbers` in the order of ENTRY, None for an empty cell.

    `label`: what the row says of itself. `mark`: None where the sheet has none. `closed`: nothing could be entered in
    this row when the sheet was made.
    """

    number: int
    dip_id: DipId | None
    label: str
    numbers: tuple[int | None, ...]
    mark: Mark | None = None
    closed: bool = False
    day: Value = None
    clock: Value = None
    title: str = ""
    faults: tuple[Fault, ...] = ()


def read(tables: Iterable[Sequence[Row]]) -> list[SheetRow]:
    """The rows of the first sheet that has the heading. Raises Invalid when no sheet has it, or a column is missing."""
    for rows in tables:
        for place, row in enumerate(rows[:HEADING_WITHIN]):
            found = _places(row)
            if "dip_id" in found:
                return _read(rows[place + 1 :], found)
    raise Invalid(
        _(
            "No sheet in this file has a column with the heading “%(heading)s”. Start from a sheet that you download"
            " here."
        )
        % {"heading": BY_NAME["dip_id"].heading},
        code="no_heading",
    )


def _places(row: Row) -> dict[str, list[int]]:
    """The name of a field → where it stands in this row of headings."""
    known, found = headings(), defaultdict(list)
    for place, value in enumerate(row.values):
        name = known.get(folded(value)) if isinstance(value, str) else None
        if name is not None:
            found[name].append(place)
    return dict(found)


def _read(rows: Sequence[Row], found: Mapping[str, list[int]]) -> list[SheetRow]:
    missing = [f"“{one.heading}”" for one in FIELDS if one.needed and one.name not in found]
    if missing:
        text = _("Columns are missing: %(names)s. The sheet that you download here has all of them.")
        raise Invalid(text % {"names": ", ".join(missing)}, code="missing_column")
    double = [f"“{BY_NAME[name].heading}”" for name, places in found.items() if len(places) > 1]
    if double:
        text = _("Columns stand there twice: %(names)s. Keep one of each.")
        raise Invalid(text % {"names": ", ".join(double)}, code="double_column")
    if len(rows) > MOST_AT_ONCE:
        raise Invalid(_("Enter at most 1,000 counts at once."), code="too_many")
    if not rows:
        raise Invalid(_("There is no performance in this sheet."), code="no_rows")
    places = {name: where[0] for name, where in found.items()}
    return _tell_doubles([_row(row, places) for row in rows])


def _row(row: Row, places: Mapping[str, int]) -> SheetRow:
    values = {name: row.values[place] if place < len(row.values) else None for name, place in places.items()}
    faults: list[Fault] = []
    closed = bool(cells.text(values.get("closed")))
    # What stands in a closed row is not read, so nothing can be wrong with it.
    numbers = (None,) * len(ENTRY) if closed else tuple(_number(name, values.get(name), faults) for name in ENTRY)
    key, title = cells.text(values["dip_id"]), cells.text(values.get("title"))
    return SheetRow(
        number=row.number,
        dip_id=_dip_id(key, faults),
        label=(title or key)[:LONGEST_LABEL],
        numbers=numbers,
        mark=_mark(cells.text(values.get("mark")), faults),
        closed=closed,
        day=values.get("day"),
        clock=values.get("clock"),
        title=title,
        faults=tuple(faults),
    )


def _number(name: str, value: Value, faults: list[Fault]) -> int | None:
    read_as: Callable[[Value], int | None] = cells.cents if name == "revenue_cents" else cells.whole
    heading = str(BY_NAME[name].heading)
    try:
        number = read_as(value)
    except (ValueError, OverflowError):
        text = _("“%(text)s” is not an amount.") if name == "revenue_cents" else _("“%(text)s” is not a whole number.")
        faults.append(Fault(heading, text % {"text": cells.text(value)[:40]}))
        return None
    if number is not None and number < 0:
        faults.append(Fault(heading, _("This cannot be negative.")))
        return None
    return number


def _dip_id(text: str, faults: list[Fault]) -> DipId | None:
    heading = str(BY_NAME["dip_id"].heading)
    if not text:
        faults.append(Fault(heading, _("There is no DIP-id in this row.")))
        return None
    try:
        found = DipId.parse(text)
    except ValueError:
        found = None
    # Longer numbers than any database keeps are no performance's.
    if found is None or found.performance is None or found.performance >= 2**63:
        faults.append(Fault(heading, _("“%(text)s” is not the DIP-id of a performance.") % {"text": text[:60]}))
        return None
    return found


def _mark(text: str, faults: list[Fault]) -> Mark | None:
    if not text:
        return None
    try:
        return Mark.parse(text)
    except ValueError:
        sentence = _("This cell was changed, so it is not known what you saw. Download the sheet anew.")
        faults.append(Fault(str(BY_NAME["mark"].heading), sentence))
        return None


def _tell_doubles(rows: Sequence[SheetRow]) -> list[SheetRow]:
    """A performance that stands in several rows has a fault in each of them."""
    where: dict[DipId, list[int]] = defaultdict(list)
    for row in rows:
        if row.dip_id is not None:
            where[row.dip_id].append(row.number)
    return [_doubled(row, where[row.dip_id]) if row.dip_id is not None else row for row in rows]


def _doubled(row: SheetRow, numbers: Sequence[int]) -> SheetRow:
    others = [str(number) for number in numbers if number != row.number]
    if not others:
        return row
    sentence = _("This performance stands in the sheet more than once: also in row %(rows)s.")
    fault = Fault(str(BY_NAME["dip_id"].heading), sentence % {"rows": ", ".join(others[:5])})
    return replace(row, faults=(*row.faults, fault))


# --- is it the performance that the row says it is? ---------------------------------------------------------------
def differences(row: SheetRow, starts_at: dt.datetime, title: str) -> list[str]:
    """What a row says of its performance that is not so; empty cells say nothing. `starts_at` is local."""
    found = []
    for said, same, there in (
        (row.day, _same(cells.day, row.day, starts_at.date()), f"{starts_at:%d-%m-%Y}"),
        (
            row.clock,
            _same(cells.clock, row.clock, starts_at.time().replace(second=0, microsecond=0)),
            f"{starts_at:%H:%M}",
        ),
        (row.title, not row.title or row.title.casefold() == cells.text(title).casefold(), cells.text(title)),
    ):
        if not same:
            words = {"said": cells.text(said)[:LONGEST_LABEL], "there": there[:LONGEST_LABEL]}
            found.append(_("The sheet says “%(said)s”; this performance is “%(there)s”.") % words)
    return found


def _same(read_as: Callable[[Value], Value], said: Value, there: Value) -> bool:
    try:
        found = read_as(said)
    except (ValueError, OverflowError):
        return False
    return found is None or found == there
