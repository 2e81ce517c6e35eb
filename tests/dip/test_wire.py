"""The golden samples go in and come back without loss; one bad record never spoils a list."""

import datetime as dt
import json
import random
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dipportal.catalogue.enums import PerformanceStatus, VenueKind
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.terms import TERMS, terms_of
from dipportal.dip import members, state, values, wire
from dipportal.dip.records import ContractRecord, PerformanceRecord
from dipportal.dip.values import Unreadable

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
DOCUMENT = (GOLDEN.parents[1] / "docs" / "dip-api.md").read_text(encoding="utf-8")


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text())


def contract_to_wire(record: ContractRecord) -> dict[str, Any]:
    """From our typed record alone back to DIP's members; `raw` is not looked at."""

    def written(name: str, value: Any) -> Any:
        if isinstance(value, Decimal):
            return float(value)
        if name == "tranches":
            return [{"amount": row["amount"], "percentage": float(row["percentage"])} for row in value]
        return value

    flags = {
        f"is_{mark}_rejected": False for term in TERMS for mark in term.flags
    } | {"is_start_time_rejected": False, "is_rent_rejected": False}  # fmt: skip
    for name in record.rejected_terms:
        for term in TERMS:
            if term.name == name:
                flags |= {f"is_{mark}_rejected": True for mark in term.flags}
    assert record.agency is not None
    assert record.producer is not None
    return {
        "id": record.id,
        "type": record.type,
        "name": record.name,
        "status": record.raw_status,
        "reject_reason": record.rejection_reason,
        "modified": values.stamp(record.modified_at) if record.modified_at else None,
        "contact_theater": record.contact_receiver,
        "contact_producer": record.contact_provider,
        "agencyAsProvider": record.agency_as_provider,
        "agency": {"id": record.agency.id, "name": record.agency.name},
        "producer": {"id": record.producer.id, "name": record.producer.name, "type": record.producer.kind},
        "theater": {"id": record.theater.id, "name": record.theater.name},
        "production": {"id": record.production_id, "title": record.production_title},
        "first_date": values.stamp(record.first_at) if record.first_at else None,
        "performances": [
            {"number": number, "date": values.stamp(date) if date else None} for number, date in record.performances
        ],
        "properties": {wire.MEMBERS[name]: written(name, value) for name, value in record.terms.items()},
        "childIds": list(record.child_ids),
        "parentId": record.parent_id or 0,
        "rejection_fields": flags | dict.fromkeys(record.other_flags, True),
    }


def test_golden_agreements_come_back_without_loss() -> None:
    samples = golden("contracts")
    parsed = wire.parse_list(samples, wire.parse_contract)
    assert parsed.faults == []
    assert [contract_to_wire(record) for record in parsed.records] == samples
    assert {record.type for record in parsed.records} == {"partage", "volume", "buyout", "suppletion"}


def test_golden_agreements_read_as_meant() -> None:
    first, second, third, volume, buyout, suppletion = wire.parse_list(
        golden("contracts"), wire.parse_contract
    ).records  # fmt: skip
    assert (first.status, first.parent_id, first.child_ids) == (Status.APPROVED, None, (200762, 231775))
    assert (second.parent_id, third.parent_id, third.status) == (200761, 200761, Status.PROPOSED)
    assert first.terms["provider_share"] == Decimal("80.0")
    assert first.terms["receiver_guarantee"] == 0
    assert first.terms["theater_technicians"] is None
    assert volume.terms["tranches"] == [
        {"amount": 400000, "percentage": "100.00"},
        {"amount": 99999999, "percentage": "50.00"},
    ]
    assert volume.rejected_terms == ("tranches", "service_surcharge")
    assert volume.rejection_reason == "Tweede staffel graag op 60%."
    assert buyout.terms["buyout_amount"] == 450000
    assert (suppletion.terms["suppletion_amount"], suppletion.terms["suppletion_guarantee"]) == (250000, 450000)
    assert first.first_at == dt.datetime(2026, 5, 10, 15, tzinfo=values.AMSTERDAM)


def test_golden_reference_data_and_performances() -> None:
    theater, festival = wire.parse_list(golden("theaters"), wire.parse_theater).records
    assert (theater.id, theater.postal_code, theater.dip_member) == (19, "1011 AB", True)
    assert [hall.id for hall in theater.halls] == [57, 58]
    assert (festival.kind, festival.halls, festival.house_number) == (VenueKind.FESTIVAL, (), "3b")
    (production,) = wire.parse_list(golden("productions"), wire.parse_production).records
    assert (production.id, production.season, production.genre and production.genre.id) == (
        "NL-25-123-0003776",
        "2025-2026",
        4,
    )
    (performance,) = wire.parse_list(golden("performances"), wire.parse_performance).records
    assert (performance.number, performance.status, performance.capacity) == (
        11484906,
        PerformanceStatus.AGREED,
        (902,),
    )
    assert performance.hall is not None
    assert performance.hall.id == 57


