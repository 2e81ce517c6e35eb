"""Processes that start together end together, whatever happens."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from dipportal.demo.processes import AskedToStop, Child, Stack, StartFailed, free_port

pytestmark = pytest.mark.processes

SLEEPS = [sys.executable, "-c", "import time; print('up', flush=True); time.sleep(120)"]
DEAF = [
    sys.executable, "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('up', flush=True); time.sleep(120)",
]  # fmt: skip
PARENT = [
    sys.executable, "-c",
    "import subprocess, sys, time;"
    "child = subprocess.Popen([sys.executable, '-c', 'import signal, time;"
    "signal.signal(signal.SIGTERM, signal.SIG_IGN); print(\"up\", flush=True); time.sleep(120)']);"
    "print('child', child.pid, flush=True); time.sleep(120)",
]  # fmt: skip


@pytest.fixture
def stack(tmp_path: Path) -> Iterator[Stack]:
    with Stack(tmp_path, dict(os.environ), tmp_path / "logs") as made:
        yield made


def up(child: Child) -> Callable[[], bool]:
    return lambda: "up" in child.last_lines()


def alive(pid: int) -> bool:
    told = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False).stdout
    return bool(told.strip()) and not told.strip().startswith("Z")


def test_stopping_ends_every_process(stack: Stack) -> None:
    children = [stack.start(name, SLEEPS) for name in ("one", "two")]
    for child in children:
        stack.wait_until(up(child), child)
    stack.stop()
    assert not any(alive(child.process.pid) for child in children)


def test_one_that_does_not_listen_is_ended_after_a_bounded_wait(stack: Stack) -> None:
    child = stack.start("deaf", DEAF)
    stack.wait_until(up(child), child)
    stack.stop(seconds=0.5)
    # Waited for, it would have ended by itself and with 0.
    assert child.process.returncode == -signal.SIGKILL


def test_what_a_process_started_itself_ends_with_it(stack: Stack) -> None:
    parent = stack.start("parent", PARENT)
    stack.wait_until(up(parent), parent)
    grandchild = int(next(line for line in parent.last_lines().splitlines() if "child" in line).split()[1])
    assert alive(grandchild)
    stack.stop(seconds=0.5)
    assert not alive(grandchild)


def test_an_error_ends_them_too(tmp_path: Path) -> None:
    children = []

    def fail() -> None:
        with Stack(tmp_path, dict(os.environ), tmp_path / "logs") as stack:
            children.append(stack.start("one", SLEEPS))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fail()
    assert not alive(children[0].process.pid)


def test_one_that_ends_by_itself_is_named_with_its_last_words(stack: Stack) -> None:
    stack.start("good", SLEEPS)
    stack.start("broken", [sys.executable, "-c", "print('no disk'); raise SystemExit(3)"])
    with pytest.raises(StartFailed, match=r"broken ended with code 3[\s\S]*no disk"):
        stack.watch()


def test_a_step_that_fails_says_why(stack: Stack) -> None:
    with pytest.raises(StartFailed, match=r"migrate ended with code 1[\s\S]*locked"):
        stack.run("migrate", [sys.executable, "-c", "print('locked'); raise SystemExit(1)"])


def test_one_that_never_gets_ready_is_told(stack: Stack) -> None:
    child = stack.start("slow", SLEEPS)
    with pytest.raises(StartFailed, match="slow was not ready"):
        stack.wait_until(lambda: False, child, seconds=0.3)


def test_a_signal_while_waiting_is_obeyed(stack: Stack) -> None:
    before = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    child = stack.start("one", SLEEPS)
    try:
        stack.obey_signals()
        threading.Timer(0.3, os.kill, [os.getpid(), signal.SIGTERM]).start()
        with pytest.raises(AskedToStop):
            stack.watch()
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
    stack.stop()
    assert not alive(child.process.pid)


def test_a_taken_port_is_passed_over() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        found = free_port(port)
        assert found > port
        assert free_port(port, avoid=[found]) > found
