"""A count that is entered in the same moment in which the credential comes: one of the two sees the other."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction

from dipportal.dip import count_reports
from tests.dip.counted import enter, queued, totals, with_credential
from tests.world import World

pytestmark = [pytest.mark.postgres, pytest.mark.django_db(transaction=True)]


def in_a_thread(job: Callable[[], Any], faults: list[BaseException]) -> threading.Thread:
    def run() -> None:
        try:
            job()
        except BaseException as fault:
            faults.append(fault)
        finally:
            database.close()

    thread = threading.Thread(target=run)
    thread.start()
    return thread


def waits_for_a_lock() -> bool:
    """Does anybody else on this database? Asked anew each time: in a transaction the server keeps its first answer."""
    asked = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database()"
    with database.cursor() as cursor:
        cursor.execute("SELECT pg_stat_clear_snapshot()")
        cursor.execute(asked)
        return bool(cursor.fetchone()[0])


@pytest.mark.parametrize("count_first", [True, False])
def test_neither_misses_the_other(world: World, count_first: bool) -> None:
    faults: list[BaseException] = []

    def count() -> None:
        enter(world.performances[0], totals(40), world.actors["kade_editor"])

    def credential() -> None:
        with_credential(world)

    first, second = (count, credential) if count_first else (credential, count)
    with transaction.atomic():
        first()
        other = in_a_thread(second, faults)
        waited = 0
        while other.is_alive() and not waits_for_a_lock() and waited < 1000:
            other.join(0.01)
            waited += 1
        assert other.is_alive(), "it went past what is not committed yet"
    other.join(20)
    assert faults == []
    assert queued() == [(f"tickets:{world.performances[0].pk}", "waiting", "")]


def test_without_the_lock_they_would(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same, and nobody waits for anybody: the count is left behind."""
    monkeypatch.setattr(count_reports, "lock", list)
    faults: list[BaseException] = []
    with transaction.atomic():
        enter(world.performances[0], totals(40), world.actors["kade_editor"])
        other = in_a_thread(lambda: with_credential(world), faults)
        other.join(20)
        assert not other.is_alive()
    assert faults == []
    assert queued() == []
