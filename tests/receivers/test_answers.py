"""The answer screen: field by field, by two people, in time, on behalf, and taken back."""

import datetime as dt
import re
from collections.abc import Callable
from decimal import Decimal
from html import unescape
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import ContractType, rejectable
from tests.access.filling import filled_in
from tests.world import World

Url = Callable[..., str]


def text_of(reply: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", reply.content.decode())))


# Everything with which a receiver changes something; reading (a PDF, a comparison) is nobody's answer.
CHANGES = {
    "approve", "reject", "counter", "check", "send", "retract", "undo", "tick_approve", "tick_reject", "approve_many",
    "reject_many",
}  # fmt: skip


def acts(reply: Any) -> set[str]:
    return set(re.findall(r'data-action="(\w+)"', reply.content.decode())) & CHANGES


def last_day(contract: Contract, days: int) -> None:
    Contract.objects.filter(pk=contract.pk).update(answer_by=timezone.localdate() + dt.timedelta(days=days))


# --- field by field ------------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ContractType.values)
def test_every_term_of_the_type_and_the_start_time_can_be_rejected_on_the_page(
    world: World, editor: Client, url: Url, kind: str
) -> None:
    contract = world.contract(kind=kind)
    Contract.objects.filter(pk=contract.pk).update(status=Status.PROPOSED, proposed_at=timezone.now())
    page = editor.get(url("contract", pk=contract.pk))
    boxes = re.findall(r'name="rejected_terms"\s+value="(\w+)"', page.content.decode())
    assert boxes == list(rejectable(kind))
    sent = filled_in(url("contract", pk=contract.pk), page.content.decode(), url("reject", pk=contract.pk))
    answer = {**sent, "reason": "Nee.", "rejected_terms": boxes}
    assert editor.post(url("reject", pk=contract.pk), answer).status_code == 302
    contract.refresh_from_db()
    assert (contract.status, contract.rejected_terms, contract.suggestions) == (Status.REJECTED, boxes, {})


def test_suggestions_are_typed_as_in_the_provider_s_form_and_kept_as_its_columns(
    world: World, editor: Client, url: Url
) -> None:
    contract = world.contract(status="proposed")
    answer = {
        "version": contract.version,
        "reason": "Zie de velden.",
        "rejected_terms": ["provider_share", "start_time", "entrance_prices", "guarantee_per_performance"],
        "suggest_provider_share": "72,5 %",
        "remark_provider_share": "Zoals vorig jaar.",
        "remark_start_time": "Graag 20:00.",
        "suggest_entrance_prices": "27,50; 23",
        "suggest_guarantee_per_performance": "yes",
    }
    assert editor.post(url("reject", pk=contract.pk), answer).status_code == 302
    contract.refresh_from_db()
    assert contract.suggestions == {
        "provider_share": {"value": "72.5000", "remark": "Zoals vorig jaar."},
        "guarantee_per_performance": {"value": True, "remark": ""},
        "entrance_prices": {"value": [2750, 2300], "remark": ""},
        "start_time": {"value": None, "remark": "Graag 20:00."},
    }
    page = text_of(editor.get(url("contract", pk=contract.pk)))
    for piece in ("Suggested: 72,5\xa0%", "Zoals vorig jaar.", "Graag 20:00.", "€\xa027,50; €\xa023,00"):
        assert piece.replace("\xa0", " ") in page, piece


def test_tranches_are_suggested_row_by_row(world: World, editor: Client, url: Url) -> None:
    terms = {"tranches": [{"amount": 99_999_999, "percentage": "70.00"}], "copyright_percentage": Decimal(12)}
    contract = world.contract(kind="volume", terms=terms, status="proposed")
    answer = {
        "version": contract.version,
        "reason": "Anders gestaffeld.",
        "suggest_tranches-0-amount": "10.000",
        "suggest_tranches-0-percentage": "60",
        "suggest_tranches-1-percentage": "80",
    }
    assert editor.post(url("reject", pk=contract.pk), answer).status_code == 302
    contract.refresh_from_db()
    rows = [{"amount": 1_000_000, "percentage": "60.00"}, {"amount": 99_999_999, "percentage": "80.00"}]
    assert contract.suggestions == {"tranches": {"value": rows, "remark": ""}}


@pytest.mark.parametrize("typed", [{"suggest_provider_guarantee": "0"}, {"remark_provider_guarantee": "Te hoog."}])
def test_what_is_typed_with_a_term_counts_as_its_tick(
    world: World, editor: Client, url: Url, typed: dict[str, str]
) -> None:
    """Without scripts the boxes of a term can be filled in without the tick; zero is a value."""
    contract = world.contract(status="proposed")
    answer = {"version": contract.version, "reason": "Nee.", **typed}
    assert editor.post(url("reject", pk=contract.pk), answer).status_code == 302
    contract.refresh_from_db()
    assert contract.rejected_terms == ["provider_guarantee"]
    kept = (
        {"value": 0, "remark": ""} if "suggest_provider_guarantee" in typed else {"value": None, "remark": "Te hoog."}
    )
    assert contract.suggestions == {"provider_guarantee": kept}


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"suggest_provider_share": "175"}, "suggest_provider_share"),
        ({"suggest_provider_guarantee": "veel"}, "suggest_provider_guarantee"),
        ({"suggest_receiver_guarantee": "100"}, "suggest_receiver_guarantee"),
        ({"suggest_guarantee_per_performance": "perhaps"}, "suggest_guarantee_per_performance"),
    ],
)
def test_a_suggestion_that_cannot_be_is_told_beside_its_box_and_nothing_typed_is_lost(
    world: World, editor: Client, url: Url, typed: dict[str, str], field: str
) -> None:
    contract = world.contract(status="proposed")
    answer = {"version": contract.version, "reason": "Zie het veld.", "rejected_terms": ["remarks"], **typed}
    page = editor.post(url("reject", pk=contract.pk), answer)
    assert page.status_code == 200
    assert set(page.context["reject_form"].errors) == {field}
    text = page.content.decode()
    assert f'id="reject_{field}_error"' in text
    assert f'href="#reject_{field}"' in text
    assert "Zie het veld." in text
    opened = [line.name for line in page.context["reject_form"].lines() if line.opened]
    assert opened == sorted([field.removeprefix("suggest_"), "remarks"], key=list(rejectable("partage")).index)
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


