"""The sales of performances as a sheet, and what of an organisation runs."""

import datetime as dt
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import load_workbook

from dipportal.catalogue.models import Performance, Production
from dipportal.core.spreadsheets import CSV, XLSX
from dipportal.ticketing import running, sales_sheet
from dipportal.ticketing.monitor import Sold
from dipportal.ticketing.running import Sales
from tests.notifications.selling import season_sells, sell
from tests.world import World

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def in_english() -> Any:
    with translation.override("en"):
        yield


def read(content: bytes) -> tuple[str, list[dict[str, Any]]]:
    """The head, and the rows by their headings."""
    rows = list(load_workbook(io.BytesIO(content)).worksheets[0].iter_rows(values_only=True))
    headings = [str(heading) for heading in rows[1]]
    return str(rows[0][0]), [dict(zip(headings, row, strict=True)) for row in rows[2:]]


def sales(world: World) -> Sales:
    return Sales.of(world.agency, timezone.now(), None)


def test_a_row_says_what_the_page_says(world: World) -> None:
    sell(world.performances[0], 400, seats=500, before=380)
    now = timezone.now()
    head, rows = read(sales_sheet.made(XLSX, "De Storm", sales(world).sold, now))
    local = timezone.localtime(now)
    assert head.startswith("De Storm: ticket counts as they stood on ")
    assert head.endswith(f"{local:%H:%M}")
    starts_at = timezone.localtime(world.performances[0].starts_at)
    counted = rows[0].pop("Counted")
    assert abs(counted - local.replace(tzinfo=None)) < dt.timedelta(minutes=2)
    assert rows[0] == {
        "Date": dt.datetime(starts_at.year, starts_at.month, starts_at.day), "Time": dt.time(20, 15),
        "Production": "De Storm", "Theater": 'Schouwburg "De Kade"', "City": "Voorbeeldstad", "Hall": "Grote zaal",
        "DIP-id": world.performances[0].dip_id, "Status": "Agreed", "Seats": 500, "Sold": 400, "Normal": 400,
        "Discount": 0, "Free": 0, "Other": 0, "Reservations": None, "Blocked seats": None, "Occupancy (%)": 80,
        "In a week": 20, "In a week (%)": 5.3, "Revenue (€)": 8000, "Source": "DIP", "Owes a count": None,
    }  # fmt: skip
    assert (rows[1]["Sold"], rows[1]["Owes a count"]) == (None, "no count yet")


def test_more_rows_than_fit_are_refused_in_words(world: World) -> None:
    too_many = [Sold(world.performances[0])] * 5_001
    for kind in (XLSX, CSV):
        with pytest.raises(sales_sheet.TooMany, match="5,000"):
            sales_sheet.made(kind, "x", too_many, timezone.now())


def test_of_a_mail_that_has_more_the_sheet_begins_a_week_ago(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(running, "MOST_ROWS", 2)
    Performance.objects.filter(pk=world.performances[0].pk).update(starts_at=timezone.now() - dt.timedelta(days=60))
    found = sales(world)
    assert len(found.sold) == 3
    assert [one.performance for one in found.in_sheet] == world.performances[1:]


def test_what_runs_still_plays_or_played_in_the_last_week(world: World) -> None:
    now = timezone.now()
    assert list(running.running(world.agency, now)) == [world.production]
    evenings = Performance.objects.filter(production=world.production)
    evenings.update(starts_at=now - dt.timedelta(days=6))
    assert running.running(world.agency, now).exists()
    evenings.update(starts_at=now - dt.timedelta(days=8))
    assert not running.running(world.agency, now).exists()
    evenings.update(starts_at=now, status="cancelled")
    assert not running.running(world.agency, now).exists()
    evenings.update(status="agreed")
    Production.objects.update(cancelled_at=now)
    assert not running.running(world.agency, now).exists()


def test_the_neighbours_sell_for_themselves(world: World) -> None:
    season_sells(world)
    everything = [world.production.pk, world.rival_production.pk]
    for chosen in (None, everything):
        found = Sales.of(world.agency, timezone.now(), chosen)
        assert [one.pk for one in found.productions] == [world.production.pk]
        assert found.together.tickets == 1240
    assert Sales.of(world.kade, timezone.now(), [world.rival_production.pk]).sold == []


def test_the_weakest_are_of_the_coming_weeks_and_have_a_count(world: World) -> None:
    season_sells(world)
    assert [one.tickets for one in sales(world).weakest(10)] == [40, 400, 800]
    Performance.objects.filter(pk=world.performances[1].pk).update(starts_at=timezone.now() - dt.timedelta(days=1))
    Performance.objects.filter(pk=world.performances[0].pk).update(starts_at=timezone.now() + dt.timedelta(days=60))
    assert [one.tickets for one in sales(world).weakest(10)] == [800]
    Performance.objects.filter(pk=world.performances[2].pk).update(status="cancelled")
    assert sales(world).weakest(10) == []


def test_the_questions_do_not_grow_with_the_season(world: World) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as queries:
            found = sales(world)
            sales_sheet.made(XLSX, "x", found.in_sheet, found.now)
        return len(queries)

    few = asked()
    for number in range(12):
        made = Production.objects.create(title=f"Stuk {number}", dip_id=f"NL-25-1-{number}", producer=world.producer)
        Performance.objects.create(
            production=made, theater=world.theater, hall=world.hall, starts_at=timezone.now(), number=8800 + number
        )
    assert len(sales(world).productions) == 13
    assert asked() == few <= 3
