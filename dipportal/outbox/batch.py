"""Several rows under one lease, for an effect that takes less time than the bookkeeping of one row.

Claim, beginning and outcome are written for some rows at once; each effect is still brought about by itself, and
only while its row is ours. A death in between leaves the rows to their lease: what had its effect, but not yet its
outcome in the table, has it once more. So this is for what may come twice, as a mail may under its one Message-ID.
"""

import datetime as dt
import time
from collections import defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Generic

import structlog
from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from dipportal.outbox.drain import (
    Claim,
    ClaimLost,
    Outcome,
    Row,
    claim_some,
    ending,
    free,
    lease,
    need_not_last,
    settled,
)
from dipportal.outbox.models import State

log = structlog.get_logger(__name__)
# So many rows are taken at once, and what has not been begun after so long is handed back: others may be free.
AT_ONCE = 40
LASTS = dt.timedelta(seconds=1)
# So many effects at most, and none for longer than this but for the one under way, are without their outcome.
OUTCOMES = 10
OUTCOMES_WAIT = dt.timedelta(seconds=0.1)


@dataclass
class Held(Claim[Row], Generic[Row]):
    """One row of a batch. `before` is its `sent_at` as it was when the row was taken."""

    batch: "Batch[Row]"
    before: dt.datetime | None

    @property
    def following(self) -> Row | None:
        """The row whose turn is next, as things are."""
        return self.batch.rest[0].row if self.batch.rest else None

    def begin(self) -> None:
        """To be called right before the effect: it may come about from here on. Raises ClaimLost when the row is not
        ours any more (given up by a person, or taken by another worker)."""
        self.batch.begin()
        if not self._is_mine():
            raise ClaimLost
        self.row.sent_at = self.batch.begun_at

    def _is_mine(self) -> bool:
        """Asked for each row of a thousand: by hand, for Django takes longer to write this than the database to say."""
        meta = type(self.row)._meta
        table, key = connection.ops.quote_name(meta.db_table), connection.ops.quote_name(str(meta.pk.column))
        now = connection.ops.adapt_datetimefield_value(timezone.now())
        with connection.cursor() as cursor:
            cursor.execute(
                f"SELECT 1 FROM {table} WHERE {key} = %s AND claim_token = %s AND claimed_until > %s",  # noqa: S608
                (self.row.pk, self.token, now),
            )
            return cursor.fetchone() is not None


@dataclass
class Batch(Generic[Row]):
    model: type[Row]
    token: str
    taken_at: dt.datetime
    rest: deque[Held[Row]] = field(default_factory=deque)
    in_hand: Held[Row] | None = None
    begun_at: dt.datetime | None = None
    # Rows whose effect is there, by what their outcome writes beside 'done'; and since when the oldest was under way.
    _done: dict[tuple[tuple[str, Any], ...], list[int]] = field(default_factory=lambda: defaultdict(list))
    _oldest: dt.datetime | None = None

    def work(self, work: Callable[[Held[Row]], Outcome]) -> int:
        """Work the rows in turn. Returns how many; what was not come to is handed back."""
        worked = 0
        try:
            while self.rest and not (worked and self._is_to_end()):
                self.in_hand = self.rest.popleft()
                self._one(self.in_hand, work)
                worked += 1
        finally:
            self.flush()
            self._hand_back()
        return worked

    def _one(self, held: Held[Row], work: Callable[[Held[Row]], Outcome]) -> None:
        started = timezone.now()
        try:
            outcome = work(held)
            if outcome.state == State.DONE and outcome.apply is None:
                self._note(held, outcome, started)
            else:
                held.settle(outcome)
        except ClaimLost:
            log.warning("claim lost", kind=held.row.kind, row=held.row.pk)
        except Exception:
            log.exception("outbox row failed", kind=held.row.kind, row=held.row.pk)

    def _is_to_end(self) -> bool:
        """Time is up (long before the lease is over), the worker ends, or somebody has come who goes first."""
        now = timezone.now()
        if ending() or now - self.taken_at > min(LASTS, lease() / 2):
            return True
        overtakers = self.rest[0].row.overtakers()
        return overtakers is not None and free(self.model, now).filter(overtakers).exists()

    def begin(self) -> None:
        """Write, once for all that is still to come, that the effects may come about from here on."""
        if self.begun_at is None:
            now = timezone.now()
            to_come = [held.row.pk for held in (self.in_hand, *self.rest) if held is not None]
            self._mine(to_come).update(sent_at=now, claimed_until=now + lease())
            self.begun_at = self.taken_at = now

    def _note(self, held: Held[Row], outcome: Outcome, started: dt.datetime) -> None:
        self._done[tuple(sorted(outcome.values.items()))].append(held.row.pk)
        self._oldest = self._oldest or started
        if self._waits(OUTCOMES, OUTCOMES_WAIT):
            self.flush()

    def _waits(self, rows: int, time: dt.timedelta) -> bool:
        """Are so many rows without their outcome, or is one that was begun so long ago?"""
        if self._oldest is None:
            return False
        return sum(map(len, self._done.values())) >= rows or timezone.now() - self._oldest >= time

    def use_a_pause(self) -> None:
        """To be called while an effect keeps us waiting anyway: what would soon be written is written now."""
        if self._waits(OUTCOMES // 2, OUTCOMES_WAIT / 2):
            self.flush()

    def flush(self) -> None:
        """Write down which effects are there."""
        if not self._done:
            return
        lost = 0
        with transaction.atomic():
            if self.model.outcome_may_be_lost:
                need_not_last(self.model)
            for values, keys in self._done.items():
                outcome = Outcome(State.DONE, values=dict(values))
                lost += len(keys) - self._mine(keys).update(**settled(outcome))
        if lost:
            log.warning("claims lost", model=self.model.__name__, rows=lost)
        self._done.clear()
        self._oldest = None

    def _hand_back(self) -> None:
        """What was not come to was not attempted either."""
        if not self.rest:
            return
        values: dict[str, Any] = {} if self.begun_at is None else {"sent_at": None}
        with transaction.atomic():
            need_not_last(self.model)
            self._mine([held.row.pk for held in self.rest]).update(
                claimed_until=None,
                claim_token="",
                attempts=F("attempts") - 1,
                open_claims=F("open_claims") - 1,
                **values,
            )

    def _mine(self, keys: list[int]) -> Any:
        return self.model._default_manager.filter(pk__in=keys, claim_token=self.token)


def claim_batch(model: type[Row], most: int) -> Batch[Row] | None:
    """The next rows whose turn it is; None when nothing is due."""
    claims = claim_some(model, most)
    if not claims:
        return None
    batch = Batch(model, claims[0].token, timezone.now())
    batch.rest.extend(Held(claim.row, claim.token, batch, claim.row.sent_at) for claim in claims)
    return batch


def drain(model: type[Row], work: Callable[[Held[Row]], Outcome], *, limit: int = 50, seconds: float = 20) -> int:
    """As `outbox.drain.drain`: until none is due, `limit` are done, the time is up or the worker ends."""
    until = time.monotonic() + seconds
    worked = 0
    while worked < limit and time.monotonic() < until and not ending():
        batch = claim_batch(model, min(AT_ONCE, limit - worked))
        if batch is None:
            break
        worked += batch.work(work)
    return worked
