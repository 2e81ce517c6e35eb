"""Several proposals answered at once: what is about to happen, and what became of each."""

import datetime as dt
import re
from collections.abc import Callable
from typing import Any
from urllib.parse import urlencode

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.journal.models import Entry
from dipportal.receivers.refusals import who_was_first
from tests.access.filling import filled_in
from tests.receivers.test_answers import acts, text_of
from tests.world import World, evening

Url = Callable[..., str]


def ticks(*contracts: Contract) -> list[str]:
    return [f"{contract.pk}:{contract.version}" for contract in contracts]


def asked(client: Client, address: str, answer: str, chosen: list[str]) -> tuple[Any, dict[str, Any]]:
    """The question, and what its form sends."""
    page = client.get(f"{address}?{urlencode({'answer': answer, 'chosen': chosen}, doseq=True)}")
    return page, filled_in(address, page.content.decode(), address)


def proposals(world: World, number: int = 3) -> list[Contract]:
    for _one in range(number - len(world.performances)):
        world.performances.append(
            Performance.objects.create(
                number=50_000_000 + Performance.objects.count(),
                production=world.production,
                theater=world.theater,
                hall=world.hall,
                starts_at=evening(60 + Performance.objects.count()),
            )
        )
    return [world.contract(status="proposed", performances=[one]) for one in world.performances[:number]]


@pytest.mark.parametrize("page", ["start", "contracts"])
def test_proposals_are_ticked_in_the_lists_and_approved_together(
    world: World, editor: Client, url: Url, page: str
) -> None:
    rows = proposals(world)
    text = editor.get(url(page)).content.decode()
    assert re.findall(r'name="chosen"\s+value="([^"]+)"', text) == ticks(*rows)
    asking, sent = asked(editor, url("answers"), "approve", ticks(*rows[:2]))
    assert [row.contract for row in asking.context["rows"]] == rows[:2]
    assert text_of(asking).count("De Storm") == 2
    assert {row.status for row in Contract.objects.all()} == {Status.PROPOSED}, "the question changes nothing"
    reply = editor.post(url("answers"), {**sent, "note": "Akkoord."})
    assert (reply.status_code, reply.headers["Location"]) == (302, url("answered"))
    found = {row.pk: (row.status, row.answer_note) for row in Contract.objects.all()}
    yes, open_still = (Status.APPROVED, "Akkoord."), (Status.PROPOSED, "")
    assert found == {rows[0].pk: yes, rows[1].pk: yes, rows[2].pk: open_still}
    told = editor.get(url("answered"))
    assert (told.context["done"], [row["done"] for row in told.context["rows"]]) == (2, [True, True])
    assert "2 of 2 answered." in text_of(told)


def test_all_are_rejected_with_one_reason_which_is_required(world: World, editor: Client, url: Url) -> None:
    rows = proposals(world)
    _page, sent = asked(editor, url("answers"), "reject", ticks(*rows))
    refused = editor.post(url("answers"), {**sent, "reason": " "})
    assert set(refused.context["form"].errors) == {"reason"}
    assert [row.contract for row in refused.context["rows"]] == rows, "what was ticked stays chosen"
    assert {row.status for row in Contract.objects.all()} == {Status.PROPOSED}
    editor.post(url("answers"), {**sent, "reason": "Seizoen is vol."})
    found = {(row.status, row.rejection_reason, tuple(row.rejected_terms)) for row in Contract.objects.all()}
    assert found == {(Status.REJECTED, "Seizoen is vol.", ())}
    assert Entry.objects.filter(code="contract.rejected").count() == 3


