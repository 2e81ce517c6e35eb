"""Mails after the first proposal and answer: adapted, revised, on behalf, taken back, last days, two people."""

import datetime as dt
from collections.abc import Callable
from typing import Any

import pytest
from django.utils import timezone, translation

from dipportal.contracts import actions
from dipportal.contracts.actions.clock import remind_of_answers
from dipportal.contracts.differences import compare
from dipportal.contracts.models import Contract
from dipportal.core import dates
from dipportal.core.errors import PortalError, StaleState
from dipportal.journal.models import Entry
from dipportal.notifications import handlers, purpose
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.organisations.models import Membership, User
from tests.notifications.test_letters import Parts, in_english
from tests.notifications.test_recipients import AGENCY, CONTACT_HERE, CONTACT_THERE, KADE, switch_off
from tests.world import World

HERE, THERE = "editor@impresariaat-noord.example", "editor@de-kade.example"
BOSS_HERE, BOSS_THERE = "manager@impresariaat-noord.example", "manager@de-kade.example"
NBSP = "\u00a0"


@pytest.fixture
def english(world: World) -> World:
    in_english(world)
    return world


def mails(code: str) -> dict[str, Email]:
    """The mails of the last line with this code, by recipient."""
    event = Entry.objects.filter(code=code).order_by("pk").last()
    assert event is not None, code
    rows = Email.objects.filter(event=event)
    return {row.recipient: row for row in rows}


def countered(world: World, contract: Contract | None = None, **terms: Any) -> Contract:
    return actions.counter(
        contract or world.contract(status="proposed"),
        actor=world.actors["kade_editor"],
        terms=terms or {"provider_guarantee": 500000},
        remark="Wij kunnen niet hoger.",
    )


def revised(world: World) -> Contract:
    revision = actions.revise(world.contract(status="approved"), actor=world.actors["agency_editor"])
    terms = {**revision.term_values(), "provider_guarantee": 700000}
    actions.update_concept(revision, actor=world.actors["agency_editor"], seen_version=1, terms=terms)
    return actions.propose(revision, actor=world.actors["agency_editor"])


def left(row: Email) -> None:
    Email.objects.filter(pk=row.pk).update(sent_at=timezone.now(), state="done")


# --- adapted proposals -----------------------------------------------------------------------------------------
def test_an_adapted_proposal_goes_to_the_providers_side_with_what_differs_and_the_remark(english: World) -> None:
    counter = countered(english)
    found = mails("contract.countered")
    assert set(found) == {CONTACT_HERE, *AGENCY}
    row = found[HERE]
    assert (row.kind, row.organisation) == (Kind.COUNTER, english.agency)
    assert row.subject.startswith("Adapted proposal: partage for De Storm, ")
    assert 'Editor Schouwburg "De Kade" of Schouwburg "De Kade" sends an adapted proposal back.' in row.text
    assert "Remark:\nWij kunnen niet hoger.\n" in row.text
    assert f"- Guarantee to the provider: €{NBSP}6.500,00 → €{NBSP}5.000,00\n" in row.text
    assert f"Look and answer:\nhttp://127.0.0.1:8000{counter.url_for(english.agency)}\n" in row.text
    assert "You get this because you made this proposal." in row.text


def test_whoever_proposed_hears_of_the_adapted_proposal_whatever_the_switch_says(world: World) -> None:
    for name in ("agency_editor", "agency_manager"):
        switch_off(world.people[name], "mail_answers")
    countered(world)
    assert set(mails("contract.countered")) == {CONTACT_HERE, HERE}


def test_a_counter_mails_no_rejection_besides(world: World) -> None:
    countered(world)
    assert not Email.objects.filter(kind=Kind.ANSWER).exists()


