"""The weekly mail about missing counts under deaths, failures and workers side by side: never twice, never none."""

import datetime as dt
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from celery.exceptions import SoftTimeLimitExceeded
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from structlog.testing import capture_logs

from dipportal.notifications import recipients, tasks, weekly, weeks
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email, WeeklyRound
from dipportal.organisations.models import Organisation
from dipportal.ticketing import actions as ticketing
from tests.notifications.owing import NOW, STEP, expected, mails, owe, owe_always, set_moment
from tests.world import World, build


# --- never twice -------------------------------------------------------------------------------------------------
def test_a_member_who_comes_later_in_the_week_waits_for_the_next_mail(world: World) -> None:
    owe(world)
    weekly.write_due(NOW)
    world.colleague(world.kade)
    weekly.write_due(NOW + dt.timedelta(hours=1))
    assert mails() == expected(world, "2027-W06")


def test_a_lost_record_of_the_week_gives_nobody_a_second_mail(world: World) -> None:
    """The key of the mails is a second net: it stands in the database whatever became of the rounds."""
    owe(world)
    weekly.write_due(NOW)
    WeeklyRound.objects.all().delete()
    weekly.write_due(NOW)
    assert mails() == expected(world, "2027-W06")


class Killed(BaseException):
    """As when a process ends: nobody catches it."""


@pytest.mark.parametrize("killer", [Killed, RuntimeError])
def test_a_worker_that_dies_at_any_statement_leaves_one_mail_each_after_the_next_beat(
    world: World, killer: type[BaseException]
) -> None:
    """Raised at the first statement, at the second, … until a run comes through."""
    owe(world)
    step = 0
    while die_at(step, killer):
        assert all(number == 1 for number in mails().values())
        for theater in (world.theater, world.other_theater):
            whole = {key for key, _reader in mails() if f":{theater.pk}:" in key}
            rounds = WeeklyRound.objects.filter(theater=theater).count()
            assert len(whole) == rounds, "the mails and the record of the week are one"
        with capture_logs():
            weekly.write_due(NOW)
        assert mails() == expected(world, "2027-W06"), f"after a death at statement {step}"
        Email.objects.all().delete()
        WeeklyRound.objects.all().delete()
        step += 1
    assert step > 12, "nearly nothing was interrupted"