def test_one_that_fails_fails_alone_and_says_why(world: World, editor: Client, url: Url) -> None:
    good, changed, gone = proposals(world)
    _page, sent = asked(editor, url("answers"), "approve", ticks(good, changed, gone))
    agency = world.actors["agency_editor"]
    actions.withdraw(changed, actor=agency)
    actions.propose(changed, actor=agency)
    actions.withdraw(gone, actor=agency)
    editor.post(url("answers"), sent)
    with translation.override("en"):
        moved_on = who_was_first(changed)
    assert moved_on.startswith("The provider changed this proposal")
    told = {row["contract"]: (row["done"], row["text"]) for row in editor.get(url("answered")).context["rows"]}
    assert told == {
        good: (True, "Approved"),
        changed: (False, moved_on),
        None: (False, "Not found: it was taken back, or it is not yours."),
    }  # fmt: skip
    assert [row.status for row in (good, changed, gone) if row.refresh_from_db() is None] == [
        Status.APPROVED, Status.PROPOSED, Status.CONCEPT,
    ]  # fmt: skip


def test_what_cannot_be_answered_is_left_out_with_its_reason(world: World, editor: Client, url: Url) -> None:
    good, answered, expired = proposals(world)
    foreign = world.rival_contract(status="proposed")
    actions.approve(answered, actor=world.actors["kade_manager"])
    Contract.objects.filter(pk=expired.pk).update(answer_by=timezone.localdate() - dt.timedelta(days=1))
    chosen = [*ticks(good, answered, expired, foreign), "99999999:1", "nonsense", "1:x"]
    page, sent = asked(editor, url("answers"), "approve", chosen)
    assert [row.contract for row in page.context["rows"]] == [good]
    left = {row.pk: row.fault for row in page.context["left_out"]}
    assert set(left) == {answered.pk, expired.pk, foreign.pk, 99999999}
    assert "already approved by" in left[answered.pk]
    assert "The last day to approve this was" in left[expired.pk]
    assert left[foreign.pk] == left[99999999] == "Not found: it was taken back, or it is not yours."
    assert "Windstilte" not in text_of(page)
    assert sent["chosen"] == ticks(good)
    # Late is late for a yes only.
    page, _sent = asked(editor, url("answers"), "reject", ticks(good, expired))
    assert [row.contract for row in page.context["rows"]] == [good, expired]


def test_a_foreign_one_that_is_posted_stays_as_it_is(world: World, editor: Client, url: Url) -> None:
    foreign = world.rival_contract(status="proposed")
    reply = editor.post(url("answers"), {"answer": "reject", "reason": "Nee.", "chosen": ticks(foreign)}, follow=True)
    assert "Windstilte" not in text_of(reply)
    assert "Not found" in text_of(reply)
    foreign.refresh_from_db()
    assert foreign.status == Status.PROPOSED


def test_doing_it_again_changes_nothing(world: World, editor: Client, url: Url) -> None:
    rows = proposals(world)
    _page, sent = asked(editor, url("answers"), "approve", ticks(*rows))
    for _time in range(2):
        editor.post(url("answers"), sent)
        assert editor.get(url("answered")).context["done"] == 3
    assert Entry.objects.filter(code="contract.approved").count() == 3


def test_one_s_own_counter_is_not_answered_with_the_rest(world: World, editor: Client, url: Url) -> None:
    proposed = world.contract(status="proposed")
    counter = actions.counter(proposed, actor=world.actors["kade_editor"], terms={"provider_guarantee": 500000})
    page, _sent = asked(editor, url("answers"), "approve", ticks(counter))
    assert acts(page).isdisjoint({"approve_many", "reject_many"})
    editor.post(url("answers"), {"answer": "approve", "chosen": ticks(counter)})
    counter.refresh_from_db()
    assert counter.status == Status.PROPOSED


