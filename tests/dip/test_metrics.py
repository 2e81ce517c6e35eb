"""The numbers for the watcher: right, complete with nothing going on, behind a token, and nobody's data."""

import datetime as dt
import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dipportal.dip import gate
from dipportal.dip.metrics import OUTBOXES, gauges
from dipportal.dip.models import Connection, Operation, RunKind, SyncRun
from dipportal.notifications.models import Email
from dipportal.outbox.models import State
from tests.world import World

TOKEN = "een-teken-van-genoeg-lengte"
LINE = re.compile(r'^dipportal_([a-z_]+)(?:\{((?:[a-z]+="[a-z0-9.\-]*",?)+)\})? ([0-9.e+]+)$')
Numbers = dict[tuple[str, frozenset[tuple[str, str]]], float]


def asked(token: str = TOKEN) -> Any:
    return Client().get("/health/metrics", headers={"Authorization": f"Bearer {token}"})


@pytest.fixture
def token(settings: Any) -> None:
    settings.METRICS_TOKEN = TOKEN


@pytest.fixture
def quiet(world: World, token: None) -> World:
    Operation.objects.all().delete()
    Email.objects.all().delete()
    return world


def numbers() -> Numbers:
    found: Numbers = {}
    for line in asked().content.decode().splitlines():
        if not line.startswith("#"):
            match = LINE.match(line)
            assert match, f"Prometheus cannot read {line!r}"
            labels = frozenset((name, text) for name, text in re.findall(r'([a-z]+)="([^"]*)"', match[2] or ""))
            assert (match[1], labels) not in found, f"twice: {line}"
            found[match[1], labels] = float(match[3])
    return found


def number(name: str, **labels: str) -> float:
    return numbers()[name, frozenset(labels.items())]


def operation(world: World, **values: Any) -> Operation:
    values = {"kind": "contract.create", "subject_kind": "contract", "subject_id": 1, **values}
    return Operation.objects.create(organisation=world.agency, **values)


# --- who may read ----------------------------------------------------------------------------------------------------
def test_without_a_token_of_the_operator_there_is_no_such_page(world: World, settings: Any) -> None:
    settings.METRICS_TOKEN = ""
    assert asked("").status_code == 404
    assert Client().get("/health/metrics").status_code == 404


@pytest.mark.usefixtures("token")
def test_another_token_is_refused_also_of_a_person_with_a_log_in(world: World) -> None:
    for wrong in ("", "anders", TOKEN[:-1], TOKEN + "x", "é"):
        answer = asked(wrong)
        assert (answer.status_code, answer.content) == (401, b""), wrong
    client = Client()
    client.force_login(world.people["staff"])
    assert client.get("/health/metrics").status_code == 401
    assert asked().status_code == 200
    assert asked().headers["Content-Type"].startswith("text/plain; version=0.0.4")
    assert "no-store" in asked().headers["Cache-Control"]


# --- what it says ----------------------------------------------------------------------------------------------------
def test_every_series_is_there_when_nothing_goes_on(quiet: World) -> None:
    connection = Connection.objects.create(organisation=quiet.agency, client_id="a")
    found = numbers()
    assert set(found.values()) == {0.0}
    for outbox, _model, kinds in OUTBOXES:
        for kind in kinds:
            assert ("outbox_oldest_due_seconds", frozenset({("outbox", outbox), ("kind", kind)})) in found
        for state in ("waiting", "unclear", "attention", "quarantined"):
            assert ("outbox_rows", frozenset({("outbox", outbox), ("state", state)})) in found
    for kind in RunKind.values:
        labels = frozenset({("connection", str(connection.pk)), ("kind", kind)})
        assert ("last_good_pull_timestamp_seconds", labels) in found


