"""The seats of a performance, added up by the database: the same as its ranks together, whoever wrote them."""

import pytest

from dipportal.catalogue import actions, mirror
from dipportal.catalogue.models import RANKS, Performance
from dipportal.core import bulk
from dipportal.organisations.actors import pull
from tests.world import World, evening

CAPACITIES = ([], [0], [500], [400, 120], [0, 0, 17], list(range(1, RANKS + 1)))
pytestmark = pytest.mark.django_db


def agree() -> None:
    rows = Performance.objects.all()
    assert {row.pk: row.seat_count for row in rows} == {row.pk: row.seats for row in rows}


@pytest.mark.parametrize("capacity", CAPACITIES)
def test_whoever_writes_the_ranks_changes_the_seats(world: World, capacity: list[int]) -> None:
    one, other, last = world.performances
    editor, puller = world.actors["agency_editor"], pull(world.agency)
    values = {"theater": world.theater, "hall": world.hall, "starts_at": evening(90), "capacity": capacity}
    made = actions.create_performance(world.production, values=values, actor=editor)
    assert Performance.objects.get(pk=made.pk).seat_count == sum(capacity)
    actions.update_performance(one, values={**values, "starts_at": evening(91)}, seen_version=one.version, actor=editor)
    facts = [
        mirror.PerformanceFacts(
            number=number, production_dip_id=world.production.dip_id, theater_id=19, hall_id=57, starts_at=evening(92),
            status="agreed", kind="normal", capacity=tuple(capacity),
        )
        for number in (other.number, 99_123_456)
    ]  # fmt: skip
    mirror.write_performances(facts, actor=puller)
    bulk.update(Performance, [{"id": last.pk, "capacity": capacity}], ["capacity"])
    agree()
    assert set(Performance.objects.filter(production=world.production).values_list("seat_count", flat=True)) == {
        sum(capacity)
    }
    Performance.objects.update(capacity=[3, 4])
    agree()
