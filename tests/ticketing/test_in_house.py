"""What sells in one house: added up as a tour is, of its own performances and of nothing else."""

import datetime as dt
import random
from typing import Any

import pytest
from django.utils import timezone

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production
from dipportal.organisations.models import Organisation
from dipportal.ticketing import in_house, queries, sums
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.in_house import HouseSums
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.monitor import SHOWN, Tour
from tests.world import World, season

pytestmark = pytest.mark.django_db


def a_season(world: World, chance: random.Random, number: int) -> list[Production]:
    """Tours of which about half plays with the neighbour, in every state that a performance and its counts can have."""
    made = [
        Production.objects.create(title=f"Stuk {one}", season=season(), producer=world.producer, genre=world.genre)
        for one in range(number)
    ]
    for production in made:
        for _evening in range(chance.randint(0, 9)):
            tell(an_evening(world, chance, production), chance)
    sums.renew_all()
    return made


def an_evening(world: World, chance: random.Random, production: Production) -> Performance:
    number = 800_000 + Performance.objects.count()
    return Performance.objects.create(
        production=production,
        theater=chance.choice([world.theater, world.other_theater]),
        number=chance.choice([number, number, number, None]),
        starts_at=timezone.now() + dt.timedelta(days=chance.randint(-80, 80)),
        status=chance.choice([PerformanceStatus.AGREED] * 4 + [PerformanceStatus.CANCELLED]),
        missing_since=chance.choice([None] * 6 + [timezone.now()]),
        capacity=chance.choice([[], [0], [100], [300, 50]]),
    )


def tell(evening: Performance, chance: random.Random) -> None:
    for source in chance.sample(list(Source), chance.randint(0, 2)):
        kinds = {kind: chance.randint(0, 40) for kind in TicketKind}
        whole = sum(kinds.values())
        told: dict[str, Any] = chance.choice(
            [
                {"tickets": whole, "revenue_cents": whole * 2000, **{str(kind): part for kind, part in kinds.items()}},
                {"tickets": whole, "revenue_cents": whole * 1500},
                {},
            ]
        )
        if told:
            told["counted_at"] = timezone.now() - dt.timedelta(days=chance.randint(0, 20))
        TicketCount.objects.create(
            performance=evening,
            source=source,
            reservations=chance.choice([None, 0, 7]),
            missing_since=chance.choice([None, None, None, timezone.now()]),
            **told,
        )
    today = timezone.localdate()
    TicketCountPoint.objects.bulk_create(
        TicketCountPoint(performance=evening, day=today - dt.timedelta(days=days), tickets=chance.choice([None, 5, 60]))
        for days in chance.sample(range(30), chance.randint(0, 3))
    )


def in_sql(organisation: Organisation) -> list[HouseSums]:
    return in_house.productions(Performance.objects.visible_to(organisation), timezone.now())


def by_hand(organisation: Organisation) -> dict[int, Tour]:
    rows = list(Performance.objects.visible_to(organisation).order_by("pk"))
    sold = queries.sold_of(organisation, rows)
    found: dict[int, list[Any]] = {}
    for one in sold:
        found.setdefault(one.performance.production_id, []).append(one)
    return {pk: Tour(rows) for pk, rows in found.items()}


@pytest.mark.parametrize("seed", range(8))
def test_a_house_adds_up_as_the_page_of_one_production_does(world: World, seed: int) -> None:
    a_season(world, random.Random(seed), 15)
    now = timezone.now()
    for house in (world.kade, world.haven):
        expected = by_hand(house)
        found = {row.pk: row for row in in_sql(house)}
        assert found.keys() == expected.keys()
        for pk, tour in expected.items():
            row = found[pk]
            kinds = tour.by_kind or {}
            told = bool(tour.counted)
            assert (row.performances, row.counted) == (len(tour.playing), len(tour.counted))
            assert (row.tickets, row.revenue_cents) == (
                (tour.tickets, tour.revenue_cents) if told else (None, None)
            )  # fmt: skip
            assert (row.seats, row.in_known_seats, row.occupancy) == (tour.seats, tour.in_known_seats, tour.occupancy)
            assert (row.change, row.week_before) == (tour.change, tour.week_before)
            assert (row.reservations, row.counted_at) == (tour.reservations, tour.counted_at)
            assert [getattr(row, str(kind)) for kind in SHOWN] == [kinds.get(kind) for kind in SHOWN]
            assert row.moving.played == sum(one.performance.starts_at < now for one in tour.playing)
            assert row.silent == sum(one.silence(now) is not None for one in tour.sold)
            first = min((one.performance.starts_at for one in tour.playing), default=None)
            assert row.first_at == first


