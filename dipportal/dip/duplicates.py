"""After each pull of agreements: does DIP have the same thing twice, or no longer? It is told, never deleted.

Two ways to see something twice: our own reference in two records that are not versions of one deal, and two open
agreements about the same performances.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Q
from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.dip import wire
from dipportal.dip.models import RecordKind, RemoteRecord
from dipportal.organisations.models import Organisation

OPEN = (Status.CONCEPT, Status.PROPOSED)
# A rejected or a replaced agreement that DIP no longer has changes nothing for anybody.
MISSED = (*OPEN, Status.APPROVED)


@dataclass(frozen=True)
class Duplicate:
    """`numbers` are DIP's numbers of the agreements that look like one."""

    numbers: tuple[int, ...]
    sentence: str


@dataclass(frozen=True)
class Found:
    """What looks double, and the keys of the agreements that stand open or in force here and that DIP lost."""

    doubles: list[Duplicate]
    gone: frozenset[int]


def look(organisation: Organisation, names: Mapping[str, str] | None = None) -> Found:
    """`names`: of a page that is all there is, the names by DIP's number; without it they are looked up."""
    double = _by_reference(organisation, names)
    rows, gone = _standing(organisation)
    return Found([*double, *_by_natural_key(rows)], gone)


def _by_reference(organisation: Organisation, names: Mapping[str, str] | None) -> list[Duplicate]:
    """Our references are unique here, so two records with one of them were created twice, unless one revises it."""
    by_reference: dict[str, list[int]] = defaultdict(list)
    for remote_id, name in (_named(organisation) if names is None else names).items():
        reference = wire.reference_in(name) if wire.REFERENCE_MARK in name else ""
        if reference and remote_id.isdecimal():
            by_reference[reference].append(int(remote_id))
    double = {reference: numbers for reference, numbers in by_reference.items() if len(numbers) > 1}
    if not double:
        return []
    concerned = [number for numbers in double.values() for number in numbers]
    rows = Contract.objects.filter(provider=organisation, dip_id__in=concerned)
    lines = dict(rows.values_list("dip_id", "root_id"))
    return [
        Duplicate(
            tuple(sorted(numbers)),
            _("Reference %(reference)s stands in DIP more than once: agreements %(numbers)s.")
            % {"reference": reference, "numbers": _listed(numbers)},
        )
        for reference, numbers in double.items()
        if len({lines.get(number, number) for number in numbers}) > 1
    ]


def _named(organisation: Organisation) -> dict[str, str]:
    """The names with our mark in them, by DIP's number."""
    records = RemoteRecord.objects.filter(
        organisation=organisation, kind=RecordKind.CONTRACT, missing_since=None, fault=""
    )
    named = records.annotate(own_name=KT(wire.NAME_IN_RAW)).filter(own_name__contains=wire.REFERENCE_MARK)
    return dict(named.order_by().values_list("remote_id", "own_name"))


def _standing(organisation: Organisation) -> tuple[list[tuple[Any, ...]], frozenset[int]]:
    """Of the open agreements in DIP a row for each performance; and the keys of those that DIP lost. One query."""
    there = Q(dip_id__isnull=False, missing_since=None, status__in=OPEN)
    gone = Q(missing_since__isnull=False, status__in=MISSED)
    asked = Contract.objects.filter(there | gone, provider=organisation, discarded_at=None).order_by("-pk")
    names = ("missing_since", "pk", "dip_id", "root_id", "production_id", "theater_id", "type", "performances")
    rows = list(asked.values_list(*names))
    return [row[1:] for row in rows if row[0] is None], frozenset(row[1] for row in rows if row[0] is not None)


def _by_natural_key(rows: Iterable[tuple[Any, ...]]) -> list[Duplicate]:
    of_row: dict[int, tuple[Any, ...]] = {}
    played: dict[int, set[int]] = defaultdict(set)
    for pk, *about, performance_id in rows:
        of_row[pk] = tuple(about)
        if performance_id is not None:
            played[pk].add(performance_id)
    alike: dict[tuple[object, ...], dict[int, int]] = defaultdict(dict)
    for pk, (dip_id, root, production, theater, kind) in of_row.items():
        # One number a line: versions of one deal are meant to look alike.
        alike[(production, theater, kind, frozenset(played[pk]))].setdefault(root or pk, dip_id)
    return [
        Duplicate(
            tuple(sorted(numbers.values())),
            _("Agreements %(numbers)s in DIP are about the same performances and are both open.")
            % {"numbers": _listed(numbers.values())},
        )
        for numbers in alike.values()
        if len(numbers) > 1
    ]


def _listed(numbers: Iterable[int]) -> str:
    return ", ".join(str(number) for number in sorted(numbers))
