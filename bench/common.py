"""What every benchmark shares: a ratio with its bound, clocks, and a database that is there for one run only."""

import gc
import os
import statistics
import sys
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg

SERVER = "postgres://postgres@127.0.0.1:5432/postgres"


@dataclass(frozen=True)
class Ratio:
    """One measured figure and what it may be at most, or (`least`) must be at least. `note` says what was divided."""

    name: str
    value: float
    bound: float
    least: bool = False
    note: str = ""

    @property
    def ok(self) -> bool:
        return self.value >= self.bound if self.least else self.value <= self.bound

    def as_json(self) -> dict[str, Any]:
        return asdict(self)


def table(ratios: list[Ratio]) -> str:
    """The figures in columns: what, measured, bound, verdict, note."""
    rows = [
        (one.name, f"{one.value:.2f}", f"{'≥' if one.least else '≤'} {one.bound:g}", _verdict(one), one.note)
        for one in ratios
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(4)] if rows else []
    return "\n".join(
        "  ".join([row[0].ljust(widths[0]), row[1].rjust(widths[1]), row[2].ljust(widths[2]), row[3].ljust(widths[3])])
        + f"  {row[4]}".rstrip()
        for row in rows
    )


def _verdict(one: Ratio) -> str:
    return "ok" if one.ok else "too slow"


def seconds(work: Callable[[], object]) -> float:
    """How long one call takes, without what an earlier one left to be collected."""
    gc.collect()
    started = time.perf_counter()
    work()
    return time.perf_counter() - started


def best(work: Callable[[], object], times: int = 5) -> float:
    """The shortest of some calls: what else the machine did only ever adds."""
    return min(seconds(work) for _time in range(times))


def percentile(values: list[float], share: float) -> float:
    """The value that `share` (0 to 1) of the values do not exceed."""
    if len(values) < 2:
        return values[0]
    return statistics.quantiles(values, n=1000, method="inclusive")[min(998, max(0, round(share * 1000) - 1))]


def say(text: str) -> None:
    """What a benchmark is doing; the table alone goes to standard output."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


@contextmanager
def temporary_database() -> Iterator[str]:
    """The address of an empty database, dropped at the end. Raises SystemExit when the server is not PostgreSQL."""
    server = os.environ.get("DATABASE_URL") or SERVER
    parts = urlsplit(server)
    if not parts.scheme.startswith("postgres"):
        raise SystemExit("The benchmarks need PostgreSQL: set DATABASE_URL to a server on which databases can be made.")
    name = f"bench_{uuid.uuid4().hex[:12]}"
    address = urlunsplit(parts._replace(scheme="postgresql", path="/postgres"))
    with psycopg.connect(address, autocommit=True) as admin:
        admin.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(address, autocommit=True) as admin:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')
