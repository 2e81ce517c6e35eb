"""What the start page of a house shows: what waits for it, what providers changed, and what comes next."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any

from django.utils import timezone

from dipportal.catalogue import changes
from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.changes import Change
from dipportal.catalogue.models import Performance
from dipportal.contracts import queries as contracts
from dipportal.contracts.models import Contract
from dipportal.core.listing import MOMENT, Ask, First, Written, firsts, written
from dipportal.core.repeated import KEYS, Repeated
from dipportal.journal.models import Entry
from dipportal.organisations.models import Organisation
from dipportal.organisations.navigation import MOST_TOLD
from dipportal.receivers import looked_up
from dipportal.ticketing import queries as counts

# What waits for an answer is what this page is for; of what the house sent itself a few are enough.
FEW, MANY, COUNTERS, CHANGES = 8, 20, 10, 10
# Of the theaters of a house every one is needed.
ALL = 1_000_000
# Of an agreement, what the page shows of it, and what tells whether it is open to an answer.
SHOWN = (
    "number", "first_at", "type", "status", "side", "version", "answer_by", "discarded_at", "proposed_at",
    "answer_source", "endorsed_at", "endorsed_by_id",
)  # fmt: skip
NAMED = {"production": ("title",), "theater": ("name",), "provider": ("name",), "endorsed_by": ("name", "email")}


@dataclass(frozen=True)
class Start:
    """`waiting` and `counters` may hold one row more than is shown. `theaters`: 0, 1 or 2.

    `count`: how many wait, as far as the menu tells it; `lacking`, as far, of how many performances a count is missing.
    """

    waiting: list[Contract]
    counters: list[Contract]
    changes: list[Change]
    coming: list[Performance]
    count: int
    lacking: int
    theaters: int


def of(organisation: Organisation) -> Start:
    """Five queries at most: the keys of everything; agreements; lines of the journal; performances, with theirs."""
    now = timezone.now()
    found = firsts(
        _waiting(organisation, timezone.localdate(now)).at(now).beside(_changes(organisation).at(now - changes.LATELY))
    )
    theaters = found["theaters"].keys
    rows = _contracts(organisation, theaters, [*found["waiting"].keys, *found["counters"].keys])
    lines = changes.lines([key for code in changes.CODES for key in found[code].keys], most=CHANGES * 3)
    told, coming = _performances(theaters, lines[:CHANGES], found["coming"])
    return Start(
        waiting=_in_order(found["waiting"], rows),
        counters=_in_order(found["counters"], rows),
        changes=told,
        coming=coming,
        count=found["waiting"].count,
        lacking=found["lacking"].count,
        theaters=min(len(theaters), 2),
    )


# What is asked depends on the house, the day and the moment alone, so the statement is kept; see Written.
@lru_cache(maxsize=256)
def _waiting(organisation: Organisation, today: dt.date) -> Written:
    theaters = catalogue.visible_theaters(organisation).order_by("pk")
    coming = catalogue.visible_performances(organisation).upcoming(since=MOMENT).order_by("starts_at", "pk")
    # By its theaters, and in no order: a house has a few of all the evenings that lie between two days.
    lacking = counts.lacking(catalogue.performances_in(theaters), today).order_by()
    return written(
        {
            "waiting": Ask(contracts.waiting_for_answer(organisation), MANY + 1, MOST_TOLD + 1, apart=True),
            "counters": Ask(contracts.counters_open(organisation), COUNTERS + 1, COUNTERS + 1),
            "theaters": Ask(theaters, ALL, ALL),
            "coming": Ask(coming, FEW, FEW),
            "lacking": Ask(lacking, 1, MOST_TOLD + 1),
        }
    )


@lru_cache(maxsize=256)
def _changes(organisation: Organisation) -> Written:
    rows = changes.newest(organisation, since=MOMENT)
    return written({code: Ask(lines, CHANGES * 3, CHANGES * 3) for code, lines in rows.items()})


def _contracts(organisation: Organisation, theaters: Sequence[int], keys: Sequence[int]) -> dict[int, Contract]:
    rows = _by_key().read(keys, theaters) if keys else []
    for row in rows:
        row.theater.receiver = organisation  # which is why it may see them
    return {row.pk: row for row in rows}


# Those of these keys in these theaters, which were read for this page.
@cache
def _by_key() -> Repeated:
    return Repeated(contracts.contracts_in(KEYS[1]).filter(pk__in=KEYS[0]).order_by(), SHOWN, NAMED)


@cache
def _evenings() -> Repeated:
    rows = catalogue.performances_in(KEYS[1]).filter(pk__in=KEYS[0]).order_by()
    return Repeated(rows, looked_up.PERFORMANCE, looked_up.ABOUT)


def _in_order(first: First, rows: dict[int, Any]) -> list[Any]:
    return [rows[key] for key in first.keys if key in rows]


def _performances(
    theaters: Sequence[int], entries: Sequence[Entry], first: First
) -> tuple[list[Change], list[Performance]]:
    """What the lines are about and what comes next; each with its agreements."""
    keys = {int(entry.target_id) for entry in entries}.union(first.keys)
    rows = _evenings().read([*keys], theaters) if keys else []
    found = {row.pk: row for row in looked_up.with_agreements(theaters, rows)}
    told = [Change(entry, found[int(entry.target_id)]) for entry in entries if int(entry.target_id) in found]
    return told, _in_order(first, found)
