"""What agreements yield with their counts: which performances count, what is earned, and what is only agreed."""

import datetime as dt
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import OPEN_END
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.forecast import Forecast, NoForecast, Reason
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.yield_queries import expected, yield_of, yields_over_tour
from dipportal.ticketing.yielding import Expected, Yielded
from dipportal.ticketing.yielding_played import Out
from tests.ticketing.yields import BASE_CASE, agreed, count, played
from tests.world import World

pytestmark = pytest.mark.django_db
D = Decimal


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def of(world: World, contract: Contract, **options: Any) -> Yielded:
    return yield_of(world.agency, contract, **options)


def outs(found: Yielded) -> list[Out | None]:
    return [one.played.out for one in found.evenings]


# --- the base case, and the five types -----------------------------------------------------------------------------
def test_the_base_case_to_the_cent(world: World) -> None:
    contract = agreed(world)
    played(world.performances[0])
    count(world.performances[0])
    found = of(world, contract)
    assert found.final
    assert found.so_far is not None
    at = found.so_far.settlement.amount
    assert [at(code) for code in ("box_office", "surcharges", "revenue", "vat", "revenue_ex", "copyright", "net")] == [
        D("8010.00"), D("750.00"), D("7260.00"), D("599.45"), D("6660.55"), D("713.63"), D("5946.92")
    ]  # fmt: skip
    assert (found.so_far.provider.tickets, found.so_far.receiver.tickets) == (D("4757.54"), D("1189.38"))
    assert (found.so_far.provider.fixed, found.so_far.receiver.fixed) == (D("242.46"), D("-242.46"))
    assert (found.so_far.provider.together, found.so_far.receiver.together) == (D("5000.00"), D("946.92"))
    assert at("invoice") == D("6313.49")
    assert not found.estimate
    assert found.tickets == 310


@pytest.mark.parametrize(
    ("kind", "terms", "tickets", "together"),
    [
        ("partage", {"provider_guarantee": 620000}, ("4757.54", "1189.38"), ("6200.00", "-283.45")),
        (
            "partage",
            {"provider_guarantee": 0, "receiver_guarantee": 150000},
            ("4757.54", "1189.38"),
            ("4446.92", "1500.00"),
        ),
        (
            "volume",
            {
                "tranches": [
                    {"amount": 300000, "percentage": "100"},
                    {"amount": 600000, "percentage": "60"},
                    {"amount": OPEN_END, "percentage": "80"},
                ]
            },
            ("4768.15", "1178.77"),
            ("4768.15", "1178.77"),
        ),
        ("buyout", {"buyout_amount": 450000}, ("0.00", "5946.92"), ("4500.00", "1446.92")),
        (
            "suppletion",
            {"provider_share": D(75), "suppletion_amount": 200000, "suppletion_guarantee": 500000},
            ("4460.19", "1486.73"),
            ("5000.00", "946.92"),
        ),
        ("rent", {"rent": 200000, "other_costs": 35000}, ("6660.55", "0.00"), ("4310.55", "2350.00")),
    ],
    ids=["guarantee", "ceded", "volume", "buyout", "suppletion", "rent"],
)
def test_each_type_keeps_apart_what_tickets_brought(
    world: World, kind: str, terms: dict[str, Any], tickets: tuple[str, str], together: tuple[str, str]
) -> None:
    contract = agreed(world, kind=kind, **terms)
    played(world.performances[0])
    count(world.performances[0])
    sums = of(world, contract).so_far
    assert sums is not None
    assert (str(sums.provider.tickets), str(sums.receiver.tickets)) == tickets
    assert (str(sums.provider.together), str(sums.receiver.together)) == together
    assert sum(sums.settlement.parts.values()) == D("8010.00")


# --- which performances count --------------------------------------------------------------------------------------
def test_before_a_ticket_is_sold_no_guarantee_is_earned(world: World) -> None:
    contract = agreed(world)
    nothing = of(world, contract)
    assert (nothing.so_far, outs(nothing)) == (None, [Out.UNCOUNTED])
    assert str(nothing.nothing).startswith("No count came in yet")
    count(world.performances[0], {TicketKind.NORMAL: (0, 0)})
    unsold = of(world, contract)
    assert (unsold.so_far, outs(unsold)) == (None, [Out.UNSOLD])
    assert str(unsold.nothing).startswith("No ticket was sold yet")
    assert [(str(label), amount) for label, amount in unsold.agreed] == [("Guarantee to the provider", 500000)]


