"""Reads of the sales monitor: the tours of a season, what they make together, and who owes a count.

All of it is read from the sums that are kept (sums.py). What moves with the hour is asked of the moment: who owes a
count, and what has been played.
"""

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.db.models import (
    Case,
    Count,
    F,
    IntegerField,
    Max,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Sum,
    When,
    Window,
)
from django.db.models.functions import Coalesce, RowNumber
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.catalogue.rules import season_of
from dipportal.organisations.models import Organisation
from dipportal.ticketing.models_sums import OwedCount, TourSums
from dipportal.ticketing.monitor import SHOWN, Tour, share

_SUMMED = (
    "performances", "counted", "tickets", "seats", "in_known_seats", "revenue_cents", "reservations", "change",
    "week_before", *map(str, SHOWN),
)  # fmt: skip
# Of a theater that owes many counts so many performances are named.
NAMED = 4


def tours(organisation: Organisation | None, now: dt.datetime) -> QuerySet[TourSums]:
    """The sums of the productions that this organisation provides, with `silent`: how many counts are owed of each."""
    owed = OwedCount.objects.filter(production=OuterRef("pk"), owes_from__lte=now).order_by()
    number = owed.values("production").annotate(number=Count("pk")).values("number")
    return TourSums.objects.visible_to(organisation).annotate(
        silent=Coalesce(Subquery(number, output_field=IntegerField()), 0)
    )


@dataclass(frozen=True)
class Moving:
    """What of a tour moves with the hour: performances that were played, counts that are owed."""

    played: int
    silent: int


def moving(organisation: Organisation | None, productions: Collection[int], now: dt.datetime) -> dict[int, Moving]:
    """Of each of these. Two queries."""
    if not productions:
        return {}
    evenings = Performance.objects.visible_to(organisation).agreed().filter(production__in=productions)
    played = dict(evenings.filter(starts_at__lt=now).order_by().values_list("production").annotate(Count("pk")))
    owed = OwedCount.objects.visible_to(organisation).filter(production__in=productions, owes_from__lte=now)
    silent = dict(owed.order_by().values_list("production").annotate(Count("pk")))
    return {pk: Moving(played.get(pk, 0), silent.get(pk, 0)) for pk in productions}


@dataclass(frozen=True)
class Together:
    """What tours make together; None where nobody told. `change` is of those whose number of a week ago is known."""

    productions: int
    performances: int
    counted: int
    tickets: int | None
    seats: int
    in_known_seats: int
    revenue_cents: int | None
    reservations: int | None
    change: int | None
    week_before: int | None
    by_kind: dict[Any, int | None]

    @property
    def occupancy(self) -> Decimal | None:
        return share(self.in_known_seats, self.seats)

    @property
    def change_share(self) -> Decimal | None:
        return share(self.change or 0, self.week_before or 0)

    @property
    def kinds(self) -> list[tuple[Any, int]]:
        """The kinds as they are shown, of the performances of which they are told."""
        return [(kind, number) for kind, number in self.by_kind.items() if number is not None]

    @classmethod
    def of_tour(cls, tour: Tour) -> "Together":
        """One tour by itself, as its performances tell it."""
        return cls(
            productions=1,
            performances=len(tour.playing),
            counted=len(tour.counted),
            tickets=tour.tickets if tour.counted else None,
            seats=tour.seats,
            in_known_seats=tour.in_known_seats,
            revenue_cents=tour.revenue_cents if tour.counted else None,
            reservations=tour.reservations,
            change=tour.change,
            week_before=tour.week_before,
            by_kind={kind: (tour.by_kind or {}).get(kind) for kind in SHOWN},
        )

    @classmethod
    def of(cls, found: dict[str, Any]) -> "Together":
        plain = {name: found[f"sum_{name}"] for name in _SUMMED}
        by_kind = {kind: plain.pop(str(kind)) for kind in SHOWN}
        whole = {name: plain.pop(name) or 0 for name in ("performances", "counted", "seats", "in_known_seats")}
        return cls(productions=found["productions"], by_kind=by_kind, **whole, **plain)


_SUMS = {"productions": Count("pk"), **{f"sum_{name}": Sum(name) for name in _SUMMED}}


def together(rows: QuerySet[TourSums]) -> Together:
    return Together.of(rows.order_by().aggregate(**_SUMS))


def owed_of(rows: QuerySet[TourSums], now: dt.datetime) -> int:
    """How many counts are owed of all these tours."""
    return OwedCount.objects.filter(production__in=rows.order_by().values("pk"), owes_from__lte=now).count()


def by_season(organisation: Organisation | None) -> list[tuple[str, Together]]:
    """The seasons in which something was counted, the first one first. One query."""
    rows = TourSums.objects.visible_to(organisation).filter(counted__gt=0).exclude(production__season="")
    found: Any = rows.order_by("production__season").values("production__season").annotate(**_SUMS)
    return [(row["production__season"], Together.of(row)) for row in found]


def shown_season(offered: list[str], wanted: str) -> str:
    """The one that was asked for, or else the running one, or the last before it. '' when there is none at all."""
    if wanted in offered:
        return wanted
    running = season_of(timezone.localdate())
    begun = [season for season in offered if season <= running]
    return max(begun) if begun else min(offered, default="")


# --- theaters that owe a count -----------------------------------------------------------------------------------
def owed(organisation: Organisation | None, now: dt.datetime) -> QuerySet[OwedCount]:
    """The counts that are owed at that moment."""
    return OwedCount.objects.visible_to(organisation).filter(owes_from__lte=now)


def silent_theaters(rows: QuerySet[OwedCount], now: dt.datetime) -> Any:
    """Each theater that owes some of these, with numbers: the next evening first, then what was played last."""
    following, passed = Min("starts_at", filter=Q(starts_at__gte=now)), Q(starts_at__lt=now)
    found = rows.order_by().values("theater").annotate(
        owed=Count("pk"),
        never=Count("pk", filter=Q(counted_at=None)),
        since=Min("counted_at"),
        next_at=following,
        last_at=Max("starts_at", filter=passed),
    )  # fmt: skip
    return found.order_by(F("next_at").asc(nulls_last=True), F("last_at").desc(nulls_last=True), "theater")


def named_of(rows: QuerySet[OwedCount], theaters: Collection[int], now: dt.datetime) -> dict[int, list[OwedCount]]:
    """Of each of these theaters the first NAMED of these rows: to come, the nearest first, then those played last."""
    ahead = Case(When(starts_at__gte=now, then=F("starts_at")))
    order = [ahead.asc(nulls_last=True), F("starts_at").desc()]
    place = Window(RowNumber(), partition_by=F("theater"), order_by=order)
    found: dict[int, list[OwedCount]] = {pk: [] for pk in theaters}
    few = rows.filter(theater__in=theaters).annotate(place=place).filter(place__lte=NAMED).select_related("production")
    for row in few.order_by("theater", "place"):
        found[row.theater_id].append(row)
    return found
