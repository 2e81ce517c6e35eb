"""Forecasts out of the database: only of one's own, only where they were proved, in few statements."""

import datetime as dt
from decimal import Decimal
from io import StringIO
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.ticketing import forecasting, queries, tasks
from dipportal.ticketing.back_test import CASES_NEEDED, Score
from dipportal.ticketing.forecast import HORIZONS, NEEDED, Forecast, NoForecast, Reason
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.models_forecast import ForecastCheck
from tests.ticketing.sales import past, proven, sells
from tests.world import World

pytestmark = pytest.mark.django_db


def said(world: World, evening: Performance) -> Forecast | NoForecast:
    now = timezone.now()
    return forecasting.forecasts_of(world.agency, queries.sold_of(world.agency, [evening]), now).of[evening.pk]


def coming(world: World, days: int = 10, points: dict[int, int] | None = None, **more: Any) -> Performance:
    return sells(world.production, world.theater, days, points or {-40: 20, -15: 50, 0: 60}, **more)


@pytest.fixture
def learnt(world: World) -> World:
    past(world.production, world.theater, NEEDED + 5)
    proven(world.agency)
    return world


def test_it_goes_on_like_those_before_it(learnt: World) -> None:
    made = said(learnt, coming(learnt))
    # Half of the end was sold ten days before; of five hundred seats so much is no question of room.
    assert isinstance(made, Forecast)
    assert made.earlier == NEEDED + 5
    assert 110 <= made.expected <= 130


def test_a_neighbour_s_counts_change_nothing(learnt: World, world: World) -> None:
    evening = coming(learnt)
    before = said(learnt, evening)
    past(world.rival_production, world.other_theater, 50, final=490)
    assert said(learnt, evening) == before
    courses = forecasting.played(world.agency, timezone.localdate())
    assert {one.production for one in courses} == {world.production.pk}
    assert forecasting.played(None, timezone.localdate()) == []
    proven(world.rival, error=99)
    assert said(learnt, evening) == before
    assert list(ForecastCheck.objects.visible_to(None)) == []


def test_of_whom_nothing_is_known_learns_nothing_from_the_neighbour(world: World) -> None:
    past(world.rival_production, world.other_theater, 50)
    proven(world.agency)
    assert said(world, coming(world)) == NoForecast(Reason.FEW_EARLIER, 0, NEEDED)


def test_what_was_for_nobody_or_did_not_take_place_teaches_nothing(world: World) -> None:
    kept, private, off, silent, gone = past(world.production, world.theater, 5)
    Performance.objects.filter(pk=private.pk).update(private=True)
    Performance.objects.filter(pk=off.pk).update(status=PerformanceStatus.CANCELLED)
    TicketCount.objects.filter(performance=silent).update(counted_at=silent.starts_at - dt.timedelta(hours=1))
    TicketCount.objects.filter(performance=gone).update(missing_since=timezone.now())
    sells(world.production, world.theater, -6, {-40: 20, -5: 100})
    assert [one.pk for one in forecasting.played(world.agency, timezone.localdate())] == [kept.pk]


@pytest.mark.parametrize(
    ("days", "points", "more", "why"),
    [
        (10, None, {"private": True}, NoForecast(Reason.PRIVATE)),
        (10, {-9: 60}, {}, NoForecast(Reason.NO_COUNT)),
        (43, None, {}, NoForecast(Reason.EARLY, needed=HORIZONS[-1])),
        (90, {-30: 500, 0: 500}, {}, NoForecast(Reason.SOLD_OUT)),
        (10, {-20: 5, 0: 9}, {}, NoForecast(Reason.FEW_SOLD, 9, 10)),
    ],
)
def test_what_cannot_be_told_is_refused_with_its_reason(
    learnt: World, days: int, points: dict[int, int] | None, more: dict[str, Any], why: NoForecast
) -> None:
    assert said(learnt, coming(learnt, days, points, **more)) == why


def test_without_a_count_there_is_no_forecast(learnt: World) -> None:
    evening = coming(learnt)
    evening.ticket_counts.all().delete()
    assert said(learnt, evening) == NoForecast(Reason.NO_COUNT)


