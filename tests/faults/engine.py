"""One round of work with faults at chosen steps: workers that crash, pause and wake up, deterministically.

A worker is a greenlet, so that it can be stopped in the middle of its work and go on later. Every step at which
something can go wrong is an event with a number; a schedule names events and what happens there. A crash is a death:
from then on not a single write and not a single call of that worker goes through.
"""

import secrets
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest import mock

from greenlet import getcurrent, greenlet

from tests.faults.clock import Clock
from tests.faults.dip import ON_READS, ON_WRITES, SAME_ON_READS, SAME_ON_WRITES, Dip
from tests.faults.portal import Database

CRASH = "crash"
# A pause ends when the lease is over and others have worked, long after, or in the middle of somebody else's work.
PAUSES = {"pause": 151.0, "long pause": 600.0, "long pause, wakes amid": 600.0}
# Within the lease, when others find nothing to take: no fault, as long as a lease is a lease.
LENGTHS = {**PAUSES, "brief pause": 5.0}


@dataclass(frozen=True)
class Meanwhile:
    """A pause in which another worker did what is known already: everything is put as it was after that."""

    kind: str
    told: str
    after: Any

    def __str__(self) -> str:
        return f"{self.kind}, meanwhile another one: {self.told or 'no fault'}"


Schedule = tuple[tuple[int, str | Meanwhile], ...]


class Crash(BaseException):
    """The worker is gone. Nothing of it may be heard any more."""


class Endless(AssertionError):
    """A worker that never comes to an end."""


@dataclass
class Event:
    """`what` is write, begin, commit, turn, call or mail; `kinds` are the faults that can happen here."""

    what: str
    detail: str
    kinds: tuple[str, ...]

    @property
    def reads(self) -> bool:
        return self.detail.startswith("GET") or self.detail.endswith("/token")

    def classes(self) -> dict[str, int]:
        """One kind of each class of faults that come to the same, and how many it stands for."""
        if self.what != "call":
            return dict.fromkeys(self.kinds, 1)
        same = SAME_ON_READS if self.reads else SAME_ON_WRITES
        return dict(Counter(same.get(kind, kind) for kind in self.kinds))


@dataclass(frozen=True)
class Planned:
    """A fault at the next step of this sort whose detail has these words, so many times."""

    what: str
    detail: str
    kind: str
    times: int = 1


@dataclass
class Worker:
    body: Callable[[], None]
    dead: bool = False
    midway: bool = False
    # While it looks for work it holds nothing: to pause then is to come later, which is no fault.
    looking: bool = False
    run: greenlet = field(init=False)

    def __post_init__(self) -> None:
        self.run = greenlet(self._live)

    def _live(self) -> str:
        try:
            self.body()
        except Crash:
            return "dead"
        return "done"


