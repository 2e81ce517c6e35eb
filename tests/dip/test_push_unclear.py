"""Whatever goes wrong on the way: each agreement stands in DIP exactly once. The judge is the sandbox's own ledger."""

import itertools
import random
import time
from typing import Any

import pytest
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip.models import Connection, Operation
from dipportal.dip.pushing import MOST_UNCLEAR
from dipportal.outbox import actions as outbox
from dipportal.outbox.models import State
from tests.dip.pushed import Pushing, rows
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
CREATE, PROPOSE, UPDATE = "contract.create", "contract.propose", "contract.update"
LATE = 0.3

# kind of fault, its parameters, and whether DIP acted all the same
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "500 before": ("status-before", {"status": 500}),
    "503 after": ("status-after", {"status": 503}),
    "408 after": ("status-after", {"status": 408}),
    "409 after": ("status-after", {"status": 409}),
    "425 after": ("status-after", {"status": 425}),
    "302 after": ("status-after", {"status": 302, "headers": {"Location": "/theaters"}}),
    "429 after": ("status-after", {"status": 429, "headers": {"Retry-After": "1"}}),
    "400 after, unreadable": ("status-after", {"status": 400, "body": "<p>Bad request</p>"}),
    "hung up before": ("drop-before", {}),
    "hung up after": ("drop-after", {}),
    "half an answer": ("truncate", {}),
    "garbage": ("garbage", {}),
    "a page": ("html200", {}),
    "no id": ("no-id", {}),
    "late, no answer": ("hang", {"seconds": LATE}),
    "late, 504": ("late", {"seconds": LATE}),
    "late, hung up": ("late", {"seconds": LATE, "close": True}),
    "token withdrawn": ("expire-tokens", {}),
    "401 before": ("status-before", {"status": 401}),
}


def plant(pushing: Pushing, name: str, **where: Any) -> None:
    kind, params = FAULTS[name]
    pushing.dip.fault(kind, **where, **params)


def until_acted(pushing: Pushing) -> None:
    """Wait for what the sandbox does after it answered."""
    time.sleep(LATE + 0.1)
    assert pushing.dip.health()["status"] == "ok"


def created(pushing: Pushing, contract: Contract) -> list[dict[str, Any]]:
    return [write for write in pushing.contracts if contract.reference in write["body"]["name"]]


def must_stand_once(pushing: Pushing, contract: Contract) -> None:
    contract.refresh_from_db()
    made = created(pushing, contract)
    assert [write["result"] for write in made] == [contract.dip_id]
    proposed = [write for write in pushing.writes("/propose") if write["result"] == contract.dip_id]
    assert len(proposed) == (contract.status == "proposed")


@pytest.mark.parametrize("name", FAULTS)
def test_an_unclear_create_is_looked_up_before_it_is_repeated(
    world: World, pushing: Pushing, settings: Any, name: str
) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    settings.DIP_READ_TIMEOUT = 0.2
    plant(pushing, name, path="/create")
    contract = world.contract(status="proposed")
    pushing.drain()
    pushing.later()
    if name.startswith("late"):
        until_acted(pushing)
    assert len(created(pushing, contract)) <= 1
    pushing.until_settled()
    assert rows(contract) == [(CREATE, "done", ""), (PROPOSE, "done", "")]
    must_stand_once(pushing, contract)


@pytest.mark.parametrize("name", FAULTS)
def test_an_unclear_proposal_is_made_once(world: World, pushing: Pushing, settings: Any, name: str) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    settings.DIP_READ_TIMEOUT = 0.2
    plant(pushing, name, path="/propose")
    contract = world.contract(status="proposed")
    pushing.drain()
    if name.startswith("late"):
        until_acted(pushing)
    pushing.until_settled()
    assert rows(contract) == [(CREATE, "done", ""), (PROPOSE, "done", "")]
    must_stand_once(pushing, contract)


@pytest.mark.parametrize("name", FAULTS)
def test_an_unclear_update_is_no_conflict_with_ourselves(
    world: World, pushing: Pushing, settings: Any, name: str
) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    settings.DIP_READ_TIMEOUT = 0.2
    contract = world.contract()
    pushing.drain()
    plant(pushing, name, path="/update")
    _edit(world, contract, "Eerst")
    pushing.drain()
    if name.startswith("late"):
        until_acted(pushing)
    _edit(world, contract, "Later")
    pushing.until_settled()
    assert {state for _kind, state, _code in rows(contract)} == {"done"}, rows(contract)
    assert pushing.writes("/update")[-1]["body"]["properties"]["remarks"] == "Later"


