"""The keys of the credentials change while workers work: no call fails for it, and the old key is needed no more."""

import io
import threading
from typing import Any

import pytest
from cryptography.fernet import Fernet, InvalidToken
from django.core.management import call_command
from django.db import connections as databases
from django.utils import timezone

from dipportal.dip import client, connections, crypto, gate, pull
from dipportal.dip.models import Connection, Operation, RunState
from dipportal.dip.push import work
from dipportal.outbox.drain import drain
from dipportal.outbox.models import State
from dipportal.sandbox import server
from tests.dip.pushed import Pushing, new_performance
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


def rotate(settings: Any) -> list[str]:
    """As operations.md tells it: the new key in front, the command, the old one away. Returns the old ones."""
    old = list(settings.CREDENTIAL_KEYS)
    settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *old]
    call_command("rotate_keys", stdout=io.StringIO())
    settings.CREDENTIAL_KEYS = settings.CREDENTIAL_KEYS[:1]
    return old


def opened_by(keys: list[str], text: str) -> bool:
    try:
        for key in keys:
            Fernet(key).decrypt(text.encode())
    except InvalidToken:
        return False
    return bool(text)


def all_went_well(dip: server.Admin, *, created: int) -> None:
    """By the sandbox's own book: each once, no log-in refused; and no row remembers an error."""
    assert set(Operation.objects.values_list("state", "error_code", "attempts")) == {(State.DONE, "", 1)}
    assert sum(write["path"].endswith("/performances") for write in dip.writes()) == created
    assert {request["status"] for request in dip.requests()} <= {200, 201}
    row = Connection.objects.get()
    assert (row.failures, row.trouble, row.open_until) == (0, "", None)


def test_between_any_two_calls(
    world: World, dip: server.Admin, pushing: Pushing, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A whole rotation before each call and after each look at the token: a row, a log-in, a pull never meet one
    key twice."""
    old: list[str] = []
    exchange, shared = client.Client._exchange, gate._shared_token
    before = list(settings.CREDENTIAL_KEYS)

    def rotated_before(self: client.Client, *args: Any, **kwargs: Any) -> client.Exchange:
        old.extend(rotate(settings))
        return exchange(self, *args, **kwargs)

    def rotated_after(pk: int, stale: str) -> str:
        found = shared(pk, stale)
        old.extend(rotate(settings))
        return found

    turn = gate.wait_for_turn

    def rotated_beside(connection: Connection) -> gate.Turn:
        found = turn(connection)
        old.extend(rotate(settings))
        return found

    monkeypatch.setattr(client.Client, "_exchange", rotated_before)
    monkeypatch.setattr(gate, "_shared_token", rotated_after)
    monkeypatch.setattr(gate, "wait_for_turn", rotated_beside)
    for days in range(4):
        new_performance(world, world.actors["agency_editor"], days=60 + days)
    pushing.drain()
    connection = Connection.objects.get()
    assert pull.run(connection, "contracts").state == RunState.GOOD
    # Its calls leave side by side, with the token that was found beside their turns.
    assert pull.run(connection, "catalogue").state == RunState.GOOD
    assert len(old) > 10
    all_went_well(dip, created=4)
    assert sum(request["path"] == "/token" for request in dip.requests()) == 1, "the token outlives its key"
    connection.refresh_from_db()
    assert not any(opened_by([key], connection.secret_encrypted) for key in [*old, *before])
    assert not any(opened_by([key], connection.token_encrypted) for key in [*old, *before])
    assert opened_by(settings.CREDENTIAL_KEYS, connection.secret_encrypted)
    assert opened_by(settings.CREDENTIAL_KEYS, connection.token_encrypted)


def test_a_worker_that_was_not_restarted_yet_goes_on(
    world: World, dip: server.Admin, pushing: Pushing, settings: Any
) -> None:
    """Programs are restarted one after the other: some know the new key when others do not yet.

    Until `rotate_keys` has run the secret is under the old key, which all know; of a token under the new one the old
    worker fetches another.
    """
    old, new = list(settings.CREDENTIAL_KEYS), [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
    for days, keys in enumerate((new, old, new, old)):
        settings.CREDENTIAL_KEYS = keys
        new_performance(world, world.actors["agency_editor"], days=60 + days)
        pushing.drain()
    all_went_well(dip, created=4)


def test_a_token_that_no_key_opens_is_forgotten_and_the_secret_kept(
    world: World, dip: server.Admin, connection: Connection, settings: Any
) -> None:
    stranger = Fernet(Fernet.generate_key()).encrypt(b"token").decode()
    Connection.objects.update(token_encrypted=stranger)
    rotate(settings)
    connection.refresh_from_db()
    assert connection.token_encrypted == ""
    tested = connections.test_connection(connection, actor=world.actors["agency_manager"])
    assert tested.test_ok


@pytest.mark.postgres
def test_while_workers_drain(world: World, dip: server.Admin, pushing: Pushing, settings: Any) -> None:
    """Two workers in threads of their own, and rotations without a pause until they are through."""
    for days in range(12):
        new_performance(world, world.actors["agency_editor"], days=60 + days)
    broken: list[BaseException] = []

    def worker() -> None:
        try:
            while Operation.objects.exclude(state=State.DONE).exists():
                # Now and then the token is lost too, so that log-ins meet rotations.
                Connection.objects.update(token_encrypted="", token_expires_at=None)
                drain(Operation, work, limit=2)
        except BaseException as error:
            broken.append(error)
            raise
        finally:
            databases.close_all()

    workers = [threading.Thread(target=worker) for _each in range(2)]
    for one in workers:
        one.start()
    started = timezone.now()
    while any(one.is_alive() for one in workers):
        # The old ones stay until the last: a worker may hold a row that it read before.
        settings.CREDENTIAL_KEYS = [Fernet.generate_key().decode(), *settings.CREDENTIAL_KEYS]
        call_command("rotate_keys", stdout=io.StringIO())
        assert timezone.now() - started < timezone.timedelta(minutes=3), "the workers end"
    for one in workers:
        one.join()
    assert broken == []
    all_went_well(dip, created=12)
    old = rotate(settings)
    row = Connection.objects.get()
    assert crypto.decrypt(row.secret_encrypted)
    assert not any(opened_by([key], row.secret_encrypted) for key in old)
