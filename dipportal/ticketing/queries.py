"""Reads about ticket counts."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Exists, OuterRef, QuerySet, Subquery
from django.utils import timezone

from dipportal.catalogue.models import Performance, PerformanceQuerySet, Production, Theater
from dipportal.catalogue.rules import season_begins
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core import bulk
from dipportal.core.dates import midnight
from dipportal.organisations.models import Organisation
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import Counts, TicketCount, TicketCountPoint, TicketLink
from dipportal.ticketing.models_keys import SystemKey
from dipportal.ticketing.monitor import WEEK, Curve, Sold, curve
from dipportal.ticketing.rules import Standing

# So long after the evening a theater may still correct its count.
SETTLED_AFTER = dt.timedelta(days=60)

# So far ahead a theater is told that a count is missing.
COMING = dt.timedelta(weeks=6)


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
    return sold_today(TicketCount.objects.visible_to(organisation), performances)


def sold_today(counts: Counts, performances: Sequence[Performance]) -> list[Sold]:
    """The same, of these counts."""
    rows = counts.shown().filter(performance__in=bulk.among([one.pk for one in performances]))
    shown = {count.performance_id: count for count in rows.annotate(week_before=tickets_a_week_ago())}
    return [
        Sold(one, count, count.week_before if count is not None else None)
        for one in performances
        for count in (shown.get(one.pk),)
    ]


def tickets_a_week_ago() -> Subquery:
    """Of a count; None where that is not known."""
    a_week_ago = timezone.localdate() - WEEK
    earlier = TicketCountPoint.objects.filter(performance=OuterRef("performance"), day__lte=a_week_ago)
    return Subquery(earlier.order_by("-day").values("tickets")[:1])


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


def _told() -> QuerySet[TicketCount]:
    return TicketCount.objects.filter(performance=OuterRef("pk"), tickets__isnull=False, missing_since=None)


def told(performances: PerformanceQuerySet) -> PerformanceQuerySet:
    """Those of these of which a count is registered."""
    return performances.filter(Exists(_told()))


def lacking(performances: PerformanceQuerySet, today: dt.date) -> PerformanceQuerySet:
    """Those of these of which no count is registered, and one should be.

    Of the coming weeks, to the end of their last day, and the past ones of the running season; never what does not
    take place.
    """
    end = midnight(today + COMING + dt.timedelta(days=1))
    wanted = performances.agreed().filter(starts_at__gte=season_begins(today), starts_at__lt=end)
    return wanted.filter(~Exists(_told()))


def without_count(theaters: Collection[int], now: dt.datetime) -> PerformanceQuerySet:
    """The performances in these theaters that `lacking` finds, in the order in which they play."""
    rows = lacking(Performance.objects.in_house(theaters), timezone.localdate(now))
    return rows.select_related("production", "theater", "hall").order_by("starts_at", "pk")


def without_link(performances: PerformanceQuerySet) -> PerformanceQuerySet:
    """Those of these that are not linked to the ticketing system of the theater in which they play."""
    link = TicketLink.objects.filter(performance=OuterRef("pk"), theater=OuterRef("theater"))
    return performances.filter(~Exists(link))


def countable(
    theaters: Collection[int], first: dt.datetime, end: dt.datetime, *, silent: bool = False
) -> PerformanceQuerySet:
    """The performances in these theaters from `first` to before `end` that have a count, or can have one.

    A cancelled one is among them when something was counted of it: its tickets go back one by one. `silent`: only
    those that take place and have no count. In the order in which they play.
    """
    there = Performance.objects.in_house(theaters).filter(missing_since=None, starts_at__gte=first, starts_at__lt=end)
    if silent:
        found = there.agreed().filter(~Exists(_told()))
    else:
        found = there.filter(Exists(TicketCount.objects.filter(performance=OuterRef("pk")))) | there.agreed()
    return found.order_by("starts_at", "pk")


def by_system_number(theater: Theater, numbers: Collection[str]) -> dict[str, Performance]:
    """The performances that have these numbers in the ticketing system of this theater, and play there. One query."""
    links = TicketLink.objects.filter(theater=theater, system_number__in=set(numbers), performance__theater=theater)
    return {one.system_number: one.performance for one in links.select_related("performance__production")}


def system_numbers(theater: Theater, performances: Collection[Performance]) -> dict[int, str]:
    """What those of these that are linked are called in the ticketing system of this theater, by their keys."""
    links = TicketLink.objects.filter(theater=theater, performance__in=[one.pk for one in performances])
    return dict(links.values_list("performance", "system_number"))


def keys_of(organisation: Organisation) -> QuerySet[SystemKey]:
    """The keys of its ticketing systems, revoked or not."""
    return SystemKey.objects.visible_to(organisation).select_related("theater", "created_by")


def agreed_prices(performances: Collection[int]) -> dict[int, tuple[int, int]]:
    """The lowest and the highest entrance price, in cents, of those of these that have an approved agreement."""
    found: dict[int, tuple[int, int]] = {}
    agreed = Contract.objects.filter(status=Status.APPROVED, performances__in=list(performances))
    for pk, prices in agreed.order_by("pk").values_list("performances", "entrance_prices"):
        if prices:
            found[pk] = (min(prices), max(prices))
    return found


def standings(performances: Collection[int]) -> dict[int, Standing]:
    """How each of these is counted, by its key; who may ask is the caller's care. Four queries."""
    keys = list(performances)
    counts: dict[int, dict[Source, TicketCount]] = defaultdict(dict)
    for count in TicketCount.objects.filter(performance__in=keys):
        counts[count.performance_id][Source(count.source)] = count
    links = {one.performance_id: one for one in TicketLink.objects.filter(performance__in=keys)}
    working = SystemKey.objects.working().filter(theater=OuterRef("theater"))
    rows = Performance.objects.filter(pk__in=keys).annotate(has_key=Exists(working))
    rows = rows.select_related("production", "theater__counting", "hall")
    known = agreed_prices(keys)
    return {
        one.pk: Standing(
            performance=one,
            link=link if (link := links.get(one.pk)) is not None and link.theater_id == one.theater_id else None,
            counts=counts.get(one.pk, {}),
            by_hand=hasattr(one.theater, "counting") and one.theater.counting.by_hand,
            has_key=one.has_key,
            prices=known.get(one.pk),
        )
        for one in rows
    }
