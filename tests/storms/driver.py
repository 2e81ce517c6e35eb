"""A process that enters work through the real actions: `python -m tests.storms.driver VERB …`.

build           people, theaters, producers and productions that DIP knows; prints what the sandbox has to know
switch WORD     'on' or 'off': do the members of the theater want mail beside the contact of an agreement
work JSON       enters so many requests, a few in each transaction, never far ahead of the workers
mails JSON      enters proposals, for their mails
verdict FILE    which of the transactions with an unknown end are there: wholly, not at all, or in part
"""

import json
import random
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import django

from tests.storms.book import COMMITTED, UNKNOWN, Book, Request

if TYPE_CHECKING:
    from tests.world import World

PRODUCERS = (123, 124, 125)
KNOWN_PRODUCTIONS, EVENINGS = 34, 12
MOST_VERSIONS = 3


def build() -> dict[str, list[Any]]:
    """Productions that DIP knows already, so that not everything waits for a number."""
    from dipportal.catalogue.models import Performance, Producer, Production
    from dipportal.dip import connections
    from dipportal.organisations.models import User
    from tests.dip.pushed import CLIENT_ID, SECRET, resources
    from tests.world import build as build_world
    from tests.world import evening, season

    world = build_world()
    # The mails that are counted are those about proposals.
    User.objects.update(mail_counts=False)
    for number in PRODUCERS[1:]:
        producer = Producer.objects.create(id=number, name=f"Producent {number}", kind="Producent")
        producer.providers.add(world.agency)
    for index in range(KNOWN_PRODUCTIONS):
        production = Production.objects.create(
            dip_id=f"NL-26-{PRODUCERS[index % 3]}-9{index:06d}", title=f"Bekend {index}", season=season(),
            genre=world.genre, producer_id=PRODUCERS[index % 3],
        )  # fmt: skip
        Performance.objects.bulk_create(
            Performance(
                number=12_000_000 + index * EVENINGS + one, production=production, theater=world.theater,
                hall=world.hall, starts_at=evening(40 + index, 14, one * 5), capacity=[300],
            )
            for one in range(EVENINGS)
        )  # fmt: skip
    connections.save_connection(world.agency, client_id=CLIENT_ID, secret=SECRET, actor=world.actors["agency_manager"])
    return resources()


def switch(word: str) -> dict[str, int]:
    from dipportal.organisations.models import User

    return {"changed": User.objects.update(mail_proposals=word == "on")}


@dataclass
class Thing:
    """An object as the driver last knew it. `lost`: it was in a transaction of which it does not know the end, so it
    is left alone."""

    kind: str
    pk: int
    name: str
    parent: "Thing | None" = None
    version: int = 1
    children: int = 0
    proposed: bool = False
    lost: bool = False

    @property
    def key(self) -> str:
        return f"{self.kind}:{self.pk}"


@dataclass
class Round:
    """One transaction being entered: the requests, and what is true once it is committed."""

    requests: list[Request] = field(default_factory=list)
    things: list[Thing] = field(default_factory=list)
    after: list[Callable[[], None]] = field(default_factory=list)


