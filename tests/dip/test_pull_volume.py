"""What a pull costs the database, counted: at any volume, with nothing new, with one per cent new."""

import datetime as dt
import gc
from typing import Any

import pytest
from django.conf import settings as settings_as_they_come
from django.contrib.admin import site
from django.test import Client, RequestFactory
from django.urls import reverse

from dipportal.contracts.models import Contract
from dipportal.core import bulk, collecting
from dipportal.dip import pull, values, wire, wire_peek
from dipportal.dip.admin import RemoteRecordAdmin
from dipportal.dip.models import Connection, RemoteRecord, RunState
from dipportal.dip.pull_records import page_of
from dipportal.organisations.models import User
from tests.dip.pulling import FakeDip, Statements, golden, pulled
from tests.world import World

MARKS = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE", "ROLLBACK")
BOOKS = ('"dip_syncrun"', '"dip_connection"')


class Counted(Statements):
    @property
    def of_rows(self) -> list[str]:
        """Without transaction marks and the run's own books."""
        found = [one["sql"] for one in self.captured_queries]
        return [sql for sql in found if not sql.startswith(MARKS) and not any(book in sql for book in BOOKS)]


def many(fake: FakeDip, count: int) -> None:
    """Agreements like the golden ones, about evenings that nobody knows yet."""
    sample = golden("contracts")[0]
    for number in range(1, count + 1):
        evening = {"number": 30_000_000 + number, "date": sample["first_date"]}
        raw = {**sample, "id": number, "name": f"Boeking #{number}", "childIds": [], "performances": [evening]}
        fake.contracts.append({**raw, "status": "concept"})


def statements(connection: Connection, kind: str = "contracts-full") -> Counted:
    with Counted() as counted:
        pulled(connection, kind)
    return counted


