"""One demo a folder, and only folders that a demo made."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from dipportal.demo.__main__ import MARKER, main, must_be_a_demo, only_one
from dipportal.demo.processes import Stack, StartFailed, still_there

pytestmark = pytest.mark.processes

SLEEPS = [sys.executable, "-c", "import time; time.sleep(120)"]
# A demo that is killed while its worker runs.
KILLED = """
import os, signal, sys
from pathlib import Path
from dipportal.demo.__main__ import only_one
from dipportal.demo.processes import Stack
var = Path(sys.argv[1])
with only_one(var) as lock, Stack(var, dict(os.environ), var / "logs", lock) as stack:
    stack.run("migrate", [sys.executable, "-c", ""])
    stack.start("worker", [sys.executable, "-c", "import time; time.sleep(120)"])
    os.kill(os.getpid(), signal.SIGKILL)
"""


@pytest.mark.parametrize("arguments", [[], ["--fresh"]])
def test_a_folder_of_somebody_else_s_is_left_alone(
    tmp_path: Path, arguments: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    letter = tmp_path / "letters.txt"
    letter.write_text("not of a demo")
    # The name is anyone's, so it proves nothing.
    (tmp_path / "lock").touch()
    assert main(["--var", str(tmp_path), *arguments]) == 1
    assert "was not made by a demo" in capsys.readouterr().out
    assert sorted(entry.name for entry in tmp_path.iterdir()) == ["letters.txt", "lock"], "nothing is put there either"
    assert letter.read_text() == "not of a demo"


def test_an_empty_folder_becomes_a_demo_s(tmp_path: Path) -> None:
    must_be_a_demo(tmp_path)
    with only_one(tmp_path):
        (tmp_path / "dipportal.sqlite3").touch()
    must_be_a_demo(tmp_path)


def test_a_second_demo_is_refused_while_the_first_one_runs(tmp_path: Path) -> None:
    with only_one(tmp_path) as lock, Stack(tmp_path, dict(os.environ), tmp_path / "logs", lock) as stack:
        stack.start("worker", SLEEPS)
        with pytest.raises(StartFailed, match="another demo is running"), only_one(tmp_path):
            pytest.fail("two at the same time")
    with only_one(tmp_path):
        assert set(still_there((tmp_path / MARKER).read_text())) == {"demo"}


def test_what_a_killed_demo_left_behind_is_named_and_keeps_the_next_one_out(tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", KILLED, str(tmp_path)], check=False, timeout=60)
    assert done.returncode == -signal.SIGKILL
    left = still_there((tmp_path / MARKER).read_text())
    assert set(left) == {"worker"}
    try:
        told = rf"was killed and left processes behind: worker \({left['worker']}\)\."
        with pytest.raises(StartFailed, match=told), only_one(tmp_path):
            pytest.fail("the worker still works on these files")
    finally:
        os.kill(left["worker"], signal.SIGKILL)
    end = time.monotonic() + 10
    while not can_start(tmp_path):
        assert time.monotonic() < end
        time.sleep(0.05)


def can_start(var: Path) -> bool:
    try:
        with only_one(var):
            return True
    except StartFailed:
        return False
