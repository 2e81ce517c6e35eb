"""Keeping the sums of tours and the owed counts equal to what the performances and their counts say.

Whoever changes a performance or a count renews them in the same transaction: the writers of counts (mirror.py) call
`renew` themselves, those of performances tell it (catalogue.touched). What moves with the day alone is renewed by the
clock on that day.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from django.db import models, transaction
from django.db.models import Exists, Min, OuterRef
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production
from dipportal.catalogue.touched import locked
from dipportal.core import bulk
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.models_sums import OwedCount, TourSums
from dipportal.ticketing.monitor import SHOWN, WEEK, Sold, Tour
from dipportal.ticketing.queries import sold_today

# So many productions at a time are renewed by the clock, each lot in a transaction of its own.
AT_ONCE = 100
_SUMS = tuple(field.attname for field in TourSums._meta.concrete_fields if not field.primary_key)
_OWED = tuple(field.attname for field in OwedCount._meta.concrete_fields if not field.primary_key)
_PLAYED = ("production_id", "theater_id", "starts_at", "status", "number", "capacity", "missing_since")


def renew(productions: Collection[int]) -> None:
    """Inside the transaction of whatever changed. The number of statements does not grow with the productions."""
    renew_locked(locked(productions))


def renew_locked(keys: list[int]) -> None:
    """The same for productions that the caller has locked, in the order of their keys."""
    if not keys:
        return
    tours = _tours(keys)
    due = _due(keys)
    _save(TourSums, TourSums.objects.filter(pk__in=keys), [_sums(pk, tours[pk], due.get(pk)) for pk in tours], _SUMS)
    owed = [row for tour in tours.values() for one in tour.sold for row in _owed(one)]
    _save(OwedCount, OwedCount.objects.filter(production__in=keys), owed, _OWED)


def renew_all() -> int:
    """All of them, some at a time. Returns how many productions."""
    return _in_lots(Production.objects.all())


def renew_due(today: dt.date) -> int:
    """Those whose change moves on this day, or moved while nobody looked, and those that have no sums yet."""
    due = TourSums.objects.filter(due_on__lte=today).values("pk")
    bare = Production.objects.filter(
        Exists(Performance.objects.filter(production=OuterRef("pk"))),
        ~Exists(TourSums.objects.filter(pk=OuterRef("pk"))),
    )
    return _in_lots(Production.objects.filter(pk__in=due)) + _in_lots(bare)


def _in_lots(productions: models.QuerySet[Production]) -> int:
    keys = list(productions.order_by("pk").values_list("pk", flat=True))
    for begin in range(0, len(keys), AT_ONCE):
        with transaction.atomic():
            renew(keys[begin : begin + AT_ONCE])
    return len(keys)


def _tours(keys: list[int]) -> dict[int, Tour]:
    """The tours of these productions; one without performances has none."""
    performances = list(Performance.objects.filter(production__in=keys).order_by("pk").only(*_PLAYED))
    sold: dict[int, list[Sold]] = defaultdict(list)
    for one in sold_today(TicketCount.objects.all(), performances):
        sold[one.performance.production_id].append(one)
    return {pk: Tour(sold[pk]) for pk in keys if pk in sold}


def _due(keys: list[int]) -> dict[int, dt.date]:
    """When the next point becomes one of a week ago."""
    since = timezone.localdate() - WEEK
    points = TicketCountPoint.objects.filter(performance__production__in=keys, day__gt=since).order_by()
    found = points.values_list("performance__production").annotate(first=Min("day"))
    return {pk: first + WEEK for pk, first in found}


def _sums(pk: int, tour: Tour, due_on: dt.date | None) -> TourSums:
    kinds = tour.by_kind or {}
    return TourSums(
        production_id=pk,
        performances=len(tour.playing),
        counted=len(tour.counted),
        tickets=tour.tickets if tour.counted else None,
        seats=tour.seats,
        in_known_seats=tour.in_known_seats,
        occupancy=tour.occupancy,
        revenue_cents=tour.revenue_cents if tour.counted else None,
        reservations=tour.reservations,
        change=tour.change,
        week_before=tour.week_before,
        counted_at=tour.counted_at,
        due_on=due_on,
        **{str(kind): kinds.get(kind) for kind in SHOWN},
    )


def _owed(one: Sold) -> Iterable[OwedCount]:
    owes_from, performance = one.owes_from, one.performance
    if owes_from is not None:
        yield OwedCount(
            performance_id=performance.pk,
            production_id=performance.production_id,
            theater_id=performance.theater_id,
            starts_at=performance.starts_at,
            owes_from=owes_from,
            counted_at=one.told.counted_at if one.told is not None else None,
        )


def _save(model: Any, rows: models.QuerySet[Any], wanted: Sequence[Any], names: Sequence[str]) -> None:
    """Of `rows` those that are not wanted go, the others become as wanted."""
    rows.exclude(pk__in=bulk.among([row.pk for row in wanted])).delete()
    fields = [model._meta.get_field(name).name for name in names]
    model.objects.bulk_create(
        wanted, update_conflicts=True, unique_fields=[model._meta.pk.name], update_fields=fields, batch_size=bulk.CHUNK
    )
