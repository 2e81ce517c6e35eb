"""Adapted proposals, revisions, suggestions, answers from outside, and answers taken back."""

import datetime as dt
from decimal import Decimal

import pytest
from django.utils import timezone

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions, display, rules
from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import performances_without_contract, waiting_for_second
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.models import Entry
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Membership, Organisation
from dipportal.organisations.queries import approvers_of
from tests.world import World


def countered(world: World, contract: Contract | None = None, **terms: object) -> Contract:
    proposed = contract or world.contract(status="proposed")
    return actions.counter(
        proposed, actor=world.actors["kade_editor"], terms=terms or {"provider_guarantee": 500000}, remark="Te hoog."
    )


def refusal_of(act: object) -> str:
    with pytest.raises(PortalError) as refused:
        act()  # type: ignore[operator]
    return refused.value.code


# --- adapted proposals ---------------------------------------------------------------------------------------
def test_a_counter_is_the_next_version_and_leaves_the_proposal_as_it_was(world: World) -> None:
    proposed = world.contract(status="proposed")
    before = proposed.term_values()
    counter = countered(world, proposed)
    proposed.refresh_from_db()
    assert (proposed.status, proposed.rejected_terms) == (Status.REJECTED, ["provider_guarantee"])
    assert proposed.term_values() == before
    assert (counter.side, counter.status, counter.number) == (Side.RECEIVER, Status.PROPOSED, 2)
    assert counter.parent == proposed
    assert counter.term_values() == {**before, "provider_guarantee": 500000}
    assert list(counter.performances.all()) == list(proposed.performances.all())


def test_a_counter_that_changes_nothing_or_too_much_is_refused(world: World) -> None:
    proposed = world.contract(status="proposed")
    editor = world.actors["kade_editor"]
    same = {"provider_guarantee": 650000, "remarks": "Speelduur 90 minuten zonder pauze.\r\n"}
    assert refusal_of(lambda: actions.counter(proposed, actor=editor, terms=same)) == "nothing_changed"
    both = {"receiver_guarantee": 100}
    assert refusal_of(lambda: actions.counter(proposed, actor=editor, terms=both)) == "invalid"
    empty = {"provider_share": None}
    assert refusal_of(lambda: actions.counter(proposed, actor=editor, terms=empty)) == "invalid"
    with pytest.raises(KeyError):
        actions.counter(proposed, actor=editor, terms={"buyout_amount": 5})
    proposed.refresh_from_db()
    assert proposed.status == Status.PROPOSED
    assert Contract.objects.count() == 1


def test_an_adopted_counter_is_the_agreement_and_gives_up_a_draft_of_our_own(world: World) -> None:
    counter = countered(world)
    draft = actions.amend(counter, actor=world.actors["agency_editor"])
    counter.refresh_from_db()
    assert counter.status == Status.PROPOSED
    actions.adopt(counter, actor=world.actors["agency_manager"])
    draft.refresh_from_db()
    assert counter.status == Status.APPROVED
    assert draft.discarded_at is not None
    assert refusal_of(lambda: actions.propose(draft, actor=world.actors["agency_editor"])) == "stale"


def test_own_terms_in_reply_answer_the_counter(world: World) -> None:
    counter = countered(world)
    reply = actions.amend(counter, actor=world.actors["agency_editor"])
    assert reply.provider_guarantee == 500000
    terms = {**reply.term_values(), "provider_guarantee": 575000}
    actions.update_concept(reply, actor=world.actors["agency_editor"], seen_version=1, terms=terms)
    actions.propose(reply, actor=world.actors["agency_editor"])
    counter.refresh_from_db()
    assert (counter.status, reply.status, reply.number) == (Status.REJECTED, Status.PROPOSED, 3)
    assert refusal_of(lambda: actions.adopt(counter, actor=world.actors["agency_editor"])) == "stale"


