"""Productions and performances on their way to DIP, and the agreements that wait for their numbers."""

from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import actions
from dipportal.core.dates import moment
from dipportal.dip.models import Operation
from dipportal.journal.actions import record
from dipportal.organisations.actors import staff
from dipportal.outbox import actions as outbox
from tests.dip.pushed import Pushing, new_performance, new_production, note_seen, rows
from tests.dip.test_push_unclear import FAULTS, plant, until_acted
from tests.world import World, evening

pytestmark = pytest.mark.django_db(transaction=True)
PRODUCTION, PERFORMANCE, CONTRACT = "production.create", "performance.create", "contract.create"


def changed(world: World, code: str, target: Any, **values: Any) -> None:
    """As the catalogue's actions do it: the row and the journal line in one transaction."""
    with transaction.atomic():
        type(target).objects.filter(pk=target.pk).update(**values)
        record(code, target, actor=world.actors["agency_editor"], thread=target.thread)
    target.refresh_from_db()


def entered(pushing: Pushing, end: str) -> list[dict[str, Any]]:
    return [write for write in pushing.dip.writes() if write["method"] == "POST" and write["path"].endswith(end)]


def test_a_new_production_gets_its_id(world: World, pushing: Pushing) -> None:
    production = new_production(world, world.actors["agency_editor"])
    pushing.drain()
    production.refresh_from_db()
    (made,) = entered(pushing, "/productions")
    assert production.dip_id == made["result"]
    assert made["path"] == f"/producers/{world.producer.pk}/productions"
    season = world.production.season
    assert made["body"] == {"title": "Het Eiland", "season": season, "genreId": 4, "coProducerIds": []}


def test_a_production_without_a_genre_waits_in_words(world: World, pushing: Pushing) -> None:
    production = new_production(world, world.actors["agency_editor"], genre=None)
    pushing.drain()
    assert rows(production) == [(PRODUCTION, "waiting", "incomplete")]
    assert pushing.dip.writes() == []


def test_a_whole_tour_goes_in_order_however_it_was_entered(world: World, pushing: Pushing) -> None:
    editor = world.actors["agency_editor"]
    production = new_production(world, editor)
    tour = [new_performance(world, editor, days=70 + day, production=production) for day in range(4)]
    contract = world.contract(production=production, performances=tour, status="proposed")
    # The agreement and the performances come first: they wait, and the production wakes them.
    Operation.objects.filter(kind=PRODUCTION).update(due_at=evening(1))
    pushing.drain()
    assert {code for _kind, _state, code in rows() if _kind != PRODUCTION} == {"depends", ""}
    assert pushing.dip.writes() == []
    Operation.objects.filter(kind=PRODUCTION).update(due_at=evening(-1))
    pushing.drain()
    assert {state for _kind, state, _code in rows()} == {"done"}, rows()
    numbers = list(Performance.objects.filter(production=production).values_list("number", flat=True))
    assert [write["result"] for write in entered(pushing, "/performances")] == numbers
    assert pushing.contracts[0]["body"]["performanceNumbers"] == sorted(numbers)
    contract.refresh_from_db()
    assert contract.dip_id is not None


@pytest.mark.parametrize("name", FAULTS)
def test_an_unclear_production_is_entered_once(world: World, pushing: Pushing, settings: Any, name: str) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    settings.DIP_READ_TIMEOUT = 0.2
    plant(pushing, name, method="POST", path="/productions$")
    production = new_production(world, world.actors["agency_editor"])
    pushing.drain()
    if name.startswith("late"):
        until_acted(pushing)
    changed(world, "production.updated", production, title="Het Andere Eiland")
    pushing.until_settled()
    production.refresh_from_db()
    assert [write["result"] for write in entered(pushing, "/productions")] == [production.dip_id]
    assert {state for _kind, state, _code in rows()} == {"done"}, rows()
    listed = [write["body"]["title"] for write in pushing.dip.writes()]
    assert listed[-1] == "Het Andere Eiland"


