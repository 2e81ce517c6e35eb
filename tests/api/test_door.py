"""Who gets in with what, and how much at once: a key in the header, JSON of a size, so many calls a minute."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.api.bodies import MOST_BYTES
from dipportal.catalogue.models import Performance
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from dipportal.ticketing import keys
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.models_keys import SystemKey
from tests.access import api, neighbours
from tests.api.conftest import Call, tickets
from tests.world import World

pytestmark = pytest.mark.django_db
TICKETS = "/api/v1/tickets/cumulative"


def refused(answer: Any, status: int, code: str) -> None:
    assert (answer.status_code, answer.json()["error"]) == (status, code)
    assert answer.json()["error_description"]
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    assert not TicketCount.objects.exists()


def test_the_addresses_are_those_of_dip() -> None:
    assert [reverse(f"api:{name}") for name in ("tickets", "reservations", "blocked_seats", "performances")] == [
        TICKETS,
        "/api/v1/reservations/cumulative",
        "/api/v1/blockedseats/cumulative",
        "/api/v1/performances",
    ]


# --- the key ----------------------------------------------------------------------------------------------------
def test_without_a_key_nothing_is_taken_in(world: World, put: Call) -> None:
    answer = put(tickets(), secret="")
    refused(answer, 401, "no_key")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "header",
    ["Bearer x", "Bearer", "Bearer ", "Basic {secret}", "Token {secret}", "{secret}", "Bearer {secret}x", "Bearer é"],
)
def test_what_is_no_key_opens_nothing(put: Call, secret: str, header: str) -> None:
    refused(put(tickets(), secret="", headers={"Authorization": header.format(secret=secret)}), 401, "wrong_key")


def test_an_endless_key_is_not_even_digested(put: Call, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SystemKey, "digest_of", lambda secret: pytest.fail("digested"))
    refused(put(tickets(), secret="x" * 5000), 401, "wrong_key")


def test_the_digest_opens_nothing(put: Call) -> None:
    """Whoever reads the table cannot call with what stands there."""
    key = SystemKey.objects.get()
    refused(put(tickets(), secret=key.digest), 401, "wrong_key")
    refused(put(tickets(), secret=key.begins_with), 401, "wrong_key")


def test_a_revoked_key_opens_nothing(world: World, put: Call) -> None:
    assert put([tickets()]).status_code == 200
    TicketCount.objects.all().delete()
    keys.revoke(SystemKey.objects.get(), actor=world.actors["kade_manager"])
    refused(put(tickets()), 401, "wrong_key")


def test_the_key_of_another_theater_sees_none_of_this_one(world: World, put: Call) -> None:
    secret = api.key(world, "haven")[1]
    refused(put(tickets(), secret=secret), 400, "invalid")
    listed = api.call("GET", "performances", secret).json()
    assert [one["performanceNumber"] for one in listed] == [world.rival_performance.number]


def test_a_theater_that_passes_to_another_organisation_takes_no_key_along(world: World, put: Call) -> None:
    world.theater.receiver = world.haven
    world.theater.save()
    refused(put(tickets()), 401, "wrong_key")
    assert not SystemKey.objects.visible_to(world.haven).exists()
    assert not SystemKey.objects.visible_to(world.kade).exists()
    world.theater.receiver = None
    world.theater.save()
    refused(put(tickets()), 401, "wrong_key")


@pytest.mark.parametrize("name", ["key", "token", "access_token", "api_key", "x"])
def test_a_key_in_the_address_is_refused(put: Call, secret: str, name: str) -> None:
    """Addresses stand in the logs of everything on the way."""
    url = f"{TICKETS}?{name}={secret}"
    refused(put(tickets(), secret="", url=url), 401, "no_key")
    answer = put(tickets(), url=url)
    refused(answer, 400, "query")
    assert secret not in answer.content.decode()


def test_a_key_in_the_body_is_refused(put: Call, secret: str) -> None:
    refused(put({**tickets(), "token": secret}, secret=""), 401, "no_key")
    answer = put({**tickets(), "token": secret})
    refused(answer, 400, "invalid")
    assert secret not in answer.content.decode()


def test_when_a_key_was_used_is_noted_at_most_once_a_minute(put: Call) -> None:
    def used() -> dt.datetime | None:
        return SystemKey.objects.get().last_used_at

    assert used() is None
    put(tickets())
    first = used()
    assert first is not None
    with CaptureQueriesContext(connection) as asked:
        put(tickets())
    assert used() == first
    # Not even asked for: what is called every second would otherwise lock the row every second.
    assert not [query["sql"] for query in asked if query["sql"].startswith('UPDATE "ticketing_systemkey"')]
    long_ago = timezone.now() - keys.NOTED_EVERY
    SystemKey.objects.update(last_used_at=long_ago)
    put(tickets())
    assert used() != long_ago


def test_a_refused_key_is_not_noted_as_used(world: World, put: Call) -> None:
    keys.revoke(SystemKey.objects.get(), actor=world.actors["kade_manager"])
    put(tickets())
    assert SystemKey.objects.get().last_used_at is None


# --- no session -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("person", ["kade_manager", "kade_editor", "staff"])
def test_a_session_opens_nothing(world: World, put: Call, person: str) -> None:
    browser = Client()
    browser.force_login(world.people[person])
    answer = put(tickets(), secret="", client=browser)
    refused(answer, 401, "no_key")
    assert not answer.cookies


def test_a_session_that_comes_along_changes_nothing(world: World, put: Call) -> None:
    """The journal names the key, not who is logged in, and the session is as it was."""
    browser = Client()
    browser.force_login(world.people["haven_manager"])
    before = dict(browser.session)
    answer = put(tickets(), client=browser)
    assert (answer.status_code, dict(answer.cookies)) == (200, {})
    assert dict(browser.session) == before


def test_no_cookie_is_set_and_no_token_of_a_form_is_asked(put: Call) -> None:
    strict = Client(enforce_csrf_checks=True)
    answer = put(tickets(), client=strict, headers={"Origin": "https://elders.example", "Sec-Fetch-Site": "cross-site"})
    assert (answer.status_code, dict(answer.cookies)) == (200, {})
    assert "Access-Control-Allow-Origin" not in answer.headers


# --- what a body may be -----------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"nan", b'{"a": NaN}', b"\xff\xfe", b'{"a": "\xff"}', b"[" * 100_000, b'{"a":' * 100_000, b'"\\ud800"'],
    ids=range(9),
)
def test_what_is_no_json_is_refused(put: Call, body: bytes) -> None:
    refused(put(body), 400, "no_json")


@pytest.mark.parametrize(
    "kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "text/json", ""]
)
def test_another_kind_of_body_is_refused(put: Call, kind: str) -> None:
    refused(put(tickets(), content_type=kind), 415, "no_json")


def test_json_may_name_its_alphabet(put: Call) -> None:
    assert put(tickets(), content_type="application/json; charset=utf-8").status_code == 200


def test_a_body_that_is_too_large_is_not_read_to_its_end(put: Call) -> None:
    spaces = b" " * (MOST_BYTES + 1)
    refused(put(spaces), 413, "too_large")
    # A thousand rows with everything in them fit in.
    assert len(str([tickets(systemNumber="x" * 60, reservations=1, countedAt="x" * 32)] * 1000)) < MOST_BYTES


@pytest.mark.parametrize("accept", ["text/html", "application/xml", "*/*", ""])
def test_the_answer_is_json_whatever_is_asked_for(put: Call, accept: str) -> None:
    answer = put(tickets(), headers={"Accept": accept})
    assert (answer.status_code, answer.headers["Content-Type"]) == (200, "application/json")
    assert answer.headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("path", ["", "x", "tickets/cumulative/", "tickets", "schema", "../../beheer/"])
def test_what_is_not_there_is_said_in_json_too(secret: str, path: str) -> None:
    url = f"/api/v1/{path}"
    refused(api.call("GET", "", secret, url=url), 404, "not_found")
    refused(api.call("GET", "", "", url=url), 401, "no_key")


def test_another_method_is_refused_in_json(secret: str) -> None:
    answer = api.call("POST", "tickets", secret, tickets())
    refused(answer, 405, "method")
    assert answer.headers["Allow"] == "PUT"


# --- how often --------------------------------------------------------------------------------------------------
def test_too_many_calls_with_one_key_are_refused(world: World, put: Call, settings: Any) -> None:
    settings.API_CALLS_PER_MINUTE = 3
    other = api.key(world, name="Proef")[1]
    assert [put([]).status_code for _call in range(3)] == [400] * 3
    answer = put([])
    refused(answer, 429, "too_often")
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    # Another key has calls of its own, and an address without one uses up none.
    assert put([], secret=other).status_code == 400
    assert put([], secret="").status_code == 401


# --- the numbers ------------------------------------------------------------------------------------------------
def test_a_system_finds_the_numbers_of_its_theater(world: World, put: Call, secret: str) -> None:
    first, *others = world.performances
    put(tickets(systemNumber="EV-1", reservations=2))
    listed = api.call("GET", "performances", secret).json()
    assert [one["performanceNumber"] for one in listed] == [one.number for one in (first, *others)]
    count = listed[0].pop("count")
    assert listed[0] == {
        "dipId": first.dip_id,
        "productionNumber": "NL-25-123-0003776",
        "performanceNumber": first.number,
        "title": "De Storm",
        "startsAt": timezone.localtime(first.starts_at).isoformat(),
        "hall": {"id": 57, "name": "Grote zaal"},
        "seats": 500,
        "status": "agreed",
        "systemNumber": "EV-1",
    }
    assert dt.datetime.fromisoformat(count.pop("countedAt")).utcoffset() is not None
    assert count == {"source": "system", "tickets": 100, "recette": 250_000, "reservations": 2, "blockedSeats": None}
    assert (listed[1]["count"], listed[1]["systemNumber"]) == (None, None)


def test_a_period_begins_and_ends_with_its_days(world: World, secret: str) -> None:
    days = [timezone.localdate(one.starts_at) for one in world.performances]

    def found(query: str) -> list[int]:
        listed = api.call("GET", "performances", secret, url=f"/api/v1/performances?{query}")
        return [one["performanceNumber"] for one in listed.json()]

    numbers = [one.number for one in world.performances]
    assert found(f"from={days[1]}") == numbers[1:]
    assert found(f"from={days[0]}&until={days[1]}") == numbers[:2]
    assert found(f"from={days[2]}&until={days[2]}") == numbers[2:]
    assert found("from=2020-01-01") == []


@pytest.mark.parametrize(
    "query",
    ["from=x", "from=2026-13-01", "until=2001-01-01", "from=2020-01-01&until=2022-01-01", "from=", "from=0001-01-01"],
)
def test_a_period_that_cannot_be_is_refused(secret: str, query: str) -> None:
    refused(api.call("GET", "performances", secret, url=f"/api/v1/performances?{query}"), 400, "period")


def test_the_list_costs_the_same_with_many(world: World, secret: str, django_assert_max_num_queries: Any) -> None:
    with django_assert_max_num_queries(6):
        api.call("GET", "performances", secret)
    few = len(world.performances)
    world.performances[0].production.performances.model.objects.bulk_create(
        type(world.performances[0])(
            production=world.production, theater=world.theater, hall=world.hall, number=70_000_000 + index,
            starts_at=world.performances[0].starts_at,
        )
        for index in range(50)
    )  # fmt: skip
    with django_assert_max_num_queries(6):
        assert len(api.call("GET", "performances", secret).json()) == few + 50


def test_an_organisation_that_is_no_receiver_has_no_keys(world: World) -> None:
    provider = Organisation.objects.filter(kind=Side.PROVIDER).first()
    assert not SystemKey.objects.visible_to(provider).exists()
    assert not SystemKey.objects.visible_to(None).exists()


def test_nothing_of_the_neighbours_shows(world: World, put: Call, secret: str) -> None:
    """Not in the list, which is the same beside them, and not in what is said of their numbers."""
    before = api.call("GET", "performances", secret).content
    neighbours.fill_for_receiver(world)
    assert api.call("GET", "performances", secret).content == before
    foreign = list(Performance.objects.filter(theater=world.other_theater).select_related("production"))
    assert len(foreign) > 5
    made_up = {"productionNumber": "NL-25-123-0003776", "performanceNumber": 1, "counts": tickets()["counts"]}
    (unknown,) = put(made_up).json()["rows"]
    for one in foreign:
        named = {"productionNumber": one.production.dip_id, "performanceNumber": one.number}
        answer = put({**made_up, **named, "systemNumber": "EV-1"})
        assert neighbours.MARK not in answer.content.decode()
        assert answer.json()["rows"] == [unknown], "one that exists elsewhere is told from one that does not"
