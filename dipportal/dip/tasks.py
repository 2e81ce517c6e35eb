"""Thin tasks. They may run twice or not at all: the rows are the truth, the sweep finds what a lost message missed."""

import structlog
from celery import shared_task
from django.db import transaction
from django.db.models import F

from dipportal.core import broker
from dipportal.dip.models import Connection, Operation, RunKind
from dipportal.outbox.drain import drain

log = structlog.get_logger(__name__)
BATCH = 50
BATCH_SECONDS = 20.0


def wake() -> None:
    """Have the outbox drained once the transaction is committed; once, however many rows it wrote."""
    connection = transaction.get_connection()
    if not any(callback is _wake_now for _sids, callback, _robust in connection.run_on_commit):
        transaction.on_commit(_wake_now)


def _wake_now() -> None:
    """A broker that is away must not break what the user did: the sweep drains the row instead."""
    try:
        drain_operations.delay()
    except broker.AWAY as error:
        log.warning("no wake-up for DIP operations", reason=type(error).__name__)


@shared_task(time_limit=900, soft_time_limit=840)
def drain_operations() -> int:
    """Work the rows that are due; with a full batch there may be more, so another task goes on."""
    from dipportal.dip.push import work

    worked = drain(Operation, work, limit=BATCH, seconds=BATCH_SECONDS)
    if worked:
        _wake_now()
    return worked


@shared_task(time_limit=120, soft_time_limit=110)
def pull_all(kind: str) -> None:
    """One task per connection that reads. Reference data is the same for all: the one that last worked fetches it."""
    connections = Connection.objects.pulling().order_by(F("last_good_pull_at").desc(nulls_last=True), "pk")
    if kind == RunKind.REFERENCE:
        connections = connections[:1]
    for pk in connections.values_list("pk", flat=True):
        pull_one.delay(pk, kind)


@shared_task(time_limit=3600, soft_time_limit=3500)
def pull_one(connection_id: int, kind: str) -> None:
    from dipportal.dip import pull

    connection = Connection.objects.pulling().filter(pk=connection_id).first()
    if connection is not None:
        pull.run(connection, kind)


@shared_task(time_limit=600, soft_time_limit=590)
def clear_runs() -> int:
    """Clear away what of the history of pulls is kept no longer."""
    from dipportal.dip import tidying

    return tidying.clear_runs()
