"""Claiming and settling outbox rows: never lost, never worked by two at once, never stuck behind a stranger.

Rules 1 to 4 of the reliability rules (docs/architecture.md, 'The outbox').
"""

import datetime as dt
import mmap
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Any, Generic, TypeVar

import structlog
from django.conf import settings
from django.db import connections, router, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.outbox.models import CLOSED, WORKABLE, OutboxRow, State

log = structlog.get_logger(__name__)
# 1 when this worker is to end: one byte, shared with the processes that a worker forks, because they do the work and
# it hears the signal. No lock, because the signal may come between any two steps of the same thread.
_ending = mmap.mmap(-1, 1)
Row = TypeVar("Row", bound=OutboxRow)


@dataclass(frozen=True)
class Outcome:
    """What became of one row. `apply` runs in the transaction that records the outcome, or not at all."""

    state: State
    code: str = ""
    text: str = ""
    after: dt.timedelta = dt.timedelta(0)
    apply: Callable[[], None] | None = None
    values: dict[str, Any] = field(default_factory=dict)


def done(apply: Callable[[], None] | None = None, **values: Any) -> Outcome:
    return Outcome(State.DONE, apply=apply, values=values)


def again(code: str, text: str, *, after: dt.timedelta, **values: Any) -> Outcome:
    """Nothing happened out there: try again later."""
    return Outcome(State.WAITING, code=code, text=text, after=after, values=values)


def unclear(code: str, text: str, *, after: dt.timedelta, **values: Any) -> Outcome:
    """It may have happened out there: wait, then look before repeating."""
    return Outcome(State.UNCLEAR, code=code, text=text, after=after, values=values)


def attention(code: str, text: str, *, apply: Callable[[], None] | None = None, **values: Any) -> Outcome:
    """A person has to look; `text` says in words at what."""
    return Outcome(State.ATTENTION, code=code, text=text, apply=apply, values=values)


def abandoned(code: str, text: str) -> Outcome:
    """The row has lost its purpose: what it was to bring about is no longer wanted."""
    return Outcome(State.ABANDONED, code=code, text=text)


class ClaimLost(Exception):
    """Another worker has the row by now: whatever this one found out is not written."""


@dataclass
class Claim(Generic[Row]):
    """A lease on one row. Every write through it says 'where the token is mine'."""

    row: Row
    token: str

    def _mine(self) -> QuerySet[Row]:
        return type(self.row)._default_manager.filter(pk=self.row.pk, claim_token=self.token)

    def write(self, **values: Any) -> None:
        """Change the row while the lease is mine; raises ClaimLost otherwise. Also extends the lease."""
        values["claimed_until"] = timezone.now() + lease()
        if self._mine().update(**values) != 1:
            raise ClaimLost
        for name, value in values.items():
            setattr(self.row, name, value)

    def settle(self, outcome: Outcome) -> None:
        """Record the outcome and run its `apply`, in one transaction; raises ClaimLost and writes nothing otherwise."""
        with transaction.atomic():
            if self.row.outcome_may_be_lost:
                need_not_last(type(self.row))
            if self._mine().update(**settled(outcome)) != 1:
                raise ClaimLost
            if outcome.apply is not None:
                outcome.apply()


def settled(outcome: Outcome) -> dict[str, Any]:
    """What stands in a row once this has become of it."""
    now = timezone.now()
    values: dict[str, Any] = {
        "state": outcome.state,
        "error_code": outcome.code,
        "error_text": outcome.text,
        "due_at": now + outcome.after,
        "claimed_until": None,
        "claim_token": "",
        "open_claims": 0,
        **outcome.values,
    }
    if outcome.state in CLOSED:
        values["done_at"] = now
    return values


def need_not_last(model: type[OutboxRow]) -> None:
    """In a transaction: its end does not wait for the disk. For what may be gone after a crash of the database server:
    a claim (the write before the effect waits for the disk, and takes the claim along), and that a mail has left."""
    connection = connections[router.db_for_write(model)]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL synchronous_commit TO OFF")


def lease() -> dt.timedelta:
    return dt.timedelta(seconds=settings.OUTBOX_LEASE_SECONDS)


def free(model: type[Row], now: dt.datetime) -> QuerySet[Row]:
    """Rows that are due and not leased, whether or not another of their key comes first."""
    unleased = Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)
    return model._default_manager.filter(unleased, state__in=WORKABLE, due_at__lte=now)


