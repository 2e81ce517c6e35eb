"""How the demo's tickets were sold: DIP tells running totals only, so the weeks before today are made up here.

Each performance has a run-up of its own that ends at the total that DIP tells, with what makes real ones irregular:
halls that open the sale of a whole season before the summer, a rush at the start, subscriptions, weekends and holidays,
reviews, groups that book and give back, a last week that is strong or is not, houses that sell out weeks before or
report once a week. All chance comes from the numbers of performance, production and theater: the same season has the
same curves.

The forecast is checked on these curves and is not fitted to them: nothing here knows how it reckons, and what is drawn
here must not be bent towards it.
"""

import datetime as dt
import math
from collections.abc import Iterator
from dataclasses import dataclass
from random import Random

from django.db.models import Count
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.ticketing import history, sums
from dipportal.ticketing.models import TicketCountPoint
from dipportal.ticketing.queries import evening_of

DAY = dt.timedelta(days=1)
# Monday first: houses are called on weekdays, and few people buy on a Sunday.
WEEKDAYS = (1.05, 1.2, 1.1, 1.0, 0.95, 0.7, 0.55)


def draw() -> int:
    """Points for each performance that has no more than the one of the pull. Returns how many were made."""
    single = TicketCountPoint.objects.values("performance").annotate(points=Count("pk")).filter(points=1)
    last = TicketCountPoint.objects.filter(performance__in=single.values("performance"), tickets__gt=0)
    border = timezone.localdate() - history.DAILY_FOR
    made = [
        point
        for one in last.select_related("performance__production").order_by("pk")
        for point in _kept(list(_before(one)), one, border)
    ]
    TicketCountPoint.objects.bulk_create(made, batch_size=1000)
    sums.renew_all()
    return len(made)


def _before(last: TicketCountPoint) -> Iterator[TicketCountPoint]:
    """The points before the one that DIP told; a day on which nothing changed has none."""
    performance, whole = last.performance, last.tickets or 0
    before = 0
    for day, tickets in _counted(Sale.of(performance, sold_out=0 < performance.seats <= whole), last.day, whole):
        if tickets != before:
            cents = round((last.revenue_cents or 0) * tickets / whole)
            yield TicketCountPoint(performance=performance, day=day, tickets=tickets, revenue_cents=cents)
            before = tickets


def _kept(points: list[TicketCountPoint], last: TicketCountPoint, border: dt.date) -> list[TicketCountPoint]:
    """What the portal would have kept of these by now: before the border the last of each week."""
    following = [*points, last][1:]
    return [
        point
        for point, after in zip(points, following, strict=True)
        if after.day >= border or point.day.isocalendar()[:2] != after.day.isocalendar()[:2]
    ]


