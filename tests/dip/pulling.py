"""A sandbox in a process of its own, and a connection to it; shared by the tests of the pull."""

import copy
import datetime as dt
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Producer
from dipportal.contracts.models import Contract
from dipportal.dip import crypto, pull, values, wire
from dipportal.dip.client import decoded
from dipportal.dip.errors import NotDone
from dipportal.dip.models import Connection, Operation, RunState, SyncRun
from dipportal.journal.models import Entry
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from dipportal.sandbox import server
from tests.world import World

AGENCY = (123, 124)
# Tables that belong to the pull's own book-keeping; everything else is what the portal is about.
BOOKS = ("dip_syncrun", "dip_connection")


@pytest.fixture(scope="module")
def pull_process() -> Iterator[server.Running]:
    with server.start(scale="small") as sandbox:
        yield sandbox


@pytest.fixture
def remote(pull_process: server.Running, settings: Any) -> server.Admin:
    settings.DIP_URL = pull_process.url
    settings.DIP_SETTLE_SECONDS = 0
    pull_process.admin.reset(scale="small")
    return pull_process.admin


@pytest.fixture
def agency(transactional_db: None) -> Connection:
    return connect("agency", AGENCY, "demo-impresariaat", "sandbox-impresariaat")


def connect(slug: str, producers: tuple[int, ...], client_id: str, secret: str) -> Connection:
    organisation = Organisation.objects.create(slug=slug, name=slug.title(), kind=Side.PROVIDER)
    for pk in producers:
        Producer.objects.get_or_create(pk=pk, defaults={"name": str(pk)})[0].providers.add(organisation)
    return Connection.objects.create(
        organisation=organisation, client_id=client_id, secret_encrypted=crypto.encrypt(secret)
    )


def pulled(connection: Connection, *kinds: str) -> SyncRun:
    """Pull these kinds, all of which must go well; returns the last run."""
    for kind in kinds or ("reference", "catalogue", "contracts"):
        run = pull.run(connection, kind)
        assert run.state == RunState.GOOD, (kind, run.state, run.errors)
    return run


class Statements(CaptureQueriesContext):
    """The SQL of a block."""

    def __init__(self) -> None:
        super().__init__(database)

    @property
    def writes(self) -> list[str]:
        """INSERT, UPDATE and DELETE on anything but the books of the pull."""
        found = [one["sql"] for one in self.captured_queries]
        return [
            sql
            for sql in found
            if sql.startswith(("INSERT", "UPDATE", "DELETE")) and not any(f'"{table}"' in sql[:80] for table in BOOKS)
        ]


# --- without a process: DIP as a list in memory ------------------------------------------------------------------
GOLDEN = Path(__file__).parents[1] / "golden"


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


class FakeDip:
    """Answers reads from lists in memory, as raw as DIP would; for orders of events no process can be made to have."""

    def __init__(self) -> None:
        self.contracts: list[dict[str, Any]] = []
        self.productions: dict[int, list[dict[str, Any]]] = {}
        self.performances: dict[str, list[dict[str, Any]]] = {}
        # By path: a list, or what reading it raises. Of a production that is not there DIP says that it has none.
        self.counts: dict[str, Any] = {}
        self.asked: list[tuple[str, dict[str, str] | None]] = []
        self.on_read: Callable[[str], None] = lambda path: None

    def __call__(self, connection: Connection) -> "FakeDip":
        return self

    def __enter__(self) -> "FakeDip":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read(self, path: str, params: dict[str, str] | None = None, *, apart: bool = False) -> Any:
        self.asked.append((path, params))
        answer = json.dumps(self._answer(path, params or {})).encode()
        self.on_read(path)
        return decoded(answer, apart=apart)

    def _answer(self, path: str, params: dict[str, str]) -> Any:
        if path == "/contracts":
            since = params.get("modifiedSince", "")
            return [one for one in self.contracts if not isinstance(one, dict) or one.get("modified", "") >= since]
        parts = path.strip("/").split("/")
        if parts[-1] == "performances":
            return self.performances.get(parts[-2], [])
        if parts[-1] == "productions":
            return self.productions.get(int(parts[-2]), [])
        if parts[-1] in ("sales", "reservations", "blockedseats"):
            return self._counted(path)
        raise AssertionError(f"nobody expects a read of {path}")

    def _counted(self, path: str) -> Any:
        answer = self.counts.get(path)
        if answer is None:
            said = f"No {path.rpartition('/')[2]} history for {path}"
            raise NotDone("refused", f"DIP refuses this: {said}", permanent=True, said=said)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def contract(self, number: int, **members: Any) -> dict[str, Any]:
        """Put in a concept like the golden one, about an evening of its own; `properties` are merged."""
        raw = copy.deepcopy(golden("contracts")[0])
        evening = {"number": 20_000_000 + number, "date": raw["first_date"]}
        raw.update(id=number, name=f"Boeking #{number}", childIds=[], status="concept", performances=[evening])
        raw["properties"].update(members.pop("properties", {}))
        raw.update(members)
        self.contracts.append(raw)
        return raw


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> FakeDip:
    dip = FakeDip()
    monkeypatch.setattr(pull, "Client", dip)
    return dip


@pytest.fixture
def noord(world: World) -> Connection:
    """The connection of the world's agency, for FakeDip."""
    return Connection.objects.create(organisation=world.agency, client_id="noord", secret_encrypted="")


# --- agreements of ours in FakeDip ----------------------------------------------------------------------------------
def codes() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("code", flat=True))


def pushed(contract: Contract, fake: FakeDip, number: int, **members: Any) -> dict[str, Any]:
    """Our agreement as it stands in DIP once it was pushed: same terms, our reference in its name."""
    Operation.objects.all().delete()
    plays = list(contract.performances.all())
    properties = {wire.MEMBERS[term.name]: wire._written(term, term.value(contract)) for term in contract.terms}
    return fake.contract(
        number,
        name=wire.name_for(contract.reference, contract.own_reference),
        contact_theater=contract.contact_receiver,
        contact_producer=contract.contact_provider,
        performances=[{"number": one.number, "date": values.stamp(one.starts_at)} for one in plays],
        first_date=values.stamp(contract.first_at or timezone.now()),
        modified=values.stamp(timezone.now() - dt.timedelta(minutes=5)),
        properties=properties,
        **members,
    )


def touch(raw: dict[str, Any], **members: Any) -> None:
    """A change in DIP, with its stamp."""
    properties = members.pop("properties", {})
    raw["properties"].update(properties)
    raw.update(modified=values.stamp(timezone.now()), **members)
