"""What the performances of a tour, or of a house, are expected to sell, as the pages show it."""

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance
from dipportal.organisations.models import Organisation
from dipportal.ticketing import forecasting, yielding
from dipportal.ticketing.back_test import Score
from dipportal.ticketing.forecast import Forecast, NoForecast, Reason
from dipportal.ticketing.monitor import Sold, Tour, share
from dipportal.ticketing.yield_queries import expected

# Who stays below half of the seats even at the top of the range is a weak seller.
WEAK_BELOW = Decimal(50)
_WHY = {
    Reason.PRIVATE: _("closed to the public."),
    Reason.NO_COUNT: _("no count was told in the last eight days."),
    Reason.SOLD_OUT: _("sold out."),
    Reason.EARLY: _("more than %(needed)d days ahead, which is too early."),
    Reason.UNCHECKED: _("how good estimates are for you was not checked yet; that happens every week."),
    Reason.FEW_CASES: _(
        "estimates so long before the evening could be checked on %(found)d of your earlier performances only;"
        " %(needed)d are needed."
    ),
    Reason.NO_BETTER: _(
        "so long before the evening, estimates of your earlier performances were no better than last year's curve, or"
        " than what was sold by then."
    ),
    Reason.FEW_SOLD: _("fewer than %(needed)d tickets sold, of which nothing can be told."),
    Reason.FEW_EARLIER: _("only %(found)d of your earlier performances can be compared; %(needed)d are needed."),
}


@dataclass(frozen=True)
class Row:
    """One performance to come. `forecast` None: it is sold out."""

    sold: Sold
    forecast: Forecast | None

    @property
    def occupancy(self) -> Decimal | None:
        return share(self.forecast.expected, self.sold.seats) if self.forecast else self.sold.occupancy

    @property
    def weak(self) -> bool:
        most = share(self.forecast.high, self.sold.seats) if self.forecast else None
        return most is not None and most < WEAK_BELOW


@dataclass(frozen=True)
class Together:
    """The tour: the counts of `fixed` evenings, which are over or sold out, and the forecasts of `estimated` ones.

    The range goes from the sum of all low ends to the sum of all high ends, as if all were to disappoint, or to
    surprise, at once: rather too wide than too narrow.
    """

    expected: int
    low: int
    high: int
    fixed: int
    estimated: int
    playing: int

    @property
    def performances(self) -> int:
        return self.fixed + self.estimated


@dataclass(frozen=True)
class Without:
    """So many performances to come of which there is no estimate, and why, in words."""

    performances: int
    why: str


@dataclass(frozen=True)
class Shown:
    rows: Sequence[Row]
    together: Together | None
    without: Sequence[Without]
    # How good those were that are shown here.
    checks: Sequence[Score]


def shown(organisation: Organisation | None, tour: Tour, now: dt.datetime) -> Shown | None:
    """None when nothing is to come."""
    found = forecasting.forecasts_of(organisation, tour.sold, now)
    if not found.of:
        return None
    rows, refused = [], []
    for one in tour.playing:
        said = found.of.get(one.performance.pk)
        if isinstance(said, NoForecast) and said.reason is not Reason.SOLD_OUT:
            refused.append(said)
        elif said is not None:
            rows.append(Row(one, said if isinstance(said, Forecast) else None))
    estimated = any(row.forecast for row in rows)
    return Shown(
        rows=rows,
        together=_together(tour, rows, now) if estimated else None,
        without=_without(refused),
        checks=[score for score in found.checks.values() if forecasting.unproven(score) is None] if estimated else [],
    )


def pace(shown: Shown | None) -> yielding.Forecast:
    """The same for the sums of agreements: what a performance to come will have in the end, or None."""
    rows = {row.sold.performance.pk: row for row in shown.rows} if shown is not None else {}

    def of(performance: Performance) -> yielding.Expected | None:
        row = rows.get(performance.pk)
        if row is None:
            return None
        return expected(row.forecast or NoForecast(Reason.SOLD_OUT), row.sold.tickets)

    return of


def _together(tour: Tour, rows: Iterable[Row], now: dt.datetime) -> Together:
    made = [row.forecast for row in rows if row.forecast]
    fixed = [one.tickets or 0 for one in tour.counted if one.performance.starts_at <= now]
    fixed += [row.sold.tickets or 0 for row in rows if not row.forecast]
    return Together(
        expected=sum(fixed) + sum(one.expected for one in made),
        low=sum(fixed) + sum(one.low for one in made),
        high=sum(fixed) + sum(one.high for one in made),
        fixed=len(fixed),
        estimated=len(made),
        playing=len(tour.playing),
    )


def _without(refused: Iterable[NoForecast]) -> list[Without]:
    order = list(Reason)
    told = Counter(refused)
    return [
        Without(told[one], words(one)) for one in sorted(told, key=lambda one: (order.index(one.reason), one.found))
    ]


def words(refused: NoForecast) -> str:
    """Why there is no estimate, as the end of a sentence."""
    return str(_WHY[refused.reason]) % {"found": refused.found, "needed": refused.needed}
