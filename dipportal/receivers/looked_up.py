"""Performances with their agreements, as the start page, the search and the list show them."""

from collections.abc import Sequence
from functools import cache
from typing import Any

from django.db.models import F

from dipportal.contracts.queries import contracts_in
from dipportal.core.repeated import KEYS, Repeated

PERFORMANCE = ("starts_at", "status", "number", "missing_since")
ABOUT = {"production": ("title", "dip_id"), "theater": ("name",), "hall": ("name",)}
AGREED = ("type", "status", "side", "answer_source", "number", "evening")


def with_agreements(theaters: Sequence[int], rows: list[Any]) -> list[Any]:
    """These performances with `agreements`: what was agreed or proposed for each, newest first.

    `theaters`: the keys of all theaters that the house runs, read from `visible_theaters` for this page.
    """
    agreed: dict[int, list[Any]] = {}
    if rows:
        for one in _agreements().read([row.pk for row in rows], theaters):
            agreed.setdefault(one.evening, []).append(one)
    for row in rows:
        row.agreements = agreed.get(row.pk, [])
    return rows


@cache
def _agreements() -> Repeated:
    keys, theaters = KEYS[:2]
    visible: Any = contracts_in(theaters)
    rows = visible.newest_among(contracts_in(theaters)).annotate(evening=F("performances"))
    return Repeated(rows.filter(evening__in=keys).order_by("-pk"), AGREED)
