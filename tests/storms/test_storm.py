"""A slice of `make storm` that fits in the suite: the same processes, judges and ways to die, fewer of each.

200 operations under 4 kills of workers, 1 kill and 1 emptying of Redis and 1 crash of PostgreSQL; then 60 mails under
3 kills of workers. The long form is 6,000 operations under 80, 20 and 10, and 1,000 mails under 40.
"""

import random
from collections.abc import Iterator

import pytest

from tests.storms import storm
from tests.storms.house import House, house

pytestmark = [pytest.mark.processes, pytest.mark.postgres, pytest.mark.storm]
SEED = random.randrange(10**9)
# Seconds: half of what the long form takes, so that less time is spent waiting for leases to end.
LEASE = 6


@pytest.fixture(scope="module")
def beaten() -> Iterator[House]:
    with house(random.Random(SEED), lease=LEASE) as made:
        yield made


def test_nothing_is_lost_doubled_or_stuck_when_workers_redis_and_postgres_are_killed(beaten: House) -> None:
    size = storm.Size(200, workers=4, redis=1, flush=1, postgres=1, patient=True)
    result = storm.operations(beaten, random.Random(SEED + 1), size, print)
    print(*result.lines, sep="\n")
    assert not result.faults, f"seed {SEED}: {result.faults}"


def test_no_mail_is_lost_and_a_copy_is_known_by_its_message_id(beaten: House) -> None:
    size = storm.Size(60, workers=3, patient=True)
    result = storm.mails(beaten, random.Random(SEED + 2), size, print)
    print(*result.lines, sep="\n")
    assert not result.faults, f"seed {SEED}: {result.faults}"
