"""Calls to DIP: what an answer means, one token for all, one pace, a breaker, and no secret anywhere."""

import datetime as dt
import json
import logging
import socketserver
import threading
import time
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.conf import settings as settings_as_they_come
from django.db import connections as databases
from django.db import transaction
from django.utils import timezone

from dipportal.dip import crypto, gate, wire
from dipportal.dip.client import TABLE, Bearer, Client, Event, Verdict, classify, without_nul
from dipportal.dip.errors import DipError, InsideTransaction, NotDone, Unclear
from dipportal.dip.models import Connection
from dipportal.sandbox import server
from tests.dip.pushed import SECRET
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)

# The table of reliability rule 6, written out a second time by hand: (seen, readable, verdict).
RULE_6 = [
    (Event.DNS, False, Verdict.NOT_DONE),
    (Event.REFUSED, False, Verdict.NOT_DONE),
    (Event.TLS, False, Verdict.NOT_DONE),
    (Event.NO_CONNECTION, False, Verdict.NOT_DONE),
    *[(status, True, Verdict.DONE) for status in (200, 201, 202, 204, 299)],
    *[(status, False, Verdict.UNCLEAR) for status in (200, 201, 204)],
    *[(status, True, Verdict.REFUSED) for status in (400, 403, 404, 405, 415, 422)],
    *[(status, False, Verdict.UNCLEAR) for status in (400, 403, 404, 405, 415, 422)],
    (401, True, Verdict.NEW_TOKEN),
    (401, False, Verdict.NEW_TOKEN),
    (429, True, Verdict.SLOW_DOWN),
    (429, False, Verdict.SLOW_DOWN),
    *[(status, True, Verdict.UNCLEAR) for status in (408, 409, 425, 500, 502, 503, 504, 599)],
    *[(status, True, Verdict.UNCLEAR) for status in (100, 301, 302, 307, 402, 406, 410, 418, 451, 600)],
    (None, False, Verdict.UNCLEAR),
    (None, True, Verdict.UNCLEAR),
]


@pytest.mark.parametrize(("seen", "readable", "verdict"), RULE_6)
def test_what_an_answer_means(seen: Any, readable: bool, verdict: Verdict) -> None:
    assert classify(seen, readable=readable) is verdict


def test_what_is_not_listed_is_unclear() -> None:
    listed = {seen for seen, _readable, _verdict in RULE_6}
    for status in set(range(100, 700)) - set(range(200, 300)) - {400, 401, 403, 404, 405, 415, 422, 429}:
        assert classify(status, readable=True) is Verdict.UNCLEAR
    assert set(Event) <= listed
    assert len(TABLE) == 5


@pytest.fixture
def client(dip: server.Admin, connection: Connection) -> Iterator[Client]:
    with Client(connection) as one:
        yield one


def paths(dip: server.Admin) -> list[str]:
    return [request["path"] for request in dip.requests()]


# --- before sending -------------------------------------------------------------------------------------------
def test_a_refused_connection_was_not_done(client: Client, settings: Any) -> None:
    client.read(wire.GENRES)
    client._base = "http://127.0.0.1:9"
    with pytest.raises(NotDone) as refused:
        client.read(wire.GENRES)
    assert (refused.value.code, refused.value.permanent) == ("unreachable", False)


def test_an_unknown_address_was_not_done(client: Client) -> None:
    client.read(wire.GENRES)
    client._base = "http://dip.invalid"
    client._session.trust_env = False
    with pytest.raises(NotDone):
        client.read(wire.GENRES)


def test_a_failed_handshake_was_not_done(client: Client, dip: server.Admin) -> None:
    client.read(wire.GENRES)
    # Plain HTTP where TLS is spoken: the handshake fails.
    client._base = client._base.replace("http://", "https://")
    with pytest.raises(NotDone):
        client.write("POST", wire.contract_create_path("partage"), {}, before_again=lambda: None)
    assert dip.writes() == []


