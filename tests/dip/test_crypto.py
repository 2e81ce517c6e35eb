"""The DIP connection: only a manager, the secret in and never out, tested for real, keys that can be changed."""

import datetime as dt
import io
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.contrib.auth.models import Permission
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.test import Client as Browser
from django.urls import reverse
from django.utils import timezone, translation

from dipportal.core.errors import Invalid, NotAllowed
from dipportal.dip import connections, crypto
from dipportal.dip.models import Connection, Operation
from dipportal.journal.models import Entry
from dipportal.organisations.actors import staff
from dipportal.organisations.models import User
from dipportal.outbox.models import State
from dipportal.sandbox import server
from tests.dip.pushed import CLIENT_ID, SECRET
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def save(
    world: World, actor: str = "agency_manager", *, client_id: str = CLIENT_ID, secret: str = SECRET
) -> Connection:
    return connections.save_connection(world.agency, client_id=client_id, secret=secret, actor=world.actors[actor])


def test_the_secret_is_stored_encrypted(world: World) -> None:
    row = save(world)
    assert SECRET not in row.secret_encrypted
    assert crypto.decrypt(row.secret_encrypted) == SECRET


@pytest.mark.parametrize("actor", ["agency_editor", "agency_viewer", "rival_manager", "kade_manager"])
def test_only_a_manager_of_the_organisation(world: World, actor: str) -> None:
    with pytest.raises(NotAllowed):
        save(world, actor)
    row = save(world)
    with pytest.raises(NotAllowed):
        connections.remove(row, actor=world.actors[actor])
    with pytest.raises(NotAllowed):
        connections.test_connection(row, actor=world.actors[actor])
    assert Connection.objects.active().count() == 1


def test_an_administrator_may_and_an_ordinary_user_without_organisation_not(world: World) -> None:
    administrator = staff(world.people["staff"])
    assert connections.save_connection(world.agency, client_id="a", secret="b", actor=administrator).pk
    with pytest.raises(NotAllowed):
        connections.save_connection(world.agency, client_id="a", secret="b", actor=staff(world.people["nobody"]))


def test_an_empty_secret_keeps_the_stored_one_of_the_same_set_only(world: World) -> None:
    save(world)
    assert crypto.decrypt(save(world, secret="").secret_encrypted) == SECRET
    with pytest.raises(Invalid) as refused:
        save(world, client_id="another", secret="")
    assert set(refused.value.fields) == {"secret"}
    with pytest.raises(Invalid):
        save(world, client_id="  ")


def test_new_credentials_begin_anew(world: World) -> None:
    row = save(world)
    values: dict[str, Any] = {"failures": 9, "open_until": timezone.now() + dt.timedelta(hours=1), "trouble": "kapot"}
    Connection.objects.filter(pk=row.pk).update(
        **values, token_encrypted="oud", contracts_watermark="2026-01-01T00:00:00", test_ok=True
    )
    same = save(world)
    assert (same.pk, same.failures, same.open_until, same.token_encrypted, same.test_ok) == (row.pk, 0, None, "", None)
    assert same.contracts_watermark, "the same set has seen what it has seen"
    assert save(world, client_id="another").contracts_watermark == ""


def test_removing_forgets_the_secret_and_leaves_room_for_another(world: World) -> None:
    row = save(world)
    connections.remove(row, actor=world.actors["agency_manager"])
    assert (row.active, row.secret_encrypted) == (False, "")
    assert connections.current(world.agency) is None
    assert save(world).pk != row.pk


def test_one_connection_in_use_an_organisation(world: World) -> None:
    save(world)
    with pytest.raises(IntegrityError), transaction.atomic():
        Connection.objects.create(organisation=world.agency, client_id="x", secret_encrypted="y")
    assert list(Connection.objects.visible_to(world.rival)) == []
    assert list(Connection.objects.visible_to(None)) == []


def test_the_test_makes_a_log_in_and_a_reading_call(world: World, dip: server.Admin) -> None:
    row = connections.test_connection(save(world), actor=world.actors["agency_manager"])
    assert row.test_ok
    assert [request["path"] for request in dip.requests()] == ["/token", "/contracts"]
    assert row.tested_at is not None


def test_the_test_says_what_is_wrong(world: World, dip: server.Admin) -> None:
    manager = world.actors["agency_manager"]
    wrong = connections.test_connection(save(world, secret="fout"), actor=manager)
    assert not wrong.test_ok
    assert "Unknown client" in wrong.test_text
    ticketing = save(world, client_id="demo-kassa", secret="sandbox-kassa")
    tested = connections.test_connection(ticketing, actor=manager)
    assert not tested.test_ok
    assert "Not an agency" in tested.test_text


def test_the_journal_tells_who_without_the_secret(world: World) -> None:
    save(world)
    entry = Entry.objects.get(code="dip.connection_saved")
    assert entry.user == world.people["agency_manager"]
    assert SECRET not in str(vars(entry))


# --- keys -----------------------------------------------------------------------------------------------------
def test_a_new_key_is_a_key() -> None:
    out = io.StringIO()
    call_command("new_key", stdout=out)
    Fernet(out.getvalue().strip())


