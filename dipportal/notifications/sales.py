"""The weekly sales mail: one for each subscription and week, never two, whatever happens.

It is due from its moment on until the end of the week, so a beat that was away is made up for; a week that has passed
is not. What was done about a week stands in a row (`SalesRound`) that is written together with the mail and its sheet,
also when nothing ran. What it tells is what the organisation may see when it is written.
"""

import datetime as dt
import secrets
from dataclasses import dataclass

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone, translation

from dipportal.notifications import sales_letters, weeks
from dipportal.notifications.actions import post
from dipportal.notifications.models import Attachment, SalesRound, SalesSubscription
from dipportal.notifications.models_sales import digest
from dipportal.outbox.models import CLOSED
from dipportal.ticketing.running import Sales

log = structlog.get_logger(__name__)
# A file goes so long after its mail left or was given up. Until then a copy of it would be the same.
FILES_LAST = dt.timedelta(days=30)
# So old a stop link works no more; and a row of somebody who stopped, or never answered, is forgotten.
LINKS_LAST = dt.timedelta(days=400)


@dataclass
class Done:
    """What came of one beat: subscriptions whose week is dealt with, mails that were written, those that failed."""

    subscriptions: int = 0
    mails: int = 0
    failed: int = 0


def write_due(now: dt.datetime | None = None) -> Done:
    """Deal with each subscription that is due, each in a transaction of its own. May run at any time, often, and at
    once."""
    moment = now or timezone.now()
    done = Done()
    for key in due(moment):
        try:
            written = write_for(key, moment)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            log.exception("sales mail failed", subscription=key)
            done.failed += 1
        else:
            done.subscriptions += written is not None
            done.mails += bool(written)
    if done.failed:
        log.error("sales mails not written; the next beat tries again", subscriptions=done.failed)
    return done


def due(now: dt.datetime) -> list[int]:
    """The keys of the subscriptions whose moment of this week has come, and nothing was done about yet. One query."""
    dealt_with = SalesRound.objects.filter(subscription=OuterRef("pk"), week=weeks.week_of(now))
    rows = SalesSubscription.objects.active().filter(~Exists(dealt_with)).order_by("pk")
    return [row.pk for row in rows if is_due(row, now)]


def is_due(subscription: SalesSubscription, now: dt.datetime) -> bool:
    """Has its moment of this week come? A moment before the reader said yes is none."""
    moment = weeks.planned(weeks.week_of(now), subscription.weekday, subscription.hour)
    return subscription.confirmed_at is not None and subscription.confirmed_at < moment <= now


def next_moment(subscription: SalesSubscription, now: dt.datetime) -> dt.datetime:
    """The first moment from now on at which its mail is planned."""
    week = weeks.week_of(now)
    moment = weeks.planned(week, subscription.weekday, subscription.hour)
    return (
        moment if moment > now else weeks.planned(week + dt.timedelta(days=7), subscription.weekday, subscription.hour)
    )


def write_for(key: int, now: dt.datetime) -> bool | None:
    """Write the mail of this week. True when there is one, False when nothing runs, None when it is not due."""
    week = weeks.week_of(now)
    with transaction.atomic():
        subscription = _held(key)
        if subscription is None or not is_due(subscription, now):
            return None
        if SalesRound.objects.filter(subscription=subscription, week=week).exists():
            return None
        sales = Sales.of(subscription.organisation, now, _chosen(subscription))
        token = secrets.token_urlsafe(32)
        SalesRound.objects.create(
            subscription=subscription,
            week=week,
            productions=[one.pk for one in sales.productions],
            stop_digest=digest(token),
        )
        if not sales.productions:
            return False
        with translation.override(subscription.language):
            post([sales_letters.weekly(subscription, sales, week, token)])
    return True


def _held(key: int) -> SalesSubscription | None:
    """The row under lock: no other worker writes for it, and nobody stops or changes it meanwhile.

    None when it was stopped, or somebody else has the lock: the next beat comes in minutes.
    """
    rows = SalesSubscription.objects.select_for_update(of=("self",), skip_locked=True, no_key=True).active()
    return rows.select_related("organisation").filter(pk=key).first()


def _chosen(subscription: SalesSubscription) -> list[int] | None:
    return None if subscription.all_running else list(subscription.productions.values_list("pk", flat=True))


def clear(now: dt.datetime | None = None) -> int:
    """Delete the files of mails that left long ago, stop links that nobody will follow, and who is long gone.

    Returns how many files went. A mail that waits for a person keeps its file.
    """
    moment = now or timezone.now()
    old = moment - LINKS_LAST
    files, _by_model = Attachment.objects.filter(
        email__state__in=CLOSED, email__done_at__lt=moment - FILES_LAST
    ).delete()
    SalesRound.objects.filter(made_at__lt=old).delete()
    SalesSubscription.objects.filter(Q(stopped_at__lt=old) | Q(confirmed_at=None, expires_at__lt=old)).delete()
    return files
