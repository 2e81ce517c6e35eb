from collections.abc import Callable

import pytest
from django.test import Client
from django.urls import reverse

from tests.world import World


@pytest.fixture
def editor(world: World, client: Client) -> Client:
    """An editor of De Kade, reading English, so that a test can name what stands there."""
    client.force_login(world.people["kade_editor"])
    client.cookies["dipportal_language"] = "en"
    return client


@pytest.fixture
def manager(world: World) -> Client:
    client = Client()
    client.force_login(world.people["kade_manager"])
    client.cookies["dipportal_language"] = "en"
    return client


@pytest.fixture
def url() -> Callable[..., str]:
    return lambda name, **kwargs: reverse(f"receivers:{name}", kwargs={"organisation": "de-kade", **kwargs})