def test_keys_can_be_changed_without_losing_a_secret(world: World, settings: Any) -> None:
    row = save(world)
    Connection.objects.update(token_encrypted=crypto.encrypt("token"))
    old, new = settings.CREDENTIAL_KEYS, Fernet.generate_key().decode()
    settings.CREDENTIAL_KEYS = [new, *old]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.CREDENTIAL_KEYS = [new]
    row.refresh_from_db()
    assert (crypto.decrypt(row.secret_encrypted), crypto.decrypt(row.token_encrypted)) == (SECRET, "token")
    settings.CREDENTIAL_KEYS = old
    with pytest.raises(crypto.Undecryptable):
        crypto.decrypt(row.secret_encrypted)


def test_a_lost_key_is_told_and_spoils_no_other(world: World, settings: Any) -> None:
    lost = save(world)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode()]
    kept = connections.save_connection(world.rival, client_id="x", secret="geheim", actor=world.actors["rival_manager"])
    with pytest.raises(CommandError) as told:
        call_command("rotate_keys", stdout=io.StringIO())
    assert str(lost.pk) in str(told.value)
    kept.refresh_from_db()
    assert crypto.decrypt(kept.secret_encrypted) == "geheim"
    tested = connections.test_connection(lost, actor=world.actors["agency_manager"])
    assert not tested.test_ok


# --- the admin ------------------------------------------------------------------------------------------------
@pytest.fixture
def desk(world: World) -> Browser:
    browser = Browser()
    browser.force_login(world.people["staff"])
    return browser


def test_the_admin_never_shows_the_secret(world: World, desk: Browser, dip: server.Admin) -> None:
    row = save(world)
    connections.test_connection(row, actor=world.actors["agency_manager"])
    row.refresh_from_db()
    pages = [reverse("admin:dip_connection_changelist"), reverse("admin:dip_connection_change", args=[row.pk])]
    for page in pages:
        answer = desk.get(page)
        assert answer.status_code == 200
        for hidden in (SECRET, row.secret_encrypted, row.token_encrypted, crypto.decrypt(row.token_encrypted)):
            assert hidden not in answer.content.decode()


def test_the_admin_keeps_the_secret_when_the_field_stays_empty(world: World, desk: Browser) -> None:
    row = save(world)
    page = reverse("admin:dip_connection_change", args=[row.pk])
    assert desk.post(page, {"client_id": CLIENT_ID, "secret": ""}).status_code == 302
    row.refresh_from_db()
    assert crypto.decrypt(row.secret_encrypted) == SECRET
    refused = desk.post(page, {"client_id": "another", "secret": ""})
    assert refused.status_code == 200
    assert "secret" in refused.context["adminform"].form.errors


def test_the_admin_adds_a_connection(world: World, desk: Browser) -> None:
    values = {"organisation": world.agency.pk, "client_id": "van beheer", "secret": "geheim"}
    assert desk.post(reverse("admin:dip_connection_add"), values).status_code == 302
    assert crypto.decrypt(Connection.objects.get().secret_encrypted) == "geheim"


@pytest.mark.parametrize("name", ["operation", "remoterecord", "syncrun"])
def test_the_rest_of_the_admin_is_to_look_at(world: World, desk: Browser, name: str) -> None:
    world.contract()
    assert desk.get(reverse(f"admin:dip_{name}_changelist")).status_code == 200
    assert desk.get(reverse(f"admin:dip_{name}_add")).status_code == 403


ACTIONS = [
    ("connection", "remove", "change_connection"),
    ("connection", "test", "change_connection"),
    ("operation", "abandon", "change_operation"),
    ("operation", "retry", "change_operation"),
]


def state_of(name: str) -> list[Any]:
    model = Connection if name == "connection" else Operation
    return list(model.objects.order_by("pk").values())


@pytest.mark.parametrize(("name", "action", "right"), ACTIONS)
def test_who_may_only_look_changes_nothing_in_the_admin(
    world: World, dip: server.Admin, name: str, action: str, right: str
) -> None:
    save(world)
    world.contract()
    Operation.objects.update(state=State.ATTENTION)
    user = User.objects.create_user("kijker@portal.example", None, name="Kijker", is_staff=True)
    rights = Permission.objects.filter(content_type__app_label="dip")
    user.user_permissions.set(rights.filter(codename__startswith="view_"))
    browser = Browser()
    browser.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    page = reverse(f"admin:dip_{name}_changelist")
    model = Connection if name == "connection" else Operation
    form = {"action": action, "_selected_action": [row.pk for row in model.objects.all()]}
    before = state_of(name)
    browser.post(page, form)
    assert state_of(name) == before
    user.user_permissions.add(rights.get(codename=right))
    assert browser.post(page, form).status_code == 302
    assert state_of(name) != before, "with the right it does something"


@pytest.mark.parametrize("secret", ["fout", SECRET])
def test_the_result_of_the_test_is_told_in_the_portals_language(world: World, dip: server.Admin, secret: str) -> None:
    """Kept for all who read it later, also when the one who tests reads English."""
    dip.fault("status-before", method="GET", path="/contracts", status=503, times=None)
    row = save(world, secret=secret)
    with translation.override("en"):
        tested = connections.test_connection(row, actor=world.actors["agency_manager"])
    assert ("DIP weigert het inloggen" in tested.test_text) is (secret == "fout")
    assert ("Inloggen werkt" in tested.test_text) is (secret != "fout")
    assert tested.trouble in tested.test_text
    assert "DIP" in tested.trouble
