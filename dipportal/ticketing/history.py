"""How much of the curves is kept: every day of the last months, of what is older the last day of each week."""

import datetime as dt

from django.db.models import Exists, OuterRef
from django.db.models.functions import TruncWeek

from dipportal.ticketing.models import TicketCountPoint

DAILY_FOR = dt.timedelta(days=120)
# A run looks so far behind that border. Who was away for longer keeps a few days too many.
LOOKED_AT = dt.timedelta(weeks=8)
AT_ONCE = 5_000


def thin(today: dt.date) -> int:
    """Delete the points that need not be kept. Returns how many."""
    border = today - DAILY_FOR
    old = TicketCountPoint.objects.filter(day__lt=border, day__gte=border - LOOKED_AT).annotate(week=TruncWeek("day"))
    later = TicketCountPoint.objects.filter(performance=OuterRef("performance"), day__gt=OuterRef("day"))
    of_its_week = later.filter(day__lt=border).annotate(week=TruncWeek("day")).filter(week=OuterRef("week"))
    needless = old.filter(Exists(of_its_week))
    keys = list(needless.order_by().values_list("pk", flat=True))
    for begin in range(0, len(keys), AT_ONCE):
        TicketCountPoint.objects.filter(pk__in=keys[begin : begin + AT_ONCE]).delete()
    return len(keys)
