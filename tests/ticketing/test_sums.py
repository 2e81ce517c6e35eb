"""The sums of tours and the owed counts: whatever happens, they say what the performances and their counts say."""

import datetime as dt
import random
import threading
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue import actions, touched
from dipportal.catalogue import mirror as catalogue
from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production
from dipportal.organisations.actors import pull
from dipportal.ticketing import mirror, seasons, sums, tasks
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import OwedCount, TicketCount, TourSums
from dipportal.ticketing.monitor import SHOWN, Sold, Tour
from dipportal.ticketing.queries import sold_today
from tests.world import AMSTERDAM, World, evening

BEGIN = dt.datetime(2026, 11, 18, 12, tzinfo=AMSTERDAM)
pytestmark = pytest.mark.django_db


class Clock:
    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = BEGIN
        monkeypatch.setattr(timezone, "now", lambda: self.now)


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    return Clock(monkeypatch)


def tours() -> dict[int, list[Sold]]:
    """Every tour, read anew."""
    found: dict[int, list[Sold]] = {}
    for one in sold_today(TicketCount.objects.all(), list(Performance.objects.order_by("pk"))):
        found.setdefault(one.performance.production_id, []).append(one)
    return found


def said(row: TourSums) -> tuple[Any, ...]:
    kinds = {kind: getattr(row, kind) for kind in SHOWN} if row.normal is not None else None
    return (
        row.performances, row.counted, row.tickets, row.seats, row.in_known_seats, row.occupancy, row.revenue_cents,
        row.reservations, row.change, row.week_before, row.counted_at, kinds,
    )  # fmt: skip


def anew(sold: list[Sold]) -> tuple[Any, ...]:
    tour = Tour(sold)
    told = bool(tour.counted)
    return (
        len(tour.playing), len(tour.counted), tour.tickets if told else None, tour.seats, tour.in_known_seats,
        tour.occupancy, tour.revenue_cents if told else None, tour.reservations, tour.change, tour.week_before,
        tour.counted_at, tour.by_kind,
    )  # fmt: skip


def agree(*moments: dt.datetime) -> None:
    """What is kept is what is counted anew; and in SQL the same performances owe a count as in Python."""
    fresh = tours()
    kept = {row.pk: said(row) for row in TourSums.objects.all()}
    assert kept == {pk: anew(sold) for pk, sold in fresh.items()}
    for pk, sold in fresh.items():
        assert seasons.together(TourSums.objects.filter(pk=pk)) == seasons.Together.of_tour(Tour(sold))
    for moment in moments:
        silent = {
            one.performance.pk: silence.since
            for sold in fresh.values() for one in sold if (silence := one.silence(moment)) is not None
        }  # fmt: skip
        owed = OwedCount.objects.filter(owes_from__lte=moment)
        assert dict(owed.values_list("performance", "counted_at")) == silent
    placed = Performance.objects.filter(owed__isnull=False)
    assert set(placed.values_list("pk", "production", "theater", "starts_at")) == set(
        OwedCount.objects.values_list("performance", "production", "theater", "starts_at")
    )


