"""A count that a theater entered comes back with the provider's pull: the same, and no conflict."""

import pytest

from dipportal.dip import pull
from dipportal.dip.models import Connection, RunState
from dipportal.sandbox import server
from dipportal.ticketing import rules
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.queries import standings
from tests.dip.counted import enter, queued, totals, with_credential
from tests.dip.pushed import Pushing
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
REPORT = totals(40, discount=3, reservations=5, blocked=4)


@pytest.fixture
def back(world: World, dip: server.Admin, kassa: Connection, connection: Connection) -> TicketCount:
    """What the pull made of it, as DIP's own count."""
    enter(world.performances[0], REPORT, world.actors["kade_editor"])
    Pushing(dip).drain()
    run = pull.run(connection, "counts-full")
    assert (run.state, run.errors) == (RunState.GOOD, [])
    return TicketCount.objects.get(performance=world.performances[0], source=Source.DIP)


def test_it_is_the_same_count(back: TicketCount) -> None:
    assert (back.tickets, back.revenue_cents) == (REPORT.tickets, REPORT.revenue_cents)
    assert back.kinds == {kind: getattr(REPORT, kind) for kind in TicketKind}
    assert (back.reservations, back.blocked_seats) == (5, 4)


def test_no_revenue_was_made_up_for_any_kind(back: TicketCount) -> None:
    assert back.revenue_of_kinds == {}


def test_the_theater_may_go_on_counting_by_hand(world: World, dip: server.Admin, back: TicketCount) -> None:
    standing = standings([back.performance_id])[back.performance_id]
    assert rules.closed(standing) is None
    enter(world.performances[0], totals(50), world.actors["kade_editor"])
    Pushing(dip).drain()
    assert {state for _key, state, _code in queued()} == {"done"}


def test_a_credential_that_comes_later_has_nothing_to_tell(world: World, back: TicketCount) -> None:
    before = len(queued())
    with_credential(world, client_id="demo-theater-2", secret="sandbox-theater-2")
    assert len(queued()) == before


def test_a_second_pull_changes_nothing(connection: Connection, back: TicketCount) -> None:
    pull.run(connection, "counts-full")
    again = TicketCount.objects.get(pk=back.pk)
    assert (again.changed_at, again.counted_at) == (back.changed_at, back.counted_at)