def test_a_counter_after_ones_own_rejection(world: World) -> None:
    rejected = world.contract(status="rejected")
    reason = rejected.rejection_reason
    counter = countered(world, rejected)
    rejected.refresh_from_db()
    assert (rejected.status, rejected.rejection_reason) == (Status.REJECTED, reason)
    assert counter.status == Status.PROPOSED
    assert refusal_of(lambda: actions.amend(rejected, actor=world.actors["agency_editor"])) == "open_version"


def test_a_counter_taken_back_can_be_gone_on_from_but_not_adopted(world: World) -> None:
    counter = countered(world)
    actions.retract(counter, actor=world.actors["kade_editor"], reason="Vergissing.")
    assert refusal_of(lambda: actions.adopt(counter, actor=world.actors["agency_editor"])) == "stale"
    assert refusal_of(lambda: actions.undo(counter, actor=world.actors["kade_editor"])) == "not_allowed"
    assert actions.amend(counter, actor=world.actors["agency_editor"]).status == Status.CONCEPT


def test_declining_needs_a_reason(world: World) -> None:
    counter = countered(world)
    with pytest.raises(Invalid):
        actions.decline(counter, actor=world.actors["agency_editor"], reason=" ")
    actions.decline(counter, actor=world.actors["agency_editor"], reason="Onder de kostprijs.")
    assert counter.status == Status.REJECTED


# --- suggestions ---------------------------------------------------------------------------------------------
def test_suggestions_are_kept_and_taken_over(world: World) -> None:
    proposed = world.contract(status="proposed")
    wishes = {
        "provider_share": {"value": Decimal("75"), "remark": " Zoals vorig jaar "},
        "provider_guarantee": {"value": 500000},
        "start_time": {"remark": "Graag 20:00."},
        "remarks": {"remark": ""},
    }
    actions.reject(
        proposed, actor=world.actors["kade_editor"], reason="Zie de velden.", rejected_terms=list(wishes),
        suggestions=wishes,
    )  # fmt: skip
    proposed.refresh_from_db()
    assert proposed.suggestions == {
        "provider_share": {"value": "75.0000", "remark": "Zoals vorig jaar"},
        "provider_guarantee": {"value": 500000, "remark": ""},
        "start_time": {"value": None, "remark": "Graag 20:00."},
    }
    following = actions.amend(proposed, actor=world.actors["agency_editor"], take_over=True)
    assert (following.provider_share, following.provider_guarantee) == (Decimal("75.0000"), 500000)
    assert following.suggestions == {}
    assert (proposed.provider_share, proposed.provider_guarantee) == (Decimal("80.0000"), 650000)


@pytest.mark.parametrize(
    ("ticked", "wish"),
    [
        ([], {"provider_share": {"value": Decimal("75")}}),
        (["provider_share"], {"provider_share": {"value": Decimal("175")}}),
        (["start_time"], {"start_time": {"value": "20:00"}}),
        (["receiver_guarantee"], {"receiver_guarantee": {"value": 100}}),
        (["theater_surcharge"], {"theater_surcharge": {"value": -1}}),
    ],
)
def test_a_suggestion_that_cannot_be_is_refused(
    world: World, ticked: list[str], wish: dict[str, dict[str, object]]
) -> None:
    proposed = world.contract(status="proposed")
    with pytest.raises(Invalid):
        actions.reject(
            proposed, actor=world.actors["kade_editor"], reason="Nee.", rejected_terms=ticked, suggestions=wish
        )
    proposed.refresh_from_db()
    assert proposed.status == Status.PROPOSED


