"""The wake-up may get lost; the row may not."""

import pytest
from django.db import transaction
from kombu.exceptions import OperationalError
from redis.exceptions import ConnectionError as RedisAway

from dipportal.celery import app
from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.notifications import tasks
from dipportal.notifications.models import Email
from dipportal.organisations.actors import Actor, member
from dipportal.outbox.models import State
from tests.world import World, build


@pytest.fixture
def woken(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many mails stood in the outbox at each wake-up."""
    seen: list[int] = []
    monkeypatch.setattr(tasks.drain_mail, "delay", lambda: seen.append(Email.objects.count()))
    return seen


@pytest.mark.django_db(transaction=True)
def test_the_drain_is_woken_after_the_commit_and_not_before(woken: list[int]) -> None:
    contract = build().contract()
    with transaction.atomic():
        actions.propose(contract, actor=editor(contract))
        assert woken == []
    assert woken == [3]


def editor(contract: Contract) -> Actor:
    return member(contract.provider.memberships.get(role="editor"))


def propose_and_fail(contract: Contract) -> None:
    with transaction.atomic():
        actions.propose(contract, actor=editor(contract))
        raise ZeroDivisionError


@pytest.mark.django_db(transaction=True)
def test_what_is_rolled_back_wakes_nobody_and_leaves_no_mail(woken: list[int]) -> None:
    contract = build().contract()
    with pytest.raises(ZeroDivisionError):
        propose_and_fail(contract)
    assert woken == []
    assert not Email.objects.exists()


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("error", [OperationalError("away"), RedisAway("away"), OSError("no disk")])
def test_a_broker_that_is_away_breaks_nobodys_click(monkeypatch: pytest.MonkeyPatch, error: Exception) -> None:
    def away() -> None:
        raise error

    monkeypatch.setattr(tasks.drain_mail, "delay", away)
    contract = build().contract()
    actions.propose(contract, actor=editor(contract))
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED
    assert Email.objects.filter(state=State.WAITING).count() == 3


def test_a_mistake_of_our_own_is_not_taken_for_a_broker_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    def wrong() -> None:
        raise ValueError

    monkeypatch.setattr(tasks.drain_mail, "delay", wrong)
    with pytest.raises(ValueError):
        tasks.wake()


def test_the_sweep_finds_what_no_message_told(world: World) -> None:
    world.contract(status="proposed")
    tasks.drain_mail()
    assert set(Email.objects.values_list("state", flat=True)) == {State.DONE}


def test_the_drain_can_be_queued_and_the_sweep_names_it() -> None:
    limits = (tasks.drain_mail.soft_time_limit, tasks.drain_mail.time_limit)
    assert limits[0] <= limits[1], "Celery refuses to queue it otherwise"
    swept = {entry["task"] for entry in app.conf.beat_schedule.values()}
    assert tasks.drain_mail.name in swept
