"""Several reads at once: never more than may be, one turn of the pace for each, and the gate's rules as before."""

import datetime as dt
import threading
from collections.abc import Callable, Generator, Iterator
from contextlib import closing
from typing import Any

import pytest
from cryptography.fernet import Fernet
from django.utils import timezone, translation

from dipportal.catalogue.models import Producer
from dipportal.dip import crypto, gate, pull
from dipportal.dip.client import Client, Exchange
from dipportal.dip.errors import InsideTransaction, NotDone, Unclear
from dipportal.dip.models import Connection
from dipportal.dip.side_by_side import Answer, Reading
from tests.dip.pulling import FakeDip, golden, pulled
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


class Line:
    """In the place of HTTP: what `answer` says, and how many calls were under way at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.all_in = threading.Event()
        self.now = self.most = 0
        self.sent: list[tuple[str, str]] = []
        self.threads: set[int] = set()
        self.wait_for = 1

    def __call__(self, client: Client, method: str, path: str, **kwargs: Any) -> Exchange:
        with self.lock:
            self.now += 1
            self.most = max(self.most, self.now)
            self.sent.append((path, kwargs["auth"]._token))
            self.threads.add(threading.get_ident())
            if self.now >= self.wait_for:
                self.all_in.set()
        self.all_in.wait(timeout=5)
        try:
            return self.answer(path, kwargs["auth"]._token)
        finally:
            with self.lock:
                self.now -= 1

    def answer(self, path: str, token: str) -> Exchange:
        return Exchange(200, body=[path])


@pytest.fixture
def line(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Line:
    found = Line()
    settings.DIP_CONCURRENCY = 8

    def send(client: Client, method: str, path: str, **kwargs: Any) -> Exchange:
        return found(client, method, path, **kwargs)

    monkeypatch.setattr(Client, "send", send)
    monkeypatch.setattr(gate, "token", lambda connection, log_in, *, stale="", ready=None: "new" if stale else "old")
    return found


@pytest.fixture
def turns(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    taken: list[int] = []
    wait = gate.wait_for_turn

    def counted(connection: Connection) -> gate.Turn:
        taken.append(threading.get_ident())
        return wait(connection)

    monkeypatch.setattr(gate, "wait_for_turn", counted)
    return taken


@pytest.fixture
def client(agency: Connection) -> Iterator[Client]:
    with Client(agency) as one:
        yield one


def asked(client: Client, count: int) -> list[Answer[int]]:
    reading: Reading[int] = Reading(client)
    for number in range(count):
        reading.ask(number, f"/{number}")
    with closing(reading.answers()) as answers:
        return list(answers)


def test_as_many_as_may_be_are_under_way_and_never_more(client: Client, line: Line, turns: list[int]) -> None:
    line.wait_for = 8
    found = asked(client, 50)
    assert {answer.key: answer.body for answer in found} == {number: [f"/{number}"] for number in range(50)}
    assert line.most == 8
    # One turn of the one pace for each call, taken by the thread of the pull.
    assert turns == [threading.get_ident()] * 50
    assert threading.get_ident() not in line.threads


def test_with_one_at_a_time_the_order_is_that_of_the_asking(client: Client, line: Line, settings: Any) -> None:
    settings.DIP_CONCURRENCY = 1
    settings.DIP_PACE_SECONDS = 0.0
    monkey = [answer.key for answer in asked(client, 10)]
    assert monkey == list(range(10))
    assert line.most == 1


def test_a_refused_token_is_renewed_and_each_call_goes_once_more(
    client: Client, line: Line, turns: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(
        line, "answer", lambda path, token: Exchange(200, body=[]) if token == "new" else Exchange(401, body=None)
    )
    found = asked(client, 12)
    assert [answer.error for answer in found] == [None] * 12
    assert sorted(line.sent) == sorted((f"/{number}", token) for number in range(12) for token in ("old", "new"))
    assert len(turns) == 24


STORED = "stored"


@pytest.mark.parametrize(("sealed_by", "lasts", "used"), [
    (crypto.encrypt, dt.timedelta(hours=1), STORED),
    (crypto.encrypt, None, STORED),
    (crypto.encrypt, gate.TOKEN_MARGIN, "old"),
    (lambda text: Fernet(Fernet.generate_key()).encrypt(text.encode()).decode(), dt.timedelta(hours=1), "old"),
    (lambda _text: "", None, "old"),
])  # fmt: skip
def test_the_token_beside_the_slot_saves_a_look_as_long_as_it_is_one(
    client: Client, line: Line, sealed_by: Callable[[str], str], lasts: dt.timedelta | None, used: str
) -> None:
    """Otherwise it is looked for and fetched as ever: 'old' is what gate.token gives here. It is masked like any."""
    expires_at = lasts and timezone.now() + lasts
    Connection.objects.update(token_encrypted=sealed_by(STORED), token_expires_at=expires_at)
    asked(client, 3)
    assert [token for _path, token in line.sent] == [used] * 3
    assert client._confided == {used}


def test_a_token_that_dip_refused_is_not_taken_from_beside_the_slot_again(
    client: Client, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    Connection.objects.update(token_encrypted=crypto.encrypt(STORED), token_expires_at=None)
    monkeypatch.setattr(
        line, "answer", lambda path, token: Exchange(401, body=None) if token == STORED else Exchange(200, body=[])
    )
    assert [answer.error for answer in asked(client, 1)] == [None]
    assert [token for _path, token in line.sent] == [STORED, "new"]


def test_a_call_refused_twice_is_not_done(client: Client, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "answer", lambda path, token: Exchange(401, body=None))
    found = asked(client, 1)
    assert isinstance(found[0].error, NotDone)
    assert (found[0].error.code, len(line.sent)) == ("unauthorized", 2)


def test_the_breaker_stops_what_has_not_left(
    client: Client, agency: Connection, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "answer", lambda path, token: Exchange(503, body=None))
    found = asked(client, 40)
    errors = [answer.error for answer in found]
    assert len(found) == 40
    assert sum(isinstance(error, Unclear) for error in errors) == len(line.sent) <= 5 + 8
    assert {error.code for error in errors if isinstance(error, NotDone)} == {"resting"}
    agency.refresh_from_db()
    assert agency.open_until is not None


def test_the_next_call_has_left_before_an_answer_is_looked_at(client: Client, line: Line, settings: Any) -> None:
    settings.DIP_CONCURRENCY = 2
    reading: Reading[int] = Reading(client)
    for number in range(10):
        reading.ask(number, f"/{number}")
    with closing(reading.answers()) as answers:
        for count, _answer in enumerate(answers, start=1):
            # Two at a time: one for each that was answered, and the two that are under way, or done and not seen yet.
            left = 10 - len(reading._waiting)
            assert left >= min(10, count + 2)


def test_after_a_failure_nothing_leaves_before_it_is_looked_at(
    client: Client, line: Line, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.DIP_CONCURRENCY = 2
    line.wait_for = 2
    monkeypatch.setattr(line, "answer", lambda path, token: Exchange(503, body=None))
    reading: Reading[int] = Reading(client)
    for number in range(10):
        reading.ask(number, f"/{number}")
    with closing(reading.answers()) as answers:
        assert isinstance(next(answers).error, Unclear)
    assert len(line.sent) == 2


def test_what_is_under_way_when_a_pull_stops_still_counts(
    client: Client, agency: Connection, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "answer", lambda path, token: Exchange(503, body=None))
    reading: Reading[int] = Reading(client)
    for number in range(4):
        reading.ask(number, f"/{number}")
    with closing(reading.answers()) as answers:
        next(answers)
    agency.refresh_from_db()
    assert agency.failures == len(line.sent) == 4


def test_no_call_leaves_inside_a_transaction(client: Client, line: Line) -> None:
    from django.db import transaction

    with transaction.atomic(), pytest.raises(InsideTransaction):
        asked(client, 2)
    assert line.sent == []


def test_words_are_in_the_language_of_the_pull(client: Client, line: Line, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(line, "answer", lambda path, token: Exchange(200, body=[translation.get_language()]))
    with translation.override("nl"):
        assert asked(client, 1)[0].body == ["nl"]
    with translation.override("en"):
        assert asked(client, 1)[0].body == ["en"]


class Backwards(Reading[Any]):
    """The answers that were asked for last come in first."""

    def answers(self) -> Generator[Answer[Any], None, None]:
        while self._waiting:
            calls, self._waiting = sorted(self._waiting, reverse=True), []
            for call in calls:
                yield Answer(call.key, self._reader.read(call.path, call.params))


def test_producers_are_written_in_their_order_whatever_comes_in_first(
    world: World, noord: Connection, fake: FakeDip, monkeypatch: pytest.MonkeyPatch
) -> None:
    written: list[str] = []
    write = pull.Pull.write

    def noted(one: pull.Pull, what: str, step: Any) -> bool:
        written.append(what)
        return write(one, what, step)

    monkeypatch.setattr(pull.Pull, "write", noted)
    monkeypatch.setattr(pull, "Reading", Backwards)
    own = list(Producer.objects.visible_to(noord.organisation).order_by("pk"))
    extra = Producer.objects.create(pk=max(one.pk for one in own) + 1, name="Later")
    extra.providers.add(noord.organisation)
    for producer in [*own, extra]:
        number = f"NL-25-{producer.pk}-00001"
        fake.productions[producer.pk] = [{**golden("productions")[0], "id": number}]
        evening = {**golden("performances")[0], "number": producer.pk, "production": {"id": number}}
        fake.performances[number] = [evening]
    pulled(noord, "catalogue")
    assert written == [str(one) for one in [*own, extra]]
