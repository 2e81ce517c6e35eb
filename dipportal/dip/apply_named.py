"""What a page of agreements names, as it stands here: our evenings and productions by DIP's numbers."""

import datetime as dt
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts.mirror import Standing
from dipportal.contracts.models import Contract
from dipportal.core import bulk
from dipportal.dip.records import ContractRecord

_CANCELLED = str(PerformanceStatus.CANCELLED)
_OF_EVENING = ("number", "status", "production__dip_id", "production_id")


class Evening(NamedTuple):
    """A performance as it stands here. `pk` is ours; `starts_at` is None where nobody asked for it."""

    pk: int
    starts_at: dt.datetime | None
    cancelled: bool


@dataclass
class Named:
    """What agreements name, as it stands here: our keys by DIP's numbers."""

    evenings: dict[int, Evening] = field(default_factory=dict)
    productions: dict[str, int] = field(default_factory=dict)

    def read_evenings(self, numbers: Collection[int]) -> None:
        """With their productions, which are mostly those that the agreements name."""
        rows = Performance.objects.filter(number__in=bulk.among(numbers)).order_by()
        self.add(rows.values_list("pk", "starts_at", *_OF_EVENING))

    def add(self, rows: Iterable[Sequence[Any]]) -> None:
        """Rows of a performance's key, when it starts, and what _OF_EVENING names."""
        for pk, starts_at, number, status, dip_id, production_id in rows:
            if number is not None:
                self.evenings[number] = Evening(pk, starts_at, status == _CANCELLED)
            if dip_id:
                self.productions[dip_id] = production_id

    def read_productions(self, dip_ids: Collection[str]) -> None:
        rows = Production.objects.filter(dip_id__in=list(dip_ids))
        self.productions.update(rows.order_by().values_list("dip_id", "pk"))


@dataclass
class Played:
    """Which evenings our rows of these agreements are about, by the rows' keys; what those evenings are, is named."""

    of_row: dict[int, set[int]] = field(default_factory=dict)
    named: Named = field(default_factory=Named)

    @classmethod
    def read(cls, rows: Collection[Standing]) -> "Played":
        found = cls()
        if not rows:
            return found
        through = Contract.performances.through._default_manager
        pairs = through.filter(contract_id__in=bulk.among([row.pk for row in rows])).order_by()
        names = ("contract_id", "performance_id", *(f"performance__{name}" for name in _OF_EVENING))
        told = list(pairs.values_list(*names))
        for contract_id, pk, *_evening in told:
            found.of_row.setdefault(contract_id, set()).add(pk)
        # Moments take longer to read than all the rest of it, and are wanted of few.
        found.named.add((pk, None, *evening) for _contract, pk, *evening in told)
        return found

    def same(self, row: Standing, record: ContractRecord) -> bool:
        """Is the row about the evenings that the record names?"""
        named = self.named.evenings
        theirs = {named[number].pk if number in named else 0 for number, _date in record.performances}
        return theirs == self.of_row.get(row.pk)


def first_of(evenings: Collection[Evening]) -> dt.datetime | None:
    """Agreements are listed by the first evening that still takes place (contracts.mirror.refresh_first).

    None where that is no news: an agreement about the evenings that it was about.
    """
    starts = [(one.cancelled, one.starts_at) for one in evenings if one.starts_at is not None]
    return min(starts)[1] if len(starts) == len(evenings) else None
