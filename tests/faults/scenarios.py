"""What is done with faults: one operation each, through the actions that the pages call, and what must come of it.

`wanted` is the list of what users asked for and were told 'yes' to: each must stand in DIP's ledger exactly once.
"""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from dipportal.catalogue import actions as catalogue
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip import connections
from dipportal.dip.client import Client
from dipportal.dip.models import Connection, Kind, Operation
from dipportal.notifications.enums import Kind as MailKind
from dipportal.notifications.models import Email
from dipportal.outbox.models import OutboxRow, State
from dipportal.sandbox import contracts as in_dip
from dipportal.sandbox import loading
from dipportal.sandbox.counts import sums
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.rules import Report
from tests.dip import counted
from tests.dip.pushed import CLIENT_ID, SECRET, note_seen, resources
from tests.faults.dip import Dip
from tests.world import World, build, evening

Body = dict[str, Any]


@dataclass(frozen=True)
class Want:
    """One accepted request of a user, as DIP has to have got it."""

    what: str
    method: str
    path: str
    matches: Callable[[Body], bool] = lambda _body: True

    def is_met_by(self, write: dict[str, Any]) -> bool:
        return (
            write["method"] == self.method
            and re.fullmatch(self.path, write["path"]) is not None
            and self.matches(write["body"])
        )


@dataclass
class Prepared:
    """`wanted` once each in the ledger; `linked` gives number here and what the ledger calls it; `shown` is DIP's end
    state as (kind, id, test); `person`: the only code under which the row may end with a person, and must."""

    wanted: list[Want]
    linked: Callable[[], list[tuple[object, Want]]] = list
    shown: Callable[[Dip], list[str]] = lambda _dip: []
    person: str = ""
    # Rows of mail end here: (sort of violation, text) for what is not as it has to be.
    mails: Callable[[Dip], list[tuple[str, str]]] | None = None
    # By path the running totals that were entered and accepted, in their order: bodies as DIP has to have got them.
    totals: dict[str, list[Body]] = field(default_factory=dict)
    # How many proposals were asked for, where their numbers are not known beforehand.
    proposals: int = 0
    since: int = 0


@dataclass
class Stage:
    """The world, the connection and DIP, before anything was asked."""

    world: World
    dip: Dip
    settle: Callable[[], None]
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def editor(self) -> Any:
        return self.world.actors["agency_editor"]


@dataclass(frozen=True)
class Scenario:
    """One operation, or (`several`) a few that are under way at once: there the long form goes one fault less far."""

    name: str
    kinds: tuple[str, ...]
    prepare: Callable[[Stage], Prepared]
    model: type[OutboxRow] = Operation
    several: bool = False


def stage(dip: Dip, settle: Callable[[], None]) -> Stage:
    """The tests' world, known to DIP, with a connection that has logged in."""
    world = build()
    loading.load(dip.store, resources())
    connections.save_connection(world.agency, client_id=CLIENT_ID, secret=SECRET, actor=world.actors["agency_manager"])
    note_seen(world)
    return Stage(world, dip, settle)


# --- agreements ------------------------------------------------------------------------------------------------
def created(contract: Contract) -> Want:
    return Want("create", "POST", r"/contracts/\w+/create", lambda body: body["name"] == contract.reference)


def _proposed(contract: Contract) -> Want:
    return Want("propose", "PUT", rf"/contracts/{_number(contract)}/propose")


def _number(contract: Contract) -> int | None:
    return Contract.objects.values_list("dip_id", flat=True).get(pk=contract.pk)


def _linked(contract: Contract, want: Want) -> Callable[[], list[tuple[object, Want]]]:
    return lambda: [(_number(contract), want)]


