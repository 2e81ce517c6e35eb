"""What a page tells of the sales of one production: for its provider of the whole tour, for a theater of its house."""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from dipportal.organisations.models import Organisation
from dipportal.ticketing import definitions, expected, queries, run_up, sales_sheet
from dipportal.ticketing.monitor import SHOWN, Sold, Tour
from dipportal.ticketing.seasons import Together

WEAKEST = "weakest"


def in_order(tour: Tour, order: str) -> Sequence[Sold]:
    """`order`: WEAKEST, or anything else for that of the tour."""
    return tour.weakest_first() if order == WEAKEST else tour.sold


def shown(
    organisation: Organisation | None,
    tour: Tour,
    now: dt.datetime,
    *,
    order: str,
    file: Callable[[str], str],
    before_there: Mapping[int, Decimal] | None = None,
) -> dict[str, Any]:
    """By the names of templates/ticketing/production.html. `tour`: the performances that the organisation may see.
    `file`: the address of each kind of file. `before_there`: what earlier.in_same_theaters says.

    What has a count, and what owes one, is in the rows; the rest, which has nothing to tell, is `later`.
    """
    weakest = order == WEAKEST
    before = before_there or {}
    rows = [
        (one, silence, before.get(one.performance.theater_id))
        for one in in_order(tour, order)
        for silence in (one.silence(now),)
        if one.told or silence
    ]
    found = {
        "tour": tour,
        "together": Together.of_tour(tour),
        "files": [(kind, file(kind) + (f"?order={WEAKEST}" if weakest else "")) for kind in sales_sheet.KINDS],
        "rows": rows,
        "later": [one for one in tour.sold if not one.told and not one.silence(now)],
        "silent": sum(silence is not None for _one, silence, _before in rows),
        "before_there": before,
        "weakest": weakest,
        "kinds": [(kind, definitions.KINDS[kind]) for kind in SHOWN],
        "definitions": definitions,
        "forecasts": expected.shown(organisation, tour, now),
    }
    if tour.counted:
        curves = queries.curves_of(organisation, [one.performance for one in tour.sold])
        found["chart"] = run_up.drawn(curves, now)
    return found
