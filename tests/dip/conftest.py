from typing import Any

import pytest

from dipportal.dip import tasks
from tests.dip.counted import kassa  # noqa: F401 - a fixture of the reports
from tests.dip.pulling import agency, fake, noord, pull_process, remote  # noqa: F401 - fixtures of the pull
from tests.dip.pushed import connection, dip, dip_process, pushing  # noqa: F401 - fixtures of the push


@pytest.fixture(autouse=True)
def wakes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Wake-ups go nowhere but into this list: the tests drain by themselves, and leave no messages on this machine."""
    sent: list[str] = []
    monkeypatch.setattr(tasks.drain_operations, "delay", lambda: sent.append("drain"))
    return sent


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """How many random histories of DIP were lived through, and what none that differs then says at 95 %."""
    passed = [dict(one.user_properties).get("histories", 0) for one in terminalreporter.getreports("passed")]
    failed = [one for one in terminalreporter.getreports("failed") if "histories" in dict(one.user_properties)]
    if sum(passed) and not failed:
        terminalreporter.write_line(
            f"The mirror equals the remote in {sum(passed)} of {sum(passed)} histories; "
            f"with 95 % confidence fewer than {3 / sum(passed):.5f} of all differ (3/N)."
        )
