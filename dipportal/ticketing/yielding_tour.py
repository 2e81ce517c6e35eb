"""The approved agreements of a production together, as its provider sees them: pure sums over `yielding`."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from functools import cached_property

from dipportal.catalogue.models import Performance
from dipportal.contracts.settlement_rules import ZERO, total
from dipportal.ticketing.yielding import Part, Sums, Yielded


@dataclass(frozen=True)
class OverTour:
    """The approved agreements of a production together, as its provider sees them.

    `unapproved`: performances that take place and stand in none of them; `doubled`: those that stand in several.
    """

    agreements: tuple[Yielded, ...]
    unapproved: tuple[Performance, ...] = ()
    doubled: tuple[Performance, ...] = ()

    @cached_property
    def settled(self) -> list[Sums]:
        return [one.so_far for one in self.agreements if one.so_far is not None]

    @property
    def provider(self) -> Part:
        return sum((one.provider for one in self.settled), Part(ZERO, ZERO))

    @property
    def receiver(self) -> Part:
        return sum((one.receiver for one in self.settled), Part(ZERO, ZERO))

    @property
    def counted(self) -> int:
        return sum(len(one.counted) for one in self.agreements)

    @property
    def playing(self) -> int:
        """Of all performances that take place, with an approved agreement or without."""
        return sum(len(one.playing) for one in self.agreements) + len(self.unapproved)

    @property
    def tickets(self) -> int:
        return sum(one.tickets for one in self.agreements)

    @property
    def box_office(self) -> int:
        return sum(one.box_office for one in self.settled)

    @property
    def estimate(self) -> bool:
        """Of what the provider gets."""
        return any(one.provider_estimate for one in self.settled)

    @property
    def paced(self) -> list[Sums]:
        """At this pace, or settled: the agreements of which the end can be said."""
        found = [one.pace.expected if one.pace else one.so_far if one.final else None for one in self.agreements]
        return [one for one in found if one is not None]

    @property
    def at_this_pace(self) -> Decimal | None:
        """For the provider; None when the end of one of them cannot be said."""
        if not self.agreements or len(self.paced) < len(self.agreements):
            return None
        return total(one.provider.together for one in self.paced)


def over_tour(agreements: Sequence[Yielded], performances: Sequence[Performance]) -> OverTour:
    """`agreements`: the approved ones; `performances`: all of the production."""
    times: dict[int, int] = {}
    for one in agreements:
        for played in one.playing:
            times[played.performance.pk] = times.get(played.performance.pk, 0) + 1
    plays = [one for one in performances if not one.cancelled and one.missing_since is None]
    return OverTour(
        tuple(agreements),
        tuple(one for one in plays if one.pk not in times),
        tuple(one for one in plays if times.get(one.pk, 0) > 1),
    )
