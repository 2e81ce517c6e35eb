"""What the receiver's pages ask of the rules: whose turn it is, until when, and what a button may not give away."""

import datetime as dt

import pytest
from django.utils import timezone

from dipportal.contracts import actions, four_eyes, rules
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import counters_open, waiting_for_answer
from dipportal.core.errors import StaleState
from dipportal.organisations.models import Membership
from tests.world import World


def test_an_adapted_proposal_does_not_wait_for_the_receiver_that_sent_it(world: World) -> None:
    proposed = world.contract(status="proposed")
    assert (list(waiting_for_answer(world.kade)), list(counters_open(world.kade))) == ([proposed], [])
    terms = {"provider_guarantee": 500000}
    counter = actions.counter(proposed, actor=world.actors["kade_editor"], terms=terms)
    assert (list(waiting_for_answer(world.kade)), list(counters_open(world.kade))) == ([], [counter])
    assert list(counters_open(world.haven)) == []


def test_what_is_due_first_stands_first_and_what_has_no_last_day_at_the_end(world: World) -> None:
    today = timezone.localdate()
    rows = [world.contract(status="proposed", performances=[one]) for one in world.performances]
    for row, days in zip(rows, (None, 9, 2), strict=True):
        Contract.objects.filter(pk=row.pk).update(answer_by=today + dt.timedelta(days=days) if days else None)
    assert list(waiting_for_answer(world.kade)) == [rows[2], rows[1], rows[0]]


def test_the_button_to_take_back_does_not_tell_of_a_concept_of_the_provider(world: World) -> None:
    rejected = world.contract(status="rejected")
    editor = world.actors["kade_editor"]
    following = actions.amend(rejected, actor=world.actors["agency_editor"])
    assert rules.may_undo(rejected, editor, actions.UNDO)
    actions.propose(following, actor=world.actors["agency_editor"])
    assert not rules.may_undo(rejected, editor, actions.UNDO)


def test_a_second_yes_is_refused_for_the_button_as_for_the_action(world: World) -> None:
    world.kade.four_eyes = True
    world.kade.save()
    contract = world.contract(status="proposed")
    editor, manager = world.actors["kade_editor"], world.actors["kade_manager"]
    assert four_eyes.fault_in_second(contract, world.kade, actor=editor) is None
    actions.approve(contract, actor=editor)
    faults = [four_eyes.fault_in_second(contract, world.kade, actor=actor) for actor in (editor, manager)]
    assert [fault.code if fault else None for fault in faults] == ["second_needed", None]
    third = world.colleague(world.kade)
    Membership.objects.filter(organisation=world.kade, user=world.people["kade_manager"]).update(approver=True)
    fault = four_eyes.fault_in_second(contract, world.kade, actor=third)
    assert fault is not None
    assert fault.code == "approver_needed"


def test_taking_back_what_was_not_read_is_refused(world: World) -> None:
    contract = world.contract(status="approved")
    editor = world.actors["kade_editor"]
    seen = contract.version
    actions.undo(contract, actor=editor, seen_version=seen)
    actions.reject(contract, actor=editor, reason="Nee.")
    with pytest.raises(StaleState):
        actions.undo(contract, actor=editor, seen_version=seen)
    contract.refresh_from_db()
    assert contract.status == Status.REJECTED
    counter = actions.counter(contract, actor=editor, terms={"provider_guarantee": 500000})
    with pytest.raises(StaleState):
        actions.retract(counter, actor=editor, seen_version=counter.version + 1)
    actions.retract(counter, actor=editor, seen_version=counter.version)
    assert counter.status == Status.REJECTED
