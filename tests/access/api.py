"""Keys of ticketing systems: ours, and the neighbour's that could leak."""

from typing import Any

import orjson
from django.test import Client
from django.urls import reverse

from dipportal.ticketing import keys
from dipportal.ticketing.models_keys import SystemKey
from tests.world import World

THEATERS = {"kade": "theater", "haven": "other_theater"}


def key(world: World, who: str = "kade", name: str = "Kassa") -> tuple[SystemKey, str]:
    """A key of this house for its theater, and the secret."""
    return keys.create(getattr(world, THEATERS[who]), name, actor=world.actors[f"{who}_manager"])


def call(
    method: str, name: str, secret: str = "", body: Any = None, *, client: Client | None = None, **more: Any
) -> Any:
    """One call of the API; `name` is that of its route. `more`: what Client.generic takes."""
    headers = {**({"Authorization": f"Bearer {secret}"} if secret else {}), **more.pop("headers", {})}
    url = more.pop("url", "") or reverse(f"api:{name}")
    content = body if isinstance(body, bytes | str) else _json(body)
    more.setdefault("content_type", "application/json")
    return (client or Client()).generic(method, url, content, headers=headers, **more)


def _json(body: Any) -> bytes:
    return b"" if body is None else orjson.dumps(body)