def shows_status(contract: Contract, status: str, remarks: str = "") -> Callable[[Dip], list[str]]:
    def look(dip: Dip) -> list[str]:
        record = dip.record("contract", _number(contract))
        if record is None:
            return ["DIP does not have the number that stands here"]
        faults = [] if record["status"] == status else [f"in DIP it is {record['status']} and not {status}"]
        if remarks and record["properties"]["remarks"] != remarks:
            faults.append(f"in DIP it says {record['properties']['remarks']!r}")
        return faults

    return look


def contract_create(stage: Stage) -> Prepared:
    contract = stage.world.contract()
    want = created(contract)
    return Prepared([want], _linked(contract, want), shows_status(contract, "concept"))


def contract_first_log_in(stage: Stage) -> Prepared:
    Connection.objects.update(token_encrypted="", token_expires_at=None)
    return contract_create(stage)


def proposal(stage: Stage) -> Prepared:
    """Created and proposed in one go: two rows of one key."""
    contract = stage.world.contract(status="proposed")
    made = created(contract)
    proposed = Want("propose", "PUT", r"/contracts/\d+/propose")
    return Prepared([made, proposed], _linked(contract, made), shows_status(contract, "proposed"))


def _entered(stage: Stage) -> Contract:
    contract = stage.world.contract()
    stage.settle()
    contract.refresh_from_db()
    return contract


def _edit(stage: Stage, contract: Contract, text: str) -> None:
    contract.refresh_from_db()
    actions.update_concept(contract, actor=stage.editor, seen_version=contract.version, terms={"remarks": text})


def contract_update(stage: Stage) -> Prepared:
    contract = _entered(stage)
    _edit(stage, contract, "Anders")
    want = Want(
        "update", "PUT", rf"/contracts/{contract.dip_id}/\w+/update",
        lambda body: body["properties"]["remarks"] == "Anders",
    )  # fmt: skip
    return Prepared([want], shown=shows_status(contract, "concept", "Anders"))


def contract_propose(stage: Stage) -> Prepared:
    contract = _entered(stage)
    actions.propose(contract, actor=stage.editor)
    return Prepared([_proposed(contract)], shown=shows_status(contract, "proposed"))


def contract_edit_and_propose(stage: Stage) -> Prepared:
    """An update and behind it a proposal, which must not overtake it."""
    prepared = contract_update(stage)
    contract = Contract.objects.get()
    actions.propose(contract, actor=stage.editor)
    return Prepared([*prepared.wanted, _proposed(contract)], shown=shows_status(contract, "proposed", "Anders"))


def contract_revise(stage: Stage) -> Prepared:
    contract = stage.world.contract(status="proposed")
    stage.settle()
    contract.refresh_from_db()
    actions.approve(contract, actor=stage.world.actors["kade_editor"])
    in_dip.approve(stage.dip.store, stage.dip.box.clock, in_dip.load(stage.dip.store, contract.dip_id or 0))
    revision = actions.revise(contract, actor=stage.editor)
    want = Want(
        "revise", "POST", rf"/contracts/{contract.dip_id}/\w+/revise", lambda body: body["name"] == revision.reference
    )
    return Prepared([want], _linked(revision, want), shows_status(revision, "concept"))


def _edited_in_dip(stage: Stage, contract: Contract) -> Callable[[Dip], list[str]]:
    """Somebody changes it in DIP's dashboard; that has to stand at the end."""
    loading.edit(
        stage.dip.store, stage.dip.box.clock, "contract", contract.dip_id or 0, {"properties": {"remarks": "Van DIP"}}
    )
    return shows_status(contract, "concept", "Van DIP")


def update_conflict(stage: Stage) -> Prepared:
    contract = _entered(stage)
    _edit(stage, contract, "Anders")
    return Prepared([], shown=_edited_in_dip(stage, contract), person="conflict")


def propose_conflict(stage: Stage) -> Prepared:
    contract = _entered(stage)
    actions.propose(contract, actor=stage.editor)
    return Prepared([], shown=_edited_in_dip(stage, contract), person="conflict")


