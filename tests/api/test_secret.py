"""A key is planted through the page and used in every way, and looked for in all that the portal keeps and says."""

import io
from typing import Any

import pytest
from django.core import mail
from django.test import Client
from django.urls import reverse

from dipportal.api import loaders
from dipportal.ticketing import keys
from dipportal.ticketing.models_keys import SystemKey
from tests.access import api
from tests.access.crawl import crawl
from tests.api.conftest import tickets
from tests.dip.parrot import spots
from tests.dip.test_secret import dump, logged
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
__all__ = ["logged"]
SECRET = "geheim-Kq7_vXw3nPz8RtY2mLb5sHd9fGj4cAe6uNoWi"


def signed_in(world: World, person: str) -> Client:
    browser = Client(raise_request_exception=False)
    browser.force_login(world.people[person], backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


class Heard:
    """name → what was answered, head and body."""

    def __init__(self) -> None:
        self.places: dict[str, bytes] = {}

    def __call__(self, name: str, answer: Any, status: int) -> None:
        assert answer.status_code == status, (name, answer.content)
        head = "\n".join(f"{key}: {value}" for key, value in answer.headers.items())
        self.places[name] = head.encode() + b"\n" + answer.content


def use(world: World, heard: Heard, monkeypatch: pytest.MonkeyPatch) -> None:
    """With every outcome: taken in, refused, too many, in the wrong place, broken on the way."""
    calm = Client(raise_request_exception=False)
    heard("taken in", api.call("PUT", "tickets", SECRET, tickets(), client=calm), 200)
    heard("listed", api.call("GET", "performances", SECRET, client=calm), 200)
    heard("refused", api.call("PUT", "tickets", SECRET, tickets(reservations=-1), client=calm), 400)
    heard("no json", api.call("PUT", "tickets", SECRET, b"{", client=calm), 400)
    heard("nothing", api.call("GET", "", SECRET, url="/api/v1/x", client=calm), 404)
    heard("in a body", api.call("PUT", "tickets", SECRET, tickets(key=SECRET), client=calm), 400)
    heard("in a name", api.call("PUT", "tickets", SECRET, {**tickets(), "a": {SECRET: 1}}, client=calm), 400)
    heard("in a number", api.call("PUT", "tickets", SECRET, tickets(systemNumber=SECRET * 2), client=calm), 400)
    address = f"/api/v1/performances?key={SECRET}"
    heard("in the address", api.call("GET", "", "", url=address, client=calm), 401)
    heard("in the address too", api.call("GET", "", SECRET, url=address, client=calm), 400)
    heard("another scheme", api.call("GET", "performances", headers={"Authorization": f"Key {SECRET}"}), 401)

    def unforeseen(*confided: Any, **more: Any) -> Any:
        raise RuntimeError(f"a fault while {len(confided)} things were told")

    with monkeypatch.context() as broken:
        broken.setattr(SystemKey, "digest_of", unforeseen)
        heard("broken at the door", api.call("GET", "performances", SECRET, client=calm), 500)
    with monkeypatch.context() as broken:
        broken.setattr(loaders, "listed", unforeseen)
        heard("broken inside", api.call("GET", "performances", SECRET, client=calm), 500)


def test_a_key_is_found_nowhere(
    world: World, logged: io.StringIO, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.ADMINS = [("Beheer", "beheer@portal.example")]
    monkeypatch.setattr(keys.secrets, "token_urlsafe", lambda length: SECRET)
    manager = signed_in(world, "kade_manager")
    made = manager.post(reverse("receivers:ticketing_keys", args=["de-kade"]), {"name": "Kassa"})
    assert SECRET in made.content.decode(), "it is shown this once"
    heard = Heard()
    use(world, heard, monkeypatch)
    for person, home in (("kade_manager", world.kade.home_url), ("kade_viewer", world.kade.home_url)):
        for url, page in crawl(signed_in(world, person), home, words=["kassa"]).items():
            heard.places[f"{person}: {url}"] = page.encode()
    staff, key = signed_in(world, "staff"), SystemKey.objects.get()
    heard("admin list", staff.get(reverse("admin:ticketing_systemkey_changelist")), 200)
    heard("admin page", staff.get(reverse("admin:ticketing_systemkey_change", args=[key.pk])), 200)
    manager.post(reverse("receivers:ticketing_key_revoke", args=["de-kade", key.pk]))
    heard("revoked", api.call("GET", "performances", SECRET), 401)
    places = {
        **heard.places,
        **dump(),
        "the log": logged.getvalue().encode(),
        **{f"mail: {number}": one.message().as_bytes() for number, one in enumerate(mail.outbox)},
    }
    assert b"in unforeseen" in places["the log"], "tracebacks are there"
    assert b"INSERT INTO" in places["the log"], "and so are statements"
    assert any(name.startswith("mail: ") and b"RuntimeError" in text for name, text in places.items())
    assert key.digest.encode() in places["ticketing_systemkey.digest"]
    assert key.digest.encode() not in places["admin page"]
    assert len(heard.places) > 40
    assert spots(SECRET, places) == []


def test_the_search_would_find_it() -> None:
    assert spots(SECRET, {"the log": f"told {SECRET}".encode(), "elsewhere": b"nothing"}) == ["the log"]
