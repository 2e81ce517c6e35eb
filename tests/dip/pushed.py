"""A sandbox with the test's world, the agency's connection to it, and the drain: for the tests of the push."""

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts.models import Contract
from dipportal.dip import connections, values
from dipportal.dip.models import Connection, Operation, RemoteRecord
from dipportal.dip.push import work
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor
from dipportal.outbox.drain import drain
from dipportal.outbox.models import WORKABLE
from dipportal.sandbox import server
from tests.world import World, evening

CLIENT_ID, SECRET = "demo-impresariaat", "sandbox-impresariaat"


@pytest.fixture(scope="module")
def dip_process() -> Iterator[server.Running]:
    with server.start(scale="empty") as sandbox:
        yield sandbox


@pytest.fixture
def dip(dip_process: server.Running, settings: Any, world: World) -> server.Admin:
    """The sandbox with the world of the tests in it: theaters, halls, productions and performances with a number."""
    settings.DIP_URL = dip_process.url
    settings.DIP_SETTLE_SECONDS = 0.0
    dip_process.admin.reset(scale="empty")
    dip_process.admin.load(**resources())
    return dip_process.admin


@pytest.fixture
def connection(dip: server.Admin, world: World) -> Connection:
    return connections.save_connection(
        world.agency, client_id=CLIENT_ID, secret=SECRET, actor=world.actors["agency_manager"]
    )


def resources() -> dict[str, list[Any]]:
    theaters = [raw_theater(theater) for theater in Theater.objects.order_by("pk")]
    productions = [raw_production(one) for one in Production.objects.exclude(dip_id="").select_related("producer")]
    performances = [raw_performance(one) for one in Performance.objects.exclude(number=None)]
    return {"theaters": theaters, "productions": productions, "performances": performances}


def raw_theater(theater: Theater) -> dict[str, Any]:
    return {
        "id": theater.pk, "name": theater.name, "street": "", "number": "", "zipcode": "", "city": theater.city,
        "province": {"id": 8, "name": "Noord-Holland"}, "type": theater.kind.title(), "dip_member": theater.dip_member,
        "theater_locations": [{"id": hall.pk, "name": hall.name} for hall in theater.halls.all()],
    }  # fmt: skip


def raw_production(production: Production) -> dict[str, Any]:
    producer = production.producer
    return {
        "id": production.dip_id, "title": production.title, "startDate": f"{production.season[:4]}-08-01T00:00:00",
        "season": production.season, "genre": {"id": 4, "name": "Toneel"},
        "producer": {"id": producer.pk, "name": producer.name, "type": producer.kind},
        "co_producers": [], "accompanied_by_producers": [], "cast_members": [],
    }  # fmt: skip


def raw_performance(performance: Performance) -> dict[str, Any]:
    seats = [*performance.capacity, *[0] * 10][:10]
    hall = performance.hall
    return {
        "id": performance.number, "number": performance.number, "date": values.stamp(performance.starts_at),
        "status": "agreed", "type": performance.kind, "private": False, "in_festival": False, "isOtherLocation": False,
        **{f"amount_rank{rank}": number for rank, number in enumerate(seats, start=1)},
        "production": {
            "id": performance.production.dip_id, "title": performance.production.title,
            "genre": {"id": 4, "name": "Toneel"},
        },
        "theater": {"id": performance.theater_id, "name": performance.theater.name},
        "theater_location": {"id": hall.pk, "name": hall.name} if hall else None, "forms": [],
    }  # fmt: skip


def note_seen(world: World) -> None:
    """As after a pull: what DIP has was seen."""
    for production in Production.objects.filter(producer=world.producer):
        _remember(world, "production", production.dip_id, raw_production(production), production.pk)
    for performance in Performance.objects.filter(production__producer=world.producer).exclude(number=None):
        _remember(world, "performance", performance.number, raw_performance(performance), performance.pk)


def _remember(world: World, kind: str, remote_id: object, raw: dict[str, Any], local_id: int) -> None:
    RemoteRecord.objects.create(
        organisation=world.agency, kind=kind, remote_id=str(remote_id), raw=raw, local_id=local_id
    )


@dataclass
class Pushing:
    """Drains until nothing is due; `later` makes everything due first, as if time had passed."""

    dip: server.Admin

    def drain(self) -> int:
        return drain(Operation, work)

    def later(self, *, seconds: float = 0) -> int:
        """All waiting is over: due times and settle times lie in the past."""
        moved = dt.timedelta(seconds=seconds)
        Connection.objects.update(open_until=None, next_call_at=None)
        Operation.objects.exclude(sent_at=None).update(sent_at=F("sent_at") - moved)
        Operation.objects.filter(state__in=WORKABLE).update(due_at=timezone.now())
        return self.drain()

    def until_settled(self, *, most: int = 12) -> None:
        """Let so much time pass that nothing is under way any more."""
        for _round in range(most):
            if not Operation.objects.filter(state__in=WORKABLE).exists():
                return
            self.later(seconds=1000)
        raise AssertionError(f"still under way after {most} rounds: {rows()}")

    @property
    def contracts(self) -> list[dict[str, Any]]:
        """What the sandbox created, by its own ledger."""
        return [write for write in self.dip.writes() if write["path"].endswith("/create")]

    def writes(self, part: str) -> list[dict[str, Any]]:
        return [write for write in self.dip.writes() if part in write["path"]]


@pytest.fixture
def pushing(dip: server.Admin, connection: Connection) -> Pushing:
    return Pushing(dip)


def rows(subject: Any = None) -> list[tuple[str, str, str]]:
    """(kind, state, error code) of the operations, in their order."""
    found = Operation.objects.order_by("pk")
    if isinstance(subject, Contract | Production | Performance):
        found = found.filter(key=f"{type(subject).__name__.lower()}:{subject.pk}")
    return [(row.kind, row.state, row.error_code) for row in found]


def new_performance(world: World, actor: Actor, *, days: int = 60, production: Production | None = None) -> Performance:
    """A performance entered in the portal, as the catalogue's action does it: row and journal line."""
    with transaction.atomic():
        performance = Performance.objects.create(
            production=production or world.production, theater=world.theater, hall=world.hall,
            starts_at=evening(days), capacity=[450],
        )  # fmt: skip
        record("performance.created", performance, actor=actor, thread=performance.thread)
    return performance


def new_production(world: World, actor: Actor, **changes: Any) -> Production:
    values_ = {"title": "Het Eiland", "season": world.production.season, "genre": world.genre, **changes}
    with transaction.atomic():
        production = Production.objects.create(producer=world.producer, **values_)
        record("production.created", production, actor=actor, thread=production.thread)
    return production
