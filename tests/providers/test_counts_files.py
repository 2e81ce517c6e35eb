"""The sales of a season as a file: all that the filter chooses, nothing of anybody else."""

import csv
import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from dipportal.catalogue.models import Performance, Producer, Production
from dipportal.core import tables
from dipportal.providers.views import season_counts
from dipportal.ticketing import sums
from tests.access.neighbours import MARK
from tests.notifications.selling import in_workbook, sell
from tests.providers.browser import at, signed_in
from tests.providers.test_season_counts import tour
from tests.world import World

pytestmark = pytest.mark.django_db


def file_of(world: World, what: str, kind: str = "xlsx", query: str = "") -> Any:
    return signed_in(world, "agency_viewer").get(at(world.agency, "counts_file", what=what, kind=kind) + query)


def rows(answer: Any) -> list[tuple[Any, ...]]:
    sheet = load_workbook(io.BytesIO(answer.content)).worksheets[0]
    return list(sheet.iter_rows(min_row=3, values_only=True))


@pytest.fixture
def tours(world: World) -> World:
    tour(world, "Vol", 90, 80)
    tour(world, "Leeg", 5, 15)
    tour(world, "Ooit", 60, season="2020-2021")
    return world


def test_the_tours_stand_in_the_order_of_the_page(tours: World) -> None:
    assert [row[0] for row in rows(file_of(tours, "producties"))][:2] == ["Leeg", "Vol"]
    assert [row[0] for row in rows(file_of(tours, "producties", query="?order=-occupancy"))][:2] == ["Vol", "Leeg"]


def test_a_tour_is_told_as_the_page_tells_it(tours: World) -> None:
    """Its numbers as numbers: performances, counted, owed, seats, sold, reservations, occupancy, revenue."""
    (leeg,) = [row for row in rows(file_of(tours, "producties")) if row[0] == "Leeg"]
    assert leeg[4] == leeg[6] == 2
    assert (leeg[8], leeg[9]) == (200, 20)
    assert leeg[10:14] == (20, 0, 0, 0)
    assert (leeg[14], leeg[15], leeg[18]) == (6, 10, 400)


def test_the_performances_are_all_of_the_filter(tours: World) -> None:
    assert [(row[2], row[9]) for row in rows(file_of(tours, "voorstellingen", query="?q=leeg"))] == [
        ("Leeg", 5), ("Leeg", 15)
    ]  # fmt: skip
    assert [row[2] for row in rows(file_of(tours, "voorstellingen", query="?season=2020-2021"))] == ["Ooit"]


def test_not_the_page_alone(tours: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(60):
        tour(tours, f"Stuk {number:02}", 10)
    assert len(rows(file_of(tours, "producties", query="?page=2"))) >= 62


@pytest.mark.parametrize("what", ["producties", "voorstellingen"])
def test_csv_says_the_same(tours: World, what: str) -> None:
    lines = list(csv.reader(io.StringIO(file_of(tours, what, "csv").content.decode("utf-8-sig")), delimiter=";"))
    assert len(lines[0]) == 1
    assert len(lines) - 2 == len(rows(file_of(tours, what)))


@pytest.mark.parametrize("what", ["producties", "voorstellingen"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_nothing_of_the_neighbour_is_in_a_file(tours: World, what: str, kind: str) -> None:
    Production.objects.filter(pk=tours.rival_production.pk).update(title=f"{MARK} title")
    Producer.objects.filter(pk=tours.rival_producer.pk).update(name=f"{MARK} producer")
    Performance.objects.filter(pk=tours.rival_performance.pk).update(theater=tours.theater)
    sell(tours.rival_performance, 333)
    sums.renew([tours.rival_production.pk])
    for query in ("", f"?producer={tours.rival_producer.pk}", "?q=zzmark"):
        content = file_of(tours, what, kind, query).content
        assert MARK not in (in_workbook(content) if kind == "xlsx" else content.decode())


@pytest.mark.parametrize("what", ["producties", "voorstellingen"])
def test_more_rows_than_fit_are_refused_in_words(tours: World, what: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (tables, season_counts):
        monkeypatch.setattr(module, "MOST_ROWS", 1)
    answer = file_of(tours, what)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")
    assert at(tours.agency, "counts") in answer.content.decode()


@pytest.mark.parametrize("what", ["producties", "voorstellingen"])
def test_the_questions_do_not_grow_with_the_season(tours: World, what: str) -> None:
    def asks() -> int:
        with CaptureQueriesContext(connection) as queries:
            file_of(tours, what)
        return len(queries)

    asks()
    few = asks()
    for number in range(12):
        tour(tours, f"Stuk {number}", 10, 20)
    assert asks() == few


def test_the_page_leads_to_the_files_of_what_was_chosen(tours: World) -> None:
    page = signed_in(tours, "agency_viewer").get(at(tours.agency, "counts") + "?q=leeg&order=sold&page=1")
    text = page.content.decode()
    for what in ("producties", "voorstellingen"):
        for kind in ("xlsx", "csv"):
            assert f'href="{at(tours.agency, "counts_file", what=what, kind=kind)}?q=leeg&amp;order=sold"' in text