class Driver:
    """`plan`: book and gate (files), target (requests), ahead (open rows at most), seed, patient (new things only on
    what DIP knows already)."""

    def __init__(self, book: Book, plan: dict[str, Any]) -> None:
        self.book = book
        self.plan = plan
        self.chance = random.Random(plan["seed"])
        self.things: list[Thing] = []
        self.made = self.evenings = 0
        self.accepted = 0
        self.world = found_world()

    # --- the loop ------------------------------------------------------------------------------------------------
    def run(self, choose: Callable[[set[str]], Callable[[Round], None] | None]) -> dict[str, int]:
        refused = unknown = 0
        while self.accepted < self.plan["target"]:
            under_way = self.open_keys() if self.accepted < self.allowed() else None
            enter = choose(under_way) if under_way is not None and len(under_way) < self.plan["ahead"] else None
            if enter is None:
                time.sleep(0.1)
                continue
            end = self.enter(enter)
            refused, unknown = refused + (end == "refused"), unknown + (end == UNKNOWN)
        return {"accepted": self.accepted, "refused": refused, "unknown": unknown}

    def allowed(self) -> int:
        """How far it may be by now: not past the next blow, so that each falls while there is work."""
        return int(Path(self.plan["gate"]).read_text(encoding="utf-8") or 0)

    def open_keys(self) -> set[str] | None:
        """The objects with something under way; None while the database is away."""
        from django.db import InterfaceError, OperationalError, connection

        from dipportal.dip.models import Operation
        from dipportal.notifications.models import Email
        from dipportal.outbox.models import CLOSED

        try:
            open_rows = Operation.objects.exclude(state__in=CLOSED).values_list("key", flat=True)
            mails = Email.objects.exclude(state__in=CLOSED).values_list("pk", flat=True)
            return {*open_rows, *(f"mail:{pk}" for pk in mails)}
        except (OperationalError, InterfaceError):
            connection.close()
            return None

    def enter(self, enter: Callable[[Round], None]) -> str:
        """One transaction, and the line about it. What broke before the commit was never asked for."""
        from django.db import InterfaceError, OperationalError, connection, transaction

        from dipportal.core.errors import StaleState

        made, whole = Round(), False
        try:
            with transaction.atomic():
                enter(made)
                whole = True
        except StaleState:
            return "refused"
        except (OperationalError, InterfaceError):
            connection.close()
            if not whole:
                return "refused"
            self.book.write(UNKNOWN, made.requests)
            for thing in made.things:
                thing.lost = True
            return UNKNOWN
        self.book.write(COMMITTED, made.requests)
        self.accepted += len(made.requests)
        for step in made.after:
            step()
        return COMMITTED

    # --- what there is to do -------------------------------------------------------------------------------------
    def anything(self, under_way: set[str]) -> Callable[[Round], None] | None:
        """One of the possible kinds of rounds, by chance."""
        at_rest = [one for one in self.things if not one.lost and one.key not in under_way]
        base = at_rest if self.plan["patient"] else [one for one in self.things if not one.lost]
        productions = [one for one in base if one.kind == "production"]
        bare = [one for one in base if one.kind == "performance" and not one.children]
        concepts = [one for one in at_rest if one.kind == "contract" and not one.proposed]
        changeable = [one for one in at_rest if one.version < MOST_VERSIONS]
        changed = {
            kind: [one for one in changeable if one.kind == kind and not one.proposed]
            for kind in ("production", "performance", "contract")
        }
        roomy = [one for one in productions if one.children < EVENINGS]
        choices: list[tuple[int, Callable[[Round], None]]] = []
        if len(bare) < 30:
            choices.append((3, self.new_production))
            if roomy:
                choices.append((6, lambda round_: self.more_evenings(round_, self.chance.choice(roomy))))
        if bare:
            choices.append((6, lambda round_: self.drafts(round_, self.some(bare))))
        if concepts:
            choices.append((4, lambda round_: self.proposals(round_, self.some(concepts))))
        for kind, weight in (("production", 1), ("performance", 2), ("contract", 3)):
            if changed[kind]:
                found = changed[kind]
                choices.append((weight, lambda round_, found=found: self.changes(round_, self.some(found))))  # type: ignore[misc]
        if not choices:
            return None
        weights, rounds = zip(*choices, strict=True)
        return self.chance.choices(rounds, weights)[0]

    def some(self, things: list[Thing]) -> list[Thing]:
        return self.chance.sample(things, min(len(things), self.chance.randint(1, 5)))

    def new_production(self, round_: Round) -> None:
        from dipportal.catalogue import actions

        self.made += 1
        name = f"Storm {self.plan['seed']} {self.made}"
        production = actions.create_production(
            values=self.production_values(name, 1, self.chance.choice(PRODUCERS)),
            actor=self.world.actors["agency_editor"],
        )
        thing = Thing("production", production.pk, name)
        round_.requests.append(Request("production.create", name, titled(name, 1), "production", production.pk))
        round_.after.append(lambda: self.things.append(thing))
        if not self.plan["patient"]:
            self.more_evenings(round_, thing)

    def production_values(self, name: str, version: int, producer: int) -> dict[str, Any]:
        from dipportal.catalogue.models import Producer
        from tests.world import season

        return {
            "title": titled(name, version), "season": season(), "genre": self.world.genre,
            "producer": Producer.objects.get(pk=producer),
        }  # fmt: skip

    def more_evenings(self, round_: Round, parent: Thing) -> None:
        from dipportal.catalogue import actions
        from dipportal.catalogue.models import Production

        count = min(self.chance.randint(2, 6), EVENINGS - parent.children)
        rows = [self.evening_values(self.evenings + one, 1) for one in range(count)]
        # A number that was taken by a transaction that did not end well is not used again.
        self.evenings += count
        production = Production.objects.get(pk=parent.pk)
        round_.things.append(parent)
        made = actions.create_performances(production, rows=rows, actor=self.world.actors["agency_editor"])
        for performance in made:
            thing = Thing("performance", performance.pk, stamp(performance.starts_at), parent)
            state = str(performance.capacity[0])
            round_.requests.append(Request("performance.create", thing.name, state, "performance", performance.pk))
            round_.after.append(lambda thing=thing: self.things.append(thing))  # type: ignore[misc]
        round_.after.append(lambda: grow(parent, count))

    def evening_values(self, number: int, version: int) -> dict[str, Any]:
        """Every performance has a moment of its own, by which it is known in the ledger."""
        from tests.world import evening

        days, minutes = number % 150, number // 150 * 5
        return {
            "theater": self.world.theater, "hall": self.world.hall, "capacity": [400 + version],
            "starts_at": evening(30 + days, 18 + minutes // 60, minutes % 60),
        }  # fmt: skip

    def drafts(self, round_: Round, performances: list[Thing]) -> None:
        """An agreement for each; some are proposed at once."""
        from dipportal.catalogue.models import Performance

        for thing in performances:
            performance = Performance.objects.select_related("production").get(pk=thing.pk)
            round_.things.append(thing)
            made = self.draft(round_, performance)
            round_.after.append(lambda thing=thing: grow(thing, 1))  # type: ignore[misc]
            if self.chance.random() < 0.3:
                self.propose(round_, made)

    def draft(self, round_: Round, performance: Any) -> Thing:
        from dipportal.contracts import actions
        from tests.world import PARTAGE

        contract = actions.create_concept(
            provider=self.world.agency, production=performance.production, theater=self.world.theater,
            performances=[performance], kind="partage", terms={**PARTAGE, "remarks": "stand 1"},
            actor=self.world.actors["agency_editor"],
            parties={"contact_receiver": "programmering@kade.example", "contact_provider": "plan@agency.example"},
        )  # fmt: skip
        thing = Thing("contract", contract.pk, contract.reference)
        request = Request("contract.create", thing.name, "stand 1", "contract", contract.pk, contract.thread)
        round_.requests.append(request)
        round_.after.append(lambda: self.things.append(thing))
        return thing

    def propose(self, round_: Round, thing: Thing) -> None:
        from dipportal.contracts import actions
        from dipportal.contracts.models import Contract

        contract = Contract.objects.get(pk=thing.pk)
        round_.things.append(thing)
        actions.propose(contract, actor=self.world.actors["agency_editor"])
        request = Request("contract.propose", thing.name, "", "contract", contract.pk, contract.thread)
        round_.requests.append(request)
        round_.after.append(lambda: setattr(thing, "proposed", True))

    def proposals(self, round_: Round, contracts: list[Thing]) -> None:
        for thing in contracts:
            self.propose(round_, thing)

    def changes(self, round_: Round, things: list[Thing]) -> None:
        change = {
            "production": self.change_production, "performance": self.change_performance,
            "contract": self.change_contract,
        }  # fmt: skip
        for thing in things:
            round_.things.append(thing)
            state = change[thing.kind](thing)
            round_.requests.append(Request(f"{thing.kind}.update", thing.name, state, thing.kind, thing.pk))
            round_.after.append(lambda thing=thing: setattr(thing, "version", thing.version + 1))  # type: ignore[misc]

    def change_production(self, thing: Thing) -> str:
        from dipportal.catalogue import actions
        from dipportal.catalogue.models import Production

        now = Production.objects.get(pk=thing.pk)
        values = self.production_values(thing.name, thing.version + 1, now.producer_id)
        editor = self.world.actors["agency_editor"]
        actions.update_production(now, values=values, seen_version=now.version, actor=editor)
        return str(values["title"])

    def change_performance(self, thing: Thing) -> str:
        from dipportal.catalogue import actions
        from dipportal.catalogue.models import Performance

        now = Performance.objects.select_related("production__producer", "theater", "hall").get(pk=thing.pk)
        capacity = [401 + thing.version]
        values = {"theater": now.theater, "hall": now.hall, "starts_at": now.starts_at, "capacity": capacity}
        editor = self.world.actors["agency_editor"]
        actions.update_performance(now, values=values, seen_version=now.version, actor=editor)
        return str(capacity[0])

    def change_contract(self, thing: Thing) -> str:
        from dipportal.contracts import actions
        from dipportal.contracts.models import Contract

        now = Contract.objects.get(pk=thing.pk)
        remarks = f"stand {thing.version + 1}"
        editor = self.world.actors["agency_editor"]
        actions.update_concept(now, actor=editor, seen_version=now.version, terms={"remarks": remarks})
        return remarks

    # --- proposals for their mails -------------------------------------------------------------------------------
    def only_proposals(self, _under_way: set[str]) -> Callable[[Round], None]:
        """Agreements on evenings that DIP knows, each proposed at once. Two open ones about the same evening would be
        double, and people are rightly told of that; so each has an evening of its own."""
        from dipportal.catalogue.models import Performance

        known = Performance.objects.exclude(number=None).filter(production__title__startswith="Bekend")
        free = list(known.filter(contracts=None).order_by("pk"))
        self.chance.shuffle(free)

        def enter(round_: Round) -> None:
            left = self.plan["target"] - self.accepted
            for _each in range(min(4, (left + 1) // 2)):
                self.propose(round_, self.draft(round_, free.pop()))

        return enter


def grow(thing: Thing, count: int) -> None:
    thing.children += count


def titled(name: str, version: int) -> str:
    return f"{name} stand {version}"


def stamp(moment: Any) -> str:
    from dipportal.dip import values

    return values.stamp(moment)


def found_world() -> "World":
    """The people and places that `build` made, by name; what the driver does not use is left out."""
    from types import SimpleNamespace

    from dipportal.catalogue.models import Genre, Hall, Theater
    from dipportal.organisations.actors import member
    from dipportal.organisations.models import Membership, Organisation

    agency = Organisation.objects.get(slug="impresariaat-noord")
    editor = member(Membership.objects.select_related("user", "organisation").get(organisation=agency, role="editor"))
    return SimpleNamespace(  # type: ignore[return-value]
        agency=agency, actors={"agency_editor": editor}, genre=Genre.objects.get(pk=4),
        theater=Theater.objects.get(pk=19), hall=Hall.objects.get(pk=57),
    )  # fmt: skip


def verdict(file: Path) -> list[int]:
    """How many requests of each transaction with an unknown end are in the database."""
    return [sum(map(is_there, one.requests)) for one in Book(file).read() if one.fate == UNKNOWN]


def is_there(request: Request) -> bool:
    from dipportal.catalogue.models import Performance, Production
    from dipportal.contracts.models import Contract

    if request.subject == "production":
        return Production.objects.filter(pk=request.pk, title=request.state).exists()
    if request.subject == "performance":
        found = Performance.objects.filter(pk=request.pk, capacity=[int(request.state)]).first()
        return found is not None and stamp(found.starts_at) == request.thing
    contracts = Contract.objects.filter(pk=request.pk, reference=request.thing)
    if request.kind == "contract.propose":
        return contracts.filter(status="proposed").exists()
    return contracts.filter(remarks=request.state).exists()


def main(verb: str, *words: str) -> None:
    django.setup()
    if verb in ("work", "mails"):
        plan = json.loads(words[0])
        driver = Driver(Book(Path(plan["book"])), plan)
        done: Any = driver.run(driver.anything if verb == "work" else driver.only_proposals)
    else:
        verbs: dict[str, Callable[[], Any]] = {
            "build": build, "switch": lambda: switch(words[0]), "verdict": lambda: verdict(Path(words[0])),
        }  # fmt: skip
        done = verbs[verb]()
    print(json.dumps(done), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
