"""All schedules: at every step that is reached, every fault that can happen there, up to so many in one life.

The life of an operation is a row of rounds (a worker drains, then time passes until something is due). A schedule puts
its faults into these rounds. Schedules that come to the same moment (states.digest) have the same continuations; these
are run once and counted for each. `plain=True` runs every schedule by itself, to show that this changes nothing.
"""

import datetime as dt
import hashlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

from django.db.models import Min, Q
from django.utils import timezone

from dipportal.dip.models import Operation
from dipportal.dip.push import work
from dipportal.notifications import delivery
from dipportal.outbox.drain import drain
from dipportal.outbox.models import CLOSED, WORKABLE, OutboxRow
from tests.faults import branches, portal, states
from tests.faults.clock import Clock, virtual
from tests.faults.dip import Dip, Saved, nothing
from tests.faults.engine import CRASH, PAUSES, Endless, Event, Meanwhile, Planned, Round, Schedule
from tests.faults.judge import Violation, judge, persons
from tests.faults.scenarios import Prepared, Scenario, Stage, stage

# More rounds than any honest life with three faults has.
MOST_ROUNDS = 60
# A call leaves right behind its intent.
INTENT = dt.timedelta(seconds=30)
# SQLite's, as it comes.
PAGE = 4096
Path = tuple[Schedule, ...]
Marks = dict[tuple[str, str, Any], Any]


@dataclass(frozen=True)
class Moment:
    """Everything there is between two rounds."""

    database: bytes
    dip: Saved
    at: float
    ahead: tuple[Any, ...]
    seen: tuple[str, ...]


@dataclass(frozen=True)
class Kept:
    """A moment in the pages of its two databases, of which most are those of other moments too."""

    rest: Moment
    database: tuple[bytes, ...]
    store: tuple[bytes, ...]

    def moment(self) -> Moment:
        dip = replace(self.rest.dip, store=b"".join(self.store))
        return replace(self.rest, database=b"".join(self.database), dip=dip)


class Shelf:
    """Keeps tens of thousands of moments of a megabyte each: what they have in common is there once."""

    def __init__(self) -> None:
        self._pages: dict[bytes, bytes] = {}

    def keep(self, moment: Moment) -> Kept:
        bare = replace(moment, database=b"", dip=replace(moment.dip, store=b""))
        return Kept(bare, self._in_pages(moment.database), self._in_pages(moment.dip.store))

    def _in_pages(self, content: bytes) -> tuple[bytes, ...]:
        pages = (content[at : at + PAGE] for at in range(0, len(content), PAGE))
        return tuple(self._pages.setdefault(page, page) for page in pages)


@dataclass(frozen=True)
class Failure:
    scenario: str
    path: Path
    violations: tuple[Violation, ...]

    def __str__(self) -> str:
        steps = [(number, step, kind) for number, one in enumerate(self.path) for step, kind in one]
        faults = "; ".join(f"round {number}, step {step}: {kind}" for number, step, kind in steps)
        return f"{self.scenario} [{faults or 'no fault'}] → {'; '.join(str(one) for one in self.violations)}"


@dataclass
class Figures:
    """`schedules` by number of faults: how many there are. `rounds` and `ends` were run."""

    schedules: Counter[int] = field(default_factory=Counter)
    rounds: int = 0
    ends: int = 0
    persons: int = 0
    failures: list[Failure] = field(default_factory=list)
    branches: Counter[str] = field(default_factory=Counter)

    @property
    def total(self) -> int:
        return sum(self.schedules.values())

    @property
    def violations(self) -> Counter[str]:
        return Counter(one.sort for failure in self.failures for one in failure.violations)

    def told(self) -> str:
        by_number = ", ".join(f"{times:,} of {number}" for number, times in sorted(self.schedules.items()))
        return (
            f"{self.total:,} schedules ({by_number} faults), {self.rounds:,} rounds played, {self.ends:,} ends judged, "
            f"{self.persons:,} of them with a person; {len(self.failures)} with a violation"
        )

    def add(self, other: "Figures") -> None:
        self.schedules.update(other.schedules)
        self.branches.update(other.branches)
        self.rounds += other.rounds
        self.ends += other.ends
        self.persons += other.persons
        self.failures.extend(other.failures)