def test_an_evening_nobody_came_to_is_settled_with_its_guarantee_afterwards(world: World) -> None:
    contract = agreed(world)
    played(world.performances[0])
    count(world.performances[0], {TicketKind.NORMAL: (0, 0)})
    found = of(world, contract)
    assert found.final
    assert found.so_far is not None
    assert found.so_far.provider.fixed == D("5000.00")


def test_a_count_of_before_the_evening_settles_nothing(world: World) -> None:
    contract = agreed(world)
    played(world.performances[0])
    count(world.performances[0], at=timezone.now() - dt.timedelta(days=3))
    found = of(world, contract)
    assert not found.final
    assert found.so_far is not None


def test_what_does_not_take_place_does_not_count_and_is_not_waited_for(world: World) -> None:
    contract = agreed(world, 3)
    first, second, third = world.performances
    played(first)
    for one in (first, second, third):
        count(one)
    Performance.objects.filter(pk=second.pk).update(status=PerformanceStatus.CANCELLED)
    Performance.objects.filter(pk=third.pk).update(missing_since=timezone.now())
    found = of(world, contract)
    assert outs(found) == [None, Out.CANCELLED, Out.MISSING]
    assert found.final
    assert found.so_far is not None
    assert found.so_far.box_office == 801000
    Performance.objects.filter(pk=first.pk).update(theater=world.other_theater)
    moved = of(world, contract)
    assert outs(moved)[0] == Out.MOVED
    assert (moved.so_far, moved.final) == (None, False)
    assert "No performance of this agreement takes place" in str(moved.nothing)


def test_some_evenings_without_a_count_leave_it_provisional(world: World) -> None:
    contract = agreed(world, 3)
    played(*world.performances[:2])
    count(world.performances[0])
    found = of(world, contract)
    assert (len(found.counted), len(found.playing), found.final) == (1, 3, False)
    assert sorted(filter(None, outs(found))) == [Out.UNCOUNTED, Out.UNCOUNTED]


def test_a_source_that_tells_no_longer_counts_for_nothing(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0])
    TicketCount.objects.update(missing_since=timezone.now())
    assert outs(of(world, contract)) == [Out.UNCOUNTED]


# --- several evenings ----------------------------------------------------------------------------------------------
def test_evenings_are_settled_together_and_a_guarantee_on_the_total_is_not_divided(world: World) -> None:
    contract = agreed(world, 2)
    played(*world.performances[:2])
    count(world.performances[0])
    count(world.performances[1], {TicketKind.NORMAL: (80, 220000)})
    found = of(world, contract)
    assert found.so_far is not None
    # nets 5,946.92 and 80 x 25 / 1.09 / 1.12 = 1,638.27: 80 % is 4,757.54 + 1,310.62, above the guarantee
    assert found.so_far.provider.together == D("6068.16")
    assert found.so_far.provider.fixed == 0
    assert "not divided" in str(found.not_divided)
    assert [(one.provider, one.receiver) for one in found.evenings] == [(None, None)] * 2
    assert sum(one.net.net for one in found.evenings if one.net) == found.so_far.settlement.amount("net")


def test_a_guarantee_for_each_performance_gives_each_its_amount(world: World) -> None:
    contract = agreed(world, 2, guarantee_per_performance=True)
    played(*world.performances[:2])
    count(world.performances[0])
    count(world.performances[1], {TicketKind.NORMAL: (80, 220000)})
    found = of(world, contract)
    assert found.so_far is not None
    assert sorted(one.provider for one in found.evenings if one.provider) == [D("5000.00"), D("5000.00")]
    assert sum(one.provider for one in found.evenings if one.provider) == found.so_far.provider.together
    assert sum(one.receiver for one in found.evenings if one.receiver) == found.so_far.receiver.together
    assert not found.estimate


def test_an_amount_that_counts_once_is_an_estimate_also_while_one_evening_counts(world: World) -> None:
    contract = agreed(world, 2)
    count(world.performances[0])
    found = of(world, contract)
    assert found.so_far is not None
    assert {"guarantee_added", "provider", "receiver", "copyright_due", "invoice"} <= found.so_far.estimates
    assert not {"net", "share", "vat"} & found.so_far.estimates


