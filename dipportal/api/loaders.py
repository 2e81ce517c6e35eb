"""What a key asks for, and may see: performances of its own theater. Another one's does not exist."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from dipportal.api.errors import Refused, Row
from dipportal.api.wire import Read
from dipportal.catalogue.models import Performance, PerformanceQuerySet
from dipportal.catalogue.queries import visible_performances
from dipportal.core.dates import midnight
from dipportal.ticketing.models_keys import SystemKey
from dipportal.ticketing.monitor import Sold
from dipportal.ticketing.queries import by_system_number, sold_of, system_numbers
from dipportal.ticketing.system_reports import Reported

# A year of one theater, with the weeks around it.
MOST_DAYS = 400


def _performances(key: SystemKey) -> PerformanceQuerySet:
    return visible_performances(key.organisation).filter(theater=key.theater, missing_since=None)


def reported(key: SystemKey, rows: Sequence[Read]) -> list[Reported]:
    """The same rows with their performances. Raises Refused when one is not known here. Two queries."""
    numbers = {row.number for row in rows if row.number is not None}
    by_number = {
        (one.production.dip_id, one.number): one
        for one in _performances(key).filter(number__in=numbers).select_related("production")
    }
    named = by_system_number(key.theater, {row.system_number for row in rows if row.number is None})
    found = [
        by_number.get((row.production, row.number)) if row.number else named.get(row.system_number) for row in rows
    ]
    unknown = [_unknown(index, row) for index, row in enumerate(rows) if found[index] is None]
    if unknown:
        raise Refused("invalid", _("Nothing was taken in: see what is wrong in which row."), rows=unknown)
    return [_reported(one, row) for one, row in zip(found, rows, strict=True) if one is not None]


def _unknown(index: int, row: Read) -> Row:
    if row.number is None:
        sentence = _("No performance of this theater is linked to this number.")
        return Row(index, "unknown_performance", sentence, "systemNumber")
    sentence = _("This theater has no performance with these numbers of DIP.")
    return Row(index, "unknown_performance", sentence, "performanceNumber")


def _reported(performance: Performance, row: Read) -> Reported:
    return Reported(
        performance,
        kinds=row.kinds,
        reservations=row.reservations,
        blocked_seats=row.blocked_seats,
        counted_at=row.counted_at,
        number=row.system_number if row.number is not None else "",
    )


@dataclass(frozen=True)
class Listed:
    sold: Sold
    system_number: str | None


def listed(key: SystemKey, begin: dt.date, end: dt.date) -> list[Listed]:
    """The performances from and until these days of Amsterdam, in the order in which they play. Three queries."""
    rows = _performances(key).filter(starts_at__gte=midnight(begin), starts_at__lt=midnight(end + dt.timedelta(days=1)))
    playing = list(rows.select_related("production", "hall").order_by("starts_at", "pk"))
    numbers = system_numbers(key.theater, playing)
    return [Listed(sold, numbers.get(sold.performance.pk)) for sold in sold_of(key.organisation, playing)]
