"""The seasons beside each other as a chart: how full the performances of each were."""

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.safestring import SafeString
from django.utils.translation import gettext as _

from dipportal.core.charts import Axis, Line, lines
from dipportal.core.money import format_percent
from dipportal.ticketing.run_up import NARROW, WIDE
from dipportal.ticketing.seasons import Together

# So many seasons have their name below the picture, in the width of a telephone and of a desk.
FEW, MANY = 4, 13
HEIGHT = 200


@dataclass(frozen=True)
class Drawn:
    narrow: SafeString
    wide: SafeString


def drawn(seasons: Sequence[tuple[str, Together]]) -> Drawn | None:
    """None when there are not two seasons of which it is known."""
    known = [(season, whole.occupancy) for season, whole in seasons if whole.occupancy is not None]
    if len(known) < 2:
        return None
    points = [(float(place), min(100.0, float(full))) for place, (_season, full) in enumerate(known)]
    up = Axis(0, 100, [(value, format_percent(value)) for value in (0, 50, 100)])
    label = _("How full the performances of each season were; the table below has the figures.")
    names = [f"{season[2:4]}/{season[7:9]}" for season, _full in known]
    narrow, wide = (
        lines([Line(points, strong=True)], _across(names, most), up, label=label, width=width, height=HEIGHT)
        for width, most in ((NARROW, FEW), (WIDE, MANY))
    )
    return Drawn(narrow, wide)


def _across(names: Sequence[str], most: int) -> Axis:
    """The last season always has its name."""
    step = -(-len(names) // most)
    last = len(names) - 1
    ticks = [(float(place), name) for place, name in enumerate(names) if (last - place) % step == 0]
    return Axis(0, last, ticks)
