"""What a theater is shown of its counts on their way to DIP, and 'try again'."""

from typing import Any

import pytest

from dipportal.core.errors import NotAllowed
from dipportal.dip import count_states
from dipportal.dip.models import Connection, Operation
from dipportal.journal.models import Entry
from dipportal.outbox.models import State
from dipportal.sandbox import server
from dipportal.ticketing import actions
from tests.dip.counted import RESERVATIONS, TICKETS, enter, normals, totals, with_credential
from tests.dip.pushed import Pushing
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def office(dip: server.Admin, kassa: Connection) -> Pushing:
    return Pushing(dip)


def sending(world: World) -> count_states.Sending:
    pk = world.performances[0].pk
    return count_states.sendings_of(world.kade, [pk])[pk]


def kinds(rows: tuple[Operation, ...]) -> list[str]:
    return [row.kind for row in rows]


def test_what_waits_what_is_stuck_and_what_dip_has(world: World, office: Pushing) -> None:
    office.dip.fault("status-before", method="PUT", path=RESERVATIONS, status=400, times=1)
    enter(world.performances[0], totals(40, reservations=5, blocked=4), world.actors["kade_editor"])
    before = sending(world)
    assert kinds(before.waiting) == ["tickets.report", "reservations.report", "blocked.report"]
    assert not before.is_told
    office.drain()
    after = sending(world)
    assert (kinds(after.waiting), kinds(after.stuck)) == ([], ["reservations.report"])
    assert after.stuck[0].label != ""
    assert "Status 400" in after.stuck[0].error_text
    assert after.told_at is not None
    assert not after.is_told
    assert count_states.try_again(world.kade, world.performances[0].pk, actor=world.actors["kade_editor"]) == 1
    office.drain()
    assert sending(world).is_told


def test_what_was_given_up_says_why_until_something_gets_through(world: World, office: Pushing) -> None:
    performance, editor = world.performances[0], world.actors["kade_editor"]
    enter(performance, totals(40), editor)
    actions.link(performance, "K-17", actor=editor)
    office.drain()
    assert [row.error_code for row in sending(world).dropped] == ["linked"]
    assert "K-17" in sending(world).dropped[0].error_text
    actions.unlink(performance, actor=editor)
    enter(performance, totals(41), editor)
    office.drain()
    assert sending(world).is_told
    assert normals(office.dip) == [41]


def test_a_count_that_is_entered_again_frees_what_is_stuck(world: World, office: Pushing) -> None:
    office.dip.fault("status-before", method="PUT", path=TICKETS, status=400, times=1)
    enter(world.performances[0], totals(40), world.actors["kade_editor"])
    office.drain()
    assert sending(world).stuck
    enter(world.performances[0], totals(45), world.actors["kade_editor"])
    office.drain()
    assert sending(world).is_told
    assert normals(office.dip) == [45]


def test_what_may_have_left_is_still_waited_out_when_it_is_tried_again(
    world: World, office: Pushing, settings: Any
) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    office.dip.fault("status-after", method="PUT", path=TICKETS, status=500)
    enter(world.performances[0], totals(40), world.actors["kade_editor"])
    office.drain()
    Operation.objects.update(state=State.ATTENTION)
    count_states.try_again(world.kade, world.performances[0].pk, actor=world.actors["kade_editor"])
    office.drain()
    assert normals(office.dip) == [40]
    office.until_settled()
    assert normals(office.dip) == [40, 40]


@pytest.mark.parametrize("actor", ["kade_viewer", "haven_editor", "agency_editor"])
def test_only_who_acts_for_the_theater_tries_again(world: World, office: Pushing, actor: str) -> None:
    enter(world.performances[0], totals(40), world.actors["kade_editor"])
    Operation.objects.update(state=State.ATTENTION)
    with pytest.raises(NotAllowed):
        count_states.try_again(world.kade, world.performances[0].pk, actor=world.actors[actor])
    other = world.haven if actor.startswith("haven") else world.agency
    assert count_states.sendings_of(other, [world.performances[0].pk]) == {}
    assert count_states.sendings_of(None, [world.performances[0].pk]) == {}
    assert not count_states.stuck_counts(other).exists()
    assert not count_states.stuck_counts(None).exists()
    assert not Entry.objects.filter(code="outbox.retried").exists()
    assert Operation.objects.get().state == State.ATTENTION


def test_nothing_stuck_is_no_fault_and_writes_nothing(world: World, office: Pushing) -> None:
    enter(world.performances[0], totals(40), world.actors["kade_editor"])
    assert count_states.try_again(world.kade, world.performances[0].pk, actor=world.actors["kade_editor"]) == 0
    assert not Entry.objects.filter(code="outbox.retried").exists()


def test_the_stuck_lists_of_a_theater_are_its_own(world: World, office: Pushing) -> None:
    with_credential(world)
    for performance in world.performances[:2]:
        enter(performance, totals(40), world.actors["kade_editor"])
    Operation.objects.update(state=State.ATTENTION)
    Operation.objects.create(
        kind="contract.create", key="contract:1", organisation=world.kade, subject_kind="contract", subject_id=1,
        state=State.ATTENTION,
    )  # fmt: skip
    found = count_states.stuck_counts(world.kade)
    assert [row.subject_id for row in found] == [one.pk for one in world.performances[:2]]


@pytest.mark.parametrize("number", [1, 3])
def test_a_page_of_them_costs_two_queries(
    world: World, office: Pushing, number: int, django_assert_num_queries: Any
) -> None:
    chosen = world.performances[:number]
    for one in chosen:
        enter(one, totals(40, reservations=5), world.actors["kade_editor"])
    with django_assert_num_queries(2):
        assert len(count_states.sendings_of(world.kade, [one.pk for one in chosen])) == number
