"""Following DIP: agreements found there, terms changed there, versions made there. Bulk writers, no answers.

Answers go through `actions`, exactly as if they were given here. Everything runs inside the caller's transaction.
"""

import datetime as dt
import functools
import operator
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field
from typing import Any, Protocol

from django.db import models
from django.db.models import F, Min
from django.db.models.functions import Coalesce
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract, thread_of
from dipportal.contracts.terms import BY_NAME, Unit, normalise, terms_of
from dipportal.core import bulk
from dipportal.core.errors import StaleState
from dipportal.journal.actions import Line, Target, record_many
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation

CHUNK = 1000
CONCEPT = Status.CONCEPT
IN_FORCE = (Status.APPROVED, Status.REVISED)
ANSWERED = (Status.APPROVED, Status.REJECTED, Status.REVISED)
_PLACE = ("production_id", "producer_id", "theater_id")
_CONTACTS = ("contact_receiver", "contact_provider")
_PARTY = (*_CONTACTS, "agency_as_provider", "own_reference")


@dataclass(slots=True)
class ContractFacts:
    """An agreement as DIP has it, in our words. `terms` holds only what DIP told; ids are keys of our rows.

    `first_at` is told where it may be another one: of what is new here, or plays other performances.
    Not to be changed; a frozen one would take twice as long to make.
    """

    dip_id: int
    type: str
    status: Status
    production_id: int
    producer_id: int
    theater_id: int
    performance_ids: frozenset[int]
    first_at: dt.datetime | None
    # None: DIP does not tell, because no agency takes part.
    agency_as_provider: bool | None
    contact_receiver: str
    contact_provider: str
    own_reference: str
    modified_at: dt.datetime | None
    terms: Mapping[str, Any] = field(default_factory=dict)
    rejection_reason: str = ""
    rejected_terms: tuple[str, ...] = ()


def create_found(
    provider: Organisation,
    facts: Sequence[ContractFacts],
    *,
    parents: Mapping[int, int] | None = None,
    hung: Mapping[int, bool] | None = None,
) -> tuple[list[int], int]:
    """Create agreements in whatever status DIP has them, without a journal line: nobody is told of old news.

    `parents` and `hung` chain them, and what was there, into versions (link_versions). Returns the keys, and how many
    rows have got another place in their line. Raises the database's errors; then nothing is written.
    """
    pks = bulk.reserve(Contract, len(facts))
    places = [Place(pk, one.dip_id, pk, one.status) for pk, one in zip(pks, facts, strict=True)]
    linked = link_versions(provider, parents or {}, places, hung)
    bulk.insert(Contract, (_new_row(provider, one, place) for one, place in zip(facts, places, strict=True)))
    bulk.insert(
        Contract.performances.through,
        (
            {"contract_id": pk, "performance_id": performance_id}
            for pk, one in zip(pks, facts, strict=True)
            for performance_id in sorted(one.performance_ids)
        ),
    )
    return pks, linked


def _new_row(provider: Organisation, one: ContractFacts, place: "Place") -> dict[str, Any]:
    shared, answered, rejected = one.status != CONCEPT, one.status in ANSWERED, one.status == Status.REJECTED
    return {
        "id": place.pk,
        "root_id": place.root_id,
        "parent_id": place.parent_id,
        "revises_id": place.revises_id,
        "number": place.number,
        "provider_id": provider.pk,
        "dip_id": one.dip_id,
        "type": one.type,
        "status": str(one.status),
        "own_reference": one.own_reference,
        "first_at": one.first_at,
        "created_at": one.modified_at or timezone.now(),
        "proposed_at": one.modified_at if shared else None,
        "answered_at": one.modified_at if answered else None,
        "answer_source": str(AnswerSource.DIP) if answered else "",
        "rejection_reason": one.rejection_reason if rejected else "",
        "rejected_terms": list(one.rejected_terms) if rejected else [],
        "agency_as_provider": bool(one.agency_as_provider),
        "production_id": one.production_id,
        "producer_id": one.producer_id,
        "theater_id": one.theater_id,
        "contact_receiver": one.contact_receiver,
        "contact_provider": one.contact_provider,
        **normalise(one.type, one.terms),
    }


def adopt(pairs: Mapping[int, int]) -> int:
    """Give our own rows (pk → DIP's number) the number under which they turned up. Returns how many took it."""
    bulk.update(Contract, [{"id": pk, "dip_id": dip_id} for pk, dip_id in pairs.items()], ["dip_id"])
    return len(pairs)


_MOST_COUNT = 32_767
_MOST_CENTS = 2**63 - 1


