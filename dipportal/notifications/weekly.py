"""The weekly mail about missing ticket counts: one for each theater, recipient and week, never two, whatever happens.

A theater is due from its moment on until the end of the week, so a beat that was away is made up for; a week that has
passed is not. What was done about a week stands in a row (`WeeklyRound`) that is written together with the mails, also
when there was nothing to report: who changes the moment within a week neither gets a second mail nor misses the next.
"""

import datetime as dt
from dataclasses import dataclass

import structlog
from celery.exceptions import SoftTimeLimitExceeded
from django.db import transaction
from django.db.models import Exists, OuterRef
from django.utils import timezone, translation

from dipportal.catalogue.models import Theater
from dipportal.notifications import count_letters, recipients, weeks
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.count_letters import Missing
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import WeeklyRound
from dipportal.notifications.recipients import Reader
from dipportal.ticketing.models import Counting
from dipportal.ticketing.queries import without_count

log = structlog.get_logger(__name__)


@dataclass
class Done:
    """What came of one beat: theaters whose week is dealt with, mails that were written, theaters that failed."""

    theaters: int = 0
    mails: int = 0
    failed: int = 0


def write_due(now: dt.datetime | None = None) -> Done:
    """Deal with each theater that is due, each in a transaction of its own. May run at any time, often, and at once."""
    moment = now or timezone.now()
    done = Done()
    for theater in due(moment):
        try:
            mails = write_for(theater, moment)
        except SoftTimeLimitExceeded:
            raise
        except Exception:
            log.exception("weekly mail failed", theater=theater)
            done.failed += 1
        else:
            done.theaters += mails is not None
            done.mails += mails or 0
    if done.failed:
        log.error("weekly mails not written; the next beat tries again", theaters=done.failed)
    return done


def due(now: dt.datetime) -> list[int]:
    """The keys of the theaters whose moment of this week has come, and nothing was done about yet. One query."""
    dealt_with = WeeklyRound.objects.filter(theater=OuterRef("pk"), week=weeks.week_of(now))
    theaters = Theater.objects.filter(~Exists(dealt_with), receiver__isnull=False).select_related("counting")
    return [theater.pk for theater in theaters.order_by("pk") if is_due(theater, now)]


def is_due(theater: Theater, now: dt.datetime) -> bool:
    """Does it want the mail, and has its moment of this week come?"""
    way = way_of(theater)
    return way.reminded and weeks.planned(weeks.week_of(now), way.weekday, way.hour) <= now


def way_of(theater: Theater) -> Counting:
    return theater.counting if hasattr(theater, "counting") else Counting()


def write_for(key: int, now: dt.datetime, *, at_once: bool = False) -> int | None:
    """Write the mails of this week for one theater. Returns how many; None when it is not, or no longer, due.

    `at_once`: before its moment as well.
    """
    week = weeks.week_of(now)
    with transaction.atomic():
        theater = _held(key)
        if theater is None or not (at_once or is_due(theater, now)):
            return None
        if WeeklyRound.objects.filter(theater=theater, week=week).exists():
            return None
        missing = Missing.of(theater, list(without_count([theater.pk], now)), now)
        listed = [one.pk for one in missing.performances]
        WeeklyRound.objects.create(theater=theater, week=week, performances=listed)
        readers = recipients.counters(missing.organisation) if listed else []
        post([_mail(week, missing, reader) for reader in readers])
    return len(readers)


def _held(key: int) -> Theater | None:
    """The theater under lock: no other worker writes for it, and nobody changes its moment meanwhile.

    None when it has no receiver any more, or somebody else has the lock: the next beat comes in minutes.
    """
    rows = Theater.objects.select_for_update(of=("self",), skip_locked=True, no_key=True)
    return rows.select_related("receiver", "counting").filter(pk=key, receiver__isnull=False).first()


def _mail(week: dt.date, missing: Missing, reader: Reader) -> Mail:
    with translation.override(reader.language):
        subject, text, html = count_letters.render(missing, reader)
    return Mail(
        kind=Kind.COUNTS,
        event_key=event_key(missing.theater.pk, week),
        recipient=reader.address,
        user=reader.user,
        organisation=reader.organisation,
        language=reader.language,
        subject=subject,
        text=text,
        html=html,
        unsubscribe=count_letters.where_to_stop(missing, reader),
    )


def event_key(theater: int, week: dt.date) -> str:
    return f"counts:{theater}:{weeks.name_of(week)}"
