"""Several rows under one lease: nobody is held up, held back or held to account for what another row did."""

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.notifications.models import Email as Row
from dipportal.organisations.actors import staff
from dipportal.outbox import actions, batch
from dipportal.outbox import drain as drain_module
from dipportal.outbox.batch import Held, claim_batch, drain
from dipportal.outbox.drain import Outcome, abandoned, again, attention, claim, done
from dipportal.outbox.models import State
from tests.world import World

pytestmark = pytest.mark.django_db
Clock = Callable[..., None]


class Killed(BaseException):
    """The process ends here, and nothing of it is written any more."""


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """A clock that only moves when told to."""
    now = [timezone.now()]
    monkeypatch.setattr(timezone, "now", lambda: now[0])

    def move(**by: float) -> None:
        now[0] += dt.timedelta(**by)

    return move


def write(number: int, **values: Any) -> list[Row]:
    begin = Row.objects.count()
    return [
        Row.objects.create(
            kind="answer",
            event_key=f"e{n}",
            recipient=f"r{n}@portal.example",
            message_id=f"<{n}@portal.example>",
            **{"due_at": timezone.now(), **values},
        )
        for n in range(begin, begin + number)
    ]


def states() -> list[str]:
    return list(Row.objects.order_by("pk").values_list("state", flat=True))


def books() -> set[tuple[Any, ...]]:
    return set(Row.objects.values_list("claimed_until", "claim_token", "attempts", "open_claims", "sent_at"))


class Effects:
    """What was brought about, by row; `then` happens right after an effect."""

    def __init__(self, then: Callable[[Held[Row]], None] = lambda _held: None) -> None:
        self.seen: list[int] = []
        self.then = then

    def __call__(self, held: Held[Row]) -> Outcome:
        held.begin()
        self.seen.append(held.row.pk)
        self.then(held)
        return done()


