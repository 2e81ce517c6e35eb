"""`.ci/run` on a machine that is made up: its own folders, and stand-ins for the programs that it calls."""

import contextlib
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from dipportal.demo.processes import free_port
from tests.house.test_docs import ROOT

pytestmark = [
    pytest.mark.processes,
    pytest.mark.skipif(sys.platform != "linux", reason=".ci/run is made for Debian"),
]

TRUST = "host all all 127.0.0.1/32 trust"
SERVER = (
    f'{sys.executable} -c \'import socket, sys, time; s = socket.create_server(("127.0.0.1", int(sys.argv[1])));'
    ' time.sleep(60)\' "$PORT" >/dev/null 2>&1 & echo $! >> "$MACHINE/pids";'
    ' until (exec 3<>"/dev/tcp/127.0.0.1/$PORT") 2>/dev/null; do sleep 0.05; done'
)
HBA = "$MACHINE/etc/15/main/pg_hba.conf"
INSTALL = (
    'mkdir -p "$MACHINE/lib/15/bin" "$MACHINE/etc/15/main"; touch "$MACHINE/lib/15/bin/postgres";'
    f' echo "local all all peer" > "{HBA}"'
)
PROGRAMS = {
    # The package makes a cluster, and starts it at once.
    "apt-get": f'case "$1" in install) {INSTALL}; {SERVER};; esac',
    "pg_ctlcluster": f'echo "$*" >> "$MACHINE/calls"; case "$4" in start) {SERVER};; esac',
    "make": 'echo "the tests run"',
    "msgfmt": "",
    "ps": "",
    "redis-server": "",
}


class Machine:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        # Two runs beside each other look in different places: a port found free is not taken at once.
        beside = int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))
        self.port = free_port(21_000 + 20 * beside)
        self.hba = folder / "etc" / "15" / "main" / "pg_hba.conf"
        for name, does in PROGRAMS.items():
            program = folder / "bin" / name
            program.parent.mkdir(exist_ok=True)
            program.write_text(f"#!/bin/bash\n{does}\n")
            program.chmod(0o755)

    def install_postgres(self) -> None:
        for file, text in ((self.hba, "local all all peer\n"), (self.folder / "lib" / "15" / "bin" / "postgres", "")):
            file.parent.mkdir(parents=True)
            file.write_text(text)

    def calls(self) -> list[str]:
        """What was asked of the cluster, in order."""
        file = self.folder / "calls"
        return [line.split()[-1] for line in file.read_text().splitlines()] if file.exists() else []

    def run(self, redis_port: int) -> None:
        script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
        for there, here in (
            ("/etc/postgresql", str(self.folder / "etc")),
            ("/usr/lib/postgresql", str(self.folder / "lib")),
            ("5432", str(self.port)),
            ("6379", str(redis_port)),
        ):
            assert there in script
            script = script.replace(there, here)
        copy = self.folder / ".ci" / "run"
        copy.parent.mkdir()
        copy.write_text(script, encoding="utf-8")
        environment = {
            "PATH": f"{self.folder / 'bin'}:/usr/bin:/bin", "CHROMIUM": "/bin/sh", "MACHINE": str(self.folder),
            "PORT": str(self.port),
        }  # fmt: skip
        done = subprocess.run(
            ["/bin/bash", str(copy)], env=environment, capture_output=True, text=True, check=False, timeout=60
        )
        assert done.returncode == 0, done.stderr
        assert done.stdout.splitlines()[-1] == "the tests run"

    def tidy(self) -> None:
        file = self.folder / "pids"
        for number in file.read_text().split() if file.exists() else []:
            with contextlib.suppress(ProcessLookupError):
                os.kill(int(number), signal.SIGKILL)


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path)
    yield made
    made.tidy()


@pytest.fixture
def redis_port() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_a_server_that_its_package_started_is_told_to_trust_this_machine(machine: Machine, redis_port: int) -> None:
    machine.run(redis_port)
    assert machine.hba.read_text().splitlines()[0] == TRUST
    assert machine.calls() == ["reload"]


def test_a_server_that_did_not_run_is_started_and_trusts_this_machine(machine: Machine, redis_port: int) -> None:
    machine.install_postgres()
    machine.run(redis_port)
    assert machine.hba.read_text().splitlines()[0] == TRUST
    assert machine.calls() == ["start", "reload"]


def test_a_server_that_stood_already_is_used_as_it_is(machine: Machine, redis_port: int) -> None:
    machine.install_postgres()
    before = machine.hba.read_text()
    with socket.create_server(("127.0.0.1", machine.port)):
        machine.run(redis_port)
    assert machine.hba.read_text() == before
    assert machine.calls() == []
