"""Was the forecast any good? Every performance that has been is forecast anew with what was known so many days before.

Pure arithmetic. Nothing of after the pretended day is used: not of the performance, and of the others only those whose
evening was a week before it, with their ends as they stood then. docs/forecast.md has the definitions in words.
"""

import bisect
import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from decimal import ROUND_HALF_UP, Decimal

from dipportal.ticketing.forecast import LATELY, RECENT, Course, Earlier, Forecast, Reason, forecast
from dipportal.ticketing.monitor import share

# So many cases are needed before a result says anything.
CASES_NEEDED = 30


@dataclass(frozen=True)
class Case:
    """One performance, so many days before; tickets. `unchanged` is what was sold then."""

    course: Course
    forecast: Forecast
    last_year: float
    unchanged: int


@dataclass
class Score:
    """So many `days` before the evening. Errors are means, in percent with one decimal, as they are shown.

    `refused`: how often nothing was said, and why.
    """

    days: int
    cases: int = 0
    within: int = 0
    error: Decimal = Decimal(0)
    error_last_year: Decimal = Decimal(0)
    error_unchanged: Decimal = Decimal(0)
    refused: dict[Reason, int] = field(default_factory=dict)

    @property
    def hit(self) -> Decimal | None:
        """In how many percent of the cases the end lay in the range."""
        return share(self.within, self.cases)

    @property
    def enough(self) -> bool:
        return self.cases >= CASES_NEEDED

    @property
    def beats_both(self) -> bool:
        return self.error < min(self.error_last_year, self.error_unchanged)


def percentage_error(found: float, final: int) -> float:
    """By how much of the end it is wrong, in percent. Of an end of nothing: 0 when nothing was said, otherwise 100."""
    if not final:
        return 0.0 if not round(found) else 100.0
    return abs(found - final) * 100 / final


def score(days: int, cases: Sequence[Case | Reason]) -> Score:
    made = Score(days)
    errors = [0.0, 0.0, 0.0]
    for case in cases:
        if isinstance(case, Reason):
            made.refused[case] = made.refused.get(case, 0) + 1
            continue
        made.cases += 1
        made.within += case.forecast.low <= case.course.final <= case.forecast.high
        for index, said in enumerate((case.forecast.expected, case.last_year, case.unchanged)):
            errors[index] += percentage_error(said, case.course.final)
    if made.cases:
        made.error, made.error_last_year, made.error_unchanged = (
            Decimal(error / made.cases).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP) for error in errors
        )
    return made


def cases(courses: Sequence[Course], days: int, today: dt.date) -> Iterator[Case | Reason]:
    """For each of these whose end is known today, in order of their evenings."""
    by_evening = sorted(courses, key=lambda one: (one.evening, one.pk))
    settled = [one.settled for one in by_evening]
    for course in by_evening[: bisect.bisect_right(settled, today)]:
        pretended = course.known_on(course.evening - dt.timedelta(days=days))
        until = bisect.bisect_right(settled, pretended)
        case = _case(course, pretended, by_evening[max(0, until - RECENT) : until])
        if case is not None:
            yield case


def _case(course: Course, pretended: dt.date, others: Sequence[Course]) -> Case | Reason | None:
    """None: nothing was known of it then."""
    now = course.stood(pretended)
    if now is None:
        return None
    days_to_go = (course.evening - pretended).days
    known = list(lessons(course, days_to_go, others, pretended))
    made = forecast(now, (earlier for _one, earlier in known))
    if not isinstance(made, Forecast):
        return made.reason
    last_year = last_year_s_curve(course, now.sold, known)
    return Case(course, made, last_year, now.sold)


def lessons(
    course: Course, days_to_go: int, others: Sequence[Course], known_on: dt.date
) -> Iterator[tuple[Course, Earlier]]:
    """Those of the others that had a count so many days before; their ends as they stood on that day."""
    for one in others:
        then, final = one.before(days_to_go), one.at(known_on)
        if then is not None and final is not None:
            earlier = one.before(days_to_go + LATELY.days)
            lately = None if earlier is None else then - earlier
            yield one, Earlier(course.near(one), then, lately, final, one.seats)


def last_year_s_curve(course: Course, sold: int, known: Sequence[tuple[Course, Earlier]]) -> float:
    """What is sold, over the part of its end that a performance of the season before had on that day, on average.

    At most the seats. Without any of that season, all that are known.
    """
    before = season_before(course.season)
    of_season = [earlier for one, earlier in known if one.season == before] or [earlier for _one, earlier in known]
    parts = [one.then / one.final for one in of_season if one.final]
    grown = sold * len(parts) / sum(parts) if any(parts) else float(sold)
    return min(grown, max(course.seats, sold)) if course.seats else grown


def season_before(season: str) -> str:
    """'2026-2027' → '2025-2026'; '' when it is not known."""
    first, _dash, last = season.partition("-")
    return f"{int(first) - 1}-{int(last) - 1}" if first.isdecimal() and last.isdecimal() else ""
