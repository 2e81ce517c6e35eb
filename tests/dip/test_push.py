"""Agreements on their way to DIP: once, in order, and never over somebody else's change."""

import pytest

from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.errors import NotAllowed, PortalError, StaleState
from dipportal.dip import connections, operations
from dipportal.dip.client import Client
from dipportal.dip.models import Connection, Operation, RemoteRecord
from dipportal.dip.push import work
from dipportal.organisations import actors
from dipportal.outbox import actions as outbox
from dipportal.outbox.drain import claim, drain
from dipportal.outbox.models import State
from dipportal.sandbox import server
from tests.dip.pushed import CLIENT_ID, SECRET, Pushing, rows
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
DONE, WAITING, UNCLEAR, ATTENTION, ABANDONED = (
    State.DONE.value,
    State.WAITING.value,
    State.UNCLEAR.value,
    State.ATTENTION.value,
    State.ABANDONED.value,
)
CREATE, UPDATE, PROPOSE = "contract.create", "contract.update", "contract.propose"


def test_a_concept_is_entered_and_proposed(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="proposed")
    pushing.drain()
    contract.refresh_from_db()
    (made,) = pushing.contracts
    assert contract.dip_id == made["result"]
    assert made["body"]["name"] == contract.reference
    assert rows(contract) == [(CREATE, DONE, ""), (PROPOSE, DONE, "")]
    seen = RemoteRecord.objects.get(kind="contract")
    assert (seen.remote_id, seen.status, seen.local_id) == (str(contract.dip_id), "proposed", contract.pk)


def test_the_users_own_reference_travels_beside_ours(world: World, pushing: Pushing) -> None:
    contract = world.contract(parties={"own_reference": "Boeking 12"})
    pushing.drain()
    assert pushing.contracts[0]["body"]["name"] == f"Boeking 12 [{contract.reference}]"


def test_a_bare_id_as_answer_is_enough(world: World, pushing: Pushing) -> None:
    pushing.dip.switch(create_answers="bare-id")
    contract = world.contract(status="proposed")
    pushing.drain()
    contract.refresh_from_db()
    assert contract.dip_id == pushing.contracts[0]["result"]
    assert rows(contract) == [(CREATE, DONE, ""), (PROPOSE, DONE, "")]


def test_edits_before_the_create_left_travel_with_it(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    for text in ("Eerst", "Later"):
        actions.update_concept(
            contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"remarks": text}
        )
    assert rows(contract) == [(CREATE, WAITING, "")]
    pushing.drain()
    assert [made["body"]["properties"]["remarks"] for made in pushing.contracts] == ["Later"]


def test_an_edit_after_the_create_is_one_update(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    for text in ("Eerst", "Later"):
        actions.update_concept(
            contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"remarks": text}
        )
    assert rows(contract) == [(CREATE, DONE, ""), (UPDATE, WAITING, "")]
    pushing.drain()
    assert [write["body"]["properties"]["remarks"] for write in pushing.writes("/update")] == ["Later"]


def test_an_edit_while_a_worker_has_the_create_gets_a_row_of_its_own(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    held = claim(Operation)
    assert held is not None
    edit(world, contract, "Tijdens")
    assert rows(contract) == [(CREATE, WAITING, ""), (UPDATE, WAITING, "")]


def edit(world: World, contract: Contract, text: str) -> None:
    contract.refresh_from_db()
    actions.update_concept(
        contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"remarks": text}
    )


def test_what_dip_already_has_is_not_sent_again(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    edit(world, contract, "Anders")
    edit(world, contract, "Speelduur 90 minuten zonder pauze.")
    pushing.drain()
    assert rows(contract) == [(CREATE, DONE, ""), (UPDATE, DONE, "")]
    assert pushing.writes("/update") == []


def test_a_change_in_dip_is_never_overwritten(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    edit(world, contract, "Van ons")
    pushing.dip.edit("contract", contract.dip_id, properties={"partage_percentage": 70.0})
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, ATTENTION, "conflict")
    assert pushing.writes("/update") == []
    row = Operation.objects.get(kind=UPDATE)
    outbox.retry(row, actor=world.actors["agency_editor"])
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, ATTENTION, "conflict"), "trying again is no leave to overwrite"


def test_a_person_may_put_ours_over_what_they_saw_and_no_more(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    edit(world, contract, "Van ons")
    pushing.dip.edit("contract", contract.dip_id, properties={"partage_percentage": 70.0})
    pushing.drain()
    row = Operation.objects.get(kind=UPDATE)
    shown = row.payload["seen"]
    pushing.dip.edit("contract", contract.dip_id, properties={"partage_percentage": 60.0})
    operations.put_ours(row, seen=shown, actor=world.actors["agency_editor"])
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, ATTENTION, "conflict"), "60 was never shown"
    with pytest.raises(StaleState):
        operations.put_ours(row, seen=shown, actor=world.actors["agency_editor"])
    row.refresh_from_db()
    operations.put_ours(row, seen=row.payload["seen"], actor=world.actors["agency_editor"])
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, DONE, "")
    assert len(pushing.writes("/update")) == 1


