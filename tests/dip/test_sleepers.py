"""Who waits for a number of DIP is woken by it, also when it comes in the moment in which they go to sleep."""

from collections.abc import Callable

import pytest
from django.db import transaction
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip.models import Operation
from dipportal.dip.push import work
from dipportal.outbox.drain import Claim, claim
from dipportal.outbox.models import State
from tests.dip.pushed import Pushing, new_performance, new_production
from tests.world import World, evening

pytestmark = pytest.mark.django_db(transaction=True)


def taken(kind: str) -> Claim[Operation]:
    """The one row of this kind in hand, before all others."""
    Operation.objects.filter(kind=kind).update(due_at=evening(-10))
    held = claim(Operation)
    assert held is not None
    assert held.row.kind == kind
    return held


def only(kind: str) -> None:
    """Nothing else is due."""
    Operation.objects.exclude(kind=kind).update(due_at=evening(100))


def finish(kind: str) -> None:
    """Another worker brings the number, from the call to the commit."""
    held = taken(kind)
    held.settle(work(held))
    assert Operation.objects.get(pk=held.row.pk).state == State.DONE


def awake(kind: str) -> bool:
    row = Operation.objects.get(kind=kind)
    assert (row.state, row.error_code) == (State.WAITING, "depends")
    return row.due_at <= timezone.now()


def test_without_the_number_the_row_sleeps(world: World, pushing: Pushing) -> None:
    editor = world.actors["agency_editor"]
    new_performance(world, editor, production=new_production(world, editor))
    held = taken("performance.create")
    held.settle(work(held))
    assert not awake("performance.create")


def of_the_production(world: World, _pushing: Pushing) -> tuple[str, str]:
    editor = world.actors["agency_editor"]
    new_performance(world, editor, production=new_production(world, editor))
    return "performance.create", "production.create"


def of_a_performance(world: World, _pushing: Pushing) -> tuple[str, str]:
    world.contract(performances=[new_performance(world, world.actors["agency_editor"])])
    return "contract.create", "performance.create"


@pytest.mark.parametrize("entered", [of_the_production, of_a_performance])
@pytest.mark.parametrize("slept_before", [False, True])
def test_a_number_that_comes_while_the_row_goes_to_sleep_wakes_it(
    world: World, pushing: Pushing, entered: Callable[[World, Pushing], tuple[str, str]], slept_before: bool
) -> None:
    sleeper, bringer = entered(world, pushing)
    if slept_before:
        held = taken(sleeper)
        held.settle(work(held))
        Operation.objects.filter(kind=bringer).update(due_at=timezone.now())
    held = taken(sleeper)
    outcome = work(held)
    finish(bringer)
    held.settle(outcome)
    assert awake(sleeper), "it missed its wake-up"
    pushing.drain()
    assert Operation.objects.get(kind=sleeper).state == State.DONE


def test_who_went_to_sleep_behind_the_look_of_who_brings_the_number_is_woken_after_its_commit(
    world: World, pushing: Pushing
) -> None:
    """The number cannot be seen yet, and the row that sleeps could not be seen when it was looked for."""
    sleeper, bringer = of_the_production(world, pushing)
    asleep, brings = taken(sleeper), taken(bringer)
    outcome, number = work(asleep), work(brings)
    with transaction.atomic():
        brings.settle(number)
        # As on another connection: that one sees nothing of the number, and what it writes was not there at the look.
        Operation.objects.filter(pk=asleep.row.pk).update(
            error_code="depends", due_at=evening(1), claimed_until=None, claim_token=""
        )
    assert outcome.code == "depends"
    assert awake(sleeper)


def test_an_agreement_that_waits_for_two_numbers_is_woken_when_both_come_at_once(
    world: World, pushing: Pushing
) -> None:
    """Two workers, each in its own transaction: neither sees the number that the other one writes."""
    editor = world.actors["agency_editor"]
    first, second = (new_performance(world, editor, days=70 + day) for day in range(2))
    world.contract(performances=[first, second])
    held = taken("contract.create")
    held.settle(work(held))
    Operation.objects.filter(key=f"performance:{first.pk}").update(due_at=evening(-20))
    brings = claim(Operation)
    assert brings is not None
    assert brings.row.key == f"performance:{first.pk}"
    number = work(brings)
    with transaction.atomic():
        brings.settle(number)
        assert not awake("contract.create")
        Performance.objects.filter(pk=second.pk).update(number=77_001)
    assert awake("contract.create")


def test_a_revision_is_woken_by_the_number_of_what_it_revises(world: World, pushing: Pushing) -> None:
    contract = world.contract(status="approved")
    revision = actions.revise(contract, actor=world.actors["agency_editor"])
    mine = Operation.objects.filter(key=f"contract:{revision.pk}")
    Operation.objects.exclude(pk__in=mine).update(due_at=evening(100))
    pushing.drain()
    assert [(row.state, row.error_code) for row in mine] == [(State.WAITING, "depends")]
    Operation.objects.exclude(pk__in=mine).update(due_at=timezone.now())
    pushing.drain()
    assert Contract.objects.get(pk=contract.pk).dip_id is not None
    assert [row.error_code for row in mine.all()] == ["not_approved"], "it sleeps on"
