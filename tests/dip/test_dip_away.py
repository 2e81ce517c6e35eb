"""DIP is off for an hour in the middle of a working day, and nobody has to do anything about it.

The clock is the tests' own, for the portal and for DIP, which is the real sandbox in this process. Beat's schedule is
kept: sweeps (every second one is missed), agreements every five minutes, the catalogue once an hour. DIP's ledger is
the witness.
"""

import datetime as dt
import re
from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.core import mail
from django.db.models import F
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue import actions as catalogue
from dipportal.catalogue.models import Performance
from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.dip import pull, state, tasks, wire
from dipportal.dip.client import Client as DipClient
from dipportal.dip.models import Connection, Operation, RemoteRecord, RunState
from dipportal.notifications import tasks as mail_tasks
from dipportal.notifications.models import Email
from dipportal.outbox.models import WORKABLE, State
from tests.access.crawl import crawl
from tests.faults.clock import Clock, virtual
from tests.faults.dip import Dip
from tests.faults.scenarios import stage
from tests.providers.browser import at, send
from tests.world import PARTAGE, World, evening

pytestmark = pytest.mark.django_db(transaction=True)
MINUTE, SWEEP, PULL = 60, 20, 300
CATALOGUE_AT = 20 * MINUTE
Work = dict[int, Callable[[], Any]]


class Day:
    """The portal at work: people who do things at their minute, workers woken by beat alone, DIP there or not."""

    def __init__(self, clock: Clock, dip: Dip, world: World) -> None:
        self.clock, self.dip, self.world = clock, dip, world
        self.connection = Connection.objects.get()
        self.away = False
        self.knocks: list[float] = []
        dip.before = self._call
        self.clients = {name: Client() for name in ("agency_manager", "agency_editor", "agency_viewer", "kade_editor")}
        for name, client in self.clients.items():
            client.force_login(world.people[name])

    def _call(self, _method: str, _path: str) -> str:
        if self.away:
            self.knocks.append(self.clock.now())
        return "refused" if self.away else ""

    def run(self, minutes: int, work: Work | None = None, each_pull: Callable[[], Any] = lambda: None) -> None:
        """Let so much time pass; `work` is what people do at which minute, `each_pull` what is looked at meanwhile."""
        left = dict(work or {})
        for second in range(0, minutes * MINUTE, SWEEP):
            for minute in [minute for minute in left if minute * MINUTE <= second]:
                left.pop(minute)()
            tasks.drain_operations()
            mail_tasks.drain_mail()
            if second % PULL == 0:
                tasks.pull_one(self.connection.pk, "contracts")
                each_pull()
            if second % 3600 == CATALOGUE_AT:
                tasks.pull_one(self.connection.pk, "catalogue")
            self.clock.pass_by(SWEEP)
        assert left == {}, "everybody did their work"

    @property
    def under_way(self) -> int:
        return Operation.objects.filter(state__in=WORKABLE).count()

    # --- pages
    def page(self, name: str, page: str, **kwargs: Any) -> str:
        side, organisation = (
            ("receivers", self.world.kade) if name == "kade_editor" else ("providers", self.world.agency)
        )
        url = reverse(f"{side}:{page}", kwargs={"organisation": organisation.slug, **kwargs})
        reply = self.clients[name].get(url)
        assert reply.status_code == 200, f"{url}: {reply.status_code}"
        return reply.content.decode()

    def main_pages(self) -> None:
        for page in ("start", "productions", "performances", "contracts", "sync", "finder"):
            for name in ("agency_editor", "agency_viewer"):
                self.page(name, page)
        self.page("agency_manager", "dip_connection")
        for page in ("start", "contracts", "performances"):
            self.page("kade_editor", page)
        for contract in Contract.objects.filter(provider=self.world.agency):
            self.page("agency_editor", "contract", pk=contract.pk)

    def tells(self, page: str = "start") -> str:
        """What the page says of DIP being away, or ''."""
        found = re.search(r'data-away="silent".*?</strong>.*?</div>', self.page("agency_viewer", page), re.DOTALL)
        return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", found[0])) if found else ""


@pytest.fixture
def day(monkeypatch: pytest.MonkeyPatch, settings: Any) -> Iterator[Day]:
    settings.DIP_SETTLE_SECONDS = 180.0
    # Every wake-up is lost: only beat's own schedule moves anything.
    for task in (tasks.drain_operations, mail_tasks.drain_mail, tasks.pull_one):
        monkeypatch.setattr(task, "delay", lambda *_arguments: None)
    clock = Clock()
    with virtual(clock):
        dip = Dip(clock)
        with dip.reachable():
            world = stage(dip, lambda: None).world
            yield Day(clock, dip, world)


