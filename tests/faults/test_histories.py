"""Random histories: a few new ones each time, and those that once went wrong. The seed is in the message."""

import random

import pytest

from tests.faults.explore import Theater
from tests.faults.histories import History

SEEDS = [1, 2, 3, *(random.SystemRandom().randrange(10**9) for _ in range(5))]


@pytest.mark.parametrize("number", range(len(SEEDS)))
def test_a_random_history_loses_and_doubles_nothing(house: Theater, number: int) -> None:
    seed = SEEDS[number]
    found = History(house, seed).play()
    assert found == [], f"make faults SEED={seed}: {'; '.join(str(one) for one in found)}"


def test_a_seed_plays_the_same_history_again(house: Theater) -> None:
    steps = []
    for _time in range(2):
        History(house, 7).play()
        steps.append([(event.what, event.detail) for event in house.round.events])
    assert steps[0] == steps[1]
