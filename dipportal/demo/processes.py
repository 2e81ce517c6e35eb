"""A handful of processes that start together and end together. Standard library only, no Django.

Each runs in a session of its own, so that Ctrl-C at the terminal reaches the one that holds them and nobody else,
and so that whatever a process started itself ends with it.
"""

import contextlib
import os
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType, TracebackType
from typing import TextIO

STOP_SECONDS = 8.0
# What the process that holds the others is called in the lock.
DEMO = "demo"


class StartFailed(Exception):
    """A process ended or did not get ready; the text says which, and the last lines it wrote."""


class AskedToStop(Exception):
    """Ctrl-C, or a signal to end, while waiting."""


@dataclass
class Child:
    name: str
    process: subprocess.Popen[bytes]
    log: Path

    @property
    def ended(self) -> bool:
        return self.process.poll() is not None

    def last_lines(self, number: int = 20) -> str:
        text = self.log.read_text(encoding="utf-8", errors="replace") if self.log.exists() else ""
        return "\n".join(text.splitlines()[-number:])

    def why(self) -> str:
        return f"{self.name} ended with code {self.process.poll()}. Its last lines ({self.log}):\n{self.last_lines()}"

    def signal_group(self, number: signal.Signals) -> None:
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self.process.pid, number)

    def group_is_alive(self) -> bool:
        """Is anything left of the process and of those it started? A zombie of ours does not count."""
        self.process.poll()
        try:
            os.killpg(self.process.pid, 0)
        except ProcessLookupError:
            return False
        except PermissionError:
            return not self.ended
        return True


@dataclass
class Stack:
    """Use as a context manager: leaving it, for whatever reason, ends every process it started.

    Nothing is ended when this process itself is killed. Therefore a locked file may be given: all processes hold it
    open, so that its lock lasts as long as any of them, and their numbers are written in it (`still_there`).
    """

    folder: Path
    environment: Mapping[str, str]
    logs: Path
    lock: TextIO | None = None
    children: list[Child] = field(default_factory=list)
    # Set by a signal handler. Only looked at while waiting, so no process is ever started and then forgotten.
    asked_to_stop: bool = False

    def __enter__(self) -> "Stack":
        self.logs.mkdir(parents=True, exist_ok=True)
        return self

    def obey_signals(self) -> None:
        """End on Ctrl-C, a signal to terminate, or a closed terminal."""
        for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
            signal.signal(number, self._ask_to_stop)

    def _ask_to_stop(self, number: int, frame: FrameType | None) -> None:
        self.asked_to_stop = True

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def start(self, name: str, command: Sequence[str], **extra: str) -> Child:
        """Start a process that keeps running; its output goes to a file of its own."""
        log = self.logs / f"{name}.log"
        with log.open("ab") as output:
            process = subprocess.Popen(  # noqa: S603 - our own commands, no shell
                list(command),
                cwd=self.folder,
                env={**self.environment, **extra},
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=[self.lock.fileno()] if self.lock else [],
            )
        child = Child(name, process, log)
        self.children.append(child)
        self._write_down()
        return child

    def _write_down(self) -> None:
        if self.lock:
            self.lock.seek(0)
            self.lock.truncate()
            self.lock.write(f"{DEMO} {os.getpid()}\n")
            self.lock.writelines(f"{child.name} {child.process.pid}\n" for child in self.children)
            self.lock.flush()

    def run(self, name: str, command: Sequence[str], *, seconds: float = 300) -> None:
        """Run a process to its end. Raises StartFailed when it fails or takes longer, AskedToStop."""
        child = self.start(name, command)
        self._wait(lambda: child.ended, child, seconds)
        if child.process.returncode != 0:
            raise StartFailed(child.why())
        self.children.remove(child)
        self._write_down()

    def wait_until(self, ready: Callable[[], bool], child: Child, *, seconds: float = 60) -> None:
        """Wait until `ready` says so. Raises StartFailed when the process ends first or is late, AskedToStop."""
        self._wait(lambda: child.ended or ready(), child, seconds)
        if child.ended:
            raise StartFailed(child.why())

    def _wait(self, over: Callable[[], bool], child: Child, seconds: float) -> None:
        end = time.monotonic() + seconds
        while not over():
            if self.asked_to_stop:
                raise AskedToStop
            if time.monotonic() > end:
                raise StartFailed(
                    f"{child.name} was not ready after {seconds:.0f} seconds. Its last lines:\n{child.last_lines()}"
                )
            time.sleep(0.1)

    def watch(self) -> None:
        """Wait as long as all goes well. Raises StartFailed when one ends by itself, AskedToStop."""
        while True:
            if self.asked_to_stop:
                raise AskedToStop
            ended = next((child for child in self.children if child.ended), None)
            if ended is not None:
                raise StartFailed(ended.why())
            time.sleep(0.2)

    def stop(self, *, seconds: float = STOP_SECONDS) -> None:
        """Ask all to end, latest first; after a bounded wait, end what is left of them."""
        for child in reversed(self.children):
            child.signal_group(signal.SIGTERM)
        self._until_gone(seconds)
        for child in self.children:
            if child.group_is_alive():
                child.signal_group(signal.SIGKILL)
            child.process.wait()
        # What it had started is not ours to wait for; the system clears it up in a moment.
        self._until_gone(1)
        self.children.clear()

    def _until_gone(self, seconds: float) -> None:
        end = time.monotonic() + seconds
        while any(child.group_is_alive() for child in self.children) and time.monotonic() < end:
            time.sleep(0.05)


def still_there(written: str) -> dict[str, int]:
    """Of the processes that a stack wrote in its lock those that have not ended: name → number."""
    pairs = [line.split() for line in written.splitlines()]
    return {name: int(number) for name, number in pairs if _exists(int(number))}


def _exists(number: int) -> bool:
    try:
        os.kill(number, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        # It is there, of somebody else.
        return True
    return True


def is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        # As servers do: a port that is only waiting for old connections to fade is free.
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def free_port(wanted: int, *, avoid: Sequence[int] = ()) -> int:
    """The wanted port on this machine, or the next one that is free. Raises StartFailed."""
    for port in range(wanted, min(wanted + 200, 65_536)):
        if port not in avoid and is_free(port):
            return port
    raise StartFailed(f"No free port from {wanted} on.")


def answers(url: str, *, seconds: float = 2) -> bool:
    """Does something answer here with a page that is not a failure?"""
    # No proxy, whatever the environment says: the other side is this machine.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(url, timeout=seconds) as response:
            return bool(response.status < 400)
    except (OSError, urllib.error.URLError):
        return False
