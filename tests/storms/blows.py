"""What hits the house, and when: at random moments of the work, not of the clock, so that each falls while there is
something to lose."""

import json
import random
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from dipportal.demo.processes import AskedToStop, Child
from tests.storms.house import STEADY, House, Sample
from tests.storms.receiver import DATA, REPLY

WORKER, REDIS, FLUSH, POSTGRES = "worker", "redis", "flush", "postgres"
TICK = 0.05
# How far the driver may be ahead of the next blow, in requests.
SLACK = 60
# How a call can go wrong while its sender may die: at most one second late, half of them without an answer.
FAULTS: tuple[dict[str, Any], ...] = (
    {"kind": "late", "close": True}, {"kind": "late"}, {"kind": "drop-after"}, {"kind": "drop-before"},
    {"kind": "status-after"}, {"kind": "slow-answer"},
)  # fmt: skip


class Broken(Exception):
    """Something ended, or did not come to an end, that should have."""


@dataclass(frozen=True)
class Blow:
    """Falls once so many of the things of this act are done."""

    at: int
    kind: str


def spread(chance: random.Random, target: int, numbers: dict[str, int]) -> list[Blow]:
    """So many of each kind, anywhere in the first nineteen twentieths."""
    blows = [
        Blow(chance.randint(target // 50, target * 19 // 20), kind)
        for kind, number in numbers.items()
        for _one in range(number)
    ]
    return sorted(blows, key=lambda one: (one.at, one.kind))


@dataclass
class Act:
    """One driver, and the blows that fall while it and the workers are at it.

    `progress` tells how many things are done; `verb` and `plan` are the driver's. `during_mail`: workers are killed
    while they hold a mail and the mail server is in the middle of a conversation.
    """

    house: House
    chance: random.Random
    blows: Sequence[Blow]
    progress: Callable[[Sample], int]
    verb: str
    plan: dict[str, object]
    during_mail: bool = False
    faults: bool = True
    say: Callable[[str], None] = lambda text: None
    fallen: Counter[str] = field(default_factory=Counter)
    # When the last blow fell (epoch seconds).
    last_blow: float = 0.0
    _redis_at: float | None = None
    _postgres_at: float | None = None
    _fault_at: int = 0

    @property
    def gate(self) -> Path:
        return Path(str(self.plan["gate"]))

    def run(self, *, patience: float = 180) -> None:
        """Until all blows have fallen, the driver has ended, and nothing is under way. Raises Broken, AskedToStop.

        `patience` in seconds: so long at most may nothing at all move.
        """
        left = list(self.blows)
        self.open_gate(left)
        driver = self.start_driver()
        moved, before, ready_at = time.monotonic(), -1, 0.0
        while True:
            self.keep_up(driver)
            sample = self.house.sample()
            done = before if sample is None else self.progress(sample)
            if done != before:
                moved, before = time.monotonic(), done
            if time.monotonic() - moved > patience:
                told = f"nothing moved for {patience:.0f} seconds at {done}, {sample}, blows left: {len(left)}"
                raise Broken(f"{told}\n{self.house.plight()}")
            if sample is None:
                time.sleep(TICK)
                continue
            self.plant(done)
            if left and done >= left[0].at:
                ready_at = ready_at or time.monotonic() + self.chance.uniform(0, 0.3)
                if time.monotonic() >= ready_at and self.fall(left[0], sample):
                    self.note(left.pop(0), done)
                    ready_at = 0.0
                    self.open_gate(left)
            if not left and driver.ended and sample.open_operations + sample.open_mails == 0:
                return
            time.sleep(TICK)

    def start_driver(self) -> Child:
        command = [sys.executable, "-m", "tests.storms.driver", self.verb, json.dumps(self.plan)]
        return self.house.stack.start("driver", command)

    def open_gate(self, left: Sequence[Blow]) -> None:
        allowed = left[0].at + SLACK if left else 10**9
        fresh = self.gate.with_suffix(".new")
        fresh.write_text(str(allowed), encoding="utf-8")
        # In one step: the driver never reads half a number.
        fresh.replace(self.gate)

    def note(self, blow: Blow, done: int) -> None:
        self.fallen[blow.kind] += 1
        self.last_blow = time.time()
        self.say(f"{done:6d} done, {blow.kind} {self.fallen[blow.kind]}")

    def keep_up(self, driver: Child) -> None:
        """Start what was killed, and see that nothing else ended."""
        house, now = self.house, time.monotonic()
        if house.stack.asked_to_stop:
            raise AskedToStop
        if self._redis_at is not None and now >= self._redis_at:
            self._redis_at = None
            house.redis.start()
        if not house.postgres.runs and now >= (self._postgres_at or 0):
            # Something of the one before may still hold its memory; then it ends, and is started again.
            house.postgres.start()
            self._postgres_at = now + 0.5
        if driver in house.stack.children and driver.ended:
            house.stack.children.remove(driver)
            if driver.process.returncode != 0:
                raise Broken(driver.why())
        ended = house.ended_by_themselves()
        if ended:
            raise Broken("\n".join(ended))

    def plant(self, done: int) -> None:
        """One call in so many goes wrong. Not one in so much time: while nothing is sent they would heap up."""
        if not self.faults or done < self._fault_at:
            return
        self._fault_at = done + self.chance.randint(8, 25)
        fault = dict(self.chance.choice(FAULTS))
        method = self.chance.choice(("POST", "PUT"))
        seconds = self.chance.uniform(0, 1)
        self.house.dip.fault(str(fault.pop("kind")), method=method, path="/(productions|performances|contracts)",
                             seconds=seconds, **fault)  # fmt: skip

    # --- blows
    def fall(self, blow: Blow, sample: Sample) -> bool:
        """False when it cannot fall yet: nobody there to be hit."""
        return {
            WORKER: self.hit_worker, REDIS: self.hit_redis, FLUSH: self.flush_redis, POSTGRES: self.hit_postgres,
        }[blow.kind](sample)  # fmt: skip

    def hit_worker(self, sample: Sample) -> bool:
        """One that has come as far as the database, so that there is something to kill."""
        there = sample.mailing if self.during_mail else sample.workers
        places = [place for place, name in enumerate(self.house.names) if place != STEADY and name in there]
        if self.during_mail and not self.house.post.inside[self.chance.choice((DATA, REPLY))]:
            return False
        if not places:
            return False
        self.house.kill_worker(self.chance.choice(places))
        return True

    def hit_redis(self, _sample: Sample) -> bool:
        if not self.house.redis.runs:
            return False
        self.house.redis.kill()
        self._redis_at = time.monotonic() + self.chance.uniform(0, 2)
        return True

    def flush_redis(self, _sample: Sample) -> bool:
        if not self.house.redis.answers():
            return False
        with self.house.redis.client() as server:
            server.flushall()
        return True

    def hit_postgres(self, sample: Sample) -> bool:
        """In one of three ways: all of it, its own emergency stop, or one process of it."""
        postgres = self.house.postgres
        if not postgres.runs or not sample.workers:
            return False
        way = self.chance.choice(("all", "immediate", "one"))
        victims = self.house.ask("SELECT pid FROM pg_stat_activity WHERE application_name LIKE 'worker-%'")
        if way == "one" and not victims:
            return False
        self.house.crashes.append(time.time())
        if way == "all":
            postgres.kill()
        elif way == "immediate":
            postgres.immediate()
        else:
            postgres.kill_one(self.chance.choice(victims or [])[0])
        self._postgres_at = time.monotonic() + self.chance.uniform(0, 1)
        self.house.forget_reader()
        return True
