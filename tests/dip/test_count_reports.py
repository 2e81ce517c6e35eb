"""Counts that a theater enters, on their way to DIP: what is queued, what leaves, in which order, and what is not."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection as database
from django.db import transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.dip import connections, count_reports
from dipportal.dip.models import Connection, Kind, Operation
from dipportal.dip.push import work
from dipportal.journal.actions import record
from dipportal.organisations.actors import pull, staff
from dipportal.outbox import drain as draining
from dipportal.outbox.models import State
from dipportal.sandbox import server
from dipportal.ticketing import actions, mirror
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import Counting, TicketCount
from tests.dip.counted import (
    BLOCKED,
    RESERVATIONS,
    TICKETS,
    enter,
    entered,
    normals,
    queued,
    sent,
    told_by_dip,
    told_by_system,
    totals,
    with_credential,
)
from tests.dip.pushed import Pushing, new_performance, rows
from tests.world import World, evening

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def played(world: World) -> Performance:
    return world.performances[0]


@pytest.fixture
def office(dip: server.Admin, kassa: Connection) -> Pushing:
    return Pushing(dip)


def key(performance: Performance, name: str = "tickets") -> str:
    return f"{name}:{performance.pk}"


# --- what leaves -------------------------------------------------------------------------------------------------
def test_the_three_lists_of_a_count_reach_dip(world: World, office: Pushing, played: Performance) -> None:
    enter(played, totals(40, discount=3, reservations=5, blocked=4), world.actors["kade_editor"])
    office.drain()
    numbers = {"productionNumber": "NL-25-123-0003776", "performanceNumber": played.number}
    kinds = {"normal": 40, "discount": 3, "free": 2, "other": 0, "complimentary": 1}
    counts = [{"type": kind, "tickets": tickets} for kind, tickets in kinds.items()]
    assert sent(office.dip, TICKETS) == [{**numbers, "counts": counts, "recette": 100_000}]
    assert sent(office.dip, RESERVATIONS) == [{**numbers, "tickets": 5}]
    assert sent(office.dip, BLOCKED) == [{**numbers, "tickets": 4}]
    names = ("tickets", "reservations", "blocked")
    assert queued() == [(key(played, name), "done", "") for name in names]


def test_places_that_never_were_are_not_told_and_those_that_ended_are(
    world: World, office: Pushing, played: Performance
) -> None:
    for reservations in (0, 5, 0):
        enter(played, totals(40, reservations=reservations), world.actors["kade_editor"])
        office.drain()
    assert [body["tickets"] for body in sent(office.dip, RESERVATIONS)] == [5, 0]
    assert sent(office.dip, BLOCKED) == []


def test_places_that_dip_knows_from_elsewhere_are_taken_back(
    world: World, office: Pushing, played: Performance
) -> None:
    with transaction.atomic():
        mirror.write({played.pk: {"blocked_seats": 8}}, source=Source.DIP)
    enter(played, totals(40), world.actors["kade_editor"])
    office.drain()
    assert [body["tickets"] for body in sent(office.dip, BLOCKED)] == [0]


def test_the_same_count_on_another_day_is_told_again(world: World, office: Pushing, played: Performance) -> None:
    """That nothing was sold since is news to DIP, which otherwise asks for a count."""
    enter(played, totals(40, reservations=5), world.actors["kade_editor"])
    office.drain()
    yesterday = timezone.now() - dt.timedelta(days=1)
    TicketCount.objects.filter(source=Source.HAND).update(counted_at=yesterday)
    enter(played, totals(40, reservations=5), world.actors["kade_editor"])
    office.drain()
    assert normals(office.dip) == [40, 40]
    assert len(sent(office.dip, RESERVATIONS)) == 1, "of places the number alone says it"


# --- one row that waits, and always the newest ----------------------------------------------------------------------
def test_a_count_entered_again_before_it_left_is_sent_once_and_new(
    world: World, office: Pushing, played: Performance
) -> None:
    for tickets in (40, 45, 44):
        enter(played, totals(tickets), world.actors["kade_editor"])
    assert queued() == [(key(played), "waiting", "")]
    office.drain()
    assert normals(office.dip) == [44]


def test_a_count_entered_while_the_one_before_is_being_sent_follows_it(
    world: World, office: Pushing, played: Performance
) -> None:
    """The worker has read the older totals already, so the row in its hands will not send the newer ones."""
    enter(played, totals(40), world.actors["kade_editor"])
    held = draining.claim(Operation)
    assert held is not None
    enter(played, totals(45), world.actors["kade_editor"])
    assert len(queued()) == 2
    assert draining.claim(Operation) is None, "the second waits for the first"
    held.settle(work(held))
    office.drain()
    assert normals(office.dip)[-1] == 45
    assert {state for _key, state, _code in queued()} == {"done"}


def test_a_worker_that_wakes_up_late_does_not_call_an_older_count_done(
    world: World, office: Pushing, played: Performance
) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    held = draining.claim(Operation)
    assert held is not None
    held.write(sent_at=timezone.now())
    Operation.objects.update(claimed_until=timezone.now() - dt.timedelta(seconds=1))
    enter(played, totals(45), world.actors["kade_editor"])
    with pytest.raises(draining.ClaimLost):
        held.settle(draining.done())
    assert len(queued()) == 1
    office.until_settled()
    assert normals(office.dip) == [45]


def test_an_unclear_outcome_is_waited_out_and_the_newest_sent(
    world: World, office: Pushing, played: Performance, settings: Any
) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    office.dip.fault("status-after", method="PUT", path=TICKETS, status=500)
    enter(played, totals(40), world.actors["kade_editor"])
    office.drain()
    assert queued() == [(key(played), "unclear", "unclear")]
    enter(played, totals(45), world.actors["kade_editor"])
    assert len(queued()) == 1, "it will send the newest when its wait is over"
    office.drain()
    Operation.objects.update(due_at=timezone.now())
    office.drain()
    assert normals(office.dip) == [40], "an older call may still come: nothing leaves before the wait is over"
    office.later(seconds=200)
    assert normals(office.dip) == [40, 45]
    assert not [request for request in office.dip.requests() if request["method"] == "GET"], "nothing is looked up"


def test_behind_a_row_that_was_given_up_the_wait_holds_too(
    world: World, office: Pushing, played: Performance, settings: Any
) -> None:
    settings.DIP_SETTLE_SECONDS = 180
    office.dip.fault("status-after", method="PUT", path=TICKETS, status=500)
    enter(played, totals(40), world.actors["kade_editor"])
    office.drain()
    Operation.objects.update(state=State.ABANDONED)
    enter(played, totals(45), world.actors["kade_editor"])
    office.drain()
    assert normals(office.dip) == [40]
    office.until_settled()
    assert normals(office.dip) == [40, 45]


# --- whose rows wait for whose --------------------------------------------------------------------------------------
def test_the_lists_and_the_providers_own_work_hold_up_nobody(
    world: World, office: Pushing, played: Performance, connection: Connection
) -> None:
    Operation.objects.create(
        kind=Kind.PERFORMANCE_UPDATE, key=f"performance:{played.pk}", organisation=world.agency,
        subject_kind="performance", subject_id=played.pk, state=State.ATTENTION, error_code="refused",
    )  # fmt: skip
    office.dip.fault("status-before", method="PUT", path=TICKETS, status=400)
    enter(played, totals(40, reservations=5), world.actors["kade_editor"])
    office.drain()
    assert queued() == [(key(played), "attention", "refused"), (key(played, "reservations"), "done", "")]
    assert rows(played) == [("performance.update", "attention", "refused")]
    assert Operation.objects.visible_to(world.agency).count() == 1
    assert Operation.objects.visible_to(world.kade).count() == 2


def test_a_performance_that_dip_does_not_know_yet_waits_for_its_number(
    world: World, office: Pushing, connection: Connection
) -> None:
    fresh = new_performance(world, world.actors["agency_editor"])
    enter(fresh, totals(40), world.actors["kade_editor"])
    report = Operation.objects.get(kind=Kind.TICKETS_REPORT)
    Operation.objects.exclude(pk=report.pk).update(due_at=timezone.now() + dt.timedelta(minutes=5))
    office.drain()
    report.refresh_from_db()
    assert (report.state, report.error_code) == (State.WAITING, "depends")
    Operation.objects.exclude(pk=report.pk).update(due_at=timezone.now())
    office.drain()
    fresh.refresh_from_db()
    assert [body["performanceNumber"] for body in sent(office.dip, TICKETS)] == [fresh.number]


# --- who may report -------------------------------------------------------------------------------------------------
def test_without_a_credential_nothing_is_queued_and_the_count_stays(
    world: World, dip: server.Admin, played: Performance, wakes: list[str]
) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    assert queued() == []
    assert wakes == []
    assert TicketCount.objects.get(performance=played).normal == 40


def test_the_neighbours_credential_reports_nothing_of_ours(
    world: World, dip: server.Admin, played: Performance
) -> None:
    administrator = staff(world.people["staff"])
    connections.save_connection(world.haven, client_id="demo-kassa", secret="sandbox-kassa", actor=administrator)
    enter(played, totals(40), world.actors["kade_editor"])
    assert queued() == []
    enter(world.rival_performance, totals(7), world.actors["haven_editor"])
    assert [one[0] for one in queued()] == [key(world.rival_performance)]


def test_the_providers_credential_reports_nothing(
    world: World, dip: server.Admin, connection: Connection, played: Performance
) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    assert queued() == []


def test_what_a_pull_tells_is_not_reported_back(world: World, office: Pushing, played: Performance) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    office.drain()
    with transaction.atomic():
        record("count.reported", played, actor=pull(world.agency), thread=played.thread)
    assert len(queued()) == 1


def test_a_credential_for_another_theater_is_told_in_words_and_tried_again_with_the_next_count(
    world: World, dip: server.Admin, played: Performance
) -> None:
    with_credential(world, client_id="demo-theater-2", secret="sandbox-theater-2")
    enter(played, totals(40), world.actors["kade_editor"])
    office = Pushing(dip)
    office.drain()
    row = Operation.objects.get(kind=Kind.TICKETS_REPORT)
    assert (row.state, row.error_code, row.sent_at) == (State.ATTENTION, "refused", None)
    assert "is not in one of your theaters" in row.error_text
    assert len(row.error_text) > len("is not in one of your theaters") + 100, "and what to do about it"
    with_credential(world)
    office.drain()
    assert normals(dip) == [40], "the right credential sends what was stuck"


def test_a_theater_that_changed_hands_is_reported_by_its_new_organisation_only(
    world: World, office: Pushing, played: Performance
) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    administrator = staff(world.people["staff"])
    connections.save_connection(world.haven, client_id="demo-kassa", secret="sandbox-kassa", actor=administrator)
    world.theater.receiver = world.haven
    world.theater.save()
    enter(Performance.objects.get(pk=played.pk), totals(45), world.actors["haven_editor"])
    assert [(row.organisation, row.state) for row in Operation.objects.order_by("pk")] == [
        (world.kade, State.ABANDONED),
        (world.haven, State.WAITING),
    ]
    office.drain()
    assert normals(office.dip) == [45]


def test_what_was_queued_before_a_theater_changed_hands_does_not_leave(
    world: World, office: Pushing, played: Performance
) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    world.theater.receiver = world.haven
    world.theater.save()
    office.drain()
    assert queued() == [(key(played), "abandoned", "moved")]
    assert normals(office.dip) == []


# --- what came between entering and sending -------------------------------------------------------------------------
def test_a_count_is_not_sent_over_that_of_a_system_that_was_linked_since(
    world: World, office: Pushing, played: Performance
) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    actions.link(played, "K-17", actor=world.actors["kade_editor"])
    office.drain()
    assert queued() == [(key(played), "abandoned", "linked")]
    assert normals(office.dip) == []


def test_a_count_is_not_sent_over_a_newer_one_that_dip_has_from_elsewhere(
    world: World, office: Pushing, played: Performance
) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    told_by_dip(played, 60, timezone.now() + dt.timedelta(minutes=1))
    office.drain()
    assert queued() == [(key(played), "abandoned", "told")]
    assert normals(office.dip) == []


def test_a_correction_is_sent_over_our_own_count_that_dip_took_in_meanwhile(
    world: World, office: Pushing, played: Performance, settings: Any
) -> None:
    """It was corrected while it was under way, so DIP's moment of the older one is the later of the two."""
    settings.DIP_SETTLE_SECONDS = 180
    enter(played, totals(40), world.actors["kade_editor"])
    held = draining.claim(Operation)
    assert held is not None
    outcome = work(held)
    enter(played, totals(45), world.actors["kade_editor"])
    held.settle(outcome)
    told_by_dip(played, 43, timezone.now() + dt.timedelta(seconds=2))
    office.drain()
    assert normals(office.dip) == [40, 45]


