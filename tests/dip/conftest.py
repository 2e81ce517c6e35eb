import pytest

from dipportal.dip import tasks
from tests.dip.pulling import agency, fake, noord, pull_process, remote  # noqa: F401 - fixtures of the pull
from tests.dip.pushed import connection, dip, dip_process, pushing  # noqa: F401 - fixtures of the push


@pytest.fixture(autouse=True)
def wakes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Wake-ups go nowhere but into this list: the tests drain by themselves, and leave no messages on this machine."""
    sent: list[str] = []
    monkeypatch.setattr(tasks.drain_operations, "delay", lambda: sent.append("drain"))
    return sent
