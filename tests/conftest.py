"""The world that the tests share: named people, two providers, two receivers, and everything that could leak."""

import socket
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import connection

from dipportal.celery import app as celery
from tests.world import World, build


@pytest.fixture(scope="session", autouse=True)
def emptied_quickly() -> Iterator[None]:
    """After a test with real transactions PostgreSQL would TRUNCATE eighty tables that hold next to nothing.

    Constraints are deferred and all of it is one transaction, so the order does not matter. Counters go on.
    """
    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":
            truncate = type(connection.ops).sql_flush

            def emptied(self: Any, style: Any, tables: Any, *, reset_sequences: bool = False, **how: Any) -> list[str]:
                if reset_sequences:
                    return truncate(self, style, tables, reset_sequences=True, **how)
                return [f"DELETE FROM {self.quote_name(table)}" for table in tables]

            patch.setattr(type(connection.ops), "sql_flush", emptied)
        yield


@pytest.fixture
def world(db: None) -> World:
    return build()


@pytest.fixture(autouse=True)
def plain_settings(settings: Any, tmp_path: Any) -> None:
    """Nothing that a test does may depend on the machine: no waiting, a cache and a broker of its own."""
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]
    settings.MAIL_CONFIGURED = True
    settings.DIP_PACE_SECONDS = 0.0
    settings.PRIVATE_DIR = tmp_path / "private"
    celery.conf.broker_url = "memory://"


@pytest.fixture(autouse=True)
def loopback_only(monkeypatch: pytest.MonkeyPatch) -> None:
    """Sockets are closed but for this machine."""
    connect = socket.socket.connect

    def guarded(self: socket.socket, address: Any) -> Any:
        if self.family in (socket.AF_INET, socket.AF_INET6) and address[0] not in (
            "127.0.0.1",
            "::1",
            "localhost",
        ):
            raise AssertionError(f"a test tried to reach {address[0]}")
        return connect(self, address)

    monkeypatch.setattr(socket.socket, "connect", guarded)
