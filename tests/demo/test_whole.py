"""`make demo` as a person starts and stops it."""

import contextlib
import os
import re
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dipportal.demo.__main__ import MARKER, only_one
from dipportal.demo.people import PASSWORD, SHOWN
from dipportal.demo.portal import ROOT
from dipportal.demo.processes import DEMO

pytestmark = pytest.mark.processes
BOUND = 180


def started(var: Path) -> dict[str, int]:
    """The demo's own list of what it started in this folder."""
    lines = [line.split() for line in (var / MARKER).read_text(encoding="utf-8").splitlines()]
    return {name: int(number) for name, number in lines if name != DEMO}


def left_over(var: Path) -> list[str]:
    """What is still there of the processes that were started in this folder, and of those that they started."""
    groups = {str(number) for number in started(var).values()}
    told = subprocess.run(["ps", "-A", "-o", "pgid=,stat=,args="], capture_output=True, text=True, check=True).stdout
    rows = [line.split(maxsplit=2) for line in told.splitlines()]
    return [" ".join(words) for group, state, *words in rows if group in groups and not state.startswith("Z")]


def assert_nothing_is_left(var: Path) -> None:
    assert started(var)
    assert left_over(var) == []
    with only_one(var):
        """Every process holds the lock, so nobody does any more."""


class Demo:
    def __init__(self, var: Path, *arguments: str) -> None:
        self.var = var
        self.output = var.with_suffix(".out")
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "dipportal.demo", "--var", str(var), "--scale", "demo", *arguments],
                cwd=ROOT, stdout=output, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, start_new_session=True,
            )  # fmt: skip

    def said(self) -> str:
        return self.output.read_text(encoding="utf-8")

    def wait_for(self, words: str, *, seconds: float = BOUND) -> str:
        end = time.monotonic() + seconds
        while words not in self.said():
            assert self.process.poll() is None, self.said()
            assert time.monotonic() < end, self.said()
            time.sleep(0.1)
        return self.said()

    def end(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=40)

    def address(self, what: str) -> str:
        found = re.search(rf"{what} +(http://\S+)", self.said())
        assert found, self.said()
        return found.group(1)


@contextlib.contextmanager
def demo(var: Path, *arguments: str) -> Iterator[Demo]:
    started = Demo(var, *arguments)
    try:
        yield started
    finally:
        if started.process.poll() is None:
            started.process.terminate()
            started.process.wait(timeout=40)


def get(url: str) -> int:
    with urllib.request.urlopen(url, timeout=10) as answer:
        return int(answer.status)


def test_it_starts_tells_how_to_log_in_and_leaves_nothing_behind(tmp_path: Path) -> None:
    var = tmp_path / "demo"
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        with demo(var, "--port", str(port), "--sandbox-port", str(port + 1)) as running:
            said = running.wait_for("Ctrl-C stops everything")
            assert f"Port {port} is taken" in said
            assert PASSWORD in said
            assert all(email in said for email, _what in SHOWN)
            portal = running.address("Portal")
            assert f":{port}/" not in portal
            assert get(f"{portal}account/login/") == get(running.address("Mails as sent")) == 200
            assert get(running.address("DIP's dashboard")) == 200
            assert len(left_over(var)) >= 4, "web, worker, beat and sandbox"

            again = subprocess.run(
                [sys.executable, "-m", "dipportal.demo", "--var", str(var)], cwd=ROOT, capture_output=True, text=True,
                check=False, timeout=60,
            )  # fmt: skip
            assert again.returncode == 1
            assert "another demo is running" in again.stdout

            assert running.end(signal.SIGINT) == 0
    assert_nothing_is_left(var)

    with demo(var, "--port", str(port)) as running:
        running.wait_for("Ctrl-C stops everything")
        os.kill(started(var)["beat"], signal.SIGKILL)
        assert running.process.wait(timeout=40) == 1
        assert "beat ended with code -9" in running.said()
    assert_nothing_is_left(var)


def test_a_signal_to_end_while_it_still_starts_is_obeyed(tmp_path: Path) -> None:
    var = tmp_path / "demo"
    with demo(var, "--port", "18400") as running:
        running.wait_for("Starting the stand-in")
        assert running.end(signal.SIGTERM) == 0
    assert_nothing_is_left(var)


def runs(var: Path) -> list[tuple[str, str]]:
    """Kind and state of every pull, in order, read past the portal."""
    with contextlib.closing(sqlite3.connect(f"file:{var / 'dipportal.sqlite3'}?mode=ro", uri=True)) as database:
        return list(database.execute("SELECT kind, state FROM dip_syncrun ORDER BY id"))


def test_interrupted_while_it_fills_the_season_it_goes_on_at_once_the_next_time(tmp_path: Path) -> None:
    """A pull that was cut off without a word would keep the next one out until its lease ends."""
    var = tmp_path / "demo"
    with demo(var, "--port", "18400") as running:
        running.wait_for("Filling the season")
        end = time.monotonic() + BOUND
        while ("catalogue", "running") not in runs(var):
            assert time.monotonic() < end, running.said()
            time.sleep(0.02)
        assert running.end(signal.SIGINT) == 0
    assert runs(var)[-1] == ("catalogue", "failed")
    assert_nothing_is_left(var)
    with demo(var, "--port", "18400") as running:
        running.wait_for("Ctrl-C stops everything")
    assert ("catalogue", "good") in runs(var)
