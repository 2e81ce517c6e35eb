"""Which performance a line of a theater's own list is about. Pure: lines in, suggestions out.

A line begins with the number in the ticketing system; behind it stand, in any order, what the list has: a date, a time,
a hall, a title, or DIP's own number. Columns are separated by tabs or semicolons, as a spreadsheet gives them.
"""

import datetime as dt
import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance

MOST_LINES = 500
MONTHS = {
    name: number
    for number, names in enumerate(
        (
            "jan januari january", "feb februari february", "mrt maart mar march", "apr april", "mei may",
            "jun juni june", "jul juli july", "aug augustus august", "sep sept september", "okt oktober oct october",
            "nov november", "dec december",
        ),
        start=1,
    )
    for name in names.split()
}  # fmt: skip
_ISO = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})", re.ASCII)
_DUTCH = re.compile(r"(\d{1,2})[-/.](\d{1,2})[-/.](\d{4}|\d{2})", re.ASCII)
_WORDS = re.compile(r"(\d{1,2})\s+([a-z]+)\.?\s+(\d{4})", re.ASCII)
_TIME = re.compile(r"(?<!\d)(\d{1,2})[:.h](\d{2})(?:[:.]\d{2})?(?!\d)(?:\s*(?:uur|u))?", re.ASCII)
_DIP = re.compile(r"(?:NL-\d+-\d+-\d+\s*\|\s*)(\d+)", re.ASCII | re.IGNORECASE)
# What is alike so far is probably the same; and so much better than the next one that it is not by chance.
ENOUGH, CLEARLY = 3.0, 0.6
SAME_TIME, NEAR_TIME, ALIKE_TITLE, ALIKE_HALL = 2.0, 0.5, 3.0, 1.0
NEAR = dt.timedelta(minutes=90)


@dataclass(frozen=True)
class ListLine:
    """One line as it was read. `number`: in the ticketing system; `dip_number`: DIP's, when the line has it."""

    place: int
    number: str
    day: dt.date | None
    time: dt.time | None
    words: tuple[str, ...]
    dip_number: int | None

    @property
    def said(self) -> str:
        """The rest of the line, to show it beside what it may be about."""
        parts = [f"{self.day:%d-%m-%Y}" if self.day else "", f"{self.time:%H:%M}" if self.time else "", *self.words]
        return " · ".join(part for part in parts if part)


@dataclass(frozen=True)
class Suggestion:
    """`performance`: the one that it is, as far as can be told; `others`: what else it can be, the likeliest first."""

    line: ListLine
    performance: Performance | None
    others: Sequence[Performance]


@dataclass(frozen=True)
class ReadList:
    lines: Sequence[ListLine]
    # By the number of the line, what cannot be read of it.
    faults: Mapping[int, str]


def read(text: str) -> ReadList:
    """Empty lines, and a first line with headings, are left out."""
    lines: list[ListLine] = []
    faults: dict[int, str] = {}
    for place, raw in enumerate(text.splitlines()[: MOST_LINES + 1], start=1):
        cells = [cell.strip() for cell in re.split(r"[\t;]", raw)]
        if not any(cells):
            continue
        line = _line(place, cells)
        if line.day is None and line.dip_number is None:
            if place > 1:
                faults[place] = _("There is no date in this line, and no DIP-id.")
        elif not line.number:
            faults[place] = _("There is no number in this line.")
        elif place > MOST_LINES:
            faults[place] = _("Paste at most %(most)d lines at once.") % {"most": MOST_LINES}
        else:
            lines.append(line)
    twice = {number for number, times in Counter(line.number for line in lines).items() if times > 1}
    faults |= {line.place: _("This number stands in the list twice.") for line in lines if line.number in twice}
    return ReadList([line for line in lines if line.number not in twice], faults)


def _line(place: int, cells: Sequence[str]) -> ListLine:
    day: dt.date | None = None
    time: dt.time | None = None
    dip_number: int | None = None
    words: list[str] = []
    for cell in cells[1:]:
        rest = cell
        if dip_number is None and (match := _DIP.search(rest)):
            dip_number, rest = int(match[1]), rest.replace(match[0], " ")
        if day is None:
            day, rest = _day(rest)
        if time is None:
            time, rest = _time(rest)
        if any(letter.isalpha() for letter in rest) and not _is_weekday(rest):
            words.append(rest.strip(" ,·-"))
    return ListLine(place, cells[0], day, time, tuple(words), dip_number)


