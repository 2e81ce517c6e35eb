"""How far a run is: seen while it runs, told once a second at most, and by nobody who lost the run."""

import datetime as dt
import time
from typing import Any

import pytest
from django.db import OperationalError
from django.utils import timezone

from dipportal.dip import pull, queries
from dipportal.dip.models import Connection, RunStep, SyncRun
from dipportal.dip.pull_run import LeaseLost, Progress, Pull, Tally, start
from tests.dip.pulling import FakeDip, Statements
from tests.world import World


class Seconds:
    """Stands for time.monotonic in the throttle."""

    def __init__(self) -> None:
        self.at = 100.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def seconds(monkeypatch: pytest.MonkeyPatch) -> Seconds:
    clock = Seconds()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


@pytest.fixture
def under_way(noord: Connection, fake: FakeDip, seconds: Seconds) -> Pull:
    row, _mine = start(noord, "contracts")
    return Pull(noord, fake, row)


def told(of: Pull) -> tuple[str, int, int | None]:
    row = SyncRun.objects.get(pk=of.run.pk)
    return row.step, row.done, row.total


def test_a_short_run_tells_nothing_and_a_long_one_once_a_second(under_way: Pull, seconds: Seconds) -> None:
    with Statements() as seen:
        for done in range(500):
            under_way.progress(done, 1000, RunStep.AGREEMENTS)
            seconds.at += 0.0019
    assert len(seen) == 0
    with Statements() as seen:
        for done in range(500, 1000):
            under_way.progress(done, 1000, RunStep.AGREEMENTS)
            seconds.at += 0.01
    assert 4 <= len(seen) <= 6
    assert told(under_way)[0] == RunStep.AGREEMENTS
    assert 850 < told(under_way)[1] < 1000


def test_a_whole_short_pull_writes_no_progress(world: World, noord: Connection, fake: FakeDip) -> None:
    for number in range(1, 40):
        fake.contract(number)
    with Statements() as seen:
        pull.run(noord, "contracts-full")
    assert not [one["sql"] for one in seen.captured_queries if "told_at" in one["sql"] and "UPDATE" in one["sql"]]


def test_inside_the_transaction_of_the_rows_it_is_only_noted(under_way: Pull, seconds: Seconds) -> None:
    def step() -> Tally:
        seconds.at += 5
        with Statements() as seen:
            under_way.progress(3, 9, RunStep.AGREEMENTS)
        assert len(seen) == 0
        return Tally()

    assert under_way.write("Afspraken", step)
    assert told(under_way) == ("", 0, None)
    under_way.progress(4, 9, RunStep.AGREEMENTS)
    assert told(under_way) == (RunStep.AGREEMENTS, 4, 9)


def test_telling_keeps_the_lease_and_a_lost_one_ends_the_run(under_way: Pull, seconds: Seconds) -> None:
    soon = timezone.now() + dt.timedelta(seconds=30)
    SyncRun.objects.update(alive_until=soon)
    seconds.at += 2
    under_way.progress(1, None, RunStep.LISTS)
    assert SyncRun.objects.filter(alive_until__gt=soon).exists()
    SyncRun.objects.update(state="failed", lease_key="")
    seconds.at += 2
    with pytest.raises(LeaseLost):
        under_way.progress(2, None, RunStep.LISTS)
    assert told(under_way) == (RunStep.LISTS, 1, None)


def test_a_database_that_is_busy_does_not_end_the_run(
    under_way: Pull, seconds: Seconds, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Busy:
        def filter(self, **_where: Any) -> "Busy":
            return self

        def update(self, **_values: Any) -> int:
            raise OperationalError("database is locked")

    seconds.at += 2
    with monkeypatch.context() as patch:
        patch.setattr(SyncRun, "objects", Busy())
        under_way.progress(1, 9, RunStep.LISTS)
    assert told(under_way) == ("", 0, None)
    seconds.at += 2
    under_way.progress(2, 9, RunStep.LISTS)
    assert told(under_way) == (RunStep.LISTS, 2, 9)


def test_a_dry_run_is_watched_and_writes_nothing(noord: Connection, fake: FakeDip, seconds: Seconds) -> None:
    heard: list[Progress] = []
    row = SyncRun(connection=noord, organisation=noord.organisation, kind="contracts")
    dry = Pull(noord, fake, row, dry_run=True, watch=heard.append)
    with Statements() as seen:
        for done in range(3):
            seconds.at += 2
            dry.progress(done, 3, RunStep.LISTS)
    assert len(seen) == 0
    assert [(one.done, one.of) for one in heard] == [(0, 3), (1, 3), (2, 3)]
    assert len({one.began for one in heard}) == 1


def test_every_kind_says_how_far_it_is(world: World, noord: Connection, fake: FakeDip) -> None:
    heard: dict[str, list[Progress]] = {}
    fake.contract(10)
    fake.productions[world.producer.pk] = []
    for kind in ("catalogue", "contracts", "contracts-full"):
        heard[kind] = []
        pull.run(noord, kind, watch=heard[kind].append)
    assert heard["contracts"][0].of == heard["contracts-full"][0].of == 1
    assert {one.step for one in heard["contracts"]} == {RunStep.AGREEMENTS}


def test_the_pace_and_the_time_left() -> None:
    began = timezone.now()
    run = SyncRun(step=RunStep.PRODUCTIONS, step_at=began)
    assert queries.pace_of(run) is None
    run.done, run.total, run.told_at = 50, 200, began + dt.timedelta(seconds=25)
    found = queries.pace_of(run)
    assert found is not None
    assert (found.per_second, found.left) == (2.0, dt.timedelta(seconds=75))
    run.total = None
    found = queries.pace_of(run)
    assert found is not None
    assert found.left is None
    run.done, run.total = 250, 200
    found = queries.pace_of(run)
    assert found is not None
    assert found.left == dt.timedelta(0), "more than was expected: nothing is left, not less than nothing"


def test_a_step_that_begins_anew_has_a_pace_of_its_own(under_way: Pull, seconds: Seconds) -> None:
    begins = []
    for done, step in ((5, "lists"), (0, "productions"), (7, "productions"), (1, "productions")):
        seconds.at += 2
        under_way.progress(done, 9, RunStep(step))
        row = SyncRun.objects.get()
        assert (row.step, row.done) == (step, done)
        begins.append(row.step_at)
    assert begins[1] == begins[2], "one step goes on"
    assert len(set(begins)) == 3, "another step, and a count that starts again, begin anew"