class Theater:
    """Clock, portal and DIP in one process, ready for scenarios."""

    def __init__(self, database: portal.Database, clock: Clock, dip: Dip) -> None:
        self.database, self.clock, self.dip = database, clock, dip
        self.model: type[OutboxRow] = Operation
        self.round = Round(clock, dip, database, self.drain, self.drain_one)
        self.empty = self.save()

    def save(self) -> Moment:
        return Moment(portal.save(), self.dip.save(), self.clock.at, tuple(self.clock.ahead), tuple(self.dip.seen))

    def restore(self, moment: Moment | Kept) -> None:
        if isinstance(moment, Kept):
            moment = moment.moment()
        self.database.cut()
        portal.restore(moment.database)
        self.dip.restore(moment.dip)
        self.clock.set(moment.at, moment.ahead)
        self.dip.seen = list(moment.seen)

    def prepare(self, scenario: Scenario) -> Prepared:
        return self.prepare_with(scenario.prepare, scenario.model)

    def prepare_with(self, ask: Callable[[Stage], Prepared], model: type[OutboxRow] = Operation) -> Prepared:
        """From the empty world to the moment when everything has been asked for and nothing has left."""
        self.restore(self.empty)
        self.model, self.dip.meanwhile = Operation, nothing
        scene: Stage = stage(self.dip, self.settle)
        # The first log-in belongs to one scenario only; the others begin with a token.
        self.log_in()
        prepared = ask(scene)
        self.model = model
        prepared.since = max([write["seq"] for write in self.dip.writes()], default=0)
        self.dip.intended = intended
        return prepared

    def live(
        self, scenario: Scenario, plan: Sequence[Planned], change: Callable[[Prepared], None] | None = None
    ) -> list[Violation]:
        """One life with these faults. Returns what was wrong at its end; a plan that was not used up is wrong too."""
        prepared = self.prepare(scenario)
        if change is not None:
            change(prepared)
        self.round.take_down, self.round.plan = None, list(plan)
        with self.round.watching():
            for _round in range(MOST_ROUNDS):
                self.round.play(())
                if not self.pass_time():
                    unused = [Violation("wrong", f"never came to {one}") for one in self.round.plan]
                    return [*judge(self.dip, prepared), *unused]
        return [Violation("stuck", f"still under way after {MOST_ROUNDS} rounds")]

    def left_by(self, scenario: Scenario, faults: Sequence[Planned]) -> dict[str, str]:
        """By kind of fault the digest of what it, alone in the first round, leaves behind."""
        self.prepare(scenario)
        begin, found = self.save(), {}
        for fault in faults:
            self.restore(begin)
            self.round.take_down, self.round.plan = None, [fault]
            with self.round.watching():
                self.round.play(())
            assert not self.round.plan, f"never came to {fault}"
            found[fault.kind] = states.digest(self.clock, self.dip, left=2)
        return found

    def drain(self) -> None:
        """What a worker does that was woken, or by the sweep."""
        if self.model is Operation:
            drain(Operation, work)
        else:
            delivery.drain_due()

    def drain_one(self) -> None:
        """What such a worker does until it is through with one row, or with one handful of mails.

        It takes nothing of that row along to the next one but the number of seconds after which it ends, and a pause
        is longer than that: so the rest of its work is as well done by the worker of the next round, and schedules
        that come to the same behind one row are one from there on.
        """
        if self.model is Operation:
            drain(Operation, work, limit=1)
        else:
            delivery.drain_due()

    def log_in(self) -> None:
        from dipportal.dip.client import Client
        from dipportal.dip.models import Connection

        with Client(Connection.objects.get()) as client:
            client.ready()

    def settle(self) -> None:
        """Without faults, until nothing is under way; what follows counts from here."""
        for _round in range(MOST_ROUNDS):
            self.drain()
            if not self.pass_time():
                # Long enough ago for DIP's reads to show it.
                self.clock.pass_by(600)
                return
        raise AssertionError("the preparation does not come to an end")

    def pass_time(self) -> bool:
        """Until the next row is due, or its lease over. False when nothing is under way, here or in DIP."""
        # Of a key only the first row that is not closed can be taken up.
        open_rows = self.model._default_manager.exclude(state__in=CLOSED)
        first = open_rows.exclude(key="").values("key").annotate(first=Min("pk")).values("first")
        rows = open_rows.filter(Q(pk__in=first) | Q(key=""), state__in=WORKABLE).values_list("due_at", "claimed_until")
        moments = [max(due, until).timestamp() if until else due.timestamp() for due, until in rows]
        if not moments:
            while self.clock.next_at is not None:
                self.clock.pass_by(self.clock.next_at - self.clock.at)
            return False
        # A sweep comes when it comes, not to the microsecond.
        self.clock.pass_by(max(0.0, min(moments) - self.clock.at) + 0.001)
        return True