@pytest.mark.parametrize("move", ["adopt", "decline"])
def test_the_answer_to_it_reaches_the_receiver_and_the_providers_colleagues(english: World, move: str) -> None:
    counter = countered(english)
    words = {"note": "Prima zo."} if move == "adopt" else {"reason": "Onder de kostprijs."}
    getattr(actions, move)(counter, actor=english.actors["agency_editor"], **words)
    found = mails(f"contract.{'adopted' if move == 'adopt' else 'declined'}")
    assert set(found) == {CONTACT_THERE, *KADE, CONTACT_HERE, BOSS_HERE}, "not the one who answered"
    row = found[THERE]
    assert (row.kind, row.organisation) == (Kind.ANSWER, english.kade)
    start, quote = ("Agreed", "Note:\nPrima zo.") if move == "adopt" else ("Not agreed", "Reason:\nOnder de kostprijs.")
    assert row.subject.startswith(f"{start}: partage for De Storm")
    assert quote in row.text
    assert counter.url_for(english.kade) in row.text
    assert counter.url_for(english.agency) in found[BOSS_HERE].text
    assert ("no agreement on these terms" in row.text) == (move == "decline")


def test_whoever_sent_the_adapted_proposal_hears_of_the_answer_whatever_the_switch_says(world: World) -> None:
    for name in ("kade_editor", "kade_manager"):
        switch_off(world.people[name], "mail_answers")
    actions.adopt(countered(world), actor=world.actors["agency_manager"])
    assert set(mails("contract.adopted")) == {CONTACT_THERE, THERE, CONTACT_HERE, HERE}


def test_one_taken_back_reaches_who_was_told_of_it(english: World) -> None:
    counter = countered(english)
    english.colleague(english.agency, "laat")
    actions.retract(counter, actor=english.actors["kade_manager"], reason="Vergissing.")
    found = mails("contract.retracted")
    assert set(found) == {CONTACT_HERE, *AGENCY}
    assert found[HERE].subject.startswith("Adapted proposal taken back: ")
    assert "You need not answer it any more." in found[HERE].text
    assert "Reason:\nVergissing.\n" in found[HERE].text


def test_what_was_taken_back_before_its_mail_left_is_not_mailed_at_all(world: World) -> None:
    counter = countered(world)
    assert {purpose.lost(row) for row in mails("contract.countered").values()} == {""}
    actions.retract(counter, actor=world.actors["kade_editor"])
    for row in (*mails("contract.countered").values(), *mails("contract.retracted").values()):
        assert purpose.lost(row)
    told = mails("contract.countered")[HERE]
    left(told)
    assert [row.recipient for row in mails("contract.retracted").values() if not purpose.lost(row)] == [HERE]


def test_own_terms_in_reply_say_so_and_show_what_differs_from_the_adapted_proposal(english: World) -> None:
    counter = countered(english)
    reply = actions.amend(counter, actor=english.actors["agency_editor"])
    terms = {**reply.term_values(), "provider_guarantee": 575000}
    actions.update_concept(reply, actor=english.actors["agency_editor"], seen_version=1, terms=terms)
    actions.propose(reply, actor=english.actors["agency_editor"])
    row = mails("contract.proposed")[THERE]
    assert "It is the answer to your adapted proposal, version 2." in row.text
    assert "What differs from version 2:" in row.text
    assert f"- Guarantee to the provider: €{NBSP}5.000,00 → €{NBSP}5.750,00\n" in row.text


# --- the difference in the mail --------------------------------------------------------------------------------
def lines_of(row: Email, number: int) -> list[str]:
    with translation.override(row.language):
        head = translation.gettext("What differs from version %(number)s:") % {"number": number}
    return row.text.partition(f"\n{head}\n")[2].partition("\n\n")[0].splitlines()


