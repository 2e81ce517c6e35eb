"""The made-up worlds: the numbers they promise, the awkward things in them, and the same bytes every time."""

import re
import sqlite3
from collections import Counter
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from dipportal.sandbox import terms
from dipportal.sandbox.spec import Spec
from dipportal.sandbox.store import Store
from dipportal.sandbox.world import build
from dipportal.sandbox.world.scales import SCALES

TODAY = date(2026, 3, 10)


class World:
    def __init__(self, path: Path, scale: str, seed: int = 1, today: date = TODAY) -> None:
        self.store = Store(str(path))
        build.fill(self.store, scale=scale, seed=seed, today=today)

    def all(self, kind: str) -> list[dict[str, Any]]:
        return self.store.records(kind)

    def dump(self) -> list[Any]:
        rows = self.store.rows("SELECT kind, id, owner, production, theater, modified, body FROM record ORDER BY seq")
        return [tuple(row) for row in rows] + [tuple(row) for row in self.store.rows("SELECT * FROM meta ORDER BY key")]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("demo") / "w.sqlite3", "demo")


@pytest.fixture(scope="module")
def real(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World(tmp_path_factory.mktemp("real") / "w.sqlite3", "real")


@pytest.mark.parametrize("scale", ["demo", "small", "empty"])
def test_the_same_seed_gives_the_same_bytes(tmp_path: Path, scale: str) -> None:
    one, two = (World(tmp_path / f"{name}.sqlite3", scale, seed=5) for name in "ab")
    assert one.dump() == two.dump()
    assert World(tmp_path / "c.sqlite3", scale, seed=6).dump() != one.dump()


def test_the_demo_has_what_the_demo_needs(demo: World) -> None:
    theaters = {one["id"]: one for one in demo.all("theater")}
    assert sorted(theaters) == list(range(1, 61))
    assert all(theaters[number]["dip_member"] and theaters[number]["theater_locations"] for number in range(1, 9))
    assert 0 < sum(not one["theater_locations"] for one in theaters.values()) < 10
    assert any(not one["dip_member"] for one in theaters.values())
    assert any("NIET GEBRUIKEN" in one["name"] for one in theaters.values())
    assert {41, 123, 124, 125, 201} <= {one["id"] for one in demo.all("producer")}
    running = Counter(one["producer"]["id"] for one in demo.all("production") if one["season"] == "2025-2026")
    assert running.total() == 20
    assert running[201] == 6
    ahead = [one for one in demo.all("performance") if one["date"] >= "2026-02-10"]
    assert len(ahead) == 400
    assert sum(one["theater"]["id"] <= 8 for one in ahead) > 120


def test_the_demo_has_agreements_of_every_kind(demo: World) -> None:
    found = demo.all("contract")
    assert len(found) == 150
    assert {one["type"] for one in found} == set(terms.CONTRACT_TYPES)
    assert {one["status"] for one in found} == set(terms.STATUS_LABELS)
    first = [one for one in found if one["status"] == "proposed" and one["theater"]["id"] <= 3]
    assert len(first) >= 12
    assert all(any(one["theater"]["id"] == number for one in first) for number in (1, 2, 3))
    assert sum(bool(one["properties"]["remarks"]) for one in found) > 130


@pytest.mark.parametrize("day", [date(2026, 8, 2), date(2026, 7, 28), date(2026, 12, 31), date(2028, 2, 29)])
def test_the_demo_works_on_any_day_of_the_year(tmp_path: Path, day: date) -> None:
    world = World(tmp_path / "w.sqlite3", "demo", today=day)
    found = world.all("contract")
    first = [one for one in found if one["status"] == "proposed" and one["theater"]["id"] <= 3]
    assert (len(found), len(first) >= 12) == (150, True)
    assert sum(one["date"] > day.isoformat() for one in world.all("performance")) > 150
    assert max(one["modified"] for one in found) <= f"{day}T00:00:00"


def test_awkward_names_are_there_and_nothing_points_to_a_real_address(demo: World) -> None:
    titles = {one["title"] for one in demo.all("production")}
    assert any(len(title) >= 140 for title in titles)
    assert any("<b>" in title for title in titles)
    assert any(title.startswith("=") for title in titles)
    text = str(demo.dump())
    addresses = re.findall(r"[\w.]+@([\w.-]+)", text)
    assert len(addresses) > 100
    assert all(address.endswith(".example") for address in addresses)


@pytest.mark.parametrize("scale", ["demo", "real"])
def test_agreements_hang_together(request: pytest.FixtureRequest, scale: str) -> None:
    world: World = request.getfixturevalue(scale)
    members = {one["id"] for one in world.all("theater") if one["dip_member"]}
    performances = {one["number"]: one for one in world.all("performance")}
    found = {one["id"]: one for one in world.all("contract")}
    assert list(found) == sorted(found)
    for one in found.values():
        assert one["theater"]["id"] in members
        played = [performances[each["number"]] for each in one["performances"]]
        assert 1 <= len(played) <= 6
        assert {each["production"]["id"] for each in played} == {one["production"]["id"]}
        assert {each["theater"]["id"] for each in played} == {one["theater"]["id"]}
        assert one["first_date"] == min(each["date"] for each in played)
        assert not (one["properties"].get("producer_warranty") and one["properties"].get("theater_warranty"))
        for child in one["childIds"]:
            assert (found[child]["parentId"], found[child]["name"], found[child]["type"]) == (
                one["id"],
                one["name"],
                one["type"],
            )
            assert child > one["id"]
        if one["parentId"]:
            assert one["id"] in found[one["parentId"]]["childIds"]
        if one["status"] == "revised":
            assert "approved" in {found[child]["status"] for child in one["childIds"]}
    assert any(one["childIds"] for one in found.values())


def test_the_demo_has_no_two_deals_about_the_same_performances(demo: World) -> None:
    roots = Counter(
        (one["theater"]["id"], tuple(each["number"] for each in one["performances"]))
        for one in demo.all("contract")
        if not one["parentId"]
    )
    assert roots.most_common(1)[0][1] == 1


def test_the_real_scale_has_the_volumes_that_were_seen(real: World) -> None:
    theaters = real.all("theater")
    assert len(theaters) == 819
    assert sum(len(one["theater_locations"]) for one in theaters) == 2862
    assert sum(not one["theater_locations"] for one in theaters) == 18
    assert sum(one["dip_member"] for one in theaters) == 162
    productions = [one for one in real.all("production") if one["producer"]["id"] != 201]
    assert (len(productions), len({one["season"] for one in productions})) == (101, 13)
    assert sum(one["season"] == "2025-2026" for one in productions) == 6
    numbers = {one["id"] for one in productions}
    played = Counter(one["production"]["id"] for one in real.all("performance") if one["production"]["id"] in numbers)
    assert played.total() == 2700
    assert min(played.values()) >= 1
    assert max(played.values()) <= 93
    found = [one for one in real.all("contract") if one["agency"]]
    assert Counter(one["status"] for one in found) == {
        "approved": 2028,
        "concept": 1119,
        "proposed": 924,
        "rejected": 128,
        "revised-in-pki": 17,
        "revised": 1,
    }
    assert Counter(one["type"] for one in found) == {"partage": 3871, "buyout": 285, "volume": 58, "suppletion": 3}
    rows = {(one["production"], one["theater"]["id"]) for one in real.all("tickets") if one["production"] in numbers}
    assert 1500 < len(rows) < 2300


@pytest.mark.parametrize("scale", ["demo", "real"])
def test_every_record_fits_the_document(request: pytest.FixtureRequest, scale: str) -> None:
    world: World = request.getfixturevalue(scale)
    spec = Spec()
    for kind, schema in {
        "theater": "Theater",
        "producer": "Producer",
        "production": "Production",
        "performance": "Performance",
        "contract": "Contract",
        "theater_fees": "TheaterFees",
    }.items():
        # A sample is enough at the large scale; it is spread over the whole.
        for record in world.all(kind)[:: 1 if scale == "demo" else 20]:
            assert spec.errors({"$ref": f"#/components/schemas/{schema}"}, record) == []


def test_stamps_have_fractions_of_different_widths(demo: World) -> None:
    widths = Counter(len(one["modified"].partition(".")[2]) for one in demo.all("contract"))
    assert {0, 2, 3} <= set(widths)


def test_the_scales_add_up() -> None:
    for size in SCALES.values():
        for share in (size.agency, size.producer):
            assert sum(share.types.values()) <= share.agreements
    small = SCALES["small"]
    assert small.agency.agreements + small.producer.agreements == 10
    assert small.agency.running_performances + small.producer.running_performances == 12


def test_a_store_undoes_what_failed_halfway(tmp_path: Path) -> None:
    store = Store(str(tmp_path / "w.sqlite3"))
    store.put("genre", 1, {"id": 1, "name": "Toneel"})

    def fail() -> None:
        with store.transaction():
            store.put("genre", 2, {"id": 2, "name": "Dans"})
            with store.transaction():
                store.execute("INSERT INTO nowhere VALUES (1)")

    with pytest.raises(sqlite3.OperationalError):
        fail()
    assert store.records("genre") == [{"id": 1, "name": "Toneel"}]