# --- productions and performances ------------------------------------------------------------------------------
def _production_values(stage: Stage, title: str) -> dict[str, Any]:
    world = stage.world
    return {"title": title, "season": world.production.season, "genre": world.genre, "producer": world.producer}


def production_create(stage: Stage) -> Prepared:
    production = catalogue.create_production(values=_production_values(stage, "Het Eiland"), actor=stage.editor)
    want = Want("create", "POST", "/producers/123/productions", lambda body: body["title"] == "Het Eiland")
    return Prepared([want], lambda: [(Production.objects.get(pk=production.pk).dip_id, want)])


def production_update(stage: Stage) -> Prepared:
    production = stage.world.production
    catalogue.update_production(
        production, values=_production_values(stage, "De Storm, reprise"), seen_version=production.version,
        actor=stage.editor,
    )  # fmt: skip
    want = Want("update", "PUT", f"/producers/123/productions/{production.dip_id}")

    def shown(dip: Dip) -> list[str]:
        record = dip.record("production", production.dip_id) or {}
        return [] if record.get("title") == "De Storm, reprise" else [f"DIP shows {record.get('title')!r}"]

    return Prepared([want], shown=shown)


def production_cancel(stage: Stage) -> Prepared:
    """DIP knows cancelled performances only: with two of them two rows of different keys."""
    last = stage.world.performances.pop()
    Performance.objects.filter(pk=last.pk).delete()
    cancelled = catalogue.cancel_production(stage.world.production, actor=stage.editor, reason="Ziek")
    return _cancelled(cancelled)


def _cancelled(performances: list[Performance]) -> Prepared:
    numbers = [performance.number for performance in performances]
    wanted = [
        Want(
            f"cancel {number}", "PUT", rf"/producers/123/productions/NL-25-123-0003776/performances/{number}",
            lambda body: body["status"] == "cancellation",
        )
        for number in numbers
    ]  # fmt: skip

    def shown(dip: Dip) -> list[str]:
        records = [dip.record("performance", number) or {} for number in numbers]
        return [f"DIP shows {one.get('status')}" for one in records if one.get("status") != "cancellation"]

    return Prepared(wanted, shown=shown)


def _evening(stage: Stage, **changes: Any) -> dict[str, Any]:
    world = stage.world
    values = {
        "theater": world.theater, "hall": world.hall, "starts_at": evening(60), "kind": "normal", "private": False,
        "in_festival": False, "other_location": False, "capacity": [450],
    }  # fmt: skip
    return {**values, **changes}


def _new_performance(stage: Stage, production: Production) -> tuple[Performance, Want]:
    performance = catalogue.create_performance(production, values=_evening(stage), actor=stage.editor)
    return performance, Want("create", "POST", r"/producers/123/productions/[\w-]+/performances")


def performance_create(stage: Stage) -> Prepared:
    performance, want = _new_performance(stage, stage.world.production)
    return Prepared([want], lambda: [(Performance.objects.get(pk=performance.pk).number, want)])


def performance_update(stage: Stage) -> Prepared:
    performance = stage.world.performances[0]
    catalogue.update_performance(
        performance, values=_evening(stage, starts_at=performance.starts_at, capacity=[300]),
        seen_version=performance.version, actor=stage.editor,
    )  # fmt: skip
    want = Want("update", "PUT", rf"/producers/123/productions/[\w-]+/performances/{performance.number}")

    def shown(dip: Dip) -> list[str]:
        record = dip.record("performance", performance.number) or {}
        return [] if record.get("amount_rank1") == 300 else [f"DIP shows {record.get('amount_rank1')} seats"]

    return Prepared([want], shown=shown)


def performance_cancel(stage: Stage) -> Prepared:
    return _cancelled([catalogue.cancel_performance(stage.world.performances[0], actor=stage.editor, reason="Ziek")])


