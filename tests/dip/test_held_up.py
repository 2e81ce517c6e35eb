"""A worker held up between its intent and its call, and reads of DIP that lag behind a change of ours."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.dip.client import Client
from dipportal.dip.models import Operation
from dipportal.dip.pushing import LEAVES_WITHIN
from dipportal.outbox.models import State
from tests.dip.pushed import Pushing, rows
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
CREATE, UPDATE, PROPOSE = "contract.create", "contract.update", "contract.propose"


def held_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """The clock jumps when the first writing call is about to wait for its turn: the machine was asleep."""
    exchange, now = Client._exchange, timezone.now
    slept = dt.timedelta(0)

    def sleepy(self: Client, method: str, path: str, **more: Any) -> Any:
        nonlocal slept
        if method != "GET" and path != "/token" and not slept:
            slept = LEAVES_WITHIN + dt.timedelta(seconds=1)
        return exchange(self, method, path, **more)

    monkeypatch.setattr(Client, "_exchange", sleepy)
    monkeypatch.setattr(timezone, "now", lambda: now() + slept)


def test_who_was_held_up_after_the_intent_does_not_call(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody else may have looked meanwhile, found nothing, and made it."""
    contract = world.contract()
    held_up(monkeypatch)
    with monkeypatch.context() as only_once:
        only_once.setattr("dipportal.outbox.drain.claimable", _first_claims_only())
        pushing.drain()
    assert pushing.contracts == []
    row = Operation.objects.get()
    assert (row.state, row.error_code, row.sent_at) == (State.WAITING, "held_up", None)
    pushing.until_settled()
    assert rows(contract) == [(CREATE, "done", "")]
    assert len(pushing.contracts) == 1


def _first_claims_only() -> Any:
    from dipportal.outbox import drain

    claimable = drain.claimable
    return lambda model, now: claimable(model, now).filter(attempts=0)


def test_a_record_that_the_reads_do_not_show_yet_is_not_missing(world: World, pushing: Pushing, settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    pushing.dip.fault("read-lag", path="/create", seconds=1.5)
    contract = world.contract(status="proposed")
    pushing.drain()
    assert rows(contract) == [(CREATE, "done", ""), (PROPOSE, "waiting", "lagging")]
    assert Operation.objects.get(kind=PROPOSE).due_at > timezone.now() + dt.timedelta(seconds=170)


def test_what_was_there_before_our_last_change_is_not_taken_for_done(
    world: World, pushing: Pushing, settings: Any
) -> None:
    """Changed and changed back: a list that lags shows what is wanted, and DIP keeps the change in between."""
    contract = world.contract()
    pushing.drain()
    contract.refresh_from_db()
    settings.DIP_SETTLE_SECONDS = 180
    first = contract.term_values()["remarks"]
    for text in ("Anders", first):
        contract.refresh_from_db()
        actions.update_concept(
            contract, actor=world.actors["agency_editor"], seen_version=contract.version, terms={"remarks": text}
        )
        if text == "Anders":
            pushing.drain()
    # As a list that lags behind shows it.
    pushing.dip.edit("contract", contract.dip_id or 0, properties={"remarks": first})
    pushing.drain()
    assert rows(contract)[-1] == (UPDATE, "waiting", "lagging")
