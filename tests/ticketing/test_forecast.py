"""The forecast of one performance: its bounds, what it refuses, and what is read of a curve."""

import datetime as dt
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dipportal.ticketing.forecast import (
    HORIZONS,
    NEEDED,
    SOLD_NEEDED,
    Course,
    Earlier,
    Forecast,
    Near,
    NoForecast,
    Now,
    Reason,
    forecast,
    horizon,
    weighed,
)

EVENING = dt.date(2026, 12, 20)


def earlier(then: float = 50, final: int = 100, **more: Any) -> Earlier:
    return Earlier(**{"near": Near.ALL, "then": then, "lately": None, "final": final, "seats": 200, **more})


@st.composite
def lessons(draw: st.DrawFn, *, falls: bool = True) -> Earlier:
    seats = draw(st.integers(0, 400))
    final = draw(st.integers(0, seats or 400))
    then = draw(st.floats(0, (seats or 400) if falls else final, allow_subnormal=False))
    lately = draw(st.none() | st.floats(-20, then or 0, allow_subnormal=False))
    return Earlier(draw(st.sampled_from(Near)), then, lately, final, seats)


MANY = st.lists(lessons(), min_size=NEEDED, max_size=40)
NOW = st.builds(Now, st.integers(0, 500), st.none() | st.integers(-30, 100), st.integers(0, 450))


@given(NOW, MANY)
def test_no_forecast_leaves_its_bounds(now: Now, known: list[Earlier]) -> None:
    made = forecast(now, known)
    if isinstance(made, NoForecast):
        assert made.reason in {Reason.SOLD_OUT, Reason.FEW_SOLD, Reason.FEW_EARLIER}
        return
    assert 0 <= made.low <= made.expected <= made.high
    if now.seats:
        assert made.high <= now.seats


@given(NOW, st.lists(lessons(falls=False), min_size=NEEDED, max_size=40))
def test_what_is_sold_stays_sold_where_nobody_gave_back(now: Now, known: list[Earlier]) -> None:
    made = forecast(now, known)
    assert isinstance(made, NoForecast) or made.low >= now.sold


@given(st.integers(SOLD_NEEDED, 300), st.integers(0, 150), st.none() | st.integers(0, 200), st.integers(0, 450), MANY)
def test_who_has_sold_more_is_never_expected_to_end_with_less(
    sold: int, more: int, before: int | None, seats: int, known: list[Earlier]
) -> None:
    found = [
        forecast(Now(tickets, None if before is None else tickets - before, seats), known)
        for tickets in (sold, sold + more)
    ]
    if all(isinstance(one, Forecast) for one in found):
        less, much = found
        assert less.low <= much.low
        assert less.expected <= much.expected
        assert less.high <= much.high


def test_below_what_is_sold_only_where_earlier_ones_fell() -> None:
    falling = [earlier(100, 80)] * NEEDED
    made = forecast(Now(100, 10, 200), falling)
    assert made == Forecast(80, 80, 80, NEEDED)
    a_few = [earlier(100, 80)] * 4 + [earlier(100, 120)] * (NEEDED - 4)
    made = forecast(Now(100, 10, 200), a_few)
    assert isinstance(made, Forecast)
    assert (made.low, made.expected) == (80, 120)


def test_the_three_readings() -> None:
    one = earlier(50, 100, lately=25)
    # Doubled; a third of the free seats sold; two more for each of the last ten.
    assert one.ends(Now(80, 10, 200)) == pytest.approx((160 + (80 + 120 / 3) + (80 + 20)) / 3)
    assert one.ends(Now(80, 10, 0)) == pytest.approx((160 + 100) / 2), "without seats nothing is read of seats"
    assert one.ends(Now(80, None, 0)) == 160
    assert one.ends(Now(80, -5, 0)) == pytest.approx((160 + 80) / 2), "of a fortnight of returns no growth is read"
    for less_than_one in (0, 1e-9, 0.99):
        assert earlier(50, 100, lately=less_than_one).ends(Now(80, 10, 0)) == 160
    assert earlier(50, 100, seats=0).ends(Now(80, None, 200)) == 160
    assert one.ends(Now(20, None, 200)) == 40, "emptier: in proportion, both ways"


@pytest.mark.parametrize("missing", [1, NEEDED])
def test_few_data_are_refused_with_how_many_are_needed(missing: int) -> None:
    known = [earlier()] * (NEEDED - missing)
    assert forecast(Now(100, 10, 200), known) == NoForecast(Reason.FEW_EARLIER, NEEDED - missing, NEEDED)
    assert isinstance(forecast(Now(100, 10, 200), [earlier()] * NEEDED), Forecast)


def test_who_was_sold_out_or_had_less_than_a_ticket_teaches_nothing() -> None:
    known = [earlier()] * (NEEDED - 1)
    for silent in (earlier(200, 200), earlier(0, 100), earlier(1e-300, 100), earlier(6 / 7, 100)):
        assert forecast(Now(100, 10, 200), [*known, silent]) == NoForecast(Reason.FEW_EARLIER, NEEDED - 1, NEEDED)
    assert earlier(200, 200, seats=0).teaches