@pytest.mark.parametrize("language", ["en", "nl"])
@pytest.mark.parametrize("side", ["agency", "kade"])
def test_the_difference_in_the_mail_is_that_of_the_comparison(world: World, side: str, language: str) -> None:
    User.objects.update(language=language)
    world.people["agency_editor"].language = world.people["kade_editor"].language = language
    changes: dict[str, Any] = {
        "provider_share": 75,
        "guarantee_per_performance": True,
        "entrance_prices": [2800, 2350],
        "remarks": "Zonder pauze & met <b>band</b>.",
    }
    if side == "agency":
        new = countered(world, **changes)
        row = mails("contract.countered")[HERE]
    else:
        new = actions.amend(world.contract(status="rejected"), actor=world.actors["agency_editor"])
        actions.update_concept(
            new, actor=world.actors["agency_editor"], seen_version=1, terms={**new.term_values(), **changes},
            performances=world.performances[1:2], parties={"own_reference": "EIGEN-77"},
        )  # fmt: skip
        actions.propose(new, actor=world.actors["agency_editor"])
        row = mails("contract.proposed")[THERE]
    assert new.parent is not None
    with translation.override(language):
        found = compare(new.parent, new, reader=getattr(world, side))
        shown = [f"- {line.label}: {line.old or translation.gettext('nothing')} → {line.new}" for line in found.lines()]
        left_out, added = translation.gettext("left out"), translation.gettext("added")
        shown += [f"- {left_out}: {dates.moment(one.starts_at)}, Grote zaal" for one in found.removed]
        shown += [f"- {added}: {dates.moment(one.starts_at)}, Grote zaal" for one in found.added]
        words = Parts(row.html).words
        for line in found.lines():
            assert line.label in words
            assert line.new in words
    assert len(shown) == (4 if side == "agency" else 6)
    assert lines_of(row, new.parent.number) == shown
    assert "EIGEN-77" not in row.text + row.html


def test_the_difference_is_to_the_version_that_the_receiver_saw_last(english: World) -> None:
    first = english.contract(status="rejected")
    given_up = actions.amend(first, actor=english.actors["agency_editor"])
    actions.discard(given_up, actor=english.actors["agency_editor"])
    third = actions.amend(first, actor=english.actors["agency_editor"])
    actions.propose(third, actor=english.actors["agency_editor"])
    row = mails("contract.proposed")[THERE]
    assert "What differs from version 1:\n- Nothing" not in row.text
    assert "What differs from version 1:\nNothing: the terms and the performances are the same.\n" in row.text
    assert "version 2" not in row.text.lower()


def test_a_proposal_that_was_withdrawn_and_changed_shows_what_changed_meanwhile(english: World) -> None:
    contract = english.contract(status="proposed", performances=english.performances[:2])
    editor = english.actors["agency_editor"]
    actions.withdraw(contract, actor=editor)
    for guarantee in (600000, 575000):
        terms = {**contract.term_values(), "provider_guarantee": guarantee, "provider_share": 75}
        actions.update_concept(
            contract, actor=editor, seen_version=contract.version, terms=terms, performances=english.performances[1:],
            parties={"own_reference": "EIGEN-77"},
        )  # fmt: skip
    actions.propose(contract, actor=editor)
    row = mails("contract.proposed")[THERE]
    with translation.override("en"):
        gone, come = (dates.moment(english.performances[index].starts_at) for index in (0, 2))
    assert (
        "What changed since it was withdrawn:\n"
        f"- Provider's share: 80{NBSP}% → 75{NBSP}%\n"
        f"- Guarantee to the provider: €{NBSP}6.500,00 → €{NBSP}5.750,00\n"
        f"- left out: {gone}, Grote zaal\n- added: {come}, Grote zaal\n\n"
    ) in row.text
    assert "What changed since it was withdrawn" in Parts(row.html).words
    assert "EIGEN-77" not in row.text + row.html
    actions.withdraw(contract, actor=editor)
    actions.propose(contract, actor=editor)
    again = mails("contract.proposed")[THERE]
    assert "What changed since it was withdrawn:\nNothing: the terms and the performances are the same.\n" in again.text


def test_the_first_version_shows_no_difference(english: World) -> None:
    english.contract(status="proposed")
    assert "differs" not in mails("contract.proposed")[THERE].text