def claimable(model: type[Row], now: dt.datetime) -> QuerySet[Row]:
    """Rows that are due, not leased, and first of their key among the rows that are not closed."""
    earlier = (
        model._default_manager.filter(key=OuterRef("key"), pk__lt=OuterRef("pk")).exclude(state__in=CLOSED).values("pk")
    )
    return free(model, now).filter(Q(key="") | ~Exists(earlier))


def claim(model: type[Row]) -> Claim[Row] | None:
    """Lease the row whose turn it is (the one that has been due longest), or None when nothing is due.

    A row whose claims ended without an outcome too often is put in quarantine instead, and the next one is taken.
    """
    claims = claim_some(model, 1)
    return claims[0] if claims else None


def claim_some(model: type[Row], most: int) -> list[Claim[Row]]:
    """Like `claim`, the next few rows at once and with one token; none when nothing is due.

    What was begun before goes alone: so the row that killed its worker is known from those that were only beside it.
    """
    locks = connections[router.db_for_write(model)].features.has_select_for_update_skip_locked
    while True:
        now = timezone.now()
        token = secrets.token_urlsafe(32)
        with transaction.atomic():
            need_not_last(model)
            turns = claimable(model, now).order_by(*model.first_come)
            if locks:
                turns = turns.select_for_update(skip_locked=True, of=("self",))
            rows = _together(list(turns[:most]))
            if not rows:
                return []
            if rows[0].open_claims >= settings.OUTBOX_MAX_CLAIMS:
                quarantine(rows[0])
                continue
            mine = model._default_manager.filter(pk__in=[row.pk for row in rows])
            if not locks:
                # Nothing held the rows since they were read: the state is asked again in the UPDATE, and that decides.
                mine = mine.filter(pk__in=claimable(model, now).values("pk"))
            changed = mine.update(
                claimed_until=now + lease(),
                claim_token=token,
                attempts=F("attempts") + 1,
                open_claims=F("open_claims") + 1,
            )
        if changed == len(rows):
            return [Claim(_as_claimed(row, now, token), token) for row in rows]
        if changed:
            taken = model._default_manager.filter(claim_token=token).order_by(*model.first_come)
            return [Claim(row, token) for row in taken]


def _together(rows: list[Row]) -> list[Row]:
    """The first row alone if it was begun before, else all until the first that was."""
    if rows and rows[0].was_begun:
        return rows[:1]
    return list(takewhile(lambda row: not row.was_begun, rows))


def _as_claimed(row: Row, now: dt.datetime, token: str) -> Row:
    row.claimed_until, row.claim_token = now + lease(), token
    row.attempts += 1
    row.open_claims += 1
    return row


def quarantine(row: OutboxRow) -> None:
    type(row)._default_manager.filter(pk=row.pk, claim_token=row.claim_token).update(
        state=State.QUARANTINED,
        claimed_until=None,
        claim_token="",
        error_code="quarantined",
        error_text=_("%(count)d attempts ended without an outcome; the worker may have been killed by it.")
        % {"count": row.open_claims},
    )
    log.error("outbox row quarantined", kind=row.kind, row=row.pk, claims=row.open_claims)


def stop(**_signal: Any) -> None:
    """Take up no more rows: the one in hand is finished, the others are for the next worker."""
    _ending[0] = 1


def ending() -> bool:
    """This worker is to end: whoever only waits hands back what it holds."""
    return bool(_ending[0])


def drain(model: type[Row], work: Callable[[Claim[Row]], Outcome], *, limit: int = 50, seconds: float = 20) -> int:
    """Work rows until none is due, `limit` are done, the time is up or the worker ends. Returns how many were worked.

    An exception of `work` is logged and leaves the row to its lease: the same row comes back, others go on.
    """
    until = time.monotonic() + seconds
    worked = 0
    while worked < limit and time.monotonic() < until and not ending():
        held = claim(model)
        if held is None:
            break
        worked += 1
        try:
            held.settle(work(held))
        except ClaimLost:
            log.warning("claim lost", kind=held.row.kind, row=held.row.pk)
        except Exception:
            log.exception("outbox row failed", kind=held.row.kind, row=held.row.pk)
    return worked


def backoff(attempts: int, *, base: float = 5, most: float = 300) -> dt.timedelta:
    """5, 10, 20 … 300 seconds."""
    return dt.timedelta(seconds=min(most, base * 2 ** min(max(attempts - 1, 0), 10)))
