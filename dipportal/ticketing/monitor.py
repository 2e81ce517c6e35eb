"""How performances sell: pure arithmetic over counts. Percentages are Decimals of one decimal, money is cents.

Only what takes place counts in the sums of a tour. Capacity is that of performances with a count: seats of which nobody
reported say nothing of occupancy.
"""

import datetime as dt
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from functools import cached_property

from dipportal.catalogue.models import Performance
from dipportal.ticketing.definitions import shown_under
from dipportal.ticketing.enums import TicketKind
from dipportal.ticketing.models import TicketCount

WEEK = dt.timedelta(days=7)
# From so long before the evening a theater has a count to tell, and then at least weekly; most do it each night.
EXPECTED_FROM = dt.timedelta(days=60)
SILENT_AFTER = dt.timedelta(days=8)
# The kinds as they are shown: complimentary tickets are within 'other'.
SHOWN = tuple(kind for kind in TicketKind if shown_under(kind) is kind)


def share(part: int, whole: int) -> Decimal | None:
    """`part` of `whole` in percent; None of nothing."""
    if not whole:
        return None
    return (Decimal(part) * 100 / whole).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)


@dataclass(frozen=True)
class Silence:
    """A theater owes a count. `since`: the moment of its last one; None: there never was one."""

    since: dt.datetime | None


@dataclass(frozen=True)
class Sold:
    """How one performance sells. `week_before`: its tickets a week ago, None where that is not known."""

    performance: Performance
    count: TicketCount | None = None
    week_before: int | None = None

    @property
    def takes_place(self) -> bool:
        return not self.performance.cancelled and self.performance.missing_since is None

    @property
    def told(self) -> TicketCount | None:
        """The count, when there is one of tickets that still counts."""
        count = self.count
        return count if count is not None and count.tickets is not None and count.missing_since is None else None

    @property
    def tickets(self) -> int | None:
        return self.told.tickets if self.told is not None else None

    @property
    def by_kind(self) -> list[tuple[TicketKind, int | None]]:
        """The kinds as they are shown, with their tickets; None where only the total was told."""
        shown = self.told.shown_kinds if self.told is not None else None
        return [(kind, shown[kind] if shown is not None else None) for kind in SHOWN]

    @property
    def seats(self) -> int:
        return self.performance.seats

    @property
    def occupancy(self) -> Decimal | None:
        return share(self.tickets, self.seats) if self.tickets is not None else None

    @property
    def change(self) -> int | None:
        """Tickets more than a week ago."""
        return self.tickets - self.week_before if self.tickets is not None and self.week_before is not None else None

    @property
    def change_share(self) -> Decimal | None:
        """The same in percent of what there was."""
        return share(self.change, self.week_before) if self.change is not None and self.week_before else None

    @property
    def owes_from(self) -> dt.datetime | None:
        """From this moment on the theater owes a count, as long as it tells none; None: it never will.

        This is the whole rule. In SQL it is `owes_from <= now` (models_sums.OwedCount).
        """
        starts_at = self.performance.starts_at
        if not self.takes_place or self.performance.number is None:
            return None
        expected = starts_at - EXPECTED_FROM
        counted_at = self.told.counted_at if self.told is not None else None
        if counted_at is None:
            return expected
        # After the evening a theater has a week for its last count.
        return None if counted_at >= starts_at else max(expected, counted_at + SILENT_AFTER)

    def silence(self, now: dt.datetime) -> Silence | None:
        """What is wrong with the count at that moment, if anything: none, an old one, or none since the evening."""
        owes_from = self.owes_from
        if owes_from is None or now < owes_from:
            return None
        return Silence(self.told.counted_at if self.told is not None else None)