def test_a_theater_that_counts_by_hand_sends_over_what_dip_has_from_elsewhere(
    world: World, office: Pushing, played: Performance
) -> None:
    Counting.objects.create(theater=world.theater, by_hand=True)
    told_by_dip(played, 60, timezone.now() - dt.timedelta(minutes=1))
    enter(played, totals(40), world.actors["kade_editor"])
    office.drain()
    assert normals(office.dip) == [40]


def test_a_performance_that_dip_lost_is_not_counted(world: World, office: Pushing, played: Performance) -> None:
    enter(played, totals(40), world.actors["kade_editor"])
    Performance.objects.filter(pk=played.pk).update(missing_since=timezone.now())
    office.drain()
    assert queued() == [(key(played), "abandoned", "gone")]


# --- a theater's own ticketing system -------------------------------------------------------------------------------
def test_what_the_theaters_own_system_tells_goes_to_dip_with_the_revenue_of_each_kind(
    world: World, office: Pushing, played: Performance
) -> None:
    actions.link(played, "K-17", actor=world.actors["kade_editor"])
    told_by_system(world, played, reservations=6)
    office.drain()
    (body,) = sent(office.dip, TICKETS)
    assert {one["type"]: (one["tickets"], one["recette"]) for one in body["counts"]} == {
        "normal": (30, 75_000), "discount": (0, 0), "free": (4, 0), "other": (0, 0), "complimentary": (0, 0),
    }  # fmt: skip
    assert [one["tickets"] for one in sent(office.dip, RESERVATIONS)] == [6]


