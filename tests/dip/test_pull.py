"""The first pull brings everything, the second writes nothing, and what changes in DIP changes here."""

import pytest

from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.contracts.models import Contract
from dipportal.dip.models import Connection, SyncRun
from dipportal.journal.models import Entry
from dipportal.sandbox import server
from tests.dip.pulling import Statements, pulled

pytestmark = pytest.mark.django_db(transaction=True)


def test_first_pull_brings_all_that_the_sandbox_has(remote: server.Admin, agency: Connection) -> None:
    pulled(agency)
    has = remote.health()["records"]
    assert Theater.objects.count() == has["theater"]
    assert Hall.objects.count() == 10
    assert Genre.objects.count() == has["genre"]
    assert Producer.objects.filter(missing_since=None).count() == has["producer"]
    assert Production.objects.count() == 3
    assert Performance.objects.count() == 9
    assert Contract.objects.count() == 7
    assert Entry.objects.count() == 0


def test_second_pull_writes_no_row(remote: server.Admin, agency: Connection) -> None:
    pulled(agency)
    for kind in ("reference", "catalogue", "contracts", "contracts-full"):
        with Statements() as seen:
            pulled(agency, kind)
        assert seen.writes == [], kind
    assert SyncRun.objects.filter(state="good").count() == 7