def test_a_stranger_cannot_put_theirs_over_it(world: World, pushing: Pushing) -> None:
    world.contract()
    row = Operation.objects.get()
    with pytest.raises(NotAllowed):
        operations.put_ours(row, seen="", actor=world.actors["rival_editor"])
    with pytest.raises(PortalError) as refused:
        operations.put_ours(row, seen="", actor=world.actors["agency_editor"])
    assert refused.value.code == "no_conflict"


def test_two_updates_of_ours_in_a_row_are_no_conflict(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    edit(world, contract, "Eerst")
    Operation.objects.filter(kind=UPDATE).update(claimed_until="2100-01-01T00:00:00Z", claim_token="theirs")
    edit(world, contract, "Later")
    Operation.objects.filter(kind=UPDATE).update(claimed_until=None, claim_token="")
    pushing.drain()
    assert rows(contract) == [(CREATE, DONE, ""), (UPDATE, DONE, ""), (UPDATE, DONE, "")]


def test_a_change_that_a_pull_saw_between_two_of_ours_is_not_overwritten(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    edit(world, contract, "Eerst")
    Operation.objects.filter(kind=UPDATE).update(claimed_until="2100-01-01T00:00:00Z", claim_token="theirs")
    edit(world, contract, "Later")
    Operation.objects.filter(kind=UPDATE).update(claimed_until=None, claim_token="")
    assert drain(Operation, work, limit=1) == 1
    theirs = pushing.dip.edit("contract", contract.dip_id, properties={"partage_percentage": 70.0})
    RemoteRecord.objects.filter(kind="contract").update(raw=theirs)
    pushing.drain()
    assert rows(contract)[-2:] == [(UPDATE, DONE, ""), (UPDATE, ATTENTION, "conflict")]
    assert len(pushing.writes("/update")) == 1


def test_a_proposal_found_proposed_is_done(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    pushing.dip.edit("contract", contract.dip_id, status="proposed")
    actions.propose(contract, actor=world.actors["agency_editor"])
    pushing.drain()
    assert rows(contract)[-1] == (PROPOSE, DONE, "")
    assert pushing.writes("/propose") == []


def test_what_somebody_changed_in_dip_is_not_proposed(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    pushing.dip.edit("contract", contract.dip_id, properties={"producer_warranty": 1})
    actions.propose(contract, actor=world.actors["agency_editor"])
    pushing.drain()
    assert rows(contract)[-1] == (PROPOSE, ATTENTION, "conflict")
    assert pushing.writes("/propose") == []


def test_a_concept_that_dip_already_proposed_cannot_be_changed(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    pushing.dip.edit("contract", contract.dip_id, status="proposed")
    edit(world, contract, "Te laat")
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, ATTENTION, "not_concept")


def test_withdrawn_before_it_left_is_never_proposed(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="proposed")
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    pushing.drain()
    assert rows(contract) == [(CREATE, DONE, ""), (PROPOSE, ABANDONED, "withdrawn")]
    assert pushing.writes("/propose") == []


def test_withdrawn_while_a_worker_had_it_is_never_proposed(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    actions.propose(contract, actor=world.actors["agency_editor"])
    Operation.objects.filter(kind=PROPOSE).update(claimed_until="2100-01-01T00:00:00Z", claim_token="theirs")
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    Operation.objects.filter(kind=PROPOSE).update(claimed_until=None, claim_token="")
    pushing.drain()
    assert rows(contract)[-1] == (PROPOSE, ABANDONED, "withdrawn")
    assert pushing.writes("/propose") == []


@pytest.mark.parametrize("then", ["withdraw", "reject"])
def test_taken_back_while_the_worker_logs_in_is_never_proposed(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch, then: str
) -> None:
    """After DIP's record was read and before the proposal left: an expired token makes that seconds."""
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    actions.propose(contract, actor=world.actors["agency_editor"])

    def meanwhile(self: Client) -> None:
        if then == "withdraw":
            actions.withdraw(contract, actor=world.actors["agency_editor"])
        else:
            actions.reject(contract, actor=world.actors["kade_editor"], reason="Nee.")

    monkeypatch.setattr(Client, "ready", meanwhile)
    pushing.drain()
    assert pushing.writes("/propose") == []
    row = Operation.objects.get(kind=PROPOSE)
    assert (row.state, row.sent_at) == (ABANDONED, None)


def test_changed_and_proposed_again_while_a_worker_has_the_first_proposal(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    editor = world.actors["agency_editor"]
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    actions.propose(contract, actor=editor)

    def meanwhile(self: Client) -> None:
        monkeypatch.undo()
        actions.withdraw(contract, actor=editor)
        edit(world, contract, "Beter")
        contract.refresh_from_db()
        actions.propose(contract, actor=editor)

    monkeypatch.setattr(Client, "ready", meanwhile)
    pushing.until_settled()
    assert rows(contract)[1:] == [(PROPOSE, ABANDONED, "repeated"), (UPDATE, DONE, ""), (PROPOSE, DONE, "")]
    assert len(pushing.writes("/propose")) == 1
    assert pushing.writes("/update")[0]["body"]["properties"]["remarks"] == "Beter"


def test_rejected_here_before_it_left_is_not_proposed_in_dip(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="rejected")
    pushing.drain()
    assert rows(contract)[-1] == (PROPOSE, ABANDONED, "rejected")


def test_approved_here_before_it_left_is_still_proposed_in_dip(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="approved")
    pushing.drain()
    assert rows(contract)[-1] == (PROPOSE, DONE, "")


def test_the_version_after_a_rejection_is_a_record_of_its_own(world: World, pushing: Pushing) -> None:
    rejected = world.contract(status="rejected")
    following = actions.amend(rejected, actor=world.actors["agency_editor"])
    pushing.drain()
    rejected.refresh_from_db()
    following.refresh_from_db()
    assert len(pushing.contracts) == 2
    assert rejected.dip_id != following.dip_id
    assert {made["body"]["name"] for made in pushing.contracts} == {rejected.reference, following.reference}


def test_a_concept_without_its_share_waits_in_words(world: World, pushing: Pushing) -> None:
    contract = world.contract(terms={"provider_share": None})
    pushing.drain()
    assert rows(contract) == [(CREATE, WAITING, "incomplete")]
    assert pushing.dip.writes() == []
    contract.refresh_from_db()
    actions.update_concept(
        contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"provider_share": 75}
    )
    pushing.drain()
    assert rows(contract) == [(CREATE, DONE, "")]


def test_what_the_pull_found_is_not_pushed_back(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    actions.update_concept(
        contract, actor=actors.pull(world.agency), seen_version=contract.version, terms={"remarks": "Uit DIP"}
    )
    assert rows(contract) == [(CREATE, DONE, "")]


def test_without_a_connection_it_waits_and_a_connection_wakes_it(world: World, dip: server.Admin) -> None:
    contract = world.contract()
    pushing = Pushing(dip)
    pushing.drain()
    assert rows(contract) == [(CREATE, WAITING, "no_connection")]
    assert pushing.drain() == 0, "not before it is due"
    connections.save_connection(world.agency, client_id=CLIENT_ID, secret=SECRET, actor=world.actors["agency_manager"])
    pushing.drain()
    assert rows(contract) == [(CREATE, DONE, "")]


def test_the_neighbours_connection_is_never_used(world: World, pushing: Pushing) -> None:
    contract = world.rival_contract()
    pushing.drain()
    assert rows(contract) == [(CREATE, WAITING, "no_connection")]
    assert pushing.dip.writes() == []


def test_a_refusal_is_shown_in_dips_words_and_an_edit_tries_again(world: World, pushing: Pushing) -> None:
    words = {"error": "Invalid request", "error_description": "theaterId: niet bekend"}
    pushing.dip.fault("status-before", path="/create", status=400, body=words)
    contract = world.contract()
    pushing.drain()
    row = Operation.objects.get()
    assert (row.state, row.error_code, row.sent_at) == (ATTENTION, "refused", None)
    assert "theaterId: niet bekend" in row.error_text
    edit(world, contract, "Beter")
    pushing.drain()
    assert rows(contract) == [(CREATE, DONE, "")]
    assert len(pushing.contracts) == 1


def test_status_stays_as_it_was(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="proposed")
    pushing.drain()
    contract.refresh_from_db()
    assert (contract.status, contract.version) == (Status.PROPOSED, 2), "linking must not make a form stale"


def test_a_stuck_agreement_holds_up_nobody_else(world: World, pushing: Pushing, connection: Connection) -> None:
    pushing.dip.fault("status-before", path="/create", status=422, body={"error": "x", "error_description": "nee"})
    stuck = world.contract()
    other = world.contract(performances=[world.performances[1]])
    pushing.drain()
    assert rows(stuck) == [(CREATE, ATTENTION, "refused")]
    assert rows(other) == [(CREATE, DONE, "")]