def test_only_what_was_proved_is_told(learnt: World) -> None:
    evening = coming(learnt)
    checks = ForecastCheck.objects.filter(organisation=learnt.agency)
    # In ten days: the check of fourteen days counts, and no other.
    checks.exclude(days=14).update(error=99)
    assert isinstance(said(learnt, evening), Forecast)
    for column, other in (("error_last_year", 40), ("error_unchanged", 20)):
        checks.filter(days=14).update(**{"error_last_year": 20, "error_unchanged": 40} | {column: 10})
        assert said(learnt, evening) == NoForecast(Reason.NO_BETTER), (column, other)
    checks.filter(days=14).update(error=5, cases=CASES_NEEDED - 1, within=0)
    assert said(learnt, evening) == NoForecast(Reason.FEW_CASES, CASES_NEEDED - 1, CASES_NEEDED)
    checks.filter(days=14).update(cases=CASES_NEEDED)
    assert isinstance(said(learnt, evening), Forecast)
    checks.update(checked_at=timezone.now() - forecasting.CHECK_HOLDS - dt.timedelta(days=1))
    assert said(learnt, evening) == NoForecast(Reason.UNCHECKED)


def test_what_is_over_or_called_off_is_not_asked_about(learnt: World) -> None:
    evenings = [coming(learnt), coming(learnt), coming(learnt, -1, {-30: 50, 0: 60})]
    Performance.objects.filter(pk=evenings[1].pk).update(status=PerformanceStatus.CANCELLED)
    rows = list(Performance.objects.filter(pk__in=[one.pk for one in evenings]))
    found = forecasting.forecasts_of(learnt.agency, queries.sold_of(learnt.agency, rows), timezone.now())
    assert list(found.of) == [evenings[0].pk]


def test_a_count_of_some_days_ago_is_compared_with_that_day(learnt: World) -> None:
    """Thirty-two days before a fifth of the end was sold, and twenty-seven days before half of it."""
    fresh = said(learnt, coming(learnt, 27, {-40: 20, 0: 40}))
    stale = said(learnt, coming(learnt, 27, {-40: 20, -5: 40}))
    assert isinstance(fresh, Forecast)
    assert isinstance(stale, Forecast)
    assert stale.expected > fresh.expected


def test_the_questions_do_not_grow(learnt: World, django_assert_num_queries: Any) -> None:
    for number in (0, 10):
        for _each in range(number):
            coming(learnt)
        past(learnt.production, learnt.theater, number)
        rows = list(Performance.objects.filter(production=learnt.production).select_related("production"))
        sold = queries.sold_of(learnt.agency, [*rows, coming(learnt)])
        with django_assert_num_queries(4):
            forecasting.forecasts_of(learnt.agency, sold, timezone.now())
        with django_assert_num_queries(2):
            forecasting.back_tested(learnt.agency, HORIZONS, timezone.localdate())


# --- the check ------------------------------------------------------------------------------------------------------
def printed(*arguments: str) -> str:
    out = StringIO()
    call_command("forecast_backtest", *arguments, stdout=out)
    return out.getvalue()


def alike(world: World) -> None:
    """Enough evenings to tell; they all went alike."""
    past(world.production, world.theater, NEEDED + CASES_NEEDED + 30)


def test_the_check_is_kept_and_made_anew(world: World) -> None:
    alike(world)
    assert tasks.check_forecasts() == 4
    first = list(ForecastCheck.objects.filter(organisation=world.agency))
    assert sorted(one.days for one in first) == list(HORIZONS)
    assert all(one.cases >= CASES_NEEDED for one in first)
    assert {one.cases for one in ForecastCheck.objects.filter(organisation=world.rival)} == {0}
    ForecastCheck.objects.update(error=99)
    tasks.check_forecasts()
    assert list(ForecastCheck.objects.filter(organisation=world.agency)) == first
    assert not ForecastCheck.objects.filter(error=99).exists()


def test_the_command_prints_what_it_found_and_ends_with_an_error_where_it_is_no_better(world: World) -> None:
    alike(world)
    out = StringIO()
    with pytest.raises(CommandError, match="better than both"):
        call_command("forecast_backtest", "--organisation", world.agency.slug, "--days", "14", stdout=out)
    # All went alike, so last year's curve has it right too.
    line = next(line for line in out.getvalue().splitlines() if line.strip().startswith("14 "))
    assert "not better than both: not shown" in line
    assert "50.0 %" in line
    assert [one.days for one in ForecastCheck.objects.all()] == [14]


