"""Real processes, killed for real: whatever dies when, each agreement stands in DIP once and ends linked and proposed.

Everything runs outside the test process, on a database of its own, so that what is asserted was really committed.
"""

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import psycopg
import pytest
import redis
from django.conf import settings as django_settings

from dipportal.sandbox import server

pytestmark = pytest.mark.processes
ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 45.0
REDIS_DATABASE = "13"


@pytest.fixture(scope="module")
def running() -> Iterator[server.Running]:
    with server.start(scale="empty") as sandbox:
        yield sandbox


@contextmanager
def database(tmp_path: Path) -> Iterator[str]:
    """The address of an empty database of the kind that the tests run on."""
    address = os.environ.get("DATABASE_URL", "")
    if "postgresql" not in django_settings.DATABASES["default"]["ENGINE"]:
        yield f"sqlite:///{tmp_path / 'portal.sqlite3'}"
        return
    name = f"dipportal_kill_{os.getpid()}_{random.randrange(10**6)}"
    parts = urlsplit(address)
    house = urlunsplit(parts._replace(scheme="postgresql", path="/postgres"))
    with psycopg.connect(house, autocommit=True) as keys:
        keys.execute(f'CREATE DATABASE "{name}"')
    try:
        yield urlunsplit(parts._replace(path=f"/{name}"))
    finally:
        with psycopg.connect(house, autocommit=True) as keys:
            keys.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


class Stage:
    """The processes of one portal, by the verbs of `module`."""

    module = "tests.dip.stage"

    def __init__(self, folder: Path, database_url: str, sandbox: server.Running) -> None:
        self.dip = sandbox.admin
        self.folder = folder
        self.broker = self._broker()
        self.environment = {
            **{name: value for name, value in os.environ.items() if name not in ("CREDENTIAL_KEYS", "CACHE_URL")},
            "DJANGO_SETTINGS_MODULE": "dipportal.settings",
            "PYTHONPATH": str(ROOT),
            "VAR_DIR": str(folder / "var"),
            "DATABASE_URL": database_url,
            "DIP_ENVIRONMENT": "sandbox",
            "SANDBOX_URL": sandbox.url,
            "CELERY_BROKER_URL": self.broker,
            "DIP_PACE_SECONDS": "0",
            # Who dies while logging in holds up the log-in of the others for as long as one may take.
            "DIP_CONNECT_TIMEOUT": "1",
            "DIP_READ_TIMEOUT": "6",
            # Longer than the sandbox needs to act; a lease that ends soon, so that the tests need not wait.
            "DIP_SETTLE_SECONDS": "0.5",
            "OUTBOX_LEASE_SECONDS": "1",
            "SWEEP_SECONDS": "1",
            "PULL_SECONDS": "3600",
            "LOG_LEVEL": "WARNING",
        }
        self.started: list[subprocess.Popen[bytes]] = []

    def _broker(self) -> str:
        """A Redis database of its own where the tests run on Redis, else files."""
        address = os.environ.get("CELERY_BROKER_URL", "")
        if not address.startswith("redis"):
            return "filesystem://"
        return urlunsplit(urlsplit(address)._replace(path=f"/{REDIS_DATABASE}"))

    def empty_broker(self) -> None:
        if self.broker.startswith("redis"):
            redis.Redis.from_url(self.broker).flushdb()
            return
        for message in (self.folder / "var" / "broker" / "messages").glob("*"):
            message.unlink(missing_ok=True)

    def build(self, count: int) -> None:
        self.dip.reset(scale="empty")
        self.dip.load(**self.run("build", str(count)))

    def run(self, *words: str) -> Any:
        command = [sys.executable, "-m", self.module, *words]
        done = subprocess.run(
            command, env=self.environment, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False
        )
        assert done.returncode == 0, done.stderr[-3000:]
        return json.loads(done.stdout.strip().splitlines()[-1])

    def start(self, *command: str) -> subprocess.Popen[bytes]:
        with (self.folder / "log.txt").open("ab") as log:
            process = subprocess.Popen(
                command, env=self.environment, cwd=ROOT, stdout=log, stderr=log, start_new_session=True
            )
        self.started.append(process)
        return process

    def worker(self) -> subprocess.Popen[bytes]:
        return self.start(sys.executable, "-m", self.module, "work")

    @property
    def log(self) -> str:
        return (self.folder / "log.txt").read_text()

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        """The process and what it started, without a word of warning."""
        with suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait(timeout=10)

    def end(self) -> None:
        for process in self.started:
            self.kill(process)

    def writes(self, end: str) -> list[dict[str, Any]]:
        return [write for write in self.dip.writes() if write["path"].endswith(end)]

    def must_be_whole(self, count: int) -> None:
        """The sandbox's ledger against the list of what was asked for."""
        found = self.run("settle")
        assert {tuple(row[1:]) for row in found["rows"]} == {("done", "")}, found["rows"]
        assert len(found["contracts"]) == count
        made = {write["body"]["name"]: write["result"] for write in self.writes("/create")}
        assert len(self.writes("/create")) == count
        assert made == {reference: number for reference, number, _status in found["contracts"]}
        assert sorted(write["result"] for write in self.writes("/propose")) == sorted(made.values())


