"""How one production sells in this house: nothing of the same production next door is in any of it."""

import csv
import io
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.core import tables
from dipportal.ticketing import sums
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.models_forecast import ForecastCheck
from tests.access.neighbours import MARK
from tests.notifications.selling import in_workbook
from tests.ticketing.sales import past, proven, sells
from tests.world import World

pytestmark = pytest.mark.django_db
Url = Callable[..., str]
Page = Callable[..., Any]


@pytest.fixture
def page(editor: Client, url: Url, world: World) -> Page:
    """Without the three evenings that the world begins with, of which nothing is counted."""
    Performance.objects.filter(production=world.production).delete()

    def opened(query: str = "", production: Production = world.production) -> Any:
        answer = editor.get(url("production_sales", pk=production.pk) + query)
        assert answer.status_code == 200
        return answer

    return opened


def coming(world: World, days: int = 10, tickets: int = 60, **more: Any) -> Performance:
    points = {-40: tickets // 3, -15: tickets - 10, 0: tickets}
    return sells(world.production, more.pop("theater", world.theater), days, points, **more)


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def test_its_performances_here_lead_to_their_counts(world: World, page: Page, url: Url) -> None:
    one, other = coming(world, 10, 60), coming(world, 20, 30)
    Performance.objects.filter(pk=one.pk).update(hall=world.hall)
    next_door = coming(world, 15, 444, theater=world.other_theater)
    answer = page()
    assert [row.performance for row, *_more in answer.context["rows"]] == [one, other]
    text = words(answer)
    for evening in (one, other):
        assert f'href="{url("count", pk=evening.pk)}"' in text
    assert url("count", pk=next_door.pk) not in text
    assert "Grote zaal" in text
    tour = answer.context["tour"]
    assert (tour.tickets, tour.seats, len(tour.playing), tour.change) == (90, 1000, 2, 20)
    assert [row.performance for row, *_more in page("?order=weakest").context["rows"]] == [other, one]
    assert "444" not in text


def test_the_run_up_is_that_of_its_performances_here(world: World, page: Page) -> None:
    coming(world, 10, 100)
    before = page().context["chart"]
    coming(world, 12, 490, theater=world.other_theater)
    after = page().context["chart"]
    assert after == before
    assert after.wide.count("<path") == 2
    assert [str(day.average) for day in after.table][:1] == ["6.6"]


def test_an_estimate_where_it_was_proved_in_this_house(world: World, page: Page) -> None:
    past(world.production, world.theater, 25)
    proven(world.kade)
    coming(world)
    answer = page()
    (row,) = answer.context["forecasts"].rows
    text = words(answer)
    assert f"expected {row.forecast.expected} <span" in text
    assert "An estimate" in text
    assert "How good these estimates are" in text
    ForecastCheck.objects.update(error=Decimal(99))
    text = words(page())
    assert "No estimate for 1 performance to come: so long before the evening" in text
    assert "How good these estimates are" not in text


def test_what_was_proved_for_the_provider_is_not_proved_here(world: World, page: Page) -> None:
    past(world.production, world.theater, 25)
    proven(world.agency)
    coming(world)
    assert "was not checked yet" in words(page())


def earlier_one(world: World, title: str, final: int, theater: Theater, season: str = "2020-2021") -> Production:
    made = Production.objects.create(title=title, season=season, producer=world.rival_producer, genre=world.genre)
    past(made, theater, 2, final=final)
    sums.renew([made.pk])
    return made


def test_earlier_productions_in_this_house_stand_beside_it(world: World, page: Page, url: Url) -> None:
    coming(world)
    one = earlier_one(world, "Van vroeger", 250, world.theater)
    earlier_one(world, f"{MARK} elders", 250, world.other_theater)
    past(one, world.other_theater, 3, final=490)
    sums.renew([one.pk])
    answer = page()
    assert [(row.title, row.final) for row in answer.context["earlier"].earlier] == [("Van vroeger", Decimal("50.0"))]
    text = words(answer)
    assert "In your house, of the same genre, the newest first." in text
    assert f'href="{url("production_sales", pk=one.pk)}"' in text
    assert MARK not in text


def test_nothing_moves_whatever_the_same_production_sells_next_door(world: World, page: Page) -> None:
    past(world.production, world.theater, 25)
    proven(world.kade)
    coming(world)
    earlier_one(world, "Van vroeger", 250, world.theater)
    without = page()
    coming(world, 9, 9944, theater=world.other_theater, seats=9944)
    coming(world, 70, 9944, theater=world.other_theater, seats=9944)
    past(world.production, world.other_theater, 30, final=9944)
    proven(world.haven, error=99)
    sums.renew_all()
    beside = page()
    for name in ("rows", "later", "silent", "chart", "forecasts", "earlier", "kinds"):
        assert beside.context[name] == without.context[name], name
    assert "9944" not in words(beside)
    assert "9,944" not in words(beside)


def test_without_a_count_it_names_the_performances_that_can_be_entered(world: World, page: Page, url: Url) -> None:
    one = coming(world)
    TicketCount.objects.all().delete()
    TicketCountPoint.objects.all().delete()
    coming(world, 9, 444, theater=world.other_theater)
    text = words(page())
    assert "No ticket counts yet" in text
    assert "<table" not in text
    assert f'href="{url("count", pk=one.pk)}"' in text


def test_what_does_not_play_here_is_not_found(world: World, page: Page, editor: Client, url: Url) -> None:
    coming(world, theater=world.other_theater)
    for pk in (world.rival_production.pk, world.production.pk, 987_654):
        assert editor.get(url("production_sales", pk=pk)).status_code == 404
        assert editor.get(url("production_sales_file", pk=pk, kind="csv")).status_code == 404


def test_the_questions_do_not_grow(world: World, page: Page, editor: Client, url: Url) -> None:
    past(world.production, world.theater, 25)
    proven(world.kade)
    coming(world)
    earlier_one(world, "Van vroeger", 250, world.theater)

    def questions() -> int:
        page()
        with CaptureQueriesContext(connection) as seen:
            page()
        return len(seen)

    few = questions()
    for days in range(1, 30):
        coming(world, days)
        earlier_one(world, f"Toen {days}", 100, world.theater, f"{1990 + days}-{1991 + days}")
    assert questions() == few


def test_the_page_of_a_count_leads_here_and_back(world: World, page: Page, editor: Client, url: Url) -> None:
    one = coming(world)
    assert (
        f'href="{url("production_sales", pk=world.production.pk)}"'
        in editor.get(url("count", pk=one.pk)).content.decode()
    )
    assert f'href="{url("sales")}"' in words(page())


# --- files --------------------------------------------------------------------------------------------------------
def lines(answer: Any) -> list[list[str]]:
    assert answer.status_code == 200
    return list(csv.reader(io.StringIO(answer.content.decode("utf-8-sig")), delimiter=";"))[2:]


def test_the_file_has_all_its_performances_here_in_the_order_of_the_page(
    world: World, page: Page, editor: Client, url: Url
) -> None:
    coming(world, 10, 60)
    coming(world, 20, 30)
    quiet = coming(world, 80, 50)
    TicketCount.objects.filter(performance=quiet).delete()
    coming(world, 15, 444, theater=world.other_theater)
    address = url("production_sales_file", pk=world.production.pk, kind="csv")
    assert [row[9] for row in lines(editor.get(address))] == ["60", "30", ""]
    assert [row[9] for row in lines(editor.get(f"{address}?order=weakest"))] == ["30", "60", ""]
    assert f'href="{address}"' in words(page())
    assert f'href="{address}?order=weakest"' in words(page("?order=weakest"))


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_nothing_of_next_door_is_in_the_file(world: World, page: Page, editor: Client, url: Url, kind: str) -> None:
    Theater.objects.filter(pk=world.other_theater.pk).update(name=f"{MARK} theater", city=f"{MARK} city")
    coming(world)
    coming(world, 15, 9944, theater=world.other_theater)
    content = editor.get(url("production_sales_file", pk=world.production.pk, kind=kind)).content
    text = in_workbook(content) if kind == "xlsx" else content.decode()
    assert MARK not in text
    assert "9944" not in text
    assert world.theater.city in text


def test_more_rows_than_fit_are_refused_in_words(
    world: World, page: Page, editor: Client, url: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming(world)
    coming(world, 12)
    monkeypatch.setattr(tables, "MOST_ROWS", 1)
    answer = editor.get(url("production_sales_file", pk=world.production.pk, kind="xlsx"))
    assert answer.status_code == 400
    assert url("production_sales", pk=world.production.pk) in answer.content.decode()