@dataclass(frozen=True)
class Tour:
    """How all performances of a production sell together."""

    sold: Sequence[Sold]

    @cached_property
    def playing(self) -> list[Sold]:
        return [one for one in self.sold if one.takes_place]

    @cached_property
    def counted(self) -> list[Sold]:
        return [one for one in self.playing if one.told is not None]

    @property
    def tickets(self) -> int:
        return sum(one.tickets or 0 for one in self.counted)

    @property
    def seats(self) -> int:
        return sum(one.seats for one in self.counted)

    @property
    def in_known_seats(self) -> int:
        """The tickets of the counted performances whose capacity is known."""
        return sum(one.tickets or 0 for one in self.counted if one.seats)

    @property
    def occupancy(self) -> Decimal | None:
        """Of the counted performances whose capacity is known."""
        return share(self.in_known_seats, self.seats)

    @property
    def revenue_cents(self) -> int:
        return sum(one.told.revenue_cents or 0 for one in self.counted if one.told is not None)

    @property
    def reservations(self) -> int | None:
        told = [one.count.reservations for one in self.playing if one.count and one.count.reservations is not None]
        return sum(told) if told else None

    @property
    def change(self) -> int | None:
        known = [one.change for one in self.counted if one.change is not None]
        return sum(known) if known else None

    @property
    def week_before(self) -> int | None:
        """The tickets a week ago of those whose change is known."""
        known = [one for one in self.counted if one.change is not None]
        return sum(one.week_before or 0 for one in known) if known else None

    @property
    def change_share(self) -> Decimal | None:
        return share(self.change or 0, self.week_before or 0)

    @property
    def by_kind(self) -> dict[TicketKind, int] | None:
        """The kinds as they are shown, of the performances of which they are told; None where none tells them."""
        told = [kinds for one in self.counted if one.told is not None and (kinds := one.told.shown_kinds) is not None]
        return {kind: sum(kinds[kind] for kinds in told) for kind in SHOWN} if told else None

    @property
    def counted_at(self) -> dt.datetime | None:
        """The moment of the newest count."""
        moments = [one.told.counted_at for one in self.counted if one.told is not None and one.told.counted_at]
        return max(moments, default=None)

    def weakest_first(self) -> list[Sold]:
        """By occupancy; what nobody counted, or has no known capacity, comes last, by date."""
        nothing = Decimal("Infinity")
        return sorted(
            self.sold,
            key=lambda one: (
                one.occupancy if one.takes_place and one.occupancy is not None else nothing,
                one.performance.starts_at,
            ),
        )


# --- the run-up ----------------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Curve:
    """The tickets of one performance by the days before it: from each of these days on, that many."""

    performance: Performance
    steps: tuple[tuple[int, int], ...]

    def at(self, days_before: int) -> int | None:
        """The tickets so many days before the evening; None before the first count."""
        return next((tickets for days, tickets in reversed(self.steps) if days >= days_before), None)


def curve(performance: Performance, points: Iterable[tuple[dt.date, int]], evening: dt.date) -> Curve:
    """`points`: days with their tickets, in order. What changed after the evening stands on its day."""
    steps: dict[int, int] = {}
    for day, tickets in points:
        steps[max(0, (evening - day).days)] = tickets
    return Curve(performance, tuple(sorted(steps.items(), reverse=True)))


@dataclass(frozen=True)
class RunUp:
    """How full the tour was so many days before: of `performances` the average, the emptiest and the fullest."""

    days_before: int
    performances: int
    average: Decimal
    least: Decimal
    most: Decimal


def run_up(
    curves: Sequence[Curve], evenings: Mapping[int, dt.date], today: dt.date, days: Iterable[int]
) -> list[RunUp]:
    """For each of these numbers of days; only performances that had come so far, and whose capacity is known."""
    found = []
    for before in days:
        shares = [
            full
            for one in curves
            if (evenings[one.performance.pk] - today).days <= before
            and (tickets := one.at(before)) is not None
            and (full := share(tickets, one.performance.seats)) is not None
        ]
        if shares:
            average = (sum(shares, Decimal(0)) / len(shares)).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
            found.append(RunUp(before, len(shares), average, min(shares), max(shares)))
    return found
