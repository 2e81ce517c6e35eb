"""Revisions and adapted proposals on their way to DIP, which knows create, update, propose and revise only."""

from typing import Any

import pytest

from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError
from dipportal.dip.models import Connection, Operation
from dipportal.outbox import actions as outbox
from dipportal.outbox.drain import claim
from dipportal.outbox.models import State
from tests.dip.pulling import pulled
from tests.dip.pushed import Pushing, rows
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
CREATE, PROPOSE = "contract.create", "contract.propose"


def agreed(world: World, pushing: Pushing, *, in_dip: bool = True) -> Contract:
    """Proposed here and in DIP, and approved in the portal; with `in_dip` somebody answered there as well."""
    contract = world.contract(status="proposed")
    pushing.until_settled()
    contract.refresh_from_db()
    actions.approve(contract, actor=world.actors["kade_editor"])
    if in_dip:
        pushing.dip.approve(contract.dip_id or 0)
    return contract


def revised(pushing: Pushing) -> list[dict[str, Any]]:
    return pushing.writes("/revise")


def test_a_revision_is_dips_revise_and_then_a_proposal(world: World, pushing: Pushing) -> None:
    contract = agreed(world, pushing)
    revision = actions.revise(contract, actor=world.actors["agency_editor"])
    actions.propose(revision, actor=world.actors["agency_editor"])
    pushing.until_settled()
    revision.refresh_from_db()
    (write,) = revised(pushing)
    assert write["path"] == f"/contracts/{contract.dip_id}/partage/revise"
    assert write["body"]["name"] == revision.reference
    assert len(pushing.contracts) == 1
    assert revision.dip_id not in (None, contract.dip_id)
    assert rows(revision) == [(CREATE, "done", ""), (PROPOSE, "done", "")]


def test_a_revision_waits_until_dip_calls_the_agreement_approved(world: World, pushing: Pushing) -> None:
    contract = agreed(world, pushing, in_dip=False)
    revision = actions.revise(contract, actor=world.actors["agency_editor"])
    pushing.later(seconds=1000)
    assert revised(pushing) == []
    row = Operation.objects.get(key=f"contract:{revision.pk}")
    assert (row.state, row.error_code, row.sent_at) == (State.WAITING, "not_approved", None)
    pushing.dip.approve(contract.dip_id or 0)
    pushing.until_settled()
    assert len(revised(pushing)) == 1


def test_a_revision_of_what_was_never_entered_in_dip_needs_a_person(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="approved")
    outbox.abandon(Operation.objects.get(kind=CREATE), actor=world.actors["agency_editor"])
    revision = actions.revise(contract, actor=world.actors["agency_editor"])
    pushing.later()
    assert rows(revision) == [(CREATE, "attention", "no_number")]
    assert pushing.dip.writes() == []


@pytest.mark.parametrize("name_kept", [True, False])
@pytest.mark.parametrize("fault", ["status-after", "drop-after", "no-id", "truncate"])
def test_an_unclear_revise_is_found_by_name_or_by_its_parent(
    world: World, pushing: Pushing, fault: str, name_kept: bool
) -> None:
    contract = agreed(world, pushing)
    revision = actions.revise(contract, actor=world.actors["agency_editor"])
    params = {"status": 500} if fault == "status-after" else {}
    pushing.dip.fault(fault, path="/revise", **params)
    pushing.drain()
    (write,) = revised(pushing)
    number = write["result"]["id"] if isinstance(write["result"], dict) else write["result"]
    if not name_kept:
        pushing.dip.edit("contract", number, name=contract.reference)
    pushing.until_settled()
    revision.refresh_from_db()
    assert len(revised(pushing)) == 1, "the same revision was begun twice in DIP"
    assert revision.dip_id == number


def test_another_revision_of_the_same_agreement_is_not_taken_for_ours(world: World, pushing: Pushing) -> None:
    """Under the name of the agreement and below the same parent, but known here: it is somebody else's."""
    contract = agreed(world, pushing)
    first = actions.revise(contract, actor=world.actors["agency_editor"])
    pushing.until_settled()
    first.refresh_from_db()
    pushing.dip.edit("contract", first.dip_id or 0, name=contract.reference)
    actions.discard(first, actor=world.actors["agency_editor"])
    second = actions.revise(contract, actor=world.actors["agency_editor"])
    pushing.dip.fault("status-before", path="/revise", status=500)
    pushing.until_settled()
    second.refresh_from_db()
    assert len(revised(pushing)) == 2
    assert second.dip_id not in (None, first.dip_id)


def test_an_adopted_counter_is_entered_and_proposed_in_dip(world: World, pushing: Pushing) -> None:
    proposed = world.contract(status="proposed")
    pushing.until_settled()
    counter = actions.counter(proposed, actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000})
    pushing.until_settled()
    assert len(pushing.contracts) == 1, "the receiver's terms are not DIP's business before the provider took them"
    actions.adopt(counter, actor=world.actors["agency_editor"])
    pushing.until_settled()
    counter.refresh_from_db()
    made = pushing.contracts[-1]
    assert made["body"]["properties"]["producerWarranty"] == 500000
    assert (made["body"]["name"], made["result"]) == (counter.reference, counter.dip_id)
    assert len(pushing.writes(f"/{counter.dip_id}/propose")) == 1