# --- after sending --------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["drop-before", "drop-after", "truncate", "garbage", "html200", "hang"])
def test_a_broken_answer_is_unclear(client: Client, dip: server.Admin, settings: Any, kind: str) -> None:
    settings.DIP_READ_TIMEOUT = 0.2
    dip.fault(kind, path="/genres", seconds=0.5)
    with pytest.raises(Unclear):
        client.read(wire.GENRES)


class Dripping(socketserver.BaseRequestHandler):
    """An answer that is always about to go on: a byte now and then, for ever."""

    seconds = 0.02
    sent = 0

    def handle(self) -> None:
        self.request.recv(64 * 1024)
        self.request.sendall(b"HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n")
        with suppress(OSError):
            for _byte in range(1000):
                self.request.sendall(b" ")
                Dripping.sent += 1
                time.sleep(self.seconds)


def test_an_answer_that_drips_in_ends_within_the_lease(client: Client, settings: Any) -> None:
    settings.DIP_CONNECT_TIMEOUT, settings.DIP_READ_TIMEOUT = 0.1, 0.2
    client.read(wire.GENRES)
    Dripping.sent = 0
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Dripping) as dripping:
        threading.Thread(target=dripping.serve_forever, daemon=True).start()
        client._base = f"http://127.0.0.1:{dripping.server_address[1]}"
        with pytest.raises(Unclear):
            client.write("POST", wire.contract_create_path("partage"), {}, before_again=lambda: None)
        # In drops, not in seconds: a machine that is busy slows both ends.
        assert 1 < Dripping.sent < 4 * gate.longest_write() / Dripping.seconds
        dripping.shutdown()


def test_the_lease_of_a_row_outlasts_the_longest_call_with_the_settings_as_they_come() -> None:
    assert gate.longest_write() < settings_as_they_come.OUTBOX_LEASE_SECONDS


def test_redirects_are_not_followed(client: Client, dip: server.Admin) -> None:
    dip.fault("status-before", path="/genres", status=302, headers={"Location": "/theaters"})
    with pytest.raises(Unclear):
        client.read(wire.GENRES)
    assert "/theaters" not in paths(dip)


def test_dips_own_words_reach_the_person(client: Client, dip: server.Admin) -> None:
    words = {"error": "Invalid request", "error_description": "Not an agency"}
    dip.fault("status-before", path="/genres", status=400, body=words)
    with pytest.raises(NotDone) as refused:
        client.read(wire.GENRES)
    assert refused.value.permanent
    assert "Not an agency" in refused.value.text


def test_no_call_leaves_inside_a_transaction(client: Client, dip: server.Admin) -> None:
    with transaction.atomic(), pytest.raises(InsideTransaction):
        client.read(wire.GENRES)
    with transaction.atomic(), pytest.raises(InsideTransaction):
        client.ready()
    assert paths(dip) == []


# --- the token ------------------------------------------------------------------------------------------------
def test_one_log_in_serves_many_calls(client: Client, connection: Connection, dip: server.Admin) -> None:
    client.read(wire.GENRES)
    with Client(connection) as other:
        other.read(wire.GENRES)
    assert paths(dip) == ["/token", "/genres", "/genres"]


def test_an_expired_token_is_renewed_beforehand(client: Client, connection: Connection, dip: server.Admin) -> None:
    client.read(wire.GENRES)
    Connection.objects.update(token_expires_at=timezone.now() + dt.timedelta(seconds=5))
    client.read(wire.GENRES)
    assert paths(dip) == ["/token", "/genres", "/token", "/genres"]


def test_a_withdrawn_token_is_renewed_once(client: Client, dip: server.Admin) -> None:
    client.read(wire.GENRES)
    dip.fault("expire-tokens", path="/genres")
    client.read(wire.GENRES)
    assert paths(dip) == ["/token", "/genres", "/genres", "/token", "/genres"]


