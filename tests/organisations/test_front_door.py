"""The front door: home, language, health, the admin's log-in."""

from typing import Any

import pytest
from django.conf import settings
from django.db import OperationalError
from django.test import Client
from django.urls import reverse

from dipportal.organisations import health
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership
from tests.world import World


def test_home_sends_somebody_unknown_to_log_in(db: None, client: Client) -> None:
    assert client.get("/").url.startswith(reverse("account_login"))  # type: ignore[attr-defined]


def test_home_opens_the_only_organisation(world: World, client: Client) -> None:
    client.force_login(world.people["kade_viewer"])
    assert client.get("/").url == world.kade.home_url  # type: ignore[attr-defined]


def test_home_opens_the_organisation_that_was_used_last(world: World, client: Client) -> None:
    user = world.people["kade_viewer"]
    Membership.objects.create(user=user, organisation=world.agency, role=Role.VIEWER)
    client.force_login(user)
    for organisation in (world.agency, world.kade, world.agency):
        client.get(organisation.home_url)
        assert client.get("/").url == organisation.home_url  # type: ignore[attr-defined]


def test_an_organisation_that_one_left_is_not_opened(world: World, client: Client) -> None:
    user = world.people["kade_viewer"]
    extra = Membership.objects.create(user=user, organisation=world.agency, role=Role.VIEWER)
    client.force_login(user)
    client.get(world.agency.home_url)
    extra.delete()
    assert client.get("/").url == world.kade.home_url  # type: ignore[attr-defined]


@pytest.mark.parametrize(("name", "admin"), [("nobody", False), ("staff", True)])
def test_somebody_without_organisation_is_told_what_to_do(world: World, client: Client, name: str, admin: bool) -> None:
    client.force_login(world.people[name])
    page = client.get("/")
    assert page.status_code == 200
    assert world.people[name].email in page.content.decode()
    main = page.content.decode().split("<main", 1)[1]
    assert (f'href="{reverse("admin:index")}"' in main) is admin


def test_the_language_is_chosen_for_browser_and_mail(world: World, client: Client) -> None:
    user = world.people["kade_viewer"]
    client.force_login(user)
    reply = client.post(reverse("set_language"), {"language": "en", "next": "/afnemer/de-kade/?x=1"})
    assert (reply.status_code, reply.url) == (302, "/afnemer/de-kade/?x=1")  # type: ignore[attr-defined]
    assert reply.cookies[settings.LANGUAGE_COOKIE_NAME].value == "en"
    user.refresh_from_db()
    assert user.language == "en"
    assert 'lang="en"' in client.get(world.kade.home_url).content.decode()


@pytest.mark.parametrize(
    "wanted", ["https://kwaad.example/", "//kwaad.example/", "/\\kwaad.example", "javascript:alert(1)", "", "geen-pad"]
)
def test_after_choosing_a_language_nobody_is_sent_elsewhere(db: None, client: Client, wanted: str) -> None:
    reply = client.post(reverse("set_language"), {"language": "en", "next": wanted})
    assert reply.url == "/"  # type: ignore[attr-defined]


def test_an_own_address_does_not_lead_elsewhere_by_its_path(db: None, client: Client) -> None:
    """Without its host the rest of such an address would be the address of another site."""
    for wanted in ("http://testserver//kwaad.example/", "http://testserver/\\kwaad.example/"):
        reply = client.post(reverse("set_language"), {"language": "en", "next": wanted})
        assert reply.url == "/", wanted  # type: ignore[attr-defined]
    reply = client.post(reverse("set_language"), {"language": "en", "next": "http://testserver/afnemer/?x=1"})
    assert reply.url == "/afnemer/?x=1"  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", ["kade_manager", None])
def test_a_page_from_before_the_last_log_in_says_what_to_do(world: World, name: str | None) -> None:
    client = Client(enforce_csrf_checks=True)
    if name:
        client.force_login(world.people[name])
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "en"
    reply = client.post(reverse("set_language"), {"language": "nl", "next": "/"})
    text = reply.content.decode()
    assert reply.status_code == 403
    assert {"403_csrf.html", "base.html"} <= {template.name for template in reply.templates}
    assert "copy what you typed, load the page again" in text
    assert (reverse("account_logout") in text, reverse("account_login") in text) == (bool(name), not name)


def test_a_language_that_does_not_exist_changes_nothing(world: World, client: Client) -> None:
    client.force_login(world.people["kade_viewer"])
    reply = client.post(reverse("set_language"), {"language": "xx", "next": "/"})
    assert settings.LANGUAGE_COOKIE_NAME not in reply.cookies
    world.people["kade_viewer"].refresh_from_db()
    assert world.people["kade_viewer"].language == "nl"


def test_alive_and_ready(db: None, client: Client) -> None:
    assert client.get("/health/live").json() == {"status": "ok"}
    reply = client.get("/health/ready")
    assert (reply.status_code, reply.json()) == (
        200, {"status": "ok", "database": True, "migrations": True, "broker": True},
    )  # fmt: skip


def test_alive_asks_no_database(client: Client) -> None:
    """Without the db fixture every query is an error."""
    assert client.get("/health/live").status_code == 200


def broken_database(monkeypatch: pytest.MonkeyPatch) -> str:
    class Away:
        def cursor(self) -> None:
            raise OperationalError("could not connect to postgres://user:secret@db.internal")

    monkeypatch.setattr(health, "connections", {"default": Away()})
    return "database"


def broken_broker(monkeypatch: pytest.MonkeyPatch) -> str:
    class Away:
        def connection_for_write(self, **_kwargs: Any) -> None:
            raise OSError("redis://:secret@redis.internal refused")

    monkeypatch.setattr(health, "current_app", Away())
    return "broker"


def migrations_waiting(monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setattr(health.MigrationExecutor, "migration_plan", lambda _self, _targets: ["one"])
    return "migrations"


@pytest.mark.parametrize("breaks", [broken_database, broken_broker, migrations_waiting])
def test_not_ready_says_what_and_no_secret(
    db: None, client: Client, monkeypatch: pytest.MonkeyPatch, breaks: Any
) -> None:
    what = breaks(monkeypatch)
    reply = client.get("/health/ready")
    assert reply.status_code == 503
    assert reply.json()[what] is False
    assert "secret" not in reply.content.decode()


def test_the_admin_uses_the_log_in_of_the_portal(world: World, client: Client) -> None:
    reply = client.get(reverse("admin:login"))
    assert reply.status_code == 302
    assert reply.url.startswith(reverse("account_login"))  # type: ignore[attr-defined]
    client.force_login(world.people["kade_manager"])
    assert client.get(reverse("admin:index")).status_code in (302, 403)