@functools.lru_cache(maxsize=64)
def _limits(kind: str) -> tuple[tuple[str, tuple[int, int], str | Promise, str | Promise], ...]:
    most = {Unit.CENTS: _MOST_CENTS, Unit.COUNT: _MOST_COUNT, Unit.PERCENT: 100}
    words = {Unit.PERCENT: _("A percentage lies between 0 and 100.")}
    out = _("This number is out of range.")
    return tuple(
        (term.name, (0, most[term.unit]), term.label, words.get(term.unit, out))
        for term in terms_of(kind)
        if term.unit in most
    )


def unstorable(facts: ContractFacts) -> str | Promise | None:
    """Why these terms cannot be kept, in words; None when they can. Strange but possible terms are not refused."""
    for name, least_most, label, words in _limits(facts.type):
        value = facts.terms.get(name)
        if value is not None and not least_most[0] <= value <= least_most[1]:
            return format_lazy("{}: {}", label, words)
    if facts.terms.get("provider_guarantee") and facts.terms.get("receiver_guarantee"):
        return _("Both guarantees are filled.")
    return None


# --- what differs ------------------------------------------------------------------------------------------
class Standing(Protocol):
    """An agreement as it stands here: a Contract, or what `standing` reads of one. With its terms, by their names."""

    @property
    def pk(self) -> Any: ...
    @property
    def dip_id(self) -> int | None: ...
    @property
    def reference(self) -> str: ...
    @property
    def type(self) -> str: ...
    @property
    def status(self) -> str: ...
    @property
    def theater_id(self) -> int: ...
    @property
    def producer_id(self) -> int: ...
    @property
    def root_id(self) -> int | None: ...
    @property
    def parent_id(self) -> int | None: ...
    @property
    def version(self) -> int: ...
    @property
    def conflict_at(self) -> dt.datetime | None: ...


_STANDING = (
    *("pk", "dip_id", "reference", "type", "status", "root_id", "parent_id", "version", "conflict_at"),
    *_PLACE,
    *_PARTY,
    *BY_NAME,
)


def standing(rows: models.QuerySet[Contract]) -> Iterable[Standing]:
    """Thousands of rows as tuples, with what following them takes: a model for each would cost more than the query."""
    found: Iterable[Any] = rows.values_list(*_STANDING, named=True)
    return found


def differences(contract: Standing, facts: ContractFacts, performance_ids: Set[int]) -> dict[str, list[Any]]:
    """What DIP has otherwise than we do: name → [ours, DIP's]. 'Not filled in' and zero are the same to both."""
    found: dict[str, list[Any]] = {}
    if contract.type != facts.type:
        found["type"] = [contract.type, facts.type]
    for name in ("production_id", "theater_id"):
        if getattr(contract, name) != getattr(facts, name):
            found[name] = [getattr(contract, name), getattr(facts, name)]
    if performance_ids != facts.performance_ids:
        found["performances"] = [sorted(performance_ids), sorted(facts.performance_ids)]
    # At first sight, before a value is brought into the form of the column, nearly all are the same.
    told = facts.terms
    suspects = [name for name in told if getattr(contract, name) != told[name]]
    suspects = [name for name in suspects if not _as_told(name, getattr(contract, name), told[name])]
    if not suspects:
        return found
    theirs = normalise(facts.type, told)
    for term in terms_of(facts.type):
        ours = getattr(contract, term.name)
        if term.name in suspects and not term.same(ours, theirs[term.name]):
            found[term.name] = [ours, theirs[term.name]]
    return found


def _as_told(name: str, ours: Any, told: Any) -> bool:
    term = BY_NAME[name]
    value = term.empty() if told is None else told
    return bool(ours == value) or term.same(ours, value)


_party_of = operator.attrgetter(*_PARTY)


def parties_differ(contract: Standing, facts: ContractFacts) -> bool:
    """Contacts or own reference: what follows DIP in any status, because it is not what was agreed on."""
    ours, theirs = _party_of(contract), _party_of(facts)
    return bool(ours != theirs and any(two not in (None, one) for one, two in zip(ours, theirs, strict=True)))


# --- following ---------------------------------------------------------------------------------------------
@dataclass(slots=True)
class Following:
    """One agreement with what is to be taken over from DIP: `terms` name → [before, after], or only the parties."""

    contract: Standing
    facts: ContractFacts
    changed: dict[str, list[Any]]