def all_new(stage: Stage) -> Prepared:
    """A new production, its performance, and an agreement about it: three keys that wait for one another's numbers."""
    production = catalogue.create_production(values=_production_values(stage, "Het Eiland"), actor=stage.editor)
    performance, plays = _new_performance(stage, production)
    contract = stage.world.contract(production=production, performances=[performance])
    made = created(contract)
    entered = Want("create", "POST", "/producers/123/productions")
    return Prepared(
        [entered, plays, made],
        lambda: [
            (Production.objects.get(pk=production.pk).dip_id, entered),
            (Performance.objects.get(pk=performance.pk).number, plays),
            (_number(contract), made),
        ],
        shows_status(contract, "concept"),
    )


# --- ticket counts ---------------------------------------------------------------------------------------------
LISTS = {counted.TICKETS: "tickets", counted.RESERVATIONS: "reservations", counted.BLOCKED: "blockedseats"}


def _counting(stage: Stage, **credential: str) -> Performance:
    """A theater with its ticketing credential, logged in, and what it is to count."""
    with Client(counted.with_credential(stage.world, **credential)) as client:
        client.ready()
    return stage.world.performances[0]


def _told(performance: Performance, report: Report) -> dict[str, Body]:
    """What DIP has to get of this, by path."""
    numbers = {"productionNumber": performance.production.dip_id, "performanceNumber": performance.number}
    counts = [{"type": kind.value, "tickets": getattr(report, kind)} for kind in TicketKind]
    return {
        counted.TICKETS: {**numbers, "counts": counts, "recette": report.revenue_cents},
        counted.RESERVATIONS: {**numbers, "tickets": report.reservations},
        counted.BLOCKED: {**numbers, "tickets": report.blocked_seats},
    }


def _shows_count(performance: Performance, path: str, tickets: int) -> Callable[[Dip], list[str]]:
    def look(dip: Dip) -> list[str]:
        record = dip.record(LISTS[path], performance.number)
        there = sums(record)["tickets"] if record is not None else None
        return [] if there == tickets else [f"DIP shows {there} at {path} and not {tickets}"]

    return look


def _count(stage: Stage, paths: Sequence[str], *reports: Report) -> Prepared:
    """The first is entered now, each next one while a call with the one before is under way."""
    performance, actor = _counting(stage), stage.world.actors["kade_editor"]
    counted.enter(performance, reports[0], actor)
    kinds = [f"{LISTS[path].removesuffix('seats')}.report" for path in paths]
    Operation.objects.filter(kind__endswith=".report").exclude(kind__in=kinds).delete()

    def correct(method: str, path: str) -> None:
        now = TicketCount.objects.get(performance=performance, source=Source.HAND)
        stands = [report.normal for report in reports].index(now.normal)
        if (method, path) == ("PUT", paths[0]) and stands + 1 < len(reports):
            counted.enter(performance, reports[stands + 1], actor)

    stage.dip.meanwhile = correct
    told = [_told(performance, report) for report in reports]
    last = {path: told[-1][path] for path in paths}
    tickets = {path: body.get("tickets", reports[-1].tickets) for path, body in last.items()}
    looks = [_shows_count(performance, path, number) for path, number in tickets.items()]
    return Prepared(
        [],
        totals={path: [one[path] for one in told] for path in paths},
        shown=lambda dip: [fault for look in looks for fault in look(dip)],
    )


def count_tickets(stage: Stage) -> Prepared:
    return _count(stage, [counted.TICKETS], counted.totals(40))


def count_corrected(stage: Stage) -> Prepared:
    """Entered anew while the call with the older count is under way."""
    return _count(stage, [counted.TICKETS], counted.totals(40), counted.totals(45))


def count_of_three_lists(stage: Stage) -> Prepared:
    return _count(stage, list(LISTS), counted.totals(40, reservations=5, blocked=4))


def count_refused(stage: Stage) -> Prepared:
    """With the credential of another theater."""
    performance = _counting(stage, client_id="demo-theater-2", secret="sandbox-theater-2")
    counted.enter(performance, counted.totals(40), stage.world.actors["kade_editor"])
    return Prepared([], totals={counted.TICKETS: []}, person="refused")


