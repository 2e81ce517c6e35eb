"""`make test`: the checks, then the tests, on what this machine has.

With CI=true nothing may be left out: the tests run on SQLite with the file-system broker and again on PostgreSQL with
Redis, every test there is must have run, none may have been skipped, and the last line is pytest's own.
Without it, whatever needs something that this machine lacks is left out, and the end says what and why.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg
import redis
import run_checks

ROOT = run_checks.ROOT
POSTGRES = os.environ.get("TEST_DATABASE_URL") or "postgres://postgres@127.0.0.1:5432/postgres"
REDIS = os.environ.get("TEST_REDIS_URL") or "redis://127.0.0.1:6379"
CHROMIUM = os.environ.get("CHROMIUM") or "/usr/bin/chromium"
# All of it takes half an hour on two cores of today, and twice that on older ones; what takes this long hangs.
MOST_SECONDS = 5000
STARTED = time.monotonic()


@dataclass
class Machine:
    """What there is to test with; `lacks` says what is left out for want of what."""

    chromium: bool = False
    gettext: bool = False
    storm: bool = False
    postgres: bool = False
    redis_numbers: tuple[int, int] | None = None
    lacks: list[str] = field(default_factory=list)

    @property
    def servers(self) -> bool:
        return self.postgres and self.redis_numbers is not None

    @property
    def without(self) -> str:
        """What the expression of markers has to leave out, to be put behind another one."""
        here = {"browser": self.chromium, "gettext": self.gettext, "storm": self.storm}
        return "".join(f" and not {marker}" for marker, there in here.items() if not there)


def look_around() -> Machine:
    machine = Machine(
        chromium=Path(CHROMIUM).exists(), gettext=shutil.which("xgettext") is not None, storm=servers_to_kill()
    )
    if not machine.chromium:
        machine.lacks.append(f"the browser tests: there is no Chromium at {CHROMIUM} (set CHROMIUM)")
    if not machine.gettext:
        machine.lacks.append("the search for untranslated strings: there is no xgettext (it comes with gettext)")
    if not machine.storm:
        machine.lacks.append("the storm: there are no programs of PostgreSQL and Redis to start servers of its own")
    try:
        psycopg.connect(POSTGRES, connect_timeout=3).close()
        machine.postgres = True
    except psycopg.Error:
        machine.lacks.append("the run on PostgreSQL and Redis: no PostgreSQL answers (set TEST_DATABASE_URL)")
    try:
        machine.redis_numbers = empty_redis_numbers()
    except redis.RedisError:
        machine.lacks.append("the run on PostgreSQL and Redis: no Redis answers (set TEST_REDIS_URL)")
    return machine


def servers_to_kill() -> bool:
    """Are the programs here, so that tests can start a PostgreSQL and a Redis of their own and kill them?"""
    postgres = next(Path("/usr/lib/postgresql").glob("*/bin/initdb"), None) or shutil.which("initdb")
    return bool(postgres and shutil.which("redis-server"))


def empty_redis_numbers() -> tuple[int, int]:
    """Two numbered databases with nothing in them, for the broker and the cache. Raises RedisError."""
    empty = []
    for number in range(15, 0, -1):
        with redis.Redis.from_url(f"{REDIS}/{number}", socket_connect_timeout=3) as server:
            if server.dbsize() == 0:
                empty.append(number)
        if len(empty) == 2:
            return empty[0], empty[1]
    raise redis.RedisError("no two empty numbered databases")


def environment(name: str, report: Path, more: dict[str, str]) -> dict[str, str]:
    var = ROOT / "var" / "test" / name
    shutil.rmtree(var, ignore_errors=True)
    var.mkdir(parents=True)
    kept = {key: os.environ[key] for key in ("CI", "CHROMIUM") if key in os.environ}
    return {**run_checks.bare_environment(), **kept, "VAR_DIR": str(var), "WHAT_RAN": str(report), **more}


def pytest(name: str, more: dict[str, str], *arguments: str, quiet: bool = False) -> tuple[int, dict[str, Any]]:
    """Run pytest; returns its exit code and what the plugin tells."""
    with tempfile.TemporaryDirectory(prefix="dipportal-tests-") as folder:
        report = Path(folder) / "report.json"
        done = subprocess.run(  # noqa: S603 - our own command, no shell
            [sys.executable, "-m", "pytest", "-p", "tests.what_ran", *arguments],
            cwd=ROOT,
            env=environment(name, report, more),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE if quiet else None,
            text=True,
            timeout=MOST_SECONDS - (time.monotonic() - STARTED),
            check=False,
        )
        if quiet and done.returncode != 0:
            print(done.stdout, flush=True)
        told = json.loads(report.read_text(encoding="utf-8")) if report.exists() else {}
    return done.returncode, told


def run(name: str, expression: str, more: dict[str, str]) -> tuple[int, dict[str, Any]]:
    # One that hangs says where: the stacks are printed long before the run is ended.
    arguments = ["-n", "2", "--dist", "loadgroup", "-o", "faulthandler_timeout=240", "--durations=5"]
    return pytest(name, more, *arguments, *(["-m", expression] if expression else []))


def servers(machine: Machine) -> dict[str, str]:
    assert machine.redis_numbers is not None  # noqa: S101 - for the type checker; asked before
    broker, cache = machine.redis_numbers
    base, _, name = POSTGRES.rpartition("/")
    return {
        # Django makes and drops test_… of it for each worker; nothing is written to it itself.
        "DATABASE_URL": f"{base}/{name.split('?')[0]}_dipportal_{os.getpid()}",
        "CELERY_BROKER_URL": f"{REDIS}/{broker}",
        "CACHE_URL": f"{REDIS}/{cache}",
    }


def left_out(everything: dict[str, list[str]], runs: list[tuple[str, dict[str, Any]]]) -> list[str]:
    """Which test did not run where it should have, and why. Tests for PostgreSQL only run there."""
    problems = []
    for name, told in runs:
        ran = set(told.get("ran", []))
        problems += [f"{name}: skipped {test}: {why}" for test, why in told.get("skipped", {}).items()]
        for test, markers in everything.items():
            if test not in ran and test not in told.get("skipped", {}):
                if name == "sqlite" and "postgres" in markers:
                    continue
                problems.append(f"{name}: never ran {test}")
    return problems


def main() -> int:
    strict = os.environ.get("CI", "").lower() in ("1", "true")
    if run_checks.main() != 0:
        return 1
    machine = look_around()
    if strict and machine.lacks:
        print("With CI=true nothing may be left out, but this machine lacks something:", *machine.lacks, sep="\n  ")
        return 1
    code, told = pytest("collect", {}, "--collect-only", "-q", quiet=True)
    if code != 0:
        return code
    everything: dict[str, list[str]] = told["collected"]

    runs: list[tuple[str, dict[str, Any]]] = []
    print("\nOn SQLite, with the file-system broker:", flush=True)
    code, told = run("sqlite", "not postgres" + machine.without, {})
    runs.append(("sqlite", told))
    if code == 0 and machine.servers:
        print("\nOn PostgreSQL, with Redis:", flush=True)
        code, told = run("postgres", machine.without.removeprefix(" and "), servers(machine))
        runs.append(("postgres", told))
    if code != 0:
        return code
    if strict:
        problems = left_out(everything, runs)
        if problems:
            print("Left out, and nothing may be:", *problems[:40], sep="\n  ", flush=True)
        return 1 if problems else 0
    skipped = {test: why for _name, told in runs for test, why in told.get("skipped", {}).items()}
    lacks = [*machine.lacks, *(f"{test}: {why}" for test, why in skipped.items())]
    print("\nLeft out on this machine:" if lacks else "\nNothing was left out.", *lacks, sep="\n  ", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
