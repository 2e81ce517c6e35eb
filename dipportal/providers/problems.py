"""Operations that did not reach DIP, with what they are about and the page where that stands."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Protocol

from django.db.models import QuerySet
from django.urls import reverse

from dipportal.catalogue import queries as catalogue
from dipportal.contracts import queries as contracts
from dipportal.dip import conflicts
from dipportal.dip.models import Operation, Subject
from dipportal.dip.models_conflict import ConflictKind
from dipportal.dip.queries import problems_of
from dipportal.organisations.models import Organisation


class About(Protocol):
    """What points at an agreement, a production or a performance."""

    @property
    def subject_kind(self) -> str: ...
    @property
    def subject_id(self) -> int: ...


@dataclass(frozen=True)
class Problem:
    operation: Operation
    about: str
    url: str
    # The page on which somebody chooses, when a conflict stopped it.
    conflict_url: str = ""


def waiting(organisation: Organisation) -> QuerySet[Operation]:
    """What a person has to look at, and what DIP left unclear; oldest first."""
    rows: QuerySet[Operation] = problems_of(organisation).order_by("created_at", "pk")
    return rows


def of(organisation: Organisation, *, most: int | None = None) -> list[Problem]:
    """The same with what they are about. At most four queries."""
    rows = waiting(organisation)
    return named(organisation, rows if most is None else rows[:most])


def named(organisation: Organisation, operations: Iterable[Operation]) -> list[Problem]:
    rows = list(operations)
    known = subjects(organisation, rows)
    stopped = conflict_pages(organisation, [row.key for row in rows if row.error_code == "conflict"])
    found = []
    for row in rows:
        about, url = known.get((row.subject_kind, row.subject_id), ("", ""))
        found.append(Problem(row, about, url, stopped.get(row.key, "")))
    return found


def conflict_pages(organisation: Organisation, keys: Sequence[str]) -> dict[str, str]:
    """Key of an operation → address of the conflict that stopped it. One query, or none."""
    if not keys:
        return {}
    rows = conflicts.live(organisation, [ConflictKind.CHANGED]).filter(key__in=keys)
    pairs = rows.values_list("key", "pk")
    return {
        key: reverse("providers:conflict", kwargs={"organisation": organisation.slug, "pk": pk}) for key, pk in pairs
    }


def subjects(organisation: Organisation, rows: Sequence[About]) -> dict[tuple[str, int], tuple[str, str]]:
    """(kind, key) → (words, address), looked up in scope: what the organisation may not see stays nameless."""
    if not rows:
        return {}
    keys: dict[str, set[int]] = {}
    for row in rows:
        keys.setdefault(row.subject_kind, set()).add(row.subject_id)
    found: dict[tuple[str, int], tuple[str, str]] = {}
    for contract in _in(keys, Subject.CONTRACT, contracts.contracts_of(organisation)):
        found[Subject.CONTRACT, contract.pk] = (str(contract), contract.url_for(organisation))
    for production in _in(keys, Subject.PRODUCTION, catalogue.productions_of(organisation)):
        found[Subject.PRODUCTION, production.pk] = (production.title, _page(organisation, production.pk))
    for performance in _in(keys, Subject.PERFORMANCE, catalogue.performances_of(organisation)):
        place = f"{_page(organisation, performance.production_id)}#performance-{performance.pk}"
        found[Subject.PERFORMANCE, performance.pk] = (f"{performance} · {performance.theater}", place)
    return found


def _in(keys: dict[str, set[int]], kind: Subject, rows: QuerySet) -> Iterable:
    return rows.filter(pk__in=keys[kind]) if kind in keys else ()


def _page(organisation: Organisation, production: int) -> str:
    return reverse("providers:production", kwargs={"organisation": organisation.slug, "pk": production})
