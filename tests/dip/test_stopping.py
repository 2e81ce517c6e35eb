"""A worker that is told to end: what it only waits with is handed back at once, so nobody has to wait for a lease."""

import datetime as dt
import signal
import sys
import time
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone

from dipportal.dip import gate, pull
from dipportal.dip.errors import NotDone
from dipportal.dip.models import Connection, Operation, RunState, SyncRun
from dipportal.outbox import drain
from dipportal.outbox.models import State
from tests.dip.pulling import FakeDip
from tests.dip.pushed import Pushing
from tests.dip.test_kill import PATIENCE, Stage, running, stage, wait_until  # noqa: F401 - a portal in processes
from tests.world import World


@pytest.fixture
def ends() -> Iterator[None]:
    yield
    drain._ending[0] = 0


@pytest.fixture
def naps(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The worker is told to end during its second nap."""
    taken: list[float] = []

    def nap(seconds: float) -> None:
        taken.append(seconds)
        if len(taken) == 2:
            drain.stop()

    monkeypatch.setattr(time, "sleep", nap)
    return taken


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("ends")
def test_a_row_that_waits_for_its_turn_is_handed_back_unsent(world: World, pushing: Pushing, naps: list[float]) -> None:
    world.contract(status="proposed")
    Connection.objects.update(next_call_at=timezone.now() + dt.timedelta(seconds=15))
    assert pushing.drain() == 1
    first, second = Operation.objects.order_by("pk")
    assert (first.state, first.claimed_until, first.claim_token, first.sent_at) == (State.WAITING, None, "", None)
    assert first.error_code == "stopping"
    assert first.due_at <= timezone.now()
    assert (second.state, second.attempts) == (State.WAITING, 0)
    assert pushing.dip.writes() == []
    assert len(naps) == 2, "it did not sleep to the end of its wait"
    # The next worker goes on where this one stopped.
    drain._ending[0] = 0
    pushing.until_settled()
    assert len(pushing.contracts) == 1


@pytest.mark.usefixtures("ends")
def test_nobody_begins_a_call_any_more(world: World, noord: Connection) -> None:
    gate.wait_for_turn(noord)
    drain.stop()
    with pytest.raises(NotDone) as handed_back:
        gate.wait_for_turn(noord)
    assert (handed_back.value.code, handed_back.value.after) == ("stopping", dt.timedelta(0))


@pytest.mark.usefixtures("ends")
def test_a_pull_ends_and_leaves_the_way_free_for_the_next(world: World, noord: Connection, fake: FakeDip) -> None:
    """Ten minutes of lease would otherwise keep the agreements from being read after every upgrade."""
    fake.contract(10)

    def stopping(path: str) -> None:
        drain.stop()
        gate.wait_for_turn(noord)

    fake.on_read = stopping
    run = pull.run(noord, "contracts")
    assert run.state == RunState.FAILED
    assert len(run.errors) == 1
    row = SyncRun.objects.get()
    assert (row.state, row.lease_key) == (RunState.FAILED, "")
    noord.refresh_from_db()
    assert noord.trouble == "", "DIP has nothing to do with it"
    drain._ending[0] = 0
    fake.on_read = lambda path: None
    assert pull.run(noord, "contracts").state == RunState.GOOD


@pytest.mark.processes
def test_a_real_worker_is_out_in_time_and_nothing_waits_for_its_lease(stage: Any) -> None:  # noqa: F811
    """Its leases would last ten minutes; what it held when SIGTERM came is worked long before that."""
    count = 4
    stage.environment.update(OUTBOX_LEASE_SECONDS="600", DIP_PACE_SECONDS="5")
    stage.build(count)
    command = (sys.executable, "-m", "celery", "-A", "dipportal", "worker", "-c", "2", "-l", "WARNING")
    worker = stage.start(*command, "-B", "-s", str(stage.folder / "beat"))
    wait_until(lambda: bool(stage.dip.writes()), seconds=PATIENCE)
    worker.send_signal(signal.SIGTERM)
    worker.wait(timeout=30)
    assert 0 < len(stage.writes("/propose")) + len(stage.writes("/create")) < 2 * count, "it stopped halfway"
    stage.environment["DIP_PACE_SECONDS"] = "0"
    stage.must_be_whole(count)
