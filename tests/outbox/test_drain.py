"""Rules 1 to 4: nothing lost, nothing doubled, nothing stuck, nobody held up by a stranger's trouble."""

import datetime as dt
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from celery.signals import worker_shutting_down
from django.conf import settings as settings_file
from django.utils import timezone, translation

from dipportal.core.errors import StaleState
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email as Row
from dipportal.outbox import actions
from dipportal.outbox import drain as drain_module
from dipportal.outbox.drain import Claim, ClaimLost, Outcome, again, attention, backoff, claim, done, drain, unclear
from dipportal.outbox.models import State
from tests.world import World

pytestmark = pytest.mark.django_db
Clock = Callable[..., None]


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock that only moves when told to."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def move(**by: float) -> None:
        now[0] += dt.timedelta(**by)

    return move


def row(key: str = "", **values: Any) -> Row:
    """An e-mail stands for any outbox row here."""
    count = Row.objects.count()
    values.setdefault("due_at", timezone.now())
    return Row.objects.create(
        kind="answer",
        key=key,
        event_key=f"e{count}",
        recipient=f"r{count}@portal.example",
        message_id=f"<{count}@portal.example>",
        **values,
    )


def states() -> list[str]:
    return list(Row.objects.order_by("pk").values_list("state", flat=True))


def test_rows_of_one_key_run_in_order_and_hold_up_nobody_else(clock: Clock) -> None:
    first, _second, other = row("a"), row("a"), row("b")
    worked: list[int] = []

    def work(held: Claim[Row]) -> Outcome:
        worked.append(held.row.pk)
        return attention("no", "no") if held.row.pk == first.pk else done()

    drain(Row, work)
    assert worked == [first.pk, other.pk]
    assert states() == ["attention", "waiting", "done"]


def test_a_row_without_a_key_knows_no_order(clock: Clock) -> None:
    row(), row()
    drain(Row, lambda held: again("later", "later", after=dt.timedelta(hours=1)))
    assert set(Row.objects.values_list("attempts", flat=True)) == {1}


def test_two_workers_never_hold_one_row(clock: Clock) -> None:
    row()
    assert claim(Row) is not None
    assert claim(Row) is None


def test_a_row_whose_worker_died_comes_back_after_its_lease(clock: Clock, settings: Any) -> None:
    row()
    assert claim(Row) is not None
    clock(seconds=settings.OUTBOX_LEASE_SECONDS - 1)
    assert claim(Row) is None
    clock(seconds=1)
    assert claim(Row) is not None


def test_a_paused_worker_that_wakes_up_writes_nothing(clock: Clock, settings: Any) -> None:
    row()
    paused = claim(Row)
    clock(seconds=settings.OUTBOX_LEASE_SECONDS + 1)
    second = claim(Row)
    assert paused is not None
    assert second is not None
    ran: list[str] = []
    with pytest.raises(ClaimLost):
        paused.write(sent_at=timezone.now())
    with pytest.raises(ClaimLost):
        paused.settle(done(apply=lambda: ran.append("paused")))
    assert (ran, states()) == ([], ["waiting"])
    second.settle(done(apply=lambda: ran.append("second")))
    assert (ran, states()) == (["second"], ["done"])


