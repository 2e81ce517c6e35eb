"""A PostgreSQL and a Redis of one's own, to be killed and started again: `have()` says whether this machine can."""

import abc
import contextlib
import os
import shutil
import signal
import subprocess
import time
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import psycopg
import redis

# PostgreSQL refuses to run as root; then it runs as the account that its package made.
ACCOUNT = "postgres"
PATIENCE = 30.0


def programs() -> Path | None:
    """The folder with PostgreSQL's programs, newest version first; None when there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda one: int(one.parts[4]))
    if found:
        return found[-1].parent
    path = shutil.which("initdb")
    return Path(path).parent if path else None


def have() -> bool:
    return programs() is not None and shutil.which("redis-server") is not None and shutil.which("ps") is not None


def children_of(number: int) -> list[int]:
    """The numbers of the processes that this one started. A worker of PostgreSQL leads a session of its own."""
    told = subprocess.run(["ps", "-A", "-o", "pid=,ppid="], capture_output=True, text=True, check=True).stdout
    pairs = (line.split() for line in told.splitlines())
    return [int(pid) for pid, parent in pairs if int(parent) == number]


def kill(*numbers: int) -> None:
    for number in numbers:
        with contextlib.suppress(ProcessLookupError):
            os.kill(number, signal.SIGKILL)


@dataclass
class Server(abc.ABC):
    """A program that is started, killed and started again in the same folder. A context manager: leaving it ends it."""

    folder: Path
    port: int
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)

    @abc.abstractmethod
    def command(self) -> list[str]: ...

    @abc.abstractmethod
    def answers(self) -> bool: ...

    def account(self) -> dict[str, Any]:
        return {}

    def __enter__(self) -> Self:
        self.prepare()
        self.start()
        self.wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()

    def prepare(self) -> None:
        """What has to be there before the first start."""
        self.folder.mkdir(parents=True, exist_ok=True)

    @property
    def runs(self) -> bool:
        return self.process is not None and self.process.poll() is None

    def start(self) -> None:
        with (self.folder.parent / f"{type(self).__name__.lower()}.log").open("ab") as log:
            self.process = subprocess.Popen(
                self.command(), cwd=self.folder, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True, **self.account(),
            )  # fmt: skip

    def wait(self) -> None:
        """Until it answers. Raises RuntimeError when it ended, or takes too long."""
        end = time.monotonic() + PATIENCE
        while not self.answers():
            if not self.runs or time.monotonic() > end:
                raise RuntimeError(f"{type(self).__name__} does not answer on port {self.port}; see {self.folder}")
            time.sleep(0.05)

    def kill(self) -> None:
        """It and what it started, without a word of warning."""
        if self.process is not None and self.process.poll() is None:
            kill(self.process.pid, *children_of(self.process.pid))
            self.process.wait()

    def end(self) -> None:
        self.kill()


class Postgres(Server):
    """Durable as it is by default: what was committed outlives a kill."""

    @property
    def url(self) -> str:
        return f"postgres://postgres@127.0.0.1:{self.port}/portal"

    def account(self) -> dict[str, Any]:
        if os.geteuid() != 0:
            return {}
        return {"user": ACCOUNT, "group": ACCOUNT, "extra_groups": []}

    def program(self, name: str) -> str:
        folder = programs()
        assert folder is not None
        return str(folder / name)

    def prepare(self) -> None:
        super().prepare()
        if os.geteuid() == 0:
            shutil.chown(self.folder, ACCOUNT, ACCOUNT)
        command = [self.program("initdb"), "-A", "trust", "-U", "postgres", "-E", "UTF8", "--no-locale", "-D", "data"]
        subprocess.run(command, cwd=self.folder, check=True, capture_output=True, **self.account())

    def command(self) -> list[str]:
        settings = {
            "port": self.port, "listen_addresses": "127.0.0.1", "unix_socket_directories": "", "max_connections": 80,
        }  # fmt: skip
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [self.program("postgres"), "-D", "data", *options]

    def connect(self, database: str = "portal") -> psycopg.Connection[Any]:
        """Raises psycopg.OperationalError while it is away."""
        url = self.url.replace("/portal", f"/{database}").replace("postgres://", "postgresql://")
        return psycopg.connect(url, autocommit=True, connect_timeout=3, application_name="harness")

    def answers(self) -> bool:
        try:
            self.connect("postgres").close()
        except psycopg.OperationalError:
            return False
        return True

    def create(self) -> None:
        with self.connect("postgres") as server:
            server.execute("CREATE DATABASE portal")

    def immediate(self) -> None:
        """Its own way to stop without finishing anything: the next start recovers."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGQUIT)
            self.process.wait()

    def kill_one(self, number: int) -> None:
        """One process that serves a client: the server then drops all of them, and recovers by itself."""
        kill(number)

    def end(self) -> None:
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        self.kill()


class Redis(Server):
    """Keeps nothing: what is killed comes back empty."""

    @property
    def url(self) -> str:
        return f"redis://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        return [
            "redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no",
            "--dir", str(self.folder),
        ]  # fmt: skip

    def client(self) -> redis.Redis:
        return redis.Redis.from_url(f"{self.url}/0", socket_connect_timeout=2, socket_timeout=2)

    def answers(self) -> bool:
        try:
            with self.client() as server:
                return bool(server.ping())
        except redis.RedisError:
            return False
