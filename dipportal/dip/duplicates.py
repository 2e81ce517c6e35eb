"""After each pull of agreements: does DIP have the same thing twice? It is told, never deleted.

Two ways to see it: our own reference in two records that are not versions of one deal, and two open agreements about
the same performances.
"""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from django.db.models.fields.json import KT
from django.utils.translation import gettext as _

from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.dip import wire
from dipportal.dip.models import RecordKind, RemoteRecord
from dipportal.organisations.models import Organisation

OPEN = (Status.CONCEPT, Status.PROPOSED)


@dataclass(frozen=True)
class Duplicate:
    """`numbers` are DIP's numbers of the agreements that look like one."""

    numbers: tuple[int, ...]
    sentence: str


def find(organisation: Organisation) -> list[Duplicate]:
    return [*_by_reference(organisation), *_by_natural_key(organisation)]


def _by_reference(organisation: Organisation) -> list[Duplicate]:
    """Our references are unique here, so two records with one of them were created twice, unless one revises it."""
    rows = Contract.objects.filter(provider=organisation, dip_id__isnull=False)
    lines = dict(rows.values_list("dip_id", "root_id"))
    by_reference: dict[str, list[int]] = defaultdict(list)
    records = RemoteRecord.objects.filter(
        organisation=organisation, kind=RecordKind.CONTRACT, missing_since=None, fault=""
    )
    named = records.annotate(own_name=KT(wire.NAME_IN_RAW)).filter(own_name__contains=wire.REFERENCE_MARK)
    for remote_id, name in named.values_list("remote_id", "own_name"):
        reference = wire.reference_in(name)
        if reference:
            by_reference[reference].append(int(remote_id))
    return [
        Duplicate(
            tuple(sorted(numbers)),
            _("Reference %(reference)s stands in DIP more than once: agreements %(numbers)s.")
            % {"reference": reference, "numbers": _listed(numbers)},
        )
        for reference, numbers in by_reference.items()
        if len({lines.get(number, number) for number in numbers}) > 1
    ]


def _by_natural_key(organisation: Organisation) -> list[Duplicate]:
    rows = Contract.objects.filter(
        provider=organisation, dip_id__isnull=False, missing_since=None, discarded_at=None, status__in=OPEN
    ).values_list("pk", "dip_id", "root_id", "production_id", "theater_id", "type")
    played: dict[int, set[int]] = defaultdict(set)
    through = Contract.performances.through._default_manager.filter(
        contract__provider=organisation, contract__status__in=OPEN
    )
    for contract_id, performance_id in through.values_list("contract_id", "performance_id"):
        played[contract_id].add(performance_id)
    alike: dict[tuple[object, ...], dict[int, int]] = defaultdict(dict)
    for pk, dip_id, root, production, theater, kind in rows:
        # One number a line: versions of one deal are meant to look alike.
        if dip_id is not None:
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
