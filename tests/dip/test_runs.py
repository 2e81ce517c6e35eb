"""Every pull leaves a row that says how it went; no two of a kind run at once; the command and the reads."""

import datetime as dt
import io
import threading
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import IntegrityError, connections
from django.utils import timezone

from dipportal.catalogue.models import Performance, Theater
from dipportal.contracts.models import Contract
from dipportal.dip import pull, queries
from dipportal.dip.errors import NotDone, Unclear
from dipportal.dip.models import Connection, RemoteRecord, RunState, SyncRun
from dipportal.dip.pull_run import LEASE
from dipportal.journal.models import Entry
from dipportal.organisations.models import Organisation
from dipportal.sandbox import server
from tests.dip.pulling import FakeDip, Statements, pulled
from tests.world import World


# --- one at a time -------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(("going_on", "wanted", "waits"), [
    ("contracts", "contracts", True),
    ("contracts-full", "contracts", True),
    ("contracts", "contracts-full", True),
    ("catalogue", "contracts", False),
])  # fmt: skip
def test_no_two_of_a_kind_run_at_once(
    noord: Connection, fake: FakeDip, going_on: str, wanted: str, waits: bool
) -> None:
    fake.contract(10)
    inner: list[SyncRun] = []

    def meanwhile(path: str) -> None:
        fake.on_read = lambda path: None
        inner.append(pull.run(noord, wanted))

    fake.on_read = meanwhile
    fake.productions[123] = []
    outer = pull.run(noord, going_on)
    assert outer.state == RunState.GOOD
    assert (inner[0].pk == outer.pk) == waits
    assert SyncRun.objects.count() == (1 if waits else 2)
    assert not SyncRun.objects.exclude(lease_key="").exists()


def test_another_connection_is_not_held_up(world: World, noord: Connection, fake: FakeDip) -> None:
    zuid = Connection.objects.create(organisation=world.rival, client_id="zuid", secret_encrypted="")
    inner: list[SyncRun] = []

    def meanwhile(path: str) -> None:
        fake.on_read = lambda path: None
        inner.append(pull.run(zuid, "contracts"))

    fake.on_read = meanwhile
    fake.contract(10)
    assert pull.run(noord, "contracts").pk != inner[0].pk
    assert set(Contract.objects.values_list("provider__slug", "dip_id")) == {
        (world.agency.slug, 10),
        (world.rival.slug, 10),
    }


def test_the_lease_of_a_crashed_run_ends_by_itself(world: World, noord: Connection, fake: FakeDip) -> None:
    key = f"{noord.pk}:contracts"
    crashed = SyncRun.objects.create(
        connection=noord,
        organisation=world.agency,
        kind="contracts",
        lease_key=key,
        alive_until=timezone.now() + LEASE,
    )
    assert pull.run(noord, "contracts").pk == crashed.pk
    SyncRun.objects.update(alive_until=timezone.now() - dt.timedelta(seconds=1))
    run = pulled(noord, "contracts")
    crashed.refresh_from_db()
    assert run.pk != crashed.pk
    assert (crashed.state, crashed.lease_key) == (RunState.FAILED, "")
    assert crashed.errors


def test_a_run_that_lost_its_lease_writes_nothing_more(world: World, noord: Connection, fake: FakeDip) -> None:
    """Paused while it read, longer than its lease; another run took over and finished."""
    fake.contract(10)
    others: list[SyncRun] = []

    def paused(path: str) -> None:
        fake.on_read = lambda path: None
        SyncRun.objects.update(alive_until=timezone.now() - dt.timedelta(seconds=1))
        others.append(pull.run(noord, "contracts"))
        fake.contracts[0]["properties"]["theater_fee"] = 1
        Contract.objects.update(theater_surcharge=777)

    fake.on_read = paused
    run = pull.run(noord, "contracts")
    assert others[0].state == RunState.GOOD
    assert run.state == RunState.FAILED
    assert Contract.objects.get().theater_surcharge == 777


