"""What a performance will have sold in the end, by how earlier ones went on from the same day: pure arithmetic.

docs/forecast.md says it in words. Each earlier performance says one number: where this one would end if it went on as
that one did. The middle one of these numbers is the estimate, and four fifths of them are its range. Evenings of the
own tour weigh most, then those of the same producer and genre, then all others. Days are days of Amsterdam.
"""

import bisect
import datetime as dt
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from enum import IntEnum, StrEnum
from functools import cached_property

DAY = dt.timedelta(days=1)
# Each is checked for itself and stands for the days from the one before it. Farther before an evening nothing is said.
HORIZONS = (7, 14, 28, 42)
# So many earlier performances with a count on that day are needed: of fewer four fifths are hardly a range.
NEEDED = 20
# Of fewer tickets than this no growth can be read.
SOLD_NEEDED = 10
# A theater has a week after the evening for its last count.
SETTLES = dt.timedelta(days=7)
# So many of an organisation's latest performances are looked at.
RECENT = 600
# With so many evenings of its own a narrower circle has half of the weight.
HALF = 10
# How fast one sells is read over so long; houses that report once a week are in it twice.
LATELY = dt.timedelta(days=14)
# Outside of the range on either side, at most.
TAIL = 0.1


class Near(IntEnum):
    """How near an earlier performance is. Each circle contains those before it."""

    TOUR = 0
    KIN = 1
    ALL = 2


class Reason(StrEnum):
    """Why there is no forecast. The first of these that holds is told."""

    PRIVATE = "private"
    SOLD_OUT = "sold_out"
    EARLY = "early"
    NO_COUNT = "no_count"
    UNCHECKED = "unchecked"
    FEW_CASES = "few_cases"
    NO_BETTER = "no_better"
    FEW_SOLD = "few_sold"
    FEW_EARLIER = "few_earlier"


@dataclass(frozen=True)
class Forecast:
    """Tickets: the estimate and its range, ends included. `earlier`: of so many performances."""

    expected: int
    low: int
    high: int
    earlier: int


@dataclass(frozen=True)
class NoForecast:
    """`found` of `needed`, where something is too few."""

    reason: Reason
    found: int = 0
    needed: int = 0


@dataclass(frozen=True)
class Now:
    """How one stands. `lately`: tickets more than a fortnight before, None: not known. `seats` 0: not known."""

    sold: int
    lately: int | None
    seats: int

    def within(self, tickets: float) -> float:
        return min(tickets, self.seats) if self.seats else tickets


@dataclass(frozen=True, slots=True)
class Earlier:
    """What one earlier performance had as long before its evening, and in the end. Otherwise as Now."""

    near: Near
    then: float
    lately: float | None
    final: int
    seats: int

    @property
    def teaches(self) -> bool:
        """Of less than a ticket no growth can be read, and of what was sold out not how it would have gone on.

        On the line between two points of a week (Course.smoothed) there are parts of tickets.
        """
        return self.then >= 1 and not 0 < self.seats <= self.then

    def ends(self, now: Now) -> float:
        """Where that one ends, if it goes on like this one: the average of what can be read. Tickets, not rounded."""
        readings = [now.within(now.sold * self.final / self.then)]
        if now.seats and self.seats:
            readings.append(self._filled(now))
        if now.lately is not None and self.lately is not None and self.lately >= 1:
            readings.append(self._kept_up(now, self.lately))
        # Without the noise of the last digits, so that who keeps what it has is never rounded below it.
        return round(sum(readings) / len(readings), 6)

    def _filled(self, now: Now) -> float:
        """As full as this one was then, it gets as full as this one.

        Emptier, it grows in proportion; fuller, the same part of the seats that were free is sold. Who falls does so in
        proportion.
        """
        then, final = self.then / self.seats, min(1.0, self.final / self.seats)
        if final <= then or now.sold <= then * now.seats:
            return now.within(now.sold * final / then)
        return now.sold + (now.seats - now.sold) * (final - then) / (1 - then)

    def _kept_up(self, now: Now, lately: float) -> float:
        """What is still to come is to the last fortnight as it was with this one, which sold `lately` in it."""
        if self.final <= self.then:
            return now.within(now.sold * self.final / self.then)
        per_ticket = (self.final - self.then) / lately
        return now.within(now.sold + max(0, now.lately or 0) * per_ticket)


