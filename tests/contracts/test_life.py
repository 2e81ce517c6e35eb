"""The life of an agreement: who may do what, in which state."""

from collections.abc import Callable

import pytest
from django.utils import timezone

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.models import Entry
from dipportal.organisations import actors
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


def cancel(performance: Performance) -> None:
    Performance.objects.filter(pk=performance.pk).update(status=PerformanceStatus.CANCELLED)


def lose(performance: Performance) -> None:
    Performance.objects.filter(pk=performance.pk).update(missing_since=timezone.now())


@pytest.mark.parametrize(("gone", "code"), [(cancel, "cancelled"), (lose, "missing")])
def test_an_evening_that_no_longer_takes_place_is_never_proposed(
    world: World, gone: Callable[[Performance], None], code: str
) -> None:
    """Also when the caller's own objects still say that it does."""
    contract = world.contract()
    stale = list(contract.performances.all())
    gone(world.performances[0])
    with pytest.raises(Invalid) as refused:
        actions.propose(contract, actor=world.actors["agency_editor"])
    assert refused.value.code == code
    with pytest.raises(Invalid):
        actions.update_concept(
            contract, actor=world.actors["agency_editor"], seen_version=1, terms={}, performances=stale
        )
    with pytest.raises(Invalid):
        world.contract(performances=stale)
    contract.refresh_from_db()
    assert contract.status == Status.CONCEPT


def test_the_next_version_leaves_out_what_no_longer_takes_place(world: World) -> None:
    rejected = world.contract(status="rejected", performances=world.performances[:2])
    cancel(world.performances[0])
    following = actions.amend(rejected, actor=world.actors["agency_editor"])
    assert list(following.performances.all()) == [world.performances[1]]
    assert following.first_at == world.performances[1].starts_at
    assert rejected.performances.count() == 2


def test_there_is_no_next_version_of_nothing(world: World) -> None:
    rejected = world.contract(status="rejected")
    cancel(world.performances[0])
    with pytest.raises(PortalError) as refused:
        actions.amend(rejected, actor=world.actors["agency_editor"])
    assert refused.value.code == "no_performances"


def test_line_ends_of_a_browser_are_no_change(world: World) -> None:
    contract = world.contract(terms={"remarks": "Een\nTwee"})
    actions.update_concept(
        contract, actor=world.actors["agency_editor"], seen_version=1, terms={"remarks": "Een\r\nTwee"}
    )
    assert contract.version == 1
    assert not Entry.objects.filter(code="contract.updated").exists()


def test_a_settled_conflict_is_told_once(world: World) -> None:
    contract = world.contract(status="approved")
    dip = actors.pull(world.agency)
    assert not actions.settle_conflict(contract, actor=dip)
    actions.flag_conflict(contract, text="Hier: ja. In DIP: nee.", actor=dip)
    assert actions.settle_conflict(contract, actor=dip)
    assert (contract.conflict_at, contract.conflict_text) == (None, "")
    assert not actions.settle_conflict(contract, actor=dip)
    assert Entry.objects.filter(code="contract.settled").count() == 1