def test_the_first_of_two_is_told_as_such(world: World, editor: Client, manager: Client, url: Url) -> None:
    world.kade.four_eyes = True
    world.kade.save()
    rows = proposals(world)
    _page, sent = asked(editor, url("answers"), "approve", ticks(*rows))
    editor.post(url("answers"), sent)
    told = editor.get(url("answered")).context["rows"]
    assert {row["text"] for row in told} == {"Agreed as the first of two: a colleague has to agree as well"}
    rows = list(Contract.objects.order_by("pk"))
    page, _sent = asked(editor, url("answers"), "approve", ticks(*rows))
    assert {row.fault for row in page.context["left_out"]} == {"You agreed already. A colleague has to agree as well."}
    _page, sent = asked(manager, url("answers"), "approve", ticks(*rows))
    manager.post(url("answers"), sent)
    assert {row.status for row in Contract.objects.all()} == {Status.APPROVED}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"answer": "approve"}, "Tick at least one proposal."),
        ({"answer": "burn", "chosen": ["1:1"]}, "Choose whether you approve or reject."),
        ({"answer": "reject", "chosen": [f"{number}:1" for number in range(1, 102)]}, "at most 100 proposals at once"),
    ],
)
def test_a_choice_that_makes_no_sense_leads_back_with_a_word(
    world: World, editor: Client, url: Url, query: dict[str, Any], sentence: str
) -> None:
    for reply in (editor.get(url("answers"), query, follow=True), editor.post(url("answers"), query, follow=True)):
        assert reply.redirect_chain[-1][0] == url("contracts")
        assert sentence in text_of(reply)


def test_a_viewer_has_no_boxes_and_answers_nothing(world: World, client: Client, url: Url) -> None:
    rows = proposals(world)
    client.force_login(world.people["kade_viewer"])
    for page in ("start", "contracts"):
        assert 'name="chosen"' not in client.get(url(page)).content.decode()
    assert client.get(url("answers"), {"answer": "approve", "chosen": ticks(*rows)}).status_code == 403
    assert client.post(url("answers"), {"answer": "approve", "chosen": ticks(*rows)}).status_code == 403
    assert {row.status for row in Contract.objects.all()} == {Status.PROPOSED}


def test_the_result_of_one_house_is_not_shown_in_another(world: World, editor: Client, url: Url) -> None:
    assert editor.get(url("answered")).headers["Location"] == url("contracts")
    _page, sent = asked(editor, url("answers"), "approve", ticks(*proposals(world)))
    editor.post(url("answers"), sent)
    session = editor.session
    session["answered_at_once"] = {**session["answered_at_once"], "house": "de-haven"}
    session.save()
    assert editor.get(url("answered")).status_code == 302


def test_asking_costs_the_same_for_three_and_for_thirty(world: World, editor: Client, url: Url) -> None:
    """Also where a colleague agreed first, and approvers are named."""
    world.kade.four_eyes = True
    world.kade.save()
    world.kade.memberships.filter(user=world.people["kade_manager"]).update(approver=True)
    third = world.colleague(world.kade)
    rows = proposals(world, 30)
    for row in rows:
        actions.approve(row, actor=third)
    costs = []
    for number in (3, 30):
        asked(editor, url("answers"), "approve", ticks(*rows[:number]))
        with CaptureQueriesContext(connection) as queries:
            page, _sent = asked(editor, url("answers"), "approve", ticks(*rows[:number]))
        assert len(page.context["left_out"]) == number
        costs.append(len(queries))
    assert costs[0] == costs[1]


def test_the_lists_cost_the_same_with_half_agreed_ones_and_counters(world: World, editor: Client, url: Url) -> None:
    world.kade.four_eyes = True
    world.kade.save()
    costs: dict[str, list[int]] = {"start": [], "contracts": []}
    rows = proposals(world, 24)
    for few in (rows[:4], rows[4:]):
        for index, row in enumerate(few):
            if index % 2:
                actions.approve(row, actor=world.actors["kade_manager"])
            else:
                actions.counter(row, actor=world.actors["kade_editor"], terms={"provider_guarantee": 1})
        for page, found in costs.items():
            editor.get(url(page))
            with CaptureQueriesContext(connection) as queries:
                editor.get(url(page))
            found.append(len(queries))
    assert [few == many for few, many in costs.values()] == [True, True], costs
