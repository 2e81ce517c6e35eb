"""What of the history of pulls is kept: every five minutes a row for each connection would be a million in a few years.

Runs that brought something or went wrong are kept for RUNS_KEPT, those in which nothing happened for QUIET_RUNS_KEPT.
The newest run and the newest good one of each connection and kind stay, however old.
"""

import datetime as dt

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from dipportal.dip.models import RunState, SyncRun

QUIET_RUNS_KEPT = dt.timedelta(days=2)
RUNS_KEPT = dt.timedelta(days=90)
# So many at once, so that nobody waits for one long transaction.
AT_ONCE = 1_000
# A run that counted nothing but this has nothing to tell.
NO_NEWS = frozenset({"seen", "unchanged"})


def clear_runs() -> int:
    """Delete what need not be kept, and return how many runs that were."""
    now = timezone.now()
    old = set(_not_the_newest().filter(started_at__lt=now - RUNS_KEPT).values_list("pk", flat=True))
    quiet = _not_the_newest().filter(state=RunState.GOOD, started_at__lt=now - QUIET_RUNS_KEPT, errors=[])
    old |= {pk for pk, counts in quiet.values_list("pk", "counts").iterator() if counts.keys() <= NO_NEWS}
    outdated = sorted(old)
    for begin in range(0, len(outdated), AT_ONCE):
        SyncRun.objects.filter(pk__in=outdated[begin : begin + AT_ONCE]).delete()
    return len(outdated)


def _not_the_newest() -> QuerySet[SyncRun]:
    """Runs that are over, without those that tell how a connection stands."""
    later = SyncRun.objects.filter(
        connection=OuterRef("connection"), kind=OuterRef("kind"), started_at__gt=OuterRef("started_at")
    )
    has_later_good = Exists(later.filter(state=RunState.GOOD))
    has_later = Exists(later)
    superseded = has_later_good | (has_later & ~Q(state=RunState.GOOD)) | Q(connection=None)
    return SyncRun.objects.exclude(state=RunState.RUNNING).filter(superseded)