def die_at(step: int, killer: type[BaseException]) -> bool:
    """Write what is due until the statement of that number; False when there were not so many."""
    seen = 0

    def deadly(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal seen
        seen += 1
        if seen == step + 1:
            raise killer
        return execute(sql, params, many, context)

    with capture_logs(), connection.execute_wrapper(deadly):
        try:
            weekly.write_due(NOW)
        except killer:
            return True
    return seen > step


def test_the_failure_of_one_theater_stops_no_other_and_names_nobody(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    owe(world)
    found = recipients.counters

    def fails_for_the_kade(organisation: Organisation) -> Any:
        if organisation == world.kade:
            raise ValueError
        return found(organisation)

    monkeypatch.setattr(recipients, "counters", fails_for_the_kade)
    with capture_logs() as told:
        assert weekly.write_due(NOW) == weekly.Done(theaters=1, mails=2, failed=1)
    assert [(line["event"], line.get("theater"), line.get("theaters")) for line in told] == [
        ("weekly mail failed", world.theater.pk, None),
        ("weekly mails not written; the next beat tries again", None, 1),
    ]
    assert "Kade" not in str(told)
    monkeypatch.undo()
    assert weekly.write_due(NOW + STEP) == weekly.Done(theaters=1, mails=2)
    assert mails() == expected(world, "2027-W06")


def test_a_beat_that_takes_too_long_ends_and_the_next_goes_on(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    owe(world)
    found = recipients.counters

    def too_long(organisation: Organisation) -> Any:
        if organisation == world.haven:
            raise SoftTimeLimitExceeded
        return found(organisation)

    monkeypatch.setattr(recipients, "counters", too_long)
    with pytest.raises(SoftTimeLimitExceeded):
        weekly.write_due(NOW)
    monkeypatch.undo()
    weekly.write_due(NOW)
    assert mails() == expected(world, "2027-W06")


def test_a_theater_costs_the_same_however_much_it_owes(world: World) -> None:
    owe(world)
    with CaptureQueriesContext(connection) as few:
        weekly.write_for(world.theater.pk, NOW)
    Email.objects.all().delete()
    WeeklyRound.objects.all().delete()
    owe_always(world, NOW - dt.timedelta(weeks=10))
    for n in range(5):
        world.colleague(world.kade, f"collega{n}")
    with CaptureQueriesContext(connection) as many:
        assert weekly.write_for(world.theater.pk, NOW) == 7
    assert len(few) == len(many) <= 8


def test_the_beat_has_a_task(world: World) -> None:
    set_moment(world.theater, 0, 0)
    set_moment(world.other_theater, 0, 0)
    tasks.write_weekly()
    assert mails() == expected(world, weeks.name_of(weeks.week_of(timezone.now())))


# --- two at once -------------------------------------------------------------------------------------------------
def together(*acts: Callable[[], Any]) -> list[Any]:
    """What these give when they run at the same time, each in a thread with its own connection."""

    def alone(act: Callable[[], Any]) -> Any:
        try:
            return act()
        finally:
            connections.close_all()

    with ThreadPoolExecutor(len(acts)) as pool:
        return [future.result(timeout=60) for future in [pool.submit(alone, act) for act in acts]]


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_second_worker_neither_waits_for_the_first_nor_writes_beside_it(monkeypatch: pytest.MonkeyPatch) -> None:
    world = build()
    owe(world)
    inside, through = threading.Event(), threading.Event()
    found = recipients.counters

    def slow_for_the_kade(organisation: Organisation) -> Any:
        if organisation == world.kade:
            inside.set()
            assert through.wait(30)
        return found(organisation)

    monkeypatch.setattr(recipients, "counters", slow_for_the_kade)

    def second() -> weekly.Done:
        assert inside.wait(30)
        try:
            return weekly.write_due(NOW)
        finally:
            through.set()

    first_done, second_done = together(lambda: weekly.write_due(NOW), second)
    assert second_done == weekly.Done(theaters=1, mails=2), "the other theater, and no word of the one that is held"
    assert first_done == weekly.Done(theaters=1, mails=2)
    assert mails() == expected(world, "2027-W06")


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_eight_workers_at_once_write_one_mail_each() -> None:
    world = build()
    owe(world)
    start = threading.Barrier(8, timeout=60)

    def worker() -> weekly.Done:
        connection.ensure_connection()
        start.wait()
        return weekly.write_due(NOW)

    together(*[worker] * 8)
    weekly.write_due(NOW)
    assert mails() == expected(world, "2027-W06")
    assert WeeklyRound.objects.count() == 2


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_a_moment_that_is_changed_meanwhile_waits_for_the_mail_that_is_being_written(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Who turns the mail off while it is written turns it off after it, and before the next."""
    world = build()
    owe(world)
    inside = threading.Event()
    found = recipients.counters

    def seen(organisation: Organisation) -> Any:
        inside.set()
        return found(organisation)

    monkeypatch.setattr(recipients, "counters", seen)
    off = {"by_hand": False, "reminded": False, "weekday": 0, "hour": 8}

    def turn_off() -> None:
        assert inside.wait(30)
        ticketing.set_counting(world.theater, values=off, seen_version=1, actor=world.actors["kade_manager"])

    together(lambda: weekly.write_for(world.theater.pk, NOW), turn_off)
    assert weekly.write_for(world.theater.pk, NOW + dt.timedelta(weeks=1)) is None
    assert Email.objects.filter(kind=Kind.COUNTS).count() == 2