def _edit(world: World, contract: Contract, text: str) -> None:
    contract.refresh_from_db()
    editor = world.actors["agency_editor"]
    actions.update_concept(contract, actor=editor, seen_version=contract.version, terms={"remarks": text})


def test_a_create_that_stays_unclear_waits_longer_each_time_and_then_needs_a_person(
    world: World, pushing: Pushing, settings: Any
) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    pushing.dip.fault("status-before", path="/create", status=503, times=None)
    contract = world.contract()
    pushing.drain()
    waits = []
    for _attempt in range(MOST_UNCLEAR + 3):
        row = Operation.objects.get()
        if row.state == State.ATTENTION:
            break
        waits.append(round((row.due_at - timezone.now()).total_seconds(), -1))
        pushing.later(seconds=3600)
    assert waits == [180, 360, 720, 1440]
    assert rows(contract) == [(CREATE, "attention", "unclear")]
    tries = [one for one in pushing.dip.requests() if one["path"].endswith("/create")]
    assert len(tries) == MOST_UNCLEAR
    pushing.dip.clear_faults()
    Connection.objects.update(open_until=None, failures=0)
    outbox.retry(Operation.objects.get(), actor=world.actors["agency_editor"])
    pushing.until_settled()
    must_stand_once(pushing, contract)