# --- paid tickets --------------------------------------------------------------------------------------------------
def test_where_only_the_total_is_told_all_count_as_paid_and_it_is_an_estimate(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0], None, tickets=310, cents=801000)
    found = of(world, contract)
    assert found.so_far is not None
    assert found.so_far.settlement.amount("surcharges") == D("775.00")
    assert {"surcharges", "net", "provider", "invoice"} <= found.so_far.estimates
    assert "box_office" not in found.so_far.estimates


def test_other_tickets_count_as_paid_which_is_a_reading_of_ours(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0], {**BASE_CASE, TicketKind.OTHER: (4, 4000), TicketKind.COMPLIMENTARY: (3, 0)})
    found = of(world, contract)
    assert found.so_far is not None
    assert found.so_far.tickets == 304
    assert found.estimate


def test_terms_that_give_no_settlement_say_so(world: World) -> None:
    contract = agreed(world)
    Contract.objects.filter(pk=contract.pk).update(tranches=None, copyright_percentage=None)
    contract.refresh_from_db()
    count(world.performances[0])
    assert of(world, contract).estimate
    contract.provider_guarantee, contract.receiver_guarantee = 1, 1
    refused = of(world, contract)
    assert refused.so_far is None
    assert "guarantees" in str(refused.reason)


# --- sources that disagree -----------------------------------------------------------------------------------------
def test_two_sources_stand_beside_each_other_and_the_newest_counts(world: World) -> None:
    contract = agreed(world)
    now = timezone.now()
    count(world.performances[0], at=now - dt.timedelta(hours=5))
    count(world.performances[0], {TicketKind.NORMAL: (250, 687500)}, source=Source.HAND, at=now)
    found = of(world, contract)
    assert [(one.source, one.tickets) for one in found.disagreeing[0].sources] == [("hand", 250), ("dip", 310)]
    assert found.so_far is not None
    assert found.so_far.box_office == 687500


def test_sources_that_tell_the_same_do_not_disagree(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0])
    count(world.performances[0], source=Source.HAND)
    assert of(world, contract).disagreeing == []


@pytest.mark.parametrize(
    ("tickets", "cents", "code"), [(10, 100000, "revenue"), (310, 0, "revenue"), (501, 1252500, "tickets")]
)
def test_a_count_that_does_not_fit_prices_or_seats_is_doubted(
    world: World, tickets: int, cents: int, code: str
) -> None:
    contract = agreed(world)
    count(world.performances[0], {TicketKind.NORMAL: (tickets, cents)})
    found = of(world, contract)
    assert [doubt.code for doubt in found.doubted[0].doubts] == [code]


# --- at this pace --------------------------------------------------------------------------------------------------
def forecasts(*numbers: int) -> Callable[[Performance], Expected | None]:
    return lambda _performance: Expected(*numbers)


def test_at_this_pace_is_the_forecast_at_the_average_price(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0])
    pace = of(world, contract, forecast=forecasts(310, 403, 620)).pace
    assert pace is not None
    assert (pace.low.box_office, pace.low.tickets) == (801000, 300)
    # 403 of 310 tickets is 1.3 times as much of everything
    assert (pace.expected.box_office, pace.expected.tickets) == (1041300, 390)
    # not more than the 500 seats: 801,000 x 500 / 310
    assert (pace.high.box_office, pace.high.tickets) == (1291935, 484)


def test_without_a_forecast_nothing_is_shown(world: World) -> None:
    contract = agreed(world, 2)
    count(world.performances[0])
    known = world.performances[0].pk
    some = of(world, contract, forecast=lambda one: Expected(400, 400, 400) if one.pk == known else None)
    assert (some.pace, some.unforeseen) == (None, 1)
    none = of(world, contract)
    assert (none.pace, none.unforeseen) == (None, 2)


def test_no_price_is_made_up_before_a_ticket_was_sold(world: World) -> None:
    contract = agreed(world)
    assert of(world, contract, forecast=forecasts(100, 200, 300)).unforeseen == 1


