"""Reminders before and after the last day: one each, whatever the beat does."""

import datetime as dt

import pytest

from dipportal.contracts import actions
from dipportal.contracts.actions.clock import remind_of_answers
from dipportal.contracts.models import Contract
from dipportal.journal.models import Entry
from tests.world import World

TODAY = dt.date(2100, 3, 15)


def codes() -> list[str]:
    return list(Entry.objects.filter(actor_kind="clock").order_by("pk").values_list("code", flat=True))


def with_last_day(world: World, day: dt.date) -> Contract:
    contract = world.contract(status="proposed")
    Contract.objects.filter(pk=contract.pk).update(answer_by=day)
    return contract


@pytest.mark.parametrize(
    ("days", "expected"),
    [(4, []), (3, ["contract.reminded"]), (0, ["contract.reminded"]), (-1, ["contract.expired"])],
)
def test_one_line_however_often_it_runs(world: World, days: int, expected: list[str]) -> None:
    with_last_day(world, TODAY + dt.timedelta(days=days))
    assert remind_of_answers(TODAY) == len(expected)
    assert remind_of_answers(TODAY) == 0
    assert codes() == expected


def test_each_day_in_turn_gives_one_reminder_and_one_expiry(world: World) -> None:
    with_last_day(world, TODAY)
    for offset in range(-10, 10):
        remind_of_answers(TODAY + dt.timedelta(days=offset))
    assert codes() == ["contract.reminded", "contract.expired"]


def test_an_answered_or_withdrawn_one_is_left_alone_and_a_new_day_begins_anew(world: World) -> None:
    answered, withdrawn, extended = (with_last_day(world, TODAY) for _ in range(3))
    actions.reject(answered, actor=world.actors["kade_editor"], reason="Nee.")
    actions.withdraw(withdrawn, actor=world.actors["agency_editor"])
    assert remind_of_answers(TODAY) == 1
    extended.refresh_from_db()
    later = TODAY + dt.timedelta(days=30)
    actions.extend(extended, answer_by=later, actor=world.actors["agency_editor"])
    assert remind_of_answers(TODAY) == 0
    assert remind_of_answers(later) == 1


def test_the_clock_leaves_an_adapted_proposal_to_the_provider(world: World) -> None:
    contract = world.contract(status="proposed")
    counter = actions.counter(contract, actor=world.actors["kade_editor"], terms={"provider_guarantee": 1})
    Contract.objects.filter(pk=counter.pk).update(answer_by=TODAY)
    assert remind_of_answers(TODAY) == 0