def forecast(now: Now, earlier: Iterable[Earlier]) -> Forecast | NoForecast:
    """Of a performance to come that stands like that."""
    if 0 < now.seats <= now.sold:
        return NoForecast(Reason.SOLD_OUT)
    if now.sold < SOLD_NEEDED:
        return NoForecast(Reason.FEW_SOLD, now.sold, SOLD_NEEDED)
    teaching = [one for one in earlier if one.teaches]
    if len(teaching) < NEEDED:
        return NoForecast(Reason.FEW_EARLIER, len(teaching), NEEDED)
    weights = weighed([one.near for one in teaching])
    ends = sorted(zip((one.ends(now) for one in teaching), weights, strict=True))
    # The one that is asked about counts as one more that could end anywhere: with few, the range is wider.
    itself = sum(weight * weight for weight in weights)
    low, expected, high = (
        quantile(ends, part) for part in (TAIL - (1 - TAIL) * itself, 0.5, 1 - TAIL + (1 - TAIL) * itself)
    )
    return Forecast(round(expected), math.floor(low), math.ceil(high), len(teaching))


def horizon(days_to_go: int) -> int | None:
    """The check that stands for so many days before; None when it is too early."""
    return next((one for one in HORIZONS if days_to_go <= one), None)


def weighed(near: Sequence[Near]) -> list[float]:
    """The weight of each, together 1. A narrower circle of n has n / (n + HALF) of it, the wider one the rest."""
    within = [sum(one <= circle for one in near) for circle in Near]
    left, of_circle = 1.0, [0.0] * len(Near)
    for circle in (Near.TOUR, Near.KIN):
        trusted = within[circle] / (within[circle] + HALF)
        of_circle[circle] = left * trusted / within[circle] if within[circle] else 0.0
        left -= left * trusted
    of_circle[Near.ALL] = left / len(near) if near else 0.0
    return [sum(of_circle[one:]) for one in near]


def quantile(ends: Sequence[tuple[float, float]], part: float) -> float:
    """The least value that has so much of the weight up to it. `ends`: values with their weights, in order."""
    passed = 0.0
    for value, weight in ends:
        passed += weight
        if passed >= part:
            return value
    return ends[-1][0]


# --- what was known when -------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Course:
    """A performance and its points, in order of their days. Of days before `daily_from` one point a week was kept."""

    pk: int
    production: int
    kin: tuple[int, int | None]
    season: str
    evening: dt.date
    seats: int
    days: tuple[dt.date, ...]
    tickets: tuple[int, ...]
    # What it has now; after the evening, its end.
    final: int
    daily_from: dt.date
    _before: dict[int, float | None] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def settled(self) -> dt.date:
        """The day from which its end is known."""
        return self.evening + SETTLES

    def near(self, other: "Course") -> Near:
        if self.production == other.production:
            return Near.TOUR
        return Near.KIN if self.kin == other.kin else Near.ALL

    def known_on(self, day: dt.date) -> dt.date:
        """The last day of which the count is known on that one: where one point a week was kept, the end of a week."""
        return day if day >= self.daily_from else day - DAY * ((day.weekday() + 1) % 7)

    def at(self, day: dt.date) -> int | None:
        """The count at the end of that day, as it was known then; None before the first."""
        index = bisect.bisect_right(self.days, day)
        return self.tickets[index - 1] if index else None

    def stood(self, day: dt.date) -> Now | None:
        """How it stood then, as it was known then; None before the first count."""
        sold, before = self.at(day), self.at(day - LATELY)
        return None if sold is None else Now(sold, None if before is None else sold - before, self.seats)

    def smoothed(self, day: dt.date) -> float | None:
        """The count at the end of that day, seen from later: within a week that has one point, on the line to it."""
        before = self.at(day)
        index = bisect.bisect_right(self.days, day)
        if before is None or day >= self.daily_from or index == len(self.days):
            return before
        sunday = day - DAY * ((day.weekday() + 1) % 7)
        after = self.days[index]
        if self.days[index - 1] > sunday or (after - sunday).days > 7:
            return before
        return before + (self.tickets[index] - before) * (day - sunday).days / (after - sunday).days

    def before(self, days: int) -> float | None:
        """The same so many days before the evening; kept, because every later performance asks it."""
        if days not in self._before:
            self._before[days] = self.smoothed(self.evening - DAY * days)
        return self._before[days]
