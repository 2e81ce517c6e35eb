"""Lists: what the filters find, and the same number of queries with 3 and with 30 rows."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip.models import Connection, Operation, SyncRun
from dipportal.outbox.models import State
from dipportal.providers import waiting
from tests.providers.browser import at, signed_in
from tests.world import PARTAGE, World, evening, season

# Queries of a whole page. Three of them are the door: session, user, memberships.
QUERIES = {
    "start": 10,
    "productions": 7,
    "performances": 7,
    "contracts": 6,
    "finder": 6,
    "members": 6,
    "search": 6,
    "sync": 11,
}
# No list asks more often than this; the other two are no lists.
assert max(number for page, number in QUERIES.items() if page not in ("start", "sync")) <= 8


def fill(world: World, number: int) -> None:
    """So many of everything that stands in a list."""
    link, _made = Connection.objects.get_or_create(organisation=world.agency, client_id="x")
    for index in range(number):
        key = 10_000 + Theater.objects.count()
        theater = Theater.objects.create(id=key, name=f"Huis {key}", city="Stad", dip_member=True)
        hall = Hall.objects.create(id=key, name="Zaal", theater=theater)
        production = Production.objects.create(
            title=f"Stuk {key}", season=season(), genre=world.genre, producer=world.producer, dip_id=f"NL-25-123-{key}"
        )
        evenings = [
            Performance.objects.create(
                production=production, theater=theater, hall=hall, starts_at=evening(10 + day), number=key * 10 + day
            )
            for day in range(3)
        ]
        contract = actions.create_concept(
            provider=world.agency,
            production=production,
            theater=theater,
            performances=evenings,
            kind="partage",
            terms=PARTAGE,
            actor=world.actors["agency_editor"],
        )
        Performance.objects.create(production=production, theater=theater, starts_at=evening(5), number=key * 10 + 5)
        Contract.objects.filter(pk=contract.pk).update(**STATES[index % 3])
        SyncRun.objects.create(connection=link, organisation=world.agency, kind="contracts", state="good")
        for kind, pk in (("contract", contract.pk), ("performance", evenings[0].pk), ("production", production.pk)):
            Operation.objects.create(
                kind=f"{kind}.create",
                key=f"{kind}:{pk}",
                organisation=world.agency,
                subject_kind=kind,
                subject_id=pk,
                state=State.ATTENTION,
                error_text="Zie hier",
            )


NOW = timezone.now()
STATES: list[dict[str, Any]] = [
    {"status": "concept"},
    {"status": "proposed", "proposed_at": NOW},
    {"status": "rejected", "proposed_at": NOW, "answered_at": NOW, "conflict_at": NOW, "conflict_text": "anders"},
]


def queries(world: World, page: str) -> int:
    client = signed_in(world, "agency_editor")
    url = at(world.agency, page) + ("?q=uis&order=-date" if page == "search" else "")
    client.get(url)
    with CaptureQueriesContext(
        connection,
    ) as seen:
        assert client.get(url).status_code == 200
    return len(seen)


def test_a_list_needs_the_same_queries_with_3_and_50_rows_and_60_kb_at_most(world: World) -> None:
    fill(world, 3)
    assert {page: queries(world, page) for page in QUERIES} == QUERIES
    fill(world, 47)
    assert {page: queries(world, page) for page in QUERIES} == QUERIES
    client = signed_in(world, "agency_editor")
    sizes = {page: len(client.get(at(world.agency, page)).content) for page in QUERIES if page not in ("start", "sync")}
    assert {page: size for page, size in sizes.items() if size > 60_000} == {}


def test_a_tour_needs_the_same_queries_with_3_and_30_evenings(world: World) -> None:
    client = signed_in(world, "agency_editor")
    world.contract()
    url = at(world.agency, "production", pk=world.production.pk)
    client.get(url)
    with CaptureQueriesContext(connection) as few:
        client.get(url)
    for day in range(27):
        Performance.objects.create(production=world.production, theater=world.theater, starts_at=evening(90 + day))
    with CaptureQueriesContext(connection) as many:
        client.get(url)
    assert (len(few), len(many)) == (7, 7)


@pytest.mark.parametrize("page", ["contracts", "performances"])
@pytest.mark.parametrize("name", ["since", "until"])
@pytest.mark.parametrize("value", ["0001-01-01", "9999-12-31"])
def test_a_date_at_the_end_of_time_is_refused_in_words(world: World, page: str, name: str, value: str) -> None:
    answer = signed_in(world, "agency_editor").get(at(world.agency, page), {name: value})
    assert answer.status_code == 200
    assert set(answer.context["filter"].form.errors) == {name}


@pytest.fixture
def several(world: World) -> dict[str, Contract]:
    """One of each kind, and a neighbour's of each that must never turn up."""
    rejected = world.contract(status="rejected")
    following = actions.amend(rejected, actor=world.actors["agency_editor"])
    old = world.contract(status="proposed")
    Contract.objects.filter(pk=old.pk).update(proposed_at=timezone.now() - dt.timedelta(days=20))
    world.rival_contract(status="proposed")
    Contract.objects.filter(pk=following.pk).update(own_reference="K-17", dip_id=4711)
    conflict = world.contract(status="approved", performances=[world.performances[2]])
    actions.flag_conflict(conflict, text="anders", actor=world.actors["agency_editor"])
    return {
        "rejected": rejected,
        "following": following,
        "old": old,
        "new": world.contract(status="proposed"),
        "buyout": world.contract(kind="buyout"),
        "conflict": conflict,
    }


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, {"following", "old", "new", "buyout", "conflict"}),
        ({"versions": "all"}, {"rejected", "following", "old", "new", "buyout", "conflict"}),
        ({"status": "proposed"}, {"old", "new"}),
        ({"status": "rejected", "versions": "all"}, {"rejected"}),
        ({"status": "rejected"}, set()),
        ({"type": "buyout"}, {"buyout"}),
        ({"age": "14"}, {"old"}),
        ({"age": "28"}, set()),
        ({"attention": "conflict"}, {"conflict"}),
        ({"q": "k-17"}, {"following"}),
        ({"q": "4711"}, {"following"}),
        ({"q": "11484908"}, {"conflict"}),
        ({"q": "NL-25-123-0003776|11484908"}, {"conflict"}),
        ({"q": "nergens"}, set()),
        ({"q": "windstilte"}, set()),
        ({"theater": "19", "production": "own"}, {"following", "old", "new", "buyout", "conflict"}),
        ({"since": "first+1"}, {"conflict"}),
        ({"until": "first"}, {"following", "old", "new", "buyout"}),
    ],
)
def test_the_filters_of_agreements(
    world: World, several: dict[str, Contract], choice: dict[str, str], expected: set[str]
) -> None:
    first = timezone.localtime(world.performances[0].starts_at).date()
    words = {"own": str(world.production.pk), "first": str(first), "first+1": str(first + dt.timedelta(days=1))}
    query = {name: words.get(value, value) for name, value in choice.items()}
    page = signed_in(world, "agency_viewer").get(at(world.agency, "contracts"), query)
    names = {contract.pk: name for name, contract in several.items()}
    assert {names[row.pk] for row in page.context["listing"].page} == expected