class Worker:
    """One that can be killed: from then on nothing of it is written, not even on its way out."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.monkeypatch = monkeypatch

    def kill(self) -> None:
        for name in ("flush", "_hand_back"):
            self.patch.setattr(batch.Batch, name, lambda _self: None)
        raise Killed

    def drain(self, work: Callable[[Held[Row]], Outcome]) -> None:
        """Until it is killed."""
        with self.monkeypatch.context() as self.patch, pytest.raises(Killed):
            drain(Row, work)


@pytest.fixture
def mortal(monkeypatch: pytest.MonkeyPatch) -> Worker:
    return Worker(monkeypatch)


def test_rows_are_worked_in_turn_with_a_few_statements_for_all(clock: Clock) -> None:
    rows = write(batch.AT_ONCE)
    effects = Effects()
    with CaptureQueriesContext(connection) as statements:
        assert drain(Row, effects) == len(rows)
    assert effects.seen == [row.pk for row in rows]
    assert set(states()) == {State.DONE}
    assert {(until, token, open_claims) for until, token, _n, open_claims, _at in books()} == {(None, "", 0)}
    # The claim, the beginning, and an outcome for every few.
    written = [one["sql"] for one in statements if one["sql"].startswith("UPDATE")]
    assert len(written) == 2 + batch.AT_ONCE // batch.OUTCOMES


def test_two_workers_never_hold_one_row(clock: Clock) -> None:
    write(5)
    first, second = claim_batch(Row, 3), claim_batch(Row, 3)
    assert first is not None
    assert second is not None
    assert [len(first.rest), len(second.rest)] == [3, 2]
    assert claim_batch(Row, 3) is None
    assert claim(Row) is None
    assert {held.row.pk for held in first.rest}.isdisjoint(held.row.pk for held in second.rest)


def test_the_beginning_is_written_before_the_first_effect(clock: Clock) -> None:
    rows = write(3)
    seen: list[int] = []

    def look(held: Held[Row]) -> None:
        seen.append(Row.objects.filter(sent_at__isnull=False).count())

    drain(Row, Effects(look))
    assert seen == [len(rows)] * len(rows)


@pytest.mark.parametrize("place", [0, 3, batch.AT_ONCE - 1])
def test_a_row_that_kills_its_worker_stops_and_none_that_was_beside_it_does(
    clock: Clock, settings: Any, mortal: Worker, place: int
) -> None:
    rows = write(batch.AT_ONCE + 5)
    killer = rows[place].pk

    def die(held: Held[Row]) -> None:
        if held.row.pk == killer:
            mortal.kill()

    effects = Effects(die)
    for _time in range(settings.OUTBOX_MAX_CLAIMS):
        mortal.drain(effects)
        clock(seconds=settings.OUTBOX_LEASE_SECONDS + 1)
    drain(Row, effects)
    assert {row.pk: row.state for row in Row.objects.exclude(state=State.DONE)} == {killer: State.QUARANTINED}
    assert effects.seen.count(killer) == settings.OUTBOX_MAX_CLAIMS


def test_what_a_death_leaves_comes_again_and_of_that_a_few_at_most_twice(
    clock: Clock, settings: Any, mortal: Worker
) -> None:
    rows = write(batch.AT_ONCE)
    deaths: list[int] = []

    def die(held: Held[Row]) -> None:
        if len(effects.seen) == batch.AT_ONCE - 1 and not deaths:
            deaths.append(held.row.pk)
            mortal.kill()

    effects = Effects(die)
    mortal.drain(effects)
    assert drain(Row, effects) == 0, "the lease still runs"
    clock(seconds=settings.OUTBOX_LEASE_SECONDS + 1)
    drain(Row, effects)
    assert set(states()) == {State.DONE}
    copies = len(effects.seen) - len(rows)
    assert 0 < copies <= batch.OUTCOMES
    assert {effects.seen.count(row.pk) for row in rows} == {1, 2}


def test_after_a_slow_effect_nothing_is_without_its_outcome(clock: Clock) -> None:
    rows = write(4)
    found: list[list[str]] = []

    def take_time(held: Held[Row]) -> None:
        found.append(states())
        clock(seconds=batch.OUTCOMES_WAIT.total_seconds())

    drain(Row, Effects(take_time))
    assert [one.count("done") for one in found] == list(range(len(rows)))


def test_what_was_not_come_to_in_time_is_handed_back_as_if_never_taken(clock: Clock) -> None:
    rows = write(4)
    before = books()
    held = claim_batch(Row, 4)
    assert held is not None
    effects = Effects(lambda _held: clock(seconds=batch.LASTS.total_seconds() + 0.1))
    assert held.work(effects) == 1
    assert effects.seen == [rows[0].pk]
    rows[0].refresh_from_db()
    assert rows[0].state == State.DONE
    Row.objects.filter(pk=rows[0].pk).delete()
    assert books() == before


def test_a_worker_that_was_held_up_does_nothing_to_what_another_has_taken(clock: Clock, settings: Any) -> None:
    rows = write(4)
    second = Effects()

    def pause(held: Held[Row]) -> None:
        if len(first.seen) == 2:
            clock(seconds=settings.OUTBOX_LEASE_SECONDS + 1)
            assert drain(Row, second) == 4

    first = Effects(pause)
    drain(Row, first)
    assert first.seen == [row.pk for row in rows[:2]], "the others were taken"
    assert second.seen == [row.pk for row in rows]
    assert set(states()) == {State.DONE}
    assert {attempts for _until, _token, attempts, _open, _at in books()} == {2}


def test_held_up_before_the_beginning_it_does_not_begin(clock: Clock, settings: Any) -> None:
    write(3)
    second = Effects()

    def work(held: Held[Row]) -> Outcome:
        if not second.seen:
            clock(seconds=settings.OUTBOX_LEASE_SECONDS + 1)
            drain(Row, second)
        held.begin()
        raise AssertionError("it must not come to this")

    held = claim_batch(Row, 3)
    assert held is not None
    held.work(work)
    assert len(second.seen) == 3
    assert set(states()) == {State.DONE}


def test_a_row_whose_lease_is_over_is_not_begun_although_nobody_took_it_yet(clock: Clock, settings: Any) -> None:
    rows = write(3)
    effects: list[int] = []

    def work(held: Held[Row]) -> Outcome:
        if held.row.pk == rows[1].pk:
            clock(seconds=settings.OUTBOX_LEASE_SECONDS)
        held.begin()
        effects.append(held.row.pk)
        return done()

    held = claim_batch(Row, 3)
    assert held is not None
    held.work(work)
    assert effects == [rows[0].pk]
    assert states() == ["done", "waiting", "waiting"]


def test_what_a_person_gives_up_meanwhile_does_not_come_about(world: World, clock: Clock) -> None:
    rows = write(3)
    actor = staff(world.people["staff"])

    def give_up(held: Held[Row]) -> None:
        if held.row.pk == rows[0].pk:
            actions.abandon(rows[1], actor=actor)

    effects = Effects(give_up)
    drain(Row, effects)
    assert effects.seen == [rows[0].pk, rows[2].pk]
    assert states() == ["done", "abandoned", "done"]


def test_who_goes_first_is_next_also_when_others_have_been_taken(clock: Clock) -> None:
    later = write(5, priority=1)
    urgent: list[Row] = []

    def come(held: Held[Row]) -> None:
        if len(effects.seen) == 2:
            urgent.extend(write(1))

    effects = Effects(come)
    drain(Row, effects)
    assert effects.seen == [row.pk for row in (*later[:2], *urgent, *later[2:])]
    assert {attempts for _until, _token, attempts, _open, _at in books()} == {1}


@pytest.fixture
def goes_on() -> Iterator[None]:
    yield
    drain_module._ending[0] = 0


@pytest.mark.usefixtures("goes_on")
def test_a_worker_that_is_to_end_hands_back_what_it_has_not_begun(clock: Clock) -> None:
    write(4)
    assert drain(Row, Effects(lambda _held: drain_module.stop())) == 1
    assert states() == ["done", "waiting", "waiting", "waiting"]
    waiting = Row.objects.exclude(state=State.DONE)
    assert set(waiting.values_list("claimed_until", "claim_token", "open_claims", "sent_at")) == {(None, "", 0, None)}


def test_each_row_has_an_outcome_of_its_own(clock: Clock, caplog: pytest.LogCaptureFixture) -> None:
    rows = write(6)
    outcomes: dict[int, Callable[[], Outcome]] = {
        rows[1].pk: lambda: again("later", "later", after=dt.timedelta(hours=1)),
        rows[2].pk: lambda: attention("no", "no"),
        rows[3].pk: lambda: abandoned("purpose", "no"),
        rows[4].pk: lambda: done(text="", error_text="gone"),
    }

    def work(held: Held[Row]) -> Outcome:
        held.begin()
        if held.row.pk == rows[0].pk:
            raise ZeroDivisionError
        return outcomes.get(held.row.pk, done)()

    assert drain(Row, work) == 6
    assert states() == ["waiting", "waiting", "attention", "abandoned", "done", "done"]
    assert list(Row.objects.order_by("pk").values_list("open_claims", "error_text")) == [
        (1, ""), (0, "later"), (0, "no"), (0, "no"), (0, "gone"), (0, ""),
    ]  # fmt: skip


@pytest.mark.parametrize("begun", [{"open_claims": 1}, {"sent_at": dt.datetime(2027, 1, 1, tzinfo=dt.UTC)}])
def test_what_was_begun_before_goes_alone(clock: Clock, begun: dict[str, Any]) -> None:
    write(2), write(1, **begun), write(2)
    sizes = []
    while (held := claim_batch(Row, 10)) is not None:
        sizes.append(len(held.rest))
    assert sizes == [2, 1, 2]
