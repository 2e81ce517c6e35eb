"""What a theater enters of its tickets, on its way to DIP: three lists of running totals, a row each.

A row says only that there is something to tell; what leaves are the newest totals at that moment. So a list needs one
row that nobody has in hand, however often its count is entered meanwhile. Lists have keys of their own: none holds up
another, nor the provider's operations on the same performance, which another organisation's log-in carries out.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from django.conf import settings
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Theater
from dipportal.dip import operations
from dipportal.dip.models import Connection, Kind, Operation
from dipportal.dip.pushing import settle_time
from dipportal.dip.state import Form, state_digest
from dipportal.dip.tasks import BATCH
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import CLOSED, STUCK, State
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketLink

# The column of TicketCount that a list of places tells.
PLACES = {Kind.RESERVATIONS_REPORT: "reservations", Kind.BLOCKED_REPORT: "blocked_seats"}
REPORTS = (Kind.TICKETS_REPORT, *PLACES)
# Rows that are written at once.
CHUNK = 1_000


def key_of(kind: Kind, performance: int) -> str:
    return operations.key_of(kind.split(".", maxsplit=1)[0], performance)


def totals(kind: Kind, count: TicketCount) -> Form | None:
    """What this list has to tell of a count, in one normal form; None when there is nothing in it."""
    if kind in PLACES:
        places = getattr(count, PLACES[kind])
        return None if places is None else {"places": places}
    if count.kinds is None or not count.is_told:
        return None
    return {"revenue": count.revenue_cents, **{str(one): tickets for one, tickets in count.kinds.items()}}


def from_then_on(counted_at: dt.datetime) -> dt.datetime:
    """A call of ours that left before this moment cannot be what DIP tells as newer than a count of `counted_at`."""
    return counted_at - settle_time()


# --- when a count was entered ----------------------------------------------------------------------------------
def reported(performances: Collection[int]) -> int:
    """Queue the counts that were just entered, where the theater has a ticketing credential. Returns how many lists.

    Belongs in the transaction that wrote them. Without a credential nothing is queued: the count itself stays, and
    `catch_up` finds it when there is one.
    """
    with_credential = _lock(performances)
    if not with_credential:
        return 0
    counts = TicketCount.objects.filter(
        performance__in=list(performances), performance__theater__receiver__in=with_credential, source=Source.HAND
    )
    by_theater: dict[int, list[TicketCount]] = defaultdict(list)
    for count in counts.select_related("performance__theater").order_by("pk"):
        by_theater[count.performance.theater.receiver_id].append(count)
    return sum(_queue(found, organisation, news=True) for organisation, found in by_theater.items())


def _lock(performances: Collection[int]) -> list[int]:
    """The organisations of these performances' theaters that have a credential in use.

    Whoever saves a credential holds the same lock: either it sees our counts, or we see its credential.
    """
    theaters = Theater.objects.filter(performances__in=list(performances), receiver__isnull=False)
    owners = lock(Organisation.objects.filter(pk__in=theaters.values("receiver")).values_list("pk", flat=True))
    return list(Connection.objects.active().filter(organisation__in=owners).values_list("organisation", flat=True))


def lock(organisations: Iterable[int]) -> list[int]:
    """Hold these organisations until the transaction ends. Rows that only point to them are not held up."""
    rows = Organisation.objects.select_for_update(of=("self",), no_key=True).filter(pk__in=list(organisations))
    return [one.pk for one in rows.order_by("pk")]


# --- when a credential came ------------------------------------------------------------------------------------
def catch_up(organisation: Organisation) -> int:
    """Queue what was entered for this theater and DIP does not have. Returns how many lists.

    Belongs in the transaction that makes the credential known. Left out is what DIP has, by our own calls or by what a
    provider's pull saw, and what it has newer than we do: that came from elsewhere.
    """
    if organisation.kind != Side.RECEIVER:
        return 0
    lock([organisation.pk])
    if not Connection.objects.active().filter(organisation=organisation).exists():
        return 0
    counts = TicketCount.objects.filter(
        performance__theater__receiver=organisation, performance__missing_since=None, source=Source.HAND
    )
    linked = TicketLink.objects.filter(theater__receiver=organisation).values("performance")
    found = counts.exclude(performance__in=linked).select_related("performance__theater").order_by("pk")
    return _queue(list(found), organisation.pk, news=False)


# --- both ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Known:
    """What is known of one list: the newest row that left or is to leave, and DIP's own count as a pull saw it."""

    last: Operation | None
    told: TicketCount | None

    def needs(self, kind: Kind, count: TicketCount, *, news: bool) -> bool:
        """Has DIP to be told? `news`: the count was entered just now."""
        wanted = totals(kind, count)
        if wanted is None:
            return False
        if self.last is not None and self.last.state != State.DONE:
            return True
        # The same tickets once more are sent too: that nothing was sold since is news to DIP.
        return (news and kind == Kind.TICKETS_REPORT) or self._lacks(kind, count, wanted)

    def _lacks(self, kind: Kind, count: TicketCount, wanted: Form) -> bool:
        """Is what DIP has something else?"""
        if self.last is not None and self.last.body_digest == state_digest(wanted):
            return False
        if kind == Kind.TICKETS_REPORT:
            return not self._has_tickets(count)
        there = totals(kind, self.told) if self.told is not None else None
        # That there are none, DIP need not be told before it was told of some.
        return self.last is not None or (there or {"places": 0}) != wanted

    def _has_tickets(self, count: TicketCount) -> bool:
        """Does DIP tell the same, although the last that we sent was another, or something newer that is not ours?"""
        told = self.told
        if told is None or not told.is_told or told.counted_at is None or count.counted_at is None:
            return False
        if (told.tickets, told.revenue_cents) == (count.tickets, count.revenue_cents):
            return True
        left = self.last.sent_at if self.last is not None else None
        return told.counted_at > count.counted_at and not (left and left >= from_then_on(count.counted_at))