# --- revisions -----------------------------------------------------------------------------------------------
def test_the_approved_one_stays_in_force_until_its_revision_is_approved(world: World) -> None:
    agreed = world.contract(status="approved")
    revision = actions.revise(agreed, actor=world.actors["agency_editor"])
    assert (revision.status, revision.revises, revision.parent) == (Status.CONCEPT, agreed, agreed)
    actions.propose(revision, actor=world.actors["agency_editor"])
    agreed.refresh_from_db()
    assert agreed.status == Status.APPROVED
    actions.approve(revision, actor=world.actors["kade_editor"])
    agreed.refresh_from_db()
    assert (agreed.status, revision.status) == (Status.REVISED, Status.APPROVED)
    assert Entry.objects.filter(code="contract.superseded", target_id=str(agreed.pk)).count() == 1


def test_a_second_open_revision_is_refused_in_words(world: World) -> None:
    agreed = world.contract(status="approved")
    first = actions.revise(agreed, actor=world.actors["agency_editor"])
    assert refusal_of(lambda: actions.revise(agreed, actor=world.actors["agency_manager"])) == "open_version"
    actions.discard(first, actor=world.actors["agency_editor"])
    second = actions.revise(agreed, actor=world.actors["agency_editor"])
    assert second.number == 3
    assert refusal_of(lambda: actions.restore(first, actor=world.actors["agency_editor"])) == "open_version"


def test_a_rejected_revision_leaves_the_agreement_in_force_and_can_be_tried_again(world: World) -> None:
    agreed = world.contract(status="approved")
    revision = actions.revise(agreed, actor=world.actors["agency_editor"])
    world.bring(revision, "rejected")
    agreed.refresh_from_db()
    assert agreed.status == Status.APPROVED
    again = actions.amend(revision, actor=world.actors["agency_editor"])
    assert again.revises == agreed
    world.bring(again, "approved")
    agreed.refresh_from_db()
    assert agreed.status == Status.REVISED


def test_an_adopted_counter_to_a_revision_replaces_what_was_agreed(world: World) -> None:
    agreed = world.contract(status="approved")
    revision = actions.revise(agreed, actor=world.actors["agency_editor"])
    actions.propose(revision, actor=world.actors["agency_editor"])
    counter = countered(world, revision)
    actions.adopt(counter, actor=world.actors["agency_editor"])
    agreed.refresh_from_db()
    assert (counter.revises, agreed.status) == (agreed, Status.REVISED)


def test_a_revision_of_what_is_no_longer_in_force_is_not_proposed(world: World) -> None:
    agreed = world.contract(status="approved")
    revision = actions.revise(agreed, actor=world.actors["agency_editor"])
    Contract.objects.filter(pk=agreed.pk).update(status=Status.REVISED)
    assert refusal_of(lambda: actions.propose(revision, actor=world.actors["agency_editor"])) == "not_in_force"


# --- written down on behalf ----------------------------------------------------------------------------------
def test_an_answer_by_telephone_is_marked_for_ever(world: World) -> None:
    proposed = world.contract(status="proposed")
    actions.approve(proposed, actor=world.actors["agency_editor"], source=AnswerSource.TELEPHONE, note="Gesproken.")
    assert proposed.on_behalf
    assert proposed.answered_by == world.people["agency_editor"]
    assert Entry.objects.get(code="contract.approved").fields == {"source": "telephone"}


def test_nobody_answers_for_the_receiver_without_a_source_outside(world: World) -> None:
    proposed = world.contract(status="proposed")
    for act in (
        lambda: actions.approve(proposed, actor=world.actors["agency_editor"]),
        lambda: actions.reject(proposed, actor=world.actors["agency_editor"], reason="Nee."),
        lambda: actions.approve(proposed, actor=world.actors["kade_editor"], source=AnswerSource.LETTER),
        lambda: actions.approve(proposed, actor=world.actors["rival_editor"], source=AnswerSource.LETTER),
    ):
        with pytest.raises(NotAllowed):
            act()
    proposed.refresh_from_db()
    assert proposed.status == Status.PROPOSED