# --- whatever happens ----------------------------------------------------------------------------------------------
class History:
    """What people and pulls do to two tours, at random."""

    def __init__(self, world: World, clock: Clock, seed: int) -> None:
        self.world, self.clock, self.random = world, clock, random.Random(seed)
        self.number = 70_000
        self.other = Production.objects.create(
            title="Ander stuk", producer=world.production.producer, dip_id="NL-26-001-9999999"
        )
        Production.objects.update(season="2026-2027")
        self.actor = world.actors["agency_editor"]

    def step(self) -> None:
        self.random.choice(
            (self.counted, self.counted, self.counted, self.lost, self.entered, self.changed, self.cancelled,
             self.pulled, self.gone, self.returned, self.a_day)
        )()  # fmt: skip

    def some(self, **more: Any) -> list[Performance]:
        rows = list(Performance.objects.filter(**more).order_by("pk"))
        return self.random.sample(rows, min(len(rows), self.random.randint(1, 3)))

    def moment(self) -> dt.datetime:
        return self.clock.now + dt.timedelta(days=self.random.randint(-40, 90), hours=self.random.randint(0, 12))

    def counted(self) -> None:
        told: dict[int, mirror.Told] = {}
        for one in self.some():
            tickets = self.random.randint(0, 300)
            at = self.clock.now - dt.timedelta(days=self.random.choice((0, 0, 0, 1, 9, 30)))
            kinds = {TicketKind.NORMAL: (tickets, tickets * 2000)} if self.random.random() < 0.7 else None
            told[one.pk] = mirror.sold(tickets, tickets * 2000, at, kinds)
            if self.random.random() < 0.5:
                told[one.pk]["reservations"] = self.random.choice((None, 4))
        mirror.write(told, source=Source.DIP)

    def lost(self) -> None:
        mirror.mark_missing([one.pk for one in self.some()], source=Source.DIP)

    def entered(self) -> None:
        values = {
            "theater": self.world.theater, "hall": self.world.hall, "starts_at": self.moment(), "capacity": [200, 50],
        }  # fmt: skip
        made = actions.create_performance(self.random.choice((self.world.production, self.other)), values=values,
                                          actor=self.actor)  # fmt: skip
        if self.random.random() < 0.8:
            self.number += 1
            with transaction.atomic():
                Performance.objects.filter(pk=made.pk).update(number=self.number)
                touched.touched([made.production_id])

    def changed(self) -> None:
        for one in self.some(status=PerformanceStatus.AGREED, production__in=(self.world.production, self.other))[:1]:
            values = {
                "theater": one.theater, "hall": one.hall, "starts_at": self.moment(),
                "capacity": [self.random.choice((0, 100, 321))],
            }  # fmt: skip
            actions.update_performance(one, values=values, seen_version=one.version, actor=self.actor)

    def cancelled(self) -> None:
        for one in self.some(production__in=(self.world.production, self.other))[:1]:
            if self.random.random() < 0.3:
                actions.cancel_performance(one, actor=self.actor)

    def pulled(self) -> None:
        rows = [one for one in self.some(number__isnull=False) if one.production.dip_id]
        facts = [self.facts(one.number or 0, one.theater_id) for one in rows]
        self.number += 1
        facts.append(self.facts(self.number, self.world.other_theater.pk))
        catalogue.write_performances(facts, actor=pull(self.world.agency))

    def facts(self, number: int, theater: int) -> catalogue.PerformanceFacts:
        production = self.random.choice((self.world.production, self.other))
        return catalogue.PerformanceFacts(
            number=number, production_dip_id=production.dip_id, theater_id=theater, hall_id=None,
            starts_at=self.moment(), status=self.random.choice(("agreed", "agreed", "cancelled")), kind="normal",
            capacity=(self.random.choice((0, 80, 400)),),
        )  # fmt: skip

    def gone(self) -> None:
        catalogue.mark_missing(Performance.objects.filter(pk__in=[one.pk for one in self.some()[:1]]))

    def returned(self) -> None:
        catalogue.clear_missing(Performance.objects.all())

    def a_day(self) -> None:
        """The clock goes on, and renews what moves with it."""
        self.clock.now += dt.timedelta(days=self.random.choice((1, 1, 2, 8)))
        sums.renew_due(timezone.localdate())


@pytest.mark.parametrize("seed", range(12))
def test_the_sums_are_what_is_counted_anew(world: World, clock: Clock, seed: int) -> None:
    history = History(world, clock, seed)
    sums.renew_all()
    for _step in range(30):
        with transaction.atomic():
            history.step()
        agree(history.clock.now, history.moment())


def test_a_cancelled_production_owes_nothing(world: World) -> None:
    sums.renew_all()
    actions.cancel_production(world.production, actor=world.actors["agency_editor"])
    agree(timezone.now())
    assert TourSums.objects.get(pk=world.production.pk).performances == 0
    assert not OwedCount.objects.filter(production=world.production).exists()


def test_what_an_agreement_names_and_the_number_that_dip_gave_count(world: World) -> None:
    """A stub of a performance, and one of our own whose creation was under way."""
    own = Performance.objects.create(production=world.production, theater=world.theater, starts_at=evening(20))
    sums.renew_all()
    facts = [
        catalogue.PerformanceFacts(
            number=number, production_dip_id=world.production.dip_id, theater_id=world.theater.pk, hall_id=None,
            starts_at=evening(days), status="agreed", kind="normal",
        )
        for number, days in ((81_000, 20), (81_001, 21))
    ]  # fmt: skip
    catalogue.ensure_performances(facts, sent=[own.pk])
    assert TourSums.objects.get(pk=world.production.pk).performances == 5
    assert OwedCount.objects.filter(performance=own).exists()
    agree(timezone.now())


# --- what moves with the day --------------------------------------------------------------------------------------
def sold(tickets: int, at: dt.datetime, **more: Any) -> mirror.Told:
    told = mirror.sold(tickets, tickets * 2000, at, None)
    told.update(more)  # type: ignore[typeddict-item]
    return told


def test_what_sold_in_a_week_is_another_number_when_the_day_comes(world: World, clock: Clock) -> None:
    evening = world.performances[0]
    mirror.write({evening.pk: sold(10, BEGIN - dt.timedelta(days=20))}, source=Source.DIP)
    mirror.write({evening.pk: sold(50, BEGIN)}, source=Source.DIP)
    row = TourSums.objects.get(pk=world.production.pk)
    assert (row.change, row.due_on) == (40, BEGIN.date() + dt.timedelta(days=7))
    for day in range(1, 9):
        clock.now = BEGIN + dt.timedelta(days=day)
        tasks.renew_due_sums()
        row.refresh_from_db()
        assert row.change == (40 if day < 7 else 0), day
        agree()
    assert row.due_on is None


def test_the_clock_renews_what_moves_and_leaves_the_rest(world: World, clock: Clock) -> None:
    sums.renew_all()
    assert tasks.renew_due_sums() == 0
    mirror.write({world.performances[0].pk: sold(10, BEGIN)}, source=Source.DIP)
    clock.now += dt.timedelta(days=30)
    assert [tasks.renew_due_sums(), tasks.renew_due_sums()] == [1, 0]


def test_a_tour_that_has_no_sums_yet_gets_them_by_itself(world: World) -> None:
    assert not TourSums.objects.exists()
    assert tasks.renew_due_sums() == 2
    agree(timezone.now())


def test_every_night_all_are_renewed(world: World) -> None:
    tasks.renew_all_sums()
    TourSums.objects.update(tickets=999, counted=7)
    OwedCount.objects.all().delete()
    tasks.renew_all_sums()
    agree(timezone.now())


def test_a_tour_that_lost_its_last_performance_has_no_sums(world: World) -> None:
    sums.renew_all()
    Performance.objects.filter(pk=world.rival_performance.pk).update(production=world.production)
    sums.renew([world.production.pk, world.rival_production.pk])
    assert not TourSums.objects.filter(pk=world.rival_production.pk).exists()
    agree(timezone.now())


def test_statements_do_not_grow_with_the_productions(world: World) -> None:
    def statements(keys: list[int]) -> int:
        with CaptureQueriesContext(connection) as seen:
            sums.renew(keys)
        return len(seen)

    many = [Production.objects.create(title=f"Stuk {n}", producer=world.producer).pk for n in range(20)]
    for pk in many:
        Performance.objects.create(production_id=pk, theater=world.theater, starts_at=BEGIN, number=50_000 + pk)
    assert statements([world.production.pk]) == statements([world.production.pk, *many])


# --- whose they are ------------------------------------------------------------------------------------------------
def test_everybody_sees_the_sums_of_the_productions_they_provide(world: World) -> None:
    sums.renew_all()
    seen = {
        who: (
            set(TourSums.objects.visible_to(organisation).values_list("pk", flat=True)),
            set(OwedCount.objects.visible_to(organisation).values_list("production", flat=True)),
        )
        for who, organisation in (("agency", world.agency), ("rival", world.rival), ("kade", world.kade), ("", None))
    }
    ours, theirs = {world.production.pk}, {world.rival_production.pk}
    assert seen == {"agency": (ours, ours), "rival": (theirs, theirs), "kade": (set(), set()), "": (set(), set())}


# --- at once -------------------------------------------------------------------------------------------------------
@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_two_that_change_one_tour_at_once_both_count(world: World) -> None:
    """The second one adds up what the first one wrote, although that was not there yet when it began."""
    sums.renew_all()
    one, other = world.performances[:2]
    begun, failed = threading.Event(), []

    def cancel() -> None:
        try:
            begun.wait(10)
            actions.cancel_performance(other, actor=world.actors["agency_editor"])
        except Exception as error:
            failed.append(error)
        finally:
            connection.close()

    thread = threading.Thread(target=cancel)
    thread.start()
    with transaction.atomic():
        mirror.write({one.pk: sold(10, timezone.now())}, source=Source.DIP)
        begun.set()
        thread.join(1)
        assert thread.is_alive(), "it waits for the tour"
    thread.join(10)
    assert (thread.is_alive(), failed) == (False, [])
    row = TourSums.objects.get(pk=world.production.pk)
    assert (row.performances, row.tickets) == (2, 10)
