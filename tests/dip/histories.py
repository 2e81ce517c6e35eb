"""Random histories of DIP, each from its seed: what happens, when, and in which zone its stamps are."""

import datetime as dt
import random
from dataclasses import dataclass

from tests.dip.remote_world import Step
from tests.world import AMSTERDAM

# Around noon, and in the nights in which an hour is repeated and skipped.
STARTS = (
    dt.datetime(2026, 11, 10, 11, tzinfo=dt.UTC),
    dt.datetime(2026, 10, 24, 22, 30, tzinfo=dt.UTC),
    dt.datetime(2027, 3, 27, 22, 30, tzinfo=dt.UTC),
)
WEIGHTS = {
    "genre.new": 1, "genre.renamed": 1, "producer.new": 1, "producer.renamed": 1, "theater.new": 2,
    "theater.renamed": 1, "theater.changed": 1, "theater.gone": 1, "theater.back": 1, "hall.new": 1,
    "hall.renamed": 1, "hall.gone": 1, "hall.moved": 1, "production.new": 5, "production.changed": 3,
    "production.moved": 2, "production.gone": 2, "production.back": 2, "performance.new": 9, "performance.changed": 3,
    "performance.moved": 4, "performance.cancelled": 3, "performance.gone": 3, "performance.back": 2,
    "contract.new": 14, "contract.arrives": 4, "contract.changed": 8, "contract.renamed": 3, "contract.answered": 16,
    "contract.superseded": 2, "contract.revised": 7, "contract.gone": 3, "contract.back": 3,
    "pull.contracts": 9, "pull.catalogue": 4, "pull.reference": 2, "pull.contracts-full": 2,
}  # fmt: skip


@dataclass(frozen=True)
class History:
    """When it begins, the zone and the skew (minutes) of DIP's stamps, and what happens."""

    start: dt.datetime
    zone: dt.tzinfo
    skew: int
    steps: tuple[Step, ...]

    @property
    def latest(self) -> int:
        return latest(self.start)


def latest(start: dt.datetime) -> int:
    """How late a change may show, in minutes, so that the overlap of 150 covers it: in the two nights 60 less.

    Then DIP's stamps themselves run back an hour, or are read as an hour later than they are.
    """
    return 140 if start == STARTS[0] else 85


def random_history(seed: int) -> History:
    dice = random.Random(seed)
    start = dice.choice(STARTS)
    lates = (0, 0, 0, 20, latest(start))
    steps = tuple(
        Step(what, dice.randrange(8), dice.randrange(60), dice.choice((0, 0, 1, 30)), dice.choice(lates))
        for what in dice.choices(list(WEIGHTS), list(WEIGHTS.values()), k=dice.randrange(8, 45))
    )
    return History(start, dice.choice((AMSTERDAM, dt.UTC)), dice.choice((-120, 0, 0, 45)), steps)
