"""The back-test: nothing of after the pretended day, a fair baseline, and errors as they are defined."""

import dataclasses
import datetime as dt
import random
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dipportal.ticketing import back_test, forecast
from dipportal.ticketing.back_test import CASES_NEEDED, Case, Score, cases, percentage_error, score
from dipportal.ticketing.forecast import SETTLES, Course, Reason

TODAY = dt.date(2026, 11, 28)
# Before this one point a week was kept.
BORDER = dt.date(2026, 7, 31)


def season_of(day: dt.date) -> str:
    begins = day.year if day.month >= 8 else day.year - 1
    return f"{begins}-{begins + 1}"


def course(pk: int, evening: dt.date, points: dict[dt.date, int], **more: Any) -> Course:
    days = tuple(sorted(points))
    values: dict[str, Any] = {
        "production": pk % 4, "kin": (pk % 2, 1), "season": season_of(evening), "seats": 300, "daily_from": BORDER,
        "final": points[days[-1]] if days else 0,
    }  # fmt: skip
    return Course(**{**values, **more}, pk=pk, evening=evening, days=days, tickets=tuple(points[day] for day in days))


def drawn(chance: random.Random, pk: int) -> Course:
    """One that went up and down as it liked, some time in the last two years."""
    evening = TODAY - dt.timedelta(days=chance.randrange(8, 700))
    tickets, points = chance.randrange(0, 60), {}
    for before in sorted(chance.sample(range(90), chance.randrange(1, 40)), reverse=True):
        tickets = max(0, min(300, tickets + chance.randrange(-5, 25)))
        points[evening - dt.timedelta(days=before)] = tickets
    points[evening + dt.timedelta(days=1)] = tickets
    if chance.random() < 0.3:
        points[evening + dt.timedelta(days=chance.randrange(2, 40))] = max(0, tickets - 3)
    return course(pk, evening, points, seats=chance.choice((0, 300, 300)))


def spoilt(one: Course, after: dt.date, chance: random.Random) -> Course:
    """The same, with everything after that day otherwise."""
    points = {day: tickets for day, tickets in zip(one.days, one.tickets, strict=True) if day <= after}
    for _number in range(chance.randrange(4)):
        points[after + dt.timedelta(days=chance.randrange(1, 60))] = chance.randrange(1000)
    return course(
        one.pk, one.evening, points, production=one.production, kin=one.kin, season=one.season, seats=one.seats,
        final=chance.randrange(1000),
    )  # fmt: skip


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 10**6), st.sampled_from((42, 28, 14, 7)))
def test_nothing_after_the_pretended_day_changes_what_is_said(seed: int, days: int) -> None:
    chance = random.Random(seed)
    courses = [drawn(chance, pk) for pk in range(60)]
    for one in chance.sample([case for case in cases(courses, days, TODAY) if isinstance(case, Case)] or [None], 1):
        if one is None:
            continue
        pretended = one.course.known_on(one.course.evening - dt.timedelta(days=days))
        otherwise = [spoilt(each, pretended, chance) for each in courses]
        again = next(
            case for case in cases(otherwise, days, TODAY) if isinstance(case, Case) and case.course.pk == one.course.pk
        )
        assert (again.forecast, again.last_year, again.unchanged) == (one.forecast, one.last_year, one.unchanged)


def test_the_seeds_of_that_test_do_give_cases() -> None:
    chance = random.Random(1)
    courses = [drawn(chance, pk) for pk in range(60)]
    found = [case for case in cases(courses, 14, TODAY) if isinstance(case, Case)]
    assert len(found) > 10
    assert any(case.course.known_on(day := case.course.evening - dt.timedelta(days=14)) < day for case in found)


def rising(pk: int, evening: dt.date, *, then: int = 50, final: int = 100, **more: Any) -> Course:
    """So many from ninety to fourteen days before, and then its end."""
    return course(pk, evening, {evening - dt.timedelta(days=90): then, evening: final}, **more)


def test_only_performances_whose_end_was_known_are_learnt_from() -> None:
    last = rising(100, dt.date(2026, 11, 20), daily_from=dt.date.min)
    pretended = last.evening - dt.timedelta(days=14)
    settled = pretended - SETTLES
    known = [rising(pk, settled - dt.timedelta(days=pk % 3), daily_from=dt.date.min) for pk in range(forecast.NEEDED)]
    found = {case.course.pk: case for case in cases([*known, last], 14, TODAY) if isinstance(case, Case)}
    assert found[100].forecast.expected == 100
    later = [dataclasses.replace(known[0], evening=settled + dt.timedelta(days=1)), *known[1:]]
    refused = list(cases([*later, last], 14, TODAY))
    assert refused[-1] == Reason.FEW_EARLIER


