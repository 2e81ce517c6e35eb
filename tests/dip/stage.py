"""A portal in processes of its own, for tests that kill them: `python -m tests.dip.stage VERB`.

build COUNT   the test's world and so many proposed agreements; prints what the sandbox has to know
work          drains for ever, as a worker does
settle        drains until nothing is under way, then prints the state
"""

import json
import sys
import time
from typing import Any

import django

PATIENCE = 45


def build(count: int) -> dict[str, Any]:
    from django.core.management import call_command

    from dipportal.dip import connections
    from tests.dip.pushed import CLIENT_ID, SECRET, resources
    from tests.world import build as build_world

    call_command("migrate", verbosity=0)
    world = build_world()
    connections.save_connection(world.agency, client_id=CLIENT_ID, secret=SECRET, actor=world.actors["agency_manager"])
    for index in range(count):
        world.contract(status="proposed", performances=[world.performances[index % 3]])
    return resources()


def step() -> int:
    from dipportal.dip.models import Operation
    from dipportal.dip.push import work
    from dipportal.outbox.drain import drain

    return drain(Operation, work)


def work_for_ever() -> None:
    print("working", flush=True)
    while True:
        if not step():
            time.sleep(0.05)


def settle() -> dict[str, Any]:
    from dipportal.dip.models import Operation
    from dipportal.outbox.models import WORKABLE

    stop = time.monotonic() + PATIENCE
    while Operation.objects.filter(state__in=WORKABLE).exists() and time.monotonic() < stop:
        step()
        time.sleep(0.05)
    return state()


def state() -> dict[str, Any]:
    from dipportal.contracts.models import Contract
    from dipportal.dip.models import Operation

    rows = Operation.objects.order_by("pk").values_list("kind", "state", "error_code")
    contracts = Contract.objects.order_by("pk").values_list("reference", "dip_id", "status")
    return {"rows": list(rows), "contracts": list(contracts)}


def main(verb: str, *words: str) -> None:
    django.setup()
    if verb == "work":
        work_for_ever()
    verbs = {"build": lambda: build(int(words[0])), "settle": settle, "state": state}
    print(json.dumps(verbs[verb]()), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