@dataclass(frozen=True)
class Sale:
    """What is drawn for one performance. The strengths are parts of each other; only their proportions matter."""

    chance: Random
    begin: dt.date
    evening: dt.date
    rush: float
    steady: float
    build_up: float
    builds_over: float
    last_week: float
    subscriptions: float
    groups: int
    # How much more would have been bought if there had been seats.
    wanted: float
    reported_on: int | None

    @classmethod
    def of(cls, performance: Performance, *, sold_out: bool) -> "Sale":
        own = Random(f"run-up {performance.number}")  # noqa: S311
        tour = Random(f"tour {performance.production.dip_id}")  # noqa: S311
        house = Random(f"house {performance.theater_id}")  # noqa: S311
        evening = evening_of(performance)
        # What a title and a house do to all their evenings, and then each evening for itself.
        late, known = tour.uniform(0.5, 1.6), tour.lognormvariate(0, 0.5)
        whole_season, weekly, usual = house.random() < 0.3, house.random() < 0.15, house.uniform(60, 140)
        begin = evening - dt.timedelta(days=round(max(30, own.gauss(usual, 15))))
        if whole_season:
            spring = evening.year if evening.month >= 8 else evening.year - 1
            opened = dt.date(spring, 5, 15) + dt.timedelta(days=house.randrange(30))
            begin = min(begin, opened)
        never = own.random() < 0.1
        return cls(
            chance=own,
            begin=begin,
            evening=evening,
            rush=known * own.lognormvariate(-0.2, 0.7),
            steady=own.uniform(0.3, 1.0),
            build_up=0.1 if never else late * own.lognormvariate(0.6, 0.4),
            builds_over=own.uniform(8, 28),
            last_week=0.1 if never else late * own.lognormvariate(-0.6, 0.8),
            subscriptions=own.uniform(0.04, 0.2) if whole_season and own.random() < 0.7 else 0,
            groups=own.choice((0, 0, 1, 1, 2, 3)),
            wanted=own.uniform(1.0, 1.8) if sold_out else 1.0,
            reported_on=house.randrange(5) if weekly else None,
        )

    def days(self) -> list[dt.date]:
        return [self.begin + dt.timedelta(days=number) for number in range((self.evening - self.begin).days + 1)]

    def pull(self, day: dt.date) -> float:
        """How much is bought on that day, without chance."""
        since, left = (day - self.begin).days, (self.evening - day).days
        found = self.rush * math.exp(-since / 6) / 6
        found += self.steady / max(60, (self.evening - self.begin).days)
        found += self.build_up * math.exp(-left / self.builds_over) / self.builds_over
        if left <= 6:
            found += self.last_week / 7
        return found * WEEKDAYS[day.weekday()] * _time_of_year(day)


def _time_of_year(day: dt.date) -> float:
    if (7, 8) <= (day.month, day.day) <= (8, 20):
        return 0.3
    return 1.5 if day.month == 12 and 4 < day.day < 25 else 1.0


def _counted(sale: Sale, last: dt.date, whole: int) -> Iterator[tuple[dt.date, int]]:
    """Each day on which the house reports, before the last one, and the tickets that it tells then."""
    days = sale.days()
    bought = _bought(sale, days)
    lumps = _lumps(sale, days, whole)
    reached = sum(bought[day] for day in days if day <= last)
    single = whole * sale.wanted - sum(tickets for day, tickets in lumps.items() if day <= last)
    tickets, shown = 0.0, 0
    for day in days:
        if day >= last or not reached:
            return
        tickets += single * bought[day] / reached + lumps.get(day, 0)
        # No house has more than it has seats; of one that is sold out now and then a seat comes back.
        shown = min(round(tickets), whole) if sale.wanted > 1 else round(tickets)
        if sale.wanted > 1 and shown == whole and sale.chance.random() < 0.15:
            shown -= sale.chance.randint(1, 2)
        if sale.reported_on is None or day.weekday() == sale.reported_on:
            yield day, max(0, shown)


def _bought(sale: Sale, days: list[dt.date]) -> dict[dt.date, float]:
    """What single visitors buy, day by day, in parts of nothing in particular; a review makes some days of its own."""
    bought = {day: sale.pull(day) * sale.chance.lognormvariate(0, 0.6) for day in days}
    if sale.chance.random() < 0.3:
        told = sale.chance.randrange(len(days))
        for number, day in enumerate(days[told : told + 4]):
            bought[day] *= 1 + sale.chance.uniform(2, 6) / (number + 1)
    return bought


def _lumps(sale: Sale, days: list[dt.date], whole: int) -> dict[dt.date, int]:
    """What comes at once: subscriptions with the start of the sale, groups; some of these give back what they took."""
    lumps = {days[0]: round(whole * sale.subscriptions)}
    for _number in range(sale.groups):
        size = min(sale.chance.randint(8, 45), whole // 8)
        booked = sale.chance.randrange(len(days))
        lumps[days[booked]] = lumps.get(days[booked], 0) + size
        if sale.chance.random() < 0.35:
            back = min(len(days) - 1, booked + sale.chance.randint(5, 40))
            lumps[days[back]] = lumps.get(days[back], 0) - sale.chance.randint(size // 2, size)
    return lumps