def test_every_term_has_its_member_and_every_member_one_term() -> None:
    assert set(wire.MEMBERS) == {term.name for term in TERMS}
    assert len(set(wire.MEMBERS.values())) == len(TERMS)


def test_every_flag_of_dip_belongs_to_a_term_or_survives() -> None:
    flags = golden("contracts")[0]["rejection_fields"]
    for kind in ContractType:
        for member in flags:
            record = wire.parse_contract(contract(type=kind, rejection_fields={**flags, member: True}))
            own = {term.name for term in terms_of(kind)} | {"start_time"}
            assert set(record.rejected_terms) <= own
            assert bool(record.rejected_terms) != (record.other_flags == (member,)), (kind, member)


FLAGLESS = {"theater_technicians", "provider_technicians", "standing_agreement"}


def test_every_flag_of_dip_has_a_term_somewhere() -> None:
    flags = golden("contracts")[0]["rejection_fields"]
    assert len(flags) == 22
    for member in flags:
        mark = member.removeprefix("is_").removesuffix("_rejected")
        assert any(wire.terms_of_flag(kind, mark) for kind in ContractType), member
        assert f"`{mark}`" in DOCUMENT, f"{mark} stands in no line of the document"


def test_every_term_that_is_rejected_comes_back_as_itself() -> None:
    """Terms to marks and marks to terms: what DIP would say of a rejected term is read as that term, in every type."""
    for sample in golden("contracts"):
        kind = sample["type"]
        silent = dict.fromkeys(sample["rejection_fields"], False)
        for term in terms_of(kind):
            assert bool(term.flags) != (term.name in FLAGLESS), term.name
            for mark in term.flags:
                raw = {**sample, "rejection_fields": {**silent, f"is_{mark}_rejected": True}}
                read = wire.parse_contract(raw)
                assert term.name in read.rejected_terms, (kind, mark)
                assert read.rejected_terms == tuple(one.name for one in terms_of(kind) if mark in one.flags)
        start = wire.parse_contract({**sample, "rejection_fields": {**silent, "is_start_time_rejected": True}})
        assert start.rejected_terms == ("start_time",)


def contract(**changes: Any) -> dict[str, Any]:
    sample: dict[str, Any] = golden("contracts")[0]
    return {**sample, **changes}


def test_unknown_members_and_values_survive() -> None:
    raw = contract(status="in-behandeling", type="ruilhandel", extra={"a": 1})
    raw["rejection_fields"] = {"is_moon_phase_rejected": True, "odd": True}
    record = wire.parse_contract(raw)
    assert (record.status, record.raw_status, record.type, record.terms) == (
        None, "in-behandeling", "ruilhandel", {})  # fmt: skip
    assert record.other_flags == ("is_moon_phase_rejected", "odd")
    assert record.raw == raw


@pytest.mark.parametrize(
    ("raw", "status"),
    [
        ("concept", Status.CONCEPT),
        ("proposed", Status.PROPOSED),
        ("approved", Status.APPROVED),
        ("rejected", Status.REJECTED),
        ("revised", Status.REVISED),
        ("revised-in-pki", Status.REVISED),
        ("", None),
    ],
)
def test_the_status_of_an_agreement(raw: str, status: Status | None) -> None:
    record = wire.parse_contract(contract(status=raw))
    assert (record.status, record.raw_status) == (status, raw)


def test_a_cancelled_performance() -> None:
    raw = {**golden("performances")[0], "status": "cancellation", "theater_location": None}
    record = wire.parse_performance(raw)
    assert (record.status, record.hall) == (PerformanceStatus.CANCELLED, None)


@pytest.mark.parametrize("value", [200, 200.0, "200", "200.00"])
def test_cents_come_as_whole_numbers_in_any_dress(value: Any) -> None:
    raw = contract()
    raw["properties"] = {**raw["properties"], "theater_fee": value}
    assert wire.parse_contract(raw).terms["theater_surcharge"] == 200


