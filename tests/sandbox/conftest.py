from collections.abc import Iterator

import pytest

from dipportal.sandbox.server import Running, start
from tests.sandbox.client import Dip

TODAY = "2026-03-10"


@pytest.fixture(scope="session")
def running() -> Iterator[Running]:
    with start(scale="small", today=TODAY) as sandbox:
        yield sandbox


@pytest.fixture
def sandbox(running: Running) -> Running:
    """The one process of the session, with a world as new."""
    running.admin.reset(scale="small", seed=1, today=TODAY)
    return running


@pytest.fixture
def agency(sandbox: Running) -> Dip:
    return Dip(sandbox, "demo-impresariaat")


@pytest.fixture
def producer(sandbox: Running) -> Dip:
    return Dip(sandbox, "demo-producent")


@pytest.fixture
def kassa(sandbox: Running) -> Dip:
    return Dip(sandbox, "demo-kassa")


@pytest.fixture(scope="session")
def demo() -> Iterator[Dip]:
    """A demo world that tests only read."""
    with start(scale="demo", today=TODAY) as sandbox:
        yield Dip(sandbox, "demo-impresariaat")
