"""`make storm`: 6,000 operations and 1,000 mails while workers, Redis and PostgreSQL are killed. Exits 1 on a fault."""

import argparse
import dataclasses
import random
import sys
import time

from dipportal.demo.processes import AskedToStop, StartFailed
from tests.storms import servers, storm
from tests.storms.blows import Broken
from tests.storms.house import LEASE, SETTLE, house


def arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="tests.storms", description=__doc__)
    parser.add_argument("--seed", type=int, default=random.randrange(10**9))
    parser.add_argument("--only", choices=("operations", "mails"))
    parser.add_argument("--operations", type=int, default=storm.OPERATIONS.target)
    parser.add_argument("--mails", type=int, default=storm.MAILS.target)
    parser.add_argument("--keep-logs", metavar="FOLDER", help="copy what the processes wrote to this folder")
    return parser.parse_args()


def main() -> int:
    given = arguments()
    if not servers.have():
        print("There is no PostgreSQL or no Redis on this machine (their programs, not only an address).")
        return 1
    print(f"seed {given.seed}; a lease is {LEASE} s, unclear calls are waited out for {SETTLE} s", flush=True)
    try:
        faults = blow(given)
    except AskedToStop:
        print("stopped; every process that was started is ended")
        return 130
    except (Broken, StartFailed) as error:
        print(f"FAULT: {error}")
        return 1
    print("nothing lost, nothing doubled, nothing stuck" if not faults else f"{len(faults)} FAULTS (seed {given.seed})")
    return 1 if faults else 0


class Clock:
    def __init__(self) -> None:
        self.began = time.monotonic()

    def say(self, text: str) -> None:
        print(f"{time.monotonic() - self.began:5.0f} s {text}", flush=True)


def blow(given: argparse.Namespace) -> list[str]:
    chance = random.Random(given.seed)
    acts = {
        "operations": (storm.operations, dataclasses.replace(storm.OPERATIONS, target=given.operations)),
        "mails": (storm.mails, dataclasses.replace(storm.MAILS, target=given.mails)),
    }
    faults: list[str] = []
    with house(chance, obey=True, keep_logs=given.keep_logs) as made:
        for name, (act, size) in acts.items():
            if given.only not in (None, name):
                continue
            print(f"--- {name}", flush=True)
            result = act(made, chance, size, Clock().say)
            for line in [*result.lines, *(f"FAULT: {fault}" for fault in result.faults)]:
                print(line, flush=True)
            faults += result.faults
    return faults


if __name__ == "__main__":
    sys.exit(main())
