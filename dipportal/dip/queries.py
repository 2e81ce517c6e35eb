"""Reads for the pages about DIP: how the connection does, what the runs did, what was set aside."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import Func, IntegerField, QuerySet, Subquery
from django.db.models.expressions import RawSQL
from django.utils import timezone

from dipportal.core.dates import moment
from dipportal.dip.models import Connection, Operation, RemoteRecord, RunKind, RunState, SyncRun, Trouble
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import STUCK, WORKABLE, State


def runs_of(organisation: Organisation | None) -> QuerySet[SyncRun]:
    """The pulls of this organisation's connection, newest first."""
    return SyncRun.objects.visible_to(organisation)


def set_aside(organisation: Organisation | None) -> QuerySet[RemoteRecord]:
    """Records of DIP that could not be read or applied, with their reason. Reference data belongs to nobody."""
    return RemoteRecord.objects.visible_to(organisation).exclude(fault="").filter(missing_since=None)


def problems_of(organisation: Organisation | None) -> QuerySet[Operation]:
    """Operations that a person has to look at, and those whose outcome DIP left unclear."""
    return Operation.objects.visible_to(organisation).filter(state__in=(*STUCK, State.UNCLEAR))


@dataclass(frozen=True)
class Away:
    """What keeps work from reaching DIP, for the people who wait for it.

    `refused`: the log-in is, which a manager can mend; otherwise DIP does not answer, which passes. `waiting` is how
    many changes go along later, `resting_until` when the next call is made, if that was put off.
    """

    refused: bool
    since: dt.datetime
    text: str
    resting_until: dt.datetime | None
    waiting: int

    @property
    def since_words(self) -> str:
        """'14:02', with the day before it when that was not today."""
        since = timezone.localtime(self.since)
        return f"{since:%H:%M}" if since.date() == timezone.localdate() else moment(since)


# One call that fails happens every day; two in a row, with no answer in between, are worth a sentence.
FAILURES_THAT_MATTER = 2


def away_of(connection: Connection | None) -> Away | None:
    """The trouble of a connection when it matters, from what its calls came to; None as soon as DIP answers again."""
    if connection is None or not connection.trouble_kind or connection.trouble_since is None:
        return None
    refused = connection.trouble_kind == Trouble.REFUSED
    if not refused and connection.failures < FAILURES_THAT_MATTER:
        return None
    now = timezone.now()
    resting = connection.open_until if connection.open_until and connection.open_until > now else None
    waiting = Operation.objects.visible_to(connection.organisation).filter(state__in=WORKABLE).count()
    return Away(refused, connection.trouble_since, connection.trouble, resting, waiting)


def connection_of(organisation: Organisation | None) -> Connection | None:
    return Connection.objects.visible_to(organisation).active().select_related("organisation").first()


def troubled(organisation: Organisation | None) -> QuerySet[Connection]:
    """The connection when its last calls failed; whether that matters, away_of says."""
    rows: QuerySet[Connection] = Connection.objects.visible_to(organisation).active().order_by("pk")
    return rows.exclude(trouble_kind="")


@dataclass(frozen=True)
class ConnectionStatus:
    """How the connection does. `newest` holds the newest run of each kind; `away` is None while DIP answers."""

    connection: Connection
    newest: dict[str, SyncRun]
    set_aside: int
    away: Away | None

    @property
    def last_good_pull_at(self) -> dt.datetime | None:
        return self.connection.last_good_pull_at

    @property
    def running(self) -> list[SyncRun]:
        return [run for run in self.newest.values() if is_alive(run)]

    def in_the_way_of(self, kind: RunKind) -> SyncRun | None:
        """The run that is going on and keeps one of this kind from starting."""
        return next((run for run in self.running if lane(run.kind) == lane(kind)), None)


def is_alive(run: SyncRun) -> bool:
    """A run whose worker was killed only looks as if it were going on: its lease has ended."""
    return run.state == RunState.RUNNING and run.alive_until is not None and run.alive_until > timezone.now()


def lane(kind: str) -> str:
    """Both pulls of agreements write the same rows, so only one of them runs at a time; of ticket counts too."""
    return _LANES.get(kind, kind)


_LANES: dict[str, str] = {RunKind.CONTRACTS_FULL: RunKind.CONTRACTS, RunKind.COUNTS_FULL: RunKind.COUNTS}


def status_of(organisation: Organisation | None) -> ConnectionStatus | None:
    """The state of the organisation's connection, or None when it has none. Two queries, three when DIP is away."""
    # A plain function, for with Count Django would group the rows.
    aside = set_aside(organisation).order_by().values(number=Func("pk", function="COUNT"))
    rows = Connection.objects.visible_to(organisation).active()
    connection = rows.annotate(set_aside=Subquery(aside, output_field=IntegerField())).order_by("-pk").first()
    if connection is None:
        return None
    connection.organisation = organisation
    return ConnectionStatus(
        connection=connection,
        newest=_newest(connection),
        set_aside=connection.set_aside,
        away=away_of(connection),
    )


# For each kind the key of its newest run, each found by the index. Written out, because putting the same question
# together anew for every kind takes Django longer than the database takes to answer it.
KINDS = " UNION ALL ".join(["SELECT %s AS kind"] * len(RunKind.values))
NEWEST = (
    "SELECT (SELECT run.id FROM dip_syncrun run WHERE run.connection_id = %s AND run.kind = wanted.kind"  # noqa: S608
    f" ORDER BY run.started_at DESC, run.id DESC LIMIT 1) FROM ({KINDS}) wanted"
)


def _newest(connection: Connection) -> dict[str, SyncRun]:
    """The newest run of each kind, by the index: a year of pulls every few minutes makes a long table."""
    runs = SyncRun.objects.filter(connection=connection)
    return {run.kind: run for run in runs.filter(pk__in=RawSQL(NEWEST, [connection.pk, *RunKind.values]))}  # noqa: S611


@dataclass(frozen=True)
class Pace:
    """How a run under way gets on: things a second, and how long the rest takes (None: not known yet)."""

    per_second: float
    left: dt.timedelta | None


def pace_of(run: SyncRun) -> Pace | None:
    """By what the run last told; None before there is anything to go by."""
    if not run.done or run.step_at is None or run.told_at is None or run.told_at <= run.step_at:
        return None
    return pace(run.done, run.total, run.told_at - run.step_at)


def pace(done: int, of: int | None, took: dt.timedelta) -> Pace:
    """`done` (at least 1) of `of` took so long."""
    per_second = done / max(took.total_seconds(), 0.001)
    left = None if of is None else dt.timedelta(seconds=max(of - done, 0) / per_second)
    return Pace(per_second, left)