def follow(items: Sequence[Following], *, actor: Actor) -> int:
    """Take over terms and performances of concepts, and the contacts of any; one journal line each, all in bulk.

    Writes the rows only: a Contract that was given is as it was.
    """
    altered: list[tuple[Standing, dict[str, Any]]] = []
    lines = []
    played: dict[int, frozenset[int]] = {}
    firsts: list[dict[str, Any]] = []
    for item in items:
        row, fields, values = item.contract, dict(item.changed), _taken_terms(item)
        for name in _PARTY:
            before, after = getattr(row, name), getattr(item.facts, name)
            if after is not None and before != after:
                fields[name] = [before, after]
                values[name] = after
        if "performances" in item.changed:
            played[row.pk] = item.facts.performance_ids
            firsts.append({"id": row.pk, "first_at": item.facts.first_at})
        if fields:
            values["version"] = row.version + 1
            altered.append((row, values))
            plain = {name: [_plain(value) for value in pair] for name, pair in fields.items()}
            lines.append(Line(Target(_KIND, row.pk), thread=thread_of(row.pk, row.root_id), fields=plain))
    _overwrite(altered)
    _set_performances(played)
    bulk.update(Contract, firsts, ["first_at"])
    record_many("contract.followed", lines, actor=actor)
    return len(altered)


_KIND = Contract._meta.label_lower


def _overwrite(altered: Sequence[tuple[Standing, Mapping[str, Any]]]) -> None:
    """One statement: what differs in one of them is written in all, in the others as it was when they were locked."""
    names = sorted({name for _row, values in altered for name in values})
    bulk.update(
        Contract,
        [
            {"id": row.pk, **{name: values[name] if name in values else getattr(row, name) for name in names}}
            for row, values in altered
        ],
        names,
    )


def _taken_terms(item: Following) -> dict[str, Any]:
    """The columns that may be different now, with their values."""
    if not item.changed:
        return {}
    row, facts = item.contract, item.facts
    kept = {term.name: getattr(row, term.name) for term in terms_of(facts.type) if term.name not in facts.terms}
    place = {name: getattr(facts, name) for name in _PLACE}
    return {"type": facts.type, **place, **normalise(facts.type, {**kept, **facts.terms})}


def _set_performances(played: Mapping[int, frozenset[int]]) -> None:
    if not played:
        return
    through = Contract.performances.through
    through._default_manager.filter(contract_id__in=played).delete()
    pairs = ((pk, one) for pk, wanted in played.items() for one in sorted(wanted))
    bulk.insert(through, ({"contract_id": pk, "performance_id": one} for pk, one in pairs))


def found_proposed(contract: Contract, *, actor: Actor) -> None:
    """The provider proposed this concept in DIP: so it is proposed here too, and the receiver is told.

    What DIP accepted is not checked once more. Raises StaleState when it is no concept any more.
    """
    rows = Contract.objects.filter(pk=contract.pk, status=Status.CONCEPT)
    values = {"proposed_at": timezone.now(), "discarded_at": None, "endorsed_at": None, "endorsed_by": None}
    if rows.update(status=Status.PROPOSED, version=F("version") + 1, **values) != 1:
        raise StaleState
    contract.refresh_from_db()
    record_many("contract.proposed", [Line(contract, thread=contract.thread)], actor=actor)


def supersede(contract: Contract, *, actor: Actor) -> None:
    """DIP says that a later version replaced this approved one. Raises StaleState when it is not approved."""
    rows = Contract.objects.filter(pk=contract.pk, status=Status.APPROVED)
    if rows.update(status=Status.REVISED, version=F("version") + 1) != 1:
        raise StaleState
    contract.refresh_from_db()
    fields = {"status": [str(Status.APPROVED), str(Status.REVISED)]}
    record_many("contract.followed", [Line(contract, thread=contract.thread, fields=fields)], actor=actor)


def refresh_first(performance_ids: set[int]) -> int:
    """After performances changed: agreements are listed by the first evening that still takes place."""
    if not performance_ids:
        return 0
    concerned = Contract.objects.filter(performances__in=performance_ids).values("pk")
    agreed = Min("performances__starts_at", filter=models.Q(performances__status=PerformanceStatus.AGREED))
    found = (
        Contract.objects.filter(pk__in=concerned)
        .annotate(earliest=Coalesce(agreed, Min("performances__starts_at")))
        .values_list("pk", "first_at", "earliest")
    )
    rows = [{"id": pk, "first_at": earliest} for pk, first_at, earliest in found if first_at != earliest]
    bulk.update(Contract, rows, ["first_at"])
    return len(rows)


# --- versions ----------------------------------------------------------------------------------------------
@dataclass
class Place:
    """Where one version stands in its line. `reference` is ours, '' for one that was found in DIP."""

    pk: int
    dip_id: int | None
    root_id: int
    status: str
    parent_id: int | None = None
    revises_id: int | None = None
    number: int = 1
    reference: str = ""

    @property
    def where(self) -> tuple[int, int | None, int | None, int]:
        return self.root_id, self.parent_id, self.revises_id, self.number