@pytest.mark.parametrize("seed", range(3))
def test_a_season_together_is_that_of_all_its_performances_here(world: World, seed: int) -> None:
    a_season(world, random.Random(seed), 15)
    whole = Tour([one for tour in by_hand(world.kade).values() for one in tour.sold])
    rows = in_sql(world.kade)
    found = in_house.together(rows)
    assert found.tickets is not None
    assert (found.tickets, found.seats, found.occupancy) == (whole.tickets, whole.seats, whole.occupancy)
    assert (found.change, found.change_share) == (whole.change, whole.change_share)
    assert (found.reservations, found.revenue_cents) == (whole.reservations, whole.revenue_cents)
    assert dict(found.kinds) == whole.by_kind
    assert (found.performances, found.counted, found.productions) == (
        len(whole.playing), len(whole.counted), len(rows)
    )  # fmt: skip
    ((name, compared),) = in_house.by_season(world.kade, in_house.seasons(world.kade))
    assert (name, compared.tickets, compared.occupancy) == (season(), whole.tickets, whole.occupancy)
    assert (compared.performances, compared.counted) == (len(whole.playing), len(whole.counted))
    assert compared.productions == sum(row.counted > 0 for row in rows)


def test_whatever_the_neighbours_sell_nothing_of_a_house_moves(world: World) -> None:
    made = a_season(world, random.Random(3), 6)
    before = in_sql(world.kade), in_house.by_season(world.kade, in_house.seasons(world.kade))
    for production in made:
        evening = Performance.objects.create(
            production=production, theater=world.other_theater, number=900_000 + production.pk, capacity=[9944],
            starts_at=timezone.now(),
        )  # fmt: skip
        TicketCount.objects.create(
            performance=evening, source=Source.DIP, tickets=9944, revenue_cents=9944, counted_at=timezone.now(),
            reservations=9944,
        )  # fmt: skip
        TicketCountPoint.objects.create(performance=evening, day=timezone.localdate(), tickets=9944)
    sums.renew_all()
    assert (in_sql(world.kade), in_house.by_season(world.kade, in_house.seasons(world.kade))) == before
    assert in_sql(world.haven) != []


def test_the_counts_of_a_house_are_those_it_may_see_of_what_takes_place(world: World) -> None:
    a_season(world, random.Random(7), 15)
    playing = Performance.objects.agreed()
    for house in (world.kade, world.haven):
        visible = TicketCount.objects.visible_to(house).filter(performance__in=playing)
        assert set(TicketCount.objects.in_house(house)) == set(visible) != set()
    for stranger in (None, world.agency):
        assert not TicketCount.objects.in_house(stranger).exists()


def test_of_a_performance_of_which_nobody_tells_tickets_one_count_is_shown(world: World) -> None:
    one = world.performances[0]
    told = [
        TicketCount.objects.create(performance=one, source=source, reservations=4, changed_at=timezone.now() - ago)
        for source, ago in ((Source.HAND, dt.timedelta(0)), (Source.DIP, dt.timedelta(hours=1)))
    ]
    assert list(TicketCount.objects.shown()) == [told[0]]
    TicketCount.objects.filter(pk=told[1].pk).update(changed_at=timezone.now())
    assert list(TicketCount.objects.shown()) == [told[1]]


def test_nobody_s_house_is_empty(world: World) -> None:
    a_season(world, random.Random(1), 3)
    rows = in_house.productions(Performance.objects.visible_to(None), timezone.now())
    assert (rows, in_house.seasons(None), in_house.by_season(None, {})) == ([], {}, [])
    assert in_house.counted_before(None, "9999-9999") == []


@pytest.mark.parametrize("number", [1, 30])
def test_a_season_takes_two_questions(world: World, number: int, django_assert_num_queries: Any) -> None:
    a_season(world, random.Random(5), number)
    with django_assert_num_queries(2):
        rows = in_sql(world.kade)
    with django_assert_num_queries(1):
        in_house.with_productions(rows)
    with django_assert_num_queries(2):
        in_house.by_season(world.kade, in_house.seasons(world.kade))


def test_empty_values_come_last_both_ways(world: World) -> None:
    rows = in_sql(world.kade) + [
        HouseSums(pk, title, None, in_house.Moving(0, 0), 1, tickets=tickets)
        for pk, title, tickets in ((1001, "B", None), (1002, "a", 5), (1003, "C", 9))
    ]
    titles = [world.production.title]
    assert [row.title for row in in_house.in_order(rows, "tickets", down=False)] == ["a", "C", "B", *titles]
    assert [row.title for row in in_house.in_order(rows, "tickets", down=True)] == ["C", "a", "B", *titles]
    assert [row.title for row in in_house.in_order(rows, "title", down=True)] == [*titles, "C", "B", "a"]
