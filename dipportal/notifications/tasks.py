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


@shared_task(soft_time_limit=240, time_limit=300)
def write_weekly() -> None:
    """By the beat: the mails about missing ticket counts that are due. A second run finds nothing left to do."""
    from dipportal.notifications import weekly

    weekly.write_due()


@shared_task(soft_time_limit=240, time_limit=300)
def write_sales() -> None:
    """By the beat: the sales mails that are due. A second run finds nothing left to do."""
    from dipportal.notifications import sales

    sales.write_due()


@shared_task(soft_time_limit=240, time_limit=300)
def clear_sales() -> int:
    """Delete the files of mails that left long ago, and links that are too old."""
    from dipportal.notifications import sales

    return sales.clear()


def wake() -> None:
    """Ask a worker to drain the mail; for use with `transaction.on_commit`. The sweep comes anyway."""
    try:
        drain_mail.delay()
    except broker.AWAY as error:
        log.warning("broker away; the sweep will find the mail", error=type(error).__name__)