@pytest.mark.parametrize("name", FAULTS)
def test_an_unclear_performance_is_entered_once(world: World, pushing: Pushing, settings: Any, name: str) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    settings.DIP_READ_TIMEOUT = 0.2
    plant(pushing, name, method="POST", path="/performances$")
    performance = new_performance(world, world.actors["agency_editor"])
    pushing.drain()
    if name.startswith("late"):
        until_acted(pushing)
    changed(world, "performance.moved", performance, starts_at=evening(61))
    pushing.until_settled()
    performance.refresh_from_db()
    assert [write["result"] for write in entered(pushing, "/performances")] == [performance.number]
    assert {state for _kind, state, _code in rows()} == {"done"}, rows()


def test_two_that_look_the_same_do_not_become_one(world: World, pushing: Pushing, settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    plant(pushing, "hung up after", method="POST", path="/performances$")
    first = new_performance(world, world.actors["agency_editor"])
    twin = new_performance(world, world.actors["agency_editor"])
    pushing.drain()
    assert rows(first) == [(PERFORMANCE, "unclear", "unclear")]
    assert rows(twin) == [(PERFORMANCE, "waiting", "twin")]
    pushing.until_settled()
    first.refresh_from_db()
    twin.refresh_from_db()
    assert sorted([first.number, twin.number]) == [write["result"] for write in entered(pushing, "/performances")]
    assert first.number != twin.number


def test_an_update_based_on_what_was_seen_goes_through(world: World, pushing: Pushing) -> None:
    note_seen(world)
    changed(world, "performance.moved", world.performances[0], starts_at=evening(45, 15, 0))
    changed(world, "production.updated", world.production, title="De Storm (reprise)")
    pushing.drain()
    assert {state for _kind, state, _code in rows()} == {"done"}, rows()
    assert [write["path"].rpartition("/")[2] for write in pushing.dip.writes()] == [
        str(world.performances[0].number),
        world.production.dip_id,
    ]


def test_a_cancelled_performance_is_cancelled_in_dip(world: World, pushing: Pushing) -> None:
    note_seen(world)
    changed(world, "performance.cancelled", world.performances[0], status="cancelled")
    pushing.drain()
    assert pushing.dip.writes()[0]["body"]["status"] == "cancellation"


def test_a_cancelled_production_cancels_its_performances_in_dip_once(world: World, pushing: Pushing) -> None:
    note_seen(world)
    for performance in world.performances:
        changed(world, "performance.cancelled", performance, status="cancelled")
    changed(world, "production.cancelled", world.production)
    pushing.drain()
    assert [write["body"]["status"] for write in pushing.dip.writes()] == ["cancellation"] * 3


def test_a_performance_that_dip_moved_is_not_moved_back(world: World, pushing: Pushing) -> None:
    note_seen(world)
    first = world.performances[0]
    pushing.dip.edit("performance", first.number, date="2027-01-09T20:00:00")
    changed(world, "performance.updated", first, private=True)
    pushing.drain()
    assert rows(first) == [("performance.update", "attention", "conflict")]
    assert pushing.dip.writes() == []


def test_what_dip_lost_needs_a_person(world: World, pushing: Pushing) -> None:
    note_seen(world)
    first = world.performances[0]
    pushing.dip.delete("performance", first.number)
    changed(world, "performance.updated", first, private=True)
    pushing.drain()
    assert rows(first) == [("performance.update", "attention", "missing")]


def test_an_agreement_waits_while_its_performance_is_stuck(world: World, pushing: Pushing) -> None:
    words = {"error": "Invalid request", "error_description": "date: in de zomerstop"}
    pushing.dip.fault("status-before", method="POST", path="/performances$", status=400, body=words)
    performance = new_performance(world, world.actors["agency_editor"])
    contract = world.contract(performances=[performance])
    pushing.drain()
    assert rows(performance) == [(PERFORMANCE, "attention", "refused")]
    assert rows(contract) == [(CONTRACT, "waiting", "depends")]
    outbox.retry(Operation.objects.get(kind=PERFORMANCE), actor=world.actors["agency_editor"])
    pushing.drain()
    assert rows(contract) == [(CONTRACT, "done", "")], "the number wakes the agreement"


def test_a_performance_that_nobody_queued_is_entered_when_it_is_needed(world: World, pushing: Pushing) -> None:
    performance = Performance.objects.create(
        production=world.production, theater=world.theater, hall=world.hall, starts_at=evening(80)
    )
    contract = world.contract(performances=[performance])
    pushing.drain()
    assert rows(performance) == [(PERFORMANCE, "done", "")]
    assert rows(contract) == [(CONTRACT, "done", "")]


def test_cancelled_before_it_left_is_never_entered(world: World, pushing: Pushing) -> None:
    performance = new_performance(world, world.actors["agency_editor"])
    changed(world, "performance.cancelled", performance, status="cancelled")
    pushing.drain()
    assert rows(performance) == [(PERFORMANCE, "abandoned", "cancelled")]
    assert pushing.dip.writes() == []


def test_cancelled_with_its_production_it_does_not_wait_for_a_number_that_never_comes(
    world: World, pushing: Pushing
) -> None:
    editor = world.actors["agency_editor"]
    production = new_production(world, editor)
    performance = new_performance(world, editor, production=production)
    with transaction.atomic():
        Performance.objects.filter(pk=performance.pk).update(status="cancelled")
        Production.objects.filter(pk=production.pk).update(cancelled_at=timezone.now())
        record("production.cancelled", production, actor=editor, thread=production.thread)
    pushing.drain()
    assert rows(production) == [(PRODUCTION, "abandoned", "cancelled")]
    assert rows(performance) == [(PERFORMANCE, "abandoned", "cancelled")]
    assert pushing.dip.writes() == []


def test_a_performance_whose_production_was_given_up_says_so_and_goes_on_when_it_comes_after_all(
    world: World, pushing: Pushing
) -> None:
    editor = world.actors["agency_editor"]
    production = new_production(world, editor)
    performance = new_performance(world, editor, production=production)
    contract = world.contract(production=production, performances=[performance])
    outbox.abandon(Operation.objects.get(kind=PRODUCTION), actor=editor)
    pushing.drain()
    pushing.later()
    assert rows(performance) == [(PERFORMANCE, "attention", "no_number")]
    assert rows(contract) == [(CONTRACT, "attention", "no_number")]
    changed(world, "production.updated", production, title="Het Schiereiland")
    pushing.until_settled()
    assert rows(performance) == [(PERFORMANCE, "done", "")]
    assert rows(contract) == [(CONTRACT, "done", "")]


def test_an_agreement_with_a_performance_that_was_cancelled_before_it_left_says_which(
    world: World, pushing: Pushing
) -> None:
    editor = world.actors["agency_editor"]
    performance = new_performance(world, editor)
    contract = world.contract(performances=[performance, world.performances[0]])
    changed(world, "performance.cancelled", performance, status="cancelled")
    pushing.drain()
    pushing.later()
    assert rows(contract) == [(CONTRACT, "attention", "no_number")]
    row = Operation.objects.get(kind=CONTRACT)
    assert moment(performance.starts_at) in row.error_text
    assert moment(world.performances[0].starts_at) not in row.error_text
    actions.update_concept(
        contract, actor=editor, seen_version=contract.version, terms={}, performances=[world.performances[0]]
    )
    pushing.drain()
    assert rows(contract) == [(CONTRACT, "done", "")]


def test_the_producers_house_enters_what_an_administrator_made(world: World, pushing: Pushing) -> None:
    production = new_production(world, staff(world.people["staff"]))
    assert Operation.objects.get().organisation == world.agency
    pushing.drain()
    production.refresh_from_db()
    assert production.dip_id
