"""What of an organisation runs at a moment, and how it sells: read whole, for a mail."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from functools import cached_property

from django.db.models import Exists, OuterRef

from dipportal.catalogue.models import Performance, Production, ProductionQuerySet
from dipportal.catalogue.queries import performances_of
from dipportal.core.tables import MOST_ROWS
from dipportal.organisations.models import Organisation
from dipportal.ticketing.monitor import WEEK, Sold, Tour
from dipportal.ticketing.queries import COMING, sold_of


def running(organisation: Organisation | None, now: dt.datetime) -> ProductionQuerySet:
    """The productions that still play, or played in the last seven days."""
    evenings = Performance.objects.agreed().filter(production=OuterRef("pk"), starts_at__gte=now - WEEK)
    rows = Production.objects.visible_to(organisation).filter(cancelled_at=None, missing_since=None)
    return rows.filter(Exists(evenings)).order_by("title", "pk")


@dataclass(frozen=True)
class Sales:
    """How the running productions of an organisation sell: all performances of each, in the order of their evenings."""

    organisation: Organisation
    productions: Sequence[Production]
    sold: Sequence[Sold]
    now: dt.datetime

    @classmethod
    def of(cls, organisation: Organisation, now: dt.datetime, chosen: Collection[int] | None) -> "Sales":
        """`chosen`: only these of the running productions, by their keys; None: all of them. Three queries."""
        rows = running(organisation, now)
        productions = list(rows if chosen is None else rows.filter(pk__in=chosen))
        evenings = performances_of(organisation).filter(production__in=[one.pk for one in productions])
        sold = sold_of(organisation, list(evenings.order_by("starts_at", "pk"))) if productions else []
        return cls(organisation, productions, sold, now)

    @cached_property
    def together(self) -> Tour:
        return Tour(self.sold)

    @cached_property
    def by_production(self) -> list[tuple[Production, Tour]]:
        """By title."""
        found: dict[int, list[Sold]] = defaultdict(list)
        for one in self.sold:
            found[one.performance.production_id].append(one)
        return [(production, Tour(found[production.pk])) for production in self.productions]

    def weakest(self, most: int) -> list[Sold]:
        """The performances of the coming weeks that sell worst, the weakest first."""
        coming = [
            one
            for one in self.sold
            if one.takes_place
            and one.occupancy is not None
            and self.now <= one.performance.starts_at <= self.now + COMING
        ]
        return Tour(coming).weakest_first()[:most]

    @property
    def in_sheet(self) -> Sequence[Sold]:
        """All of it; of more than a sheet holds what played in the last week or comes, the nearest first."""
        if len(self.sold) <= MOST_ROWS:
            return self.sold
        return [one for one in self.sold if one.performance.starts_at >= self.now - WEEK][:MOST_ROWS]
