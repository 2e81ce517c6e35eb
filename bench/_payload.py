"""DIP's answers at real volume, made once: 4,217 agreements in 9.4 MB, with the catalogue that they are about.

The sandbox draws them. Three things are made more like the real list: the remarks are as long as it takes to fill the
9.4 MB; where the drawing put two open agreements on the same evenings (352 pairs, which DIP would not have and which
are alarms), one of them gets an evening of its own; and some stamps fall in the hours that the clock skips and repeats.
"""

import datetime as dt
import functools
import tempfile
from pathlib import Path
from typing import Any

import orjson

from dipportal.sandbox.store import Store
from dipportal.sandbox.world.build import fill

BYTES = 9_400_000
COUNT = 4_217
AGENCY = 41
PRODUCERS = (123, 124, 125)
SCALES = {1: "real", 10: "x10"}
HERE = Path(__file__).parents[1] / "var" / "bench"
SKIPPED, REPEATED = "2026-03-29T02:30:00", "2025-10-26T02:30:00.5"
Raw = dict[str, Any]


@functools.cache
def lists(factor: int = 1) -> dict[str, list[Raw]]:
    """The records by the sandbox's name of their kind; agreements of the agency only."""
    with tempfile.TemporaryDirectory() as folder:
        store = Store(f"{folder}/world.sqlite3")
        fill(store, scale=SCALES[factor], seed=4, today=dt.date(2026, 3, 1))
        kinds = ("genre", "producer", "theater", "production", "performance", "contract")
        found = {kind: store.records(kind) for kind in kinds}
        store.close()
    own = [one for one in found["contract"] if (one["agency"] or {}).get("id") == AGENCY]
    _set_apart(own)
    for index, one in enumerate(own[::500]):
        one["modified"] = SKIPPED if index % 2 else REPEATED
    _fill_up(own, BYTES * factor)
    found["contract"] = own
    return found


def _set_apart(contracts: list[Raw]) -> None:
    seen = set()
    for one in contracts:
        if one["status"] not in ("concept", "proposed"):
            continue
        evenings = tuple(sorted(evening["number"] for evening in one["performances"]))
        key = (one["production"]["id"], one["theater"]["id"], one["type"], evenings)
        if key in seen:
            one["performances"] = [{"number": 90_000_000 + one["id"], "date": one["first_date"]}]
        seen.add(key)


def _fill_up(contracts: list[Raw], size: int) -> None:
    short = (size - len(orjson.dumps(contracts))) // len(contracts)
    for one in contracts:
        one["properties"]["remarks"] = (one["properties"]["remarks"] or "") + " …"[1:] * max(0, short // 3)


def body(factor: int = 1) -> bytes:
    return orjson.dumps(lists(factor)["contract"])


def changed(share: int, *, text: str) -> bytes:
    """The list with another contact at the theater in one of `share` records."""
    records = orjson.loads(body())
    for one in records[:: share or 1]:
        one["contact_theater"] = text
    return orjson.dumps(records)


def file_of(factor: int) -> Path:
    """The list as a file, for a process that starts with nothing."""
    path = HERE / f"contracts-{factor}.json"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body(factor))
    return path


def some(path: str) -> bytes:
    """One of the agreements in such a file, without parsing the rest."""
    with Path(path).open("rb") as file:
        return file.read(20_000).removeprefix(b"[").split(b'},{"id":', 1)[0] + b"}"