def test_a_rejection_lists_what_was_suggested_and_remarked_per_field(english: World) -> None:
    actions.reject(
        english.contract(status="proposed"),
        actor=english.actors["kade_editor"],
        reason="Zie de velden.",
        rejected_terms=["provider_share", "provider_guarantee", "start_time"],
        suggestions={
            "provider_share": {"value": 75},
            "provider_guarantee": {"value": 500000, "remark": "Als <b>vorig</b> jaar"},
            "start_time": {"remark": "Graag 20:00."},
        },
    )
    row = mails("contract.rejected")[HERE]
    assert (
        f"- Provider's share: 80{NBSP}%\n  Suggested: 75{NBSP}%\n"
        f"- Guarantee to the provider: €{NBSP}6.500,00\n  Suggested: €{NBSP}5.000,00\n  Als <b>vorig</b> jaar\n"
        "- Start time: 20:15\n  Graag 20:00.\n"
    ) in row.text
    assert "b" not in Parts(row.html).tags
    assert "Als <b>vorig</b> jaar" in Parts(row.html).words


# --- revisions -------------------------------------------------------------------------------------------------
def test_a_revision_says_that_the_agreed_version_stays_in_force_and_its_approval_what_it_replaces(
    english: World,
) -> None:
    revision = revised(english)
    proposed = mails("contract.proposed")[THERE]
    assert "This is a revision: version 1 stays in force until this one is approved." in proposed.text
    assert f"- Guarantee to the provider: €{NBSP}6.500,00 → €{NBSP}7.000,00\n" in proposed.text
    before = Email.objects.count()
    actions.approve(revision, actor=english.actors["kade_editor"])
    approved = mails("contract.approved")
    assert "It replaces version 1, which was in force until now." in approved[HERE].text
    assert Email.objects.count() == before + len(approved), "what is superseded has no mail of its own"


def test_a_rejected_revision_says_what_counts(english: World) -> None:
    actions.reject(revised(english), actor=english.actors["kade_editor"], reason="Nee.")
    assert "Version 1 stays in force." in mails("contract.rejected")[HERE].text


# --- written down on behalf ------------------------------------------------------------------------------------
@pytest.mark.parametrize("answer", ["approve", "reject"])
def test_an_answer_from_outside_is_told_to_those_for_whom_it_was_given(english: World, answer: str) -> None:
    contract = english.contract(status="proposed")
    words = {"note": "Gesproken met Anna."} if answer == "approve" else {"reason": "Past niet."}
    getattr(actions, answer)(contract, actor=english.actors["agency_editor"], source="telephone", **words)
    done = "approved" if answer == "approve" else "rejected"
    found = mails(f"contract.{done}")
    assert set(found) == {CONTACT_THERE, *KADE, CONTACT_HERE, BOSS_HERE}, "not the one who wrote it down"
    there = found[THERE]
    assert (there.kind, there.organisation) == (Kind.RECORDED, english.kade)
    assert there.subject.startswith(f"{done.title()} on your behalf: partage for De Storm")
    assert f"recorded on your behalf that you {done} this proposal by telephone." in there.text
    assert "Is this not right? Call Impresariaat Noord at once" in there.text
    assert "Whom to call:\nContact Impresariaat Noord\nImpresariaat Noord\n010-0000000\n" in there.text
    assert next(iter(words.values())) in there.text
    here = found[BOSS_HERE]
    assert (here.kind, here.organisation) == (Kind.ANSWER, english.agency)
    assert f'recorded that Schouwburg "De Kade" {done} this proposal by telephone.' in here.text


def test_an_answer_given_here_tells_the_receiver_nothing(world: World) -> None:
    world.contract(status="approved")
    assert not Email.objects.filter(kind=Kind.RECORDED).exists()