def test_the_database_keeps_two_leases_apart(world: World, noord: Connection) -> None:
    SyncRun.objects.create(connection=noord, kind="contracts", lease_key="x")
    with pytest.raises(IntegrityError):
        SyncRun.objects.create(connection=noord, kind="contracts", lease_key="x")


# --- what a run says -----------------------------------------------------------------------------------------------
class Failing(FakeDip):
    def __init__(self, error: Exception) -> None:
        super().__init__()
        self.error = error

    def read(self, path: str, params: dict[str, str] | None = None) -> Any:
        self.asked.append((path, params))
        raise self.error


@pytest.mark.parametrize("error", [NotDone("unreachable", "DIP is weg."), Unclear("unclear", "Half een antwoord.")])
def test_a_run_without_an_answer_failed_and_says_why(
    world: World, noord: Connection, monkeypatch: pytest.MonkeyPatch, error: NotDone | Unclear
) -> None:
    monkeypatch.setattr(pull, "Client", Failing(error))
    run = pull.run(noord, "contracts-full")
    assert run.state == RunState.FAILED
    assert error.text in run.errors[0]
    assert run.finished_at is not None
    noord.refresh_from_db()
    assert noord.last_good_pull_at is None


def test_when_dip_is_away_a_run_does_not_go_on_knocking(
    world: World, noord: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    away = Failing(NotDone("unreachable", "DIP is weg."))
    monkeypatch.setattr(pull, "Client", away)
    run = pull.run(noord, "reference")
    assert run.state == RunState.FAILED
    assert len(away.asked) == len(run.errors) == 1


def test_an_error_of_our_own_ends_the_run_with_a_row(
    world: World, noord: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pull, "Client", Failing(ZeroDivisionError()))
    with pytest.raises(ZeroDivisionError):
        pull.run(noord, "contracts")
    run = SyncRun.objects.get()
    assert (run.state, run.lease_key) == (RunState.FAILED, "")


def test_a_writer_in_the_way_costs_a_second_try(
    world: World, noord: Connection, fake: FakeDip, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Another pull created the same performance between our look and our insert."""
    fake.contract(10)
    real, tries = pull.apply_contracts.apply, []

    def contended(*args: Any, **kwargs: Any) -> Any:
        done = real(*args, **kwargs)
        tries.append(1)
        if len(tries) == 1:
            raise IntegrityError
        return done

    monkeypatch.setattr(pull.apply_contracts, "apply", contended)
    run = pulled(noord, "contracts")
    assert len(tries) == 2
    assert run.counts["seen"] == run.counts["new"] == 1


def test_the_errors_of_a_run_have_an_end(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contracts = [{"id": number} for number in range(1, 200)]  # type: ignore[misc]
    run = pull.run(noord, "contracts")
    assert len(run.errors) == 51
    assert "149" in run.errors[-1]


# --- the command ---------------------------------------------------------------------------------------------------
def command(*arguments: str) -> str:
    out = io.StringIO()
    call_command("dip_sync", *arguments, stdout=out)
    return out.getvalue()


def test_the_command_pulls_and_says_so(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contract(10)
    told = command("--kind", "contracts", "--organisation", world.agency.slug)
    assert "good" in told
    assert "new 1" in told
    assert Contract.objects.count() == 1


def test_a_dry_run_writes_nothing_and_says_what_would_change(world: World, noord: Connection, fake: FakeDip) -> None:
    contract = world.contract(status="proposed")
    Contract.objects.filter(pk=contract.pk).update(dip_id=10)
    fake.contract(10, status="approved")
    fake.contract(11)
    lines = Entry.objects.count()
    with Statements() as seen:
        told = command("--kind", "contracts", "--dry-run")
    assert "dry run" in told
    assert "new 1" in told
    assert seen.writes  # it went all the way, and was undone
    assert Contract.objects.count() == 1
    assert not RemoteRecord.objects.exists()
    assert not SyncRun.objects.exists()
    assert Entry.objects.count() == lines
    noord.refresh_from_db()
    assert noord.contracts_watermark == ""


def test_the_command_ends_with_an_error_when_something_broke(
    world: World, noord: Connection, fake: FakeDip, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.contracts = ["geen bericht"]  # type: ignore[list-item]
    with pytest.raises(CommandError):
        call_command("dip_sync", "--kind", "contracts")
    assert "geen bericht" in capsys.readouterr().out


@pytest.mark.usefixtures("world")
def test_the_command_knows_no_unknown_organisation() -> None:
    with pytest.raises(CommandError):
        command("--organisation", "niemand")


# --- reads for the pages -------------------------------------------------------------------------------------------
def test_the_state_of_a_connection(world: World, noord: Connection, fake: FakeDip) -> None:
    assert queries.status_of(world.rival) is None
    fake.contract(10)
    fake.contract(11, status="bevroren")
    pull.run(noord, "contracts")
    alive = timezone.now() + LEASE
    SyncRun.objects.create(connection=noord, organisation=world.agency, kind="catalogue", alive_until=alive)
    found = queries.status_of(world.agency)
    assert found is not None
    assert found.silent_since is None
    assert found.set_aside == 1
    assert found.last_good_pull_at is not None
    assert [run.kind for run in found.running] == ["catalogue"]
    assert list(queries.set_aside(world.rival)) == []
    assert list(queries.runs_of(world.rival)) == []
    assert queries.runs_of(world.agency).count() == 2


def test_since_when_dip_is_silent(world: World, noord: Connection, django_assert_num_queries: Any) -> None:
    now = timezone.now()

    def ended(state: str, hours_ago: int, kind: str = "contracts") -> None:
        SyncRun.objects.create(
            connection=noord,
            organisation=world.agency,
            kind=kind,
            state=state,
            started_at=now - dt.timedelta(hours=hours_ago),
            errors=["DIP is weg."] if state == "failed" else [],
        )

    for state, hours in (("failed", 9), ("good", 6), ("failed", 4), ("failed", 2)):
        ended(state, hours)
    with django_assert_num_queries(5):
        found = queries.status_of(world.agency)
    assert found is not None
    assert found.silent_since == now - dt.timedelta(hours=4)
    assert found.trouble == "DIP is weg."
    ended("partly", 1, kind="catalogue")
    found = queries.status_of(world.agency)
    assert found is not None
    assert found.silent_since is None
    assert found.trouble == ""


# --- over real HTTP ------------------------------------------------------------------------------------------------
@pytest.mark.django_db(transaction=True)
def test_a_dry_run_against_a_real_sandbox(remote: server.Admin, agency: Connection) -> None:
    before = Theater.objects.count(), Organisation.objects.count()
    told = command("--dry-run")
    assert told.count("dry run, good") == 3
    assert (Theater.objects.count(), Organisation.objects.count()) == before
    assert not remote.writes()


@pytest.mark.django_db(transaction=True)
def test_a_dead_dip_is_told_in_one_sentence(agency: Connection, settings: Any) -> None:
    settings.DIP_URL = "http://127.0.0.1:9"
    run = pull.run(agency, "contracts")
    assert run.state == RunState.FAILED
    assert len(run.errors) == 1


# --- side by side --------------------------------------------------------------------------------------------------
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_pulls_meet_the_same_unknown_things_at_once(world: World, noord: Connection, fake: FakeDip) -> None:
    """Two connections, one moment, the same new production and performances: each exists once."""
    zuid = Connection.objects.create(organisation=world.rival, client_id="zuid", secret_encrypted="")
    for number in range(1, 60):
        fake.contract(number, production={"id": "NL-27-123-1", "title": "Nieuw"})
    together = threading.Barrier(2, timeout=30)
    fake.on_read = lambda path: together.wait() and None
    runs: list[SyncRun] = []

    def work(connection: Connection) -> None:
        try:
            runs.append(pull.run(connection, "contracts"))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=work, args=(one,)) for one in (noord, zuid)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [run.state for run in runs] == [RunState.GOOD, RunState.GOOD]
    assert Performance.objects.filter(number__gt=20_000_000, number__lt=20_000_060).count() == 59
    assert Contract.objects.count() == 118
    assert not RemoteRecord.objects.exclude(fault="").exists()