# --- taken back ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_slip_is_taken_back_within_ten_minutes(world: World, status: str) -> None:
    contract = world.contract(status=status)
    assert rules.may_undo(contract, world.actors["kade_manager"], actions.UNDO)
    assert not rules.may_undo(contract, world.actors["agency_editor"], actions.UNDO)
    actions.undo(contract, actor=world.actors["kade_manager"])
    assert (contract.status, contract.answered_at, contract.rejected_terms) == (Status.PROPOSED, None, [])
    assert refusal_of(lambda: actions.undo(contract, actor=world.actors["kade_manager"])) == "not_allowed"


def test_an_answer_cannot_be_taken_back_later_by_others_or_once_something_was_built_on_it(world: World) -> None:
    contract = world.contract(status="rejected")
    assert refusal_of(lambda: actions.undo(contract, actor=world.actors["agency_editor"])) == "not_allowed"
    assert refusal_of(lambda: actions.undo(contract, actor=world.actors["haven_editor"])) == "not_allowed"
    Contract.objects.filter(pk=contract.pk).update(answered_at=timezone.now() - dt.timedelta(minutes=11))
    assert refusal_of(lambda: actions.undo(contract, actor=world.actors["kade_editor"])) == "too_late"
    Contract.objects.filter(pk=contract.pk).update(answered_at=timezone.now())
    actions.amend(contract, actor=world.actors["agency_editor"])
    assert refusal_of(lambda: actions.undo(contract, actor=world.actors["kade_editor"])) == "too_late"


def test_taking_back_the_yes_to_a_revision_puts_the_agreement_in_force_again(world: World) -> None:
    agreed = world.contract(status="approved")
    revision = actions.revise(agreed, actor=world.actors["agency_editor"])
    world.bring(revision, "approved")
    actions.undo(revision, actor=world.actors["kade_editor"])
    agreed.refresh_from_db()
    assert (agreed.status, revision.status) == (Status.APPROVED, Status.PROPOSED)


# --- time ----------------------------------------------------------------------------------------------------
def test_a_late_yes_is_refused_and_another_day_opens_it_again(world: World) -> None:
    today = timezone.localdate()
    contract = world.contract()
    actions.propose(contract, actor=world.actors["agency_editor"], answer_by=today)
    Contract.objects.filter(pk=contract.pk).update(answer_by=today - dt.timedelta(days=1))
    contract.refresh_from_db()
    assert refusal_of(lambda: actions.approve(contract, actor=world.actors["kade_editor"])) == "expired"
    with pytest.raises(Invalid):
        actions.extend(contract, answer_by=today - dt.timedelta(days=1), actor=world.actors["agency_editor"])
    actions.extend(contract, answer_by=today, actor=world.actors["agency_editor"])
    actions.approve(contract, actor=world.actors["kade_editor"])
    assert contract.status == Status.APPROVED


def test_the_house_rule_gives_the_last_day(world: World) -> None:
    world.agency.answer_days = 14
    world.agency.save()
    contract = world.contract(status="proposed")
    assert contract.answer_by == timezone.localdate() + dt.timedelta(days=14)
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    assert contract.answer_by is None
    yesterday = timezone.localdate() - dt.timedelta(days=1)
    with pytest.raises(Invalid):
        actions.propose(contract, actor=world.actors["agency_editor"], answer_by=yesterday)


# --- two people ----------------------------------------------------------------------------------------------
def test_two_people_must_agree_at_the_receiver(world: World) -> None:
    world.kade.four_eyes = True
    world.kade.save()
    contract = world.contract(status="proposed")
    actions.approve(contract, actor=world.actors["kade_editor"])
    assert (contract.status, contract.endorsed_by) == (Status.PROPOSED, world.people["kade_editor"])
    assert refusal_of(lambda: actions.approve(contract, actor=world.actors["kade_editor"])) == "second_needed"
    actions.approve(contract, actor=world.actors["kade_manager"])
    assert (contract.status, contract.endorsed_by) == (Status.APPROVED, None)
    assert not Entry.objects.filter(code="contract.endorsed", audience__in=("provider", "both")).exists()