# --- two people ----------------------------------------------------------------------------------------------
@pytest.fixture
def two(world: World) -> World:
    world.kade.four_eyes = True
    world.kade.save()
    return world


def test_the_first_yes_is_kept_and_shown_and_the_second_makes_the_agreement(
    two: World, editor: Client, manager: Client, url: Url
) -> None:
    contract = two.contract(status="proposed")
    here = url("contract", pk=contract.pk)
    reply = editor.post(url("approve", pk=contract.pk), {"version": contract.version}, follow=True)
    contract.refresh_from_db()
    assert (contract.status, contract.endorsed_by) == (Status.PROPOSED, two.people["kade_editor"])
    assert "A colleague has to agree as well" in text_of(reply)
    assert acts(reply) == {"reject", "counter"}, "one's own second yes is no second person's"
    page = manager.get(here)
    assert f"{two.people['kade_editor'].name} agreed," in text_of(page)
    assert "approve" in acts(page)
    start = manager.get(url("start"))
    assert (start.context["waiting"], start.context["half_agreed"]) == ([], [contract])
    assert two.people["kade_editor"].name in text_of(start)
    assert "That was you" in text_of(editor.get(url("start")))
    assert manager.post(url("approve", pk=contract.pk), {"version": contract.version}).status_code == 302
    contract.refresh_from_db()
    assert (contract.status, contract.answered_by) == (Status.APPROVED, two.people["kade_manager"])


def test_who_agreed_already_hears_it_and_who_read_the_page_before_hears_who_was_first(
    two: World, editor: Client, manager: Client, url: Url
) -> None:
    contract = two.contract(status="proposed")
    seen = contract.version
    editor.post(url("approve", pk=contract.pk), {"version": seen})
    contract.refresh_from_db()
    again = editor.post(url("approve", pk=contract.pk), {"version": contract.version}, follow=True)
    assert "You agreed already." in text_of(again)
    page = manager.post(url("approve", pk=contract.pk), {"version": seen})
    assert page.status_code == 409
    assert f"{two.people['kade_editor'].name} agreed to this as the first of two" in text_of(page)
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