class People:
    """What everybody does on this day, and what has to come of it in DIP: (method, path, part of the body) once."""

    def __init__(self, day: Day) -> None:
        self.day, self.world = day, day.world
        self.editor = self.world.actors["agency_editor"]
        self.made: dict[str, Any] = {}

    # --- before DIP goes away
    def morning(self) -> None:
        evenings = self.world.performances
        self.made["to approve"] = self.world.contract(status="proposed", performances=[evenings[0]])
        self.made["to reject"] = self.world.contract(status="proposed", performances=[evenings[1]])
        self.made["draft"] = self.world.contract(performances=[evenings[2]])

    def now(self, name: str) -> Any:
        self.made[name].refresh_from_db()
        return self.made[name]

    # --- while it is away
    def enter_production(self) -> None:
        values = {
            "title": "Het Eiland", "season": self.world.production.season, "genre": self.world.genre,
            "producer": self.world.producer,
        }  # fmt: skip
        self.made["production"] = catalogue.create_production(values=values, actor=self.editor)

    def enter_performances(self) -> None:
        rows = [
            {"theater": self.world.theater, "hall": self.world.hall, "starts_at": evening(days), "capacity": [450]}
            for days in (60, 61)
        ]
        self.made["first"], self.made["second"] = catalogue.create_performances(
            self.made["production"], rows=rows, actor=self.editor
        )

    def draft_on_it(self) -> None:
        both = [self.made["first"], self.made["second"]]
        self.made["new"] = self.world.contract(production=self.made["production"], performances=both)

    def edit(self, name: str, text: str) -> Callable[[], None]:
        def act() -> None:
            contract = self.now(name)
            actions.update_concept(
                contract, actor=self.editor, seen_version=contract.version, terms={**PARTAGE, "remarks": text}
            )

        return act

    def propose(self, name: str) -> Callable[[], None]:
        """With the mouse: the page is opened and its form is sent."""

        def act() -> None:
            url = at(self.world.agency, "contract_propose", pk=self.made[name].pk)
            assert send(self.day.clients["agency_editor"], url, action="propose").status_code == 302
            assert self.now(name).status == Status.PROPOSED

        return act

    def answer(self, name: str, page: str, **values: Any) -> Callable[[], None]:
        def act() -> None:
            contract = self.now(name)
            url = reverse(f"receivers:{page}", kwargs={"organisation": self.world.kade.slug, "pk": contract.pk})
            reply = self.day.clients["kade_editor"].post(url, {"version": contract.version, **values})
            assert reply.status_code == 302
            assert self.now(name).status == {"approve": Status.APPROVED, "reject": Status.REJECTED}[page]

        return act

    def move_the_second(self) -> None:
        performance = self.now("second")
        values = {
            "theater": performance.theater, "hall": performance.hall, "starts_at": evening(62),
            "capacity": performance.capacity,
        }  # fmt: skip
        catalogue.update_performance(performance, values=values, seen_version=performance.version, actor=self.editor)

    def next_version(self) -> None:
        self.made["next"] = actions.amend(self.now("to reject"), actor=self.editor)

    def draft_and_withdraw(self) -> None:
        """Proposed and withdrawn while DIP knew nothing of either."""
        self.made["withdrawn"] = self.world.contract(status="proposed", performances=[self.world.performances[2]])
        actions.withdraw(self.made["withdrawn"], actor=self.editor)

    def hour(self) -> Work:
        return {
            2: self.enter_production,
            4: self.enter_performances,
            6: self.draft_on_it,
            8: self.edit("new", "Met toelichting."),
            11: self.propose("new"),
            14: self.edit("draft", "Speelduur 95 minuten."),
            17: self.propose("draft"),
            23: self.answer("to approve", "approve"),
            26: self.answer(
                "to reject", "reject", reason="De garantie is te hoog.", rejected_terms=["provider_guarantee"]
            ),
            31: self.move_the_second,
            36: self.next_version,
            41: self.propose("next"),
            44: self.answer("new", "approve"),
            52: self.draft_and_withdraw,
        }

    def must_be_in_dip(self) -> Counter[str]:
        """Each of these once in the ledger, and nothing else. An answer has no call; the second evening was moved
        before DIP had it, so it was entered where it is now; what was withdrawn is a concept again, no proposal."""
        new, following, draft = self.now("new"), self.now("next"), self.now("draft")
        return Counter({
            self.made_production: 1,
            self.made_performance: 2,
            f"create {new.reference}": 1,
            f"propose {new.dip_id}": 1,
            f"update {draft.dip_id}": 1,
            f"propose {draft.dip_id}": 1,
            f"create {following.reference}": 1,
            f"propose {following.dip_id}": 1,
            f"create {self.now('withdrawn').reference}": 1,
        })  # fmt: skip

    @property
    def made_production(self) -> str:
        return f"POST /producers/{self.world.producer.pk}/productions"

    @property
    def made_performance(self) -> str:
        return f"{self.made_production}/{self.now('production').dip_id}/performances"

    def orders(self) -> list[tuple[str, str]]:
        new, following, draft = self.now("new"), self.now("next"), self.now("draft")
        return [
            (self.made_production, self.made_performance),
            (self.made_performance, f"create {new.reference}"),
            (f"create {new.reference}", f"propose {new.dip_id}"),
            (f"update {draft.dip_id}", f"propose {draft.dip_id}"),
            (f"create {following.reference}", f"propose {following.dip_id}"),
        ]


