"""Performances that have been, with their curves, for tests of forecasts."""

import datetime as dt
from decimal import Decimal
from itertools import count

from django.utils import timezone

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.organisations.models import Organisation
from dipportal.ticketing.enums import Source
from dipportal.ticketing.forecast import HORIZONS
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.models_forecast import ForecastCheck

_numbers = count(7_000_000)


def sells(
    production: Production,
    theater: Theater,
    days: int,
    points: dict[int, int],
    *,
    seats: int = 500,
    private: bool = False,
) -> Performance:
    """A performance in so many days (before 0: it has been), with tickets by days from today; the last is its count."""
    today = timezone.localdate()
    starts_at = timezone.make_aware(dt.datetime.combine(today + dt.timedelta(days=days), dt.time(20, 15)))
    evening = Performance.objects.create(
        production=production, theater=theater, starts_at=starts_at, number=next(_numbers), capacity=[seats],
        private=private,
    )  # fmt: skip
    TicketCountPoint.objects.bulk_create(
        TicketCountPoint(performance=evening, day=today + dt.timedelta(days=day), tickets=tickets)
        for day, tickets in points.items()
    )
    last = max(points)
    counted_at = timezone.now() if last == 0 else timezone.make_aware(
        dt.datetime.combine(today + dt.timedelta(days=last), dt.time(4))
    )  # fmt: skip
    TicketCount.objects.create(
        performance=evening, source=Source.DIP, tickets=points[last], revenue_cents=0, counted_at=counted_at
    )
    return evening


def past(production: Production, theater: Theater, number: int, *, final: int = 200, gap: int = 2) -> list[Performance]:
    """So many, one in so many days; a fifth of the end sold sixty days before, half from a month before."""
    return [
        sells(
            production, theater, -10 - gap * each,
            {-10 - gap * each - 60: final // 5, -10 - gap * each - 30: final // 2, -10 - gap * each + 1: final},
        )
        for each in range(number)
    ]  # fmt: skip


def proven(organisation: Organisation, *, error: int = 10, cases: int = 100) -> None:
    """As if the last check had found it. Last year's curve is 20 % wrong, and no forecast 40 %."""
    ForecastCheck.objects.bulk_create(
        ForecastCheck(
            organisation=organisation, days=days, cases=cases, within=cases // 2, error=Decimal(error),
            error_last_year=Decimal(20), error_unchanged=Decimal(40),
        )
        for days in HORIZONS
    )  # fmt: skip
