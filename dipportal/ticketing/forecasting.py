"""Forecasts of an organisation's performances, of its own earlier ones and of nobody else's, and whether they are good.

Its own are those that it may see: of a provider whole tours, of a theater what plays in its house.

The number of statements does not grow with the number of performances.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.db.models import F, Min
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.core.bulk import among
from dipportal.organisations.models import Organisation
from dipportal.ticketing import back_test, history
from dipportal.ticketing.back_test import Score
from dipportal.ticketing.forecast import (
    HORIZONS,
    LATELY,
    RECENT,
    SETTLES,
    Course,
    Forecast,
    NoForecast,
    Now,
    Reason,
    forecast,
    horizon,
)
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.models_forecast import ForecastCheck
from dipportal.ticketing.monitor import SILENT_AFTER, Sold
from dipportal.ticketing.queries import evening_of

# A check is made anew each week; one that is older than this says nothing of today.
CHECK_HOLDS = dt.timedelta(days=35)


def played(organisation: Organisation | None, today: dt.date, *, latest: int | None = None) -> list[Course]:
    """Its performances whose end is known today; of so many the latest. Two queries.

    Without those that were for nobody to buy, were called off, or have no count from after the evening.
    """
    midnight = timezone.make_aware(dt.datetime.combine(today - SETTLES + dt.timedelta(days=1), dt.time()))
    open_to_all = Performance.objects.visible_to(organisation).agreed().filter(private=False, starts_at__lt=midnight)
    counts = TicketCount.objects.shown().filter(
        performance__in=open_to_all,
        missing_since=None,
        tickets__isnull=False,
        counted_at__gte=F("performance__starts_at"),
    )
    rows = list(
        counts.order_by("-performance__starts_at", "-performance").values_list(
            "performance",
            "performance__production",
            "performance__production__producer",
            "performance__production__genre",
            "performance__production__season",
            "performance__starts_at",
            "performance__capacity",
            "tickets",
        )[:latest]
    )
    points = _points([row[0] for row in rows])
    border = today - history.DAILY_FOR
    return [
        Course(
            pk=pk,
            production=production,
            kin=(producer, genre),
            season=season,
            evening=timezone.localdate(starts_at),
            seats=sum(capacity),
            days=tuple(day for day, _tickets in points[pk]),
            tickets=tuple(tickets for _day, tickets in points[pk]),
            final=final,
            daily_from=border,
        )
        for pk, production, producer, genre, season, starts_at, capacity, final in rows
    ]


def _points(performances: Sequence[int]) -> Mapping[int, list[tuple[dt.date, int]]]:
    found: dict[int, list[tuple[dt.date, int]]] = defaultdict(list)
    rows = TicketCountPoint.objects.filter(performance__in=among(performances), tickets__isnull=False)
    for pk, day, tickets in rows.order_by("performance", "day").values_list("performance", "day", "tickets").iterator():
        found[pk].append((day, tickets))
    return found


# --- of performances to come -----------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Forecasts:
    """By the key of each performance to come; and what the last check gave, by the days before an evening."""

    of: Mapping[int, Forecast | NoForecast]
    checks: Mapping[int, Score]


def forecasts_of(organisation: Organisation | None, performances: Iterable[Sold], now: dt.datetime) -> Forecasts:
    """Of each of these that is to come and takes place. One query, or four when one is reckoned."""
    today = timezone.localdate(now)
    coming = [one for one in performances if one.takes_place and one.performance.starts_at > now]
    if not coming:
        return Forecasts({}, {})
    checks = checked(organisation, now)
    found = {one.performance.pk: why_not(one, checks, now) for one in coming}
    made: dict[int, Forecast | NoForecast] = {pk: why for pk, why in found.items() if why is not None}
    asked = [one for one in coming if one.performance.pk not in made]
    if asked:
        earlier = played(organisation, today, latest=RECENT)
        points = _points([one.performance.pk for one in asked])
        made |= {one.performance.pk: _forecast(one, points[one.performance.pk], earlier, today) for one in asked}
    return Forecasts(made, checks)


def checked(organisation: Organisation | None, now: dt.datetime) -> dict[int, Score]:
    """What the last check gave, when it is not too old. One query."""
    rows = ForecastCheck.objects.visible_to(organisation).filter(checked_at__gte=now - CHECK_HOLDS)
    return {one.days: _score(one) for one in rows.order_by("days")}


def _score(check: ForecastCheck) -> Score:
    return Score(
        check.days,
        cases=check.cases,
        within=check.within,
        error=check.error,
        error_last_year=check.error_last_year,
        error_unchanged=check.error_unchanged,
    )


def why_not(sold: Sold, checks: Mapping[int, Score], now: dt.datetime) -> NoForecast | None:
    """What forbids a forecast before any is reckoned. `checks`: by their days before."""
    performance, tickets = sold.performance, sold.tickets
    counted_at = sold.told.counted_at if sold.told is not None else None
    days = horizon((evening_of(performance) - timezone.localdate(now)).days)
    if performance.private:
        return NoForecast(Reason.PRIVATE)
    if tickets is not None and 0 < sold.seats <= tickets:
        return NoForecast(Reason.SOLD_OUT)
    if days is None:
        return NoForecast(Reason.EARLY, needed=HORIZONS[-1])
    if tickets is None or counted_at is None or counted_at < now - SILENT_AFTER:
        return NoForecast(Reason.NO_COUNT)
    check = checks.get(days)
    if check is None:
        return NoForecast(Reason.UNCHECKED)
    return unproven(check)


def unproven(score: Score) -> NoForecast | None:
    """Why what was checked may not be shown, if it may not."""
    if not score.enough:
        return NoForecast(Reason.FEW_CASES, score.cases, back_test.CASES_NEEDED)
    return None if score.beats_both else NoForecast(Reason.NO_BETTER)


def _forecast(
    sold: Sold, points: Sequence[tuple[dt.date, int]], earlier: Sequence[Course], today: dt.date
) -> Forecast | NoForecast:
    """As it stood on the day on which it was counted."""
    count, performance = sold.told, sold.performance
    if count is None or count.tickets is None or count.counted_at is None:
        raise TypeError("a performance without a count has no forecast")
    counted_on = min(today, timezone.localdate(count.counted_at))
    production = performance.production
    itself = Course(
        pk=performance.pk,
        production=production.pk,
        kin=(production.producer_id, production.genre_id),
        season=production.season,
        evening=evening_of(performance),
        seats=sold.seats,
        days=tuple(day for day, _tickets in points),
        tickets=tuple(tickets for _day, tickets in points),
        final=count.tickets,
        daily_from=counted_on - LATELY,
    )
    before = itself.at(counted_on - LATELY)
    now = Now(count.tickets, None if before is None else count.tickets - before, sold.seats)
    known = back_test.lessons(itself, (itself.evening - counted_on).days, earlier, today)
    return forecast(now, (lesson for _one, lesson in known))


# --- were they any good? ---------------------------------------------------------------------------------------------
def back_tested(organisation: Organisation, horizons: Iterable[int], today: dt.date) -> list[Score]:
    """So many days before, one score each. Two queries."""
    courses = played(organisation, today)
    return [back_test.score(days, list(back_test.cases(courses, days, today))) for days in horizons]


def keep(organisation: Organisation, scores: Iterable[Score], now: dt.datetime) -> None:
    """Decides from now on what is shown. Of other days than those that stand for a band nothing is kept."""
    names = ("cases", "within", "error", "error_last_year", "error_unchanged")
    rows = [
        ForecastCheck(
            organisation=organisation,
            days=score.days,
            checked_at=now,
            **{name: getattr(score, name) for name in names},
        )
        for score in scores
        if score.days in HORIZONS
    ]
    ForecastCheck.objects.bulk_create(
        rows, update_conflicts=True, unique_fields=["organisation", "days"], update_fields=[*names, "checked_at"]
    )


def check_all(now: dt.datetime) -> int:
    """Check the forecasts of every provider and of every house anew. Returns how many there are.

    Whose check is oldest comes first, so that a run that is cut off is made up for by the next one.
    """
    oldest = Min("forecast_checks__checked_at")
    organisations = Organisation.objects.annotate(oldest=oldest).order_by(F("oldest").asc(nulls_first=True), "pk")
    for organisation in organisations:
        keep(organisation, back_tested(organisation, HORIZONS, timezone.localdate(now)), now)
    return len(organisations)