def test_a_filter_offers_only_what_is_ones_own(world: World, several: dict[str, Contract]) -> None:
    page = signed_in(world, "agency_viewer").get(at(world.agency, "contracts"))
    filters = page.context["filter"].form.fields
    assert [key for key, _name in filters["theater"].choices] == ["", world.theater.pk]
    assert [key for key, _title in filters["production"].choices] == ["", world.production.pk]
    guess = signed_in(world, "agency_viewer").get(
        at(world.agency, "contracts"), {"production": world.rival_production.pk, "theater": world.other_theater.pk}
    )
    assert set(guess.context["filter"].form.errors) == {"production", "theater"}


@pytest.mark.parametrize(
    "order", ["date", "-date", "production", "theater", "type", "status", "proposed", "-made", "x"]
)
def test_every_order_works_and_a_strange_one_is_the_default(
    world: World, several: dict[str, Contract], order: str
) -> None:
    page = signed_in(world, "agency_viewer").get(at(world.agency, "contracts"), {"order": order})
    assert page.context["listing"].order == ("-made" if order == "x" else order)
    assert len(page.context["listing"].page) == 5


@pytest.mark.parametrize(
    ("choice", "expected"),
    [
        ({}, {"De Storm", "Oud stuk"}),
        ({"q": "storm"}, {"De Storm"}),
        ({"q": "0003776"}, {"De Storm"}),
        ({"q": "nl-25-123-0003776"}, {"De Storm"}),
        ({"q": "11484907"}, {"De Storm"}),
        ({"q": "Windstilte"}, set()),
        ({"season": "2001-2002"}, {"Oud stuk"}),
        ({"genre": "4"}, {"De Storm"}),
        ({"producer": "123"}, {"De Storm", "Oud stuk"}),
    ],
)
def test_the_filters_of_productions(world: World, choice: dict[str, str], expected: set[str]) -> None:
    Production.objects.create(title="Oud stuk", season="2001-2002", producer=world.producer)
    page = signed_in(world, "agency_viewer").get(at(world.agency, "productions"), choice)
    assert {row.title for row in page.context["listing"].page} == expected