def test_of_what_was_entered_and_what_the_system_tells_the_newest_goes(
    world: World, office: Pushing, played: Performance
) -> None:
    told_by_system(world, played)
    enter(played, totals(40), world.actors["kade_editor"])
    office.drain()
    told_by_system(world, played, normal=31, tickets=35)
    office.drain()
    assert normals(office.dip) == [40, 31]


def test_a_system_that_tells_dip_too_is_not_overtaken_by_what_it_told_here_before(
    world: World, office: Pushing, played: Performance
) -> None:
    told_by_system(world, played)
    told_by_dip(played, 60, timezone.now() + dt.timedelta(minutes=1))
    office.drain()
    assert queued() == [(key(played), "abandoned", "told")]


def test_a_system_that_tells_of_places_alone_sends_no_tickets_again(
    world: World, office: Pushing, played: Performance
) -> None:
    told_by_system(world, played)
    office.drain()
    with transaction.atomic():
        mirror.write({played.pk: {"blocked_seats": 9}}, source=Source.SYSTEM)
        record("count.reported", played, actor=world.actors["kade_editor"], thread=played.thread)
    office.drain()
    assert len(sent(office.dip, TICKETS)) == 1
    assert [one["tickets"] for one in sent(office.dip, BLOCKED)] == [9]


