"""Conflicts with DIP for the pages of this area: which wait, with what they are about and where that stands."""

from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models import Q, QuerySet

from dipportal.contracts.models import Contract
from dipportal.dip.conflicts import conflicts_of
from dipportal.dip.models import Subject
from dipportal.dip.models_conflict import Conflict, ConflictKind, ConflictState
from dipportal.organisations.models import Organisation
from dipportal.providers.problems import subjects


@dataclass(frozen=True)
class Named:
    """`about` is '' when what it was about is no longer there for this organisation."""

    conflict: Conflict
    about: str
    url: str


def listed(organisation: Organisation) -> QuerySet[Conflict]:
    """All that are not over; those that wait for a choice and those where DIP is to follow."""
    return conflicts_of(organisation).exclude(state=ConflictState.CLOSED).defer("theirs")


def waiting(organisation: Organisation) -> QuerySet[Conflict]:
    """Those that wait for a choice, the longest waiting first."""
    return listed(organisation).filter(state=ConflictState.OPEN).order_by("found_at", "pk")


def named(organisation: Organisation, rows: Iterable[Conflict]) -> list[Named]:
    """With what they are about, looked up in scope. At most three queries, however many there are."""
    found = list(rows)
    known = subjects(organisation, found)
    return [Named(row, *known.get((row.subject_kind, row.subject_id), ("", ""))) for row in found]


def of_contract(contract: Contract, organisation: Organisation) -> list[Conflict]:
    """What is not over and concerns this agreement, also as one of several that look alike. One query."""
    mine = Q(subject_kind=Subject.CONTRACT, subject_id=contract.pk)
    rows = listed(organisation).filter(mine | Q(kind=ConflictKind.DOUBLE)).order_by("found_at", "pk")
    return [row for row in rows if row.subject_id == contract.pk or contract.pk in row.others]


@dataclass(frozen=True)
class First:
    """The first of those that wait for a choice, and how many there are."""

    rows: list[Named]
    count: int


def first(organisation: Organisation, most: int) -> First:
    """One query when there is none."""
    rows = list(waiting(organisation)[: most + 1])
    count = len(rows) if len(rows) <= most else waiting(organisation).count()
    return First(named(organisation, rows[:most]), count)