def test_the_age_is_that_of_what_a_worker_could_take(quiet: World) -> None:
    now = timezone.now()
    hour, day = dt.timedelta(hours=1), dt.timedelta(days=1)
    operation(quiet, due_at=now - hour, key="a")
    operation(quiet, due_at=now - day, key="a")  # waits for the one before it
    operation(quiet, due_at=now + hour, key="b")
    operation(quiet, due_at=now - day, key="c", claimed_until=now + hour)
    operation(quiet, due_at=now - day, key="d", state=State.ATTENTION)
    operation(quiet, due_at=now - day, key="e", kind="production.create", claimed_until=now - hour)
    assert number("outbox_oldest_due_seconds", outbox="dip", kind="contract.create") == pytest.approx(3600, abs=60)
    assert number("outbox_oldest_due_seconds", outbox="dip", kind="production.create") == pytest.approx(86400, abs=60)
    assert number("outbox_oldest_due_seconds", outbox="dip", kind="contract.propose") == 0


def test_rows_are_counted_by_state(quiet: World) -> None:
    for index, state in enumerate([*State, State.UNCLEAR, State.QUARANTINED, State.QUARANTINED]):
        operation(quiet, state=state, key=str(index))
    found = {
        state: number("outbox_rows", outbox="dip", state=state)
        for state in ("waiting", "unclear", "attention", "quarantined")
    }
    assert found == {"waiting": 1, "unclear": 2, "attention": 1, "quarantined": 3}


def test_the_oldest_mail(quiet: World) -> None:
    now = timezone.now()
    for index, (state, hours) in enumerate((("waiting", 2), ("done", 9), ("waiting", 1), ("attention", 8))):
        Email.objects.create(
            kind="answer", state=state, created_at=now - dt.timedelta(hours=hours), due_at=now + dt.timedelta(hours=1),
            event_key=str(index), recipient="iemand@portal.example", message_id=f"<{index}@portal.example>",
        )  # fmt: skip
    assert number("mail_oldest_seconds") == pytest.approx(7200, abs=60)


def test_the_last_good_pull_of_each_connection_and_kind(quiet: World) -> None:
    agency, rival, gone = (
        Connection.objects.create(organisation=organisation, client_id="a", active=active)
        for organisation, active in ((quiet.agency, True), (quiet.rival, True), (quiet.agency, False))
    )
    now = timezone.now()
    for connection, state, hours in (
        (agency, "good", 5),
        (agency, "good", 3),
        (agency, "partly", 1),
        (gone, "good", 1),
    ):
        at = now - dt.timedelta(hours=hours)
        SyncRun.objects.create(connection=connection, kind="contracts", state=state, started_at=at, finished_at=at)
    when = number("last_good_pull_timestamp_seconds", connection=str(agency.pk), kind="contracts")
    assert when == pytest.approx(now.timestamp() - 3 * 3600, abs=1)
    assert number("last_good_pull_timestamp_seconds", connection=str(rival.pk), kind="contracts") == 0
    assert number("last_good_pull_timestamp_seconds", connection=str(agency.pk), kind="catalogue") == 0
    assert not [key for key in numbers() if ("connection", str(gone.pk)) in key[1]]


def test_the_trouble_of_a_connection(quiet: World) -> None:
    connection = Connection.objects.create(organisation=quiet.agency, client_id="a")
    gate.failed(connection, "DIP is weg.")
    Connection.objects.update(trouble_since=timezone.now() - dt.timedelta(minutes=2))
    pk = str(connection.pk)
    assert number("connection_trouble_seconds", connection=pk, trouble="silent") == pytest.approx(120, abs=30)
    assert number("connection_trouble_seconds", connection=pk, trouble="refused") == 0
    gate.succeeded(connection)
    assert number("connection_trouble_seconds", connection=pk, trouble="silent") == 0


def test_it_costs_the_same_whatever_there_is(quiet: World, django_assert_num_queries: Any) -> None:
    with django_assert_num_queries(6):
        gauges()
    for organisation in (quiet.agency, quiet.rival):
        connection = Connection.objects.create(organisation=organisation, client_id="a")
        SyncRun.objects.create(connection=connection, kind="contracts", state="good", finished_at=timezone.now())
        operation(quiet)
    with django_assert_num_queries(6):
        gauges()


def test_nobodys_data_is_in_it(world: World, token: None) -> None:
    world.contract(status="proposed")
    Connection.objects.create(organisation=world.agency, client_id="noord-geheim", trouble="Iemand belde.")
    text = asked().content.decode()
    for word in (world.agency.name, world.agency.slug, "noord-geheim", "Iemand", "@", world.production.title):
        assert word not in text
