"""A theater that enters counts, with the ticketing credential of the sandbox: for the tests of what is reported."""

import datetime as dt
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.dip import connections
from dipportal.dip.models import Connection, Operation
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor, staff
from dipportal.outbox.models import State
from dipportal.sandbox import server
from dipportal.ticketing import actions, mirror
from dipportal.ticketing.actions import Entered
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.rules import Report
from tests.world import World

CLIENT_ID, SECRET = "demo-kassa", "sandbox-kassa"
SURE = ("tickets", "seats", "fewer", "revenue")
TICKETS, RESERVATIONS, BLOCKED = "/tickets/cumulative", "/reservations/cumulative", "/blockedseats/cumulative"


@pytest.fixture
def kassa(dip: server.Admin, world: World) -> Connection:
    """The ticketing credential of De Kade, entered by an administrator."""
    return with_credential(world)


def with_credential(world: World, *, client_id: str = CLIENT_ID, secret: str = SECRET) -> Connection:
    administrator = staff(world.people["staff"])
    return connections.save_connection(world.kade, client_id=client_id, secret=secret, actor=administrator)


def totals(normal: int, *, reservations: int = 0, blocked: int = 0, **others: int) -> Report:
    """Tickets at 25 euros; the same number always brings the same."""
    values = {"discount": 0, "free": 2, "other": 0, "complimentary": 1, "revenue_cents": 2500 * normal, **others}
    return Report(normal=normal, reservations=reservations, blocked_seats=blocked, **values)


def entered(performance: Performance, report: Report) -> Entered:
    mine = TicketCount.objects.filter(performance=performance, source=Source.HAND).first()
    return Entered(performance, report, mine.changed_at if mine else None, SURE)


def enter(performance: Performance, report: Report, actor: Actor) -> None:
    """As the theater does it, through the action of its page; what is unlikely is confirmed."""
    assert actions.report_many([entered(performance, report)], actor=actor) == {}


def sent(dip: server.Admin, path: str) -> list[dict[str, Any]]:
    """The bodies that DIP took in, in the order in which it did."""
    return [write["body"] for write in dip.writes() if write["path"] == path]


def normals(dip: server.Admin) -> list[int]:
    """Of each report of tickets that DIP took in: how many normal ones."""
    return [next(one["tickets"] for one in body["counts"] if one["type"] == "normal") for body in sent(dip, TICKETS)]


def queued() -> list[tuple[str, str, str]]:
    """(key, state, code) of what is reported, in the order in which it was queued."""
    rows = Operation.objects.filter(kind__endswith=".report").order_by("pk")
    return [(row.key, str(State(row.state)), row.error_code) for row in rows]


def told_by_dip(played: Performance, tickets: int, counted_at: dt.datetime) -> None:
    with transaction.atomic():
        mirror.write({played.pk: mirror.sold(tickets, 2500 * tickets, counted_at, None)}, source=Source.DIP)


def told_by_system(world: World, played: Performance, **values: Any) -> None:
    """As the portal's API takes it in: the count and the same journal line."""
    kinds = {TicketKind.NORMAL: (30, 75_000), TicketKind.FREE: (4, 0)}
    told: Any = {**mirror.sold(34, 75_000, timezone.now(), kinds), **values}
    with transaction.atomic():
        mirror.write({played.pk: told}, source=Source.SYSTEM)
        record("count.reported", played, actor=world.actors["kade_editor"], thread=played.thread)