def test_the_command_is_content_with_what_beats_both(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    good = Score(7, cases=40, within=30, error_last_year=Decimal(9), error_unchanged=Decimal(9))
    monkeypatch.setattr(forecasting, "back_tested", lambda *_given: [good])
    text = printed("--organisation", world.agency.slug)
    assert "better than both: shown" in text
    assert "75.0 %" in text


def test_with_too_few_cases_the_command_says_so(world: World) -> None:
    past(world.production, world.theater, 3)
    out = StringIO()
    with pytest.raises(CommandError, match="Nowhere are there 30 cases"):
        call_command("forecast_backtest", stdout=out)
    assert "3 too few earlier ones" in out.getvalue()
    with pytest.raises(CommandError, match="no such organisation"):
        call_command("forecast_backtest", "--organisation", "bestaat-niet")


def test_other_days_are_printed_and_decide_nothing(world: World) -> None:
    past(world.production, world.theater, 3)
    with pytest.raises(CommandError):
        printed("--days", "21")
    assert not ForecastCheck.objects.exists()
    with pytest.raises(CommandError, match="number of days"):
        printed("--days", "0")


# --- of a house -------------------------------------------------------------------------------------------------------
def in_house(world: World, evening: Performance) -> Forecast | NoForecast:
    now = timezone.now()
    return forecasting.forecasts_of(world.kade, queries.sold_of(world.kade, [evening]), now).of[evening.pk]


def test_a_house_learns_of_what_played_in_it_whoever_made_it(world: World) -> None:
    past(world.production, world.theater, NEEDED)
    past(world.rival_production, world.theater, 5)
    proven(world.kade)
    made = in_house(world, coming(world))
    assert isinstance(made, Forecast)
    assert made.earlier == NEEDED + 5


def test_a_house_learns_nothing_of_the_same_tour_elsewhere(world: World) -> None:
    proven(world.kade)
    evening = coming(world)
    past(world.production, world.other_theater, 60, final=490)
    assert in_house(world, evening) == NoForecast(Reason.FEW_EARLIER, 0, NEEDED)
    past(world.production, world.theater, NEEDED)
    before = in_house(world, evening)
    assert isinstance(before, Forecast)
    past(world.production, world.other_theater, 60, final=450)
    proven(world.agency, error=99)
    proven(world.haven, error=99)
    assert in_house(world, evening) == before
    courses = forecasting.played(world.kade, timezone.localdate())
    places = Performance.objects.filter(pk__in=[one.pk for one in courses]).values_list("theater", flat=True)
    assert set(places) == {world.theater.pk}


def test_a_house_is_shown_nothing_that_was_not_proved_in_it(world: World) -> None:
    past(world.production, world.theater, NEEDED)
    proven(world.agency)
    assert in_house(world, coming(world)) == NoForecast(Reason.UNCHECKED)


def test_the_check_of_a_house_is_of_its_own_performances(world: World) -> None:
    past(world.production, world.theater, NEEDED + CASES_NEEDED + 30)
    past(world.production, world.other_theater, 7)
    tasks.check_forecasts()
    alone = {one.days: one.cases for one in ForecastCheck.objects.filter(organisation=world.kade)}
    assert min(alone.values()) >= CASES_NEEDED
    assert {one.cases for one in ForecastCheck.objects.filter(organisation=world.haven)} == {0}
    ForecastCheck.objects.all().delete()
    Performance.objects.filter(theater=world.other_theater).delete()
    tasks.check_forecasts()
    assert {one.days: one.cases for one in ForecastCheck.objects.filter(organisation=world.kade)} == alone


def test_the_command_takes_a_theater(world: World) -> None:
    past(world.production, world.theater, NEEDED + CASES_NEEDED + 30)
    out = StringIO()
    with pytest.raises(CommandError, match="better than both"):
        call_command("forecast_backtest", "--organisation", world.kade.slug, "--days", "14", stdout=out)
    assert str(world.kade) in out.getvalue()
    assert str(world.agency) not in out.getvalue()
    assert {one.organisation for one in ForecastCheck.objects.all()} == {world.kade}


def test_whose_check_is_oldest_comes_first(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A run that is cut off is made up for by the next one."""
    now = timezone.now()
    for days, organisation in enumerate((world.kade, world.agency, world.rival)):
        proven(organisation)
        ForecastCheck.objects.filter(organisation=organisation).update(checked_at=now - dt.timedelta(days=days))
    seen = []
    monkeypatch.setattr(forecasting, "back_tested", lambda organisation, *_more: seen.append(organisation) or [])
    forecasting.check_all(now)
    assert seen == [world.haven, world.rival, world.agency, world.kade]
