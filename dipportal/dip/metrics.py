"""Numbers for whoever watches over the portal, as Prometheus reads them: counts, ages, codes and keys of rows."""

import datetime as dt
import secrets
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from django.conf import settings
from django.db.models import Count, Min, OuterRef, Subquery
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.cache import never_cache

from dipportal.dip.models import Connection, Kind, Operation, RunKind, RunState, SyncRun, Trouble
from dipportal.notifications.enums import Kind as MailKind
from dipportal.notifications.models import Email
from dipportal.organisations.areas import public
from dipportal.outbox.drain import claimable
from dipportal.outbox.models import STUCK, WORKABLE, OutboxRow

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
Labels = dict[str, str]
# What the two outboxes are called in the labels, with every kind of row that each can have.
OUTBOXES: tuple[tuple[str, type[OutboxRow], list[str]], ...] = (
    ("dip", Operation, Kind.values),
    ("mail", Email, MailKind.values),
)


@dataclass(frozen=True)
class Gauge:
    """One number that goes up and down. A series that could exist is there with 0: an alarm needs something to see."""

    name: str
    help: str
    values: list[tuple[Labels, float]] = field(default_factory=list)

    def lines(self) -> Iterator[str]:
        yield f"# HELP dipportal_{self.name} {self.help}"
        yield f"# TYPE dipportal_{self.name} gauge"
        for labels, value in self.values:
            told = ",".join(f'{name}="{text}"' for name, text in labels.items())
            yield f"dipportal_{self.name}{{{told}}} {value:.15g}" if told else f"dipportal_{self.name} {value:.15g}"


@public(methods=("GET",))
@never_cache
def metrics(request: HttpRequest) -> HttpResponse:
    """For who sends METRICS_TOKEN as a bearer; without that setting there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    if not secrets.compare_digest(request.headers.get("Authorization", "").encode(), _bearer()):
        return HttpResponse(status=401, headers={"WWW-Authenticate": "Bearer"})
    return HttpResponse(rendered(gauges()), content_type=CONTENT_TYPE)


def _bearer() -> bytes:
    return f"Bearer {settings.METRICS_TOKEN}".encode()


def rendered(found: Iterable[Gauge]) -> str:
    return "".join(f"{line}\n" for gauge in found for line in gauge.lines())


def gauges() -> list[Gauge]:
    """All of them, in six queries whatever there is. Ages are in seconds, 0 when there is nothing to wait for.

    Trouble is told of every connection in use; pulls of those that read, for a theater's would be overdue for ever.
    """
    now = timezone.now()
    rows = Connection.objects.active().select_related("organisation").order_by("pk")
    connections = list(rows.annotate(**_last_good()))
    reading = [connection for connection in connections if not connection.reports]
    return [_oldest_due(now), _rows(), _oldest_mail(now), _last_pulls(reading), _trouble(connections, now)]


def _oldest_due(now: dt.datetime) -> Gauge:
    """By what a worker could take now: a row that waits for one before it, or is being worked, is not late."""
    gauge = Gauge("outbox_oldest_due_seconds", "Age of the oldest row that a worker could take now.")
    for outbox, model, kinds in OUTBOXES:
        due = dict(claimable(model, now).order_by().values_list("kind").annotate(oldest=Min("due_at")))
        for kind in kinds:
            gauge.values.append(({"outbox": outbox, "kind": kind}, _age(due.get(kind), now)))
    return gauge


def _rows() -> Gauge:
    gauge = Gauge("outbox_rows", "Rows that are not closed; attention and quarantined wait for a person.")
    for outbox, model, _kinds in OUTBOXES:
        states = (*WORKABLE, *STUCK)
        rows = model._default_manager.filter(state__in=states).order_by()
        counted = dict(rows.values_list("state").annotate(number=Count("pk")))
        gauge.values.extend(({"outbox": outbox, "state": state.value}, counted.get(state, 0)) for state in states)
    return gauge


def _oldest_mail(now: dt.datetime) -> Gauge:
    oldest = Email.objects.filter(state__in=WORKABLE).aggregate(oldest=Min("created_at"))["oldest"]
    return Gauge("mail_oldest_seconds", "Age of the oldest mail that has not left.", [({}, _age(oldest, now))])


def _last_good() -> dict[str, Subquery]:
    good = SyncRun.objects.filter(connection=OuterRef("pk"), state=RunState.GOOD).order_by("-started_at")
    return {_column(kind): Subquery(good.filter(kind=kind).values("finished_at")[:1]) for kind in RunKind}


def _column(kind: RunKind) -> str:
    return f"good_{kind.name.lower()}"


def _last_pulls(connections: list[Connection]) -> Gauge:
    gauge = Gauge("last_good_pull_timestamp_seconds", "When the last pull in which nothing broke ended; 0 for never.")
    for connection in connections:
        for kind in RunKind:
            ended = getattr(connection, _column(kind))
            labels = {"connection": str(connection.pk), "kind": kind.value}
            gauge.values.append((labels, ended.timestamp() if ended else 0))
    return gauge


def _trouble(connections: list[Connection], now: dt.datetime) -> Gauge:
    gauge = Gauge("connection_trouble_seconds", "Since how long DIP does not answer, or refuses the log-in.")
    for connection in connections:
        for kind in Trouble:
            since = connection.trouble_since if connection.trouble_kind == kind else None
            gauge.values.append(({"connection": str(connection.pk), "trouble": kind.value}, _age(since, now)))
    return gauge


def _age(since: dt.datetime | None, now: dt.datetime) -> float:
    return max((now - since).total_seconds(), 0.0) if since is not None else 0.0