def _queue(counts: Sequence[TicketCount], organisation: int, *, news: bool) -> int:
    """Rows for these counts of one organisation: the one that waits is made to send the newest, else a new one.

    The number of statements does not grow with the number of counts (but for chunks).
    """
    known = _known(counts)
    wanted = {
        key_of(kind, count.performance_id): (kind, count.performance_id)
        for count in counts
        for kind in REPORTS
        if known(kind, count.performance_id).needs(kind, count, news=news)
    }
    now = timezone.now()
    _give_up_others(wanted, organisation, now)
    waiting = _freshen(wanted, organisation, now)
    fresh = [wanted[key] for key in wanted if key not in waiting]
    Operation.objects.bulk_create(
        [
            Operation(
                kind=kind,
                key=key_of(kind, performance),
                organisation_id=organisation,
                subject_kind=kind.split(".", maxsplit=1)[0],
                subject_id=performance,
                due_at=now + _turn(place),
            )
            for place, (kind, performance) in enumerate(fresh)
        ],
        batch_size=CHUNK,
    )
    return len(wanted)


def _turn(place: int) -> dt.timedelta:
    """A season at once is due as fast as it can leave at the pace of one connection, not in front of everybody else."""
    return max(0, place - BATCH) * dt.timedelta(seconds=settings.DIP_PACE_SECONDS)


class _Books:
    def __init__(self, last: Mapping[str, Operation], told: Mapping[int, TicketCount]) -> None:
        self._last, self._told = last, told

    def __call__(self, kind: Kind, performance: int) -> _Known:
        return _Known(self._last.get(key_of(kind, performance)), self._told.get(performance))


def _known(counts: Sequence[TicketCount]) -> _Books:
    performances = [count.performance_id for count in counts]
    keys = [key_of(kind, pk) for pk in performances for kind in REPORTS]
    rows = Operation.objects.filter(key__in=keys).exclude(state=State.ABANDONED, sent_at=None)
    last = {row.key: row for row in rows.only("key", "state", "body_digest").order_by("pk")}
    told = TicketCount.objects.filter(performance__in=performances, source=Source.DIP)
    return _Books(last, {one.performance_id: one for one in told})


def _open(keys: Collection[str], now: dt.datetime) -> "list[Operation]":
    """The rows of these keys that are not closed and in nobody's hands, held until the transaction ends."""
    rows = Operation.objects.select_for_update(of=("self",)).filter(operations.unclaimed(now), key__in=list(keys))
    return list(rows.exclude(state__in=CLOSED).order_by("pk"))


def _freshen(keys: Collection[str], organisation: int, now: dt.datetime) -> set[str]:
    """Of these keys those with a row that will send the newest totals anyway. Makes it due, or leaves it its wait.

    The rows are held, so a worker either reads our count after this, or has the row in its hands already. A lease that
    ended is taken away for good, for its worker may only be paused, with older totals in its hands.
    """
    rows = [row for row in _open(keys, now) if row.organisation_id == organisation]
    unsent = [row.pk for row in rows if row.sent_at is None]
    stuck = [row.pk for row in rows if row.sent_at is not None and row.state in STUCK]
    others = [row.pk for row in rows if row.sent_at is not None and row.state not in STUCK]
    free = {"claimed_until": None, "claim_token": ""}
    plain = {"error_code": "", "error_text": "", "open_claims": 0, "due_at": now}
    Operation.objects.filter(pk__in=unsent).update(state=State.WAITING, **plain, **free)
    # What may have left is waited out by whoever takes it up.
    Operation.objects.filter(pk__in=stuck).update(state=State.UNCLEAR, unclear_writes=0, **plain, **free)
    Operation.objects.filter(pk__in=others).update(state=State.UNCLEAR, **free)
    return {row.key for row in rows}


def _give_up_others(keys: Collection[str], organisation: int, now: dt.datetime) -> None:
    """The theater was another organisation's: what that one has not sent, or is stuck on, holds up nobody."""
    rows = [row for row in _open(keys, now) if row.organisation_id != organisation]
    ended = [row.pk for row in rows if row.sent_at is None or row.state in STUCK]
    if ended:
        with translation.override(settings.LANGUAGE_CODE):
            text = moved_text()
        Operation.objects.filter(pk__in=ended).update(
            state=State.ABANDONED, done_at=now, error_code="moved", error_text=text, claimed_until=None, claim_token=""
        )


def moved_text() -> str:
    return _("The performance is not in a theater of this organisation any more.")