# --- at any volume -------------------------------------------------------------------------------------------------
def bound(count: int, kinds: int) -> int:
    """6 and 1 per 1,000 rows, for each kind of row that is written."""
    return kinds * (6 + -(-count // 1000))


# Agreements; the performances, the productions, and the theaters with producers, none of which is known before.
FIRST = 4
# Agreements, and lines of the journal.
AGAIN = 2


def at_volume(connection: Connection, fake: FakeDip, count: int) -> tuple[Counted, Counted]:
    """The first pull, and one in which every record is different."""
    many(fake, count)
    first = statements(connection)
    assert Contract.objects.filter(provider=connection.organisation, dip_id__isnull=False).count() == count
    for raw in fake.contracts:
        raw["contact_theater"] = "anders@kade.example"
    rewrite = statements(connection)
    assert Contract.objects.filter(contact_receiver="anders@kade.example").count() == count
    return first, rewrite


def test_a_few_agreements_take_few_statements(world: World, noord: Connection, fake: FakeDip) -> None:
    first, rewrite = at_volume(noord, fake, 10)
    assert len(first.of_rows) <= bound(10, FIRST), first.of_rows
    assert len(rewrite.of_rows) <= bound(10, AGAIN), rewrite.of_rows


@pytest.mark.postgres
def test_with_copy_the_statements_do_not_grow_with_the_records(world: World, noord: Connection, fake: FakeDip) -> None:
    first, rewrite = at_volume(noord, fake, 3000)
    assert len(first.of_rows) <= bound(3000, FIRST), first.of_rows
    assert len(rewrite.of_rows) <= bound(3000, AGAIN), rewrite.of_rows
    # One for the agreements, one for their journal lines, three for the remembered records: at any volume.
    written = [sql.split()[0] for sql in rewrite.of_rows if not sql.startswith("SELECT")]
    assert written == ["UPDATE", "COPY", "CREATE", "COPY", "UPDATE"], rewrite.of_rows


def test_what_changes_in_one_agreement_leaves_the_others_of_its_pull_alone(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    """All go in one statement, over the columns of any of them."""
    many(fake, 3)
    pulled(noord, "contracts-full")
    rows = Contract.objects.filter(dip_id__in=(1, 2, 3)).order_by("dip_id")
    contact, terms, evening = rows
    fake.contracts[0]["contact_theater"] = "anders@kade.example"
    fake.contracts[1]["properties"] = {**fake.contracts[1]["properties"], "remarks": "Anders."}
    fake.contracts[2]["performances"] = [{"number": 31_000_000, "date": "2027-01-02T20:00:00"}]
    pulled(noord, "contracts-full")
    about = ("type", "contact_receiver", "remarks", "provider_share", "entrance_prices", "theater_id", "first_at")
    for before, after, other in zip((contact, terms, evening), rows.all(), about[1:3] + about[-1:], strict=True):
        assert [name for name in about if getattr(before, name) != getattr(after, name)] == [other]
        assert after.version == before.version + 1


# --- nothing new, little new ---------------------------------------------------------------------------------------
@pytest.mark.parametrize("kind", ["contracts", "contracts-full"])
def test_a_pull_without_news_writes_nothing_and_parses_nothing(
    world: World, noord: Connection, fake: FakeDip, kind: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    many(fake, 40)
    pulled(noord, "contracts-full")
    parsed: list[Any] = []
    monkeypatch.setattr(wire, "parse_contract", parsed.append)
    again = statements(noord, kind)
    assert again.writes == []
    # The digests; in a full comparison also what looks double, and the conflicts that are noted or over.
    assert len(again.of_rows) <= (4 if kind == "contracts-full" else 1), again.of_rows
    assert parsed == []


def test_of_a_hundred_only_the_one_that_changed_is_written(world: World, noord: Connection, fake: FakeDip) -> None:
    many(fake, 300)
    pulled(noord, "contracts-full")
    seen = dict(RemoteRecord.objects.values_list("remote_id", "seen_at"))
    versions = dict(Contract.objects.values_list("pk", "version"))
    changed = fake.contracts[::100]
    for raw in changed:
        raw["properties"] = {**raw["properties"], "remarks": "Anders."}
    counted = statements(noord)
    assert len(counted.of_rows) <= 12, counted.of_rows
    written = {key for key, moment in RemoteRecord.objects.values_list("remote_id", "seen_at") if moment != seen[key]}
    assert written == {str(raw["id"]) for raw in changed}
    moved = {pk for pk, version in Contract.objects.values_list("pk", "version") if version != versions[pk]}
    assert moved == set(Contract.objects.filter(remarks="Anders.").values_list("pk", flat=True))
    assert len(moved) == 3


def test_many_keys_find_the_same_rows_as_few(world: World, noord: Connection, fake: FakeDip) -> None:
    many(fake, 5)
    pulled(noord, "contracts-full")
    keys = list(Contract.objects.filter(provider=noord.organisation).values_list("pk", flat=True))
    nobody = range(10_000_000, 10_000_000 + bulk.CHUNK)
    assert bulk.among(keys) == keys
    assert not isinstance(bulk.among([*keys, *nobody]), list)
    found = Contract.objects.filter(pk__in=bulk.among([*keys, *nobody]))
    assert set(found.values_list("pk", flat=True)) == set(keys)


def test_what_was_made_while_collecting_was_put_off_is_not_searched_right_after() -> None:
    with collecting.put_off():
        made = [{"number": number} for number in range(50_000)]
    assert gc.isenabled()
    assert gc.get_count()[0] < 1000
    assert any(one is made for one in gc.get_objects(generation=2))


# --- the nights in which the clock changes -------------------------------------------------------------------------
SKIPPED, REPEATED = "2026-03-29T02:30:00", "2025-10-26T02:30:00.25"


@pytest.mark.parametrize("moment", [SKIPPED, REPEATED])
def test_a_stamp_in_the_hour_that_is_skipped_or_repeated_is_no_change(
    world: World, noord: Connection, fake: FakeDip, moment: str
) -> None:
    raw = fake.contract(10, modified=moment, first_date=moment)
    raw["performances"][0]["date"] = moment
    pulled(noord, "contracts-full")
    noord.refresh_from_db()
    mark = noord.contracts_watermark
    for kind in ("contracts-full", "contracts", "contracts-full"):
        with Counted() as again:
            run = pulled(noord, kind)
        assert again.writes == []
        assert not any("contracts_watermark" in sql and sql.startswith("UPDATE") for sql in again_sql(again))
        assert run.counts.get("changed", 0) == 0
    noord.refresh_from_db()
    assert noord.contracts_watermark == mark


def again_sql(counted: Counted) -> list[str]:
    return [one["sql"] for one in counted.captured_queries]


@pytest.mark.parametrize("moment", [SKIPPED, REPEATED])
def test_a_performance_in_such_an_hour_is_no_change_either(
    world: World, noord: Connection, fake: FakeDip, moment: str
) -> None:
    production = golden("productions")[0]
    performance = {**golden("performances")[0], "date": moment, "production": {"id": production["id"]}}
    fake.productions = {pk: [] for pk in noord.organisation.producers.values_list("pk", flat=True)}
    fake.productions[production["producer"]["id"]] = [production]
    fake.performances[production["id"]] = [performance]
    pulled(noord, "catalogue")
    with Counted() as again:
        pulled(noord, "catalogue")
    assert again.writes == []


# --- what is read of a page without parsing it ---------------------------------------------------------------------
def test_the_highest_stamp_is_found_without_reading_all_of_them(world: World, noord: Connection, fake: FakeDip) -> None:
    stamps = ["2024-01-01T00:00:00", "2026-03-01T10:00:00", "2026-03-01T09:59:59Z", "2026-03-01 10:30", "morgen", ""]
    for number, text in enumerate(stamps, start=1):
        fake.contract(number, modified=text)
    assert pull.run(noord, "contracts-full").state == RunState.PARTLY
    noord.refresh_from_db()
    # 09:59:59 in London is 10:59:59 here.
    assert noord.contracts_watermark == "2026-03-01T10:59:59"


def test_of_two_records_with_one_number_the_unreadable_one_is_never_hidden() -> None:
    good = golden("contracts")[0]
    bad = {**good, "theater": None}
    for order in ([good, bad], [bad, good]):
        page = page_of([order], wire.parse_contract)
        page.read_all()
        assert set(page.faults) == {str(good["id"])}
        assert page.records == {}
    late = {**good, "name": "later"}
    page = page_of([[good, late]], wire.parse_contract).read_all()
    assert [one.name for one in page.records.values()] == ["later"]


@pytest.mark.parametrize(("raw", "key"), [
    ({"id": 5}, "5"), ({"id": "5"}, "5"), ({"id": 5.0}, "5"), ({"id": "elf"}, "elf"), ({"id": None}, ""), ({}, ""),
    (None, ""), ("<html>", ""), ({"id": True}, ""), ([], ""),
])  # fmt: skip
def test_by_what_a_record_is_known(raw: Any, key: str) -> None:
    assert wire_peek.number_in(raw) == key


def test_versions_are_found_from_both_ends_and_nothing_breaks_on_nonsense() -> None:
    raws = {
        "1": {"childIds": [2, "3", None, {}]}, "4": {"parentId": 1}, "5": {"parentId": "x"}, "6": {"childIds": 7},
        "?abc": {"parentId": 9}, "8": "no record", "9": {"parentId": 0, "childIds": []},
    }  # fmt: skip
    assert wire_peek.parents_in(raws.items()) == {2: 1, 3: 1, 4: 1}


def test_what_was_set_aside_is_shown_whole_and_with_its_reason_in_the_admin(
    world: World, noord: Connection, fake: FakeDip, rf: RequestFactory, client: Client
) -> None:
    fake.contract(1, status="iets-nieuws", unknown="blijft")
    fake.contract(2, theater=None)
    fake.contract(3)
    run = pull.run(noord, "contracts-full")
    assert (run.state, run.counts["new"]) == (RunState.PARTLY, 1)
    admin = RemoteRecordAdmin(RemoteRecord, site)
    request = rf.get("/")
    request.user = User(is_staff=True, is_superuser=True)
    shown = {row.remote_id: admin.get_fields(request, row) for row in RemoteRecord.objects.filter(kind="contract")}
    assert {key for key, fields in shown.items() if "whole" in fields} == {"1", "2"}
    assert not any("raw" in fields for fields in shown.values())
    assert all("fault" in fields for fields in shown.values())
    odd = RemoteRecord.objects.get(remote_id="1")
    assert "iets-nieuws" in odd.fault
    assert odd.raw["unknown"] == "blijft"
    client.force_login(world.people["staff"])
    page = client.get(reverse("admin:dip_remoterecord_change", args=[odd.pk])).content.decode()
    assert "iets-nieuws" in page
    assert "&quot;unknown&quot;: &quot;blijft&quot;" in page


def test_one_digest_for_equal_values_also_beyond_what_orjson_writes() -> None:
    big = 2**70
    assert values.digest({"a": big, "b": 1}) == values.digest({"b": 1, "a": big})
    assert values.digest({"a": "\ud800"}) == values.digest({"a": "\ud800"})
    assert values.digest({"a": 1}) != values.digest({"a": "1"})


def test_the_settings_as_they_come_are_polite() -> None:
    assert settings_as_they_come.DIP_CONCURRENCY <= 8
    assert dt.timedelta(minutes=121) <= settings_as_they_come.DIP_OVERLAP
