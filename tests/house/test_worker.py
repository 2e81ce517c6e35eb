"""A worker on the machine of the web server."""

import os
from typing import Any

import pytest
from celery.signals import worker_init


def test_a_worker_gives_way_to_the_pages(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    given: list[int] = []
    monkeypatch.setattr(os, "nice", given.append)
    settings.WORKER_NICE = 7
    worker_init.send(sender=None)
    assert given == [7]
