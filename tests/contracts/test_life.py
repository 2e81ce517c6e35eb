"""The life of an agreement: who may do what, in which state."""

import pytest

from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.models import Entry
from tests.world import World


def test_a_proposal_is_answered_once(world: World) -> None:
    contract = world.contract(status="proposed")
    actions.approve(contract, actor=world.actors["kade_editor"])
    assert contract.status == Status.APPROVED
    with pytest.raises(StaleState):
        actions.reject(contract, actor=world.actors["kade_manager"], reason="Toch niet.")
    contract.refresh_from_db()
    assert contract.status == Status.APPROVED
    assert list(Entry.objects.order_by("pk").values_list("code", flat=True)) == [
        "contract.created",
        "contract.proposed",
        "contract.approved",
    ]


def test_approving_twice_by_the_same_person_is_one_answer(world: World) -> None:
    contract = world.contract(status="approved")
    actions.approve(contract, actor=world.actors["kade_editor"])
    assert Entry.objects.filter(code="contract.approved").count() == 1


@pytest.mark.parametrize("name", ["agency_editor", "rival_editor", "haven_editor", "kade_viewer"])
def test_only_an_editor_of_the_receiver_answers(world: World, name: str) -> None:
    contract = world.contract(status="proposed")
    with pytest.raises(NotAllowed):
        actions.approve(contract, actor=world.actors[name])
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


def test_a_rejection_needs_a_reason(world: World) -> None:
    contract = world.contract(status="proposed")
    with pytest.raises(Invalid) as refused:
        actions.reject(contract, actor=world.actors["kade_editor"], reason=" ")
    assert set(refused.value.fields) == {"reason"}


def test_an_amended_version_leaves_the_rejected_one_as_it_was(world: World) -> None:
    rejected = world.contract(status="rejected")
    following = actions.amend(rejected, actor=world.actors["agency_editor"])
    assert (following.number, following.status, following.parent_id) == (2, Status.CONCEPT, rejected.pk)
    assert following.reference != rejected.reference
    rejected.refresh_from_db()
    assert rejected.status == Status.REJECTED
    with pytest.raises(PortalError) as refused:
        actions.amend(rejected, actor=world.actors["agency_editor"])
    assert refused.value.code == "open_version"


def test_a_stale_save_changes_nothing(world: World) -> None:
    contract = world.contract()
    editor = world.actors["agency_editor"]
    actions.update_concept(contract, actor=editor, seen_version=1, terms={"remarks": "Eerst"})
    with pytest.raises(StaleState):
        actions.update_concept(contract, actor=editor, seen_version=1, terms={"remarks": "Later"})
    contract.refresh_from_db()
    assert (contract.remarks, contract.version) == ("Eerst", 2)


def test_a_proposal_without_its_share_is_refused(world: World) -> None:
    contract = world.contract(terms={"provider_share": None})
    with pytest.raises(Invalid) as refused:
        actions.propose(contract, actor=world.actors["agency_editor"])
    assert "provider_share" in refused.value.fields


def test_a_receivers_list_does_not_tell_that_a_next_version_is_being_drafted(world: World) -> None:
    rejected = world.contract(status="rejected")
    following = actions.amend(rejected, actor=world.actors["agency_editor"])
    for organisation, newest in ((world.agency, following), (world.kade, rejected)):
        assert list(Contract.objects.visible_to(organisation).newest(organisation)) == [newest]
    actions.propose(following, actor=world.actors["agency_editor"])
    assert list(Contract.objects.visible_to(world.kade).newest(world.kade)) == [following]


def test_a_concept_does_not_exist_for_the_receiver(world: World) -> None:
    contract = world.contract()
    assert not Contract.objects.visible_to(world.kade).exists()
    actions.propose(contract, actor=world.actors["agency_editor"])
    assert Contract.objects.visible_to(world.kade).get() == contract
    assert not Contract.objects.visible_to(world.haven).exists()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    assert not Contract.objects.visible_to(world.kade).exists()
