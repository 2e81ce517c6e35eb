"""A ticketing credential that comes later, or once more: what DIP lacks goes along, and nothing else."""

import datetime as dt

import pytest
from django.db import transaction
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.dip import connections
from dipportal.dip.models import Connection, Operation
from dipportal.organisations.actors import staff
from dipportal.outbox.models import State
from dipportal.sandbox import server
from dipportal.ticketing import actions, mirror
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount
from tests.dip.counted import enter, normals, queued, told_by_dip, told_by_system, totals, with_credential
from tests.dip.pushed import Pushing
from tests.world import World, evening

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(world: World) -> Performance:
    return world.performances[0]


@pytest.fixture
def office(dip: server.Admin, kassa: Connection) -> Pushing:
    return Pushing(dip)


def key(performance: Performance, name: str = "tickets") -> str:
    return f"{name}:{performance.pk}"


def test_a_credential_that_comes_later_sends_what_dip_lacks_and_nothing_else(world: World, dip: server.Admin) -> None:
    lacking, linked, has, newer = (*world.performances, world_performance(world))
    for number, one in enumerate((lacking, linked, has, newer)):
        enter(one, totals(40 + number, reservations=5 if one is lacking else 0), world.actors["kade_editor"])
    enter(world.rival_performance, totals(7), world.actors["haven_editor"])
    actions.link(linked, "K-17", actor=world.actors["kade_editor"])
    mine = TicketCount.objects.get(performance=has)
    later = timezone.now() + dt.timedelta(minutes=1)
    with transaction.atomic():
        mirror.write({has.pk: mirror.sold(mine.tickets or 0, mine.revenue_cents or 0, later, None)}, source=Source.DIP)
    told_by_dip(newer, 90, timezone.now() + dt.timedelta(minutes=1))
    with_credential(world)
    assert [one[0] for one in queued()] == [key(lacking), key(lacking, "reservations")]
    Pushing(dip).drain()
    assert normals(dip) == [40]


def world_performance(world: World) -> Performance:
    return Performance.objects.create(
        number=11484999, production=world.production, theater=world.theater, hall=world.hall, starts_at=evening(50),
        capacity=[500],
    )  # fmt: skip


def test_a_credential_saved_again_sends_nothing_twice(world: World, office: Pushing, played: Performance) -> None:
    enter(played, totals(40, reservations=5), world.actors["kade_editor"])
    office.drain()
    with_credential(world)
    assert {state for _key, state, _code in queued()} == {"done"}
    assert len(queued()) == 2


def test_what_was_entered_while_there_was_no_credential_goes_with_the_next(
    world: World,
    office: Pushing,
    kassa: Connection,
    played: Performance,
) -> None:
    administrator = staff(world.people["staff"])
    enter(played, totals(40), world.actors["kade_editor"])
    office.drain()
    enter(world.performances[1], totals(10), world.actors["kade_editor"])
    connections.remove(kassa, actor=administrator)
    enter(played, totals(45), world.actors["kade_editor"])
    office.drain()
    waiting = Operation.objects.get(subject_id=world.performances[1].pk)
    assert (waiting.state, waiting.error_code) == (State.WAITING, "no_connection")
    assert "DIP" in waiting.error_text
    with_credential(world)
    office.drain()
    assert sorted(normals(office.dip)) == [10, 40, 45]
    assert {state for _key, state, _code in queued()} == {"done"}


def test_a_good_test_finds_what_was_left_behind(world: World, office: Pushing, kassa: Connection) -> None:
    enter(world.performances[0], totals(40), world.actors["kade_editor"])
    Operation.objects.all().delete()
    tested = connections.test_connection(kassa, actor=staff(world.people["staff"]))
    assert tested.test_ok, tested.test_text
    assert len(queued()) == 1


def test_a_credential_that_comes_later_sends_what_a_linked_system_told(
    world: World, dip: server.Admin, played: Performance
) -> None:
    actions.link(played, "K-17", actor=world.actors["kade_editor"])
    told_by_system(world, played)
    with_credential(world)
    Pushing(dip).drain()
    assert normals(dip) == [30]
