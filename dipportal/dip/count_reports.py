"""What a theater tells of its tickets, on its way to DIP: three lists of running totals, a row each.

It is entered here by hand, or told by the theater's own ticketing system; the newest of the two counts. A row says only
that there is something to tell; what leaves are the newest totals at that moment. So a list needs one row that nobody
has in hand, however often its count changes meanwhile. Lists have keys of their own: none holds up another, nor the
provider's operations on the same performance, which another organisation's log-in carries out.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
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
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCount, TicketLink

# The column of TicketCount that a list of places tells.
PLACES = {Kind.RESERVATIONS_REPORT: "reservations", Kind.BLOCKED_REPORT: "blocked_seats"}
REPORTS = (Kind.TICKETS_REPORT, *PLACES)
# What a theater tells of itself.
OWN = (Source.HAND, Source.SYSTEM)
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
    kinds = {str(one): tickets for one, tickets in count.kinds.items()}
    return {"revenue": count.revenue_cents, "revenues": revenue_by_kind(count), **kinds}


def revenue_by_kind(count: TicketCount) -> dict[str, int] | None:
    """Cents of each of the five kinds; None where only the revenue of all of them together is known."""
    if count.revenue_of_kinds and sum(count.revenue_of_kinds.values()) == count.revenue_cents:
        return {str(kind): count.revenue_of_kinds.get(kind, 0) for kind in TicketKind}
    return None


def chosen(kind: Kind, counts: Iterable[TicketCount]) -> TicketCount | None:
    """Of all counts of a performance the one that this list is told of: the newest of the theater's own."""
    own = [one for one in counts if one.source in OWN and totals(kind, one) is not None]
    return max(own, key=lambda one: (one.counted_at or one.changed_at, one.pk), default=None)


def overtaken(count: TicketCount, told: TicketCount | None, left: dt.datetime | None) -> bool:
    """Does DIP tell (`told`) other tickets than this count, newer, that are not ours? `left`: when we last sent some.

    A count that was corrected while it was under way can come to DIP later than its correction was entered.
    """
    if told is None or not told.is_told or told.counted_at is None or count.counted_at is None:
        return False
    if same_tickets(count, told) or told.counted_at <= count.counted_at:
        return False
    return left is None or left < count.counted_at - settle_time()


def same_tickets(one: TicketCount, other: TicketCount) -> bool:
    return (one.tickets, one.revenue_cents) == (other.tickets, other.revenue_cents)


# --- when a count was told --------------------------------------------------------------------------------------
def reported(performances: Collection[int]) -> int:
    """Queue the counts that were just told, where the theater has a ticketing credential. Returns how many lists.

    Belongs in the transaction that wrote them. Without a credential nothing is queued: the count itself stays, and
    `catch_up` finds it when there is one.
    """
    with_credential = _lock(performances)
    if not with_credential:
        return 0
    counts = TicketCount.objects.filter(
        performance__in=list(performances), performance__theater__receiver__in=with_credential
    )
    by_theater: dict[int, list[TicketCount]] = defaultdict(list)
    for count in counts.select_related("performance__theater").order_by("performance_id", "pk"):
        by_theater[count.performance.theater.receiver_id].append(count)
    return sum(_queue(_tellings(found), organisation) for organisation, found in by_theater.items())


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
    """Queue what this theater told and DIP does not have. Returns how many lists.

    Belongs in the transaction that makes the credential known. Left out is what DIP has, by our own calls or by what a
    provider's pull saw, and what it has newer than we do: that came from elsewhere.
    """
    if organisation.kind != Side.RECEIVER:
        return 0
    lock([organisation.pk])
    if not Connection.objects.active().filter(organisation=organisation).exists():
        return 0
    counts = TicketCount.objects.filter(performance__theater__receiver=organisation, performance__missing_since=None)
    linked = set(TicketLink.objects.filter(theater__receiver=organisation).values_list("performance", flat=True))
    # What was entered before the link is the link's affair now.
    found = [one for one in _tellings(counts.order_by("performance_id", "pk")) if not one.entered_beside(linked)]
    return _queue(found, organisation.pk)


# --- both ------------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class _Telling:
    """What one list of one performance has to tell. `told`: DIP's own count, as a pull saw it."""

    kind: Kind
    count: TicketCount
    told: TicketCount | None

    @property
    def key(self) -> str:
        return key_of(self.kind, self.count.performance_id)

    def entered_beside(self, linked: Collection[int]) -> bool:
        return self.count.source == Source.HAND and self.count.performance_id in linked

    def is_needed(self, last: Operation | None) -> bool:
        """Has DIP to be told? `last`: the newest row that left or is to leave."""
        wanted = totals(self.kind, self.count)
        if wanted is None or (last is not None and last.state != State.DONE):
            return wanted is not None
        sent = last if last is not None and last.body_digest == state_digest(wanted) else None
        if self.kind == Kind.TICKETS_REPORT:
            return self._is_news(last, sent)
        there = totals(self.kind, self.told) if self.told is not None else None
        # That there are none, DIP need not be told before it was told of some.
        return sent is None and (last is not None or (there or {"places": 0}) != wanted)

    def _is_news(self, last: Operation | None, sent: Operation | None) -> bool:
        """The same tickets, counted again, are news too: nothing was sold since."""
        known_at = sent.sent_at if sent is not None else None
        if known_at is None and self.told is not None and self.told.is_told and same_tickets(self.count, self.told):
            known_at = self.told.counted_at
        if known_at is not None and self.count.counted_at is not None:
            return self.count.counted_at > known_at
        return not overtaken(self.count, self.told, last.sent_at if last is not None else None)


def _tellings(counts: Iterable[TicketCount]) -> list[_Telling]:
    """Of all counts of some performances, whatever their source, in the order of the performances."""
    of: dict[int, list[TicketCount]] = defaultdict(list)
    for count in counts:
        of[count.performance_id].append(count)
    found = []
    for group in of.values():
        told = next((one for one in group if one.source == Source.DIP), None)
        own = ((kind, chosen(kind, group)) for kind in REPORTS)
        found += [_Telling(kind, count, told) for kind, count in own if count is not None]
    return found


def _queue(tellings: Sequence[_Telling], organisation: int) -> int:
    """Rows for these lists of one organisation: the one that waits is made to send the newest, else a new one.

    The number of statements does not grow with the number of counts (but for chunks).
    """
    rows = Operation.objects.filter(key__in=[one.key for one in tellings]).exclude(state=State.ABANDONED, sent_at=None)
    last = {row.key: row for row in rows.only("key", "state", "body_digest", "sent_at").order_by("pk")}
    wanted = {one.key: one for one in tellings if one.is_needed(last.get(one.key))}
    now = timezone.now()
    _give_up_others(wanted, organisation, now)
    waiting = _freshen(wanted, organisation, now)
    fresh = [one for key, one in wanted.items() if key not in waiting]
    Operation.objects.bulk_create(
        [
            Operation(
                kind=one.kind,
                key=one.key,
                organisation_id=organisation,
                subject_kind=one.kind.split(".", maxsplit=1)[0],
                subject_id=one.count.performance_id,
                due_at=now + _turn(place),
            )
            for place, one in enumerate(fresh)
        ],
        batch_size=CHUNK,
    )
    return len(wanted)


def _turn(place: int) -> dt.timedelta:
    """A season at once is due as fast as it can leave at the pace of one connection, not in front of everybody else."""
    return max(0, place - BATCH) * dt.timedelta(seconds=settings.DIP_PACE_SECONDS)


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
