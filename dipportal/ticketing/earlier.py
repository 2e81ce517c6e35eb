"""A production beside earlier ones: how full they became, and were so many days before.

For who provides it beside those of the same producer, whole tours; for a theater beside what played there, and of all
of them only what it saw itself.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from statistics import median
from typing import Any, NamedTuple

from django.db.models import Case, DateField, OuterRef, Q, QuerySet, Subquery, Sum, Value, When
from django.db.models.functions import Cast, TruncDate
from django.utils import timezone

from dipportal.catalogue.models import Performance, PerformanceQuerySet, Production
from dipportal.organisations.models import Organisation
from dipportal.ticketing import in_house
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.models_sums import TourSums
from dipportal.ticketing.monitor import Tour, share
from dipportal.ticketing.queries import evening_of

# So many earlier productions are shown, the newest first.
SHOWN = 6
# Of a theater what played there so lately: a house changes.
LATELY = dt.timedelta(days=3 * 365)


@dataclass(frozen=True)
class Beside:
    """One production. `final`: its occupancy as it stands; `at_that_time`: the middle one of its performances, so many
    days before each; None where that is not known."""

    pk: int
    title: str
    season: str
    final: Decimal | None
    at_that_time: Decimal | None


@dataclass(frozen=True)
class Comparison:
    """`days_before`: the middle of the days that the counted performances to come have to go; 0 when all were played.

    `average`: the tickets of all `earlier` ones in all their seats. `same_genre`: the earlier ones are of its genre;
    otherwise there was none of that, and they are of any.
    """

    days_before: int
    own: Beside
    earlier: Sequence[Beside]
    average: Decimal | None
    same_genre: bool


class _Played(NamedTuple):
    """A performance with the sums of its production. `then`: its tickets on `that_day`, so many days before it."""

    production: int
    title: str
    season: str
    genre: int | None
    occupancy: Decimal | None
    in_known_seats: int
    seats: int
    then: int | None
    that_day: dt.date
    seat_count: int


def compared(organisation: Organisation | None, production: Production, tour: Tour) -> Comparison | None:
    """None without a count of its own, or without an earlier production that has one. One query."""
    if not tour.counted or not production.season:
        return None
    days = _days_before(tour)
    return _compared(production, tour, days, _rows(organisation, production, days))


def compared_in_house(organisation: Organisation | None, production: Production, tour: Tour) -> Comparison | None:
    """The same with what played in the theaters of this organisation. `tour`: its performances there. Two queries."""
    if not tour.counted or not production.season:
        return None
    before = in_house.counted_before(organisation, production.season)
    alike = [one for one in before if production.genre_id and one.genre == production.genre_id]
    chosen = sorted(alike or before, key=lambda one: (one.season, one.pk), reverse=True)[:SHOWN]
    days = _days_before(tour)
    return _compared(production, tour, days, _rows_in_house(organisation, production, chosen, days))


def in_same_theaters(organisation: Organisation | None, tour: Tour, now: dt.datetime) -> dict[int, Decimal]:
    """Of the theaters of this tour, by key: how full this organisation's other productions were there, in percent.

    All tickets of what was played and counted there LATELY in all its seats; without such a thing a theater is left
    out. Nothing of what others play there. One query.
    """
    theaters = {one.performance.theater_id for one in tour.sold}
    played = TicketCount.objects.on_tour(organisation).filter(
        performance__theater__in=theaters,
        performance__starts_at__range=(now - LATELY, now),
        performance__seat_count__gt=0,
        tickets__isnull=False,
        missing_since=None,
    )
    others = played.exclude(performance__production__in={one.performance.production_id for one in tour.sold}).shown()
    sums = (
        others.order_by().values_list("performance__theater").annotate(Sum("tickets"), Sum("performance__seat_count"))
    )
    found = {theater: share(tickets, seats) for theater, tickets, seats in sums}
    return {theater: part for theater, part in found.items() if part is not None}


def _compared(production: Production, tour: Tour, days: int, rows: Iterable["_Played"]) -> Comparison | None:
    found: dict[int, list[_Played]] = defaultdict(list)
    for row in rows:
        found[row.production].append(row)
    own = found.pop(production.pk, [])
    alike = [rows for rows in found.values() if production.genre_id and rows[0].genre == production.genre_id]
    before = sorted(alike or found.values(), key=lambda rows: (rows[0].season, rows[0].production), reverse=True)
    if not before:
        return None
    average = share(sum(rows[0].in_known_seats for rows in before), sum(rows[0].seats for rows in before))
    itself = Beside(production.pk, production.title, production.season, tour.occupancy, _middle(own))
    return Comparison(days, itself, [_beside(rows) for rows in before], average, bool(alike))


def _days_before(tour: Tour) -> int:
    today = timezone.localdate()
    to_go = [days for one in tour.counted if (days := (evening_of(one.performance) - today).days) > 0]
    return int(median(to_go)) if to_go else 0


def _beside_each_other(organisation: Organisation | None, production: Production) -> QuerySet[TourSums]:
    """Itself, and of its producer what has a count and is of a season before: of its genre first, then the newest."""
    before = Q(
        production__producer=production.producer_id, production__season__lt=production.season, occupancy__isnull=False
    )
    rows = TourSums.objects.visible_to(organisation).filter((before & ~Q(production__season="")) | Q(pk=production.pk))
    alike = [When(production__genre=production.genre_id, then=Value(1))] if production.genre_id else []
    placed: Any = rows.annotate(place=Case(When(pk=production.pk, then=Value(0)), *alike, default=Value(2)))
    in_order: QuerySet[TourSums] = placed.order_by("place", "-production__season", "-pk")
    return in_order[: SHOWN + 1]


def _rows(organisation: Organisation | None, production: Production, days: int) -> list[_Played]:
    """The performances of this production and of earlier ones."""
    of_these = _beside_each_other(organisation, production).values("pk")
    found = _then(Performance.objects.agreed().filter(production__in=of_these), days).values_list(
        "production", "production__title", "production__season", "production__genre", "production__sums__occupancy",
        "production__sums__in_known_seats", "production__sums__seats", "then", "that_day", "seat_count",
    )  # fmt: skip
    return [_Played(*row) for row in found]


def _rows_in_house(
    organisation: Organisation | None, production: Production, before: Sequence[in_house.Before], days: int
) -> list[_Played]:
    """Those of this production and of `before` in the theaters of this organisation."""
    known = {one.pk: one for one in before}
    # Its own sums are those of its tour, which is at hand.
    known[production.pk] = in_house.Before(production.pk, production.title, production.season, None, 0, 0)
    evenings = in_house.of_productions(organisation, known)
    found = _then(evenings, days).values_list("production", "then", "that_day", "seat_count")
    return [
        _Played(pk, one.title, one.season, one.genre, one.occupancy, one.in_known_seats or 0, one.seats or 0, *then)
        for pk, *then in found
        for one in (known[pk],)
    ]


def _then(evenings: PerformanceQuerySet, days: int) -> Any:
    """With `that_day`, so many days before each, and `then`: the tickets by that day."""
    that_day = Cast(TruncDate("starts_at") - dt.timedelta(days=days), DateField())
    points = TicketCountPoint.objects.filter(performance=OuterRef("pk"), day__lte=OuterRef("that_day"))
    rows: Any = evenings.order_by().annotate(that_day=that_day)
    return rows.annotate(then=Subquery(points.order_by("-day").values("tickets")[:1]))


def _beside(rows: Sequence[_Played]) -> Beside:
    one = rows[0]
    return Beside(one.production, one.title, one.season, one.occupancy, _middle(rows))


def _middle(rows: Iterable[_Played]) -> Decimal | None:
    """Of those that had come so far, had a count by then, and whose seats are known."""
    come = [row for row in rows if row.then is not None and row.that_day <= timezone.localdate()]
    full = [part for row in come if (part := share(row.then or 0, row.seat_count)) is not None]
    return median(full).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP) if full else None
