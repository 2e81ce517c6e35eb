"""The theater of the harness, once a file: its own database in memory, whatever the other tests run on."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.faults import portal
from tests.faults.explore import Theater, theater


@pytest.fixture(scope="module")
def house(django_db_blocker: Any) -> Iterator[Theater]:
    with django_db_blocker.unblock(), theater() as found:
        yield found


@pytest.fixture(autouse=True)
def own_settings() -> Iterator[None]:
    """The general settings of tests, which are set for each of them, must not shine through."""
    with portal.settled_surroundings():
        yield