class Round:
    """Runs workers under a schedule and notes the events, in their order."""

    most_events = 2000

    def __init__(
        self, clock: Clock, dip: Dip, database: Database, body: Callable[[], None], one_row: Callable[[], None]
    ) -> None:
        """`body` is what a worker does that begins while another one is held up. The first one of a round does
        `one_row`: it takes nothing along to its next row, which therefore is the next round's (Theater.drain_one)."""
        self.clock, self.dip, self.database, self.body, self.one_row = clock, dip, database, body, one_row
        self.events: list[Event] = []
        self.schedule: Mapping[int, str | Meanwhile] = {}
        self.workers: dict[Any, Worker] = {}
        self.begun: int | None = None
        self.last_fault = -1
        # What there is before a step, by step, taken down in passing when somebody gives a way to do so and no other
        # worker is under way. A crash leaves just that, and another worker begins with it during a pause: so neither
        # need be played. `put_back` makes everything so again, for a pause whose other worker is known.
        self.take_down: Callable[[], Any] | None = None
        self.put_back: Callable[[Any], None] | None = None
        # Faults by what happens instead of by number, over all rounds: each comes at the first step that it fits.
        self.plan: list[Planned] = []
        # Faults by chance, and workers that hand over at each step: for random histories.
        self.choose: Callable[[str, str, tuple[str, ...]], str] | None = None
        self.stepwise = False
        self.passing: dict[int, Any] = {}
        self._before_transaction: Any = None
        # From the same beginning the same steps give the same marks of leases, so that what was taken down in one life
        # fits the other; from another beginning they give others.
        self.beginning = ""
        self._marks = 0

    # --- running
    def play(self, schedule: Schedule, *, first: bool = True) -> list[Event]:
        """`first`: no other worker is held up since before this round."""
        self.events, self.schedule, self.begun = [], dict(schedule), None
        self.last_fault = max(self.schedule, default=-1)
        self.passing = {}
        self._before_transaction = None
        if self.beginning:
            self._marks = 0
        self.workers.clear()
        self._run(Worker(self.one_row if first else self.body))
        return self.events

    def _run(self, worker: Worker) -> None:
        self.workers[worker.run] = worker
        behind: list[Worker] = []
        said = worker.run.switch()
        while not worker.run.dead:
            kind = str(said)
            other = self._meanwhile(kind)
            if other is not None:
                behind.append(other)
            said = worker.run.switch()
        self._bury(worker)
        for other in behind:
            self._finish(other)

    def _meanwhile(self, kind: str) -> Worker | None:
        """What happens while a worker is held up. Returns another one that is in the middle of its work."""
        if self._known_meanwhile(kind):
            return None
        other = Worker(self.body, midway=kind.endswith("amid"))
        if other.midway:
            self._until_midway(other)
            return other
        self._run(other)
        return None

    def _known_meanwhile(self, kind: str) -> bool:
        known = self.schedule.get(len(self.events) - 1)
        self.clock.pass_by(LENGTHS[kind])
        if not isinstance(known, Meanwhile):
            return False
        assert self.put_back is not None
        self.put_back(known.after)
        return True

    def _until_midway(self, worker: Worker) -> None:
        """Until its first call is over. (A pause of its own on the way is passed over: it is being held anyway.)"""
        self.workers[worker.run] = worker
        said = worker.run.switch()
        while not worker.run.dead and said != "midway":
            said = worker.run.switch()

    def _finish(self, worker: Worker) -> None:
        while not worker.run.dead:
            said = worker.run.switch()
            if said in LENGTHS and not self._known_meanwhile(str(said)):
                self._run(Worker(self.body))
        self._bury(worker)

    def _bury(self, worker: Worker) -> None:
        if worker.dead:
            self.database.cut()

    # --- events
    @property
    def worker(self) -> Worker | None:
        return self.workers.get(getcurrent())

    def happen(self, what: str, detail: str, kinds: tuple[str, ...]) -> str:
        """An event of the worker that is running now. Returns the fault that the caller has to bring about."""
        worker = self.worker
        if worker is None:
            return ""
        if worker.dead:
            raise Crash
        if len(self.events) >= self.most_events:
            raise Endless(f"more than {self.most_events} steps")
        if self.stepwise and what != "commit":
            # Not inside a transaction: there others wait for it.
            self.hub_switch("step")
        asked = self.schedule.get(len(self.events), "")
        kind = asked.kind if isinstance(asked, Meanwhile) else asked or self._planned(what, detail)
        if self.choose is not None:
            kind = self.choose(what, detail, kinds)
        if self.take_down and len(self.events) > self.last_fault and self._alone():
            self.passing[len(self.events)] = self._before_transaction if what == "commit" else self.take_down()
        self.events.append(Event(what, detail, kinds))
        if kind == CRASH:
            worker.dead = True
            self.dip.silenced(worker.run)
            self.database.cut()
            raise Crash
        if what in ("write", "commit"):
            self.dip.said(worker.run)
        if kind in LENGTHS:
            self.hub_switch(kind)
            return ""
        return kind

    def _planned(self, what: str, detail: str) -> str:
        if not self.plan or self.plan[0].what != what or self.plan[0].detail not in detail:
            return ""
        first = self.plan[0]
        self.plan[0] = replace(first, times=first.times - 1)
        if first.times == 1:
            self.plan.pop(0)
        return first.kind

    def _alone(self) -> bool:
        return sum(not run.dead for run in self.workers) == 1

    def hub_switch(self, said: str) -> None:
        run = getcurrent()
        assert run.parent is not None
        run.parent.switch(said)

    # --- where events come from
    def on_database(self, what: str, detail: str) -> None:
        pauses = tuple(PAUSES)
        if what == "write":
            self.happen(what, detail, (CRASH, *pauses))
        elif what == "begin":
            # Only a pause before a transaction that will write means anything: known once it has written.
            worker = self.worker
            self.begun = len(self.events) if worker and not worker.looking else None
            self.happen(what, detail, ())
            passed = self.passing.get(len(self.events) - 1)
            self._before_transaction = passed or (self.take_down() if self.take_down and worker else None)
        elif what == "commit":
            if self.begun is not None:
                self.events[self.begun].kinds = pauses
                self.begun = None
            self.happen(what, detail, (CRASH,))

    def before_call(self, method: str, path: str) -> str:
        reads = method == "GET" or path == "/token"
        return self.happen("call", f"{method} {path}", (CRASH, *(ON_READS if reads else ON_WRITES)))

    def before_mail(self, step: str, kinds: tuple[str, ...]) -> str:
        return self.happen("mail", step, (CRASH, *PAUSES, *kinds))

    def after_call(self) -> None:
        worker = self.worker
        if worker is not None and worker.midway:
            worker.midway = False
            self.hub_switch("midway")

    @contextmanager
    def watching(self) -> Iterator[None]:
        from dipportal.dip.client import Client
        from dipportal.outbox import drain

        exchange, claim = Client._exchange, drain.claim

        def mark(_length: int) -> str:
            self._marks += 1
            return f"{self.beginning}-{self._marks}"

        def looking(model: Any) -> Any:
            worker = self.worker
            if worker is None:
                return claim(model)
            worker.looking = True
            try:
                return claim(model)
            finally:
                worker.looking = False

        def paused(client: Any, method: str, path: str, **more: Any) -> Any:
            self.happen("turn", f"{method} {path}", tuple(PAUSES))
            return exchange(client, method, path, **more)

        with ExitStack() as stack:
            stack.enter_context(mock.patch.object(secrets, "token_urlsafe", mark))
            stack.enter_context(mock.patch.object(Client, "_exchange", paused))
            stack.enter_context(mock.patch.object(drain, "claim", looking))
            stack.enter_context(mock.patch.object(self.database, "watch", self.on_database))
            stack.enter_context(mock.patch.object(self.dip, "before", self.before_call))
            stack.enter_context(mock.patch.object(self.dip, "after", self.after_call))
            stack.enter_context(mock.patch.object(self.dip.post, "before", self.before_mail))
            yield