@pytest.fixture
def stage(tmp_path: Path, running: server.Running) -> Iterator[Stage]:
    with database(tmp_path) as address:
        portal = Stage(tmp_path, address, running)
        try:
            yield portal
        finally:
            portal.end()


def wait_for(what: Callable[[], object], why: str) -> None:
    stop = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < stop, f"waited in vain for {why}"
        time.sleep(0.03)


def test_a_worker_killed_between_dips_yes_and_our_commit(stage: Stage) -> None:
    stage.build(1)
    for end in ("/create", "/propose"):
        stage.dip.fault("slow-answer", path=f"{end}$", seconds=30)
        worker = stage.worker()
        wait_for(lambda end=end: stage.writes(end), f"DIP's yes to {end}")  # type: ignore[misc]
        stage.kill(worker)
        before = stage.run("state")
        assert before["rows"][-1][1:] != ["done", ""], "the answer must not have been stored"
        assert len(stage.writes(end)) == 1
    stage.must_be_whole(1)


def test_a_paused_worker_that_wakes_up_writes_nothing(stage: Stage) -> None:
    stage.build(1)
    stage.dip.fault("slow-answer", path="/create$", seconds=4)
    worker = stage.worker()
    wait_for(lambda: stage.writes("/create"), "DIP's yes")
    os.kill(worker.pid, signal.SIGSTOP)
    stage.must_be_whole(1)
    after = stage.run("state")
    os.kill(worker.pid, signal.SIGCONT)
    wait_for(lambda: "claim lost" in stage.log, "the worker that finds its claim gone")
    assert stage.run("state") == after
    assert len(stage.writes("/create")) == 1


def test_workers_killed_at_any_moment(stage: Stage) -> None:
    """Two workers at a time; one of them dies again and again, at a moment that nobody chose."""
    count = 8
    stage.build(count)
    # So that the killing has something to interrupt.
    stage.dip.latency(20, jitter=40)
    steady = stage.worker()
    seed = random.randrange(10**9)
    chance = random.Random(seed)
    try:
        for _death in range(4):
            worker = stage.worker()
            known = len(stage.dip.requests())
            with suppress(AssertionError):
                wait_until(lambda known=known: len(stage.dip.requests()) > known, seconds=4)  # type: ignore[misc]
            time.sleep(chance.random() * 0.15)
            stage.kill(worker)
        stage.kill(steady)
        stage.must_be_whole(count)
    except AssertionError as error:
        raise AssertionError(f"seed {seed}: {error}") from error
    finally:
        stage.dip.latency(0)


def wait_until(what: Callable[[], bool], *, seconds: float) -> None:
    stop = time.monotonic() + seconds
    while not what():
        assert time.monotonic() < stop
        time.sleep(0.02)


def test_a_broker_emptied_at_any_moment_loses_nothing(stage: Stage) -> None:
    count = 4
    stage.build(count)
    stage.empty_broker()
    stage.dip.latency(30, jitter=60)
    beat_file = str(stage.folder / "beat")
    stage.start(
        sys.executable,
        "-m",
        "celery",
        "-A",
        "dipportal",
        "worker",
        "-B",
        "-P",
        "solo",
        "-s",
        beat_file,
        "-l",
        "WARNING",
    )
    stop = time.monotonic() + PATIENCE
    while len(stage.writes("/propose")) < count:
        assert time.monotonic() < stop, stage.log[-3000:]
        time.sleep(random.uniform(0.2, 1.2))
        stage.empty_broker()
    stage.dip.latency(0)
    stage.must_be_whole(count)