def _day(text: str) -> tuple[dt.date | None, str]:
    """The date in this cell, and the cell without it."""
    lower = text.casefold()
    for shape, order in ((_ISO, (0, 1, 2)), (_DUTCH, (2, 1, 0)), (_WORDS, (2, 1, 0))):
        match = shape.search(lower)
        if match is None:
            continue
        year, month, day = (match.groups()[index] for index in order)
        number = int(month) if month.isdecimal() else MONTHS.get(month, 0)
        try:
            found = dt.date(int(year) + (2000 if len(year) == 2 else 0), number, int(day))
        except ValueError:
            continue
        return found, text[: match.start()] + " " + text[match.end() :]
    return None, text


def _time(text: str) -> tuple[dt.time | None, str]:
    match = _TIME.search(text)
    if match is None or int(match[1]) > 23 or int(match[2]) > 59:
        return None, text
    return dt.time(int(match[1]), int(match[2])), text[: match.start()] + " " + text[match.end() :]


def _is_weekday(text: str) -> bool:
    return text.strip(" ,.").casefold() in {
        "ma", "di", "wo", "do", "vr", "za", "zo", "maandag", "dinsdag", "woensdag", "donderdag", "vrijdag", "zaterdag",
        "zondag", "mon", "tue", "wed", "thu", "fri", "sat", "sun",
    }  # fmt: skip


def suggest(lines: Iterable[ListLine], performances: Iterable[Performance]) -> list[Suggestion]:
    """What each line is probably about; no performance is suggested twice, the better line gets it.

    `performances` with their production and hall, unlinked ones of the house only.
    """
    rows = list(performances)
    by_number = {one.number: one for one in rows}
    by_day: dict[dt.date, list[Performance]] = defaultdict(list)
    for one in rows:
        by_day[timezone.localdate(one.starts_at)].append(one)
    found: list[Suggestion] = []
    scores: list[tuple[float, int]] = []
    for line in lines:
        exact = by_number.get(line.dip_number) if line.dip_number is not None else None
        if exact is not None:
            found.append(Suggestion(line, exact, [exact]))
            scores.append((float("inf"), len(found) - 1))
            continue
        day = by_day.get(line.day, []) if line.day is not None and line.dip_number is None else []
        ranked = sorted(((_alike(line, one), -one.pk, one) for one in day), key=lambda each: each[:2], reverse=True)
        best = ranked[0][0] if ranked else 0.0
        clear = len(ranked) < 2 or best - ranked[1][0] >= CLEARLY
        sure = bool(ranked) and best >= ENOUGH and clear
        found.append(Suggestion(line, ranked[0][2] if sure else None, [each[2] for each in ranked]))
        scores.append((best if sure else -1.0, len(found) - 1))
    return _each_once(found, sorted(scores, key=lambda each: (-each[0], each[1])))


def _each_once(found: list[Suggestion], best_first: Iterable[tuple[float, int]]) -> list[Suggestion]:
    taken: set[int] = set()
    for _score, place in best_first:
        one = found[place]
        if one.performance is None:
            continue
        if one.performance.pk in taken:
            found[place] = Suggestion(one.line, None, one.others)
        taken.add(one.performance.pk)
    return found


def _alike(line: ListLine, one: Performance) -> float:
    """How much of the line fits the performance, whose day is right. 0: nothing, 6: all of it."""
    starts_at = timezone.localtime(one.starts_at)
    score = 0.0
    if line.time is not None:
        apart = abs(dt.datetime.combine(starts_at.date(), line.time) - starts_at.replace(tzinfo=None))
        score += SAME_TIME if not apart else NEAR_TIME if apart <= NEAR else 0
    hall = one.hall.name if one.hall else ""
    score += ALIKE_TITLE * max((alike(cell, one.production.title) for cell in line.words), default=0.0)
    return score + ALIKE_HALL * max((alike(cell, hall) for cell in line.words if hall), default=0.0)


def alike(one: str, other: str) -> float:
    """How alike two titles are, 0 to 1. Box offices add the company, or cut a title short: a whole part counts too."""
    first, second = _plain(one), _plain(other)
    if not first or not second:
        return 0.0
    if first in second or second in first:
        shorter, longer = sorted((len(first), len(second)))
        return max(0.8, shorter / longer) if shorter >= 4 else shorter / longer
    return SequenceMatcher(None, first, second, autojunk=False).ratio()


def _plain(text: str) -> str:
    return " ".join(re.findall(r"\w+", text.casefold()))
