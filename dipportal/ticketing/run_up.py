"""The run-up of a tour as a chart, and as the table beside it."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.utils import timezone
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.core.charts import Axis, Line, lines
from dipportal.core.money import format_percent
from dipportal.ticketing.monitor import Curve, RunUp, run_up, share
from dipportal.ticketing.queries import evening_of

# So many days before the evening the picture begins; the table has a line a week.
DAYS = 84
# In the width of a telephone and of a desk, in pixels.
NARROW, WIDE = 330, 1060


@dataclass(frozen=True)
class Drawn:
    narrow: SafeString
    wide: SafeString
    table: Sequence[RunUp]


def drawn(curves: Sequence[Curve], now: dt.datetime) -> Drawn | None:
    """None when there is no curve of a performance whose capacity is known."""
    evenings = {one.performance.pk: evening_of(one.performance) for one in curves}
    today = timezone.localdate(now)
    days = run_up(curves, evenings, today, range(DAYS, -1, -1))
    if not days:
        return None
    shown = [
        Line([(before, float(full)) for before, full in points], stepped=True)
        for one in curves
        if (points := _shares(one, (evenings[one.performance.pk] - today).days))
    ]
    # Of one performance alone there is nothing to take an average of.
    shown.append(Line([(day.days_before, float(day.average)) for day in days if day.performances > 1], strong=True))
    label = _(
        "How full each performance was, by the days before it, and the thick line how full they were on average; the"
        " table below has the figures."
    )
    up = Axis(0, 100, [(value, format_percent(value)) for value in (0, 25, 50, 75, 100)])
    pictures = [lines(shown, _across(step), up, label=label, width=width) for width, step in ((NARROW, 28), (WIDE, 7))]
    weekly = [day for day in days if day.days_before % 7 == 0]
    return Drawn(pictures[0], pictures[1], weekly)


def _across(step: int) -> Axis:
    ticks = [(float(days), str(days)) for days in range(DAYS, -1, -step)]
    return Axis(DAYS, 0, ticks, name=_("days before the performance"))


def _shares(curve: Curve, days_to_go: int) -> list[tuple[int, Decimal]]:
    """From the first count to the evening, or to today; nothing of one that has further to go than the picture."""
    last = max(0, days_to_go)
    if last > DAYS:
        return []
    steps = [(days, tickets) for days, tickets in curve.steps if days <= DAYS]
    begun = curve.at(DAYS)
    if begun is not None:
        steps = [(DAYS, begun), *steps]
    now = curve.at(last)
    if now is not None:
        steps.append((last, now))
    found = [(days, share(min(tickets, curve.performance.seats), curve.performance.seats)) for days, tickets in steps]
    return [(days, full) for days, full in found if full is not None]