def test_an_update_whose_answer_never_names_it_needs_a_person_too(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.drain()
    _edit(world, contract, "Anders")
    # Said yes, changed nothing, named nothing.
    pushing.dip.fault("status-before", path="/update", status=200, body={"ok": True}, times=None)
    for _attempt in range(MOST_UNCLEAR + 3):
        pushing.later(seconds=3600)
    assert rows(contract)[-1] == (UPDATE, "attention", "no_id")
    tries = [one for one in pushing.dip.requests() if one["path"].endswith("/update")]
    assert len(tries) == MOST_UNCLEAR


def test_nobody_looks_before_the_settle_time_is_over(world: World, pushing: Pushing, settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    pushing.dip.fault("drop-after", path="/create")
    contract = world.contract()
    pushing.drain()
    asked = len(pushing.dip.requests())
    pushing.later(seconds=170)
    assert len(pushing.dip.requests()) == asked
    assert rows(contract) == [(CREATE, "unclear", "unclear")]
    pushing.later(seconds=11)
    assert rows(contract) == [(CREATE, "done", "")]


@pytest.mark.parametrize("name", ["500 before", "hung up before", "a page", "half an answer", "garbage", "429 after"])
def test_a_failed_look_up_is_not_not_found(world: World, pushing: Pushing, name: str) -> None:
    pushing.dip.fault("drop-after", path="/create")
    kind, params = FAULTS[name]
    pushing.dip.fault(kind, method="GET", path="/contracts", times=3, **params)
    contract = world.contract()
    pushing.drain()
    for _round in range(2):
        pushing.later()
        assert Operation.objects.get().state == State.UNCLEAR
        assert len(created(pushing, contract)) == 1
    pushing.until_settled()
    must_stand_once(pushing, contract)


def test_a_refused_look_up_needs_a_person_and_creates_nothing(world: World, pushing: Pushing) -> None:
    words = {"error": "Invalid request", "error_description": "Not an agency"}
    pushing.dip.fault("drop-after", path="/create")
    pushing.dip.fault("status-before", method="GET", path="/contracts", status=400, body=words)
    contract = world.contract()
    pushing.drain()
    row = Operation.objects.get()
    assert (row.state, row.error_code) == (State.ATTENTION, "refused")
    assert row.sent_at is not None
    outbox.retry(row, actor=world.actors["agency_editor"])
    assert row.state == State.UNCLEAR, "a new try looks first"
    pushing.until_settled()
    must_stand_once(pushing, contract)


def test_an_unreadable_record_that_may_be_ours_is_not_not_found(world: World, pushing: Pushing) -> None:
    pushing.dip.fault("drop-after", path="/create")
    contract = world.contract()
    pushing.drain()
    # It is there, but its theater cannot be read.
    made = created(pushing, contract)[0]["result"]
    pushing.dip.edit("contract", made, performances=[{"number": "elf", "date": "2026-01-01T20:00:00"}])
    Operation.objects.update(state=State.UNCLEAR, done_at=None)
    Contract.objects.update(dip_id=None)
    pushing.later()
    assert rows(contract) == [(CREATE, "unclear", "unreadable")]
    assert len(created(pushing, contract)) == 1


def test_several_records_with_our_reference_need_a_person(world: World, pushing: Pushing) -> None:
    pushing.dip.fault("drop-after", path="/create")
    pushing.dip.fault("drop-before", method="GET", path="/contracts")
    contract = world.contract()
    other = world.contract(performances=[world.performances[1]])
    pushing.drain()
    other.refresh_from_db()
    pushing.dip.edit("contract", other.dip_id, name=contract.reference)
    Contract.objects.filter(pk=other.pk).update(dip_id=None)
    pushing.later()
    assert rows(contract) == [(CREATE, "attention", "several")]


def test_a_create_that_was_given_up_unsure_is_looked_up_by_the_next(world: World, pushing: Pushing) -> None:
    pushing.dip.fault("drop-after", path="/create")
    pushing.dip.fault("drop-before", method="GET", path="/contracts")
    contract = world.contract()
    pushing.drain()
    outbox.abandon(Operation.objects.get(), actor=world.actors["agency_editor"])
    _edit(world, contract, "Toch maar")
    pushing.until_settled()
    must_stand_once(pushing, contract)


@pytest.mark.parametrize("name", ["late, no answer", "late, 504"])
def test_a_create_that_was_given_up_is_waited_out_before_the_next_one_looks(
    world: World, pushing: Pushing, settings: Any, name: str
) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    settings.DIP_READ_TIMEOUT = 0.2
    plant(pushing, name, path="/create")
    contract = world.contract()
    pushing.drain()
    outbox.abandon(Operation.objects.get(), actor=world.actors["agency_editor"])
    _edit(world, contract, "Toch maar")
    asked = len(pushing.dip.requests())
    pushing.drain()
    pushing.later(seconds=100)
    assert len(pushing.dip.requests()) == asked, "what was given up may still arrive"
    assert rows(contract) == [(CREATE, "abandoned", "unclear"), (CREATE, "waiting", "unclear")]
    until_acted(pushing)
    pushing.until_settled()
    must_stand_once(pushing, contract)


def test_the_pull_that_linked_first_leaves_nothing_to_do(world: World, pushing: Pushing) -> None:
    pushing.dip.fault("drop-after", path="/create")
    pushing.dip.fault("drop-before", method="GET", path="/contracts")
    contract = world.contract()
    pushing.drain()
    made = created(pushing, contract)[0]["result"]
    Contract.objects.filter(pk=contract.pk).update(dip_id=made)
    pushing.later()
    assert rows(contract) == [(CREATE, "done", "")]
    must_stand_once(pushing, contract)


KINDS = ("503 after", "hung up before", "hung up after", "no id", "a page")
CALLS = 5  # create, read, propose, and the look-ups that faults add


def run_schedule(world: World, pushing: Pushing, schedule: list[tuple[int, str]]) -> Contract:
    """One agreement, created and proposed, with faults at these calls (0 is the first call after this moment)."""
    pushing.dip.clear_faults()
    for position, name in schedule:
        plant(pushing, name, path="^/contracts", skip=position)
    contract = world.contract(status="proposed", parties={})
    pushing.until_settled(most=20)
    return contract


@pytest.mark.parametrize("name", KINDS)
def test_every_schedule_of_one_fault(world: World, pushing: Pushing, name: str) -> None:
    for position in range(CALLS):
        must_stand_once(pushing, run_schedule(world, pushing, [(position, name)]))


@pytest.mark.parametrize("first", KINDS)
def test_every_schedule_of_two_faults_in_a_row(world: World, pushing: Pushing, first: str) -> None:
    for second, position in itertools.product(KINDS, range(2)):
        contract = run_schedule(world, pushing, [(position, first), (position, second)])
        must_stand_once(pushing, contract)


def test_random_schedules_of_three_faults(world: World, pushing: Pushing) -> None:
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    for _run in range(15):
        schedule = [(chance.randrange(CALLS), chance.choice(KINDS)) for _fault in range(3)]
        contract = run_schedule(world, pushing, schedule)
        try:
            must_stand_once(pushing, contract)
        except AssertionError as error:
            raise AssertionError(f"seed {seed}, schedule {schedule}") from error
