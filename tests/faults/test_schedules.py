"""The slice of the schedules that the suite runs: all of one fault, for every operation; `make faults` runs three.

And what the long form builds on: that it leaves out nothing by taking together what comes to the same.
"""

from collections import Counter

import pytest

from tests.faults import branches
from tests.faults.dip import ON_READS, ON_WRITES, SAME_ON_READS, SAME_ON_WRITES
from tests.faults.engine import CRASH, Event, Planned
from tests.faults.explore import Exploration, Theater
from tests.faults.removed import expect_quarantine
from tests.faults.scenarios import BY_NAME, SCENARIOS

# Branches that one fault reaches, over all operations.
MUST_BE_REACHED = (
    "adopted by look-up",
    "not found, so created again",
    "already as wanted",
    "claim lost before the call",
    "claim lost at the end",
    "token renewed",
    "slowed down",
    "attention: conflict",
    "attention: refused",
    "unclear: unclear",
    "unclear: no_id",
    "unclear: slow_down",
    "unclear: connection_lost",
    "waiting: no_look",
    "waiting: lagging",
    "waiting: unreachable",
    "waiting: login",
    "waiting: slow_down",
    "waiting: depends",
    "waiting: server_away",
    "waiting: refused_now",
)
_reached: Counter[str] = Counter()
_ran: set[str] = set()


@pytest.mark.parametrize("name", BY_NAME)
def test_no_schedule_of_one_fault_loses_doubles_or_sticks(house: Theater, name: str) -> None:
    figures = Exploration(house, BY_NAME[name]).run(1)
    _reached.update(figures.branches)
    _ran.add(name)
    assert figures.failures == [], "\n".join(str(one) for one in figures.failures)
    assert figures.schedules[0] == 1
    assert figures.schedules[1] >= 20


def test_the_branches_that_must_be_reached_were(house: Theater) -> None:
    # What ran in another process is played once more here.
    for name in set(BY_NAME) - _ran:
        _reached.update(Exploration(house, BY_NAME[name]).run(1).branches)
    assert sorted(set(MUST_BE_REACHED) - set(_reached)) == []


@pytest.mark.parametrize("name", ["contract create", "contract update"])
def test_nothing_is_left_out_by_taking_together_what_comes_to_the_same(house: Theater, name: str) -> None:
    """Each schedule by itself, and the same number of them as the long form counts."""
    plain = Exploration(house, BY_NAME[name], plain=True).run(1)
    together = Exploration(house, BY_NAME[name]).run(1)
    assert plain.failures == []
    assert plain.schedules == together.schedules
    assert plain.ends == plain.total > together.ends


def test_a_worker_takes_nothing_along_from_one_row_to_the_next(house: Theater, monkeypatch: pytest.MonkeyPatch) -> None:
    """Row by row, each in a round of its own: as many schedules as with a worker that goes on to the next row."""
    scenario = BY_NAME["contract create + propose"]
    row_by_row = Exploration(house, scenario).run(1)
    monkeypatch.setattr(house.round, "one_row", house.drain)
    in_one_go = Exploration(house, scenario).run(1)
    assert (row_by_row.failures, in_one_go.failures) == ([], [])
    assert row_by_row.schedules == in_one_go.schedules
    assert row_by_row.ends < in_one_go.ends, "what comes to the same behind the first row is one from there on"


@pytest.mark.parametrize("kinds", [(CRASH, "pause"), ("pause", "long pause, wakes amid")])
def test_a_pause_leaves_out_nothing_of_what_others_do_meanwhile(house: Theater, kinds: tuple[str, ...]) -> None:
    """Pauses within pauses, and deaths in them: as many by themselves as put together from what is known."""

    def only(_what: str, kind: str) -> bool:
        return kind in kinds

    plain = Exploration(house, BY_NAME["contract create"], plain=True, only=only).run(2)
    together = Exploration(house, BY_NAME["contract create"], only=only).run(2)
    assert (plain.failures, together.failures) == ([], [])
    assert plain.schedules == together.schedules
    assert plain.schedules[2] >= 50


@pytest.mark.parametrize(("name", "detail", "same"), [
    ("contract update", "GET", SAME_ON_READS),
    ("contract update", "PUT", SAME_ON_WRITES),
    ("performance create", "POST", SAME_ON_WRITES),
])  # fmt: skip
def test_faults_of_one_class_leave_the_same_state(house: Theater, name: str, detail: str, same: dict[str, str]) -> None:
    kinds = sorted({*same, *same.values()})
    left_by = house.left_by(BY_NAME[name], [Planned("call", detail, kind) for kind in kinds])
    for kind, representative in same.items():
        assert left_by[kind] == left_by[representative], f"{kind} is not the same as {representative}"
    assert len(set(left_by.values())) == len(set(same.values()))


def test_every_kind_of_fault_is_in_a_class_or_alone() -> None:
    assert set(SAME_ON_READS) | set(SAME_ON_READS.values()) <= set(ON_READS) < set(ON_WRITES)
    assert set(SAME_ON_WRITES) | set(SAME_ON_WRITES.values()) <= set(ON_WRITES)


def test_a_row_that_kills_its_worker_is_put_aside_and_the_one_behind_it_goes(house: Theater) -> None:
    seen: Counter[str] = Counter()
    scenario = BY_NAME["production cancel"]

    with branches.watching(seen):
        assert house.live(scenario, [Planned("call", "performances/11484906", CRASH, 8)], expect_quarantine) == []
    assert seen["quarantine"] == 1


def test_what_only_a_dead_worker_heard_nobody_can_heed(house: Theater) -> None:
    """And what it wrote down holds for all. Two workers: one is held up and goes on amid the other's work."""
    pause = "long pause, wakes amid"

    def play(*faults: tuple[int, str]) -> list[Event]:
        house.prepare(BY_NAME["contract update"])
        house.round.take_down = None
        with house.round.watching():
            return house.round.play(faults)

    turn = next(index for index, event in enumerate(play()) if event.what == "turn")
    # The first call is the other's, and in its middle the one that was held up makes the second.
    heard = [index for index, event in enumerate(play((turn, pause))) if event.what == "call"][1]
    told = play((turn, pause), (heard, "429 retry-after"))
    assert house.dip.seen == []
    assert house.dip.hold_until > house.clock.now()
    last = max(index for index, event in enumerate(told) if event.what == "commit")
    play((turn, pause), (heard, "429 retry-after"), (last, CRASH))
    assert house.dip.hold_until > house.clock.now(), "it was written down before the death"
    after = play((turn, pause), (heard, "429 retry-after"), (heard + 1, CRASH))
    assert after[heard + 1].what == "write"
    assert [event.what for event in after[heard + 2 :]].count("call") == 1
    assert house.dip.seen == []


def test_names_are_unique() -> None:
    assert len(BY_NAME) == len(SCENARIOS)
