"""Reads about ticket counts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Sequence

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production
from dipportal.organisations.models import Organisation
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.monitor import WEEK, Curve, Sold, curve

# So long after the evening a theater may still correct its count.
SETTLED_AFTER = dt.timedelta(days=60)


def still_counted(performances: QuerySet[Performance], now: dt.datetime) -> QuerySet[Performance]:
    """Those whose counts can still change; cancelled ones too, whose tickets go back one by one."""
    return performances.filter(starts_at__gte=now - SETTLED_AFTER, missing_since=None, number__isnull=False)


def counted_productions(organisation: Organisation | None, *, running_at: dt.datetime | None) -> QuerySet[Production]:
    """The productions whose counts can be asked of DIP; only those that run at that moment, or (None) all of them."""
    found = Production.objects.visible_to(organisation).filter(missing_since=None).exclude(dip_id="")
    if running_at is None:
        return found
    return found.filter(Exists(still_counted(Performance.objects.filter(production=OuterRef("pk")), running_at)))


def sold_of(organisation: Organisation | None, performances: Sequence[Performance]) -> list[Sold]:
    """How each of these sells, in their order. One query."""
    a_week_ago = timezone.localdate() - WEEK
    earlier = TicketCountPoint.objects.filter(performance=OuterRef("performance"), day__lte=a_week_ago)
    rows = TicketCount.objects.visible_to(organisation).filter(
        performance__in=[one.pk for one in performances], source=Source.DIP
    )
    counts = {
        count.performance_id: count
        for count in rows.annotate(week_before=Subquery(earlier.order_by("-day").values("tickets")[:1]))
    }
    return [
        Sold(one, count, count.week_before if count is not None else None)
        for one in performances
        for count in (counts.get(one.pk),)
    ]


def curves_of(organisation: Organisation | None, performances: Sequence[Performance]) -> list[Curve]:
    """The curves of those of these that have a count of tickets. One query."""
    found: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
    points = TicketCountPoint.objects.visible_to(organisation).filter(
        performance__in=[one.pk for one in performances], tickets__isnull=False
    )
    for pk, day, tickets in points.order_by("performance", "day").values_list("performance", "day", "tickets"):
        found[pk].append((day, tickets))
    return [curve(one, found[one.pk], evening_of(one)) for one in performances if one.pk in found]


def evening_of(performance: Performance) -> dt.date:
    """The day of Amsterdam on which it plays."""
    return timezone.localdate(performance.starts_at)
