"""A provider with a connection, and DIP as bytes in memory: what a pull meets, without the network."""

from collections.abc import Iterable
from pathlib import Path
from typing import Any

import orjson
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from bench import _payload
from dipportal.catalogue.models import Producer
from dipportal.dip import pull
from dipportal.dip.client import decoded
from dipportal.dip.models import Connection, RunState, SyncRun
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation

# What a pull of agreements writes, in an order in which rows can be put in.
TABLES = ("contracts_contract", "contracts_contract_performances", "dip_remoterecord", "journal_entry")
BOOKS = ("dip_syncrun", "dip_connection")


class Dip:
    """Answers like the client: the bytes are read anew each time, by the client's own reader."""

    def __init__(self) -> None:
        self.answers: dict[str, bytes] = {}
        self.files: dict[str, Path] = {}

    def __call__(self, connection: Connection) -> "Dip":
        return self

    def __enter__(self) -> "Dip":
        return self

    def __exit__(self, *error: object) -> None:
        pass

    def read(self, path: str, params: dict[str, str] | None = None, *, apart: bool = False) -> Any:
        if path in self.files:
            return decoded([self.files[path].read_bytes()], apart=apart)
        return decoded(self.answers.get(path, b"[]"), apart=apart)


def provider(slug: str = "agency") -> Connection:
    organisation = Organisation.objects.create(slug=slug, name=slug.title(), kind=Side.PROVIDER)
    for pk in _payload.PRODUCERS:
        Producer.objects.get_or_create(pk=pk, defaults={"name": str(pk)})[0].providers.add(organisation)
    return Connection.objects.create(organisation=organisation, client_id=slug, secret_encrypted="")


def catalogue(dip: Dip) -> None:
    """Answers for the reference lists, productions and performances."""
    found = _payload.lists()
    for path, kind in (("/genres", "genre"), ("/producers", "producer"), ("/theaters", "theater")):
        dip.answers[path] = orjson.dumps(found[kind])
    for pk in _payload.PRODUCERS:
        own = [one for one in found["production"] if one["producer"]["id"] == pk]
        dip.answers[f"/producers/{pk}/productions"] = orjson.dumps(own)
        for production in own:
            played = [one for one in found["performance"] if one["production"]["id"] == production["id"]]
            dip.answers[f"/producers/{pk}/productions/{production['id']}/performances"] = orjson.dumps(played)


def pulled(connection: Connection, *kinds: str) -> SyncRun:
    """Raises RuntimeError when a run is not good: a bench of something broken says nothing."""
    for kind in kinds:
        run = pull.run(connection, kind)
        if run.state != RunState.GOOD:
            raise RuntimeError(f"{kind}: {run.state} {run.errors[:3]}")
    return run


def empty(tables: Iterable[str]) -> None:
    with database.cursor() as cursor:
        cursor.execute(f"TRUNCATE {', '.join(tables)} CASCADE")


class Statements(CaptureQueriesContext):
    """The statements of a block, without transaction marks and without the books of the run itself."""

    def __init__(self) -> None:
        super().__init__(database)

    @property
    def of_rows(self) -> list[str]:
        marks = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
        found = [one["sql"] for one in self.captured_queries]
        return [sql for sql in found if not sql.startswith(marks) and not any(f'"{book}"' in sql for book in BOOKS)]

    @property
    def writes(self) -> list[str]:
        return [sql for sql in self.of_rows if sql.startswith(("INSERT", "UPDATE", "DELETE", "COPY", "CREATE"))]