# --- taken back ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_an_answer_taken_back_reaches_who_was_mailed_it(english: World, status: str) -> None:
    contract = english.contract(status=status)
    english.colleague(english.agency, "laat")
    actions.undo(contract, actor=english.actors["kade_manager"])
    found = mails("contract.reopened")
    assert set(found) == {CONTACT_HERE, *AGENCY}
    row = found[HERE]
    assert row.subject.startswith("Answer taken back: ")
    what = "approval" if status == "approved" else "rejection"
    assert f"took the {what} back: it was a slip. The proposal stands open again." in row.text
    assert "De garantie is te hoog." not in row.text, "a reason that no longer counts"


def test_an_answer_on_behalf_taken_back_reaches_both_sides(world: World) -> None:
    contract = world.contract(status="proposed")
    actions.approve(contract, actor=world.actors["agency_editor"], source="letter")
    actions.undo(contract, actor=world.actors["agency_editor"])
    assert set(mails("contract.reopened")) == {CONTACT_THERE, *KADE, CONTACT_HERE, BOSS_HERE}


def test_an_adopted_counter_taken_back_reaches_both_sides(world: World) -> None:
    counter = countered(world)
    actions.adopt(counter, actor=world.actors["agency_editor"])
    actions.undo(counter, actor=world.actors["agency_editor"])
    assert set(mails("contract.reopened")) == {CONTACT_THERE, *KADE, CONTACT_HERE, BOSS_HERE}


def test_taking_back_the_yes_to_a_revision_says_what_is_in_force_again(english: World) -> None:
    revision = revised(english)
    actions.approve(revision, actor=english.actors["kade_editor"])
    actions.undo(revision, actor=english.actors["kade_editor"])
    assert "Version 1 is in force again." in mails("contract.reopened")[HERE].text


def test_an_answer_that_had_not_left_does_not_leave_and_nor_does_its_correction(world: World) -> None:
    contract = world.contract(status="approved")
    assert {purpose.lost(row) for row in mails("contract.approved").values()} == {""}
    actions.undo(contract, actor=world.actors["kade_editor"])
    assert all(purpose.lost(row) for row in mails("contract.approved").values())
    assert all(purpose.lost(row) for row in mails("contract.reopened").values())
    left(mails("contract.approved")[HERE])
    assert [row.recipient for row in mails("contract.reopened").values() if not purpose.lost(row)] == [HERE]
    actions.reject(contract, actor=world.actors["kade_editor"], reason="Toch niet.")
    assert all(purpose.lost(row) for row in mails("contract.reopened").values()), "the new answer says it"
    assert not any(purpose.lost(row) for row in mails("contract.rejected").values())


def test_the_correction_looks_at_the_last_answer_only(world: World) -> None:
    contract = world.contract(status="approved")
    left(mails("contract.approved")[HERE])
    actions.undo(contract, actor=world.actors["kade_editor"])
    actions.reject(contract, actor=world.actors["kade_editor"], reason="Toch niet.")
    actions.undo(contract, actor=world.actors["kade_editor"])
    assert purpose.lost(mails("contract.reopened")[HERE]), "of the rejection nobody was told"


# --- the last day ----------------------------------------------------------------------------------------------
def due(world: World, days: int) -> Contract:
    contract = world.contract()
    day = timezone.localdate() + dt.timedelta(days=days)
    return actions.propose(contract, actor=world.actors["agency_editor"], answer_by=day)


def test_a_proposal_says_until_when_it_can_be_approved(english: World) -> None:
    contract = due(english, 5)
    with translation.override("en"):
        day = dates.day(contract.answer_by)
    assert f"The last day to approve it is {day}." in mails("contract.proposed")[THERE].text


@pytest.mark.parametrize(("days", "start"), [(3, "3 days left"), (1, "1 day left"), (0, "Today is the last day")])
def test_a_reminder_counts_the_days_and_goes_to_the_receiver(english: World, days: int, start: str) -> None:
    contract = due(english, days)
    remind_of_answers()
    found = mails("contract.reminded")
    assert set(found) == {CONTACT_THERE, *KADE}
    row = found[THERE]
    assert row.kind == Kind.DEADLINE
    assert row.subject.startswith(f"{start}: partage for De Storm")
    assert "Impresariaat Noord waits for an answer" in row.text
    assert f"Look and answer:\nhttp://127.0.0.1:8000{contract.url_for(english.kade)}" in row.text


