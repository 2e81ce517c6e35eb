"""What the page of a production's counts says of the end."""

from decimal import Decimal
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.ticketing import expected
from dipportal.ticketing.forecast import Forecast, NoForecast, Reason
from dipportal.ticketing.models_forecast import ForecastCheck
from dipportal.ticketing.monitor import Sold, Tour
from tests.providers.browser import signed_in
from tests.ticketing.sales import past, proven, sells
from tests.world import World

pytestmark = pytest.mark.django_db


def page(world: World) -> Any:
    """As it is in English."""
    address = reverse("providers:production_counts", args=[world.agency.slug, world.production.pk])
    client = signed_in(world, "agency_viewer")
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    return client.get(address)


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def coming(world: World, days: int = 10, tickets: int = 60, *, seats: int = 500, **more: Any) -> Performance:
    points = {-40: tickets // 3, -15: tickets - 10, 0: tickets}
    return sells(world.production, world.theater, days, points, seats=seats, **more)


@pytest.fixture
def learnt(world: World) -> World:
    past(world.production, world.theater, 25)
    Performance.objects.filter(pk__in=[one.pk for one in world.performances]).update(status="cancelled")
    return world


def test_an_estimate_with_its_range_and_how_good_it_was(learnt: World) -> None:
    proven(learnt.agency)
    coming(learnt)
    answer = page(learnt)
    (row,) = answer.context["forecasts"].rows
    text = text_of(answer)
    assert f"expected {row.forecast.expected} <span" in text
    assert f"({row.forecast.low} – {row.forecast.high})" in text
    assert "An estimate" in text
    assert "How good these estimates are" in text
    assert [one.days for one in answer.context["forecasts"].checks] == [7, 14, 28, 42]


def test_the_tour_adds_up_what_is_over_sold_out_or_estimated(learnt: World) -> None:
    proven(learnt.agency)
    coming(learnt)
    coming(learnt, 20)
    coming(learnt, 60, 500)
    coming(learnt, 43)
    shown = page(learnt).context["forecasts"]
    made = [row.forecast for row in shown.rows if row.forecast]
    assert len(made) == 2
    counted = 25 * 200 + 500
    together = shown.together
    assert (together.fixed, together.estimated, together.performances, together.playing) == (26, 2, 28, 29)
    assert together.expected == counted + sum(one.expected for one in made)
    assert together.low == counted + sum(one.low for one in made)
    assert together.high == counted + sum(one.high for one in made)
    assert [one.performances for one in shown.without] == [1]


def test_where_it_was_no_better_there_is_one_sentence_and_no_number(learnt: World) -> None:
    proven(learnt.agency, error=30)
    coming(learnt)
    coming(learnt, 12)
    answer = page(learnt)
    shown = answer.context["forecasts"]
    assert (list(shown.rows), shown.together, list(shown.checks)) == ([], None, [])
    text = text_of(answer)
    assert text.count("No estimate for") == 1
    assert "No estimate for 2 performances to come: so long before the evening" in text
    assert "How good these estimates are" not in text


def test_before_any_check_it_says_that_there_was_none(learnt: World) -> None:
    coming(learnt)
    assert "was not checked yet" in text_of(page(learnt))


def test_sold_out_is_said(learnt: World) -> None:
    proven(learnt.agency)
    coming(learnt, 10, 500)
    text = text_of(page(learnt))
    assert "sold out</span>" in text
    assert "How good these estimates are" not in text


@pytest.mark.parametrize(("high", "seats", "weak"), [(249, 500, True), (250, 500, False), (249, 0, False)])
def test_weak_is_who_stays_below_half_at_the_top_of_the_range(high: int, seats: int, weak: bool) -> None:
    one = Sold(Performance(starts_at=timezone.now(), capacity=[seats]))
    assert expected.Row(one, Forecast(100, 80, high, 30)).weak is weak
    assert not expected.Row(one, None).weak


def test_a_weak_seller_is_marked_in_words(learnt: World) -> None:
    proven(learnt.agency)
    coming(learnt, 10, 20)
    assert "weak: stays below half full" in text_of(page(learnt))
    ForecastCheck.objects.update(error=Decimal(99))
    assert "weak" not in text_of(page(learnt)).replace("weakest", "")


def test_every_reason_has_words() -> None:
    said = {expected.words(NoForecast(reason, 3, 20)) for reason in Reason}
    assert len(said) == len(Reason)
    assert not any("%" in one for one in said)


def test_nothing_to_come_says_nothing(learnt: World) -> None:
    answer = page(learnt)
    assert answer.context["forecasts"] is None
    assert "Expected at the end" not in text_of(answer)
    assert expected.shown(learnt.agency, Tour([]), timezone.now()) is None


def test_the_questions_of_the_page_do_not_grow(learnt: World) -> None:
    proven(learnt.agency)
    coming(learnt)
    with CaptureQueriesContext(connection) as few:
        page(learnt)
    for days in range(1, 40):
        coming(learnt, days)
    past(learnt.production, learnt.theater, 20)
    with CaptureQueriesContext(connection) as many:
        answer = page(learnt)
    assert len(answer.context["forecasts"].rows) == 40
    assert len(many) == len(few)


def test_the_neighbour_s_counts_change_nothing_on_the_page(learnt: World) -> None:
    proven(learnt.agency)
    coming(learnt)
    before = page(learnt).context["forecasts"]
    past(learnt.rival_production, learnt.other_theater, 30, final=450)
    proven(learnt.rival, error=99)
    assert page(learnt).context["forecasts"] == before
