"""How productions sell in the theaters of one organisation: added up for the page that asks, and kept nowhere.

The sums that are kept (models_sums.TourSums) are of whole tours, so they tell of other houses: nothing here reads them.
All comes from the performances that the organisation may see and from their counts, with the arithmetic of
monitor.Tour, in SQL; tests hold one against the other. The number of statements does not grow.
"""

import datetime as dt
import functools
import operator
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from django.db.models import Count, F, Max, Min, Q, Sum

from dipportal.catalogue.models import OFF, Performance, PerformanceQuerySet, Production
from dipportal.core import bulk
from dipportal.organisations.models import Organisation
from dipportal.ticketing.definitions import shown_under
from dipportal.ticketing.enums import TicketKind
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.models_sums import TourSums
from dipportal.ticketing.monitor import SHOWN, share
from dipportal.ticketing.queries import tickets_a_week_ago
from dipportal.ticketing.seasons import Moving, Together

# What monitor.Sold.told says, of a count.
_TOLD = Q(tickets__isnull=False, missing_since=None)
_KINDS = {
    f"sum_{shown}": Sum(
        functools.reduce(operator.add, [F(str(kind)) for kind in TicketKind if shown_under(kind) is shown]),
        filter=_TOLD,
    )
    for shown in SHOWN
}
_COUNTED: dict[str, Any] = {
    "sum_counted": Count("pk", filter=_TOLD),
    "sum_tickets": Sum("tickets", filter=_TOLD),
    "sum_seats": Sum("performance__seat_count", filter=_TOLD),
    "sum_in_known_seats": Sum("tickets", filter=_TOLD & Q(performance__seat_count__gt=0)),
    "sum_revenue_cents": Sum("revenue_cents", filter=_TOLD),
    "sum_reservations": Sum("reservations"),
    "newest": Max("counted_at", filter=_TOLD),
    **_KINDS,
}
# Of those whose number of a week ago is known.
_CHANGED: dict[str, Any] = {
    "sum_change": Sum(F("tickets") - F("week_before"), filter=_TOLD),
    "sum_week_before": Sum("week_before", filter=_TOLD),
}


@dataclass
class HouseSums:
    """What TourSums says of a tour, of its performances in this house. None: nobody told.

    `production` is there once `with_productions` has read it, for the rows that are shown.
    """

    pk: int
    title: str
    # Of those that take place; None when none does.
    first_at: dt.datetime | None
    moving: Moving
    performances: int
    counted: int = 0
    tickets: int | None = None
    seats: int = 0
    in_known_seats: int = 0
    revenue_cents: int | None = None
    reservations: int | None = None
    normal: int | None = None
    discount: int | None = None
    free: int | None = None
    other: int | None = None
    change: int | None = None
    week_before: int | None = None
    counted_at: dt.datetime | None = None
    production: Production = field(init=False, repr=False, compare=False)

    @property
    def occupancy(self) -> Decimal | None:
        return share(self.in_known_seats, self.seats)

    @property
    def silent(self) -> int:
        return self.moving.silent


# What a list of productions and its sheet show: a whole tour, for who provides it, or its part in one house.
Sums = TourSums | HouseSums


# --- a season -----------------------------------------------------------------------------------------------------
def productions(evenings: PerformanceQuerySet, now: dt.datetime) -> list[HouseSums]:
    """Of these performances of a house the sums of each production, by its key. Two queries."""
    takes_place = ~OFF
    rows = evenings.order_by("production").values("production", "production__title").annotate(
        playing=Count("pk", filter=takes_place),
        first_at=Min("starts_at", filter=takes_place),
        played=Count("pk", filter=takes_place & Q(starts_at__lt=now)),
        silent=Count("owed", filter=Q(owed__owes_from__lte=now)),
    )  # fmt: skip
    counts: Any = TicketCount.objects.shown().filter(performance__in=evenings.agreed().order_by())
    summed = counts.annotate(week_before=tickets_a_week_ago()).order_by("performance__production")
    found = {
        row["performance__production"]: row
        for row in summed.values("performance__production").annotate(**_COUNTED, **_CHANGED)
    }
    return [
        HouseSums(
            pk=row["production"],
            title=row["production__title"],
            first_at=row["first_at"],
            moving=Moving(row["played"], row["silent"]),
            performances=row["playing"],
            **_numbers(found.get(row["production"], {})),
        )
        for row in rows
    ]


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    """As HouseSums names them. `row`: of the counts, or empty where there is none."""
    named = {name.removeprefix("sum_"): row[name] for name in row if name.startswith("sum_")}
    whole: dict[str, Any] = {name: named[name] or 0 for name in ("counted", "seats", "in_known_seats") if name in named}
    return {**named, **whole, "counted_at": row.get("newest")}


