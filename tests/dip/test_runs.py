"""Every pull leaves a row that says how it went; no two of a kind run at once; the command and the reads."""

import datetime as dt
import threading
from typing import Any

import pytest
from django.db import IntegrityError, connections
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.contracts.models import Contract
from dipportal.dip import gate, pull, queries
from dipportal.dip.connections import save_connection
from dipportal.dip.errors import NotDone, Unclear
from dipportal.dip.models import Connection, Operation, RemoteRecord, RunKind, RunState, SyncRun
from dipportal.dip.pull_run import LEASE
from tests.dip.pulling import FakeDip, pulled
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

    def read(self, path: str, params: dict[str, str] | None = None, *, apart: bool = False) -> Any:
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


# --- reads for the pages -------------------------------------------------------------------------------------------
def test_the_state_of_a_connection(
    world: World, noord: Connection, fake: FakeDip, django_assert_num_queries: Any
) -> None:
    assert queries.status_of(world.rival) is None
    fake.contract(10)
    fake.contract(11, status="bevroren")
    pull.run(noord, "contracts")
    alive = timezone.now() + LEASE
    older = SyncRun.objects.create(connection=noord, organisation=world.agency, kind="catalogue", state="failed")
    newer = SyncRun.objects.create(connection=noord, organisation=world.agency, kind="catalogue", alive_until=alive)
    with django_assert_num_queries(2):
        found = queries.status_of(world.agency)
    assert found is not None
    assert found.away is None
    assert found.set_aside == 1
    assert found.last_good_pull_at is not None
    assert found.newest["catalogue"] == newer != older
    assert set(found.newest) == {"contracts", "catalogue"}
    assert [run.kind for run in found.running] == ["catalogue"]
    assert found.in_the_way_of(RunKind.CATALOGUE) == newer
    assert found.in_the_way_of(RunKind.CONTRACTS) is None
    assert list(queries.set_aside(world.rival)) == []
    assert list(queries.runs_of(world.rival)) == []
    assert queries.runs_of(world.agency).count() == 3


def test_of_two_runs_that_began_together_the_later_one_is_the_newest(world: World, noord: Connection) -> None:
    at_once = timezone.now()
    runs = {}
    for kind in (*RunKind, *RunKind):
        runs[kind.value] = SyncRun.objects.create(
            connection=noord, organisation=world.agency, kind=kind, state="good", started_at=at_once
        )
    SyncRun.objects.create(organisation=world.rival, kind=RunKind.CATALOGUE, started_at=at_once + dt.timedelta(hours=1))
    found = queries.status_of(world.agency)
    assert found is not None
    assert found.newest == runs
    assert found.set_aside == 0


@pytest.mark.parametrize("wanted", [RunKind.CONTRACTS, RunKind.CONTRACTS_FULL])
def test_either_pull_of_agreements_is_in_the_way_of_the_other(world: World, noord: Connection, wanted: RunKind) -> None:
    alive = timezone.now() + LEASE
    for kind in (RunKind.CONTRACTS, RunKind.CONTRACTS_FULL):
        SyncRun.objects.all().delete()
        going_on = SyncRun.objects.create(connection=noord, organisation=world.agency, kind=kind, alive_until=alive)
        found = queries.status_of(world.agency)
        assert found is not None
        assert found.in_the_way_of(wanted) == going_on
        # A worker that was killed is in nobody's way.
        SyncRun.objects.update(alive_until=timezone.now() - dt.timedelta(seconds=1))
        found = queries.status_of(world.agency)
        assert found is not None
        assert found.in_the_way_of(wanted) is None


# --- DIP that is away ----------------------------------------------------------------------------------------------
def away(world: World) -> queries.Away | None:
    return queries.away_of(queries.connection_of(world.agency))


def test_since_when_dip_does_not_answer(world: World, noord: Connection) -> None:
    gate.failed(noord, "DIP is weg.")
    since = Connection.objects.get().trouble_since
    assert away(world) is None, "one call that fails is nothing to tell"
    Connection.objects.update(trouble_since=timezone.now() - dt.timedelta(minutes=5))
    gate.failed(noord, "DIP is nog weg.")
    found = away(world)
    assert found is not None
    assert (found.refused, found.text, found.resting_until) == (False, "DIP is nog weg.", None)
    assert since is not None
    assert found.since < since, "it began with the first failure"
    for _call in range(3):
        gate.failed(noord, "DIP is nog weg.")
    resting = away(world)
    assert resting is not None
    assert resting.resting_until is not None
    assert resting.since == found.since
    gate.succeeded(noord)
    assert away(world) is None
    assert Connection.objects.get().trouble_since is None


def test_what_waits_is_counted_and_the_neighbours_is_not(world: World, noord: Connection) -> None:
    Operation.objects.all().delete()
    states = ("waiting", "unclear", "attention", "done")
    for organisation in (world.agency, world.agency, world.rival):
        for state in states:
            Operation.objects.create(
                kind="contract.create", subject_kind="contract", subject_id=1, organisation=organisation, state=state
            )
    gate.refused(noord, "DIP weigert.")
    found = away(world)
    assert found is not None
    assert (found.waiting, found.refused) == (4, True)
    assert away_of_rival(world) is None


def away_of_rival(world: World) -> queries.Away | None:
    return queries.away_of(queries.connection_of(world.rival))


def test_a_refused_log_in_is_told_at_once_and_apart_from_silence(world: World, noord: Connection) -> None:
    gate.failed(noord, "DIP is weg.")
    gate.refused(noord, "DIP weigert de aanmelding.")
    found = away(world)
    assert found is not None
    assert found.refused
    before = found.since
    gate.refused(noord, "DIP weigert de aanmelding.")
    again = away(world)
    assert again is not None
    assert again.since == before
    manager = world.actors["agency_manager"]
    save_connection(world.agency, client_id="noord", secret="een-ander", actor=manager)
    assert away(world) is None


def test_a_secret_that_no_key_opens_is_told_as_a_refused_log_in(world: World, noord: Connection) -> None:
    with pytest.raises(NotDone):
        gate.credentials_of(noord)
    found = away(world)
    assert found is not None
    assert found.refused


# --- over real HTTP ------------------------------------------------------------------------------------------------
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
