"""Refused keys are counted by address, and nobody with a good key is held up by them."""

from typing import Any

import pytest
from django.core.cache import caches
from django.core.cache.backends.locmem import LocMemCache
from django.urls import reverse
from redis.exceptions import ConnectionError as RedisAway

from dipportal import settings as written
from dipportal.api.throttles import Counted
from tests.access import api
from tests.api.conftest import Call, tickets
from tests.api.test_document import DOCUMENT, check, schema_of
from tests.world import World

pytestmark = pytest.mark.django_db
MOST = 3


@pytest.fixture(autouse=True)
def few(settings: Any) -> None:
    settings.API_REFUSED_PER_MINUTE = MOST


def wrong(address: str = "10.0.0.1", secret: str = "x", **more: Any) -> int:
    """One call with a key that opens nothing."""
    return int(api.call("GET", "performances", secret, REMOTE_ADDR=address, **more).status_code)


def forwarded(*through: str) -> int:
    """As the proxy in front tells it: what the client wrote, and behind it the address that the proxy saw."""
    return wrong("10.9.9.9", headers={"X-Forwarded-For": ", ".join(through)})


def test_who_is_refused_too_often_is_told_to_wait() -> None:
    assert [wrong() for _call in range(MOST)] == [401] * MOST
    answer = api.call("PUT", "tickets", "x", tickets(), REMOTE_ADDR="10.0.0.1")
    assert (answer.status_code, answer.json()["error"]) == (429, "too_often")
    assert "without a key" in answer.json()["error_description"]
    assert 0 < int(answer.headers["Retry-After"]) <= 60
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    check(answer.json(), schema_of(DOCUMENT["paths"][reverse("api:tickets")]["put"], 429))


@pytest.mark.parametrize("secret", ["", "x"])
def test_no_key_and_a_wrong_one_count_alike(secret: str) -> None:
    assert [wrong(secret="x"), wrong(secret=""), wrong(secret="y")] == [401] * 3
    assert wrong(secret=secret) == 429


def test_addresses_that_do_not_exist_count_too() -> None:
    assert [wrong(url="/api/v1/x") for _call in range(MOST + 1)] == [401] * MOST + [429]


def test_a_good_key_is_never_locked_out_by_wrong_ones_of_the_same_address(secret: str) -> None:
    assert [wrong() for _call in range(MOST + 2)] == [401] * MOST + [429] * 2
    assert wrong(secret=secret) == 200
    assert wrong() == 429


def test_calls_with_a_good_key_use_up_none_of_the_refusals(secret: str) -> None:
    assert [wrong(secret=secret) for _call in range(MOST + 2)] == [200] * (MOST + 2)
    assert [wrong() for _call in range(MOST)] == [401] * MOST


def test_refusals_for_something_else_do_not_count(put: Call) -> None:
    assert [put(b"{", REMOTE_ADDR="10.0.0.1").status_code for _call in range(MOST + 2)] == [400] * (MOST + 2)
    assert wrong() == 401


def test_another_address_has_refusals_of_its_own() -> None:
    assert [wrong("10.0.0.1") for _call in range(MOST + 1)][-1] == 429
    assert wrong("10.0.0.2") == 401


def test_of_ipv6_the_network_counts() -> None:
    """A line has more addresses of its own than there are refusals."""
    assert [wrong(f"2001:db8:1:2::{number}") for number in range(MOST + 1)][-1] == 429
    assert wrong("2001:db8:1:3::1") == 401


def test_behind_the_proxy_the_address_that_it_saw_counts(settings: Any) -> None:
    """Not the proxy's, which is everybody's, and nothing that a client can write by itself."""
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    assert [forwarded(f"10.1.1.{number}", "10.0.0.1") for number in range(MOST + 1)][-1] == 429
    assert forwarded("10.0.0.1", "10.0.0.2") == 401


def test_without_a_proxy_nobody_writes_an_address_of_their_own(settings: Any) -> None:
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 0
    assert [forwarded(f"10.1.1.{number}") for number in range(MOST + 1)][-1] == 429


def test_who_has_no_address_is_counted_all_the_same(secret: str) -> None:
    assert [wrong("") for _call in range(MOST + 1)] == [401] * MOST + [429]
    assert wrong("", secret) == 200


def test_after_a_minute_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    now = 1_000_000.0
    monkeypatch.setattr(Counted, "timer", lambda _self: now)
    assert [wrong() for _call in range(MOST + 1)][-1] == 429
    now += 61
    assert wrong() == 401


@pytest.mark.parametrize("error", [RedisAway("away"), ConnectionRefusedError(), PermissionError()])
def test_without_the_cache_the_api_goes_on(
    world: World, put: Call, monkeypatch: pytest.MonkeyPatch, settings: Any, error: Exception
) -> None:
    def away(*_args: Any, **_more: Any) -> Any:
        raise error

    settings.API_CALLS_PER_MINUTE = 1
    monkeypatch.setattr(LocMemCache, "get", away)
    monkeypatch.setattr(LocMemCache, "set", away)
    with pytest.raises(type(error)):
        caches["default"].get("x")
    assert [put(tickets()).status_code for _call in range(3)] == [200] * 3
    assert [wrong() for _call in range(MOST + 1)] == [401] * (MOST + 1)


def test_the_cache_is_one_that_processes_share() -> None:
    """As it is written: tests have one of their own."""
    assert written.CACHES["default"]["BACKEND"] in {
        "django.core.cache.backends.redis.RedisCache",
        "django.core.cache.backends.filebased.FileBasedCache",
    }
