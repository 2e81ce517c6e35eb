"""Who hears of what, and who must not."""

from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.core.errors import StaleState
from dipportal.journal.models import Entry
from dipportal.notifications import handlers
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.organisations import actors
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, User
from dipportal.outbox.models import State
from tests.world import World

CONTACT_THERE = "programmering@kade.example"
CONTACT_HERE = "plan@agency.example"
KADE = {"editor@de-kade.example", "manager@de-kade.example"}
AGENCY = {"editor@impresariaat-noord.example", "manager@impresariaat-noord.example"}


def told(kind: Kind) -> set[str]:
    found = list(Email.objects.filter(kind=kind).values_list("recipient", flat=True))
    assert len(found) == len({address.casefold() for address in found}), "somebody gets two"
    return set(found)


def switch_off(user: User, switch: str) -> None:
    setattr(user, switch, False)
    user.save()


def test_a_proposal_reaches_the_contact_and_the_members_who_can_answer(world: World) -> None:
    world.rival_contract(status="proposed")
    assert told(Kind.PROPOSAL) == {"editor@de-haven.example", "manager@de-haven.example"}
    Email.objects.all().delete()
    world.contract(status="proposed")
    assert told(Kind.PROPOSAL) == {CONTACT_THERE, *KADE}


def test_a_concept_is_nobodys_news(world: World) -> None:
    contract = world.contract()
    actions.update_concept(
        contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"remarks": "Anders"}
    )
    assert not Email.objects.exists()


def test_who_switched_proposals_off_gets_none(world: World) -> None:
    switch_off(world.people["kade_editor"], "mail_proposals")
    world.contract(status="proposed")
    assert told(Kind.PROPOSAL) == {CONTACT_THERE, "manager@de-kade.example"}


def test_a_contact_with_an_account_who_switched_off_gets_none(world: World) -> None:
    switch_off(world.people["kade_editor"], "mail_proposals")
    world.contract(status="proposed", parties={"contact_receiver": "EDITOR@de-kade.example"})
    assert told(Kind.PROPOSAL) == {"manager@de-kade.example"}


def test_a_contact_who_is_a_member_gets_one_mail(world: World) -> None:
    world.contract(status="proposed", parties={"contact_receiver": " Editor@De-Kade.example "})
    assert told(Kind.PROPOSAL) == KADE


def test_a_viewer_gets_a_proposal_only_as_the_contact_on_it(world: World) -> None:
    world.contract(status="proposed", parties={"contact_receiver": "viewer@de-kade.example"})
    assert told(Kind.PROPOSAL) == {"viewer@de-kade.example", *KADE}


def test_someone_who_left_gets_none(world: World) -> None:
    world.people["kade_editor"].is_active = False
    world.people["kade_editor"].save()
    Membership.objects.filter(user=world.people["kade_manager"]).delete()
    world.contract(status="proposed")
    assert told(Kind.PROPOSAL) == {CONTACT_THERE}


def test_a_proposal_that_nobody_wants_goes_to_the_address_of_the_organisation(world: World) -> None:
    switch_off(world.people["kade_editor"], "mail_proposals")
    switch_off(world.people["kade_manager"], "mail_proposals")
    world.contract(status="proposed", parties={})
    assert told(Kind.PROPOSAL) == {"contact@de-kade.example"}


def test_a_theater_without_an_organisation_hears_through_its_contact(world: World) -> None:
    world.theater.receiver = None
    world.theater.save()
    world.contract(status="proposed")
    assert told(Kind.PROPOSAL) == {CONTACT_THERE}


@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_an_answer_reaches_the_proposer_the_contact_and_the_members(world: World, status: str) -> None:
    world.contract(status=status)
    assert told(Kind.ANSWER) == {CONTACT_HERE, *AGENCY}


def test_the_proposer_hears_of_the_answer_whatever_the_switch_says(world: World) -> None:
    for name in ("agency_editor", "agency_manager"):
        switch_off(world.people[name], "mail_answers")
    world.contract(status="approved", parties={"contact_provider": "manager@impresariaat-noord.example"})
    assert told(Kind.ANSWER) == {"editor@impresariaat-noord.example"}


