"""What the pull writes in the journal: the names and values that the actions write, in as few statements for many."""

import datetime as dt
from collections.abc import Sequence

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue import mirror
from dipportal.catalogue.mirror import PerformanceFacts, ProductionFacts
from dipportal.catalogue.models import Genre, Hall, Performance
from dipportal.journal.models import Entry
from dipportal.organisations.actors import pull
from dipportal.providers.history import text_for
from dipportal.receivers import start
from tests.world import World


@pytest.fixture
def small_hall(world: World) -> Hall:
    return Hall.objects.create(id=59, name="Kleine zaal", theater=world.theater)


def moved(performance: Performance, hall: Hall) -> PerformanceFacts:
    """As DIP has it now: a day later, in another hall."""
    return PerformanceFacts(
        number=performance.number or 0,
        production_dip_id=performance.production.dip_id,
        theater_id=performance.theater_id,
        hall_id=hall.pk,
        starts_at=performance.starts_at + dt.timedelta(days=1),
        status=performance.status,
        kind=performance.kind,
        capacity=tuple(performance.capacity),
    )


def written(world: World, performances: Sequence[Performance], hall: Hall) -> int:
    """Let the pull find these moved; returns the number of statements."""
    facts = [moved(performance, hall) for performance in performances]
    with CaptureQueriesContext(connection) as queries, transaction.atomic():
        mirror.write_performances(facts, actor=pull(world.agency), told={one.number for one in facts})
    return len(queries)


def test_a_move_found_in_dip_is_written_as_one_made_here(world: World, small_hall: Hall) -> None:
    first = world.performances[0]
    was = first.starts_at
    written(world, [first], small_hall)
    line = Entry.objects.get(code="performance.moved")
    assert set(line.fields) == {"hall", "starts_at"}
    assert line.fields["hall"] == [{"id": 57, "name": "Grote zaal"}, {"id": 59, "name": "Kleine zaal"}]
    assert "Grote zaal → Kleine zaal" in text_for(line)
    (change,) = start.of(world.kade).changes
    assert (change.was_in, change.was_at) == ("Grote zaal", was)


def test_a_hall_that_was_not_known_yet_is_told(world: World, small_hall: Hall) -> None:
    first = world.performances[0]
    Performance.objects.filter(pk=first.pk).update(hall=None)
    written(world, [first], small_hall)
    assert Entry.objects.get().fields["hall"] == [None, {"id": 59, "name": "Kleine zaal"}]


def test_another_genre_and_producer_found_in_dip_are_told_by_name(world: World) -> None:
    dance = Genre.objects.create(id=5, name="Dans")
    facts = ProductionFacts(
        dip_id=world.production.dip_id, title="De Storm", season=world.production.season, genre_id=dance.pk,
        producer_id=world.rival_producer.pk,
    )  # fmt: skip
    with transaction.atomic():
        mirror.write_productions([facts], actor=pull(world.agency), told={facts.dip_id})
    line = Entry.objects.get(code="production.updated")
    assert line.fields == {
        "genre": [{"id": 4, "name": "Toneel"}, {"id": 5, "name": "Dans"}],
        "producer": [{"id": 123, "name": "Producent Storm"}, {"id": 777, "name": "Producent Windstil"}],
    }
    assert "Toneel → Dans" in text_for(line)


def test_many_moves_cost_as_many_statements_as_one(world: World, small_hall: Hall) -> None:
    """The lines are written at once, and no agreement is looked up for each of them."""
    first, *others = world.performances
    Performance.objects.create(
        number=11484999, production=world.production, theater=world.theater, hall=world.hall, starts_at=first.starts_at,
    )  # fmt: skip
    others = list(
        Performance.objects.filter(production=world.production).exclude(pk=first.pk).select_related("production")
    )
    assert len(others) == 3
    assert written(world, [first], small_hall) == written(world, others, small_hall)
