"""A list cut into slices is the same page as the list read whole, record by record, whatever stands in it."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dipportal.dip import client, pull, slices, wire, wire_peek
from dipportal.dip.client import decoded
from dipportal.dip.models import Connection, RemoteRecord
from dipportal.dip.pull_records import HALF, Page, page_of
from tests.dip.pulling import FakeDip, golden
from tests.world import World

plain = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
values = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3), max_leaves=8
)
numbers = st.integers(1, 4) | st.integers() | st.sampled_from(["1", "2", 3.0, "", " 4 ", "x"]) | values
records = st.fixed_dictionaries(
    {},
    optional={"id": numbers, "name": values, "modified": values, "childIds": values, "parentId": values, "x": values},
)
ODD = [5, "x", None, [], [1], True, 1.5, {}, {"id": None}, {"id": 2**70}, {"id": "9" * 80}, {"name": "\ud800"}]


def pages(body: bytes) -> tuple[Page[Any], Page[Any]]:
    """As slices, and whole."""
    return tuple(page_of([decoded(body, apart=apart)], wire.parse_contract) for apart in (True, False))  # type: ignore[return-value]


def looked_at(page: Page[Any]) -> dict[str, Any]:
    keys = [key if not key.startswith("?") else "?" for key in page.raws]
    peeks = [(key, raw) for key, raw in page.peeks.items() if not key.startswith("?")]
    return {
        "keys": keys,
        "whole": page.whole,
        "stamps": wire_peek.stamps_in(page.peeks.values()),
        "names": wire_peek.names_in(peeks, "x"),
        "parents": wire_peek.parents_in(peeks),
        "records": page.records.keys(),
        "faults": [fault.reason for fault in page.faults.values()],
        "to look at": [fault.raw for fault in page.faults.values()],
        "same digests": [[one == other for other in said(page)] for one in said(page)],
    }


def said(page: Page[Any]) -> list[str]:
    return [page.digest_of(key)[HALF:] for key in page.raws]


@given(st.lists(records | st.sampled_from(ODD) | values, max_size=6))
def test_both_ways_see_the_same(raws: list[Any]) -> None:
    cut, whole = pages(json.dumps(raws).encode())
    assert looked_at(cut.read_all()) == looked_at(whole.read_all())


@given(records)
def test_what_was_stored_is_the_same_however_it_is_written(raw: dict[str, Any]) -> None:
    (cut, whole), (turned, _whole) = (
        pages(json.dumps([raw]).encode()),
        pages(json.dumps([dict(reversed(raw.items()))], indent=1).encode()),
    )
    for key in cut.raws:
        stored = cut.digest_of(key)
        assert cut.same(key, stored)
        if not key.startswith("?"):
            assert stored[HALF:] == whole.digest_of(key)[HALF:], "also what was stored before lists were cut"
            assert turned.same(key, stored)
            assert whole.same(key, whole.digest_of(key))
        other, _one = pages(json.dumps([{**raw, "x": "something else"}]).encode())
        assert not other.same(next(iter(other.raws)), stored) or raw.get("x") == "something else"


@pytest.mark.parametrize("body", [b"{}", b'{"error": "x"}', b'"x"', b"5", b"null", b"[]"])
def test_what_is_no_list_is_read_as_ever(body: bytes) -> None:
    assert decoded(body, apart=True) == decoded(body)


@pytest.mark.parametrize(
    "body", [b"", b"[", b"[{]", b'[{"id": 1}', b"<html>", b"[{}] x", b"[NaN]", b'[{"id": 1,}]', b"[01]"]
)
def test_what_is_no_json_is_no_list_of_slices_either(body: bytes) -> None:
    for apart in (False, True):
        with pytest.raises(ValueError):
            decoded(body, apart=apart)


def test_of_a_member_that_stands_twice_the_last_counts() -> None:
    cut, whole = pages(b'[{"id": 1, "name": "a", "id": 2, "name": "b"}]')
    assert (cut.peeks, cut.raws.keys()) == ({"2": {"id": 2, "name": "b"}}, whole.raws.keys())


def test_a_name_spelled_with_numbers_is_a_name() -> None:
    cut, whole = pages(rb'[{"\u0069d": 7, "name": "a"}]')
    assert cut.raws.keys() == whole.raws.keys() == {"7"}


def test_one_record_with_broken_characters_is_set_aside_and_the_others_are_read() -> None:
    good = golden("contracts")[0]
    bad = json.dumps({**good, "id": 5}).encode().replace(b"Boeking", b"Boek\xff\xfeing")
    assert b"\xff" in bad
    page, again = (
        page_of([decoded(b"[" + json.dumps(good).encode() + b"," + bad + b"]", apart=True)], wire.parse_contract)
        for _turn in range(2)
    )
    page.read_all()
    assert (page.records.keys(), page.faults.keys()) == ({str(good["id"])}, {"5"})
    assert "Boek" in page.faults["5"].raw
    assert again.same("5", page.digest_of("5")), "seen again it is no news"


def test_a_record_nested_too_deep_is_one_record() -> None:
    deep = b'{"id": 3, "x": ' + b"[" * 3000 + b"]" * 3000 + b"}"
    page = page_of([slices.cut(b'[{"id": 1}]', client.parsed)], wire.parse_contract)
    assert page.raws.keys() == {"1"}
    with pytest.raises((ValueError, RecursionError)):
        decoded(b"[" + deep + b"]", apart=True)


@pytest.mark.django_db
def test_a_list_written_in_another_way_is_no_news_and_changes_nothing(
    world: World, noord: Connection, fake: FakeDip
) -> None:
    for number in (901, 902, 903):
        fake.contract(number)
    assert pull.run(noord, "contracts-full").counts["new"] == 3
    before = list(RemoteRecord.objects.order_by("pk").values())
    fake.contracts = [dict(reversed(raw.items())) for raw in fake.contracts]
    run = pull.run(noord, "contracts-full")
    assert run.counts == {"seen": 3, "unchanged": 3}
    assert list(RemoteRecord.objects.order_by("pk").values()) == before
    assert {len(row["digest"]) for row in before} == {2 * HALF}