def test_a_second_401_is_not_done_and_the_connection_rests(
    client: Client, connection: Connection, dip: server.Admin
) -> None:
    dip.fault("status-before", path="/genres", status=401, times=None)
    with pytest.raises(NotDone) as refused:
        client.read(wire.GENRES)
    assert refused.value.code == "unauthorized"
    asked = len(paths(dip))
    with pytest.raises(NotDone) as resting:
        client.read(wire.GENRES)
    assert resting.value.code == "resting"
    assert len(paths(dip)) == asked, "nobody hammers with a log-in that is refused"


def test_a_wrong_secret_is_told_in_words(connection: Connection, dip: server.Admin) -> None:
    Connection.objects.update(secret_encrypted=crypto.encrypt("something else"))
    with Client(connection) as client, pytest.raises(NotDone) as refused:
        client.read(wire.GENRES)
    assert refused.value.code == "credentials"
    connection.refresh_from_db()
    assert connection.trouble == refused.value.text


def test_without_expires_in_the_token_tells_itself(client: Client, connection: Connection, dip: server.Admin) -> None:
    dip.switch(expires_in=False)
    client.read(wire.GENRES)
    connection.refresh_from_db()
    assert connection.token_expires_at is not None
    assert dt.timedelta(minutes=50) < connection.token_expires_at - timezone.now() < dt.timedelta(minutes=61)


def test_credentials_saved_meanwhile_are_read_as_one_pair(
    connection: Connection, dip: server.Admin, world: World
) -> None:
    """The client was made before another manager saved another set: never the old id with the new secret."""
    with Client(connection) as client:
        Connection.objects.update(client_id="demo-producent", secret_encrypted=crypto.encrypt("sandbox-producent"))
        client.log_in_anew()
    assert [request["status"] for request in dip.requests()] == [200]


@pytest.mark.parametrize("token", ["opaque", "a.b.c", "a.eyJleHAiOiJubyJ9.c", "a.bnVsbA.c"])
def test_a_token_that_tells_nothing_serves_until_401(token: str) -> None:
    assert gate._expiry(token, None) is None


@pytest.mark.postgres
def test_many_at_once_log_in_once(connection: Connection, dip: server.Admin) -> None:
    dip.fault("hang", path="/token", seconds=0.3)
    read: list[Any] = []

    def call() -> None:
        try:
            with Client(connection) as client:
                read.append(client.read(wire.GENRES))
        finally:
            databases.close_all()

    threads = [threading.Thread(target=call) for _index in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=30)
    assert len(read) == 6
    assert paths(dip).count("/token") == 1


def test_one_at_a_time_may_log_in(connection: Connection) -> None:
    assert gate._lease(connection.pk, "theirs")
    assert not gate._lease(connection.pk, "mine")
    gate._release(connection.pk, "mine", "")
    assert not gate._lease(connection.pk, "mine"), "only the holder gives it back"
    gate._release(connection.pk, "theirs", "")
    assert gate._lease(connection.pk, "mine")


def test_who_waits_takes_the_token_that_another_fetched(connection: Connection, dip: server.Admin) -> None:
    assert gate._lease(connection.pk, "theirs")
    asked: list[str] = []

    def sleep(_seconds: float) -> None:
        values = {"token_encrypted": crypto.encrypt("fresh"), "token_lease": "", "token_lease_until": None}
        Connection.objects.filter(pk=connection.pk).update(**values)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(gate.time, "sleep", sleep)
        found = gate.token(connection, lambda: asked.append("log-in") or ("mine", 60))  # type: ignore[func-returns-value]
    assert (found, asked) == ("fresh", [])


def test_a_process_that_died_in_a_log_in_holds_up_nobody_for_ever(connection: Connection) -> None:
    assert gate._lease(connection.pk, "dead")
    Connection.objects.update(token_lease_until=timezone.now() - dt.timedelta(seconds=1))
    assert gate.token(connection, lambda: ("mine", 60)) == "mine"


# --- pace, 429, breaker ---------------------------------------------------------------------------------------
def test_calls_keep_their_distance_over_all_processes(connection: Connection, settings: Any) -> None:
    settings.DIP_PACE_SECONDS = 2.0
    waits = [gate._reserve(connection.pk)[1].total_seconds() for _call in range(3)]
    assert waits[0] == 0
    assert 1.5 < waits[1] <= 2.0
    assert 3.5 < waits[2] <= 4.0