def with_productions(rows: Iterable[HouseSums]) -> list[HouseSums]:
    """The same, with their productions and producers. One query."""
    found = list(rows)
    known = Production.objects.select_related("producer", "genre").in_bulk([row.pk for row in found])
    for row in found:
        row.production = known[row.pk]
    return found


def in_order(rows: Collection[HouseSums], name: str, *, down: bool) -> list[HouseSums]:
    """By this value of each, then by title; empty values last, both ways."""
    titled = sorted(rows, key=lambda row: (row.title.casefold(), row.pk))
    known = [row for row in titled if getattr(row, name) is not None]
    known.sort(key=lambda row: _comparable(getattr(row, name)), reverse=down)
    return [*known, *(row for row in titled if getattr(row, name) is None)]


def _comparable(value: Any) -> Any:
    return value.casefold() if isinstance(value, str) else value


def together(rows: Collection[HouseSums]) -> Together:
    return Together(
        productions=len(rows),
        performances=sum(row.performances for row in rows),
        counted=sum(row.counted for row in rows),
        tickets=_total(rows, "tickets"),
        seats=sum(row.seats for row in rows),
        in_known_seats=sum(row.in_known_seats for row in rows),
        revenue_cents=_total(rows, "revenue_cents"),
        reservations=_total(rows, "reservations"),
        change=_total(rows, "change"),
        week_before=_total(rows, "week_before"),
        by_kind={kind: _total(rows, str(kind)) for kind in SHOWN},
    )


def _total(rows: Iterable[HouseSums], name: str) -> int | None:
    told = [value for row in rows if (value := getattr(row, name)) is not None]
    return sum(told) if told else None


# --- seasons ------------------------------------------------------------------------------------------------------
def seasons(organisation: Organisation | None) -> dict[str, int]:
    """The seasons of what plays in this house, the last one first, with how much of each takes place. One query."""
    evenings = Performance.objects.visible_to(organisation).exclude(production__season="")
    rows: Any = evenings.order_by("-production__season").values_list("production__season")
    return dict(rows.annotate(playing=Count("pk", filter=~OFF)))


def by_season(organisation: Organisation | None, known: Mapping[str, int]) -> list[tuple[str, Together]]:
    """Those of which something was counted, the first one first; without any change. `known`: of `seasons`. One query.

    Performances are those that take place.
    """
    counts: Any = TicketCount.objects.in_house(organisation).shown().exclude(performance__production__season="")
    rows = counts.order_by("performance__production__season").values("performance__production__season")
    different = Count("performance__production", distinct=True, filter=_TOLD)
    found = []
    for row in rows.annotate(productions=different, **_COUNTED).filter(sum_counted__gt=0):
        season = row["performance__production__season"]
        unknown = {"sum_change": None, "sum_week_before": None, "sum_performances": known.get(season, 0)}
        found.append((season, Together.of({**row, **unknown})))
    return found


# --- one production -----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Before:
    """What an earlier production came to in this house."""

    pk: int
    title: str
    season: str
    genre: int | None
    in_known_seats: int | None
    seats: int | None

    @property
    def occupancy(self) -> Decimal | None:
        return share(self.in_known_seats or 0, self.seats or 0)


def counted_before(organisation: Organisation | None, season: str) -> Sequence[Before]:
    """The productions of earlier seasons that have a count in this house, and known seats. One query."""
    counts = (
        TicketCount.objects.in_house(organisation).shown().filter(_TOLD, performance__production__season__lt=season)
    )
    rows: Any = counts.exclude(performance__production__season="").order_by().values_list(
        "performance__production", "performance__production__title", "performance__production__season",
        "performance__production__genre",
    )  # fmt: skip
    summed = rows.annotate(in_known_seats=_COUNTED["sum_in_known_seats"], seats=_COUNTED["sum_seats"])
    return [one for row in summed if (one := Before(*row)).occupancy is not None]


def of_productions(organisation: Organisation | None, keys: Collection[int]) -> PerformanceQuerySet:
    """Their performances in this house that take place."""
    return Performance.objects.visible_to(organisation).agreed().filter(production__in=bulk.among(list(keys)))
