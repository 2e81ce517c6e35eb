"""Adapted proposals, suggestions, revisions, answers from outside, last days and two people, through the real pages."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.core.dates import day
from dipportal.organisations.models import Membership, Organisation
from tests.providers.browser import at, fields, send, signed_in
from tests.world import World

TODAY = timezone.localdate()


def countered(world: World, contract: Contract | None = None) -> Contract:
    return actions.counter(
        contract or world.contract(status="proposed"),
        actor=world.actors["kade_editor"],
        terms={"provider_guarantee": 500000},
        remark="Onze avonden lopen minder.",
    )


def rejected(world: World) -> Contract:
    proposed = world.contract(status="proposed")
    wishes = {
        "provider_share": {"value": Decimal("75"), "remark": "Zoals <b>vorig</b> jaar"},
        "provider_guarantee": {"value": 500000},
        "remarks": {"remark": "Pauze is nodig."},
        "start_time": {"remark": "Graag om 20:00."},
    }
    return actions.reject(
        proposed, actor=world.actors["kade_editor"], reason="Zie de velden.", rejected_terms=list(wishes),
        suggestions=wishes,
    )  # fmt: skip


def page_of(client: Client, world: World, contract: Contract) -> Any:
    return client.get(at(world.agency, "contract", pk=contract.pk))


def now(contract: Contract) -> Contract:
    return Contract.objects.get(pk=contract.pk)


def two_people(world: World) -> None:
    Organisation.objects.filter(pk=world.agency.pk).update(four_eyes=True)


# --- suggestions -----------------------------------------------------------------------------------------------
def test_suggestions_and_remarks_stand_beside_the_rejected_terms(world: World) -> None:
    contract = rejected(world)
    response = page_of(signed_in(world, "agency_viewer"), world, contract)
    rows = {row.term.name: row for group in response.context["groups"] for row in group.rows}
    assert (rows["provider_share"].suggestion, rows["remarks"].remark) == ("75\xa0%", "Pauze is nodig.")
    page = response.content.decode()
    assert page.count("data-suggestion") == 2
    assert "Graag om 20:00." in page
    assert "<b>vorig</b>" not in page


def test_suggestions_are_taken_over_and_marked_in_the_form(world: World) -> None:
    contract, client = rejected(world), signed_in(world, "agency_editor")
    assert 'data-action="take-over"' in page_of(client, world, contract).content.decode()
    answer = client.post(at(world.agency, "contract_amend", pk=contract.pk), {"take_over": "1"})
    following = Contract.objects.get(parent=contract)
    assert answer.headers["Location"] == at(world.agency, "contract_edit", pk=following.pk)
    assert (following.provider_share, following.provider_guarantee) == (Decimal("75.0000"), 500000)
    form = client.get(answer.headers["Location"])
    assert {hint.name for hint in form.context["hints"] if hint.taken} == {"provider_share", "provider_guarantee"}
    page = form.content.decode()
    assert page.count("data-taken") == 2
    assert "<b>vorig</b>" not in page


def test_without_taking_over_the_form_says_what_was_suggested(world: World) -> None:
    contract, client = rejected(world), signed_in(world, "agency_editor")
    client.post(at(world.agency, "contract_amend", pk=contract.pk))
    following = Contract.objects.get(parent=contract)
    assert following.provider_share == Decimal("80.0000")
    form = client.get(at(world.agency, "contract_edit", pk=following.pk))
    assert not any(hint.taken for hint in form.context["hints"])
    assert "75\xa0%" in str(form.context["form"].fields["provider_share"].help_text)


def test_a_rejection_without_suggestions_offers_a_new_version_only(world: World) -> None:
    page = page_of(signed_in(world, "agency_editor"), world, world.contract(status="rejected")).content.decode()
    assert 'data-action="take-over"' not in page
    assert 'data-action="amend"' in page


# --- adapted proposals -----------------------------------------------------------------------------------------
def test_a_counter_shows_the_difference_to_the_own_proposal(world: World) -> None:
    counter = countered(world)
    response = page_of(signed_in(world, "agency_editor"), world, counter)
    changed = [row.term.name for group in response.context["groups"] for row in group.rows if row.changed]
    assert changed == ["provider_guarantee"]
    page = response.content.decode()
    assert "Onze avonden lopen minder." in page
    for action in ("adopt", "decline", "reply"):
        assert f'data-action="{action}"' in page
    for action in ("withdraw", "extend", "record", "amend"):
        assert f'data-action="{action}"' not in page


def test_a_counter_is_accepted_with_a_note(world: World) -> None:
    counter, client = countered(world), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_adopt", pk=counter.pk)
    response = send(client, url, {"note": "Vooruit."}, action="adopt")
    assert response.headers["Location"] == at(world.agency, "contract", pk=counter.pk)
    assert (now(counter).status, now(counter).answer_note) == (Status.APPROVED, "Vooruit.")
    # Once more is no harm, and the page has nothing left to ask.
    assert client.post(url, {"version": now(counter).version}).status_code == 302
    assert client.get(url).status_code == 302
    assert now(counter).status == Status.APPROVED


def test_a_counter_is_declined_with_a_reason(world: World) -> None:
    counter, client = countered(world), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_decline", pk=counter.pk)
    empty = send(client, url, {"reason": " "}, action="decline")
    assert "reason" in empty.context["form"].errors
    assert now(counter).status == Status.PROPOSED
    assert send(client, url, {"reason": "Onder de kostprijs."}, action="decline").status_code == 302
    assert (now(counter).status, now(counter).rejection_reason) == (Status.REJECTED, "Onder de kostprijs.")


def test_a_counter_is_answered_with_own_terms(world: World) -> None:
    counter, client = countered(world), signed_in(world, "agency_editor")
    response = client.post(at(world.agency, "contract_amend", pk=counter.pk))
    reply = Contract.objects.get(parent=counter)
    assert response.headers["Location"] == at(world.agency, "contract_edit", pk=reply.pk)
    assert (reply.provider_guarantee, now(counter).status) == (500000, Status.PROPOSED)
    page = page_of(client, world, counter).content.decode()
    assert at(world.agency, "contract", pk=reply.pk) in page
    assert 'data-action="reply"' not in page
    # A second one is refused.
    client.post(at(world.agency, "contract_amend", pk=counter.pk))
    assert Contract.objects.filter(parent=counter).count() == 1


@pytest.mark.parametrize(("move", "typed"), [("adopt", "note"), ("decline", "reason")])
def test_a_counter_that_was_taken_back_meanwhile_is_not_answered(world: World, move: str, typed: str) -> None:
    counter, client = countered(world), signed_in(world, "agency_editor")
    url = at(world.agency, f"contract_{move}", pk=counter.pk)
    read = fields(client.get(url), move)
    actions.retract(counter, actor=world.actors["kade_editor"])
    response = client.post(url, {**read, typed: "Te laat."}, follow=True)
    assert response.redirect_chain == [(at(world.agency, "contract", pk=counter.pk), 302)]
    assert (now(counter).status, now(counter).answer_source) == (Status.REJECTED, "")


def test_what_was_typed_stays_when_the_counter_changed_but_is_still_open(world: World) -> None:
    counter, client = countered(world), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_decline", pk=counter.pk)
    read = fields(client.get(url), "decline")
    Contract.objects.filter(pk=counter.pk).update(version=counter.version + 1)
    response = client.post(url, {**read, "reason": "Lang getypt verhaal"})
    assert response.status_code == 409
    assert now(counter).status == Status.PROPOSED
    assert "Lang getypt verhaal" in response.content.decode()
    assert client.post(url, fields(response, "decline")).status_code == 302
    assert now(counter).status == Status.REJECTED


def test_one_s_own_proposal_is_neither_adopted_nor_declined(world: World) -> None:
    proposed, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    for move, data in (("adopt", {}), ("decline", {"reason": "Nee."})):
        url = at(world.agency, f"contract_{move}", pk=proposed.pk)
        assert client.get(url).status_code == 302
        assert client.post(url, {"version": proposed.version, **data}).status_code == 302
    assert (now(proposed).status, now(proposed).version) == (Status.PROPOSED, proposed.version)


# --- revisions -------------------------------------------------------------------------------------------------
def test_an_agreement_is_revised_and_says_what_is_in_force(world: World) -> None:
    agreed, client = world.contract(status="approved"), signed_in(world, "agency_editor")
    assert 'data-action="revise"' in page_of(client, world, agreed).content.decode()
    response = client.post(at(world.agency, "contract_revise", pk=agreed.pk))
    revision = Contract.objects.get(revises=agreed)
    assert response.headers["Location"] == at(world.agency, "contract_edit", pk=revision.pk)
    before = page_of(client, world, agreed)
    assert before.context["revision"] == revision
    assert at(world.agency, "contract", pk=revision.pk) in before.content.decode()
    assert 'data-action="revise"' not in before.content.decode()
    assert at(world.agency, "contract", pk=agreed.pk) in page_of(client, world, revision).content.decode()
    # A second one is refused in words, on the page that leads to the first.
    refused = client.post(at(world.agency, "contract_revise", pk=agreed.pk), follow=True)
    assert refused.redirect_chain == [(at(world.agency, "contract", pk=agreed.pk), 302)]
    assert [message.level_tag for message in refused.context["messages"]] == ["error"]
    assert Contract.objects.filter(revises=agreed).count() == 1
    world.bring(revision, "approved")
    after = page_of(client, world, agreed)
    assert (after.context["revision"], after.context["replaced_by"]) == (None, revision)
    assert now(agreed).status == Status.REVISED


def test_a_conflict_offers_a_revision_as_the_way_out(world: World) -> None:
    agreed = world.contract(status="approved")
    actions.flag_conflict(agreed, text="In DIP afgekeurd", actor=world.actors["agency_editor"])
    page = page_of(signed_in(world, "agency_editor"), world, agreed).content.decode()
    assert 'data-action="revise-conflict"' in page
    assert (
        'data-action="revise-conflict"'
        not in page_of(signed_in(world, "agency_viewer"), world, agreed).content.decode()
    )


# --- recorded on behalf ----------------------------------------------------------------------------------------
@pytest.mark.parametrize("source", ["telephone", "letter", "email"])
def test_an_answer_from_outside_is_marked_on_the_page_in_the_list_and_in_the_history(world: World, source: str) -> None:
    proposed, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_record", pk=proposed.pk)
    said = {"answer": "approved", "source": source, "text": "Gesproken met de programmeur."}
    assert send(client, url, said, action="record").status_code == 302
    assert (now(proposed).status, now(proposed).answer_source) == (Status.APPROVED, source)
    assert now(proposed).answer_note == "Gesproken met de programmeur."
    shown = page_of(client, world, proposed)
    assert "data-on-behalf" in shown.content.decode()
    assert "data-on-behalf" in client.get(at(world.agency, "contracts")).content.decode()
    line = next(line for line in shown.context["entries"] if "Gesproken" in line.text)
    assert str(AnswerSource(source).label) in line.text


def test_a_rejection_from_outside_has_its_fields_and_a_reason(world: World) -> None:
    proposed, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_record", pk=proposed.pk)
    said = {"answer": "rejected", "source": "letter", "rejected": ["provider_guarantee", "start_time"], "text": ""}
    refused = send(client, url, said, action="record")
    assert "text" in refused.context["form"].errors
    assert now(proposed).status == Status.PROPOSED
    assert send(client, url, {**said, "text": "Te duur."}, action="record").status_code == 302
    assert now(proposed).rejected_terms == ["provider_guarantee", "start_time"]
    assert now(proposed).rejection_reason == "Te duur."


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"answer": "approved", "source": "portal"}, "source"),
        ({"answer": "approved", "source": "dip"}, "source"),
        ({"answer": "perhaps", "source": "letter"}, "answer"),
        ({"answer": "approved", "source": "letter", "rejected": ["remarks"]}, "rejected"),
        ({"answer": "rejected", "source": "letter", "rejected": ["buyout_amount"], "text": "x"}, "rejected"),
    ],
)
def test_an_answer_that_cannot_be_is_not_recorded(world: World, said: dict[str, Any], wrong: str) -> None:
    proposed = world.contract(status="proposed")
    url = at(world.agency, "contract_record", pk=proposed.pk)
    response = send(signed_in(world, "agency_editor"), url, said, action="record")
    assert wrong in response.context["form"].errors
    assert now(proposed).status == Status.PROPOSED


def test_an_answer_that_the_theater_gave_itself_meanwhile_stands(world: World) -> None:
    proposed, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_record", pk=proposed.pk)
    read = fields(client.get(url), "record")
    actions.reject(proposed, actor=world.actors["kade_editor"], reason="Nee.")
    response = client.post(url, {**read, "answer": "approved", "source": "telephone"})
    assert response.headers["Location"] == at(world.agency, "contract", pk=proposed.pk)
    assert (now(proposed).status, now(proposed).answer_source) == (Status.REJECTED, "portal")


# --- taken back ------------------------------------------------------------------------------------------------
def test_one_s_own_answer_is_taken_back_within_ten_minutes(world: World) -> None:
    proposed, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    actions.approve(proposed, actor=world.actors["agency_manager"], source=AnswerSource.TELEPHONE)
    page = page_of(client, world, proposed)
    url = at(world.agency, "contract_undo", pk=proposed.pk)
    client.post(url)
    assert now(proposed).status == Status.APPROVED, "without the version that was read"
    client.post(url, fields(page, "undo"))
    assert now(proposed).status == Status.PROPOSED
    counter = countered(world, proposed)
    actions.adopt(counter, actor=world.actors["agency_editor"])
    Contract.objects.filter(pk=counter.pk).update(answered_at=timezone.now() - dt.timedelta(minutes=11))
    assert 'data-action="undo"' not in page_of(client, world, counter).content.decode()
    client.post(url.replace(f"/{proposed.pk}/", f"/{counter.pk}/"), {"version": now(counter).version})
    assert now(counter).status == Status.APPROVED


def test_the_theater_s_own_answer_is_not_the_provider_s_to_take_back(world: World) -> None:
    agreed, client = world.contract(status="approved"), signed_in(world, "agency_manager")
    assert 'data-action="undo"' not in page_of(client, world, agreed).content.decode()
    client.post(at(world.agency, "contract_undo", pk=agreed.pk), {"version": agreed.version})
    assert now(agreed).status == Status.APPROVED


# --- given up --------------------------------------------------------------------------------------------------
def test_a_concept_is_given_up_and_taken_back(world: World) -> None:
    concept, client = world.contract(), signed_in(world, "agency_editor")
    Contract.objects.filter(pk=concept.pk).update(dip_id=4711)
    url = at(world.agency, "contract_discard", pk=concept.pk)
    assert "DIP" in client.get(url).content.decode()
    assert send(client, url, {"reason": "Gaat niet door."}, action="discard").status_code == 302
    assert now(concept).discarded_at is not None
    listed = lambda **chosen: list(client.get(at(world.agency, "contracts"), chosen).context["listing"].page)  # noqa: E731
    assert listed() == listed(versions="all") == listed(status="concept") == []
    assert listed(versions="discarded") == [concept]
    assert not client.get(at(world.agency, "search"), {"q": "storm"}).context["contracts"]
    page = page_of(client, world, concept).content.decode()
    assert 'data-action="restore"' in page
    assert 'data-action="propose"' not in page
    for closed in ("contract_edit", "contract_propose", "contract_discard"):
        assert client.get(at(world.agency, closed, pk=concept.pk)).status_code == 302
    client.post(at(world.agency, "contract_restore", pk=concept.pk))
    assert now(concept).discarded_at is None
    assert listed() == [concept]


def test_a_concept_that_a_colleague_changed_is_not_given_up_unread(world: World) -> None:
    concept, client = world.contract(), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_discard", pk=concept.pk)
    read = fields(client.get(url), "discard")
    terms = {**concept.term_values(), "provider_guarantee": 900000}
    actions.update_concept(concept, actor=world.actors["agency_manager"], seen_version=1, terms=terms)
    response = client.post(url, read)
    assert (response.status_code, now(concept).discarded_at) == (409, None)
    client.post(url, fields(response, "discard"))
    assert now(concept).discarded_at is not None


def test_a_concept_is_not_taken_back_when_the_line_went_on_without_it(world: World) -> None:
    before, client = world.contract(status="rejected"), signed_in(world, "agency_editor")
    first = actions.amend(before, actor=world.actors["agency_editor"])
    actions.discard(first, actor=world.actors["agency_editor"])
    assert page_of(client, world, before).context["later"] is None
    actions.amend(before, actor=world.actors["agency_editor"])
    response = client.post(at(world.agency, "contract_restore", pk=first.pk), follow=True)
    assert [message.level_tag for message in response.context["messages"]] == ["error"]
    assert now(first).discarded_at is not None


# --- the last day ----------------------------------------------------------------------------------------------
def test_the_last_day_is_chosen_when_proposing(world: World) -> None:
    Organisation.objects.filter(pk=world.agency.pk).update(answer_days=14)
    concept, client = world.contract(), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_propose", pk=concept.pk)
    assert fields(client.get(url), "propose")["answer_by"] == [str(TODAY + dt.timedelta(days=14))]
    past = send(client, url, {"answer_by": str(TODAY - dt.timedelta(days=1))}, action="propose")
    assert "answer_by" in past.context["form"].errors
    assert now(concept).status == Status.CONCEPT
    assert send(client, url, {"answer_by": str(TODAY + dt.timedelta(days=3))}, action="propose").status_code == 302
    assert now(concept).answer_by == TODAY + dt.timedelta(days=3)


def test_a_proposal_past_its_last_day_gets_another(world: World) -> None:
    proposed, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    other = world.contract(status="proposed")
    Contract.objects.filter(pk=proposed.pk).update(answer_by=TODAY - dt.timedelta(days=1))
    start = {section.kind.name: section for section in client.get(world.agency.home_url).context["sections"]}
    assert ([row.pk for row in start["expired"].rows], start["unanswered"].rows) == ([proposed.pk], [other])
    listed = client.get(start["expired"].url).context["listing"].page
    assert [row.pk for row in listed] == [proposed.pk]
    assert page_of(client, world, proposed).context["expired"]
    url = at(world.agency, "contract_extend", pk=proposed.pk)
    past = send(client, url, {"answer_by": str(TODAY - dt.timedelta(days=2))}, action="extend")
    assert "answer_by" in past.context["form"].errors
    assert send(client, url, {"answer_by": str(TODAY)}, action="extend").status_code == 302
    assert now(proposed).answer_by == TODAY
    shown = page_of(client, world, proposed)
    assert not shown.context["expired"]
    assert day(TODAY) in " ".join(line.text for line in shown.context["entries"])
    assert send(client, url, {"answer_by": ""}, action="extend").status_code == 302
    assert now(proposed).answer_by is None


def test_the_last_day_of_what_was_answered_meanwhile_stays(world: World) -> None:
    proposed, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_extend", pk=proposed.pk)
    read = fields(client.get(url), "extend")
    actions.approve(proposed, actor=world.actors["kade_editor"])
    client.post(url, {**read, "answer_by": str(TODAY)})
    assert (now(proposed).status, now(proposed).answer_by) == (Status.APPROVED, None)


# --- two people ------------------------------------------------------------------------------------------------
def test_two_people_propose_one_after_the_other(world: World) -> None:
    two_people(world)
    concept, last = world.contract(), TODAY + dt.timedelta(days=5)
    first, second = signed_in(world, "agency_editor"), signed_in(world, "agency_manager")
    url = at(world.agency, "contract_propose", pk=concept.pk)
    assert send(first, url, {"answer_by": str(last)}, action="propose").status_code == 302
    assert (now(concept).status, now(concept).endorsed_by) == (Status.CONCEPT, world.people["agency_editor"])
    # The first has no button any more; the second finds who agreed, and the day.
    assert 'data-action="propose"' not in first.get(url).content.decode()
    again = first.post(url, {"version": now(concept).version}, follow=True)
    assert now(concept).status == Status.CONCEPT
    assert "error" in [message.level_tag for message in again.context["messages"]]
    page = second.get(url)
    assert world.people["agency_editor"].get_full_name() in page.content.decode()
    assert fields(page, "propose")["answer_by"] == [str(last)]
    waiting = {section.kind.name: section.rows for section in second.get(world.agency.home_url).context["sections"]}
    assert waiting["seconds"] == [concept]
    for who in ("agency_editor", "agency_viewer"):
        sections = signed_in(world, who).get(world.agency.home_url).context["sections"]
        assert "seconds" not in {section.kind.name for section in sections}
    assert [
        row.pk for row in second.get(at(world.agency, "contracts"), {"attention": "second"}).context["listing"].page
    ]
    assert second.post(url, fields(page, "propose")).status_code == 302
    assert (now(concept).status, now(concept).answer_by) == (Status.PROPOSED, last)


def test_two_people_accept_an_adapted_proposal(world: World) -> None:
    counter = countered(world)
    two_people(world)
    url = at(world.agency, "contract_adopt", pk=counter.pk)
    send(signed_in(world, "agency_editor"), url, action="adopt")
    assert now(counter).status == Status.PROPOSED
    assert world.people["agency_editor"].get_full_name() in signed_in(world, "agency_manager").get(url).content.decode()
    send(signed_in(world, "agency_manager"), url, action="adopt")
    assert now(counter).status == Status.APPROVED


def test_two_of_whom_neither_decides_are_told_so(world: World) -> None:
    two_people(world)
    third = world.colleague(world.agency)
    Membership.objects.filter(user=third.user).update(approver=True)
    concept = world.contract()
    url = at(world.agency, "contract_propose", pk=concept.pk)
    send(signed_in(world, "agency_editor"), url, action="propose")
    page = signed_in(world, "agency_manager").get(url)
    assert page.context["second"].code == "approver_needed"
    assert str(page.context["second"].sentence) in page.content.decode()


def test_the_theater_s_first_of_two_stays_the_theater_s_business(world: World) -> None:
    Organisation.objects.filter(pk=world.kade.pk).update(four_eyes=True)
    proposed = world.contract(status="proposed")
    actions.approve(proposed, actor=world.actors["kade_editor"])
    assert now(proposed).endorsed_by is not None
    response = page_of(signed_in(world, "agency_manager"), world, proposed)
    assert world.people["kade_editor"].get_full_name() not in response.content.decode()


# --- start page and list ---------------------------------------------------------------------------------------
def test_counters_and_concepts_without_an_evening_wait_on_the_start_page(world: World) -> None:
    counter = countered(world)
    concept = world.contract(performances=[world.performances[1]])
    half = world.contract(performances=world.performances[1:])
    Performance.objects.filter(pk=world.performances[1].pk).update(status=PerformanceStatus.CANCELLED)
    client = signed_in(world, "agency_viewer")
    found = {section.kind.name: section for section in client.get(world.agency.home_url).context["sections"]}
    assert found["counters"].rows == [counter]
    assert found["called_off"].rows == [concept]
    assert found["concepts"].rows == [concept, half]
    for name in ("counters", "called_off"):
        assert list(client.get(found[name].url).context["listing"].page) == found[name].rows
    assert "unanswered" not in found


def test_the_line_of_versions_says_whose_terms_and_who_answered(world: World) -> None:
    counter = countered(world)
    actions.decline(counter, actor=world.actors["agency_manager"], reason="Te laag.")
    page = page_of(signed_in(world, "agency_viewer"), world, counter).content.decode()
    part = page[page.index("data-versions") :]
    for who in ("agency_editor", "kade_editor", "agency_manager"):
        assert world.people[who].get_full_name().replace('"', "&quot;") in part, who


def test_a_page_of_many_versions_needs_no_more_queries(world: World) -> None:
    client, contract = signed_in(world, "agency_editor"), countered(world)
    contract = countered(world, _proposed_again(world, contract))
    counts = []
    for _round in range(2):
        page_of(client, world, contract)
        with CaptureQueriesContext(connection) as seen:
            page_of(client, world, contract)
        counts.append(len(seen))
        contract = countered(world, _proposed_again(world, contract))
    assert counts[0] == counts[1]


def _proposed_again(world: World, counter: Contract) -> Contract:
    reply = actions.amend(counter, actor=world.actors["agency_editor"])
    terms = {**reply.term_values(), "provider_guarantee": 600000}
    actions.update_concept(reply, actor=world.actors["agency_editor"], seen_version=1, terms=terms)
    return actions.propose(reply, actor=world.actors["agency_editor"])


# --- who may not -----------------------------------------------------------------------------------------------
MOVES = ("amend", "revise", "adopt", "decline", "record", "undo", "extend", "discard", "restore")


@pytest.mark.parametrize("move", MOVES)
def test_a_viewer_and_a_neighbour_do_nothing(world: World, move: str) -> None:
    own, strange = countered(world), countered_at_the_neighbours(world)
    before = list(Contract.objects.order_by("pk").values())
    data = {"version": own.version, "reason": "x", "answer": "approved", "source": "letter"}
    viewer, manager = signed_in(world, "agency_viewer"), signed_in(world, "agency_manager")
    assert viewer.post(at(world.agency, f"contract_{move}", pk=own.pk), data).status_code == 403
    assert manager.post(at(world.agency, f"contract_{move}", pk=strange.pk), data).status_code == 404
    assert list(Contract.objects.order_by("pk").values()) == before


def countered_at_the_neighbours(world: World) -> Contract:
    strange = world.rival_contract(status="proposed")
    return actions.counter(strange, actor=world.actors["haven_editor"], terms={"provider_guarantee": 500000})


@pytest.mark.parametrize("move", ["amend", "revise", "undo", "restore"])
def test_an_address_that_takes_a_post_leads_to_the_agreement_when_it_is_opened(world: World, move: str) -> None:
    """Who had to log in first comes back by GET."""
    contract = world.contract(status={"amend": "rejected", "revise": "approved"}.get(move, "concept"))
    before = list(Contract.objects.values())
    response = signed_in(world, "agency_editor").get(at(world.agency, f"contract_{move}", pk=contract.pk))
    assert (response.status_code, response.headers["Location"]) == (302, at(world.agency, "contract", pk=contract.pk))
    assert list(Contract.objects.values()) == before