def test_a_proposer_who_left_the_organisation_hears_nothing_of_the_answer(world: World) -> None:
    contract = world.contract(status="proposed")
    Membership.objects.filter(user=world.people["agency_editor"]).delete()
    actions.approve(contract, actor=world.actors["kade_editor"])
    assert told(Kind.ANSWER) == {CONTACT_HERE, "manager@impresariaat-noord.example"}


def test_nobody_is_mailed_about_their_own_answer(world: World) -> None:
    Membership.objects.create(user=world.people["kade_editor"], organisation=world.agency, role=Role.EDITOR)
    world.contract(status="approved")
    assert told(Kind.ANSWER) == {CONTACT_HERE, *AGENCY}


def test_a_proposer_who_also_answers_still_hears(world: World) -> None:
    both = Membership.objects.create(user=world.people["agency_editor"], organisation=world.kade, role=Role.EDITOR)
    contract = world.contract(status="proposed")
    assert "editor@impresariaat-noord.example" not in told(Kind.PROPOSAL)
    actions.approve(contract, actor=actors.member(both))
    assert "editor@impresariaat-noord.example" in told(Kind.ANSWER)


def test_an_answer_found_in_dip_is_mailed_as_one_given_here(world: World) -> None:
    contract = world.contract(status="proposed")
    actions.reject(contract, actor=actors.pull(), reason="", source="dip")
    assert told(Kind.ANSWER) == {CONTACT_HERE, *AGENCY}


def test_a_proposal_made_in_dip_is_mailed_as_one_made_here(world: World) -> None:
    actions.propose(world.contract(), actor=actors.pull())
    assert told(Kind.PROPOSAL) == {CONTACT_THERE, *KADE}


def test_a_withdrawal_reaches_who_was_told_of_the_proposal(world: World) -> None:
    contract = world.contract(status="proposed")
    late = User.objects.create_user("laat@de-kade.example", None, name="Laat")
    Membership.objects.create(user=late, organisation=world.kade, role=Role.EDITOR)
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    assert told(Kind.WITHDRAWAL) == {CONTACT_THERE, *KADE}


def test_a_withdrawal_reaches_also_who_would_not_be_told_of_a_proposal_today(world: World) -> None:
    """Another contact, a switch turned off, somebody who left the theater: they still have that mail."""
    contract = world.contract(status="proposed")
    Contract.objects.filter(pk=contract.pk).update(contact_receiver="nieuw@kade.example")
    switch_off(world.people["kade_editor"], "mail_proposals")
    Membership.objects.filter(user=world.people["kade_manager"]).delete()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    assert told(Kind.WITHDRAWAL) == {CONTACT_THERE, *KADE}
    row = Email.objects.get(kind=Kind.WITHDRAWAL, recipient="manager@de-kade.example")
    assert world.kade.home_url not in row.text, "that page is no longer theirs"


def test_a_withdrawal_does_not_reach_a_closed_account(world: World) -> None:
    contract = world.contract(status="proposed")
    User.objects.filter(pk=world.people["kade_editor"].pk).update(is_active=False)
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    assert told(Kind.WITHDRAWAL) == {CONTACT_THERE, "manager@de-kade.example"}


def test_who_was_told_of_a_withdrawal_hears_nothing_of_the_next(world: World) -> None:
    contract = world.contract(status="proposed")
    Email.objects.update(state=State.DONE, sent_at=timezone.now())
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    Email.objects.update(state=State.DONE, sent_at=timezone.now())
    Contract.objects.filter(pk=contract.pk).update(contact_receiver="nieuw@kade.example")
    contract.refresh_from_db()
    actions.propose(contract, actor=world.actors["agency_editor"])
    Email.objects.update(state=State.DONE, sent_at=timezone.now())
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    last = Entry.objects.filter(code="contract.withdrawn").latest("pk")
    assert set(Email.objects.filter(event=last).values_list("recipient", flat=True)) == {"nieuw@kade.example", *KADE}