def test_a_row_that_kills_its_worker_stops_and_the_rows_behind_it_run(
    clock: Clock, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dipportal.outbox.drain._", lambda text: f"vertaald: {text}")
    killer, behind = row(), row()

    def work(held: Claim[Row]) -> Outcome:
        if held.row.pk == killer.pk:
            raise KeyboardInterrupt  # as good as kill -9: nothing is written any more
        return done()

    for _ in range(settings.OUTBOX_MAX_CLAIMS + 2):
        try:
            drain(Row, work)
        except KeyboardInterrupt:
            clock(seconds=settings.OUTBOX_LEASE_SECONDS + 1)
    killer.refresh_from_db()
    behind.refresh_from_db()
    assert (killer.state, behind.state) == (State.QUARANTINED, State.DONE)
    assert killer.attempts == settings.OUTBOX_MAX_CLAIMS
    assert killer.error_text.startswith(f"vertaald: {settings.OUTBOX_MAX_CLAIMS} ")


@pytest.mark.parametrize(("language", "word"), [("en", "quarantined"), ("nl", "quarantaine")])
def test_a_row_is_called_in_the_readers_language(language: str, word: str) -> None:
    held = row(state=State.QUARANTINED)
    with translation.override(language):
        assert str(held) == f"{Kind.ANSWER.label} {held.pk} ({State.QUARANTINED.label})"
        assert word in str(held)


def test_a_patient_retry_is_never_quarantined(clock: Clock, settings: Any) -> None:
    held = row()
    for _ in range(settings.OUTBOX_MAX_CLAIMS * 3):
        drain(Row, lambda held: again("down", "DIP is away", after=dt.timedelta(seconds=5)))
        clock(seconds=6)
    held.refresh_from_db()
    assert (held.state, held.attempts) == (State.WAITING, settings.OUTBOX_MAX_CLAIMS * 3)


@pytest.fixture
def goes_on() -> Iterator[None]:
    yield
    drain_module._ending[0] = 0


@pytest.mark.usefixtures("goes_on")
def test_a_worker_that_is_to_end_finishes_its_row_and_takes_up_no_other(clock: Clock) -> None:
    row(), row()

    def work(held: Claim[Row]) -> Outcome:
        worker_shutting_down.send(sender="worker@portal.example", sig="SIGTERM", how="Warm", exitcode=0)
        return done()

    assert drain(Row, work) == 1
    assert states() == ["done", "waiting"]
    assert drain(Row, work) == 0
    assert set(Row.objects.values_list("claimed_until", "open_claims")) == {(None, 0)}


FORKED = """
import os, time
import django
django.setup()
from celery.signals import worker_shutting_down
from dipportal.outbox import drain
child = os.fork()
if child:
    worker_shutting_down.send(sender="worker@portal.example")
    os._exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
stop = time.monotonic() + 20
while not drain._ending[0] and time.monotonic() < stop:
    time.sleep(0.01)
os._exit(0 if drain._ending[0] else 1)
"""


def test_the_processes_that_a_worker_forked_hear_of_its_end() -> None:
    """Celery's pool does the work in them, and the signal comes to their parent only."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "dipportal.settings"}
    ended = subprocess.run([sys.executable, "-c", FORKED], env=environment, cwd=settings_file.BASE_DIR, check=False)
    assert ended.returncode == 0


def test_an_exception_leaves_the_row_to_its_lease_and_the_others_run(
    clock: Clock, caplog: pytest.LogCaptureFixture
) -> None:
    broken, fine = row(), row()

    def work(held: Claim[Row]) -> Outcome:
        if held.row.pk == broken.pk:
            raise ZeroDivisionError
        return done()

    assert drain(Row, work) == 2
    fine.refresh_from_db()
    broken.refresh_from_db()
    assert (fine.state, broken.state, broken.open_claims) == (State.DONE, State.WAITING, 1)


def test_an_outcome_whose_apply_fails_is_not_recorded(clock: Clock) -> None:
    row()
    held = claim(Row)
    assert held is not None

    def fails() -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        held.settle(done(apply=fails))
    assert states() == ["waiting"]


def test_an_unclear_row_waits_its_time(clock: Clock) -> None:
    row()
    drain(Row, lambda held: unclear("gone", "no answer", after=dt.timedelta(seconds=180), sent_at=timezone.now()))
    assert (states(), claim(Row)) == (["unclear"], None)
    clock(seconds=181)
    assert claim(Row) is not None


def test_try_again_looks_first_when_something_was_sent(world: World, clock: Clock) -> None:
    sent, unsent = row(sent_at=timezone.now(), state=State.ATTENTION), row(state=State.QUARANTINED)
    for stuck in (sent, unsent):
        actions.retry(stuck, actor=world.actors["agency_manager"])
    assert states() == ["unclear", "waiting"]


def test_what_is_done_cannot_be_tried_again_or_abandoned(world: World, clock: Clock) -> None:
    finished = row(state=State.DONE)
    for action in (actions.retry, actions.abandon):
        with pytest.raises(StaleState):
            action(finished, actor=world.actors["agency_manager"])


def test_an_abandoned_row_lets_the_next_of_its_key_go(world: World, clock: Clock) -> None:
    stuck, behind = row("a", state=State.ATTENTION), row("a")
    assert claim(Row) is None
    actions.abandon(stuck, actor=world.actors["agency_manager"], reason="Dubbel.")
    held = claim(Row)
    assert held is not None
    assert held.row.pk == behind.pk


def test_the_wait_grows_to_its_most() -> None:
    assert [backoff(n).total_seconds() for n in (1, 2, 3, 20)] == [5, 10, 20, 300]