def test_two_people_must_agree_before_a_provider_proposes_and_a_change_starts_anew(world: World) -> None:
    world.agency.four_eyes = True
    world.agency.save()
    contract = world.contract()
    actions.propose(contract, actor=world.actors["agency_editor"])
    assert (contract.status, contract.endorsed_by) == (Status.CONCEPT, world.people["agency_editor"])
    terms = {**contract.term_values(), "remarks": "Anders"}
    manager = world.actors["agency_manager"]
    actions.update_concept(contract, actor=manager, seen_version=contract.version, terms=terms)
    assert contract.endorsed_by is None
    actions.propose(contract, actor=manager)
    assert contract.status == Status.CONCEPT
    actions.propose(contract, actor=world.actors["agency_editor"])
    assert contract.status == Status.PROPOSED


def test_one_of_the_two_is_an_approver_or_the_deputy_of_one_who_is_away(world: World) -> None:
    world.kade.four_eyes = True
    world.kade.save()
    manager = Membership.objects.get(user=world.people["kade_manager"], organisation=world.kade)
    editor = Membership.objects.get(user=world.people["kade_editor"], organisation=world.kade)
    third = world.colleague(world.kade)
    Membership.objects.filter(pk=manager.pk).update(approver=True)
    contract = world.contract(status="proposed")
    actions.approve(contract, actor=world.actors["kade_editor"])
    assert refusal_of(lambda: actions.approve(contract, actor=third)) == "approver_needed"
    Membership.objects.filter(pk=manager.pk).update(deputy=editor, absent_until=timezone.localdate())
    actions.approve(contract, actor=third)
    assert contract.status == Status.APPROVED


def test_a_stale_answer_is_no_answer(world: World) -> None:
    contract = world.contract(status="proposed")
    seen = contract.version
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    actions.propose(contract, actor=world.actors["agency_editor"])
    for act in (
        lambda: actions.approve(contract, actor=world.actors["kade_editor"], seen_version=seen),
        lambda: actions.counter(contract, actor=world.actors["kade_editor"], terms={"rent": 1}, seen_version=seen),
    ):
        with pytest.raises(StaleState):
            act()


def test_a_cancelled_evening_is_left_out_of_a_counter(world: World) -> None:
    proposed = world.contract(status="proposed", performances=world.performances[:2])
    Performance.objects.filter(pk=world.performances[0].pk).update(status=PerformanceStatus.CANCELLED)
    assert list(countered(world, proposed).performances.all()) == [world.performances[1]]


# --- one revision at a time, whatever it goes on from ---------------------------------------------------------
def test_no_way_leads_to_two_open_revisions(world: World) -> None:
    editor, theater = world.actors["agency_editor"], world.actors["kade_editor"]
    agreed = world.contract(status="approved")
    rejected = world.bring(actions.revise(agreed, actor=editor), "rejected")
    given_up = actions.amend(rejected, actor=editor)
    actions.discard(given_up, actor=editor)
    actions.revise(agreed, actor=editor)
    assert refusal_of(lambda: actions.amend(rejected, actor=editor)) == "open_version"
    assert refusal_of(lambda: actions.restore(given_up, actor=editor)) == "open_version"
    assert refusal_of(lambda: countered(world, rejected)) == "open_version"
    assert refusal_of(lambda: actions.undo(rejected, actor=theater)) == "too_late"
    assert agreed.revisions.filter(status__in=("concept", "proposed"), discarded_at=None).count() == 1


def test_a_reply_to_a_counter_of_a_revision_is_given_up_and_taken_back(world: World) -> None:
    editor = world.actors["agency_editor"]
    revision = world.bring(actions.revise(world.contract(status="approved"), actor=editor), "proposed")
    reply = actions.amend(countered(world, revision), actor=editor)
    actions.discard(reply, actor=editor)
    actions.restore(reply, actor=editor)
    assert reply.discarded_at is None