def test_performances_without_agreement(world: World) -> None:
    world.contract()
    page = signed_in(world, "agency_viewer").get(at(world.agency, "performances"), {"agreement": "none"})
    assert {performance.pk for performance, _contract in page.context["rows"]} == {
        performance.pk for performance in world.performances[1:]
    }


@pytest.mark.parametrize(
    ("page", "query"),
    [("contracts", "q=nergens"), ("productions", "q=nergens"), ("performances", "q=nergens"), ("finder", "q=nergens")],
)
def test_no_result_offers_the_way_back(world: World, page: str, query: str) -> None:
    world.contract()
    url = at(world.agency, page)
    assert f'class="btn" href="{url}"' in signed_in(world, "agency_viewer").get(f"{url}?{query}").content.decode()


Search = Callable[[str], Any]


@pytest.fixture
def search(world: World) -> Search:
    world.contract()
    world.rival_contract(status="proposed")
    client = signed_in(world, "agency_viewer")
    return lambda text: client.get(at(world.agency, "search"), {"q": text}).context


def test_the_search_finds_by_title_theater_reference_and_parts_of_a_dip_id(world: World, search: Search) -> None:
    contract = Contract.objects.get(provider=world.agency)
    for text in ("storm", "DE KADE", "voorbeeld", contract.reference[3:9], "0003776", "11484906", "NL-25-123"):
        assert list(search(text)["contracts"]) == [contract], text
    assert list(search("11484907")["performances"]) == [world.performances[1]]
    assert list(search("0003776|1148")["performances"]) == world.performances[::-1]
    assert list(search("storm")["productions"]) == [world.production]


@pytest.mark.parametrize("text", ["windstilte", "haven", "00279", "99400001", "NL-25-777", "%", "\x00", "'; --"])
def test_the_search_finds_nothing_of_the_neighbour(search: Search, text: str) -> None:
    context = search(text)
    for name in ("productions", "performances", "contracts"):
        assert not context.get(name), text


def test_the_finder_shows_numbers_and_hides_what_is_retired(world: World) -> None:
    Hall.objects.create(id=7001, name="NIET GEBRUIKEN oude zaal", theater=world.theater)
    Theater.objects.create(id=7002, name="Oude Kade NIET GEBRUIKEN", city="Voorbeeldstad")
    client = signed_in(world, "agency_viewer")
    for text in ("kade", "voorbeeldstad", "grote zaal", "57", "19"):
        page = client.get(at(world.agency, "finder"), {"q": text})
        assert [row.pk for row in page.context["listing"].page] == [19], text
        assert "7001" not in page.content.decode()
    page = client.get(at(world.agency, "finder"), {"q": "kade", "retired": "on"})
    assert {row.pk for row in page.context["listing"].page} == {19, 7002}
    assert "7001" in page.content.decode()


def list_of(page: Any) -> str:
    """The page from its list on; above it stands a token that differs each time."""
    return str(page.content.decode().partition('id="list"')[2])


def test_the_members_do_not_tell_who_uses_the_portal(world: World) -> None:
    """A house with a log-in here and one without look the same."""
    Theater.objects.filter(pk=19).update(province="Utrecht")
    Theater.objects.create(id=30, name="Zonder inlog", city="Verweg", province="Drenthe", dip_member=True)
    client = signed_in(world, "agency_viewer")
    page = client.get(at(world.agency, "members"))
    assert {row.pk for row in page.context["listing"].page} == {19, 20, 30}
    with_log_in = list_of(page)
    Theater.objects.filter(pk=19).update(receiver=None)
    assert list_of(client.get(at(world.agency, "members"))) == with_log_in
    assert world.kade.slug not in with_log_in
    only = client.get(at(world.agency, "members"), {"province": "Drenthe"})
    assert [row.pk for row in only.context["listing"].page] == [30]


def test_the_start_page_counts_no_further_than_anybody_reads(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(waiting, "MOST", 6)
    for _each in range(6):
        world.contract()
    client = signed_in(world, "agency_editor")
    assert "Alle 6</a>" in client.get(at(world.agency, "start")).content.decode()
    for _each in range(3):
        world.contract()
    assert "Alle 6+</a>" in client.get(at(world.agency, "start")).content.decode()
