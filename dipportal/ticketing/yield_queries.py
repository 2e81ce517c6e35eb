"""Agreements with the counts of their performances, as one organisation may see them."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence

from django.db.models import Prefetch
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import contracts_of
from dipportal.organisations.models import Organisation
from dipportal.ticketing.enums import Source
from dipportal.ticketing.forecast import Forecast as Said
from dipportal.ticketing.forecast import NoForecast, Reason
from dipportal.ticketing.forecasting import forecasts_of
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.monitor import Sold
from dipportal.ticketing.rules import Standing
from dipportal.ticketing.yielding import Expected, Forecast, Yielded, no_forecast, yielded
from dipportal.ticketing.yielding_tour import OverTour, over_tour

Counted = dict[int, dict[Source, TicketCount]]


def yield_of(
    organisation: Organisation | None,
    contract: Contract,
    performances: Sequence[Performance] | None = None,
    *,
    forecast: Forecast | None = None,
    now: dt.datetime | None = None,
) -> Yielded:
    """What an agreement, which this organisation may see, yields with its counts.

    One query, a second one without its `performances`, and those of `forecasts_of` without a `forecast`.
    """
    moment = now or timezone.now()
    rows = contract.performances.select_related("hall", "production") if performances is None else performances
    found = sorted(rows, key=lambda one: (one.starts_at, one.pk))
    counts = _counts(organisation, [one.pk for one in found])
    if forecast is None:
        forecast = own_forecast(organisation, found, counts, moment)
    return _yielded(contract, found, counts, forecast, moment)


def yields_over_tour(
    organisation: Organisation | None,
    production: Production,
    performances: Sequence[Performance],
    *,
    forecast: Forecast = no_forecast,
    now: dt.datetime | None = None,
) -> OverTour:
    """The approved agreements of a production with their counts. Three queries. `performances`: all it has."""
    moment = now or timezone.now()
    ordered = Performance.objects.select_related("hall").order_by("starts_at", "pk")
    rows = contracts_of(organisation).filter(production=production, status=Status.APPROVED)
    agreements = list(rows.order_by("first_at", "pk").prefetch_related(Prefetch("performances", ordered)))
    keys = {one.pk for contract in agreements for one in contract.performances.all()}
    counts = _counts(organisation, keys)
    found = [_yielded(one, list(one.performances.all()), counts, forecast, moment) for one in agreements]
    return over_tour(found, performances)


def own_forecast(
    organisation: Organisation | None, performances: Sequence[Performance], counts: Counted, now: dt.datetime
) -> Forecast:
    """By what this organisation saw of its own earlier performances; so each side has a forecast of its own."""
    shown = [Sold(one, Standing(one, counts=counts.get(one.pk, {})).shown) for one in performances]
    tickets = {one.performance.pk: one.tickets for one in shown}
    found = forecasts_of(organisation, shown, now).of
    return lambda one: expected(found.get(one.pk), tickets.get(one.pk))


def expected(said: Said | NoForecast | None, tickets: int | None) -> Expected | None:
    """What sold out stays what it is; without an estimate nothing is expected."""
    if isinstance(said, Said):
        return Expected(said.low, said.expected, said.high)
    if said is not None and said.reason is Reason.SOLD_OUT and tickets is not None:
        return Expected(tickets, tickets, tickets)
    return None


def _counts(organisation: Organisation | None, performances: Collection[int]) -> Counted:
    found: Counted = defaultdict(dict)
    for count in TicketCount.objects.visible_to(organisation).filter(performance__in=list(performances)):
        found[count.performance_id][Source(count.source)] = count
    return found


def _yielded(
    contract: Contract, performances: Sequence[Performance], counts: Counted, forecast: Forecast, now: dt.datetime
) -> Yielded:
    prices = contract.entrance_prices or []
    agreed = (min(prices), max(prices)) if prices else None
    standings = [Standing(one, counts=counts.get(one.pk, {}), prices=agreed) for one in performances]
    return yielded(contract, standings, now=now, forecast=forecast)
