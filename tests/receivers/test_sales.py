"""How the productions of a season sell in this house, on a page and as files: of its own performances and no others."""

import csv
import datetime as dt
import io
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from openpyxl import load_workbook

from dipportal.catalogue.models import Genre, Hall, Performance, Production, Theater
from dipportal.catalogue.rules import season_of
from dipportal.core import tables
from dipportal.receivers import sales
from dipportal.ticketing import mirror, sums
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCountPoint
from tests.access.neighbours import MARK
from tests.notifications.selling import in_workbook
from tests.world import World

pytestmark = pytest.mark.django_db
Url = Callable[..., str]
# What is sold next door; it stands in no page of ours, in no spelling.
THEIRS = 9944


def running() -> str:
    return season_of(timezone.localdate())


def before(years: int = 1) -> str:
    year = int(running()[:4]) - years
    return f"{year}-{year + 1}"


def plays(
    world: World, title: str, *tickets: int | None, season: str = "", days: int = 10, seats: int = 100, **more: Any
) -> Production:
    """In De Kade, an evening a ticket count, each a day after the other; None has no count. It sells next door too."""
    place = {"theater": more.pop("theater", world.theater), "hall": more.pop("hall", None)}
    made = Production.objects.create(title=title, season=season or running(), **{"producer": world.producer, **more})
    begin = timezone.now() + dt.timedelta(days=days)
    evenings = [
        Performance.objects.create(
            production=made, starts_at=begin + dt.timedelta(days=day), capacity=[seats],
            number=made.pk * 1000 + day, **place,
        )
        for day in range(len(tickets))
    ]  # fmt: skip
    told = {one.pk: counted(number) for one, number in zip(evenings, tickets, strict=True) if number is not None}
    next_door = Performance.objects.create(
        production=made, theater=world.other_theater, starts_at=begin - dt.timedelta(days=20), capacity=[THEIRS],
        number=made.pk * 1000 + 999,
    )  # fmt: skip
    mirror.write({**told, next_door.pk: counted(THEIRS)}, source=Source.DIP)
    TicketCountPoint.objects.create(
        performance=next_door, day=timezone.localdate() - dt.timedelta(days=9), tickets=THEIRS - 1000
    )
    sums.renew([made.pk])
    return made