def test_nothing_and_zero_are_kept_apart() -> None:
    raw = contract()
    raw["properties"] = {"producer_warranty": 0, "theater_warranty": None}
    assert dict(wire.parse_contract(raw).terms) == {"provider_guarantee": 0, "receiver_guarantee": None}


BAD = [
    None, 5, "text", [], {}, {"id": None}, {"id": "elf"}, {"id": True}, {"id": 1}, {"id": 1, "theater": 5},
    {"id": 1, "theater": {"id": 2}, "performances": "geen"},
    {"id": 1, "theater": {"id": 2}, "performances": [5]},
    {"id": 1, "theater": {"id": 2}, "modified": "gisteren"},
    {"id": 1, "theater": {"id": 2}, "type": "partage", "properties": {"producer_warranty": 12.5}},
    {"id": 1, "theater": {"id": 2}, "type": "partage", "properties": {"producer_warranty": "1e999999999"}},
    {"id": 1, "theater": {"id": 2}, "type": "partage", "properties": {"partage_percentage": "veel"}},
    {"id": 1, "theater": {"id": 2}, "type": "partage", "properties": {"partage_percentage": "1e999999999"}},
    {"id": 1, "theater": {"id": 2}, "type": "volume", "properties": {"volumes": [{"amount": 1}]}},
    {"id": 1, "theater": {"id": 2}, "type": "volume", "properties": {"volumes": [7]}},
    {"id": 1, "theater": {"id": 2}, "type": "partage", "properties": {"entrance_pricing": 2800}},
    {"id": 1, "theater": {"id": 2}, "type": "partage", "properties": "geen"},
    {"id": 1, "theater": {"id": 2}, "agencyAsProvider": "ja"},
    {"id": 1, "theater": {"id": 2}, "agency": 41},
]  # fmt: skip


def test_one_bad_record_never_spoils_the_list() -> None:
    samples = [*golden("contracts"), *BAD]
    random.Random(1).shuffle(samples)
    parsed = wire.parse_list(samples, wire.parse_contract)
    assert len(parsed.records) == 6
    assert len(parsed.faults) == len(BAD)
    assert all(fault.reason for fault in parsed.faults)
    assert {fault.remote_id for fault in parsed.faults} >= {"", "1", "elf"}


@pytest.mark.parametrize("body", [None, {}, "<html>", 5, {"data": []}, True])
def test_a_body_that_is_no_list_is_unreadable(body: Any) -> None:
    with pytest.raises(Unreadable):
        wire.parse_list(body, wire.parse_contract)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@given(st.sampled_from(sorted(golden("contracts")[0])), json_values)
def test_no_value_of_any_member_breaks_the_reading(member: str, value: Any) -> None:
    parsed = wire.parse_list([contract(**{member: value})], wire.parse_contract)
    assert len(parsed.records) + len(parsed.faults) == 1


@given(st.sampled_from(sorted(golden("performances")[0])), json_values)
def test_no_value_of_any_member_of_a_performance_breaks_the_reading(member: str, value: Any) -> None:
    parsed = wire.parse_list([{**golden("performances")[0], member: value}], wire.parse_performance)
    assert len(parsed.records) + len(parsed.faults) == 1


# --- moments --------------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("text", "microseconds"),
    [
        ("2026-03-10T16:25:36", 0),
        ("2026-03-10T16:25:36.", 0),
        ("2026-03-10T16:25:36.9", 900000),
        ("2026-03-10T16:25:36.93", 930000),
        ("2026-03-10T16:25:36.933", 933000),
        ("2026-03-10T16:25:36.9331", 933100),
        ("2026-03-10T16:25:36.93312", 933120),
        ("2026-03-10T16:25:36.933123", 933123),
        ("2026-03-10T16:25:36.9331239", 933123),
    ],
)
def test_fractions_of_every_width(text: str, microseconds: int) -> None:
    moment = values.parse_moment(text)
    assert moment == dt.datetime(2026, 3, 10, 16, 25, 36, microseconds, tzinfo=values.AMSTERDAM)
    assert moment.utcoffset() == dt.timedelta(hours=1)


def test_the_nights_in_which_the_clock_changes() -> None:
    # Back: 02:30 happens twice, the first is meant. Forward: 02:30 does not happen.
    assert values.parse_moment("2026-10-25T02:30:00").astimezone(dt.UTC).hour == 0
    assert values.parse_moment("2026-10-25T03:30:00").astimezone(dt.UTC).hour == 2
    assert values.stamp(values.parse_moment("2026-03-29T02:30:00")) == "2026-03-29T03:30:00"
    assert values.stamp(values.parse_moment("2026-03-29T01:59:59")) == "2026-03-29T01:59:59"