def test_after_the_last_day_both_sides_learn_how_to_go_on(english: World) -> None:
    due(english, 0)
    remind_of_answers(timezone.localdate() + dt.timedelta(days=1))
    found = mails("contract.expired")
    assert set(found) == {CONTACT_THERE, *KADE, CONTACT_HERE, *AGENCY}
    assert {row.subject.split(":")[0] for row in found.values() if row.language == "en"} == {"Not answered in time"}
    assert "ask Impresariaat Noord for another last day, reject it, or send an adapted" in found[THERE].text
    assert "give it another last day on its page, or withdraw it." in found[HERE].text
    assert "ask Impresariaat Noord" not in found[HERE].text


def test_another_last_day_is_told_to_the_receiver(english: World) -> None:
    contract = due(english, 2)
    day = timezone.localdate() + dt.timedelta(days=9)
    actions.extend(contract, answer_by=day, actor=english.actors["agency_editor"])
    found = mails("contract.extended")
    assert set(found) == {CONTACT_THERE, *KADE}
    with translation.override("en"):
        assert found[THERE].subject.startswith(f"Answer by {dates.day(day)}: partage")
    actions.extend(contract, answer_by=None, actor=english.actors["agency_editor"])
    assert mails("contract.extended")[THERE].subject.startswith("No last day to answer any more: ")


@pytest.mark.parametrize("what", ["answered", "withdrawn", "extended", "passed"])
def test_a_reminder_does_not_leave_once_it_says_nothing_any_more(world: World, what: str) -> None:
    contract = due(world, 3)
    remind_of_answers()
    rows = mails("contract.reminded").values()
    assert {purpose.lost(row) for row in rows} == {""}
    acts: dict[str, Callable[[], Any]] = {
        "answered": lambda: actions.approve(contract, actor=world.actors["kade_editor"]),
        "withdrawn": lambda: actions.withdraw(contract, actor=world.actors["agency_editor"]),
        "extended": lambda: actions.extend(contract, answer_by=None, actor=world.actors["agency_editor"]),
        "passed": lambda: remind_of_answers(timezone.localdate() + dt.timedelta(days=4)),
    }
    acts[what]()
    assert all(purpose.lost(row) for row in rows)


def test_a_proposal_of_its_own_keeps_no_reminder_alive(world: World) -> None:
    contract = due(world, 3)
    remind_of_answers()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    actions.propose(contract, actor=world.actors["agency_editor"])
    assert all(purpose.lost(row) for row in mails("contract.reminded").values())


# --- two people ------------------------------------------------------------------------------------------------
def needs_two(world: World, *names: str) -> None:
    for name in names:
        organisation = getattr(world, name)
        organisation.four_eyes = True
        organisation.save()


def test_the_first_of_two_is_told_to_colleagues_who_can_complete_it_and_to_nobody_else(english: World) -> None:
    needs_two(english, "kade")
    contract = english.contract(status="proposed")
    actions.approve(contract, actor=english.actors["kade_editor"])
    found = mails("contract.endorsed")
    assert set(found) == {BOSS_THERE}, "no viewer, no contact, not the other side"
    row = found[BOSS_THERE]
    assert row.kind == Kind.SECOND
    assert row.subject.startswith("Second yes needed: ")
    assert "approves this proposal as the first of two." in row.text
    assert not Email.objects.filter(kind=Kind.ANSWER).exists()
    assert purpose.lost(row) == ""
    actions.approve(contract, actor=english.actors["kade_manager"])
    assert purpose.lost(row)