def test_sold_out_is_told_and_few_tickets_are_too_few() -> None:
    known = [earlier()] * NEEDED
    assert forecast(Now(200, 10, 200), known) == NoForecast(Reason.SOLD_OUT)
    assert forecast(Now(203, 10, 200), known) == NoForecast(Reason.SOLD_OUT)
    assert forecast(Now(SOLD_NEEDED - 1, 1, 200), known) == NoForecast(Reason.FEW_SOLD, SOLD_NEEDED - 1, SOLD_NEEDED)
    assert isinstance(forecast(Now(SOLD_NEEDED, 1, 0), known), Forecast), "without known seats nothing is sold out"


def test_the_nearer_weigh_more_and_few_of_them_do_not_decide_alone() -> None:
    weights = weighed([Near.TOUR] * 10 + [Near.KIN] * 10 + [Near.ALL] * 20)
    assert sum(weights) == pytest.approx(1)
    tour, kin, other = weights[0], weights[10], weights[-1]
    # Half to the ten of the tour; of the other half two thirds to the twenty of its kin, the rest to all forty.
    assert tour == pytest.approx(0.5 / 10 + 0.5 * (2 / 3) / 20 + 0.5 / 3 / 40)
    assert kin == pytest.approx(0.5 * (2 / 3) / 20 + 0.5 / 3 / 40)
    assert other == pytest.approx(0.5 / 3 / 40)
    assert weighed([Near.ALL] * 4) == pytest.approx([0.25] * 4)
    alone = [earlier(50, 50, near=Near.TOUR)] + [earlier(50, 100)] * NEEDED
    made = forecast(Now(50, None, 200), alone)
    assert isinstance(made, Forecast)
    assert made.expected == 100


def test_the_range_of_few_is_wider() -> None:
    spread = [earlier(50, 50 + tickets) for tickets in range(24)]
    few, many = (forecast(Now(50, None, 200), spread * times) for times in (1, 10))
    assert isinstance(few, Forecast)
    assert isinstance(many, Forecast)
    assert few.low < many.low
    assert few.high > many.high


def test_each_band_has_the_check_of_its_far_end() -> None:
    assert [horizon(days) for days in (0, 7, 8, 14, 15, 28, 42, 43)] == [7, 7, 14, 14, 28, 28, 42, None]
    assert list(HORIZONS) == sorted(HORIZONS)


# --- what was known when --------------------------------------------------------------------------------------------
def course(points: dict[dt.date, int], *, daily_from: dt.date = dt.date.min, **more: Any) -> Course:
    days = tuple(sorted(points))
    values: dict[str, Any] = {
        "pk": 1, "production": 1, "kin": (1, 1), "season": "2026-2027", "evening": EVENING, "seats": 200, "final": 100,
    }  # fmt: skip
    return Course(**{**values, **more}, days=days, tickets=tuple(points[day] for day in days), daily_from=daily_from)


MONDAY = dt.date(2026, 11, 2)
SUNDAYS = {MONDAY - dt.timedelta(days=1): 10, MONDAY + dt.timedelta(days=6): 24, MONDAY + dt.timedelta(days=20): 38}


def test_of_days_with_a_point_each_the_last_one_counts() -> None:
    one = course(SUNDAYS)
    wednesday = MONDAY + dt.timedelta(days=2)
    assert one.known_on(wednesday) == wednesday
    assert (one.at(wednesday), one.smoothed(wednesday)) == (10, 10)
    assert one.at(MONDAY - dt.timedelta(days=2)) is None
    assert one.stood(wednesday) == Now(10, None, 200)
    assert one.stood(MONDAY + dt.timedelta(days=15)) == Now(24, 14, 200)


def test_of_a_week_with_one_point_nothing_is_known_before_its_end() -> None:
    """A point that was kept because it is the last of its week tells what came after it; it may not be used."""
    one = course(SUNDAYS, daily_from=EVENING)
    for day in range(6):
        assert one.known_on(MONDAY + dt.timedelta(days=day)) == MONDAY - dt.timedelta(days=1)
    sunday = MONDAY + dt.timedelta(days=6)
    assert one.known_on(sunday) == sunday


def test_seen_from_later_a_week_with_one_point_is_a_line() -> None:
    one = course(SUNDAYS, daily_from=EVENING)
    assert [one.smoothed(MONDAY + dt.timedelta(days=day)) for day in range(7)] == [12, 14, 16, 18, 20, 22, 24]
    # Nothing changed in the week after; then a line again.
    assert [one.smoothed(MONDAY + dt.timedelta(days=day)) for day in (7, 13, 14, 20, 30)] == [24, 24, 26, 38, 38]
    assert one.smoothed(MONDAY - dt.timedelta(days=2)) is None
    assert one.before((EVENING - MONDAY).days) == 12


def test_how_near_another_one_is() -> None:
    one = course({})
    assert one.near(course({}, kin=(2, 2))) == Near.TOUR
    assert one.near(course({}, production=2)) == Near.KIN
    assert one.near(course({}, production=2, kin=(1, 2))) == Near.ALL
