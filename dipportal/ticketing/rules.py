"""What can be entered of a performance, and what of it is so unlikely that it is asked again. Pure predicates."""

import datetime as dt
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance
from dipportal.core.dates import moment
from dipportal.core.money import format_cents
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketLink

# More than any hall of the sector holds, and any ticket costs; a slip of the finger is over it.
MOST_TICKETS = 100_000
MOST_CENTS = 1_000_000_000
# What a ticket with a price brings, where no agreement says what it costs. Cents.
USUAL_PRICE = (200, 25_000)
# An average under a part of the lowest price, or over the highest price, was not paid for these tickets.
LOWEST_PART = 4
# So long after an entry DIP may still tell the one before it, which was under way when it was corrected.
OWN_WAY = dt.timedelta(days=1)
# A system that told a count so lately will tell the next one too.
FED_FOR = dt.timedelta(weeks=3)
NUMBERS = ("normal", "discount", "free", "other", "complimentary", "reservations", "blocked_seats")


@dataclass(frozen=True)
class Report:
    """What a theater tells of one performance: running totals. `other` is without `complimentary`. Cents of revenue."""

    normal: int
    discount: int
    free: int
    other: int
    complimentary: int
    reservations: int
    blocked_seats: int
    revenue_cents: int

    @property
    def tickets(self) -> int:
        return self.normal + self.discount + self.free + self.other + self.complimentary

    @property
    def with_price(self) -> int:
        return self.normal + self.discount + self.other


@dataclass(frozen=True)
class Standing:
    """What is known of how a performance is counted.

    `by_hand`: its theater has said that no system tells its counts. `has_key`: a system of its theater has a key that
    works, with which it tells counts to this portal. `prices`: cents a ticket, lowest and highest, as
    agreed for this performance; None when that is not known.
    """

    performance: Performance
    link: TicketLink | None = None
    counts: Mapping[Source, TicketCount] = field(default_factory=dict)
    by_hand: bool = False
    has_key: bool = False
    prices: tuple[int, int] | None = None

    @property
    def entered(self) -> TicketCount | None:
        """What was entered here before."""
        return self.counts.get(Source.HAND)

    @property
    def shown(self) -> TicketCount | None:
        """The newest count that still counts; the same choice as Counts.shown."""
        told = [one for one in self.counts.values() if one.is_told and one.counted_at is not None]
        return max(told, key=lambda one: (one.counted_at, one.pk), default=None)


@dataclass(frozen=True)
class Closed:
    """Why nothing can be entered by hand. `code`: linked, fed, told, gone."""

    code: str
    sentence: str


def closed(standing: Standing) -> Closed | None:
    """Why a count cannot be entered by hand, if it cannot.

    What is entered over a count that flows in by itself breaks that flow (DIP forbids it), so it is impossible here.
    """
    if standing.performance.missing_since is not None:
        return Closed("gone", _("DIP does not have this performance any more, so nothing can be counted of it."))
    if standing.link is not None:
        return Closed(
            "linked",
            _(
                "Your ticketing system tells the count of this performance, under the number %(number)s. What is"
                " entered by hand would break that. Remove the link first, if it is not right."
            )
            % {"number": standing.link.system_number},
        )
    fed = _fed(standing)
    if fed is not None:
        return Closed(
            "fed",
            _(
                "Your ticketing system told the count of this performance itself, the last time %(when)s. What is"
                " entered by hand would break that. If it does so no longer, let a manager of your organisation revoke"
                " its key."
            )
            % {"when": moment(fed.counted_at)},
        )
    if _told_elsewhere(standing):
        return Closed(
            "told",
            _(
                "DIP gets the count of this performance by itself already. What is entered by hand would break that."
                " If no system of yours does so, say under 'How we count' that your theater counts by hand."
            ),
        )
    return None


def _fed(standing: Standing) -> TicketCount | None:
    """The count that the theater's own system told here lately, if it still can."""
    told = standing.counts.get(Source.SYSTEM)
    if not standing.has_key or told is None or not told.is_told or told.counted_at is None:
        return None
    return told if timezone.now() - told.counted_at < FED_FOR else None


def _told_elsewhere(standing: Standing) -> bool:
    """Does DIP have a count that did not come from here?"""
    told, mine = standing.counts.get(Source.DIP), standing.entered
    if standing.by_hand or told is None or not told.is_told:
        return False
    if mine is None or mine.counted_at is None or told.counted_at is None:
        return True
    as_mine = (told.tickets, told.revenue_cents) == (mine.tickets, mine.revenue_cents)
    return not as_mine and told.counted_at > mine.counted_at + OWN_WAY


@dataclass(frozen=True)
class Doubt:
    """Something that is possible, but hardly ever true."""

    code: str
    sentence: str


def doubts(report: Report, standing: Standing) -> list[Doubt]:
    """What is unlikely of these totals; each must be said twice before it is taken in."""
    found = [*_too_many(report, standing.performance.seats), *_fewer(report, standing.shown)]
    return found + _odd_revenue(report, standing.prices or USUAL_PRICE)


def _too_many(report: Report, seats: int) -> list[Doubt]:
    if not seats:
        return []
    if report.tickets > seats:
        text = _("%(tickets)d tickets are more than the %(seats)d seats of this performance.")
        return [Doubt("tickets", text % {"tickets": report.tickets, "seats": seats})]
    taken = report.tickets + report.reservations + report.blocked_seats
    if taken > seats:
        text = _("Tickets, reservations and blocked seats together are %(taken)d: more than the %(seats)d seats.")
        return [Doubt("seats", text % {"taken": taken, "seats": seats})]
    return []


def _fewer(report: Report, before: TicketCount | None) -> list[Doubt]:
    if before is None or before.tickets is None or report.tickets >= before.tickets:
        return []
    text = _("Last time there were %(before)d tickets, now there are %(now)d.")
    return [Doubt("fewer", text % {"before": before.tickets, "now": report.tickets})]


def _odd_revenue(report: Report, prices: tuple[int, int]) -> list[Doubt]:
    if not report.with_price:
        if not report.revenue_cents:
            return []
        return [Doubt("revenue", _("There is revenue, but no ticket that has a price."))]
    lowest, highest = prices
    average = report.revenue_cents / report.with_price
    if lowest / LOWEST_PART <= average <= highest:
        return []
    text = _(
        "That is %(average)s for each ticket that has a price, which is not likely (from %(lowest)s to %(highest)s)."
    )
    amounts = {"average": round(average), "lowest": lowest // LOWEST_PART, "highest": highest}
    return [Doubt("revenue", text % {name: format_cents(cents) for name, cents in amounts.items()})]


def faults(report: Report) -> dict[str, str]:
    """What cannot be, by the name of the field."""
    found: dict[str, str] = {
        name: _("Fill in a number from 0 to %(most)d.") % {"most": MOST_TICKETS}
        for name in NUMBERS
        if not 0 <= getattr(report, name) <= MOST_TICKETS
    }
    if not 0 <= report.revenue_cents <= MOST_CENTS:
        found["revenue_cents"] = _("Fill in an amount from 0 to %(most)s.") % {"most": format_cents(MOST_CENTS)}
    return found


def doubtful(said: Sequence[str], found: Sequence[Doubt]) -> bool:
    """Is there a doubt that was not confirmed?"""
    return not {doubt.code for doubt in found} <= set(said)


def fault_in_number(number: str) -> str | None:
    """What is wrong with a number of a ticketing system."""
    if not number:
        return _("Fill in the number.")
    if len(number) > 60 or not number.isprintable():
        return _("A number has at most 60 letters and digits.")
    return None