def test_nobody_sleeps_for_long_in_a_worker(connection: Connection) -> None:
    gate.hold_off(connection, dt.timedelta(minutes=10))
    with pytest.raises(NotDone) as refused:
        gate.wait_for_turn(connection)
    assert refused.value.code == "slow_down"
    assert refused.value.after > dt.timedelta(minutes=9)


@pytest.mark.parametrize(("header", "seconds"), [("120", 120), ("99999", 3600), ("", 30), ("soon", 30)])
def test_retry_after_is_obeyed(
    client: Client, connection: Connection, dip: server.Admin, header: str, seconds: int
) -> None:
    headers = {"Retry-After": header} if header else {}
    dip.fault("status-before", path="/genres", status=429, headers=headers)
    with pytest.raises(NotDone) as refused:
        client.read(wire.GENRES)
    assert refused.value.after == dt.timedelta(seconds=seconds)
    connection.refresh_from_db()
    assert connection.next_call_at is not None
    assert abs((connection.next_call_at - timezone.now()).total_seconds() - seconds) < 5


def test_the_breaker_opens_after_five_failures_and_closes_with_a_success(
    client: Client, connection: Connection, dip: server.Admin
) -> None:
    dip.fault("status-before", path="/genres", status=503, times=5)
    for _call in range(5):
        with pytest.raises(Unclear):
            client.read(wire.GENRES)
    asked = len(paths(dip))
    with pytest.raises(NotDone) as resting:
        client.read(wire.GENRES)
    assert resting.value.code == "resting"
    assert len(paths(dip)) == asked
    Connection.objects.update(open_until=timezone.now() - dt.timedelta(seconds=1))
    client.read(wire.GENRES)
    connection.refresh_from_db()
    assert (connection.failures, connection.open_until, connection.trouble) == (0, None, "")


def test_after_a_rest_one_failure_is_enough_for_a_longer_one(
    client: Client, connection: Connection, dip: server.Admin
) -> None:
    Connection.objects.update(failures=5, open_until=timezone.now() - dt.timedelta(seconds=1))
    dip.fault("drop-before", path="/genres")
    with pytest.raises(Unclear):
        client.read(wire.GENRES)
    connection.refresh_from_db()
    assert connection.open_until is not None
    assert connection.open_until > timezone.now() + dt.timedelta(seconds=50)


# --- secrets --------------------------------------------------------------------------------------------------
def test_a_planted_secret_is_found_nowhere(
    connection: Connection, dip: server.Admin, caplog: pytest.LogCaptureFixture, world: World
) -> None:
    caplog.set_level(logging.DEBUG)
    with Client(connection) as client:
        client.read(wire.GENRES)
        connection.refresh_from_db()
        token = crypto.decrypt(connection.token_encrypted)
        shown = [repr(client), repr(connection), str(connection), repr(Bearer(token)), str(vars(connection))]
        for fault in ("drop-after", "html200", "status-before"):
            dip.fault(fault, path="/genres", status=500)
            with pytest.raises(DipError) as error:
                client.read(wire.GENRES)
            shown += [repr(error.value), str(error.value), repr(error.value.__cause__), repr(error.value.__context__)]
    shown += [str(row) for row in Connection.objects.values()]
    shown += [caplog.text, *[str(vars(line)) for line in caplog.records]]
    for text in shown:
        assert SECRET not in text
        assert token not in text


@pytest.mark.parametrize("text", ["", "a\x00b", "\x00\x00", "\\u0000", "\\\x00", "\\\\u0000", "gewoon"])
def test_nul_is_taken_out_of_an_answer_and_nothing_else(text: str) -> None:
    body = json.dumps({"name": text, "list": [text]}).encode()
    kept = text.replace("\x00", "")
    assert json.loads(without_nul(body)) == {"name": kept, "list": [kept]}
