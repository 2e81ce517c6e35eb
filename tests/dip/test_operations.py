"""Operation rows: who writes them, who is woken, what the panel says."""

import datetime as dt
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone, translation
from django.utils.translation import gettext
from kombu.exceptions import ConnectionError as BrokerAway
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisAway
from redis.exceptions import TimeoutError as RedisSlow

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip import operations, push, rules, tasks
from dipportal.dip.client import Client
from dipportal.dip.models import Connection, Kind, Operation, RemoteRecord
from dipportal.outbox.drain import Claim, ClaimLost, claim
from dipportal.outbox.models import State
from tests.dip.pushed import Pushing, rows
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)


# --- waking -----------------------------------------------------------------------------------------------------
def test_many_rows_in_one_transaction_are_one_wake_up_after_the_commit(world: World, wakes: list[str]) -> None:
    with transaction.atomic():
        for _index in range(5):
            world.contract(status="proposed")
        assert wakes == []
    assert wakes == ["drain"]
    assert Operation.objects.count() == 10


def test_a_change_that_is_rolled_back_wakes_nobody(world: World, wakes: list[str]) -> None:
    with transaction.atomic():
        world.contract()
        transaction.set_rollback(True)
    assert (wakes, Operation.objects.count()) == ([], 0)


BROKER_AWAY = [
    OperationalError("away"), OSError("disk full"), ConnectionRefusedError(), RedisAway("given up"), RedisSlow("slow"),
    BrokerAway("gone"),
]  # fmt: skip


