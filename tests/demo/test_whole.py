"""`make demo` as a person starts and stops it."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from dipportal.demo.people import PASSWORD, SHOWN
from dipportal.demo.portal import ROOT

pytestmark = pytest.mark.processes
BOUND = 180


def left_over(var: Path) -> list[str]:
    """Processes that were started for this folder and are still there: all of them carry it in their environment."""
    wanted = f"VAR_DIR={var}".encode()
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if wanted in (folder / "environ").read_bytes().split(b"\0"):
                found.append((folder / "cmdline").read_bytes().replace(b"\0", b" ").decode())
    return found


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
    assert left_over(var) == []

    with demo(var, "--port", str(port)) as running:
        running.wait_for("Ctrl-C stops everything")
        beat = next(int(folder.name) for folder in Path("/proc").glob("[0-9]*") if is_beat(folder, var))
        os.kill(beat, signal.SIGKILL)
        assert running.process.wait(timeout=40) == 1
        assert "beat ended with code -9" in running.said()
    assert left_over(var) == []


def is_beat(folder: Path, var: Path) -> bool:
    with contextlib.suppress(OSError):
        words = (folder / "cmdline").read_bytes().split(b"\0")
        return b"beat" in words and str(var / "beat-schedule").encode() in words
    return False


def test_a_signal_to_end_while_it_still_starts_is_obeyed(tmp_path: Path) -> None:
    var = tmp_path / "demo"
    with demo(var, "--port", "18400") as running:
        running.wait_for("Starting the stand-in")
        assert running.end(signal.SIGTERM) == 0
    assert left_over(var) == []


def test_starting_over_throws_away_only_what_a_demo_made(tmp_path: Path) -> None:
    kept = tmp_path / "letters.txt"
    kept.write_text("not of a demo")
    done = subprocess.run(
        [sys.executable, "-m", "dipportal.demo", "--fresh", "--var", str(tmp_path)], cwd=ROOT, capture_output=True,
        text=True, check=False, timeout=60,
    )  # fmt: skip
    assert done.returncode == 1
    assert "not made by a demo" in done.stdout
    assert kept.read_text() == "not of a demo"