def link_versions(
    provider: Organisation,
    parents: Mapping[int, int],
    fresh: Sequence[Place] = (),
    hung: Mapping[int, bool] | None = None,
) -> int:
    """Chain versions: DIP's number → the number it hangs under. Returns how many rows have another place.

    DIP lets every version hang under the first one, so the version that one follows is the latest answered one before
    it. A version with a parent here, also one amended here, keeps it; one whose parent is not known yet waits.
    `fresh` are rows that the caller is about to insert: they get their place, and nothing of them is written.
    `hung`: of rows that the caller has locked, by DIP's number, whether they have a parent; they are not asked for.
    """
    hung = hung or {}
    parents = {child: parent for child, parent in parents.items() if child != parent and not hung.get(child)}
    at_hand = {place.dip_id for place in fresh} | hung.keys()
    loose = _loose(provider, parents.keys() - at_hand) | (parents.keys() & at_hand)
    if not loose:
        return 0
    own = {place.dip_id for place in fresh}
    lines = _Lines(provider, (loose | {parents[child] for child in loose}) - own, fresh)
    for child in sorted(loose):
        if child in lines.by_dip_id and parents[child] in lines.by_dip_id:
            lines.hang(child, parents[child])
    return lines.save()


def _loose(provider: Organisation, children: Set[int]) -> set[int]:
    """Those of these that are here and hang under nothing."""
    if not children:
        return set()
    rows = Contract.objects.filter(provider=provider, parent=None, dip_id__isnull=False)
    if len(children) <= CHUNK:
        rows = rows.filter(dip_id__in=children)
    here = rows.order_by().values_list("dip_id", flat=True)
    return {number for number in here if number is not None and number in children}


class _Lines:
    """The version lines of some agreements, by DIP's number, held in memory while they are joined."""

    def __init__(self, provider: Organisation, numbers: Set[int], fresh: Sequence[Place]) -> None:
        self.rows = {place.pk: place for place in fresh}
        self.fresh = set(self.rows)
        if numbers:
            self._read(Contract.objects.filter(provider=provider), numbers)
        self.before = {pk: row.where for pk, row in self.rows.items()}
        self.by_dip_id = {row.dip_id: row for row in self.rows.values() if row.dip_id is not None}
        self.members: dict[int, list[Place]] = defaultdict(list)
        for row in self.rows.values():
            self.members[row.root_id].append(row)

    def _read(self, rows: models.QuerySet[Contract], numbers: Set[int]) -> None:
        """All versions of the lines in which these stand; a first version may have no root yet."""
        roots = rows.filter(dip_id__in=numbers).values(own_root=Coalesce("root_id", "id"))
        found = rows.filter(models.Q(root__in=roots) | models.Q(pk__in=roots)).order_by()
        names = ("pk", "dip_id", "root_id", "status", "parent_id", "revises_id", "number", "reference")
        for pk, dip_id, root_id, *rest in found.values_list(*names):
            self.rows[pk] = Place(pk, dip_id, root_id or pk, *rest)

    def hang(self, child_id: int, parent_id: int) -> None:
        child, above = self.by_dip_id[child_id], self.by_dip_id[parent_id]
        root, joining = above.root_id, child.root_id
        if root != joining:
            for row in self.members.pop(joining):
                row.root_id = root
                self.members[root].append(row)
        elif root == child.pk:
            return  # the first version hangs under nothing, whatever a circle of references says
        line = sorted(self.members[root], key=_age)
        is_first = above.pk == root
        earlier = [row for row in line if _age(row) < _age(child) and row.status in ANSWERED]
        child.parent_id = earlier[-1].pk if is_first and earlier else above.pk
        agreed = [row for row in line if _age(row) < _age(child) and row.status in IN_FORCE]
        if child.revises_id is None and agreed:
            child.revises_id = agreed[-1].pk
        self._count(root, line)

    def _count(self, root: int, line: list[Place]) -> None:
        amended_here = any(row.reference and row.parent_id for row in line)
        if not amended_here:
            for number, row in enumerate(sorted(line, key=lambda row: (row.pk != root, *_age(row))), start=1):
                row.number = number
            return
        highest = max(row.number for row in line)
        for row in line:
            if row.pk != root and row.number == 1:
                highest += 1
                row.number = highest

    def save(self) -> int:
        changed = [row for pk, row in self.rows.items() if self.before[pk] != row.where]
        names = ("root_id", "parent_id", "revises_id", "number")
        old = [row for row in changed if row.pk not in self.fresh]
        bulk.update(Contract, [{"id": row.pk, **{name: getattr(row, name) for name in names}} for row in old], names)
        return len(changed)


def _age(row: Place) -> tuple[bool, int, int]:
    """Older first: by DIP's number; what DIP does not have yet comes last."""
    return row.dip_id is None, row.dip_id or 0, row.pk


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict | type(None)) else str(value)
