"""How the demo's tickets were sold: DIP tells running totals only, so the weeks before today are made up here.

Each performance sells from ten to fourteen weeks before it, slowly at first and faster towards the evening, and ends at
the total that DIP tells. Nothing of it is chance: the same season has the same curves.
"""

import datetime as dt
from collections.abc import Iterator

from django.db.models import Count

from dipportal.catalogue.models import Performance
from dipportal.ticketing import sums
from dipportal.ticketing.models import TicketCountPoint
from dipportal.ticketing.queries import evening_of

EVERY = dt.timedelta(days=3)


def draw() -> int:
    """Points for each performance that has no more than the one of the pull. Returns how many were made."""
    single = TicketCountPoint.objects.values("performance").annotate(points=Count("pk")).filter(points=1)
    last = TicketCountPoint.objects.filter(performance__in=single.values("performance"), tickets__gt=0)
    made = [point for one in last.select_related("performance").order_by("pk") for point in _before(one)]
    TicketCountPoint.objects.bulk_create(made, batch_size=1000)
    sums.renew_all()
    return len(made)


def _before(last: TicketCountPoint) -> Iterator[TicketCountPoint]:
    """The points before the one that DIP told; a day on which nothing was sold has none."""
    performance, evening = last.performance, evening_of(last.performance)
    begin = evening - dt.timedelta(days=70 + 7 * ((performance.number or 0) % 5))
    whole = _sold_by(performance, begin, evening, last.day)
    day, before = begin, 0
    while day < last.day and whole:
        share = _sold_by(performance, begin, evening, day) / whole
        tickets = round((last.tickets or 0) * share)
        if tickets > before:
            cents = round((last.revenue_cents or 0) * share)
            yield TicketCountPoint(performance=performance, day=day, tickets=tickets, revenue_cents=cents)
            before = tickets
        day += EVERY


def _sold_by(performance: Performance, begin: dt.date, evening: dt.date, day: dt.date) -> float:
    """Which part of all tickets is sold at the end of that day, 0 to 1; some performances start slower than others."""
    passed = min(1.0, max(0.0, ((day - begin).days + 1) / ((evening - begin).days + 1)))
    return passed ** (1.4 + 0.2 * ((performance.number or 0) % 4))
