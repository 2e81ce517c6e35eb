"""Rule 11 by random histories: equal stamps, late commits, clock skew; the mirror equals the remote. And the price:
the number of statements does not grow with the number of records."""

import copy
import datetime as dt
import os
import re
from collections import Counter
from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import product
from typing import Any

import pytest
from django.db import transaction
from django.utils import timezone

from dipportal.catalogue.models import Producer
from dipportal.contracts.models import Contract
from dipportal.dip import pull
from dipportal.dip.models import Connection, Operation
from dipportal.dip.values import stamp
from tests.dip.histories import STARTS, WEIGHTS, History, latest, random_history
from tests.dip.mirror_check import differences
from tests.dip.pulling import FakeDip, Statements, golden, pulled
from tests.dip.pushed import resources
from tests.dip.remote_world import RemoteWorld, Step
from tests.world import AMSTERDAM, World


@pytest.fixture(autouse=True)
def no_lag(settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 0


# --- random histories ----------------------------------------------------------------------------------------------
# So many in the suite; HISTORIES=10000 runs the long form, HISTORIES_SEED=… begins at another seed, and with `-n 2`
# two processes share the chunks.
CHUNK = 30
SEED = int(os.environ.get("HISTORIES_SEED", "1"))
CHUNKS = range(SEED, SEED + int(os.environ.get("HISTORIES", "60")), CHUNK)


class Book:
    """The portal of one world, in which one history after another is lived through and undone."""

    def __init__(self, world: World, connection: Connection, clock: pytest.MonkeyPatch) -> None:
        self.connection, self.clock = connection, clock
        Producer.objects.create(id=124, name="Producent Luwte", kind="Producent").providers.add(world.agency)
        own = [world.contract(status=status) for status in ("concept", "proposed")]
        Operation.objects.all().delete()
        loaded = resources()
        self.loaded = {
            "genres": [{"id": 4, "name": "Toneel"}],
            "producers": [{"id": one.pk, "name": one.name, "type": one.kind} for one in Producer.objects.all()],
            "theaters": loaded["theaters"],
            "productions": [one for one in loaded["productions"] if one["producer"]["id"] == 123],
            "performances": [one for one in loaded["performances"] if one["production"]["id"][6:9] == "123"],
            "own": [as_pushed(one) for one in own],
        }

    def differences(self, history: History, *, again: bool = True) -> list[str]:
        """Live through it, let what is late be committed, then one cycle, and the nightly pull.

        Returns what differs from DIP after each; with `again` also what one more cycle writes, for nothing changed.
        """
        with transaction.atomic():
            try:
                return [*self._lived(history), *(self._written_again() if again else ())]
            finally:
                transaction.set_rollback(True)

    def _lived(self, history: History) -> list[str]:
        remote = RemoteWorld(copy.deepcopy(self.loaded), start=history.start, zone=history.zone, skew=history.skew)
        self.clock.setattr(timezone, "now", lambda: remote.now)
        self.clock.setattr(pull, "Client", lambda connection: nullcontext(remote))
        for step in history.steps:
            if step.what.startswith("pull."):
                pulled(self.connection, step.what.removeprefix("pull."))
            else:
                remote.do(step)
        remote.now += dt.timedelta(minutes=latest(history.start))
        pulled(self.connection, "reference", "catalogue", "contracts")
        found = differences(remote, deletions=False)
        pulled(self.connection, "contracts-full")
        return found + differences(remote, deletions=True)

    def _written_again(self) -> list[str]:
        with Statements() as again:
            pulled(self.connection, "reference", "catalogue", "contracts-full")
        return [f"written though nothing changed: {sql[:200]}" for sql in again.writes]


def as_pushed(contract: Contract) -> dict[str, Any]:
    """Our agreement as DIP has it, once what was sent has been executed."""
    raw = golden("contracts")[0]
    plays = list(contract.performances.all())
    terms = {"theater_fee": 200, "consumption_fee": 0, "service_fee": 0, "wardrobe_fee": 0, "mantel_agreement": False}
    raw["properties"] |= {**terms, "remarks": contract.remarks, "settlement_pricing": [2600]}
    raw.update(
        name=f"[{contract.reference}]", childIds=[], status=contract.status,
        contact_theater=contract.contact_receiver, contact_producer=contract.contact_provider,
        theater={"id": contract.theater_id, "name": contract.theater.name},
        production={"id": contract.production.dip_id, "title": contract.production.title},
        performances=[{"number": one.number, "date": ""} for one in plays],
    )  # fmt: skip
    return raw


@pytest.fixture
def book(world: World, noord: Connection, monkeypatch: pytest.MonkeyPatch) -> Book:
    return Book(world, noord, monkeypatch)


def shortened(book: Book, history: History) -> History:
    """The same history without the steps that the difference does not need."""
    steps = list(history.steps)
    for index in reversed(range(len(steps))):
        fewer = replace(history, steps=(*steps[:index], *steps[index + 1 :]))
        if book.differences(fewer):
            del steps[index]
    return replace(history, steps=tuple(steps))


@pytest.mark.parametrize("first", CHUNKS)
def test_the_mirror_equals_the_remote_after_one_cycle(
    book: Book, first: int, record_property: Callable[[str, object], None]
) -> None:
    """Equal stamps, late commits, skew, deletions, renames, answers, versions; the nights of the changing clock."""
    seeds = range(first, min(first + CHUNK, CHUNKS.stop))
    record_property("histories", len(seeds))
    for seed in seeds:
        history = random_history(seed)
        if book.differences(history, again=seed % 4 == 0):
            short = shortened(book, history)
            pytest.fail(f"HISTORIES_SEED={seed}: {book.differences(short)}\n{short}")


@pytest.mark.parametrize("seed", [3170, 5068, 7114])
def test_a_version_that_comes_before_its_first_one_is_not_taken_for_ours(book: Book, seed: int) -> None:
    """Found among ten thousand: made in DIP of what was pushed from here, with our reference, and visible before it."""
    assert book.differences(random_history(seed)) == []


LATE = [("contract.new", 0, 140), ("contract.new", 30, 0), ("pull.contracts", 0, 0)]
EQUAL = [("contract.new", 0, 0), ("pull.contracts", 0, 0), ("contract.new", 0, 0), ("contract.changed", 0, 0)]


@pytest.mark.parametrize("story", [LATE, EQUAL], ids=["committed late", "one moment"])
def test_what_an_overlap_is_for(book: Book, story: list[Any], settings: Any) -> None:
    steps = tuple(Step(what, 0, 1, minutes, late) for what, minutes, late in story)
    history = History(STARTS[0], AMSTERDAM, 0, steps)
    assert book.differences(history) == []
    settings.DIP_OVERLAP = -dt.timedelta(seconds=2)
    assert book.differences(history), "and without it something is lost"


def test_the_histories_have_in_them_what_they_are_for() -> None:
    """Counted over those of the suite: each sort of step, lateness and zone, and both nights of the clock."""
    histories = [random_history(seed) for seed in range(1, 61)]
    often = Counter(step.what for history in histories for step in history.steps)
    assert min(often[what] for what in WEIGHTS) >= 3
    assert {(history.start, history.zone) for history in histories} == set(product(STARTS, (AMSTERDAM, dt.UTC)))
    assert {history.skew for history in histories} == {-120, 0, 45}
    assert {step.late for history in histories for step in history.steps} == {0, 20, 85, 140}


# --- the number of statements --------------------------------------------------------------------------------------
def shapes(seen: Statements) -> Counter[str]:
    """Statements without their values; a write counts once however many chunks it takes."""
    found: Counter[str] = Counter()
    for one in seen.captured_queries:
        if "SAVEPOINT" in one["sql"]:
            continue
        sql = re.sub(r"IN \([^()]*\)", "IN (…)", one["sql"])
        if sql.startswith(("INSERT", "UPDATE")):
            found[" ".join(sql.split()[:4])] = 1
        else:
            found[re.sub(r"'[^']*'|\b\d+\b", "…", sql.split(" WHERE ")[0])] += 1
    return found


@pytest.mark.parametrize("kind", ["contracts", "catalogue"])
def test_the_number_of_statements_does_not_grow(world: World, noord: Connection, fake: FakeDip, kind: str) -> None:
    counted = {}
    for size in (10, 200):
        with transaction.atomic():
            fill(fake, world, size)
            with Statements() as first:
                pulled(noord, kind)
            with Statements() as again:
                pulled(noord, kind)
            alter(fake, world)
            with Statements() as changed:
                pulled(noord, kind)
            counted[size] = [shapes(one) for one in (first, again, changed)]
            assert again.writes == []
            transaction.set_rollback(True)
    for few, many in zip(counted[10], counted[200], strict=True):
        assert few - many == Counter()
        assert many - few == Counter()


def fill(fake: FakeDip, world: World, size: int) -> None:
    fake.contracts = []
    production, play = golden("productions")[0], golden("performances")[0]
    fake.productions[123] = [{**production, "id": "NL-26-123-00001", "title": "Lang"}]
    of_it = {"id": "NL-26-123-00001", "title": "Lang"}
    fake.performances["NL-26-123-00001"] = [
        {**play, "id": 40000000 + number, "number": 40000000 + number, "production": of_it} for number in range(size)
    ]
    for number in range(1, size + 1):
        fake.contract(number, childIds=[number + 1] if number % 2 else [], parentId=0 if number % 2 else number - 1)


def alter(fake: FakeDip, world: World) -> None:
    """Every concept and every performance changes in DIP."""
    for raw in fake.contracts:
        raw["properties"] = {**raw["properties"], "theater_fee": 999}
        raw["modified"] = stamp(timezone.now())
    for plays in fake.performances.values():
        for play in plays:
            play["amount_rank1"] = 77


def test_a_pull_of_thousands_asks_a_few_hundred_times(world: World, noord: Connection, fake: FakeDip) -> None:
    """2,000 agreements at first sight and once more: by the hundred, not one by one (SQLite takes so many a time)."""
    fill(fake, world, 2000)
    with Statements() as first:
        assert pull.run(noord, "contracts").counts["new"] == 2000
    assert len(first.captured_queries) < 400
    with Statements() as again:
        pulled(noord, "contracts-full")
    assert len(again.captured_queries) < 40
