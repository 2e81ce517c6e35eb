"""Reads for the pages about DIP: how the connection does, what the runs did, what was set aside."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils import timezone

from dipportal.dip.models import Connection, Operation, RemoteRecord, RunState, SyncRun
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import STUCK, State


def runs_of(organisation: Organisation | None) -> QuerySet[SyncRun]:
    """The pulls of this organisation's connection, newest first."""
    return SyncRun.objects.visible_to(organisation).select_related("triggered_by")


def set_aside(organisation: Organisation | None) -> QuerySet[RemoteRecord]:
    """Records of DIP that could not be read or applied, with their reason. Reference data belongs to nobody."""
    return RemoteRecord.objects.visible_to(organisation).exclude(fault="").filter(missing_since=None)


def problems_of(organisation: Organisation | None) -> QuerySet[Operation]:
    """Operations that a person has to look at, and those whose outcome DIP left unclear."""
    return Operation.objects.visible_to(organisation).filter(state__in=(*STUCK, State.UNCLEAR))


@dataclass(frozen=True)
class ConnectionStatus:
    """How the connection does. `silent_since` is when DIP stopped answering; None while it answers.

    `resting_until` is set while no calls are made because too many failed. `newest` holds the newest run of each kind.
    """

    connection: Connection
    newest: dict[str, SyncRun]
    silent_since: dt.datetime | None
    resting_until: dt.datetime | None
    set_aside: int

    @property
    def last_good_pull_at(self) -> dt.datetime | None:
        return self.connection.last_good_pull_at

    @property
    def running(self) -> list[SyncRun]:
        """A run whose worker was killed only looks like one: its lease has ended."""
        now = timezone.now()
        running = [run for run in self.newest.values() if run.state == RunState.RUNNING]
        return [run for run in running if run.alive_until is not None and run.alive_until > now]

    @property
    def trouble(self) -> str:
        """What went wrong last, in words; '' when nothing does."""
        if self.connection.trouble:
            return self.connection.trouble
        failed = [run for run in self.newest.values() if run.state == RunState.FAILED and run.errors]
        return str(max(failed, key=lambda run: run.started_at).errors[0]) if failed and self.silent_since else ""


def status_of(organisation: Organisation | None) -> ConnectionStatus | None:
    """The state of the organisation's connection, or None when it has none. Five queries."""
    connection = Connection.objects.visible_to(organisation).active().select_related("organisation").first()
    return status_of_connection(connection) if connection is not None else None


def status_of_connection(connection: Connection) -> ConnectionStatus:
    runs = SyncRun.objects.filter(connection=connection)
    later = SyncRun.objects.filter(connection=connection, kind=OuterRef("kind")).order_by("-started_at", "-pk")
    newest = {run.kind: run for run in runs.filter(pk=Subquery(later.values("pk")[:1]))}
    now = timezone.now()
    resting = connection.open_until if connection.open_until and connection.open_until > now else None
    return ConnectionStatus(
        connection=connection,
        newest=newest,
        silent_since=_silent_since(runs),
        resting_until=resting,
        set_aside=set_aside(connection.organisation).count(),
    )


def _silent_since(runs: QuerySet[SyncRun]) -> dt.datetime | None:
    """The start of the first failed run after the last one in which DIP answered."""
    ended = runs.exclude(state=RunState.RUNNING)
    answered = ended.exclude(state=RunState.FAILED).order_by("-started_at").values_list("started_at", flat=True).first()
    failed = ended.filter(state=RunState.FAILED)
    if answered is not None:
        failed = failed.filter(started_at__gt=answered)
    return failed.order_by("started_at").values_list("started_at", flat=True).first()
