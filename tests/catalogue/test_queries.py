"""Reads that are written for the database by hand give what the plain ones would give."""

import random

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue.models import Producer, Production
from dipportal.catalogue.queries import seasons_of
from dipportal.organisations.models import Organisation
from tests.world import World

YEARS = [f"{year}-{year + 1}" for year in range(2012, 2028)]
# What DIP or an older import may have put there, too.
STRANGE = ["", " ", "onbekend", "Zomer '24", "%s", "2012", "~"]


def plainly(provider: Organisation) -> list[str]:
    rows = Production.objects.visible_to(provider).exclude(season="")
    return sorted(set(rows.values_list("season", flat=True)), reverse=True)


@pytest.mark.parametrize("seed", range(8))
def test_the_seasons_of_a_provider_are_those_of_its_own_productions(world: World, seed: int) -> None:
    chance = random.Random(seed)
    producers = [world.producer, world.rival_producer]
    for number in range(2):
        producers.append(Producer.objects.create(pk=900 + number, name=f"Gezelschap {number}"))
        producers[-1].providers.add(*chance.sample([world.agency, world.rival], k=number + 1))
    Production.objects.all().update(season="")
    Production.objects.bulk_create(
        Production(title=f"Stuk {number}", season=chance.choice(YEARS + STRANGE), producer=chance.choice(producers))
        for number in range(40)
    )
    for provider in (world.agency, world.rival):
        assert seasons_of(provider) == plainly(provider)
    assert set(seasons_of(world.agency)) != set(seasons_of(world.rival))


def test_who_has_no_productions_has_no_seasons(world: World) -> None:
    Production.objects.all().update(season="")
    assert seasons_of(world.agency) == []
    Producer.providers.through._default_manager.filter(organisation_id=world.rival.pk).delete()
    assert seasons_of(world.rival) == []


def test_the_seasons_are_asked_for_in_one_statement(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        assert seasons_of(world.agency) == plainly(world.agency)
    assert sum("RECURSIVE" in one["sql"] for one in queries.captured_queries) == 1
    assert len(queries) == 2, "the other one is the plain one"
