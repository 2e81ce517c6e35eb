"""One performance of an agreement: which count it has, which tickets were paid, and whether it counts. Pure."""

import datetime as dt
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance
from dipportal.contracts.models import Contract
from dipportal.contracts.settlement import Evening
from dipportal.ticketing import rules
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.rules import Doubt, Report, Standing


class Out(StrEnum):
    """Why a performance does not count in the sums."""

    CANCELLED = "cancelled"
    MISSING = "missing"
    MOVED = "moved"
    UNCOUNTED = "uncounted"
    UNSOLD = "unsold"

    @property
    def label(self) -> str | Promise:
        return {
            Out.CANCELLED: _("cancelled"),
            Out.MISSING: _("DIP no longer has it"),
            Out.MOVED: _("plays in another theater now"),
            Out.UNCOUNTED: _("no count yet"),
            Out.UNSOLD: _("no ticket sold yet"),
        }[self]


# These do not take place under this agreement, so nothing is waited for either.
OFF = (Out.CANCELLED, Out.MISSING, Out.MOVED)


@dataclass(frozen=True)
class Paid:
    """Tickets that were paid for. `certain`: the source tells it, and the rules name these kinds."""

    tickets: int
    certain: bool


def paid_of(count: TicketCount) -> Paid:
    """Those that a theater surcharge is on (F1 names normal and discount).

    Other tickets count as paid, which is our reading; so do all tickets when only their total was told.
    """
    kinds = report_of(count)
    if kinds is None:
        return Paid(count.tickets or 0, certain=False)
    return Paid(kinds.with_price, certain=not kinds.other)


def report_of(count: TicketCount) -> Report | None:
    """The count by kind; None when only the total was told."""
    kinds = count.kinds
    if kinds is None:
        return None
    numbers = {str(kind): number for kind, number in kinds.items()}
    return Report(**numbers, reservations=0, blocked_seats=0, revenue_cents=count.revenue_cents or 0)


@dataclass(frozen=True)
class Played:
    """One performance of an agreement: what its sources tell, and whether it counts. `now`: the moment of asking."""

    standing: Standing
    contract: Contract
    now: dt.datetime

    @property
    def performance(self) -> Performance:
        return self.standing.performance

    @cached_property
    def count(self) -> TicketCount | None:
        """The count that is worked with: the newest of its sources."""
        return self.standing.shown

    @cached_property
    def settled(self) -> bool:
        """Was it played, and counted since it began?"""
        count, starts_at = self.count, self.performance.starts_at
        return (
            starts_at <= self.now
            and count is not None
            and count.counted_at is not None
            and count.counted_at >= starts_at
        )

    @cached_property
    def out(self) -> Out | None:
        """Why it does not count; None when it does."""
        if self.performance.cancelled:
            return Out.CANCELLED
        if self.performance.missing_since is not None:
            return Out.MISSING
        if self.performance.theater_id != self.contract.theater_id:
            return Out.MOVED
        if self.count is None:
            return Out.UNCOUNTED
        if not self.settled and not self.count.tickets and not self.count.revenue_cents:
            return Out.UNSOLD
        return None

    @property
    def takes_place(self) -> bool:
        return self.out not in OFF

    @property
    def counts(self) -> bool:
        return self.out is None

    @property
    def paid(self) -> Paid | None:
        return paid_of(self.count) if self.count is not None else None

    @cached_property
    def sources(self) -> list[TicketCount]:
        """What each source tells, the one that counts first."""
        told = [one for one in self.standing.counts.values() if one.is_told and one.counted_at is not None]
        return sorted(told, key=lambda one: (one is not self.count, one.source))

    @property
    def disagrees(self) -> bool:
        """Do its sources tell another number of tickets or another revenue?"""
        return len({(one.tickets, one.revenue_cents) for one in self.sources}) > 1

    @cached_property
    def doubts(self) -> list[Doubt]:
        """What of the count does not fit the seats or the prices of the agreement."""
        count = self.count
        if count is None or not self.takes_place:
            return []
        plain = dict.fromkeys(rules.NUMBERS, 0) | {"normal": count.tickets or 0}
        report = report_of(count) or Report(**plain, revenue_cents=count.revenue_cents or 0)
        return [doubt for doubt in rules.doubts(report, self.standing) if doubt.code in ("revenue", "tickets")]

    def evening(self) -> Evening:
        """As settled so far. Raises SettlementError for a count that cannot be."""
        count, paid = self.count, self.paid
        return Evening(count.revenue_cents or 0 if count else 0, paid.tickets if paid else 0, self.on)

    @property
    def on(self) -> dt.date:
        return timezone.localdate(self.performance.starts_at)