@pytest.mark.parametrize("error", BROKER_AWAY)
def test_a_broker_that_is_away_does_not_break_the_save(
    world: World, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away() -> None:
        raise error

    monkeypatch.setattr(tasks.drain_operations, "delay", away)
    contract = world.contract()
    assert rows(contract) == [("contract.create", "waiting", "")]


@pytest.mark.parametrize("error", BROKER_AWAY)
def test_a_broker_that_is_away_does_not_break_the_worker_that_asks_to_go_on(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def away() -> None:
        raise error

    monkeypatch.setattr(tasks.drain_operations, "delay", away)
    contract = world.contract()
    assert tasks.drain_operations() == 1
    assert rows(contract) == [("contract.create", "done", "")]


def test_the_drain_asks_to_go_on_while_there_is_more(
    world: World, pushing: Pushing, wakes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    world.contract()
    monkeypatch.setattr(tasks, "BATCH", 1)
    wakes.clear()
    assert tasks.drain_operations() == 1
    assert wakes == ["drain"]
    wakes.clear()
    assert tasks.drain_operations() == 0
    assert wakes == []


def test_each_connection_is_pulled_on_its_own_and_reference_data_once(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[tuple[int, str]] = []
    monkeypatch.setattr(tasks.pull_one, "delay", lambda pk, kind: asked.append((pk, kind)))
    idle = Connection.objects.create(organisation=world.agency, client_id="a", secret_encrypted="x")
    good = Connection.objects.create(
        organisation=world.rival, client_id="b", secret_encrypted="x", last_good_pull_at=timezone.now()
    )
    Connection.objects.create(organisation=world.kade, client_id="c", secret_encrypted="", active=False)
    tasks.pull_all("contracts")
    assert sorted(asked) == [(idle.pk, "contracts"), (good.pk, "contracts")]
    asked.clear()
    tasks.pull_all("reference")
    assert asked == [(good.pk, "reference")]


def test_a_pull_of_a_connection_that_is_gone_is_quiet(world: World) -> None:
    tasks.pull_one(987654, "contracts")


# --- rows -------------------------------------------------------------------------------------------------------
def test_rows_of_one_subject_share_a_key_and_belong_to_its_provider(world: World) -> None:
    contract = world.contract(status="proposed")
    found = Operation.objects.visible_to(world.agency)
    assert {row.key for row in found} == {f"contract:{contract.pk}"}
    assert list(Operation.objects.visible_to(world.rival)) == []
    assert list(Operation.objects.visible_to(None)) == []


def test_two_unresolved_intents_of_one_thing_cannot_be(world: World) -> None:
    values: dict[str, Any] = {
        "organisation": world.agency, "kind": Kind.PRODUCTION_CREATE, "subject_kind": "production", "subject_id": 1,
        "natural_key": "production:123:2025-2026:de storm", "sent_at": timezone.now(),
    }  # fmt: skip
    Operation.objects.create(**values, key="production:1")
    with pytest.raises(IntegrityError), transaction.atomic():
        Operation.objects.create(**values, key="production:2", state=State.UNCLEAR)
    Operation.objects.create(**values, key="production:2", state=State.DONE)
    Operation.objects.create(**{**values, "organisation": world.rival}, key="production:3")
    Operation.objects.create(**{**values, "sent_at": None}, key="production:4")


def test_a_claim_that_was_lost_sends_nothing(world: World, pushing: Pushing) -> None:
    world.contract()
    held = claim(Operation)
    assert held is not None
    Operation.objects.update(claim_token="somebody else's")
    with pytest.raises(ClaimLost):
        push.work(Claim(held.row, held.token))
    assert pushing.dip.writes() == []


def test_an_edit_takes_the_row_from_a_worker_whose_lease_is_over(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Paused with the old state in its hands; it wakes up after the edit and before anybody else took the row."""
    contract = world.contract()
    paused = claim(Operation)
    assert paused is not None
    with monkeypatch.context() as patch:
        patch.setattr(Client, "ready", lambda self: lease_ends_and_edit(world, contract))
        with pytest.raises(ClaimLost):
            push.work(paused)
    assert pushing.dip.writes() == []
    pushing.drain()
    assert [made["body"]["properties"]["remarks"] for made in pushing.contracts] == ["Intussen"]


def lease_ends_and_edit(world: World, contract: Contract) -> None:
    Operation.objects.update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
    contract.refresh_from_db()
    actions.update_concept(
        contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"remarks": "Intussen"}
    )
    assert rows(contract) == [("contract.create", "waiting", "")]


def test_a_withdrawal_takes_the_proposal_from_a_worker_whose_lease_is_over(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    actions.propose(contract, actor=world.actors["agency_editor"])
    paused = claim(Operation)
    assert paused is not None

    def lease_ends_and_withdraw(self: Client) -> None:
        Operation.objects.update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
        actions.withdraw(contract, actor=world.actors["agency_editor"])

    with monkeypatch.context() as patch:
        patch.setattr(Client, "ready", lease_ends_and_withdraw)
        with pytest.raises(ClaimLost):
            paused.settle(push.work(paused))
    assert pushing.writes("/propose") == []
    assert rows(contract)[-1] == ("contract.propose", "abandoned", "withdrawn")


def test_why_a_row_was_given_up_is_told_in_the_portals_language(world: World, settings: Any) -> None:
    """Whoever withdraws may read English; the row is read by others, later."""
    contract = world.contract(status="proposed")
    with translation.override("en"):
        actions.withdraw(contract, actor=world.actors["agency_editor"])
    with translation.override(settings.LANGUAGE_CODE):
        said = gettext("The proposal was withdrawn before it was sent to DIP.")
    assert said != "The proposal was withdrawn before it was sent to DIP."
    assert Operation.objects.get(kind=Kind.CONTRACT_PROPOSE).error_text == said


def test_an_intent_is_committed_before_the_call(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    contract = world.contract()
    seen: list[Operation] = []
    write = Client.write

    def watched(self: Client, *call: Any, **more: Any) -> Any:
        assert not transaction.get_connection().in_atomic_block
        seen.append(Operation.objects.get())
        return write(self, *call, **more)

    monkeypatch.setattr(Client, "write", watched)
    pushing.drain()
    (intent,) = seen
    assert intent.sent_at is not None
    assert (intent.reference, len(intent.body_digest)) == (contract.reference, 64)
    assert intent.natural_key == f"contract:{contract.reference}"


def test_after_a_401_the_intent_is_renewed_before_the_call_leaves_again(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.contract()
    pushing.dip.fault("status-before", path="/create", status=401)
    exchange, intents = Client._exchange, []

    def watched(self: Client, method: str, path: str, **more: Any) -> Any:
        if path.endswith("/create"):
            row = Operation.objects.get()
            intents.append((row.sent_at, row.claimed_until))
        return exchange(self, method, path, **more)

    monkeypatch.setattr(Client, "_exchange", watched)
    pushing.drain()
    (first, lease), (second, renewed) = intents
    assert first < second
    assert lease < renewed
    assert len(pushing.contracts) == 1


def test_after_a_401_a_worker_whose_row_was_taken_sends_nothing_more(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The new log-in took longer than the lease: another worker has the row, and may have sent it."""
    world.contract()
    pushing.dip.fault("status-before", path="/create", status=401)
    log_in = Client._log_in

    def slow(self: Client) -> Any:
        Operation.objects.exclude(sent_at=None).update(claim_token="somebody else's")
        return log_in(self)

    monkeypatch.setattr(Client, "_log_in", slow)
    held = claim(Operation)
    assert held is not None
    with pytest.raises(ClaimLost):
        push.work(held)
    assert pushing.contracts == []


def test_what_is_unclear_keeps_its_waiting_time_when_a_connection_is_saved(world: World) -> None:
    world.contract()
    later = timezone.now() + dt.timedelta(minutes=3)
    Operation.objects.update(state=State.UNCLEAR, error_code="slow_down", due_at=later, sent_at=timezone.now())
    assert operations.wake_for_connection(world.agency) == 0
    Operation.objects.update(state=State.WAITING, error_code="no_connection", sent_at=None)
    assert operations.wake_for_connection(world.rival) == 0
    assert operations.wake_for_connection(world.agency) == 1


# --- the panel --------------------------------------------------------------------------------------------------
def test_the_panel_before_dip_knows_it(world: World) -> None:
    contract = world.contract(status="proposed")
    found = rules.dip_state(contract)
    assert (found.number, found.remote_status, found.in_step) == (None, None, False)
    assert [row.kind for row in found.waiting] == ["contract.create", "contract.propose"]


def test_the_panel_in_step(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="proposed")
    pushing.drain()
    contract.refresh_from_db()
    found = rules.dip_state(contract)
    assert (found.number, found.remote_status, found.raw_status) == (contract.dip_id, "proposed", "proposed")
    assert found.in_step
    assert found.synced_at is not None


def test_the_panel_names_what_differs_and_what_is_stuck(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    pushing.dip.edit("contract", contract.dip_id, status="proposed")
    editor = world.actors["agency_editor"]
    actions.update_concept(contract, actor=editor, seen_version=contract.version, terms={"remarks": "Anders"})
    pushing.drain()
    found = rules.dip_state(contract)
    assert len(found.differing) == 1
    assert [row.error_code for row in found.stuck] == ["not_concept"]
    assert not found.in_step


def test_withdrawn_after_it_left_the_panel_says_what_dip_still_shows(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="proposed")
    pushing.drain()
    actions.withdraw(contract, actor=world.actors["agency_editor"])
    contract = Contract.objects.get(pk=contract.pk)
    assert pushing.drain() == 0, "DIP has no call for it"
    found = rules.dip_state(contract)
    assert found.still_proposed
    assert not found.in_step
    assert found.dashboard_url


def test_an_answer_given_here_is_shown_beside_what_dip_says(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="proposed")
    pushing.drain()
    contract.refresh_from_db()
    actions.approve(contract, actor=world.actors["kade_editor"])
    assert rules.dip_state(contract).answer_differs
    RemoteRecord.objects.update(status="approved")
    assert not rules.dip_state(contract).answer_differs


def test_the_panel_costs_the_same_for_every_agreement(
    world: World, pushing: Pushing, django_assert_num_queries: Any
) -> None:
    contract = world.contract(performances=world.performances, status="proposed")
    pushing.drain()
    contract = Contract.objects.select_related("production").get(pk=contract.pk)
    with django_assert_num_queries(3):
        rules.dip_state(contract)
