"""A sandbox in a process of its own, and a connection to it; shared by the tests of the pull."""

from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection as database
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue.models import Producer
from dipportal.dip import crypto, pull
from dipportal.dip.models import Connection, RunState, SyncRun
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from dipportal.sandbox import server

AGENCY = (123, 124)
# Tables that belong to the pull's own book-keeping; everything else is what the portal is about.
BOOKS = ("dip_syncrun", "dip_connection")


@pytest.fixture(scope="module")
def running() -> Iterator[server.Running]:
    with server.start(scale="small") as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: server.Running, settings: Any) -> server.Admin:
    settings.DIP_URL = running.url
    settings.DIP_SETTLE_SECONDS = 0
    running.admin.reset(scale="small")
    return running.admin


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
