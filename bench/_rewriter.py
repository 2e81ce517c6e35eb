"""A worker in a process of its own that pulls all agreements, each of them different from the time before."""

import os
import time
from multiprocessing.connection import Connection as Pipe

FULL = "contracts-full"


def serve(pipe: Pipe) -> None:
    """Pull over and over between 'go' and 'stop', and tell when each pull began and ended. In a process that starts
    with nothing, hence the imports here."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "dipportal.settings")
    import django

    django.setup()
    from bench import _house, _payload
    from dipportal.celery import give_way
    from dipportal.dip import pull
    from dipportal.dip.models import Connection

    give_way()
    dip = _house.Dip()
    pull.Client = dip  # type: ignore[misc, assignment]
    bodies = [_payload.changed(1, text=f"{name}@kade.example") for name in ("ene", "andere")]
    _payload.lists.cache_clear()
    connection = Connection.objects.get()
    turn = 0
    pipe.send("ready")
    while pipe.recv() == "go":
        pipe.send("going")
        spans = []
        while not pipe.poll():
            dip.answers["/contracts"] = bodies[turn % 2]
            turn += 1
            begun = time.monotonic()
            _house.pulled(connection, FULL)
            spans.append((begun, time.monotonic()))
        pipe.recv()
        pipe.send(spans)
