"""The ticketing credential of a theater: an administrator enters it, it is tested, and nothing is fetched with it."""

import io
from typing import Any

import pytest
from django.conf import settings as portal
from django.core.management import CommandError, call_command
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone, translation

from dipportal.catalogue.models import Theater
from dipportal.core.errors import NotAllowed, PortalError
from dipportal.dip import connections, crypto, gate, pull, queries, tasks
from dipportal.dip.models import Connection, Operation, RunKind, SyncRun, Trouble
from dipportal.organisations.actors import staff
from dipportal.outbox.models import State
from dipportal.sandbox import server
from tests.dip.counted import SECRET, enter, queued, totals, with_credential
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def administrator(world: World) -> Browser:
    browser = Browser()
    browser.force_login(world.people["staff"], backend="allauth.account.auth_backends.AuthenticationBackend")
    return browser


def in_words(connection: Connection) -> str:
    with translation.override(portal.LANGUAGE_CODE):
        return str(connection.label)


# --- in the admin ------------------------------------------------------------------------------------------------
def test_an_administrator_enters_it_and_sees_what_it_is(world: World, administrator: Browser) -> None:
    values = {"organisation": world.kade.pk, "client_id": "kassa-kade", "secret": SECRET}
    assert administrator.post(reverse("admin:dip_connection_add"), values).status_code == 302
    row = Connection.objects.get(organisation=world.kade)
    assert crypto.decrypt(row.secret_encrypted) == SECRET
    provider = connections.save_connection(
        world.agency, client_id="noord", secret="x", actor=world.actors["agency_manager"]
    )
    assert in_words(row) != in_words(provider)
    listed = administrator.get(reverse("admin:dip_connection_changelist")).content.decode()
    assert in_words(row) in listed
    assert in_words(provider) in listed
    page = administrator.get(reverse("admin:dip_connection_change", args=[row.pk])).content.decode()
    assert in_words(row) in page
    assert SECRET not in listed + page


def test_a_theater_has_one_in_use(world: World) -> None:
    first = with_credential(world)
    again = with_credential(world, client_id="andere")
    assert first.pk == again.pk
    assert Connection.objects.active().count() == 1


@pytest.mark.parametrize("actor", ["kade_editor", "kade_viewer", "haven_manager", "agency_manager"])
def test_nobody_else_enters_removes_or_tests_it(world: World, actor: str) -> None:
    with pytest.raises(NotAllowed):
        connections.save_connection(world.kade, client_id="x", secret="y", actor=world.actors[actor])
    row = with_credential(world)
    for act in (connections.remove, connections.test_connection):
        with pytest.raises(NotAllowed):
            act(row, actor=world.actors[actor])


def test_stuck_reports_stand_in_the_admin_and_are_tried_again_there(
    world: World, dip: server.Admin, kassa: Connection, administrator: Browser
) -> None:
    enter(world.performances[0], totals(40), world.actors["kade_editor"])
    row = Operation.objects.get()
    Operation.objects.update(state=State.ATTENTION, error_code="refused", error_text="Nee")
    page = reverse("admin:dip_operation_changelist")
    assert row.key in administrator.get(page).content.decode()
    answer = administrator.post(page, {"action": "retry", "_selected_action": [row.pk]})
    assert answer.status_code == 302
    assert queued() == [(row.key, "waiting", "")]


# --- the test ----------------------------------------------------------------------------------------------------
def test_the_test_logs_in_and_reads_the_theater(world: World, dip: server.Admin, kassa: Connection) -> None:
    tested = connections.test_connection(kassa, actor=staff(world.people["staff"]))
    assert tested.test_ok
    assert world.theater.name in tested.test_text
    assert [(one["method"], one["path"]) for one in dip.requests()] == [("POST", "/token"), ("GET", "/theaters/19")]


def test_the_test_says_what_is_wrong(world: World, dip: server.Admin) -> None:
    administrator = staff(world.people["staff"])
    wrong = connections.test_connection(with_credential(world, secret="fout"), actor=administrator)
    assert not wrong.test_ok
    assert "Unknown client" in wrong.test_text
    right = with_credential(world)
    dip.delete("theater", world.theater.pk)
    unknown = connections.test_connection(right, actor=administrator)
    assert not unknown.test_ok
    words = unknown.test_text
    assert f"Theater {world.theater.pk}" in words
    Theater.objects.filter(receiver=world.kade).update(receiver=None)
    nothing = connections.test_connection(right, actor=administrator)
    assert not nothing.test_ok
    assert nothing.test_text not in ("", words)


# --- nothing is fetched with it ------------------------------------------------------------------------------------
def test_no_pull_is_started_with_it(world: World, kassa: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    monkeypatch.setattr(tasks.pull_one, "delay", lambda pk, _kind: asked.append(pk))
    Connection.objects.update(last_good_pull_at=timezone.now())
    provider = connections.save_connection(
        world.agency, client_id="noord", secret="x", actor=world.actors["agency_manager"]
    )
    for kind in RunKind:
        tasks.pull_all(kind)
    assert set(asked) == {provider.pk}
    assert len(asked) == len(RunKind)


@pytest.mark.parametrize("kind", RunKind.values)
def test_a_pull_that_was_asked_for_all_the_same_does_nothing(
    world: World, dip: server.Admin, kassa: Connection, kind: str
) -> None:
    tasks.pull_one(kassa.pk, kind)
    with pytest.raises(PortalError) as told:
        pull.run(kassa, kind)
    assert told.value.code == "reports"
    assert not SyncRun.objects.exists()
    assert dip.requests() == []


def test_a_pull_by_hand_leaves_it_out(world: World, dip: server.Admin, kassa: Connection) -> None:
    with pytest.raises(CommandError, match="that reads"):
        call_command("dip_sync", "--organisation", world.kade.slug, stdout=io.StringIO())
    with pytest.raises(CommandError):
        call_command("dip_sync", stdout=io.StringIO())
    assert dip.requests() == []


def test_the_watcher_is_told_of_its_trouble_and_misses_no_pull(world: World, kassa: Connection, settings: Any) -> None:
    settings.METRICS_TOKEN = "een-teken-van-genoeg-lengte"
    gate.refused(kassa, "Nee.")
    page = Browser().get("/health/metrics", headers={"Authorization": f"Bearer {settings.METRICS_TOKEN}"})
    lines = [line for line in page.content.decode().splitlines() if f'connection="{kassa.pk}"' in line]
    assert not [line for line in lines if "last_good_pull" in line]
    assert len([line for line in lines if "trouble" in line]) == len(Trouble)


def test_a_provider_sees_nothing_of_it(world: World, kassa: Connection) -> None:
    gate.refused(kassa, "Nee.")
    for organisation in (world.agency, world.rival, world.haven, None):
        assert queries.connection_of(organisation) is None
        assert queries.status_of(organisation) is None
        assert not queries.troubled(organisation).exists()
    browser = Browser()
    browser.force_login(world.people["agency_manager"], backend="allauth.account.auth_backends.AuthenticationBackend")
    page = browser.get(reverse("providers:dip_connection", args=[world.agency.slug])).content.decode()
    assert kassa.client_id not in page