def counted(tickets: int) -> mirror.Told:
    kinds = {TicketKind.NORMAL: (tickets, tickets * 2000)}
    return mirror.sold(tickets, tickets * 2000, timezone.now(), kinds) | {"reservations": tickets // 10}


def a_week_ago(production: Production, tickets: int) -> None:
    evening = production.performances.filter(theater=19).order_by("pk")[0]
    TicketCountPoint.objects.create(
        performance=evening, day=timezone.localdate() - dt.timedelta(days=8), tickets=tickets
    )


@pytest.fixture
def page(editor: Client, url: Url, world: World) -> Callable[[str], Any]:
    Performance.objects.filter(production=world.production).delete()

    def opened(query: str = "") -> Any:
        answer = editor.get(url("sales") + query)
        assert answer.status_code == 200
        return answer

    return opened


def words(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def titles(answer: Any) -> list[str]:
    return [row.production.title for row in answer.context["rows"]]


Page = Callable[..., Any]


# --- the page -----------------------------------------------------------------------------------------------------
def test_the_weakest_come_first_and_who_has_no_count_last(world: World, page: Page) -> None:
    plays(world, "Vol", 90, 80)
    plays(world, "Stil", None)
    plays(world, "Leeg", 5, 15)
    assert titles(page()) == ["Leeg", "Vol", "Stil"]


@pytest.mark.parametrize(
    ("order", "shown"),
    [
        ("title", ["Leeg", "Stil", "Vol"]),
        ("-title", ["Vol", "Stil", "Leeg"]),
        ("date", ["Vol", "Leeg", "Stil"]),
        ("-sold", ["Vol", "Leeg", "Stil"]),
        ("sold", ["Leeg", "Vol", "Stil"]),
        ("-change", ["Leeg", "Vol", "Stil"]),
        ("-silent", ["Stil", "Leeg", "Vol"]),
        ("nonsense", ["Leeg", "Vol", "Stil"]),
    ],
)
def test_the_other_orders(world: World, page: Page, order: str, shown: list[str]) -> None:
    a_week_ago(plays(world, "Vol", 90, 80, days=5), 89)
    plays(world, "Stil", None, None, days=12)
    a_week_ago(plays(world, "Leeg", 5, 15, days=7), 1)
    assert titles(page(f"?order={order}")) == shown


def test_a_row_and_the_season_together_are_what_is_counted_by_hand(world: World, page: Page, url: Url) -> None:
    one = plays(world, "Vol", 1090, 80, None, seats=1500, days=-1)
    plays(world, "Leeg", 5, 15, seats=1500)
    a_week_ago(one, 1000)
    answer = page("?order=title")
    row = next(row for row in answer.context["rows"] if row.pk == one.pk)
    assert (row.tickets, row.seats, row.performances, row.counted) == (1170, 3000, 3, 2)
    assert (row.moving.played, row.silent, row.reservations, row.revenue_cents) == (2, 1, 117, 2_340_000)
    assert (row.change, row.week_before) == (90, 1000)
    together = answer.context["together"]
    assert (together.tickets, together.seats, together.counted, together.performances) == (1190, 6000, 4, 5)
    assert (together.reservations, together.change, answer.context["silent"]) == (118, 90, 1)
    text = words(answer)
    numbers = ("1,170", "of 3,000", "39 %", "+90", "+9 %", "€ 23.400", "117", "2 of 3", "Normal 1,190", "4 of 5")
    assert [one for one in numbers if one not in text] == []
    assert f'href="{url("production_sales", pk=one.pk)}"' in text


def test_a_season_is_chosen_and_the_seasons_stand_beside_each_other(world: World, page: Page) -> None:
    plays(world, "Nu", 10)
    plays(world, "Toen", 20, 30, season=before(), days=-300)
    plays(world, "Ooit", 60, season=before(2), days=-700)
    assert titles(page()) == ["Nu"]
    answer = page(f"?season={before()}")
    assert titles(answer) == ["Toen"]
    assert answer.context["together"].tickets == 50
    assert titles(page("?season=1999-2000")) == ["Nu"], "there is no such season"
    compared = [(name, whole.tickets, whole.counted) for name, whole in answer.context["seasons"]]
    assert compared == [(before(2), 60, 1), (before(), 50, 2), (running(), 10, 1)]
    assert answer.context["line"].wide.count("<path") == 1
    assert words(answer).count(f"?season={running()}") == 1


def test_a_season_in_which_only_the_neighbours_play_is_none_of_ours(world: World, page: Page) -> None:
    plays(world, "Nu", 10)
    theirs = plays(world, "Bij hen", season=before(3))
    answer = page()
    assert theirs.title not in words(page(f"?season={before(3)}"))
    assert [name for name, _label in answer.context["filter"].form.fields["season"].choices] == [running()]


def test_titles_and_halls_and_theaters_are_chosen_where_there_are_several(world: World, page: Page) -> None:
    small = Hall.objects.create(id=571, name="Kleine zaal", theater=world.theater)
    plays(world, "De Wind", 10, hall=world.hall)
    both = plays(world, "Het Water", 20, 40, hall=world.hall)
    assert {"theater", "hall"}.isdisjoint(page().context["filter"].filters)
    Performance.objects.filter(pk=both.performances.filter(theater=world.theater).order_by("pk")[0].pk).update(
        hall=small
    )
    assert titles(page("?q=wind")) == ["De Wind"]
    answer = page(f"?hall={small.pk}")
    assert [(row.title, row.tickets) for row in answer.context["rows"]] == [("Het Water", 20)]
    assert answer.context["together"].tickets == 20
    annex = Theater.objects.create(id=190, name="De Kade II", city="Voorbeeldstad", receiver=world.kade)
    plays(world, "Elders van ons", 7, theater=annex)
    assert titles(page("?theater=190")) == ["Elders van ons"]
    assert len(titles(page())) == 3


@pytest.mark.parametrize("query", ["?theater=20", "?hall=58", "?q=9944", "?q=Havenstad", "?season=1999-2000"])
def test_what_is_the_neighbours_finds_nothing_of_theirs(world: World, page: Page, query: str) -> None:
    plays(world, "Ons", 10)
    Theater.objects.create(id=190, name="De Kade II", receiver=world.kade)
    Hall.objects.create(id=571, name="Kleine zaal", theater=world.theater)
    answer = page(query)
    assert answer.context["together"].tickets in (10, None)
    for spelt in ("9944", "9,944", "8,944"):
        assert spelt not in words(answer).replace(query.lstrip("?"), "").replace('value="9944"', "")


def test_a_number_of_the_neighbours_performance_does_not_find_ours(world: World, page: Page) -> None:
    one = plays(world, "Ons", 10, dip_id="NL-26-123-77001")
    theirs, ours = (one.performances.get(theater=place).number for place in (world.other_theater, world.theater))
    for found in ("NL-26-123-77001", "77001", "77001|", f"NL-26-123-77001|{ours}"):
        assert titles(page(f"?q={found}")) == ["Ons"], found
    assert titles(page(f"?q={theirs}")) == []
    assert titles(page("?q=%7C")) == []


def test_with_nothing_at_all_and_with_nothing_found(world: World, page: Page) -> None:
    answer = page()
    assert "No performances yet" in words(answer)
    assert "<table" not in words(answer)
    plays(world, "Vol", 90)
    assert "Nothing found" in words(page("?q=bestaatniet"))


def test_without_any_count_there_are_no_sums_but_what_is_missing(world: World, page: Page) -> None:
    plays(world, "Stil", None, None)
    answer = page()
    assert (answer.context["together"].tickets, answer.context["silent"]) == (None, 2)
    assert (answer.context["line"], answer.context["seasons"]) == (None, [])


def test_what_does_not_take_place_counts_for_nothing(world: World, page: Page) -> None:
    one = plays(world, "Half", 90, 30)
    off = one.performances.filter(theater=world.theater).order_by("pk")[0]
    Performance.objects.filter(pk=off.pk).update(status="cancelled")
    (row,) = page().context["rows"]
    assert (row.tickets, row.performances) == (30, 1)


def test_a_title_is_text(world: World, page: Page) -> None:
    plays(world, "<b>Titel</b> & zo", 90)
    assert "&lt;b&gt;Titel&lt;/b&gt; &amp; zo" in words(page())


def test_many_productions_come_in_pages_and_the_totals_are_of_all(world: World, page: Page) -> None:
    for number in range(53):
        plays(world, f"Stuk {number:02}", 10)
    assert len(titles(page())) == 50
    second = page("?page=2&order=title")
    assert titles(second) == ["Stuk 50", "Stuk 51", "Stuk 52"]
    assert second.context["together"].tickets == 530


@pytest.mark.parametrize("query", ["", "?order=title", "?order=-silent", "?q=stuk", "?hall=57"])
def test_thirty_productions_take_as_many_questions_as_one(
    world: World, page: Page, editor: Client, url: Url, query: str
) -> None:
    plays(world, "Stuk 0", 10, None, hall=world.hall)

    def questions() -> int:
        editor.get(url("sales") + query)
        with CaptureQueriesContext(connection) as seen:
            editor.get(url("sales") + query)
        return len(seen)

    one = questions()
    for number in range(1, 30):
        plays(world, f"Stuk {number}", 10, None, hall=world.hall, season=running() if number % 2 else before(number))
    assert questions() == one <= 12


def test_the_pages_lead_to_each_other(world: World, page: Page, editor: Client, url: Url) -> None:
    plays(world, "Vol", 90)
    assert f'href="{url("sales")}"' in editor.get(url("counts")).content.decode()
    text = words(page())
    assert f'href="{url("counts")}"' in text
    assert text.count('aria-current="page"') >= 1


# --- files --------------------------------------------------------------------------------------------------------
def rows(answer: Any) -> list[tuple[Any, ...]]:
    assert answer.status_code == 200
    return list(load_workbook(io.BytesIO(answer.content)).worksheets[0].iter_rows(min_row=3, values_only=True))


@pytest.fixture
def file(page: Page, editor: Client, url: Url) -> Callable[..., Any]:
    return lambda what, kind="xlsx", query="": editor.get(url("sales_file", what=what, kind=kind) + query)


def test_the_productions_as_the_page_tells_them(world: World, file: Page) -> None:
    plays(world, "Vol", 90, 80)
    plays(world, "Leeg", 5, 15)
    shown = rows(file("producties"))
    assert [row[0] for row in shown] == ["Leeg", "Vol"]
    leeg = shown[0]
    assert leeg[4] == leeg[6] == 2
    assert (leeg[8], leeg[9]) == (200, 20)
    assert leeg[10:14] == (20, 0, 0, 0)
    assert (leeg[14], leeg[15], leeg[18]) == (1, 10, 400)
    assert [row[0] for row in rows(file("producties", query="?order=-title"))] == ["Vol", "Leeg"]


def test_the_performances_are_all_of_the_filter_and_only_ours(world: World, file: Page) -> None:
    plays(world, "Vol", 90, 80)
    plays(world, "Leeg", 5, 15)
    assert [(row[2], row[9]) for row in rows(file("voorstellingen"))] == [
        ("Leeg", 5), ("Leeg", 15), ("Vol", 90), ("Vol", 80)
    ]  # fmt: skip
    assert {row[3] for row in rows(file("voorstellingen", query="?q=vol"))} == {world.theater.name}


@pytest.mark.parametrize("what", ["producties", "voorstellingen"])
def test_csv_says_the_same(world: World, file: Page, what: str) -> None:
    plays(world, "Vol", 90, 80)
    lines = list(csv.reader(io.StringIO(file(what, "csv").content.decode("utf-8-sig")), delimiter=";"))
    assert len(lines) - 2 == len(rows(file(what))) > 0


@pytest.mark.parametrize("what", ["producties", "voorstellingen"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_nothing_of_the_neighbour_is_in_a_file(world: World, file: Page, what: str, kind: str) -> None:
    Theater.objects.filter(pk=world.other_theater.pk).update(name=f"{MARK} theater", city=f"{MARK} city")
    plays(world, "Vol", 90, 80)
    for query in ("", "?theater=20", "?q=zzmark", f"?q={THEIRS}"):
        content = file(what, kind, query).content
        text = in_workbook(content) if kind == "xlsx" else content.decode()
        assert MARK not in text
        assert str(THEIRS) not in text


@pytest.mark.parametrize("what", ["producties", "voorstellingen"])
def test_more_rows_than_fit_are_refused_in_words(
    world: World, file: Page, url: Url, what: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    plays(world, "Vol", 90, 80)
    plays(world, "Leeg", 5)
    for module in (tables, sales):
        monkeypatch.setattr(module, "MOST_ROWS", 1)
    answer = file(what)
    assert answer.status_code == 400
    assert url("sales") in answer.content.decode()


def test_the_page_leads_to_the_files_of_what_was_chosen(world: World, page: Page, url: Url) -> None:
    plays(world, "Leeg", 5, genre=Genre.objects.get())
    text = page("?q=leeg&order=sold&page=1").content.decode()
    for what in ("producties", "voorstellingen"):
        for kind in ("xlsx", "csv"):
            assert f'href="{url("sales_file", what=what, kind=kind)}?q=leeg&amp;order=sold"' in text
