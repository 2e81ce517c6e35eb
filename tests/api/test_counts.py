"""What a ticketing system tells is taken in, all or none, and what is wrong is said row by row."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.journal.models import ActorKind, Entry
from dipportal.organisations.actors import client
from dipportal.ticketing import actions, keys, mirror, rules
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketCountPoint, TicketLink
from dipportal.ticketing.queries import standings
from dipportal.ticketing.system_reports import Reported, report_from_system
from tests.access import api
from tests.api.conftest import NAMED, Call, counts, tickets
from tests.world import World, evening

pytestmark = pytest.mark.django_db


def faults(answer: Any) -> list[tuple[int, str, str]]:
    assert answer.status_code in (400, 409), answer.content
    return [(row["row"], row["field"], row["error"]) for row in answer.json()["rows"]]


def rows() -> tuple[int, int, int]:
    return TicketCount.objects.count(), Entry.objects.filter(code="count.reported").count(), TicketLink.objects.count()


# --- taken in ---------------------------------------------------------------------------------------------------
def test_a_count_is_taken_in_and_told(world: World, put: Call) -> None:
    kinds = counts(normal=240, discount=60, free=10, other=3, complimentary=2)
    answer = put({**NAMED, "counts": kinds, "reservations": 12, "blockedSeats": 4})
    assert (answer.status_code, answer.json()) == (200, {"rows": 1, "changed": 1, "linked": 0, "warnings": []})
    count = TicketCount.objects.get()
    assert (count.performance, count.source, count.tickets) == (world.performances[0], Source.SYSTEM, 315)
    assert (count.normal, count.discount, count.free, count.other, count.complimentary) == (240, 60, 10, 3, 2)
    assert (count.revenue_cents, count.reservations, count.blocked_seats) == (303 * 2500, 12, 4)
    assert count.revenue_of_kinds["discount"] == 60 * 2500
    assert TicketCountPoint.objects.get().tickets == 315
    line = Entry.objects.get(code="count.reported")
    assert (line.actor_kind, line.who, line.user, line.organisation) == (ActorKind.API, "Kassa", None, world.kade)
    assert (line.target_id, line.thread) == (str(world.performances[0].pk), world.performances[0].thread)


def test_the_line_has_the_fields_of_what_is_entered_by_hand(world: World, put: Call) -> None:
    """Whatever hangs on `count.reported` reads them."""
    put(tickets(reservations=1, blockedSeats=0))
    report = rules.Report(**Entry.objects.get(code="count.reported").fields)
    by_hand = rules.Report(50, 0, 0, 0, 0, 0, 0, 125_000)
    actions.report(world.performances[1], by_hand, seen=None, actor=world.actors["kade_editor"])
    told, typed = Entry.objects.filter(code="count.reported").order_by("pk")
    assert set(told.fields) == set(typed.fields)
    assert (report.normal, report.reservations, report.blocked_seats, report.revenue_cents) == (100, 1, 0, 250_000)


def test_the_same_once_more_writes_nothing(put: Call) -> None:
    body = tickets(systemNumber="EV-1", reservations=3)
    assert put(body).json()["linked"] == 1
    before, changed_at = rows(), TicketCount.objects.get().changed_at
    assert put(body).json() == {"rows": 1, "changed": 0, "linked": 0, "warnings": []}
    assert rows() == before == (1, 1, 1)
    assert TicketCount.objects.get().changed_at == changed_at


def test_the_same_totals_on_another_day_are_news(put: Call) -> None:
    yesterday = timezone.now() - dt.timedelta(days=1)
    assert put(tickets(countedAt=yesterday.isoformat())).json()["changed"] == 1
    assert put(tickets()).json()["changed"] == 1
    assert TicketCountPoint.objects.count() == 1


def test_a_list_is_taken_in_as_a_whole_or_not_at_all(world: World, put: Call) -> None:
    second = {**tickets(50), "performanceNumber": world.performances[1].number}
    foreign = {
        "productionNumber": world.rival_production.dip_id,
        "performanceNumber": world.rival_performance.number,
        "counts": counts(normal=1),
    }
    assert faults(put([tickets(), second, foreign])) == [(2, "performanceNumber", "unknown_performance")]
    assert rows() == (0, 0, 0)
    assert put([tickets(), second]).json()["changed"] == 2
    assert rows() == (2, 2, 0)


def test_what_is_left_out_stays_as_it_was(put: Call) -> None:
    put(tickets(reservations=9, blockedSeats=5))
    put({**NAMED, "tickets": 2}, "reservations")
    put(tickets(110))
    count = TicketCount.objects.get()
    assert (count.tickets, count.reservations, count.blocked_seats) == (110, 2, 5)


@pytest.mark.parametrize(("name", "column"), [("reservations", "reservations"), ("blocked_seats", "blocked_seats")])
def test_places_have_calls_of_their_own(put: Call, name: str, column: str) -> None:
    assert put({**NAMED, "tickets": 7}, name).json()["changed"] == 1
    count = TicketCount.objects.get()
    assert (getattr(count, column), count.tickets, count.counted_at) == (7, None, None)
    line = Entry.objects.get(code="count.reported")
    assert line.fields == {**dict.fromkeys(line.fields), column: 7}
    # By type, as DIP takes them too.
    put({**NAMED, "counts": counts(normal=5, discount=4)}, name)
    assert getattr(TicketCount.objects.get(), column) == 9
    assert put({**NAMED, "tickets": 9}, name).json()["changed"] == 0


def test_a_cancelled_performance_is_still_counted(world: World, put: Call) -> None:
    """Its tickets go back one by one."""
    Performance.objects.filter(pk=world.performances[0].pk).update(status="cancelled")
    assert put(tickets()).status_code == 200


# --- numbers of the own system ----------------------------------------------------------------------------------
def test_a_first_report_links_and_the_next_needs_no_more_than_the_number(world: World, put: Call) -> None:
    assert put(tickets(systemNumber="EV-4711")).json()["linked"] == 1
    link = TicketLink.objects.get()
    assert (link.performance, link.theater, link.system_number) == (world.performances[0], world.theater, "EV-4711")
    assert Entry.objects.get(code="count.linked").actor_kind == ActorKind.API
    put({"systemNumber": "EV-4711", "counts": counts(normal=120)})
    assert TicketCount.objects.get().tickets == 120


def test_a_number_of_another_performance_is_refused(world: World, put: Call) -> None:
    actions.link(world.performances[1], "EV-2", actor=world.actors["kade_editor"])
    answer = put(tickets(systemNumber="EV-2"))
    assert (answer.status_code, faults(answer)) == (409, [(0, "systemNumber", "number")])
    actions.link(world.performances[0], "EV-1", actor=world.actors["kade_editor"])
    answer = put(tickets(systemNumber="EV-9"))
    assert (answer.status_code, faults(answer)) == (409, [(0, "systemNumber", "linked")])
    assert "EV-1" in answer.json()["rows"][0]["error_description"]
    assert rows() == (0, 0, 2)


def test_two_rows_cannot_take_one_number(world: World, put: Call) -> None:
    second = {**tickets(50), "performanceNumber": world.performances[1].number}
    answer = put([tickets(systemNumber="EV-1"), {**second, "systemNumber": "EV-1"}])
    assert faults(answer) == [(1, "systemNumber", "number")]
    assert rows() == (0, 0, 0)


def test_the_number_of_another_theater_is_unknown(world: World, put: Call) -> None:
    actions.link(world.rival_performance, "EV-7", actor=world.actors["haven_editor"])
    answer = put({"systemNumber": "EV-7", "counts": counts(normal=1)})
    assert faults(answer) == [(0, "systemNumber", "unknown_performance")]


def test_a_link_of_a_performance_that_moved_away_opens_it_no_more(world: World, put: Call) -> None:
    put(tickets(systemNumber="EV-1"))
    Performance.objects.filter(pk=world.performances[0].pk).update(theater=world.other_theater, hall=None)
    answer = put({"systemNumber": "EV-1", "counts": counts(normal=120)})
    assert faults(answer) == [(0, "systemNumber", "unknown_performance")]


# --- what cannot be ---------------------------------------------------------------------------------------------
NORMAL = counts(normal=1)[0]
LATER = (timezone.now() + dt.timedelta(days=2)).isoformat()
IMPOSSIBLE: list[tuple[Any, str, str]] = [
    ({**NAMED, "counts": [{**NORMAL, "tickets": -1}]}, "counts.0.tickets", "min_value"),
    ({**NAMED, "counts": [{**NORMAL, "recette": -1}]}, "counts.0.recette", "min_value"),
    ({**NAMED, "counts": [{**NORMAL, "tickets": rules.MOST_TICKETS + 1}]}, "counts.0.tickets", "max_value"),
    ({**NAMED, "counts": [{**NORMAL, "recette": rules.MOST_CENTS + 1}]}, "counts.0.recette", "max_value"),
    ({**NAMED, "counts": [{**NORMAL, "tickets": "5"}]}, "counts.0.tickets", "invalid"),
    ({**NAMED, "counts": [{**NORMAL, "tickets": 5.0}]}, "counts.0.tickets", "invalid"),
    ({**NAMED, "counts": [{**NORMAL, "tickets": True}]}, "counts.0.tickets", "invalid"),
    ({**NAMED, "counts": [{**NORMAL, "tickets": None}]}, "counts.0.tickets", "null"),
    ({**NAMED, "counts": [{**NORMAL, "type": "vip"}]}, "counts.0.type", "invalid_choice"),
    ({**NAMED, "counts": [{**NORMAL, "type": ["normal"]}]}, "counts.0.type", "invalid_choice"),
    ({**NAMED, "counts": [{**NORMAL, "price": 5}]}, "counts.0.price", "unknown_member"),
    ({**NAMED, "counts": [{"type": "normal", "tickets": 1}]}, "counts.0.recette", "required"),
    ({**NAMED, "counts": [NORMAL, NORMAL]}, "counts", "twice"),
    ({**NAMED, "counts": []}, "counts", "empty"),
    ({**NAMED, "counts": {}}, "counts", "not_a_list"),
    ({**NAMED, "counts": None}, "counts", "null"),
    ({**NAMED, "counts": ["x"]}, "counts.0", "invalid"),
    (NAMED, "counts", "required"),
    (tickets(reservations=-1), "reservations", "min_value"),
    (tickets(reservations=None), "reservations", "null"),
    (tickets(blockedSeat=1), "blockedSeat", "unknown_member"),
    (tickets(countedAt="2026-03-12T20:15:00"), "countedAt", "invalid"),
    (tickets(countedAt="gisteren"), "countedAt", "invalid"),
    (tickets(countedAt=1), "countedAt", "invalid"),
    (tickets(countedAt="0001-01-01T00:00:00+14:00"), "countedAt", "invalid"),
    (tickets(countedAt=LATER), "countedAt", "future"),
    ({"counts": [NORMAL]}, "", "no_performance"),
    ({"counts": [NORMAL], "performanceNumber": 11484906}, "", "no_performance"),
    ({"counts": [NORMAL], "systemNumber": ""}, "systemNumber", "blank"),
    ({"counts": [NORMAL], "systemNumber": "a\u0000b"}, "systemNumber", "control"),
    ({"counts": [NORMAL], "systemNumber": "x" * 61}, "systemNumber", "max_length"),
    ({"counts": [NORMAL], "systemNumber": 4711}, "systemNumber", "invalid"),
    ({"counts": [NORMAL], "systemNumber": "EV-0"}, "systemNumber", "unknown_performance"),
    (tickets(performanceNumber=1), "performanceNumber", "unknown_performance"),
    (tickets(performanceNumber=2**63), "performanceNumber", "max_value"),
    (tickets(productionNumber="NL-25-777-00279"), "performanceNumber", "unknown_performance"),
    (tickets(productionNumber="De Storm"), "productionNumber", "shape"),
    (tickets(productionNumber="NL-25-123-0003776|11484906"), "productionNumber", "shape"),
    (b'"x"', "", "invalid"),
    (5, "", "invalid"),
    ([[]], "", "invalid"),
    ([None], "", "null"),
]


@pytest.mark.parametrize(("body", "field", "code"), IMPOSSIBLE, ids=lambda one: None if isinstance(one, dict) else one)
def test_what_cannot_be_is_refused_with_its_place(put: Call, body: Any, field: str, code: str) -> None:
    answer = put(body)
    assert (answer.status_code, faults(answer)) == (400, [(0, field, code)])
    assert all(row["error_description"] for row in answer.json()["rows"])
    assert rows() == (0, 0, 0)


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (NAMED, "places"),
        ({**NAMED, "tickets": 1, "counts": [NORMAL]}, "places"),
        ({**NAMED, "tickets": 1, "countedAt": "2026-01-01T00:00:00Z"}, "unknown_member"),
        (
            {**NAMED, "counts": counts(free=60_000, complimentary=60_000)},
            "max_value",
        ),
        ({"tickets": 1}, "no_performance"),
    ],
)
def test_places_that_cannot_be_are_refused(put: Call, body: Any, code: str) -> None:
    assert [found for _row, _field, found in faults(put(body, "reservations"))] == [code]
    assert rows() == (0, 0, 0)


def test_tickets_of_all_types_together_are_not_endless(put: Call) -> None:
    cents = rules.MOST_CENTS
    kinds = [{"type": kind, "tickets": 1, "recette": cents} for kind in ("normal", "discount")]
    assert faults(put({**NAMED, "counts": kinds})) == [(0, "counts", "invalid")]


def test_one_performance_twice_in_a_list_is_refused(put: Call) -> None:
    assert faults(put([tickets(1), tickets(2)])) == [(0, "", "twice"), (1, "", "twice")]
    assert rows() == (0, 0, 0)


def test_each_row_says_what_is_wrong_with_it(put: Call) -> None:
    assert faults(put([tickets(reservations=-1), tickets(), {"counts": [NORMAL]}])) == [
        (0, "reservations", "min_value"),
        (2, "", "no_performance"),
    ]


def test_a_performance_that_dip_has_no_more_is_unknown(world: World, put: Call) -> None:
    Performance.objects.filter(pk=world.performances[0].pk).update(missing_since=timezone.now())
    assert faults(put(tickets())) == [(0, "performanceNumber", "unknown_performance")]
    actor = client(world.kade, "Kassa")
    (found,) = report_from_system(world.theater, [Reported(world.performances[0], reservations=1)], actor=actor).faults[
        0
    ]
    assert (found.code, found.stands) == ("gone", True)


def test_a_performance_of_another_theater_of_the_same_house_is_unknown(world: World, put: Call) -> None:
    """A key is for one theater, also where its organisation runs several."""
    world.other_theater.receiver = world.kade
    world.other_theater.save()
    foreign = {"productionNumber": world.rival_production.dip_id, "performanceNumber": world.rival_performance.number}
    assert faults(put({**foreign, "counts": [NORMAL]})) == [(0, "performanceNumber", "unknown_performance")]
    with pytest.raises(actions.NotAllowed):
        report_from_system(
            world.theater, [Reported(world.rival_performance, reservations=1)], actor=client(world.kade, "Kassa")
        )
    assert rows() == (0, 0, 0)


@pytest.mark.parametrize("organisation", ["haven", "agency", "rival"])
def test_the_action_refuses_who_does_not_run_the_theater(world: World, organisation: str) -> None:
    actor = client(getattr(world, organisation), "Kassa")
    with pytest.raises(actions.NotAllowed):
        report_from_system(world.theater, [Reported(world.performances[0], reservations=1)], actor=actor)


# --- older, and ahead -------------------------------------------------------------------------------------------
def test_an_older_count_is_refused_and_changes_nothing(put: Call) -> None:
    now = timezone.now()
    put(tickets(100, countedAt=(now - dt.timedelta(hours=1)).isoformat()))
    # The same totals, counted later: nothing new, and still nothing older comes after it.
    put(tickets(100, countedAt=(now - dt.timedelta(minutes=10)).isoformat()))
    answer = put(tickets(90, countedAt=(now - dt.timedelta(minutes=30)).isoformat()))
    assert (answer.status_code, answer.json()["error"]) == (409, "conflict")
    assert faults(answer) == [(0, "countedAt", "older")]
    assert TicketCount.objects.get().tickets == 100


def test_a_count_of_another_source_makes_nothing_older(world: World, put: Call) -> None:
    mirror.write({world.performances[0].pk: mirror.sold(300, 1, timezone.now(), None)}, source=Source.DIP)
    hour_ago = timezone.now() - dt.timedelta(hours=1)
    assert put(tickets(countedAt=hour_ago.isoformat())).status_code == 200


def test_a_clock_that_is_a_little_ahead_means_now(put: Call) -> None:
    ahead = timezone.now() + dt.timedelta(minutes=3)
    assert put(tickets(countedAt=ahead.isoformat())).status_code == 200
    counted_at = TicketCount.objects.get().counted_at
    assert counted_at is not None
    assert counted_at < ahead


# --- what is unlikely -------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("body", "code"),
    [
        (tickets(600), "tickets"),
        (tickets(400, reservations=150), "seats"),
        ({**NAMED, "counts": [{"type": "normal", "tickets": 100, "recette": 5}]}, "revenue"),
        ({**NAMED, "counts": [{"type": "free", "tickets": 1, "recette": 500}]}, "revenue"),
    ],
)
def test_what_is_unlikely_is_taken_in_and_said(put: Call, body: Any, code: str) -> None:
    answer = put(body)
    assert [(one["row"], one["warning"]) for one in answer.json()["warnings"]] == [(0, code)]
    assert answer.json()["warnings"][0]["warning_description"]
    assert rows()[0] == 1


def test_fewer_than_before_is_said(put: Call) -> None:
    put(tickets(100))
    (warning,) = put(tickets(60)).json()["warnings"]
    assert (warning["warning"], "100" in warning["warning_description"]) == ("fewer", True)
    assert TicketCount.objects.get().tickets == 60


def test_places_alone_are_not_asked_about_tickets(world: World, put: Call) -> None:
    mirror.write({world.performances[0].pk: mirror.sold(480, 5, timezone.now(), None)}, source=Source.DIP)
    assert put({**NAMED, "tickets": 2}, "reservations").json()["warnings"] == []
    assert [one["warning"] for one in put({**NAMED, "tickets": 50}, "blocked_seats").json()["warnings"]] == ["seats"]


# --- by hand ----------------------------------------------------------------------------------------------------
def closed(world: World) -> str | None:
    found = rules.closed(standings([world.performances[0].pk])[world.performances[0].pk])
    return found.code if found is not None else None


def test_what_a_system_tells_is_not_entered_by_hand(world: World, put: Call) -> None:
    assert closed(world) is None
    put(tickets())
    assert closed(world) == "fed"
    TicketCount.objects.update(counted_at=timezone.now() - rules.FED_FOR)
    assert closed(world) is None
    put(tickets(101, systemNumber="EV-1"))
    assert closed(world) == "linked"


def test_with_its_last_key_revoked_a_system_closes_nothing(world: World, put: Call) -> None:
    put(tickets())
    key = keys.recognised(api.key(world, name="Proef")[1])
    assert key is not None
    keys.revoke(key, actor=world.actors["kade_manager"])
    assert closed(world) == "fed", "another key still works"
    for one in world.theater.system_keys.all():
        keys.revoke(one, actor=world.actors["kade_manager"])
    assert closed(world) is None


def test_places_alone_leave_the_form_open(world: World, put: Call) -> None:
    put({**NAMED, "tickets": 3}, "reservations")
    assert closed(world) is None


# --- many -------------------------------------------------------------------------------------------------------
def season_of(world: World, number: int) -> list[dict[str, Any]]:
    """So many performances in De Kade, and a row about each: half of them with a number to link."""
    Performance.objects.bulk_create(
        Performance(
            production=world.production, theater=world.theater, hall=world.hall, number=60_000_000 + index,
            starts_at=evening(1 + index % 300), capacity=[500],
        )
        for index in range(number)
    )  # fmt: skip
    return [
        {
            **NAMED,
            "performanceNumber": 60_000_000 + index,
            "counts": counts(normal=100 + index % 300, discount=20, free=5),
            "reservations": 4,
            **({"systemNumber": f"EV-{index}"} if index % 2 else {}),
        }
        for index in range(number)
    ]


def cost(put: Call, body: Any) -> int:
    with CaptureQueriesContext(connection) as asked:
        answer = put(body)
    assert answer.status_code == 200, answer.content[:500]
    return len(asked)


def test_a_thousand_rows_are_one_call_of_as_many_statements_as_ten(world: World, put: Call) -> None:
    body = season_of(world, 1010)
    put(tickets())
    few = cost(put, body[:10])
    many = cost(put, body[10:])
    assert TicketCount.objects.filter(source=Source.SYSTEM).count() == 1011
    # SQLite takes a bulk write in batches of its own size.
    assert many == few if connection.vendor == "postgresql" else many < few + 60
    assert (cost(put, body[10:]), TicketLink.objects.count()) == (cost(put, body[:10]), 505)


def test_more_than_a_thousand_rows_are_refused(world: World, put: Call) -> None:
    answer = put([tickets()] * 1001)
    assert (answer.status_code, answer.json()["error"]) == (400, "too_many")
    assert "rows" not in answer.json()
    assert put([]).json()["error"] == "empty"