def test_only_an_approver_is_asked_when_the_first_one_was_none(world: World) -> None:
    needs_two(world, "agency")
    third = world.colleague(world.agency)
    Membership.objects.filter(user=world.people["agency_manager"], organisation=world.agency).update(approver=True)
    actions.propose(world.contract(), actor=world.actors["agency_editor"])
    assert set(mails("contract.endorsed")) == {BOSS_HERE}
    actions.propose(world.contract(), actor=world.actors["agency_manager"])
    assert third.user is not None
    assert set(mails("contract.endorsed")) == {HERE, third.user.email}


def test_a_concept_that_waits_for_a_second_yes_is_no_news_at_the_theater(english: World) -> None:
    needs_two(english, "agency")
    actions.propose(english.contract(), actor=english.actors["agency_editor"])
    assert set(Email.objects.values_list("recipient", flat=True)) == {BOSS_HERE}
    assert "It goes to the theater once a colleague does so too." in Email.objects.get().text


def test_a_counter_that_waits_for_a_second_yes_is_no_answer_yet(english: World) -> None:
    needs_two(english, "agency")
    contract = english.contract()
    actions.propose(contract, actor=english.actors["agency_editor"])
    actions.propose(contract, actor=english.actors["agency_manager"])
    actions.adopt(countered(english, contract), actor=english.actors["agency_editor"])
    assert set(mails("contract.endorsed")) == {BOSS_HERE}
    assert not Email.objects.filter(kind=Kind.ANSWER).exists()


# --- what is nobody's news, and who was too late ---------------------------------------------------------------
def test_giving_up_a_concept_and_taking_it_back_is_no_news(world: World) -> None:
    contract = world.contract()
    actions.discard(contract, actor=world.actors["agency_editor"])
    actions.restore(contract, actor=world.actors["agency_editor"])
    assert not Email.objects.exists()


def test_who_is_too_late_writes_no_mail(world: World) -> None:
    counter = countered(world)
    stale = Contract.objects.get(pk=counter.pk)
    actions.adopt(counter, actor=world.actors["agency_editor"])
    before = set(Email.objects.values_list("pk", flat=True))
    losers: list[Callable[[], Any]] = [
        lambda: actions.decline(stale, actor=world.actors["agency_manager"], reason="Nee."),
        lambda: actions.retract(stale, actor=world.actors["kade_editor"]),
        lambda: actions.adopt(stale, actor=world.actors["agency_manager"]),
        lambda: actions.extend(stale, answer_by=timezone.localdate(), actor=world.actors["agency_editor"]),
        lambda: countered(world, stale.parent),
    ]
    for lose in losers:
        with pytest.raises((StaleState, PortalError)):
            lose()
    assert set(Email.objects.values_list("pk", flat=True)) == before


def test_each_line_twice_gives_one_mail_each(world: World) -> None:
    counter = countered(world)
    actions.decline(counter, actor=world.actors["agency_editor"], reason="Nee.")
    before = Email.objects.count()
    handlers.countered(Entry.objects.get(code="contract.countered"))
    handlers.counter_answered(Entry.objects.get(code="contract.declined"))
    assert Email.objects.count() == before


def test_each_reads_it_in_their_own_language(world: World) -> None:
    editor = world.people["agency_editor"]
    editor.language = "en"
    editor.save()
    countered(world, guarantee_per_performance=True)
    found = mails("contract.countered")
    assert {address: row.language for address, row in found.items()} == {
        CONTACT_HERE: "nl",
        HERE: "en",
        BOSS_HERE: "nl",
    }
    assert "no → yes" in found[HERE].text
    assert "nee → ja" in found[BOSS_HERE].text
    assert 'lang="en"' in found[HERE].html


def test_a_neighbour_hears_of_none_of_it(world: World) -> None:
    actions.adopt(countered(world), actor=world.actors["agency_editor"])
    due(world, 1)
    remind_of_answers()
    assert not Email.objects.filter(organisation__in=(world.rival, world.haven)).exists()
    assert not Email.objects.filter(recipient__iregex="haven|zuid").exists()