@contextmanager
def theater() -> Iterator[Theater]:
    clock = Clock()
    with ExitStack() as stack:
        stack.enter_context(portal.settled_surroundings())
        database = stack.enter_context(portal.in_memory())
        stack.enter_context(virtual(clock))
        dip = Dip(clock)
        stack.enter_context(dip.reachable())
        stack.enter_context(portal.silence())
        yield Theater(database, clock, dip)


@dataclass
class End:
    """Where one worker's work can come to, by an example of how, and in how many ways by their number of faults."""

    moment: Kept
    how: Schedule
    ways: Counter[int]


class Exploration:
    def __init__(
        self, house: Theater, scenario: Scenario, *, plain: bool = False, most_failures: int = 5,
        only: Callable[[str, str], bool] = lambda _what, _kind: True,
    ) -> None:  # fmt: skip
        self.house, self.scenario, self.plain, self.only = house, scenario, plain, only
        self.most_failures = most_failures
        self.figures = Figures()
        self.most = 0
        self._known: dict[tuple[int, str], Counter[int]] = {}
        self._ends_known: dict[tuple[int, str], list[End]] = {}
        self._shelf = Shelf()

    def run(self, faults: int) -> Figures:
        house = self.house
        self.most = faults
        self.prepared = house.prepare(self.scenario)
        house.round.put_back = house.restore
        with house.round.watching(), branches.watching(self.figures.branches):
            self.figures.schedules = self._from_here(faults, ())
        house.round.take_down, house.round.beginning = None, ""
        return self.figures

    @property
    def enough(self) -> bool:
        return len(self.figures.failures) >= self.most_failures

    def _from_here(self, left: int, path: Path) -> Counter[int]:
        """How many schedules there are from this moment on, by their number of faults; all are run or known."""
        if self.enough:
            return Counter()
        if not self.plain:
            # What is known for more faults is known for fewer.
            for more in range(left, self.most + 1):
                known = self._known.get((more, states.digest(self.house.clock, self.house.dip, left=more)))
                if known is not None:
                    return _up_to(left, known)
        key = (left, states.digest(self.house.clock, self.house.dip, left=left))
        found: Counter[int] = Counter()
        for end in self._ends(left, path):
            fewest = min(end.ways)
            self.house.restore(end.moment)
            follows = self._follow(left - fewest, (*path, end.how))
            found.update(_times(end.ways, follows, left))
        if not self.enough:
            self._known[key] = found
        return found

    def _ends(self, left: int, path: Path, *, amid: bool = False) -> list[End]:
        """All that one worker's work, from this moment on, can come to; those with the fewest faults first.

        `amid`: another worker is held up meanwhile; what it may compare when it goes on is not taken together.
        """
        begin = self.house.save()
        beginning = exactly(begin)
        before = states.marks() if amid else None
        ends: dict[object, End] = {}

        def keep(moment: Moment, how: Schedule, ways: Counter[int]) -> None:
            key = object() if self.plain else self._same(left, before)
            end = ends.get(key)
            if end is None:
                end = ends[key] = End(self._shelf.keep(moment), how, Counter())
            end.ways.update(ways)

        waiting: list[tuple[Schedule, Counter[int]]] = [((), Counter({0: 1}))]
        while waiting and not self.enough:
            schedule, ways = waiting.pop()
            further = Counter({number + 1: times for number, times in ways.items() if number < left})
            self.house.restore(begin)
            self.house.round.beginning = beginning
            self.house.round.take_down = self.house.save if further and not self.plain else None
            events = self._play(schedule, path, first=not amid)
            if events is None:
                continue
            passing = dict(self.house.round.passing)
            keep(self.house.save(), schedule, ways)
            for longer, times in self._longer(schedule, events) if further else ():
                index, kind = longer[-1]
                assert isinstance(kind, str)
                many = Counter({number: count * times for number, count in further.items()})
                if kind == CRASH and index in passing:
                    self.house.restore(passing[index])
                    keep(passing[index], longer, many)
                elif kind in PAUSES and not kind.endswith("amid") and index in passing:
                    waiting.extend(self._paused(longer, passing[index], many, left, path))
                else:
                    waiting.append((longer, many))
        return sorted(ends.values(), key=lambda end: min(end.ways))

    def _paused(
        self, schedule: Schedule, before: Moment, ways: Counter[int], left: int, path: Path
    ) -> Iterator[tuple[Schedule, Counter[int]]]:
        """This schedule, which ends with a pause, with each thing that another worker may have come to meanwhile."""
        house = self.house
        *until, (index, kind) = schedule
        assert isinstance(kind, str)
        house.restore(before)
        house.clock.pass_by(PAUSES[kind])
        for end in self._others(left - min(ways), house.save(), (*path, schedule)):
            both = _times(ways, end.ways, left)
            if both:
                told = "; ".join(f"step {step}: {one}" for step, one in end.how)
                yield (*until, (index, Meanwhile(kind, told, end.moment))), both

    def _others(self, left: int, now: Moment, path: Path) -> list[End]:
        as_it_is = exactly(now)
        for more in range(left, self.most + 1):
            known = self._ends_known.get((more, as_it_is))
            if known is not None:
                return [End(end.moment, end.how, ways) for end in known if (ways := _up_to(left, end.ways))]
        self.house.restore(now)
        found = self._ends(left, path, amid=True)
        if not self.enough:
            self._ends_known[left, as_it_is] = found
        return found

    def _same(self, left: int, before: Marks | None) -> object:
        """By what two moments are the same: for who begins anew, and, after a pause, for who goes on as well."""
        digest = states.digest(self.house.clock, self.house.dip, left=left)
        return digest if before is None else (digest, self.house.clock.at, states.against(before))

    def _longer(self, schedule: Schedule, events: list[Event]) -> Iterator[tuple[Schedule, int]]:
        """This schedule with one more fault behind its last one, and how many schedules that stands for."""
        after = schedule[-1][0] if schedule else -1
        for index in range(after + 1, len(events)):
            event = events[index]
            kinds = dict.fromkeys(event.kinds, 1) if self.plain else event.classes()
            for kind, times in kinds.items():
                if self.only(event.what, kind):
                    yield (*schedule, (index, kind)), times

    def _play(self, schedule: Schedule, path: Path, *, first: bool) -> list[Event] | None:
        self.figures.rounds += 1
        try:
            return self.house.round.play(schedule, first=first)
        except Endless as error:
            self._fail((*path, schedule), [Violation("stuck", str(error))])
        return None

    def _follow(self, left: int, path: Path) -> Counter[int]:
        if len(path) > MOST_ROUNDS:
            self._fail(path, [Violation("stuck", f"still under way after {MOST_ROUNDS} rounds")])
            return Counter({0: 1})
        if self.house.pass_time():
            return self._from_here(left, path)
        self.figures.ends += 1
        self.figures.persons += persons(self.house.model)
        self._fail(path, judge(self.house.dip, self.prepared))
        return Counter({0: 1})

    def _fail(self, path: Path, violations: list[Violation]) -> None:
        if violations:
            self.figures.failures.append(Failure(self.scenario.name, path, tuple(violations)))


def exactly(moment: Moment) -> str:
    """Two moments with the same one are the same to the last bit."""
    found = hashlib.sha256(moment.database)
    found.update(moment.dip.store)
    rest = (moment.dip.stale, moment.dip.post, moment.dip.hold_until, moment.at, moment.ahead, moment.seen)
    found.update(repr(rest).encode())
    return found.hexdigest()


def _times(ways: Counter[int], follows: Counter[int], most: int) -> Counter[int]:
    """Each of these with each of those, by the faults of both together, up to so many."""
    found: Counter[int] = Counter()
    for number, times in ways.items():
        for more, count in follows.items():
            if number + more <= most:
                found[number + more] += times * count
    return found


def _up_to(most: int, ways: Counter[int]) -> Counter[int]:
    return Counter({number: times for number, times in ways.items() if number <= most})


def intended(_method: str, _path: str) -> bool:
    """Is there a row whose intent was committed just now? An older one does not speak for this call."""
    return Operation.objects.filter(sent_at__gte=timezone.now() - INTENT).exists()
