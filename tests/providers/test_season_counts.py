"""The sales monitor over a season, and the theaters that owe a count."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue.models import Performance, Producer, Production, Theater
from dipportal.catalogue.rules import season_of
from dipportal.core import dates
from dipportal.ticketing import mirror, seasons, sums
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from tests.providers.browser import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db
LONG = "De onwaarschijnlijke terugkeer van de vrouw die haar hele leven lang in alle kleine zalen van het land speelde"


def page(world: World, query: str = "", name: str = "counts") -> Any:
    return signed_in(world, "agency_viewer").get(reverse(f"providers:{name}", args=[world.agency.slug]) + query)


def words(answer: Any) -> str:
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def running() -> str:
    return season_of(timezone.localdate())


def tour(
    world: World, title: str, *tickets: int | None, seats: int = 100, days: int = 10, season: str = "", **more: Any
) -> Production:
    """A production of the agency with an evening a ticket count, each a day after the other; None has no count."""
    production = Production.objects.create(
        title=title, season=season or running(), **{"producer": world.production.producer, **more}
    )
    begin = timezone.now() + dt.timedelta(days=days)
    evenings = [
        Performance.objects.create(
            production=production, theater=world.theater, starts_at=begin + dt.timedelta(days=day), capacity=[seats],
            number=production.pk * 1000 + day,
        )
        for day in range(len(tickets))
    ]  # fmt: skip
    told = {
        evening.pk: counted(number) for evening, number in zip(evenings, tickets, strict=True) if number is not None
    }
    mirror.write(told, source=Source.DIP)
    sums.renew([production.pk])
    return production


def counted(tickets: int) -> mirror.Told:
    kinds = {TicketKind.NORMAL: (tickets, tickets * 2000)}
    return mirror.sold(tickets, tickets * 2000, timezone.now(), kinds) | {"reservations": 3}


def titles(answer: Any) -> list[str]:
    return [row.production.title for row in answer.context["rows"]]


# --- the season ---------------------------------------------------------------------------------------------------
def test_the_weakest_come_first_and_who_has_no_count_last(world: World) -> None:
    tour(world, "Vol", 90, 80)
    tour(world, "Stil", None)
    tour(world, "Leeg", 5, 15)
    assert titles(page(world)) == ["Leeg", "Vol", "Stil"]


@pytest.mark.parametrize(
    ("order", "first"), [("title", "Leeg"), ("-title", "Vol"), ("-sold", "Vol"), ("-silent", "Stil")]
)
def test_the_other_orders(world: World, order: str, first: str) -> None:
    tour(world, "Vol", 90, 80)
    tour(world, "Stil", None, None)
    tour(world, "Leeg", 5, 15)
    assert titles(page(world, f"?order={order}"))[0] == first


def test_a_row_and_the_season_together(world: World) -> None:
    one = tour(world, "Vol", 1090, 80, None, seats=1500, days=-1)
    tour(world, "Leeg", 5, 15, seats=1500)
    answer = page(world, "?order=title")
    text = words(answer)
    for shown in ("1.170", "3.000", "39 %", "€ 23.400", "1.190", "19,8 %", "Normaal 1.190"):
        assert shown in text, shown
    address = reverse("providers:production_counts", args=[world.agency.slug, one.pk])
    assert f'href="{address}"' in text
    together, moving = answer.context["together"], answer.context["moving"][one.pk]
    assert (together.tickets, together.counted, together.performances, together.reservations) == (1190, 4, 5, 12)
    assert (moving.played, moving.silent, answer.context["silent"]) == (2, 1, 1)


def test_the_change_in_a_week(world: World) -> None:
    one = tour(world, "Vol", 90)
    evening = one.performances.get()
    TicketCountPoint.objects.create(performance=evening, day=timezone.localdate() - dt.timedelta(days=8), tickets=60)
    sums.renew([one.pk])
    text = words(page(world))
    assert "+30" in text
    assert "+50 %" in text


def test_a_season_is_chosen_and_the_running_one_comes_by_itself(world: World) -> None:
    before = f"{int(running()[:4]) - 1}-{running()[:4]}"
    tour(world, "Nu", 10)
    tour(world, "Toen", 20, 30, season=before, days=-300)
    assert titles(page(world)) == ["Nu"]
    answer = page(world, f"?season={before}")
    assert titles(answer) == ["Toen"]
    assert answer.context["together"].tickets == 50
    assert titles(page(world, "?season=1999-2000")) == ["Nu"], "there is no such season"
    compared = [(season, whole.tickets) for season, whole in answer.context["seasons"]]
    assert compared == [(before, 50), (running(), 10)]
    assert answer.context["line"].wide.count("<path") == 1


def test_the_last_season_stands_there_when_nothing_plays_this_year(world: World) -> None:
    Production.objects.filter(pk=world.production.pk).update(season="2019-2020")
    sums.renew([world.production.pk])
    answer = page(world)
    assert answer.context["filter"].season == "2019-2020"
    assert titles(answer) == [world.production.title]


def test_titles_are_searched_and_producers_chosen_where_there_are_several(world: World) -> None:
    tour(world, "De Wind", 10)
    tour(world, "Het Water", 20)
    assert titles(page(world, "?q=wind")) == ["De Wind"]
    assert "producer" not in page(world).context["filter"].filters
    second = Producer.objects.create(id=124, name="Producent Twee")
    second.providers.add(world.agency)
    tour(world, "Vuur", 30, producer=second)
    assert titles(page(world, "?producer=124")) == ["Vuur"]
    assert "Producent Twee" in words(page(world))


def test_with_nothing_at_all_and_with_nothing_found(world: World) -> None:
    assert "Nog geen kaartstanden" in words(page(world))
    tour(world, "Vol", 90)
    text = words(page(world, "?q=bestaatniet"))
    assert "Niets gevonden" in text
    assert "Nog geen kaartstanden" not in text


def test_without_any_count_there_are_no_sums_but_the_silence(world: World) -> None:
    tour(world, "Stil", None, None)
    answer = page(world)
    assert (answer.context["together"].tickets, answer.context["silent"], answer.context["line"]) == (None, 2, None)
    assert words(answer).count("geen stand") >= 1


def test_what_was_cancelled_says_so(world: World) -> None:
    one = tour(world, "Afgelast", 90)
    Production.objects.filter(pk=one.pk).update(cancelled_at=timezone.now())
    assert "Geannuleerd" in words(page(world))


def test_a_title_is_text(world: World) -> None:
    tour(world, f"<b>{LONG}</b> & zo", 90)
    text = words(page(world))
    assert f"&lt;b&gt;{LONG}&lt;/b&gt; &amp; zo" in text
    silent = tour(world, "<i>Stil</i>", None)
    assert silent.title not in words(page(world, name="silent_theaters"))


def test_a_neighbour_s_productions_are_nobody_else_s(world: World) -> None:
    tour(world, "Van ons", 90)
    tour(world, "Van de buren", 33, None, producer=world.rival_producer)
    for name in ("counts", "silent_theaters"):
        assert "Van de buren" not in words(page(world, name=name))
    answer = page(world)
    assert (answer.context["together"].tickets, answer.context["silent"]) == (90, 0)


# --- as many questions with one as with thirty --------------------------------------------------------------------
QUERIES = (
    "counts", "counts?order=title", "counts?order=-silent", "counts?q=stuk", "silent_theaters", "production_counts",
)  # fmt: skip


@pytest.mark.parametrize("asked", QUERIES)
def test_thirty_productions_take_as_many_questions_as_one(world: World, asked: str) -> None:
    name, _mark, query = asked.partition("?")
    first = tour(world, "Stuk 0", 10, None)

    def questions() -> int:
        arguments = [world.agency.slug, first.pk] if name == "production_counts" else [world.agency.slug]
        client = signed_in(world, "agency_viewer")
        with CaptureQueriesContext(connection) as seen:
            answer = client.get(reverse(f"providers:{name}", args=arguments) + f"?{query}")
        assert answer.status_code == 200
        return len(seen)

    one = questions()
    for number in range(1, 30):
        house = Theater.objects.create(id=500 + number, name=f"Huis {number}", dip_member=True)
        before = f"{2000 + number % 3}-{2001 + number % 3}"
        made = tour(world, f"Stuk {number}", 10 + number, None, season=running() if number % 2 else before)
        Performance.objects.filter(production=made).update(theater=house)
        sums.renew([made.pk])
    assert questions() == one


# --- theaters that owe a count ------------------------------------------------------------------------------------
def houses(answer: Any) -> list[tuple[str, int, int]]:
    return [(theater.name, row["owed"], row["never"]) for theater, row, _named in answer.context["rows"]]


def place(world: World, production: Production, theater: Theater, *, days: int) -> Performance:
    made = Performance.objects.create(
        production=production, theater=theater, starts_at=timezone.now() + dt.timedelta(days=days), capacity=[100],
        number=600_000 + Performance.objects.count(),
    )  # fmt: skip
    sums.renew([production.pk])
    return made


def test_the_nearest_evening_comes_first_and_then_what_was_played_last(world: World) -> None:
    one = tour(world, "Reis", 10)
    names = {}
    for name, days in (("Gisteren", -1), ("Morgen", 1), ("Lang geleden", -40), ("Straks", 50), ("Te ver", 70)):
        names[name] = Theater.objects.create(id=900 + len(names), name=name)
        place(world, one, names[name], days=days)
    shown = houses(page(world, name="silent_theaters"))
    assert shown == [(name, 1, 1) for name in ("Morgen", "Straks", "Gisteren", "Lang geleden")]


def test_since_when_a_theater_is_silent_and_of_what(world: World) -> None:
    one = tour(world, "Reis", 10, 20, None, days=5)
    long_ago = timezone.now() - dt.timedelta(days=12)
    TicketCount.objects.filter(performance=one.performances.order_by("pk")[0]).update(counted_at=long_ago)
    sums.renew([one.pk])
    answer = page(world, name="silent_theaters")
    assert houses(answer) == [(world.theater.name, 2, 1)]
    text = words(answer)
    assert dates.day(timezone.localdate(long_ago)) in text
    ((_theater, _row, named),) = answer.context["rows"]
    assert [row.starts_at for row in named] == sorted(row.starts_at for row in named)
    assert {row.counted_at for row in named} == {long_ago, None}


def test_only_a_few_performances_are_named(world: World) -> None:
    tour(world, "Reis", *[None] * 9)
    ((_theater, row, named),) = page(world, name="silent_theaters").context["rows"]
    assert (row["owed"], len(named)) == (9, seasons.NAMED)


def test_whom_to_ask_is_the_contact_of_the_newest_agreement(world: World) -> None:
    tour(world, "Reis", None)
    assert "programmering@kade.example" not in words(page(world, name="silent_theaters"))
    world.contract()
    assert "mailto:programmering@kade.example" in words(page(world, name="silent_theaters"))


def test_many_theaters_come_in_pages(world: World) -> None:
    one = tour(world, "Reis", 10)
    for number in range(53):
        place(world, one, Theater.objects.create(id=1000 + number, name=f"Huis {number}"), days=2)
    assert len(page(world, name="silent_theaters").context["rows"]) == 50
    assert len(page(world, "?page=2", name="silent_theaters").context["rows"]) == 3


def test_nobody_silent_and_nothing_at_all(world: World) -> None:
    tour(world, "Reis", 10)
    answer = page(world, name="silent_theaters")
    assert answer.context["rows"] == []
    assert "<table" not in words(answer)
    Production.objects.update(season="")
    assert "<table" not in words(page(world, name="silent_theaters"))
