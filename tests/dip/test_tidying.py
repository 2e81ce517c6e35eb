"""What of the history of pulls is kept, and what is cleared away."""

import datetime as dt
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone

from dipportal.dip import tidying
from dipportal.dip.models import Connection, RunKind, RunState, SyncRun
from dipportal.dip.tasks import clear_runs

QUIET = {"seen": 12}


def ran(connection: Connection | None, days: float, **values: Any) -> SyncRun:
    given = {"kind": RunKind.CONTRACTS, "state": RunState.GOOD, "counts": QUIET, **values}
    return SyncRun.objects.create(
        connection=connection,
        organisation=connection and connection.organisation,
        started_at=timezone.now() - dt.timedelta(days=days),
        **given,
    )


def left() -> set[int]:
    return set(SyncRun.objects.values_list("pk", flat=True))


@pytest.mark.parametrize(("days", "values", "kept"), [
    (1.9, {}, True),
    (2.1, {}, False),
    (2.1, {"counts": {"seen": 12, "changed": 1}}, True),
    (2.1, {"counts": {"seen": 12, "conflicts": 1}}, True),
    (2.1, {"errors": ["DIP gaf een vreemd antwoord."]}, True),
    (2.1, {"state": RunState.PARTLY}, True),
    (89, {"state": RunState.FAILED}, True),
    (91, {"state": RunState.FAILED}, False),
    (91, {"counts": {"seen": 12, "changed": 1}}, False),
    (91, {"state": RunState.RUNNING}, True),
])  # fmt: skip
def test_how_long_a_run_is_kept(noord: Connection, days: float, values: dict[str, Any], kept: bool) -> None:
    older, newest = ran(noord, days, **values), ran(noord, 0.1)
    clear_runs()
    assert left() == ({older.pk, newest.pk} if kept else {newest.pk})


def test_the_newest_and_the_newest_good_one_of_each_kind_stay_for_ever(noord: Connection) -> None:
    good, failed = ran(noord, 400), ran(noord, 300, state=RunState.FAILED, counts={})
    other_kind = ran(noord, 500, kind=RunKind.CATALOGUE)
    ran(noord, 450)
    ran(noord, 350, state=RunState.FAILED, counts={})
    ran(None, 600)
    assert tidying.clear_runs() == 3
    assert left() == {good.pk, failed.pk, other_kind.pk}


def test_many_are_cleared_in_parts(noord: Connection, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tidying, "AT_ONCE", 2)
    for day in range(3, 10):
        ran(noord, day)
    newest = ran(noord, 0)
    assert tidying.clear_runs() == 7
    assert left() == {newest.pk}


def test_the_clock_does_it_every_night() -> None:
    assert clear_runs.name in {one["task"] for one in settings.CELERY_BEAT_SCHEDULE.values()}
