"""A production beside earlier ones of the same house."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone

from dipportal.catalogue.models import Genre, Performance, Production
from dipportal.organisations.models import Organisation
from dipportal.ticketing import earlier, queries, sums
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.monitor import Tour
from tests.world import World, evening

pytestmark = pytest.mark.django_db
THEN = 20


def played(world: World, title: str, season: str, *shares: tuple[int, int], **more: Any) -> Production:
    """Of each performance what was sold THEN days before it, and in the end; each has a hundred seats."""
    production = Production.objects.create(
        title=title, season=season, **{"producer": world.producer, "genre": world.genre, **more}
    )
    for number, (then, final) in enumerate(shares):
        sold(production, evening(-300 - number), world, then, final)
    sums.renew([production.pk])
    return production


def sold(production: Production, starts_at: dt.datetime, world: World, then: int | None, now: int) -> Performance:
    made = Performance.objects.create(
        production=production, theater=world.theater, starts_at=starts_at, capacity=[100],
        number=700_000 + Performance.objects.count(),
    )  # fmt: skip
    day = timezone.localdate(starts_at)
    if then is not None:
        TicketCountPoint.objects.create(performance=made, day=day - dt.timedelta(days=THEN + 3), tickets=then)
        TicketCountPoint.objects.create(performance=made, day=day - dt.timedelta(days=THEN - 1), tickets=now)
    TicketCount.objects.create(
        performance=made, source=Source.DIP, tickets=now, revenue_cents=0, counted_at=min(starts_at, timezone.now())
    )
    return made


@pytest.fixture
def running(world: World) -> Production:
    """A tour of the agency of which three performances play in THEN days or a little later."""
    production = Production.objects.create(
        title="Nu", season="2026-2027", producer=world.producer, genre=world.genre, dip_id="NL-26-123-1"
    )
    for days, then in ((THEN - 5, 30), (THEN, 10), (THEN + 5, 40)):
        sold(production, evening(days), world, then, then + 5)
    sums.renew([production.pk])
    return production


def compared(world: World, production: Production) -> earlier.Comparison | None:
    performances = list(Performance.objects.filter(production=production))
    return earlier.compared(world.agency, production, Tour(queries.sold_of(world.agency, performances)))


def test_how_full_it_was_then_and_became(world: World, running: Production) -> None:
    played(world, "Toen", "2024-2025", (10, 80), (20, 90), (60, 100))
    found = compared(world, running)
    assert found is not None
    assert found.days_before == THEN
    (before,) = found.earlier
    assert (before.title, before.final, before.at_that_time) == ("Toen", Decimal("90.0"), Decimal("20.0"))
    # The third one has more days to go than that; of the two others the middle.
    assert (found.own.at_that_time, found.own.final) == (Decimal("20.0"), Decimal("31.7"))


def test_of_the_same_genre_if_there_is_one_and_else_of_any(world: World, running: Production) -> None:
    other = Genre.objects.create(id=9, name="Dans")
    played(world, "Gedanst", "2025-2026", (10, 50), genre=other)
    found = compared(world, running)
    assert found is not None
    assert ([one.title for one in found.earlier], found.same_genre) == (["Gedanst"], False)
    played(world, "Gespeeld", "2023-2024", (10, 50))
    found = compared(world, running)
    assert found is not None
    assert ([one.title for one in found.earlier], found.same_genre) == (["Gespeeld"], True)


def test_the_newest_few_and_their_average(world: World, running: Production) -> None:
    for year in range(2010, 2020):
        played(world, f"Van {year}", f"{year}-{year + 1}", (10, 50 if year % 2 else 70))
    found = compared(world, running)
    assert found is not None
    assert [one.title for one in found.earlier] == [f"Van {year}" for year in range(2019, 2019 - earlier.SHOWN, -1)]
    assert found.average == Decimal("60.0")


def test_another_house_and_later_seasons_and_what_nobody_counted_are_not_beside_it(
    world: World, running: Production
) -> None:
    played(world, "Van de buren", "2024-2025", (10, 50), producer=world.rival_producer)
    played(world, "Later", "2027-2028", (10, 50))
    played(world, "Hetzelfde seizoen", "2026-2027", (10, 50))
    played(world, "Zonder seizoen", "", (10, 50))
    played(world, "Niet geteld", "2024-2025")
    assert compared(world, running) is None


def test_without_a_count_of_its_own_there_is_nothing_to_compare(world: World) -> None:
    played(world, "Toen", "2024-2025", (10, 80))
    Production.objects.filter(pk=world.production.pk).update(season="2026-2027")
    world.production.refresh_from_db()
    assert compared(world, world.production) is None


def test_of_what_was_played_the_end_counts(world: World) -> None:
    before, last = (played(world, name, season, (10, 80)) for name, season in (("A", "2023-2024"), ("B", "2024-2025")))
    found = compared(world, last)
    assert found is not None
    assert (found.days_before, [one.pk for one in found.earlier]) == (0, [before.pk])


def test_what_had_no_count_by_then_says_nothing(world: World, running: Production) -> None:
    made = played(world, "Toen", "2024-2025", (10, 80))
    sold(made, evening(-200), world, None, 40)
    sums.renew([made.pk])
    found = compared(world, running)
    assert found is not None
    assert (found.earlier[0].at_that_time, found.earlier[0].final) == (Decimal("10.0"), Decimal("60.0"))


def test_one_question(world: World, running: Production, django_assert_num_queries: Any) -> None:
    tour = Tour(queries.sold_of(world.agency, list(Performance.objects.filter(production=running))))
    for number in range(3):
        with django_assert_num_queries(1):
            earlier.compared(world.agency, running, tour)
        played(world, f"Toen {number}", "2024-2025", (10, 80), (20, 90))


# --- in the same theaters -------------------------------------------------------------------------------------------
def before_there(world: World, production: Production, organisation: Organisation | None) -> dict[int, Decimal]:
    performances = list(Performance.objects.filter(production=production))
    tour = Tour(queries.sold_of(organisation, performances))
    return earlier.in_same_theaters(organisation, tour, timezone.now())


def test_of_each_theater_how_full_others_of_the_same_provider_were_there(world: World, running: Production) -> None:
    assert before_there(world, running, world.agency) == {}
    played(world, "Toen", "2025-2026", (10, 80), (20, 90))
    played(world, "Ook toen", "2025-2026", (10, 40))
    elsewhere = sold(running, evening(3), world, None, 20)
    Performance.objects.filter(pk=elsewhere.pk).update(theater=world.other_theater)
    assert before_there(world, running, world.agency) == {world.theater.pk: Decimal("70.0")}
    # Two sources of one performance are one count.
    twice = TicketCount.objects.get(performance__production__title="Ook toen")
    TicketCount.objects.create(
        performance=twice.performance, source=Source.HAND, tickets=70, revenue_cents=0, counted_at=timezone.now()
    )
    assert before_there(world, running, world.agency) == {world.theater.pk: Decimal("80.0")}


def test_of_a_theater_nothing_of_neighbours_nor_what_was_not_played_counted_or_lately(
    world: World, running: Production
) -> None:
    played(world, "Van de buren", "2025-2026", (10, 50), producer=world.rival_producer)
    off, gone, untold, long_ago, coming, seatless = (
        played(world, title, "2025-2026", (10, 50)) for title in ("Af", "Weg", "Stil", "Lang", "Komt", "Geen stoelen")
    )
    Performance.objects.filter(production=off).update(status="cancelled")
    Performance.objects.filter(production=gone).update(missing_since=timezone.now())
    TicketCount.objects.filter(performance__production=untold).update(missing_since=timezone.now())
    Performance.objects.filter(production=long_ago).update(starts_at=evening(-1100))
    Performance.objects.filter(production=coming).update(starts_at=evening(2))
    Performance.objects.filter(production=seatless).update(capacity=[])
    assert before_there(world, running, world.agency) == {}
    Performance.objects.filter(production=long_ago).update(starts_at=evening(-1000))
    assert before_there(world, running, world.agency) == {world.theater.pk: Decimal("50.0")}
    # A neighbour that asks of the same evenings learns of its own alone, and a theater of nobody's.
    assert before_there(world, running, world.rival) == {world.theater.pk: Decimal("50.0")}
    Performance.objects.filter(production__title="Van de buren").update(status="cancelled")
    for other in (world.rival, world.kade, None):
        assert before_there(world, running, other) == {}


# --- in a house -----------------------------------------------------------------------------------------------------
def in_house(world: World, production: Production) -> earlier.Comparison | None:
    here = list(Performance.objects.visible_to(world.kade).filter(production=production))
    return earlier.compared_in_house(world.kade, production, Tour(queries.sold_of(world.kade, here)))


def next_door(world: World, production: Production, then: int, final: int) -> None:
    """The same production in another house."""
    made = sold(production, evening(-290), world, then, final)
    Performance.objects.filter(pk=made.pk).update(theater=world.other_theater)
    sums.renew([production.pk])


def test_a_house_compares_what_played_in_it_whoever_made_it(world: World, running: Production) -> None:
    played(world, "Toen", "2024-2025", (10, 80), (20, 90), (60, 100))
    played(world, "Van een ander", "2023-2024", (40, 50), producer=world.rival_producer)
    found = in_house(world, running)
    assert found is not None
    assert [(one.title, one.final, one.at_that_time) for one in found.earlier] == [
        ("Toen", Decimal("90.0"), Decimal("20.0")), ("Van een ander", Decimal("50.0"), Decimal("40.0"))
    ]  # fmt: skip
    assert (found.days_before, found.own.at_that_time, found.own.final) == (THEN, Decimal("20.0"), Decimal("31.7"))
    assert found.average == Decimal("80.0")


def test_a_house_compares_nothing_of_another_house(world: World, running: Production) -> None:
    both = played(world, "Toen", "2024-2025", (10, 80))
    before = in_house(world, running)
    next_door(world, both, 99, 100)
    next_door(world, running, 99, 100)
    elsewhere = played(world, "Elders", "2025-2026", (10, 50))
    Performance.objects.filter(production=elsewhere).update(theater=world.other_theater)
    sums.renew([elsewhere.pk])
    assert in_house(world, running) == before is not None
    compared_by_provider = compared(world, running)
    assert compared_by_provider is not None
    assert len(compared_by_provider.earlier) == 2


def test_a_house_takes_the_same_genre_first_and_the_newest_few(world: World, running: Production) -> None:
    dance = Genre.objects.create(id=9, name="Dans")
    for year in range(2010, 2020):
        played(world, f"Van {year}", f"{year}-{year + 1}", (10, 50), genre=dance)
    found = in_house(world, running)
    assert found is not None
    assert ([one.title for one in found.earlier], found.same_genre) == (
        [f"Van {year}" for year in range(2019, 2019 - earlier.SHOWN, -1)], False
    )  # fmt: skip
    played(world, "Gespeeld", "2001-2002", (10, 50))
    found = in_house(world, running)
    assert found is not None
    assert ([one.title for one in found.earlier], found.same_genre) == (["Gespeeld"], True)


def test_what_did_not_take_place_or_is_of_no_season_is_not_beside_it(world: World, running: Production) -> None:
    off = played(world, "Afgelast", "2024-2025", (10, 80))
    Performance.objects.filter(production=off).update(status="cancelled")
    played(world, "Zonder seizoen", "", (10, 50))
    played(world, "Hetzelfde seizoen", running.season, (10, 50))
    assert in_house(world, running) is None


def test_two_questions_in_a_house(world: World, running: Production, django_assert_num_queries: Any) -> None:
    here = list(Performance.objects.visible_to(world.kade).filter(production=running))
    tour = Tour(queries.sold_of(world.kade, here))
    for number in range(3):
        played(world, f"Toen {number}", "2024-2025", (10, 80), (20, 90))
        with django_assert_num_queries(2):
            earlier.compared_in_house(world.kade, running, tour)
