"""Agreements from DIP when something is wrong: garbage, what is gone, doubles, and how far the watermark goes."""

import datetime as dt
from collections.abc import Iterator
from typing import Any

import pytest
from django.utils import timezone, translation

from dipportal.contracts.models import Contract
from dipportal.dip import connections, pull, values, wire
from dipportal.dip.models import Connection, Kind, Operation, RemoteRecord, RunState, SyncRun
from dipportal.dip.pull_records import MANY, page_of
from dipportal.dip.pull_run import finish
from dipportal.outbox.models import State
from tests.dip.pulling import FakeDip, golden, pulled, pushed, touch
from tests.world import World


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def no_lag(settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 0


# --- what is broken ------------------------------------------------------------------------------------------------
GARBAGE: list[Any] = [
    "tekst",
    None,
    {"id": 77},
    {"id": 78, "type": "partage"},
]


@pytest.mark.parametrize("garbage", GARBAGE, ids=str)
def test_one_bad_record_stops_nothing(world: World, noord: Connection, fake: FakeDip, garbage: Any) -> None:
    for number in range(10, 15):
        fake.contract(number)
    fake.contracts.insert(2, garbage)
    run = pull.run(noord, "contracts")
    assert run.state == RunState.PARTLY
    assert Contract.objects.count() == 5
    aside = RemoteRecord.objects.exclude(fault="").get()
    assert aside.raw == (garbage or {})
    assert len(run.errors) == 1
    noord.refresh_from_db()
    assert noord.last_good_pull_at is not None


@pytest.mark.parametrize(
    ("members", "word"),
    [
        ({"status": "bevroren"}, "bevroren"),
        ({"type": "ruil"}, "ruil"),
        ({"producer": None}, "producer"),
        ({"performances": []}, "performances"),
        ({"properties": {"partage_percentage": 140.0}}, "between 0 and 100"),
        ({"properties": {"theater_warranty": 100, "producer_warranty": 100}}, "guarantees"),
        ({"properties": {"theater_fee": -5}}, "out of range"),
        ({"properties": {"theater_technicians": 99999}}, "out of range"),
        ({"modified": "morgen"}, "date-time"),
        ({"performances": [{"number": -7, "date": "2026-03-12T20:15:00"}]}, "out of range"),
    ],
)
def test_what_cannot_be_kept_is_set_aside_in_words_and_comes_back(
    world: World, noord: Connection, fake: FakeDip, members: dict[str, Any], word: str
) -> None:
    fake.contract(10)
    bad = fake.contract(11, **members)
    run = pull.run(noord, "contracts")
    assert run.state == RunState.PARTLY
    assert list(Contract.objects.values_list("dip_id", flat=True)) == [10]
    aside = RemoteRecord.objects.get(remote_id="11")
    assert word in aside.fault
    assert word in " ".join(run.errors)
    assert aside.raw == bad
    fake.contracts[1] = {**golden("contracts")[0], "id": 11, "childIds": []}
    assert pull.run(noord, "contracts-full").state == RunState.GOOD
    assert Contract.objects.filter(dip_id=11).exists()
    assert not RemoteRecord.objects.exclude(fault="").exists()


def test_a_row_that_the_database_refuses_stands_alone(
    world: World,
    noord: Connection,
    fake: FakeDip,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr("dipportal.contracts.mirror.unstorable", lambda facts: None)
    for number in range(10, 19):
        fake.contract(number)
    fake.contract(19, properties={"partage_percentage": 140.0})
    run = pull.run(noord, "contracts")
    assert Contract.objects.count() == 9
    assert run.state == RunState.PARTLY
    aside = RemoteRecord.objects.exclude(fault="").get()
    assert (aside.remote_id, aside.fault) == ("19", "The database refuses it; the log of the portal says why.")
    assert "CHECK constraint" in caplog.text or "check constraint" in caplog.text


# --- missing -------------------------------------------------------------------------------------------------------
def test_a_full_pull_marks_what_is_gone_and_clears_what_is_back(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contract(10)
    gone = fake.contract(11)
    pulled(noord, "contracts")
    fake.contracts.remove(gone)
    pulled(noord, "contracts")
    assert not Contract.objects.exclude(missing_since=None).exists()
    assert pulled(noord, "contracts-full").counts["missing"] == 1
    assert Contract.objects.exclude(missing_since=None).get().dip_id == 11
    assert RemoteRecord.objects.exclude(missing_since=None).get().remote_id == "11"
    assert "missing" not in pulled(noord, "contracts-full").counts
    fake.contracts.append(gone)
    assert pulled(noord, "contracts-full").counts["found_again"] == 1
    assert not Contract.objects.exclude(missing_since=None).exists()
    assert not RemoteRecord.objects.exclude(missing_since=None).exists()


def test_an_answer_with_an_unreadable_part_marks_nothing(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contract(10)
    gone = fake.contract(11)
    pulled(noord, "contracts")
    fake.contracts[fake.contracts.index(gone)] = "half een bericht"  # type: ignore[call-overload]
    run = pull.run(noord, "contracts-full")
    assert run.state == RunState.PARTLY
    assert not Contract.objects.exclude(missing_since=None).exists()


def test_an_empty_answer_in_the_place_of_many_is_broken_and_marks_nothing(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    for number in range(10, 10 + MANY):
        fake.contract(number)
    pulled(noord, "contracts")
    Connection.objects.update(last_good_pull_at=None)
    there, fake.contracts = fake.contracts, []
    run = pull.run(noord, "contracts-full")
    assert (run.state, run.counts["broken"]) == (RunState.FAILED, 1)
    assert f"empty, while {MANY} are known" in run.errors[0]
    assert not Contract.objects.exclude(missing_since=None).exists()
    assert not RemoteRecord.objects.exclude(missing_since=None).exists()
    noord.refresh_from_db()
    assert noord.last_good_pull_at is None
    fake.contracts = there
    assert pulled(noord, "contracts-full").counts["unchanged"] == MANY


def test_the_last_one_may_be_gone(world: World, noord: Connection, fake: FakeDip) -> None:
    fake.contract(10)
    pulled(noord, "contracts")
    fake.contracts = []
    assert pulled(noord, "contracts-full").counts["missing"] == 1


# --- duplicates ----------------------------------------------------------------------------------------------------
def test_our_reference_twice_in_dip_alarms(
    world: World, noord: Connection, fake: FakeDip, caplog: pytest.LogCaptureFixture
) -> None:
    contract = world.contract()
    pushed(contract, fake, 10)
    pushed(contract, fake, 11, status="approved")
    run = pull.run(noord, "contracts")
    assert run.counts["duplicates"] == 1
    assert contract.reference in " ".join(run.errors)
    assert [one for one in caplog.records if one.levelname == "ERROR"]
    assert Contract.objects.count() == 2


def test_two_open_agreements_about_the_same_evening_alarm(world: World, noord: Connection, fake: FakeDip) -> None:
    evening = fake.contract(10)["performances"]
    fake.contract(11, status="proposed", performances=evening)
    run = pull.run(noord, "contracts")
    assert run.state == RunState.GOOD
    assert run.counts["duplicates"] == 1
    assert "10, 11" in " ".join(run.errors)


def test_an_old_double_is_told_and_alarms_no_more(
    world: World, noord: Connection, fake: FakeDip, caplog: pytest.LogCaptureFixture
) -> None:
    evening = fake.contract(10)["performances"]
    fake.contract(11, performances=evening)
    pulled(noord, "contracts")
    caplog.clear()
    run = pulled(noord, "contracts")
    assert "duplicates" not in run.counts, "nothing is news, so nothing is asked"
    assert run.errors == []
    run = pulled(noord, "contracts-full")
    assert run.counts["duplicates"] == 1
    assert len(run.errors) == 1
    assert not [one for one in caplog.records if one.levelname == "ERROR"]


def test_versions_and_closed_agreements_are_no_duplicates(world: World, noord: Connection, fake: FakeDip) -> None:
    evening = fake.contract(10, childIds=[11])["performances"]
    fake.contract(11, status="proposed", parentId=10, performances=evening)
    fake.contract(12, status="rejected", performances=evening)
    fake.contract(13, type="buyout", properties={"buyout_amount": 1}, performances=evening)
    assert "duplicates" not in pulled(noord, "contracts").counts


# --- the watermark -------------------------------------------------------------------------------------------------
def test_the_watermark_asks_with_an_overlap_and_never_goes_back(
    world: World, noord: Connection, fake: FakeDip, settings: Any
) -> None:
    fake.contract(10, modified="2026-03-10T16:25:36.933")
    pulled(noord, "contracts")
    noord.refresh_from_db()
    assert noord.contracts_watermark == "2026-03-10T16:25:36.933"
    pulled(noord, "contracts")
    assert fake.asked[0] == ("/contracts", None)
    asked = fake.asked[1][1]
    assert asked == {"modifiedSince": "2026-03-10T13:55:36.933"}
    fake.contracts[0]["modified"] = "2026-03-10T15:00:00"
    pulled(noord, "contracts-full")
    noord.refresh_from_db()
    assert noord.contracts_watermark == "2026-03-10T16:25:36.933"


def test_the_watermark_does_not_pass_a_record_that_waits(world: World, noord: Connection, fake: FakeDip) -> None:
    """Deferred long ago by a change here that never left: it must still be among what is asked for."""
    contract = world.contract()
    raw = pushed(contract, fake, 10)
    Operation.objects.create(
        organisation=world.agency, kind=Kind.CONTRACT_UPDATE, subject_kind="contract", subject_id=contract.pk
    )
    touch(raw, properties={"producer_warranty": 500000})
    raw["modified"] = values.stamp(timezone.now() - dt.timedelta(days=2))
    fake.contract(11, modified=values.stamp(timezone.now()))
    pulled(noord, "contracts")
    Operation.objects.update(state=State.ABANDONED)
    pulled(noord, "contracts")
    contract.refresh_from_db()
    assert contract.provider_guarantee == 500000


def test_a_stamp_from_the_future_does_not_hide_what_comes_before_it(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    fake.contract(10, modified="2999-01-01T00:00:00")
    pulled(noord, "contracts")
    fake.contract(11, modified=values.stamp(timezone.now()))
    pulled(noord, "contracts")
    assert Contract.objects.filter(dip_id=11).exists()


@pytest.mark.parametrize("change", ["another log-in", "removed"])
def test_a_run_of_the_old_log_in_stops_when_the_log_in_is_changed(
    world: World, noord: Connection, fake: FakeDip, change: str
) -> None:
    """What the old one saw says nothing about the new one: not its agreements, and not how far it came."""
    manager = world.actors["agency_manager"]
    fake.contract(10)

    def meanwhile(path: str) -> None:
        fake.on_read = lambda path: None
        if change == "removed":
            connections.remove(Connection.objects.get(), actor=manager)
        else:
            connections.save_connection(world.agency, client_id="anders", secret="geheim", actor=manager)

    fake.on_read = meanwhile
    run = pull.run(noord, "contracts")
    run.refresh_from_db()
    assert (run.state, run.lease_key) == (RunState.FAILED, ""), "the new log-in need not wait for the lease"
    assert [("was changed" in error) for error in run.errors] == [True], "and it goes no further"
    assert not Contract.objects.exists()
    noord.refresh_from_db()
    assert (noord.contracts_watermark, noord.last_good_pull_at) == ("", None)


def test_the_watermark_is_not_set_for_a_log_in_that_is_another_by_now(world: World, noord: Connection) -> None:
    """Between the look at the log-in and the write: another transaction's change is seen by the UPDATE itself."""
    old = Connection.objects.get()
    Connection.objects.update(client_id="anders")
    raw = golden("contracts")[0]
    page = page_of([[raw]], wire.parse_contract)
    pull._move_watermark(old, page, set())
    finish(pull.Pull(old, FakeDip(), SyncRun.objects.create(connection=old, kind="contracts")), cut_short=False)
    noord.refresh_from_db()
    assert (noord.contracts_watermark, noord.last_good_pull_at) == ("", None)


def test_a_broken_write_leaves_the_watermark(
    world: World, noord: Connection, fake: FakeDip, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*args: object, **kwargs: object) -> int:
        raise ZeroDivisionError

    fake.contract(10)
    with monkeypatch.context() as patch:
        patch.setattr("dipportal.contracts.mirror.link_versions", refuse)
        run = pull.run(noord, "contracts")
    assert run.state == RunState.FAILED
    assert not Contract.objects.exists()
    noord.refresh_from_db()
    assert noord.contracts_watermark == ""
    assert noord.last_good_pull_at is None
    pulled(noord, "contracts")
    assert Contract.objects.count() == 1