# --- many at once ---------------------------------------------------------------------------------------------------
def statements(world: World, performances: list[Performance]) -> int:
    lines = [entered(one, totals(40, reservations=5, blocked=4)) for one in performances]
    with CaptureQueriesContext(
        database,
    ) as seen:
        assert actions.report_many(lines, actor=world.actors["kade_editor"]) == {}
    written = [one["sql"] for one in seen.captured_queries]
    return len([sql for sql in written if not sql.startswith('INSERT INTO "dip_operation"')])


def test_a_season_at_once_needs_no_more_statements_than_an_evening(world: World, kassa: Connection) -> None:
    season = [
        Performance(
            number=12000000 + day, production=world.production, theater=world.theater, hall=world.hall,
            starts_at=evening(60 + day), capacity=[500],
        )
        for day in range(60)
    ]  # fmt: skip
    made = Performance.objects.bulk_create(season)
    one = statements(world, made[:1])
    assert statements(world, made[1:]) <= one + 4, "the chunks of SQLite"
    assert Operation.objects.count() == 3 * len(made)


def test_a_season_at_once_is_due_at_the_pace_at_which_it_can_leave(
    world: World,
    kassa: Connection,
    settings: Any,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Otherwise everybody else's operations would wait behind thousands that one log-in cannot send any faster."""
    settings.DIP_PACE_SECONDS = 10
    monkeypatch.setattr(count_reports, "BATCH", 2)
    lines = [entered(one, totals(40, reservations=5)) for one in world.performances]
    actions.report_many(lines, actor=world.actors["kade_editor"])
    due = [row.due_at for row in Operation.objects.order_by("pk")]
    assert [round((one - due[0]).total_seconds()) for one in due] == [0, 0, 0, 10, 20, 30]
