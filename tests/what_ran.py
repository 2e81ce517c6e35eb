"""A pytest plugin (`-p tests.what_ran`) for the runner: which tests there are, which ran, which were skipped.

It also keeps tests with real processes and a browser together on one worker: they take turns with each other, while
the other worker goes on with the rest.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

SERIAL = ("browser", "processes")


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
        # On two workers the group's name is added to the id.
        name = report.nodeid.rsplit("@", 1)[0] if "@" in report.nodeid.rsplit("]", 1)[-1] else report.nodeid
        if report.skipped or hasattr(report, "wasxfail"):
            self.skipped[name] = str(report.longrepr)
        elif report.when == "call":
            self.ran.add(name)

    def pytest_sessionfinish(self) -> None:
        told = {"collected": self.collected, "ran": sorted(self.ran), "skipped": self.skipped}
        self.report.write_text(json.dumps(told), encoding="utf-8")


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if any(item.get_closest_marker(name) for name in SERIAL):
            item.add_marker(pytest.mark.xdist_group("serial"))


def pytest_configure(config: Any) -> None:
    report = os.environ.get("WHAT_RAN")
    if report and not hasattr(config, "workerinput"):
        config.pluginmanager.register(WhatRan(Path(report)), "what-ran-report")