def test_a_performance_without_a_known_end_is_no_case() -> None:
    playing = rising(1, TODAY - SETTLES + dt.timedelta(days=1), daily_from=dt.date.min)
    assert list(cases([playing], 14, TODAY)) == []
    assert list(cases([dataclasses.replace(playing, evening=TODAY - SETTLES)], 14, TODAY)) == [Reason.FEW_EARLIER]


def test_what_had_no_count_yet_is_no_case() -> None:
    evening = dt.date(2026, 11, 10)
    late = course(1, evening, {evening - dt.timedelta(days=10): 30})
    assert list(cases([late], 14, TODAY)) == []
    assert list(cases([late], 7, TODAY)) == [Reason.FEW_EARLIER]


def test_last_year_s_curve_is_the_part_that_was_sold_by_then_in_the_season_before(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(forecast, "NEEDED", 1)
    one = rising(100, dt.date(2026, 11, 10), then=60, final=90)
    before = [rising(1, dt.date(2025, 12, 1), then=20, final=100), rising(2, dt.date(2026, 2, 1), then=60, final=100)]
    older = rising(3, dt.date(2025, 3, 1), then=100, final=100)

    def said(*known: Course) -> float:
        case = list(cases([*known, one], 14, TODAY))[-1]
        assert isinstance(case, Case)
        return case.last_year

    # On average two fifths were sold by then.
    assert said(*before, older) == pytest.approx(60 / 0.4)
    assert said(older) == 60, "without a season before, all that is known"
    assert said(rising(1, dt.date(2025, 12, 1), then=5, final=100), older) == 300, "never more than the seats"
    nothing = rising(4, dt.date(2026, 1, 5), then=10, final=0)
    assert said(*before, nothing) == pytest.approx(60 / 0.4), "an end of nothing has no part"


def test_errors_of_nothing_are_all_or_nothing() -> None:
    assert [percentage_error(said, final) for said, final in ((80, 100), (130, 100), (0, 50))] == [20, 30, 100]
    assert [percentage_error(said, 0) for said in (0, 0.4, 1, 500)] == [0, 0, 100, 100]


def test_a_score_is_the_mean_of_the_same_cases() -> None:
    def case(expected: int, last_year: float, unchanged: int, final: int) -> Case:
        return Case(
            course(1, TODAY, {TODAY: final}),
            forecast.Forecast(expected, expected - 5, expected, 30),
            last_year,
            unchanged,
        )

    found = score(14, [case(90, 120, 50, 100), Reason.FEW_SOLD, case(50, 45, 25, 50), Reason.FEW_SOLD])
    assert found == Score(
        14, cases=2, within=1, error=Decimal("5.0"), error_last_year=Decimal("15.0"),
        error_unchanged=Decimal("50.0"), refused={Reason.FEW_SOLD: 2},
    )  # fmt: skip
    assert found.beats_both
    assert (found.hit, found.enough) == (Decimal("50.0"), False)
    assert score(14, [case(90, 120, 50, 100)] * CASES_NEEDED).enough
    assert score(7, []) == Score(7)
    assert not score(7, []).beats_both


@pytest.mark.parametrize(("last_year", "unchanged"), [("10", "20"), ("20", "10"), ("5", "20")])
def test_as_good_as_one_of_both_is_not_better_than_both(last_year: str, unchanged: str) -> None:
    made = Score(
        7, cases=100, error=Decimal(10), error_last_year=Decimal(last_year), error_unchanged=Decimal(unchanged)
    )
    assert not made.beats_both


def test_the_season_before() -> None:
    assert [back_test.season_before(one) for one in ("2026-2027", "2000-2001", "", "x")] == [
        "2025-2026", "1999-2000", "", ""
    ]  # fmt: skip


def test_no_more_than_the_latest_are_compared(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(back_test, "RECENT", forecast.NEEDED)
    last = rising(100, dt.date(2026, 11, 10), daily_from=dt.date.min)
    known = [rising(pk, dt.date(2026, 9, 30), daily_from=dt.date.min) for pk in range(forecast.NEEDED)]
    old = [rising(200 + pk, dt.date(2026, 3, 1), final=300, daily_from=dt.date.min) for pk in range(50)]
    case = list(cases([*old, *known, last], 14, TODAY))[-1]
    assert isinstance(case, Case)
    assert (case.forecast.earlier, case.forecast.expected) == (forecast.NEEDED, 100)