def test_the_provider_s_first_of_two_on_an_adapted_proposal_is_not_for_the_receiver(
    world: World, editor: Client, url: Url
) -> None:
    world.agency.four_eyes = True
    world.agency.save()
    contract = world.contract()
    actions.propose(contract, actor=world.actors["agency_editor"])
    actions.propose(contract, actor=world.actors["agency_manager"])
    counter = actions.counter(contract, actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000})
    actions.adopt(counter, actor=world.actors["agency_manager"])
    counter.refresh_from_db()
    assert counter.endorsed_by == world.people["agency_manager"]
    page = editor.get(url("contract", pk=counter.pk))
    assert (page.context["first_yes"], "agreed," in text_of(page)) == (None, False)


# --- time ----------------------------------------------------------------------------------------------------
def test_the_last_day_shows_on_page_list_and_start_and_what_is_due_comes_first(
    world: World, editor: Client, url: Url
) -> None:
    later, sooner, never = (world.contract(status="proposed", performances=[one]) for one in world.performances)
    last_day(later, 9)
    last_day(sooner, 2)
    assert "Answer by" in text_of(editor.get(url("contract", pk=sooner.pk)))
    assert "Answer by Mon" not in text_of(editor.get(url("contract", pk=never.pk)))
    assert editor.get(url("start")).context["waiting"] == [sooner, later, never]
    rows = editor.get(url("contracts") + "?status=proposed").context["list"].page.object_list
    assert list(rows) == [sooner, later, never]
    rows = editor.get(url("contracts") + "?order=-due").context["list"].page.object_list
    assert list(rows) == [later, sooner, never]


def test_after_the_last_day_the_yes_is_gone_and_the_page_says_how_to_go_on(
    world: World, editor: Client, url: Url
) -> None:
    contract = world.contract(status="proposed")
    last_day(contract, -1)
    page = editor.get(url("contract", pk=contract.pk))
    assert acts(page) == {"reject", "counter"}
    assert "The last day to approve this was" in text_of(page)
    assert "Ask the provider for another day" in text_of(page)
    reply = editor.post(url("approve", pk=contract.pk), {"version": contract.version}, follow=True)
    assert text_of(reply).count("The last day to approve this was") == 2
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED
    assert [editor.get(url(name)).content.decode().count("#ban") for name in ("start", "contracts")] == [1, 1]
    answer = {"version": contract.version, "reason": "Te laat gezien."}
    assert editor.post(url("reject", pk=contract.pk), answer).status_code == 302


