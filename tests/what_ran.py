"""A pytest plugin (`-p tests.what_ran`) for the runner: which tests there are, which ran, which were skipped.

With `--dist loadgroup` it also keeps the files with real processes and a browser together on one worker: they take
turns with each other, while the other worker goes on with the rest. (xdist's own `xdist_group` marks do nothing under
pytest 9.2: it writes the group into an id that is no longer read.)
"""

import functools
import json
import os
import re
from pathlib import Path
from typing import Any

import pytest
from xdist.scheduler import LoadGroupScheduling

ROOT = Path(__file__).resolve().parent.parent
TAKES_TURNS = re.compile(r"\bmark\.(browser|processes)\b")


@functools.cache
def takes_turns(file: str) -> bool:
    """Does a file of tests, named from the root, have tests with a browser or with processes of their own?"""
    return TAKES_TURNS.search((ROOT / file).read_text(encoding="utf-8")) is not None


class InTurns(LoadGroupScheduling):
    def _split_scope(self, nodeid: str) -> str:
        return "in turns" if takes_turns(nodeid.partition("::")[0]) else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> InTurns | None:
    return InTurns(config, log) if config.getvalue("dist") == "loadgroup" else None


class WhatRan:
    def __init__(self, report: Path) -> None:
        self.report = report
        self.collected: dict[str, list[str]] = {}
        self.ran: set[str] = set()
        self.skipped: dict[str, str] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        for item in session.items:
            self.collected[item.nodeid] = sorted({marker.name for marker in item.iter_markers()})

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        if report.skipped or hasattr(report, "wasxfail"):
            self.skipped[report.nodeid] = str(report.longrepr)
        elif report.when == "call":
            self.ran.add(report.nodeid)

    def pytest_sessionfinish(self) -> None:
        told = {"collected": self.collected, "ran": sorted(self.ran), "skipped": self.skipped}
        self.report.write_text(json.dumps(told), encoding="utf-8")


def pytest_configure(config: Any) -> None:
    report = os.environ.get("WHAT_RAN")
    if report and not hasattr(config, "workerinput"):
        config.pluginmanager.register(WhatRan(Path(report)), "what-ran-report")
