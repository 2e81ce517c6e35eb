"""Random histories: several operations, two or three workers step by step in turns, pulls in between, faults by chance.

Everything follows from the seed: who goes on, what fails, when somebody edits. `make faults SEED=…` plays one again.
"""

import random
from collections.abc import Callable

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip import pull
from dipportal.dip.models import Connection, Operation, RunKind
from dipportal.dip.pushing import LEAVES_WITHIN
from dipportal.outbox.models import WORKABLE
from tests.faults.engine import Round, Worker
from tests.faults.explore import MOST_ROUNDS, Theater
from tests.faults.judge import Violation, judge
from tests.faults.scenarios import Prepared, Stage, Want, created, shows_status

FAULTS = 4
CHANCE = 0.06
AGREEMENTS = 3


class History:
    """One seed, one history."""

    def __init__(self, house: Theater, seed: int) -> None:
        self.house, self.seed = house, seed
        self.chance = random.Random(seed)
        self.left = FAULTS
        self.log: list[str] = []

    def play(self) -> list[Violation]:
        """What was wrong at the end; nothing is lost, doubled, stuck, or taken for somebody else's."""
        house = self.house
        prepared = house.prepare_with(self._ask)
        house.round.take_down, house.round.plan = None, []
        house.round.choose = self._fault
        house.dip.grace = LEAVES_WITHIN.total_seconds()
        try:
            with house.round.watching():
                for _turn in range(MOST_ROUNDS):
                    self._turn(house.round)
                    if not house.pass_time():
                        break
        finally:
            house.round.choose = None
            house.dip.grace = 0.0
        found = judge(house.dip, prepared)
        if Operation.objects.filter(state__in=WORKABLE).exists():
            found.append(Violation("stuck", "still under way"))
        if Contract.objects.count() != AGREEMENTS:
            found.append(Violation("doubled", f"{Contract.objects.count()} agreements here, {AGREEMENTS} were made"))
        return found

    def _ask(self, stage: Stage) -> Prepared:
        """Agreements, some of them proposed at once: two keys and more, one row behind the other."""
        wanted: list[Want] = []
        made: list[tuple[Contract, Want]] = []
        checks = []
        for performance in stage.world.performances[:AGREEMENTS]:
            contract = stage.world.contract(performances=[performance])
            want = created(contract)
            wanted.append(want)
            made.append((contract, want))
            proposed = self.chance.random() < 0.5
            if proposed:
                actions.propose(contract, actor=stage.editor)
            checks.append(shows_status(contract, "proposed" if proposed else "concept"))
        proposals = Operation.objects.filter(kind="contract.propose").count()
        linked = lambda: [(Contract.objects.get(pk=one.pk).dip_id, want) for one, want in made]  # noqa: E731
        return Prepared(
            wanted, linked, lambda dip: [fault for check in checks for fault in check(dip)], proposals=proposals
        )

    def _fault(self, _what: str, _detail: str, kinds: tuple[str, ...]) -> str:
        """By chance, and never a pause: the turns of the workers are the pauses."""
        possible = [kind for kind in kinds if "pause" not in kind]
        if not possible or not self.left or self.chance.random() > CHANCE:
            return ""
        self.left -= 1
        return self.chance.choice(possible)

    def _turn(self, rounds: Round) -> None:
        """Workers and perhaps a pull, each going on by chance from one step to the next until all have ended."""
        rounds.events, rounds.schedule = [], {}
        rounds.workers.clear()
        bodies: list[Callable[[], None]] = [self.house.drain] * self.chance.choice([2, 3])
        if self.chance.random() < 0.4:
            bodies.append(self._pull)
        rounds.stepwise = True
        alive = [Worker(body) for body in bodies]
        rounds.workers.update({worker.run: worker for worker in alive})
        try:
            while alive:
                worker = self.chance.choice(alive)
                worker.run.switch()
                if worker.run.dead:
                    alive.remove(worker)
                    if worker.dead:
                        self.house.database.cut()
                self.house.clock.pass_by(self.chance.choice([0.0, 0.0, 0.01, 1.0]))
        finally:
            rounds.stepwise = False

    def _pull(self) -> None:
        kind = self.chance.choice([RunKind.CONTRACTS, RunKind.CONTRACTS_FULL])
        pull.run(Connection.objects.get(), kind)