def test_an_adopted_counter_to_a_revision_is_dips_revise(world: World, pushing: Pushing) -> None:
    contract = agreed(world, pushing)
    revision = actions.revise(contract, actor=world.actors["agency_editor"])
    actions.propose(revision, actor=world.actors["agency_editor"])
    pushing.until_settled()
    counter = actions.counter(revision, actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000})
    actions.adopt(counter, actor=world.actors["agency_editor"])
    pushing.until_settled()
    assert [write["body"]["name"] for write in revised(pushing)] == [revision.reference, counter.reference]


# --- taken back, given up ------------------------------------------------------------------------------------
def test_taking_back_a_yes_stops_what_has_not_left(world: World, pushing: Pushing) -> None:
    counter = actions.counter(
        world.contract(status="proposed"), actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000}
    )
    actions.adopt(counter, actor=world.actors["agency_editor"])
    actions.undo(counter, actor=world.actors["agency_editor"])
    pushing.until_settled()
    assert counter.status == Status.PROPOSED
    assert [write["body"]["name"] for write in pushing.contracts] != [counter.reference]
    assert {state for _kind, state, _code in rows(counter)} == {"abandoned"}
    actions.adopt(counter, actor=world.actors["agency_editor"])
    pushing.until_settled()
    assert pushing.contracts[-1]["body"]["name"] == counter.reference


def test_a_yes_that_went_on_to_dip_is_not_taken_back(world: World, pushing: Pushing) -> None:
    counter = actions.counter(
        world.contract(status="proposed"), actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000}
    )
    pushing.until_settled()
    actions.adopt(counter, actor=world.actors["agency_editor"])
    held = claim(Operation)
    assert held is not None
    with pytest.raises(PortalError) as refused:
        actions.undo(counter, actor=world.actors["agency_editor"])
    assert refused.value.code == "pushed"
    counter.refresh_from_db()
    assert counter.status == Status.APPROVED
    assert {state for _kind, state, _code in rows(counter)} == {"waiting"}


def test_a_rejection_taken_back_lets_the_proposal_go_to_dip_after_all(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="rejected")
    pushing.until_settled()
    assert pushing.writes("/propose") == []
    actions.undo(contract, actor=world.actors["kade_editor"])
    pushing.until_settled()
    assert len(pushing.writes("/propose")) == 1


def test_a_concept_given_up_before_it_left_never_leaves(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    actions.discard(contract, actor=world.actors["agency_editor"])
    pushing.until_settled()
    assert pushing.contracts == []
    actions.restore(contract, actor=world.actors["agency_editor"])
    pushing.until_settled()
    assert len(pushing.contracts) == 1


def test_a_revision_approved_in_dip_replaces_the_agreement_here_too(
    world: World, pushing: Pushing, connection: Connection
) -> None:
    contract = agreed(world, pushing)
    pulled(connection, "contracts")
    revision = actions.revise(contract, actor=world.actors["agency_editor"])
    actions.propose(revision, actor=world.actors["agency_editor"])
    pushing.until_settled()
    revision.refresh_from_db()
    pushing.dip.approve(revision.dip_id or 0)
    pulled(connection, "contracts")
    contract.refresh_from_db()
    revision.refresh_from_db()
    assert (contract.status, revision.status) == (Status.REVISED, Status.APPROVED)
    assert (revision.parent, revision.number, contract.conflict_at) == (contract, 2, None)
    pulled(connection, "contracts-full")
    contract.refresh_from_db()
    assert (contract.status, contract.conflict_at) == (Status.REVISED, None)
    assert Contract.objects.count() == 2


def test_a_revision_made_in_dip_joins_the_line_and_says_what_it_revises(
    world: World, pushing: Pushing, connection: Connection
) -> None:
    contract = agreed(world, pushing)
    pulled(connection, "contracts")
    # Somebody revises it in DIP's dashboard: a record that we did not send.
    mine = actions.revise(contract, actor=world.actors["agency_editor"])
    pushing.until_settled()
    mine.refresh_from_db()
    number = mine.dip_id or 0
    pushing.dip.edit("contract", number, name="Boeking #1017", status="proposed")
    Operation.objects.all().delete()
    Contract.objects.filter(pk=mine.pk).delete()
    pulled(connection, "contracts")
    theirs = Contract.objects.get(dip_id=number)
    assert (theirs.revises, theirs.parent, theirs.number, theirs.status) == (contract, contract, 2, Status.PROPOSED)
    contract.refresh_from_db()
    actions.approve(theirs, actor=world.actors["kade_editor"])
    contract.refresh_from_db()
    assert contract.status == Status.REVISED
