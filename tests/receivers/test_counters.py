"""The adapted proposal: typed, shown as old and new, sent as shown, taken back."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.organisations.enums import Side
from tests.access.filling import filled_in
from tests.receivers.test_answers import acts, text_of
from tests.world import World

Url = Callable[..., str]


def typed(client: Client, address: str, **changes: Any) -> dict[str, Any]:
    """The form as it stands on its page, with what a person types over it."""
    page = client.get(address)
    assert page.status_code == 200
    return {**filled_in(address, page.content.decode(), address), **changes}


def checked(client: Client, address: str, data: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    page = client.post(address, {**data, "step": "check"})
    return page, {**filled_in(address, page.content.decode(), address), "step": "send"}


@pytest.mark.parametrize("status", ["proposed", "rejected"])
def test_what_is_changed_is_shown_first_and_sent_then(world: World, editor: Client, url: Url, status: str) -> None:
    contract = world.contract(status=status)
    before = contract.term_values()
    address = url("counter", pk=contract.pk)
    assert "counter" in acts(editor.get(url("contract", pk=contract.pk)))
    data = typed(editor, address, provider_guarantee="5.000", provider_share="75", remark="Kleine zaal.")
    page, shown = checked(editor, address, data)
    assert (page.status_code, Contract.objects.count()) == (200, 1)
    changes = [(change.name, change.old, change.new) for change in page.context["changes"]]
    assert text_of(page).count("changed") == 2, "marked, not by colour alone"
    assert changes == [
        ("provider_share", "80\xa0%", "75\xa0%"),
        ("provider_guarantee", "€\xa06.500,00", "€\xa05.000,00"),
    ]
    assert (shown["provider_guarantee"], shown["remark"]) == (["5.000"], ["Kleine zaal."]), "what was typed stays"
    reply = editor.post(address, shown)
    sent = Contract.objects.get(parent=contract)
    assert (reply.status_code, reply.headers["Location"]) == (302, url("contract", pk=sent.pk))
    assert (sent.side, sent.status, sent.provider_guarantee, sent.provider_share) == (
        Side.RECEIVER, Status.PROPOSED, 500000, 75,
    )  # fmt: skip
    contract.refresh_from_db()
    assert (contract.status, contract.term_values()) == (Status.REJECTED, before)
    reason = {"proposed": "Kleine zaal.", "rejected": "De garantie is te hoog."}[status]
    assert contract.rejection_reason == reason


def test_sent_once_more_leads_to_what_was_sent(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    address = url("counter", pk=contract.pk)
    _page, shown = checked(editor, address, typed(editor, address, provider_guarantee="5000"))
    first = editor.post(address, shown)
    second = editor.post(address, shown)
    assert (second.status_code, second.headers["Location"]) == (302, first.headers["Location"])
    assert Contract.objects.count() == 2


def test_nothing_is_sent_that_was_not_shown(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    address = url("counter", pk=contract.pk)
    data = typed(editor, address, provider_guarantee="5000")
    page = editor.post(address, {**data, "step": "send"})
    assert [change.new for change in page.context["changes"]] == ["€\xa05.000,00"]
    _page, shown = checked(editor, address, data)
    page = editor.post(address, {**shown, "provider_guarantee": "4000"})
    assert [change.new for change in page.context["changes"]] == ["€\xa04.000,00"]
    assert Contract.objects.count() == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({}, "__all__"),
        ({"theater_surcharge": "2,00", "receiver_guarantee": ""}, "__all__"),
        ({"provider_share": ""}, "provider_share"),
        ({"provider_share": "veel"}, "provider_share"),
        ({"receiver_guarantee": "100"}, "receiver_guarantee"),
    ],
)
def test_a_counter_that_cannot_be_is_refused_before_it_can_be_sent(
    world: World, editor: Client, url: Url, changes: dict[str, str], field: str
) -> None:
    contract = world.contract(status="proposed")
    address = url("counter", pk=contract.pk)
    page = editor.post(address, typed(editor, address, remark="Blijft staan.", **changes))
    assert set(page.context["form"].errors) == {field}
    assert "send" not in acts(page)
    assert "Blijft staan." in page.content.decode()
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


def test_terms_that_changed_meanwhile_are_shown_beside_what_was_typed(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    address, agency = url("counter", pk=contract.pk), world.actors["agency_editor"]
    _page, shown = checked(editor, address, typed(editor, address, provider_guarantee="5000"))
    actions.withdraw(contract, actor=agency)
    terms = {"provider_guarantee": 600000, "remarks": "Nieuw."}
    actions.update_concept(contract, actor=agency, seen_version=contract.version, terms=terms)
    actions.propose(contract, actor=agency)
    page = editor.post(address, shown)
    assert page.status_code == 409
    assert [(change.old, change.new) for change in page.context["changes"]] == [
        ("€\xa06.000,00", "€\xa05.000,00"),
        ("Nieuw.", "Speelduur 90 minuten zonder pauze."),
    ]
    assert Contract.objects.count() == 1
    # Who has seen both can send it.
    again = {**filled_in(address, page.content.decode(), address), "step": "send"}
    assert editor.post(address, again).status_code == 302
    assert Contract.objects.get(parent=contract).remarks == "Speelduur 90 minuten zonder pauze."


def test_a_proposal_that_was_answered_meanwhile_takes_no_counter(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    address = url("counter", pk=contract.pk)
    _page, shown = checked(editor, address, typed(editor, address, provider_guarantee="5000"))
    actions.approve(contract, actor=world.actors["kade_manager"])
    page = editor.post(address, shown)
    assert page.status_code == 409
    assert world.people["kade_manager"].name in text_of(page)
    assert editor.get(address).status_code == 302
    assert Contract.objects.count() == 1


def test_a_concept_of_the_provider_does_not_show_until_it_stands_in_the_way(
    world: World, editor: Client, url: Url
) -> None:
    contract = world.contract(status="rejected")
    address = url("counter", pk=contract.pk)
    actions.amend(contract, actor=world.actors["agency_editor"])
    assert "counter" in acts(editor.get(url("contract", pk=contract.pk)))
    _page, shown = checked(editor, address, typed(editor, address, provider_guarantee="5000"))
    page = editor.post(address, shown)
    assert "the next move is the provider's" in text_of(page)
    assert "later version" not in text_of(page)
    assert Contract.objects.count() == 2


def test_a_form_writes_the_terms_and_nothing_else(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    address = url("counter", pk=contract.pk)
    _page, shown = checked(editor, address, typed(editor, address, provider_guarantee="5000"))
    foreign = {
        "provider": world.rival.pk, "theater": world.other_theater.pk, "production": world.rival_production.pk,
        "performances": world.rival_performance.pk, "side": "provider", "status": "approved", "number": "9",
        "own_reference": "ZZ", "contact_provider": "zz@attack.example", "buyout_amount": "1", "answer_by": "2001-01-01",
    }  # fmt: skip
    assert editor.post(address, {**shown, **foreign}).status_code == 302
    sent = Contract.objects.get(parent=contract)
    same = ("provider", "theater", "production", "type", "own_reference", "contact_provider", "buyout_amount")
    assert [name for name in same if getattr(sent, name) != getattr(contract, name)] == []
    assert (sent.side, sent.status, sent.number, sent.answer_by) == (Side.RECEIVER, Status.PROPOSED, 2, None)
    assert list(sent.performances.all()) == list(contract.performances.all())


def test_a_viewer_adapts_nothing(world: World, client: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    client.force_login(world.people["kade_viewer"])
    assert client.get(url("counter", pk=contract.pk)).status_code == 403
    assert client.post(url("counter", pk=contract.pk), {"version": contract.version}).status_code == 403


# --- one's own, once it was sent -----------------------------------------------------------------------------
@pytest.fixture
def sent(world: World) -> Contract:
    proposed = world.contract(status="proposed")
    return actions.counter(proposed, actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000})


def test_one_s_own_waits_for_the_provider_and_is_never_ours_to_answer(sent: Contract, editor: Client, url: Url) -> None:
    page = editor.get(url("contract", pk=sent.pk))
    assert acts(page) == {"retract"}
    label = "Adapted proposal, waits for the provider"
    assert label in text_of(page)
    start = editor.get(url("start"))
    assert (start.context["waiting"], start.context["counters"]) == ([], [sent])
    assert {item.url: item.count for item in start.context["navigation"]}[url("contracts")] == 0
    for name in ("start", "contracts", "performances"):
        assert label in text_of(editor.get(url(name))), name
    assert editor.get(url("contracts")).context["marks"].tickable == set()
    for name in ("approve", "reject"):
        reply = editor.post(url(name, pk=sent.pk), {"version": sent.version, "reason": "Nee."})
        assert reply.status_code == 409
        assert "your own adapted proposal" in text_of(reply)
    sent.refresh_from_db()
    assert sent.status == Status.PROPOSED


def test_it_is_taken_back_after_a_question_once(sent: Contract, editor: Client, url: Url) -> None:
    address = url("retract", pk=sent.pk)
    data = typed(editor, address, reason="Vergissing.")
    assert editor.post(address, data).status_code == 302
    sent.refresh_from_db()
    assert (sent.status, sent.answer_source, sent.rejection_reason) == (Status.REJECTED, "", "Vergissing.")
    page = text_of(editor.get(url("contract", pk=sent.pk)))
    assert "Adapted proposal, taken back" in page
    assert "Adapted proposal taken back by" in page
    assert editor.post(address, data).status_code == 409
    assert editor.get(address).status_code == 302


def test_what_the_provider_accepted_first_is_not_taken_back(
    world: World, sent: Contract, editor: Client, url: Url
) -> None:
    address = url("retract", pk=sent.pk)
    data = typed(editor, address)
    actions.adopt(sent, actor=world.actors["agency_editor"])
    assert editor.post(address, data).status_code == 409
    sent.refresh_from_db()
    assert sent.status == Status.APPROVED


def test_a_proposal_of_the_provider_is_not_ours_to_take_back(world: World, editor: Client, url: Url) -> None:
    contract = world.contract(status="proposed")
    assert editor.get(url("retract", pk=contract.pk)).status_code == 302
    assert editor.post(url("retract", pk=contract.pk), {"version": contract.version}).status_code == 409
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED
