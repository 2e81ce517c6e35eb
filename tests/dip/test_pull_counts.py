"""Ticket counts from DIP: none is none, broken is broken, and what did not change is neither read nor written."""

import datetime as dt
from typing import Any

import pytest
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production
from dipportal.dip import pull, wire_counts
from dipportal.dip.errors import Unclear
from dipportal.dip.models import Connection, RecordKind, RemoteRecord, RunState, SyncRun
from dipportal.dip.pull_records import MANY
from dipportal.sandbox import server
from dipportal.ticketing.enums import TicketKind
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.queries import SETTLED_AFTER
from tests.dip.pulling import FakeDip, Statements, connect, golden, pulled
from tests.sandbox.client import Dip
from tests.world import World

SOLD = tuple(enumerate(("normal", "discount", "complimentary", "free")))
STAMP = "2026-05-11T04:02:11.5"


# --- over real HTTP ---------------------------------------------------------------------------------------------
@pytest.fixture
def known(remote: server.Admin, pull_process: server.Running, agency: Connection) -> Connection:
    """A season whose performances are known here; of each the ticket office of its theater reported to DIP."""
    pulled(agency, "reference", "catalogue")
    office = Dip(pull_process, "demo-kassa")
    sold = [{"type": kind, "tickets": 40 - 8 * place, "recette": 90000 - 30000 * place} for place, kind in SOLD]
    for evening in Performance.objects.select_related("production"):
        body = {"productionNumber": evening.production.dip_id, "performanceNumber": evening.number}
        office.write("PUT", "/tickets/cumulative", body | {"counts": sold})
        office.write("PUT", "/reservations/cumulative", body | {"counts": sold[:1]})
    return agency


@pytest.mark.django_db(transaction=True)
def test_the_counts_of_a_season_are_those_of_dip(remote: server.Admin, known: Connection) -> None:
    run = pulled(known, "counts")
    counts = TicketCount.objects.select_related("performance")
    assert run.counts["new"] == counts.count() == Performance.objects.count()
    rows = [one for record in RemoteRecord.objects.filter(kind="sales") for one in record.raw["performances"]]
    there = {one["number"]: (one["tickets"], one["recette"]) for one in rows}
    sold = counts.filter(tickets__isnull=False)
    assert {one.performance.number: (one.tickets, one.revenue_cents) for one in sold} == there
    assert {one.kinds[TicketKind.COMPLIMENTARY] for one in sold if one.kinds is not None} == {24}
    assert {one.shown_kinds[TicketKind.OTHER] for one in sold if one.shown_kinds is not None} == {24}
    assert all(sum(one.revenue_of_kinds.values()) == one.revenue_cents for one in sold)
    assert set(counts.values_list("reservations", flat=True)) == {40}
    records = RemoteRecord.objects.filter(kind=RecordKind.BLOCKED_SEATS)
    blocked = [one for record in records for one in record.raw["performances"]]
    kept_free = {one.performance.number: one.blocked_seats for one in counts if one.blocked_seats is not None}
    assert kept_free == {one["number"]: one["tickets"] for one in blocked}
    assert 0 < len(kept_free) < counts.count()
    assert set(TicketCountPoint.objects.values_list("performance", flat=True)) == {one.performance_id for one in counts}


@pytest.mark.django_db(transaction=True)
def test_a_second_pull_writes_no_row_and_asks_no_kinds(remote: server.Admin, known: Connection) -> None:
    first = pulled(known, "counts")
    asked = len(remote.requests())
    with Statements() as statements:
        run = pulled(known, "counts")
    assert statements.writes == []
    assert run.counts == {"seen": first.counts["seen"], "unchanged": first.counts["seen"]}
    productions = Production.objects.exclude(dip_id="").count()
    assert len(remote.requests()) - asked == 3 * productions


@pytest.mark.django_db(transaction=True)
def test_a_production_that_answers_html_is_broken_and_the_others_go_on(remote: server.Admin, known: Connection) -> None:
    broken = Production.objects.order_by("pk").first()
    assert broken is not None
    remote.fault("html200", method="GET", path=f"{broken.dip_id}/sales$", times=None)
    run = pull.run(known, "counts")
    assert (run.state, run.counts["broken"]) == (RunState.PARTLY, 1)
    assert len(run.errors) == 1
    assert broken.dip_id in run.errors[0]
    sold = TicketCount.objects.filter(tickets__isnull=False)
    assert set(sold.values_list("performance__production", flat=True)) == set(
        Production.objects.exclude(pk=broken.pk).values_list("pk", flat=True)
    )
    remote.clear_faults()
    assert pulled(known, "counts").counts["changed"] == broken.performances.count()
    assert sold.filter(performance__production=broken).exists()


@pytest.mark.django_db(transaction=True)
def test_two_who_see_the_same_performances_write_one_count(remote: server.Admin, known: Connection) -> None:
    pulled(known, "counts")
    before = list(TicketCount.objects.order_by("pk").values())
    other = connect("producent", (123,), "demo-impresariaat", "sandbox-impresariaat")
    run = pulled(other, "counts")
    assert run.counts.get("new") is None
    assert list(TicketCount.objects.order_by("pk").values()) == before


@pytest.mark.django_db(transaction=True)
def test_a_dry_run_writes_nothing(remote: server.Admin, known: Connection) -> None:
    run = pull.run(known, "counts", dry_run=True)
    assert run.counts["new"] > 0
    assert not TicketCount.objects.exists()
    assert not RemoteRecord.objects.filter(kind="sales").exists()


# --- DIP in memory ----------------------------------------------------------------------------------------------
@pytest.fixture
def tour(world: World, noord: Connection) -> list[Performance]:
    """Three evenings of one production in two theaters, as DIP knows them."""
    Production.objects.filter(pk=world.production.pk).update(dip_id="NL-26-123-1")
    Performance.objects.filter(production=world.production).delete()
    soon = timezone.now() + dt.timedelta(days=20)
    return [
        Performance.objects.create(
            production=world.production, theater=theater, number=700 + day, starts_at=soon + dt.timedelta(days=day)
        )
        for day, theater in enumerate((world.theater, world.theater, world.other_theater))
    ]


SALES = "/productions/NL-26-123-1/sales"
RESERVED = "/productions/NL-26-123-1/reservations"
BLOCKED = "/productions/NL-26-123-1/blockedseats"


def row(theater: int, **tickets: int) -> dict[str, Any]:
    """A theater's row; tickets by number, as n701=12. Each costs ten euros."""
    plays = [
        {"number": int(name[1:]), "date": STAMP, "tickets": sold, "recette": sold * 1000, "updated": STAMP}
        for name, sold in tickets.items()
    ]
    total = sum(tickets.values())
    sums = {"tickets": total, "recette": total * 1000}
    return {"id": theater, "name": "Huis", "updated": STAMP, **sums, "performances": plays}


def split(normal: int, **others: int) -> list[dict[str, Any]]:
    return [
        {"type": kind, "tickets": tickets, "recette": tickets * 1000}
        for kind, tickets in {"normal": normal, **others}.items()
    ]


def kinds(number: int) -> Any:
    return TicketCount.objects.get(performance__number=number).kinds


def tickets() -> dict[int, int | None]:
    return dict(TicketCount.objects.values_list("performance__number", "tickets"))


def asked_apart(fake: FakeDip) -> list[str]:
    paths = [path for path, _params in fake.asked if path.startswith("/performances/")]
    fake.asked.clear()
    return paths


def counted(connection: Connection, kind: str = "counts") -> SyncRun:
    return pull.run(connection, kind)


def test_the_golden_rows_come_in_whole(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    raw = golden("sales")[0]
    plays = [one["number"] for one in raw["performances"]]
    for evening, number in zip(tour, plays, strict=False):
        Performance.objects.filter(pk=evening.pk).update(number=number)
    fake.counts[SALES] = [raw]
    assert counted(noord).state == RunState.GOOD
    assert tickets() == {one["number"]: one["tickets"] for one in raw["performances"]}
    assert RemoteRecord.objects.get(kind="sales").raw == raw


def test_no_sales_history_is_none_and_no_failure(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    run = counted(noord)
    assert (run.state, run.counts, run.errors) == (RunState.GOOD, {}, [])
    assert [path for path, _params in fake.asked] == [SALES, RESERVED, BLOCKED]


@pytest.mark.parametrize(
    ("said", "none"),
    [
        ("No sales history for production NL-26-123-1", True),
        ("No blocked seats history for production NL-26-123-1", True),
        ("Not an agency", False),
        ("Production NL-26-123-1 not found", False),
        ("There is no sales history", False),
        ("", False),
    ],
)
def test_what_dip_says_of_none(said: str, none: bool) -> None:
    assert wire_counts.says_none(said) is none


def test_another_refusal_is_a_failure(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    from dipportal.dip.errors import NotDone

    fake.counts[SALES] = NotDone("refused", "DIP weigert dit: Not an agency", permanent=True, said="Not an agency")
    run = counted(noord)
    assert (run.state, run.counts) == (RunState.FAILED, {"broken": 1})


def test_kinds_are_asked_of_what_changed_only(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n701=20), row(world.other_theater.pk, n702=0)]
    fake.counts["/performances/700/sales"] = split(7, discount=3)
    fake.counts["/performances/701/sales"] = split(20)
    counted(noord)
    assert asked_apart(fake) == ["/performances/700/sales", "/performances/701/sales"], (
        "of no tickets there are no kinds"
    )
    assert kinds(700)[TicketKind.DISCOUNT] == 3
    assert set(kinds(702).values()) == {0}
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n701=21), row(world.other_theater.pk, n702=0)]
    fake.counts["/performances/701/sales"] = split(20, other=1)
    run = counted(noord)
    assert asked_apart(fake) == ["/performances/701/sales"]
    assert run.counts == {"seen": 2, "unchanged": 1, "changed": 1}
    assert kinds(700)[TicketKind.DISCOUNT] == 3
    assert kinds(701)[TicketKind.OTHER] == 1


def test_kinds_without_a_revenue_of_their_own_count_and_none_is_made_up(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    """As a theater reports that knows the revenue of all kinds together only."""
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n701=20)]
    fake.counts["/performances/700/sales"] = [
        {"type": "normal", "tickets": 7},
        {"type": "discount", "tickets": 3, "recette": None},
    ]
    fake.counts["/performances/701/sales"] = [{"type": "normal", "tickets": 19}]
    assert counted(noord).state == RunState.GOOD
    assert kinds(700) == {**dict.fromkeys(TicketKind, 0), TicketKind.NORMAL: 7, TicketKind.DISCOUNT: 3}
    assert kinds(701) is None, "these are not the tickets of the total"
    assert TicketCount.objects.get(performance__number=700).revenue_of_kinds == {}


def test_kinds_of_which_some_have_a_revenue_cannot_be_read(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10)]
    fake.counts["/performances/700/sales"] = [*split(7), {"type": "free", "tickets": 3}]
    run = counted(noord)
    assert "recette" in " ".join(run.errors)
    assert (tickets(), kinds(700)) == ({700: 10}, None)


def test_kinds_of_another_moment_are_not_taken_for_this_count(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    """Between the two answers three more were sold: the total is kept, the kinds come with the next one."""
    fake.counts[SALES] = [row(world.theater.pk, n700=10)]
    fake.counts["/performances/700/sales"] = split(13)
    assert counted(noord).state == RunState.GOOD
    assert (tickets(), kinds(700)) == ({700: 10}, None)
    fake.counts[SALES] = [row(world.theater.pk, n700=13)]
    counted(noord)
    assert kinds(700)[TicketKind.NORMAL] == 13


def test_kinds_that_could_not_be_had_are_asked_again(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n701=20)]
    fake.counts["/performances/700/sales"] = Unclear("unclear", "half een antwoord")
    fake.counts["/performances/701/sales"] = split(20)
    run = counted(noord)
    assert (run.state, run.counts["broken"]) == (RunState.PARTLY, 1)
    assert tickets() == {700: 10, 701: 20}, "the totals count all the same"
    fake.counts["/performances/700/sales"] = split(10)
    asked_apart(fake)
    assert counted(noord).state == RunState.GOOD
    assert asked_apart(fake) == ["/performances/700/sales"]
    assert kinds(700)[TicketKind.NORMAL] == 10


def test_kinds_that_dip_does_not_tell_are_not_asked_for_ever(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10)]
    assert counted(noord).state == RunState.GOOD
    assert kinds(700) is None
    asked_apart(fake)
    counted(noord)
    assert asked_apart(fake) == []


@pytest.mark.parametrize(
    "answer", [[{"type": "staand", "tickets": 10, "recette": 1}], split(5) + split(5), [{"type": "normal"}], ["x"]]
)
def test_kinds_that_cannot_be_read_are_told(
    world: World, noord: Connection, fake: FakeDip, tour: Any, answer: Any
) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10)]
    fake.counts["/performances/700/sales"] = answer
    run = counted(noord)
    assert run.state == RunState.PARTLY
    assert "700" in run.errors[0]
    assert (tickets(), kinds(700)) == ({700: 10}, None)


@pytest.mark.parametrize(
    "change",
    [
        {"tickets": 11},
        {"recette": 1},
        {"performances": None},
        {"performances": [{"number": 700, "tickets": -1, "recette": 0, "updated": STAMP}], "tickets": -1, "recette": 0},
        {"performances": [{"number": 700, "tickets": 10, "updated": STAMP}], "recette": None},
        {"performances": [{"number": 700, "tickets": 10, "recette": 10000}]},
        {"performances": [{"number": 700, "tickets": 5, "recette": 5000, "updated": STAMP}] * 2},
    ],
)
def test_a_row_that_is_odd_is_set_aside_and_the_rest_goes_on(
    world: World, noord: Connection, fake: FakeDip, tour: Any, change: dict[str, Any]
) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10) | change, row(world.other_theater.pk, n702=5)]
    run = counted(noord)
    assert run.state == RunState.PARTLY
    assert run.counts["faults"] == 1
    assert f"NL-26-123-1/{world.theater.pk}" in run.errors[0]
    assert tickets() == {702: 5}
    assert RemoteRecord.objects.exclude(fault="").get().raw["id"] == world.theater.pk
    fake.counts[SALES] = [row(world.theater.pk, n700=10), row(world.other_theater.pk, n702=5)]
    assert counted(noord).state == RunState.GOOD
    assert tickets() == {700: 10, 702: 5}


def test_a_performance_that_is_not_known_yet_keeps_its_row_coming(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n799=4)]
    run = counted(noord)
    assert (run.state, run.counts["deferred"]) == (RunState.GOOD, 1)
    assert tickets() == {700: 10}
    Performance.objects.filter(number=701).update(number=799)
    assert counted(noord).counts.get("deferred") is None
    assert tickets() == {700: 10, 799: 4}


def test_a_count_of_another_production_is_not_written(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    """DIP's answer about our production says nothing of a neighbour's."""
    Performance.objects.filter(pk=world.rival_performance.pk).update(number=999)
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n999=4)]
    counted(noord)
    assert tickets() == {700: 10}


def test_reservations_become_tickets_and_are_gone(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    fake.counts[RESERVED] = [row(world.theater.pk, n700=6, n701=2)]
    fake.counts[BLOCKED] = [row(world.theater.pk, n700=4)]
    counted(noord)
    evening = TicketCount.objects.get(performance__number=700)
    assert (evening.tickets, evening.reservations, evening.blocked_seats) == (None, 6, 4)
    fake.counts = {SALES: [row(world.theater.pk, n700=6)], RESERVED: [row(world.theater.pk, n701=2)]}
    counted(noord)
    evening.refresh_from_db()
    assert (evening.tickets, evening.reservations, evening.blocked_seats) == (6, None, None)
    assert TicketCount.objects.get(performance__number=701).reservations == 2
    fake.counts.pop(RESERVED)
    counted(noord)
    assert not TicketCount.objects.filter(reservations__isnull=False).exists()


def test_sales_that_dip_no_longer_tells_are_marked_and_kept(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n701=20), row(world.other_theater.pk, n702=5)]
    counted(noord)
    fake.counts[SALES] = [row(world.theater.pk, n700=10)]
    assert counted(noord).counts["missing"] == 2
    marked = TicketCount.objects.exclude(missing_since=None)
    assert set(marked.values_list("performance__number", "tickets")) == {(701, 20), (702, 5)}
    assert counted(noord).counts == {"seen": 1, "unchanged": 1}
    fake.counts[SALES] = [row(world.theater.pk, n700=10, n701=20), row(world.other_theater.pk, n702=5)]
    assert counted(noord).counts["found_again"] == 1
    assert not marked.exists()


def test_that_many_have_no_sales_at_once_is_not_believed(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    theaters = [world.theater.pk, world.other_theater.pk, 4711]
    assert len(theaters) >= MANY
    fake.counts[SALES] = [row(one, **{f"n{700 + index}": 5}) for index, one in enumerate(theaters)]
    counted(noord)
    fake.counts.pop(SALES)
    run = counted(noord)
    assert (run.state, run.counts["broken"]) == (RunState.FAILED, 1)
    assert not TicketCount.objects.exclude(missing_since=None).exists()


def test_a_list_that_is_broken_leaves_what_the_others_tell(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    fake.counts = {SALES: [row(world.theater.pk, n700=10)], RESERVED: [row(world.theater.pk, n700=3)]}
    counted(noord)
    fake.counts = {SALES: [row(world.theater.pk, n700=11)], RESERVED: Unclear("unclear", "half een antwoord")}
    assert counted(noord).state == RunState.PARTLY
    evening = TicketCount.objects.get(performance__number=700)
    assert (evening.tickets, evening.reservations) == (11, 3)


def test_what_is_over_is_asked_in_the_full_pull_only(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    fake.counts[SALES] = [row(world.theater.pk, n700=10)]
    counted(noord)
    Performance.objects.filter(production=world.production).update(
        starts_at=timezone.now() - SETTLED_AFTER - dt.timedelta(days=1)
    )
    fake.counts[SALES] = [row(world.theater.pk, n700=11)]
    fake.asked.clear()
    assert counted(noord).counts == {}
    assert fake.asked == []
    assert counted(noord, "counts-full").counts["changed"] == 1
    assert asked_apart(fake) == [], "of what is over the kinds change no more"
    assert tickets() == {700: 11}
    assert pull.run(noord, "counts", full=True).kind == "counts-full"


def test_at_first_everything_is_asked(world: World, noord: Connection, fake: FakeDip, tour: Any) -> None:
    Performance.objects.filter(production=world.production).update(
        starts_at=timezone.now() - SETTLED_AFTER - dt.timedelta(days=1)
    )
    fake.counts[SALES] = [row(world.theater.pk, n700=10)]
    counted(noord)
    assert tickets() == {700: 10}


def test_only_productions_of_the_organisation_that_dip_knows_are_asked(
    world: World, noord: Connection, fake: FakeDip, tour: Any
) -> None:
    Production.objects.create(title="Concept", season="2026-2027", producer=world.producer)
    Production.objects.filter(pk=world.rival_production.pk).update(dip_id="NL-26-999-1")
    counted(noord)
    assert {path.split("/")[2] for path, _params in fake.asked} == {"NL-26-123-1"}


def test_either_pull_of_counts_is_in_the_way_of_the_other(world: World, noord: Connection, fake: FakeDip) -> None:
    from dipportal.dip import pull_run

    under_way, mine = pull_run.start(noord, "counts-full")
    assert mine
    assert pull_run.start(noord, "counts") == (under_way, False)


def test_a_number_of_a_row_that_is_as_it_was_counts_without_being_read() -> None:
    assert wire_counts.numbers_in(row(1, n700=10, n701=20)) == {700, 701}
    for odd in (None, [], {}, {"performances": None}, {"performances": [None, {}, {"number": "7"}]}):
        assert wire_counts.numbers_in(odd) == set()