# --- mail ------------------------------------------------------------------------------------------------------
def mail(stage: Stage) -> Prepared:
    """A proposal is told to two people, by two rows."""
    stage.world.contract(status="proposed")
    kept = Email.objects.order_by("pk").values_list("pk", flat=True)[:2]
    Email.objects.exclude(pk__in=list(kept)).delete()
    letters = dict(Email.objects.values_list("pk", "message_id"))
    return Prepared([], mails=lambda dip: _delivered(dip, letters))


def _delivered(dip: Dip, letters: dict[int, str]) -> list[tuple[str, str]]:
    """Each mail arrived under its one Message-ID, or its reader's server said no for good, in words."""
    found = [("lost", "a row is gone")] if Email.objects.count() != len(letters) else []
    for row in Email.objects.all():
        arrived = [letter for recipient, letter in dip.post.accepted if recipient == row.recipient]
        if row.state == State.ATTENTION and row.error_code == "refused" and row.error_text:
            continue
        if row.state != State.DONE:
            found.append(("stuck", f"the mail to {row.recipient} ended {row.state} ({row.error_code})"))
        elif not arrived:
            found.append(("lost", f"the mail to {row.recipient} never arrived"))
        if set(arrived) - {letters[row.pk]}:
            found.append(("doubled", f"{row.recipient} got it under several Message-IDs"))
    return found


K = Kind
SCENARIOS: tuple[Scenario, ...] = (
    Scenario("contract create", (K.CONTRACT_CREATE,), contract_create),
    Scenario("contract create, first log-in", (K.CONTRACT_CREATE,), contract_first_log_in),
    Scenario("contract update", (K.CONTRACT_UPDATE,), contract_update),
    Scenario("contract propose", (K.CONTRACT_PROPOSE,), contract_propose),
    Scenario("contract create + propose", (K.CONTRACT_CREATE, K.CONTRACT_PROPOSE), proposal, several=True),
    Scenario(
        "contract update + propose", (K.CONTRACT_UPDATE, K.CONTRACT_PROPOSE), contract_edit_and_propose, several=True
    ),
    Scenario("contract revise", (K.CONTRACT_CREATE,), contract_revise),
    Scenario("contract update, changed in DIP", (K.CONTRACT_UPDATE,), update_conflict),
    Scenario("contract propose, changed in DIP", (K.CONTRACT_PROPOSE,), propose_conflict),
    Scenario("production create", (K.PRODUCTION_CREATE,), production_create),
    Scenario("production update", (K.PRODUCTION_UPDATE,), production_update),
    Scenario("production cancel", (K.PERFORMANCE_UPDATE,), production_cancel, several=True),
    Scenario("performance create", (K.PERFORMANCE_CREATE,), performance_create),
    Scenario("performance update", (K.PERFORMANCE_UPDATE,), performance_update),
    Scenario("performance cancel", (K.PERFORMANCE_UPDATE,), performance_cancel),
    Scenario("count of tickets", (K.TICKETS_REPORT,), count_tickets),
    Scenario("count of tickets, corrected on the way", (K.TICKETS_REPORT,), count_corrected),
    Scenario("count of tickets, refused", (K.TICKETS_REPORT,), count_refused),
    Scenario(
        "count of three lists",
        (K.TICKETS_REPORT, K.RESERVATIONS_REPORT, K.BLOCKED_REPORT),
        count_of_three_lists,
        several=True,
    ),
    Scenario("e-mail", (MailKind.PROPOSAL,), mail, Email),
    Scenario(
        "production, performance, agreement",
        (K.PRODUCTION_CREATE, K.PERFORMANCE_CREATE, K.CONTRACT_CREATE),
        all_new,
        several=True,
    ),
)
BY_NAME = {one.name: one for one in SCENARIOS}