def test_on_the_last_day_itself_it_can_be_approved(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    last_day(contract, 0)
    assert "approve" in acts(editor.get(url("contract", pk=contract.pk)))
    editor.post(url("approve", pk=contract.pk), {"version": contract.version})
    contract.refresh_from_db()
    assert contract.status == Status.APPROVED


# --- on behalf, and the place in the line --------------------------------------------------------------------
def test_an_answer_recorded_on_our_behalf_says_so(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    actions.approve(contract, actor=world.actors["agency_editor"], source=AnswerSource.TELEPHONE)
    page = editor.get(url("contract", pk=contract.pk))
    planner = world.people["agency_editor"].name
    assert f"Approved, recorded on your behalf by {planner} of Impresariaat Noord" in text_of(page)
    assert "answered by telephone" in text_of(page)
    assert "undo" not in acts(page), "what the provider wrote down is not ours to take back"


def test_a_revision_names_what_stays_in_force_and_afterwards_what_replaced_it(
    world: World, editor: Client, url: Url
) -> None:
    agreed = world.contract(status="approved")
    revision = actions.revise(agreed, actor=world.actors["agency_editor"])
    assert "revision" not in text_of(editor.get(url("contract", pk=agreed.pk))), "a concept does not show"
    actions.propose(revision, actor=world.actors["agency_editor"])
    assert "Stays in force until its revision, version 2" in text_of(editor.get(url("contract", pk=agreed.pk)))
    assert "Version 1 stays in force until" in text_of(editor.get(url("contract", pk=revision.pk)))
    actions.approve(revision, actor=world.actors["kade_editor"])
    assert "Replaced by version 2." in text_of(editor.get(url("contract", pk=agreed.pk)))
    assert "stays in force" not in text_of(editor.get(url("contract", pk=revision.pk)))


def test_the_line_of_versions_says_who_when_and_whose_terms(world: World, editor: Client, url: Url) -> None:
    first = world.contract(status="proposed")
    counter = actions.counter(first, actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000})
    actions.adopt(counter, actor=world.actors["agency_manager"])
    page = text_of(editor.get(url("contract", pk=counter.pk)))
    people = world.people
    for piece in (
        f"The provider's terms, proposed by {people['agency_editor'].name}",
        f"Rejected by {people['kade_editor'].name}",
        f"Your terms, sent by {people['kade_editor'].name}",
        f"Adapted proposal accepted by {people['agency_manager'].name} of Impresariaat Noord",
        "What differs from version 1",
    ):
        assert piece in page, piece


# --- taken back ----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("status", ["approved", "rejected"])
def test_a_slip_is_taken_back_after_a_question(world: World, editor: Client, url: Url, status: str) -> None:
    contract = world.contract(status=status)
    page = editor.get(url("contract", pk=contract.pk))
    assert "undo" in acts(page)
    assert "for 10 more minutes" in text_of(page)
    asked = editor.get(url("undo", pk=contract.pk))
    assert "De Storm" in text_of(asked)
    contract.refresh_from_db()
    assert contract.status == status, "the question changes nothing"
    sent = filled_in(url("undo", pk=contract.pk), asked.content.decode(), url("undo", pk=contract.pk))
    assert editor.post(url("undo", pk=contract.pk), sent).status_code == 302
    contract.refresh_from_db()
    assert (contract.status, contract.answered_at) == (Status.PROPOSED, None)
    # The same form once more: there is no answer any more that was read.
    assert editor.post(url("undo", pk=contract.pk), sent).status_code in (302, 409)
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


def test_after_ten_minutes_there_is_no_button_and_the_page_in_another_window_is_refused(
    world: World, editor: Client, url: Url
) -> None:
    contract = world.contract(status="approved")
    Contract.objects.filter(pk=contract.pk).update(answered_at=timezone.now() - dt.timedelta(minutes=9, seconds=30))
    assert "for 1 more minute." in text_of(editor.get(url("contract", pk=contract.pk)))
    Contract.objects.filter(pk=contract.pk).update(answered_at=timezone.now() - dt.timedelta(minutes=11))
    assert "undo" not in acts(editor.get(url("contract", pk=contract.pk)))
    assert editor.get(url("undo", pk=contract.pk)).status_code == 302
    reply = editor.post(url("undo", pk=contract.pk), {"version": contract.version}, follow=True)
    assert "can be taken back for 10 minutes, and those are over" in text_of(reply)
    contract.refresh_from_db()
    assert contract.status == Status.APPROVED


def test_another_answer_than_the_one_read_is_not_taken_back(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="approved")
    seen = contract.version
    actions.undo(contract, actor=world.actors["kade_manager"])
    actions.reject(contract, actor=world.actors["kade_manager"], reason="Nee.")
    assert editor.post(url("undo", pk=contract.pk), {"version": seen}).status_code == 409
    contract.refresh_from_db()
    assert contract.status == Status.REJECTED


def test_a_viewer_takes_nothing_back(world: World, client: Client, url: Url) -> None:
    contract = world.contract(status="approved")
    client.force_login(world.people["kade_viewer"])
    assert "undo" not in acts(client.get(url("contract", pk=contract.pk)))
    assert client.post(url("undo", pk=contract.pk), {"version": contract.version}).status_code == 403


def test_what_is_wrong_with_a_suggested_tranche_leads_to_its_box(world: World, editor: Client, url: Url) -> None:
    terms = {"tranches": [{"amount": 99_999_999, "percentage": "70.00"}], "copyright_percentage": Decimal(12)}
    contract = world.contract(kind="volume", terms=terms, status="proposed")
    answer = {"version": contract.version, "reason": "Anders.", "suggest_tranches-0-percentage": "170"}
    page = editor.post(url("reject", pk=contract.pk), answer).content.decode()
    assert 'href="#reject_suggest_tranches-0-amount"' in page
    assert re.search(r'<input[^>]*\sid="reject_suggest_tranches-0-amount"', page)
    assert re.search(r'<label[^>]*for="reject_suggest_tranches-0-percentage"', page)
