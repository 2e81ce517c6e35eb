from collections.abc import Callable
from typing import Any

import pytest
from django.core.cache import cache
from django.utils import translation

from tests.access import api
from tests.world import World

Call = Callable[..., Any]
NAMED: dict[str, Any] = {"productionNumber": "NL-25-123-0003776", "performanceNumber": 11484906}


def counts(**kinds: int) -> list[dict[str, Any]]:
    """So many of each type, at 25 euros where it has a price."""
    free = ("free", "complimentary")
    return [
        {"type": kind, "tickets": tickets, "recette": 0 if kind in free else tickets * 2500}
        for kind, tickets in kinds.items()
    ]


def tickets(normal: int = 100, **more: Any) -> dict[str, Any]:
    return {**NAMED, "counts": counts(normal=normal), **more}


@pytest.fixture
def secret(world: World) -> str:
    """A key of De Kade."""
    return api.key(world)[1]


@pytest.fixture
def put(secret: str) -> Call:
    """`put(body)`: tickets, with De Kade's key; `name`: another call."""

    def send(body: Any, name: str = "tickets", **more: Any) -> Any:
        return api.call("PUT", name, more.pop("secret", secret), body, **more)

    return send


@pytest.fixture(autouse=True)
def in_english() -> Any:
    cache.clear()
    with translation.override("en"):
        yield


@pytest.fixture(autouse=True)
def english_answers(settings: Any) -> None:
    settings.LANGUAGE_CODE = "en"
