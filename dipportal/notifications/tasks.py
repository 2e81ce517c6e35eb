"""Waking the drain. The rows are the truth: a broker that is away costs seconds, never a mail or a click."""

import structlog
from celery import shared_task

from dipportal.core import broker
from dipportal.notifications import delivery

log = structlog.get_logger(__name__)


@shared_task(time_limit=300, soft_time_limit=280)
def drain_mail() -> None:
    """Send what is due. May run twice at once or not at all: the rows decide."""
    if delivery.drain_due() and delivery.more_is_due():
        wake()


def wake() -> None:
    """Ask a worker to drain the mail; for use with `transaction.on_commit`. The sweep comes anyway."""
    try:
        drain_mail.delay()
    except broker.AWAY as error:
        log.warning("broker away; the sweep will find the mail", error=type(error).__name__)