def test_an_offset_is_believed_and_a_bare_day_is_its_midnight() -> None:
    assert values.parse_moment("2026-07-01T12:00:00Z").hour == 14
    assert values.parse_moment("2026-07-01T12:00:00+0200").hour == 12
    assert values.stamp(values.parse_moment("2026-07-01")) == "2026-07-01T00:00:00"


@pytest.mark.parametrize(
    "text",
    [
        "0001-01-01T00:00:00",
        "9999-12-31T23:59:59-05:00",
        "",
        "gisteren",
        "2026-13-01T00:00:00",
        "2026-02-30",
        "20:15",
        None,
        5,
        True,
    ],
)
def test_what_is_no_moment_is_refused(text: Any) -> None:
    with pytest.raises(Unreadable):
        values.parse_moment(text)


@given(st.datetimes(min_value=dt.datetime(2000, 1, 1), max_value=dt.datetime(2060, 1, 1)))
def test_a_stamp_reads_back_as_the_same_moment(naive: dt.datetime) -> None:
    moment = naive.replace(tzinfo=dt.UTC).astimezone(values.AMSTERDAM)
    if moment.fold == 0:
        assert values.parse_moment(values.stamp(moment)) == moment


# --- our reference ---------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("name", "reference", "own"),
    [
        ("DP-ABCDEFGHJK", "DP-ABCDEFGHJK", ""),
        ("Boeking 12 [DP-ABCDEFGHJK]", "DP-ABCDEFGHJK", "Boeking 12"),
        ("  Boeking 12 [DP-ABCDEFGHJK]  ", "DP-ABCDEFGHJK", "Boeking 12"),
        ("Boeking #1017", "", "Boeking #1017"),
        ("[DP-ABC]", "", "[DP-ABC]"),
        ("", "", ""),
    ],
)
def test_our_reference_in_a_name(name: str, reference: str, own: str) -> None:
    assert wire.reference_in(name) == reference
    assert wire.own_reference_in(name) == own
    assert wire.name_for(reference, own) == name.strip()


# --- the normal form -------------------------------------------------------------------------------------------
def test_what_means_the_same_looks_the_same() -> None:
    raw = contract()
    record = wire.parse_contract(raw)
    other = contract(
        performances=list(reversed(raw["performances"])), modified="2027-01-01T00:00:00", status="rejected"
    )
    other["properties"] = {**raw["properties"], "theater_warranty": None, "partage_percentage": "80.0000"}
    assert state.comparable(wire.parse_contract(other)) == state.comparable(record)
    changed = contract()
    changed["properties"] = {**raw["properties"], "theater_fee": 201}
    assert state.differing(state.comparable(wire.parse_contract(changed)), state.comparable(record)) == [
        "terms.theater_surcharge"
    ]


def test_a_different_number_of_technicians_than_none_is_a_difference() -> None:
    raw = contract()
    raw["properties"] = {**raw["properties"], "theater_technicians": 0}
    form = state.comparable(wire.parse_contract(raw))
    assert state.differing(form, state.comparable(wire.parse_contract(contract()))) == ["terms.theater_technicians"]


def test_a_moved_performance_is_a_difference() -> None:
    one: PerformanceRecord = wire.parse_performance(golden("performances")[0])
    two = wire.parse_performance({**golden("performances")[0], "date": "2026-05-10T20:15:00.0"})
    assert state.differing(state.comparable(one), state.comparable(two)) == ["starts_at"]


@pytest.mark.parametrize("read", [
    lambda: values.parse_moment("morgen"),
    lambda: values.parse_moment("0001-01-01T00:00:00"),
    lambda: values.whole("elf"),
    lambda: values.whole([]),
    lambda: values.percent("veel"),
    lambda: values.flag("ja"),
    lambda: values.listing({}),
    lambda: wire.token_in({}),
    lambda: wire.parse_named({}),
    lambda: wire.parse_production({}),
    lambda: wire.parse_producer(members.as_record("tekst")),
])  # fmt: skip
def test_what_cannot_be_read_is_told_in_the_readers_language(
    monkeypatch: pytest.MonkeyPatch, read: Callable[[], Any]
) -> None:
    """The reasons stand on the pages about the runs, beside words of ours."""
    for module in (members, values, wire):
        monkeypatch.setattr(module, "_", lambda text: f"vertaald: {text}")
    with pytest.raises(Unreadable, match=r"vertaald: "):
        read()