def test_a_contact_whose_account_was_closed_is_no_outsider(world: World) -> None:
    User.objects.filter(pk=world.people["kade_viewer"].pk).update(is_active=False)
    world.contract(status="proposed", parties={"contact_receiver": "VIEWER@de-kade.example"})
    assert told(Kind.PROPOSAL) == KADE


def test_when_only_a_closed_account_is_left_the_organisation_is_told(world: World) -> None:
    User.objects.filter(email__endswith="@de-kade.example").update(is_active=False)
    world.contract(status="proposed", parties={"contact_receiver": "viewer@de-kade.example"})
    assert told(Kind.PROPOSAL) == {"contact@de-kade.example"}


def test_both_sides_hear_of_two_different_answers(world: World) -> None:
    contract = world.contract(status="approved")
    actions.flag_conflict(contract, text="In DIP is dit afgekeurd.", actor=actors.pull())
    assert told(Kind.CONFLICT) == {CONTACT_THERE, *KADE, CONTACT_HERE, *AGENCY}


def test_a_receiver_hears_nothing_about_a_concept(world: World) -> None:
    actions.flag_conflict(world.contract(), text="In DIP is dit goedgekeurd.", actor=actors.pull())
    assert told(Kind.CONFLICT) == {CONTACT_HERE, *AGENCY}


def test_the_same_line_twice_gives_one_mail_each(world: World) -> None:
    world.contract(status="proposed")
    event = Entry.objects.get(code="contract.proposed")
    before = list(Email.objects.order_by("pk").values())
    handlers.proposed(event)
    assert list(Email.objects.order_by("pk").values()) == before


def test_the_database_keeps_one_mail_per_line_and_address_in_any_case(world: World) -> None:
    world.contract(status="proposed")
    row = Email.objects.filter(recipient=CONTACT_THERE).get()
    row.pk, row.recipient, row.message_id = None, CONTACT_THERE.upper(), "<other@portal.example>"
    row._state.adding = True
    with pytest.raises(IntegrityError), transaction.atomic():
        row.save(force_insert=True)


def test_who_loses_the_race_writes_no_mail(world: World) -> None:
    contract = world.contract(status="proposed")
    stale = type(contract).objects.get(pk=contract.pk)
    actions.approve(contract, actor=world.actors["kade_editor"])
    with pytest.raises(StaleState):
        actions.reject(stale, actor=world.actors["kade_manager"], reason="Nee.")
    assert set(Email.objects.filter(kind=Kind.ANSWER).values_list("event__code", flat=True)) == {"contract.approved"}


def test_a_mail_belongs_to_the_side_of_its_reader(world: World) -> None:
    world.contract(status="approved")
    world.rival_contract(status="approved")

    def seen_by(organisation: Any) -> set[str]:
        return set(Email.objects.visible_to(organisation).values_list("recipient", flat=True))

    assert seen_by(world.kade) == {CONTACT_THERE, *KADE}
    assert seen_by(world.agency) == {CONTACT_HERE, *AGENCY}
    assert seen_by(None) == set()


def test_each_reads_it_in_their_own_language(world: World) -> None:
    editor = world.people["kade_editor"]
    editor.language = "en"
    editor.save()
    world.contract(status="proposed")
    languages = dict(Email.objects.filter(kind=Kind.PROPOSAL).values_list("recipient", "language"))
    assert languages == {
        CONTACT_THERE: "nl",
        "editor@de-kade.example": "en",
        "manager@de-kade.example": "nl",
    }
    english = Email.objects.get(recipient="editor@de-kade.example")
    assert english.subject.startswith("Answer: partage for De Storm, ")
    assert "Look and answer" in english.text
    assert 'lang="en"' in english.html
    assert 'lang="nl"' in Email.objects.get(recipient=CONTACT_THERE).html