def in_words(write: dict[str, Any]) -> str:
    path = write["path"]
    for word in ("create", "update", "propose"):
        if path.startswith("/contracts/") and path.endswith(f"/{word}"):
            return f"{word} {write['body']['name'] if word == 'create' else path.split('/')[2]}"
    return f"{write['method']} {path}"


def test_an_hour_without_dip_costs_nobody_anything(day: Day) -> None:
    people = People(day)
    people.morning()
    day.run(10)
    assert day.under_way == 0
    assert day.tells() == ""
    ledger_before = len(day.dip.writes())

    day.away = True
    said: list[str] = []

    def look() -> None:
        said.append(day.tells())
        if len(said) % 3 == 0:
            day.main_pages()

    began = timezone.localtime()
    day.run(60, people.hour(), each_pull=look)

    # --- told, in words, with what waits; and DIP was not knocked on all the time
    assert said[0] == "", "one call that fails is nothing to tell"
    assert all(said[2:]), "from the second pull on it stands on the start page"
    since = re.search(r"DIP antwoordt niet sinds (\d\d):(\d\d)", said[-1])
    assert since is not None
    assert began.hour * 60 + began.minute <= int(since[1]) * 60 + int(since[2]) <= began.hour * 60 + began.minute + 1
    assert f"{day.under_way} wijzigingen wachten" in day.tells()
    assert "Uw werk is hier veilig" in day.tells("sync")
    assert 0 < len(day.knocks) < 100
    pages = crawl(day.clients["agency_manager"], at(day.world.agency, "start"))
    pages |= crawl(day.clients["kade_editor"], reverse("receivers:start", kwargs={"organisation": day.world.kade.slug}))
    assert len(pages) > 40
    assert len(day.dip.writes()) == ledger_before, "nothing reached DIP"

    day.away = False
    day.run(45)

    # --- everything went out, once, in order
    assert day.tells() == day.tells("sync") == ""
    assert day.under_way == 0
    stuck = Operation.objects.exclude(state__in=(State.DONE, State.ABANDONED))
    assert [(row.kind, row.state, row.error_text) for row in stuck] == []
    wrote = [in_words(write) for write in day.dip.writes()[ledger_before:]]
    assert Counter(wrote) == people.must_be_in_dip()
    for first, then in people.orders():
        assert wrote.index(first) < wrote.index(then), f"{then} overtook {first}"
    for key in Operation.objects.values_list("key", flat=True).distinct():
        done = Operation.objects.filter(key=key, state=State.DONE).order_by("pk")
        ends = list(done.values_list("done_at", flat=True))
        assert ends == sorted(ends), key
    assert day.dip.seen == []
    mirror_equals(day)
    mails_left_at_once()


def mirror_equals(day: Day) -> None:
    """A full pull finds nothing to write, what is kept is what DIP has, and ours there is as it stands here."""
    run = pull.run(day.connection, "contracts", full=True)
    assert run.state == RunState.GOOD
    assert {name: run.counts.get(name, 0) for name in ("new", "changed", "missing", "broken")} == dict.fromkeys(
        ("new", "changed", "missing", "broken"), 0
    )
    with DipClient(day.connection) as client:
        there = {str(raw["id"]): raw for raw in client.read(wire.CONTRACTS)}
    kept = RemoteRecord.objects.filter(kind="contract", missing_since=None)
    assert {record.remote_id: record.raw for record in kept} == there
    ours = {str(one.dip_id): one for one in Contract.objects.exclude(dip_id=None)}
    assert set(ours) == set(there)
    for number, contract in ours.items():
        has = state.comparable(wire.parse_contract(there[number]))
        numbers = contract.performances.values_list("number", flat=True)
        wants = state.wanted_contract(contract, production_id=contract.production.dip_id, numbers=numbers)
        assert state.differing(has, wants) == [], contract
    for performance in Performance.objects.filter(production__producer=day.world.producer):
        raw = day.dip.record("performance", performance.number)
        assert raw is not None
        assert raw["date"][:16] == f"{timezone.localtime(performance.starts_at):%Y-%m-%dT%H:%M}"


def mails_left_at_once() -> None:
    """The theater does not wait for DIP: every mail left with the next sweep, once. What was proposed and withdrawn
    between two sweeps is told to nobody."""
    assert Email.objects.filter(state=State.DONE).count() == len(mail.outbox) > 10
    others = set(Email.objects.exclude(state=State.DONE).values_list("state", "kind"))
    assert others <= {(State.ABANDONED, "proposal"), (State.ABANDONED, "withdrawal")}
    late = Email.objects.filter(done_at__gt=F("created_at") + dt.timedelta(seconds=2 * SWEEP))
    assert [(row.kind, row.done_at - row.created_at) for row in late] == []
    copies = Counter(message.extra_headers["Message-ID"] for message in mail.outbox)
    assert set(copies.values()) == {1}