# --- what the pages of both sides ask ---------------------------------------------------------------------------
def test_what_was_given_up_or_extended_is_what_was_read(world: World) -> None:
    concept, editor = world.contract(), world.actors["agency_editor"]
    assert refusal_of(lambda: actions.discard(concept, actor=editor, seen_version=9)) == "stale"
    proposed = world.bring(concept, "proposed")
    today = timezone.localdate()
    assert refusal_of(lambda: actions.extend(proposed, answer_by=today, actor=editor, seen_version=1)) == "stale"
    proposed.refresh_from_db()
    assert proposed.answer_by is None


def test_a_concept_that_was_given_up_covers_no_evening(world: World) -> None:
    concept = world.contract()
    assert world.performances[0] not in performances_without_contract(world.agency)
    actions.discard(concept, actor=world.actors["agency_editor"])
    assert world.performances[0] in performances_without_contract(world.agency)


def test_the_second_of_two_finds_the_day_that_the_first_chose(world: World) -> None:
    Organisation.objects.filter(pk=world.agency.pk).update(four_eyes=True)
    day = timezone.localdate() + dt.timedelta(days=9)
    concept = world.contract()
    concept.refresh_from_db()
    actions.propose(concept, actor=world.actors["agency_editor"], answer_by=day)
    assert (concept.status, concept.answer_by) == (Status.CONCEPT, day)


def test_who_may_complete_what_a_colleague_agreed_to(world: World) -> None:
    for organisation in (world.agency, world.kade):
        organisation.four_eyes = True
        organisation.save()
    concept = world.contract()
    actions.propose(concept, actor=world.actors["agency_editor"])

    def waits(who: str, organisation: Organisation) -> list[Contract]:
        return list(waiting_for_second(organisation, world.people[who]))

    assert waits("agency_manager", world.agency) == [concept]
    assert waits("agency_editor", world.agency) == waits("rival_manager", world.rival) == []
    # Somebody else decides, and neither of these two is that one.
    third = Membership.objects.get(user=world.colleague(world.agency).user)
    Membership.objects.filter(pk=third.pk).update(approver=True)
    assert waits("agency_manager", world.agency) == []
    Membership.objects.filter(pk=third.pk).update(approver=False)
    actions.propose(concept, actor=world.actors["agency_manager"])
    actions.approve(concept, actor=world.actors["kade_editor"])
    # The receiver's first yes is the receiver's own business.
    assert waits("kade_manager", world.kade) == [concept]
    assert waits("agency_manager", world.agency) == waits("agency_editor", world.agency) == []


def test_an_approver_who_may_no_longer_edit_decides_nothing(world: World) -> None:
    viewer = Membership.objects.get(user=world.people["kade_viewer"])
    Membership.objects.filter(pk=viewer.pk).update(approver=True)
    assert approvers_of(world.kade) is None
    away = {"approver": True, "deputy": viewer, "absent_until": timezone.localdate()}
    Membership.objects.filter(user=world.people["kade_manager"]).update(**away)
    assert approvers_of(world.kade) == {world.people["kade_manager"].pk}


def test_a_row_carries_what_was_suggested_beside_it(world: World) -> None:
    proposed = world.contract(status="proposed")
    wishes = {
        "provider_share": {"value": Decimal("75"), "remark": "Vorig jaar ook."},
        "start_time": {"remark": "20:00"},
    }
    actions.reject(
        proposed, actor=world.actors["kade_editor"], reason="Nee.", rejected_terms=list(wishes), suggestions=wishes
    )
    rows = {row.term.name: row for group in display.groups(proposed) for row in group.rows}
    assert (rows["provider_share"].suggestion, rows["provider_share"].remark) == ("75\xa0%", "Vorig jaar ook.")
    assert (rows["remarks"].suggestion, display.remark_on(proposed, "start_time")) == ("", "20:00")