def test_what_was_settled_is_no_longer_expected(world: World) -> None:
    contract = agreed(world, 2)
    played(world.performances[0])
    count(world.performances[0])
    count(world.performances[1])
    pace = of(world, contract, forecast=forecasts(620, 620, 620)).pace
    assert pace is not None
    assert pace.low.box_office == 801000 + 1291935
    played(world.performances[1])
    done = of(world, contract, forecast=forecasts(620, 620, 620))
    assert (done.final, done.pace) == (True, None)


@pytest.mark.parametrize(
    ("said", "tickets", "found"),
    [
        (Forecast(403, 310, 620, 25), 300, Expected(310, 403, 620)),
        (NoForecast(Reason.SOLD_OUT), 500, Expected(500, 500, 500)),
        (NoForecast(Reason.UNCHECKED), 300, None),
        (NoForecast(Reason.SOLD_OUT), None, None),
        (None, 300, None),
    ],
)
def test_only_an_estimate_or_a_full_hall_is_expected(
    said: Forecast | NoForecast | None, tickets: int | None, found: Expected | None
) -> None:
    assert expected(said, tickets) == found


def test_a_full_hall_needs_no_forecast(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0], {TicketKind.NORMAL: (500, 1375000)})
    pace = of(world, contract).pace
    assert pace is not None
    assert pace.low == pace.high
    assert pace.expected.box_office == 1375000


# --- over a tour ---------------------------------------------------------------------------------------------------
def test_only_approved_agreements_are_in_the_sum_of_the_tour(world: World) -> None:
    agreed(world)
    world.contract(status="proposed", performances=[world.performances[1]])
    for one in world.performances:
        count(one)
    tour = yields_over_tour(world.agency, world.production, world.performances)
    assert (len(tour.agreements), tour.counted, tour.playing, len(tour.unapproved)) == (1, 1, 3, 2)
    assert (tour.provider.tickets, tour.provider.fixed) == (D("4757.54"), D("242.46"))
    assert tour.box_office == 801000
    assert tour.at_this_pace is None


def test_the_approved_version_counts_until_its_revision_is_approved(world: World) -> None:
    first = agreed(world)
    count(world.performances[0])
    second = actions.revise(first, actor=world.actors["agency_editor"])
    Contract.objects.filter(pk=second.pk).update(provider_guarantee=450000)
    second.refresh_from_db()
    actions.propose(second, actor=world.actors["agency_editor"])
    before = yields_over_tour(world.agency, world.production, world.performances)
    assert [one.contract.pk for one in before.agreements] == [first.pk]
    actions.approve(second, actor=world.actors["kade_editor"])
    after = yields_over_tour(world.agency, world.production, world.performances)
    assert [one.contract.pk for one in after.agreements] == [second.pk]
    assert after.provider.together == D("4757.54")


def test_a_performance_in_two_approved_agreements_is_told(world: World) -> None:
    agreed(world)
    agreed(world)
    count(world.performances[0])
    tour = yields_over_tour(world.agency, world.production, world.performances)
    assert tour.doubled == (world.performances[0],)


def test_the_tour_at_this_pace_needs_the_end_of_each_agreement(world: World) -> None:
    agreed(world)
    world.contract(status="approved", performances=[world.performances[1]])
    played(world.performances[0])
    count(world.performances[0])
    count(world.performances[1])
    missing = yields_over_tour(world.agency, world.production, world.performances)
    assert missing.at_this_pace is None
    whole = yields_over_tour(world.agency, world.production, world.performances, forecast=forecasts(310, 310, 310))
    assert whole.at_this_pace == D("5000.00") + D("6500.00")


def test_the_neighbour_s_counts_and_agreements_stay_out(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0])
    assert yield_of(world.rival, contract).so_far is None
    assert yield_of(world.haven, contract).so_far is None
    assert yield_of(None, contract).so_far is None
    assert yields_over_tour(world.rival, world.production, world.performances).agreements == ()
    assert yield_of(world.kade, contract).so_far == yield_of(world.agency, contract).so_far


def test_the_questions_do_not_grow_with_the_tour(world: World) -> None:
    agreed(world)
    count(world.performances[0])
    costs = []
    for _round in range(2):
        with CaptureQueriesContext(connection) as asked:
            yields_over_tour(world.agency, world.production, world.performances)
        costs.append(len(asked))
        for one in world.performances[1:]:
            world.contract(status="approved", performances=[one])
            count(one)
    assert costs == [3, 3]
