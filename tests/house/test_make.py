"""What `make` installs, and when, with a Python that only notes what it is asked."""

import os
import subprocess
from pathlib import Path

import pytest

from tests.house.test_docs import ROOT

# Makes an environment as venv does: emptied first, with a link to itself and a place for packages of its own version.
PYTHON = """#!/bin/sh
echo "$2" >> "{log}"
case "$2" in
    venv) rm -rf "$4" && mkdir -p "$4/bin" "$4/lib/{version}" && ln -s "{self}" "$4/bin/python";;
    "import pip") test -d .venv/lib/{version};;
esac
"""


class Checkout:
    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.log = folder / "log"
        (folder / "scripts").mkdir()
        (folder / "requirements").mkdir()
        for name in ("Makefile", "scripts/find-python", "requirements/base.txt", "requirements/dev.txt"):
            (folder / name).write_bytes((ROOT / name).read_bytes())

    def python(self, name: str, version: str) -> Path:
        """A Python as it lies in a system: older than anything that is made with it."""
        file = self.folder / name
        file.write_text(PYTHON.format(log=self.log, self=file, version=version))
        file.chmod(0o755)
        os.utime(file, (1_000_000_000, 1_000_000_000))
        return file

    def make(self, target: str, python: Path) -> list[str]:
        """What Python was asked to do for this target: modules, in order."""
        self.log.write_text("")
        subprocess.run(
            ["make", "--no-print-directory", target, f"PYTHON={python}"], cwd=self.folder, check=True,
            capture_output=True, env={"PATH": os.environ["PATH"]},
        )  # fmt: skip
        return [line for line in self.log.read_text().splitlines() if line in ("venv", "pip")]


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path)


@pytest.mark.parametrize("target", [".venv/.base", ".venv/.dev"])
def test_packages_are_installed_once(checkout: Checkout, target: str) -> None:
    python = checkout.python("python3", "3.11")
    assert checkout.make(target, python) == ["venv", "pip"]
    assert checkout.make(target, python) == []


@pytest.mark.parametrize("target", [".venv/.base", ".venv/.dev"])
@pytest.mark.parametrize("name", ["python3", "python3.12"])
def test_after_an_upgrade_of_python_they_are_installed_again(checkout: Checkout, target: str, name: str) -> None:
    """Under its old name the new one knows nothing of the packages; under another the environment leads nowhere."""
    old = checkout.python("python3", "3.11")
    checkout.make(target, old)
    old.unlink()
    new = checkout.python(name, "3.12")
    assert checkout.make(target, new) == ["venv", "pip"]
    assert checkout.make(target, new) == []
