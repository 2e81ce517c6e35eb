"""Following a source of counts: what it tells becomes rows, and points of the curve. Inside the caller's transaction.

The number of statements does not grow with the number of performances (but for chunks of a thousand).
"""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any, TypedDict, cast

from django.utils import timezone

from dipportal.catalogue.touched import locked_with
from dipportal.core import bulk
from dipportal.ticketing import sums
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount, TicketCountPoint

Kinds = Mapping[TicketKind, tuple[int, int]]


class Told(TypedDict, total=False):
    """What a source tells of one performance: columns of TicketCount. What is left out stays as it was."""

    tickets: int | None
    revenue_cents: int | None
    counted_at: dt.datetime | None
    normal: int | None
    discount: int | None
    free: int | None
    other: int | None
    complimentary: int | None
    revenue_of_kinds: dict[str, int]
    reservations: int | None
    blocked_seats: int | None


def sold(tickets: int, revenue_cents: int, counted_at: dt.datetime, kinds: Kinds | None) -> Told:
    """Of `kinds` (each with its tickets and cents) the tickets must be `tickets` together."""
    by_kind = {str(kind): None if kinds is None else kinds.get(kind, (0, 0))[0] for kind in TicketKind}
    cents = {} if kinds is None else {str(kind): kinds[kind][1] for kind in TicketKind if kind in kinds}
    whole = {"tickets": tickets, "revenue_cents": revenue_cents, "counted_at": counted_at}
    return cast(Told, {**whole, **by_kind, "revenue_of_kinds": cents})


@dataclass
class Written:
    """How many counts are new, changed, and as they were."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


# What of a count a curve is drawn of.
CURVE = ("tickets", "revenue_cents", "reservations", "blocked_seats")
COLUMNS = tuple(Told.__annotations__)


def write(told: Mapping[int, Told], *, source: Source) -> Written:
    """Create or change the counts of these performances, by their keys. Raises IntegrityError as `bulk.insert` does.

    One that was missing is there again when its tickets are told.
    """
    done = Written()
    now = timezone.now()
    rows = {row.performance_id: row for row in _locked(told, source)}
    fresh = [pk for pk in told if pk not in rows]
    altered = [pk for pk, row in rows.items() if _differs(row, told[pk])]
    tours = locked_with([*fresh, *altered])
    curved = _not_overtaken([pk for pk in told if _has_news(rows.get(pk), told[pk])], told, source)
    bulk.insert(
        TicketCount,
        [{"performance_id": pk, "source": source, "changed_at": now, **told[pk]} for pk in fresh],
    )
    for pk in altered:
        row = rows[pk]
        row.changed_at = now
        if _found_again(row, told[pk]):
            row.missing_since = None
        for name, value in told[pk].items():
            setattr(row, name, value)
    _save([rows[pk] for pk in altered])
    _draw(curved, rows, told, now)
    sums.renew_locked(tours)
    done.created, done.changed = len(fresh), len(altered)
    done.unchanged = len(told) - len(fresh) - len(altered)
    return done


def mark_missing(performances: Collection[int], *, source: Source) -> int:
    """The source no longer tells of these at all. Returns how many it told of until now."""
    if not performances:
        return 0
    tours = locked_with(performances)
    rows = TicketCount.objects.filter(performance__in=list(performances), source=source, missing_since=None)
    marked = rows.update(missing_since=timezone.now())
    if marked:
        sums.renew_locked(tours)
    return marked


def _locked(performances: Iterable[int], source: Source) -> Iterable[TicketCount]:
    rows = TicketCount.objects.select_for_update().filter(performance__in=list(performances), source=source)
    return rows.order_by("pk")


def _differs(row: TicketCount, told: Told) -> bool:
    return _found_again(row, told) or any(getattr(row, name) != value for name, value in told.items())


def _found_again(row: TicketCount, told: Told) -> bool:
    return row.missing_since is not None and told.get("tickets") is not None


def _has_news(row: TicketCount | None, told: Told) -> bool:
    """Is it another point of the curve? A count that was only counted anew is not."""
    before = {name: getattr(row, name) if row is not None else None for name in CURVE}
    return any(told.get(name, before[name]) != before[name] for name in CURVE)


def _not_overtaken(performances: list[int], told: Mapping[int, Told], source: Source) -> list[int]:
    """Without those of which another source has told something newer: that is what the curve shows."""
    if not performances:
        return []
    others = TicketCount.objects.filter(performance__in=performances, missing_since=None).exclude(source=source)
    newest: dict[int, dt.datetime] = {}
    for pk, counted_at in others.filter(counted_at__isnull=False).values_list("performance", "counted_at"):
        newest[pk] = max(counted_at, newest.get(pk, counted_at))
    return [pk for pk in performances if pk not in newest or newest[pk] <= (told[pk].get("counted_at") or newest[pk])]


def _save(rows: list[TicketCount]) -> None:
    names = (*COLUMNS, "missing_since", "changed_at")
    bulk.update(TicketCount, [{"id": row.pk, **{name: getattr(row, name) for name in names}} for row in rows], names)


def _draw(curved: list[int], rows: Mapping[int, TicketCount], told: Mapping[int, Told], now: dt.datetime) -> None:
    """A point for the day on which the source counted; a later one of the same day takes its place."""
    points = []
    for pk in curved:
        row = rows.get(pk)
        values: dict[str, Any] = {name: getattr(row, name) if row is not None else told[pk].get(name) for name in CURVE}
        points.append(TicketCountPoint(performance_id=pk, day=_day(told[pk], now), **values))
    TicketCountPoint.objects.bulk_create(
        points, update_conflicts=True, unique_fields=["performance", "day"], update_fields=list(CURVE), batch_size=1000
    )


def _day(told: Told, now: dt.datetime) -> dt.date:
    """A source whose clock is ahead is not believed: there are no counts of tomorrow."""
    return timezone.localdate(min(told.get("counted_at") or now, now))
