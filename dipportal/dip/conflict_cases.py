"""A conflict as a person meets it: what it is about, both states, what can be chosen and what each choice will do.

Reads only. `token` names everything that the page showed: a choice carries it back, and is refused when any of it
changed meanwhile.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext as _

from dipportal.catalogue.enums import PerformanceKind
from dipportal.catalogue.mirror import PerformanceFacts, ProductionFacts
from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.contracts import mirror
from dipportal.contracts.enums import SHARED, ContractType, Status
from dipportal.contracts.mirror import ContractFacts
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.core.dates import moment
from dipportal.dip import conflict_rules, conflict_sides, conflict_words, operations, wire
from dipportal.dip.conflict_rules import Facts
from dipportal.dip.conflict_sides import Sheet
from dipportal.dip.conflicts import CONTRACT_FLAGS, MODELS
from dipportal.dip.models import Operation, RemoteRecord, Subject
from dipportal.dip.models_conflict import Choice, Conflict, ConflictKind, ConflictState
from dipportal.dip.records import ContractRecord, PerformanceRecord, ProductionRecord
from dipportal.dip.values import Unreadable, digest
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import State

Target = Contract | Production | Performance
Record = ContractRecord | ProductionRecord | PerformanceRecord
PARTS = ("provider", "producer", "production__producer", "theater", "answered_by")


@dataclass(frozen=True)
class Case:
    """`record` and `facts` are DIP's: None when nothing was seen, or when it cannot be taken over as it is."""

    conflict: Conflict
    target: Target
    record: Record | None
    facts: ContractFacts | None
    together: tuple[Contract, ...]
    now: Facts

    @property
    def token(self) -> str:
        raw = self.record.raw if self.record is not None else {}
        versions = [getattr(one, "version", 0) for one in (self.target, *self.together)]
        return digest([self.conflict.pk, self.conflict.version, versions, raw])

    @property
    def contract(self) -> Contract | None:
        return self.target if isinstance(self.target, Contract) else None

    def sheet(self, *, own: bool = True) -> Sheet:
        """Both states. `own` False: for the other party, without what is the provider's alone."""
        if self.together:
            heads = [_("Number %(number)s") % {"number": one.dip_id or one.reference} for one in self.together]
            return conflict_sides.sheet(heads, [conflict_sides.of_contract(one, own=own) for one in self.together])
        heads = [_("In this portal"), _there(self.conflict, self.record)]
        return conflict_sides.sheet(heads, [_column(self.target, own), _column(self.record, own)])

    @property
    def options(self) -> list[conflict_words.Option]:
        """What can be chosen now; of what was chosen before only the other choices."""
        if self.conflict.state == ConflictState.CLOSED:
            return []
        left = [choice for choice in conflict_rules.choices(self.now) if choice != self.conflict.choice]
        return [conflict_words.option(self, choice, value) for choice in left for value in self._values(choice)]

    def _values(self, choice: Choice) -> list[str]:
        if choice != Choice.THIS:
            return [""]
        statuses = self.now.together
        return [str(one.pk) for at, one in enumerate(self.together) if conflict_rules.can_count(statuses, at)]


def _there(conflict: Conflict, record: Record | None) -> str:
    if conflict.kind != ConflictKind.VANISHED:
        return _("In DIP")
    seen = seen_of(conflict)
    return _("In DIP, last seen %(when)s") % {"when": moment(seen.seen_at)} if seen else _("In DIP")


def _column(one: Target | Record | None, own: bool) -> conflict_sides.Column:
    if one is None:
        return {}
    if isinstance(one, Contract):
        return conflict_sides.of_contract(one, own=own)
    if isinstance(one, ContractRecord):
        return conflict_sides.of_record(one, own=own)
    if isinstance(one, Production):
        return conflict_sides.of_production(one)
    if isinstance(one, Performance):
        return conflict_sides.of_performance(one)
    return conflict_sides.of_catalogue_record(one)


# --- put together ----------------------------------------------------------------------------------------------
def case_of(conflict: Conflict) -> Case:
    together = tuple(_together(conflict).select_related(*PARTS))
    target = next((one for one in together if one.pk == conflict.subject_id), None) or _target(conflict)
    record = _record(conflict)
    facts = facts_of(record) if isinstance(record, ContractRecord) else None
    return Case(conflict, target, record, facts, together, _now(conflict, target, record, facts, together))


def _now(
    conflict: Conflict,
    target: Target,
    record: Record | None,
    facts: ContractFacts | None,
    together: tuple[Contract, ...],
) -> Facts:
    if not isinstance(target, Contract):
        whole = isinstance(record, ProductionRecord | PerformanceRecord) and catalogue_facts(record) is not None
        return Facts(conflict.kind, whole=whole, stuck=_is_stuck(conflict), stands=_stands(target))
    played = set(target.performances.values_list("pk", flat=True))
    after = Contract.objects.filter(discarded_at=None)
    goes_on = after.filter(parent=target) | after.filter(revises=target)
    return Facts(
        conflict.kind,
        ours=Status(target.status),
        theirs=record.status if isinstance(record, ContractRecord) else None,
        whole=facts is not None,
        differs=facts is None or bool(mirror.differences(target, facts, played)),
        settled=not goes_on.exists(),
        stuck=_is_stuck(conflict),
        decided=conflict.state == ConflictState.DECIDED,
        together=tuple(Status(one.status) for one in together),
    )


def _stands(target: Production | Performance) -> bool:
    return target.cancelled_at is None if isinstance(target, Production) else not target.cancelled


def _is_stuck(conflict: Conflict) -> bool:
    return conflict.kind == ConflictKind.CHANGED and stuck(conflict).exists()


def stuck(conflict: Conflict) -> QuerySet[Operation]:
    """The changes of ours that wait for a choice."""
    key = operations.key_of(conflict.subject_kind, conflict.subject_id)
    rows: QuerySet[Operation] = Operation.objects.filter(key=key, state=State.ATTENTION, error_code="conflict")
    return rows.order_by("pk")


def _target(conflict: Conflict) -> Target:
    model = MODELS[conflict.subject_kind]
    rows: QuerySet[Any] = model._default_manager.all()
    found: Target = (rows.select_related(*PARTS) if model is Contract else rows).get(pk=conflict.subject_id)
    return found


def _together(conflict: Conflict) -> ContractQuerySet:
    return Contract.objects.filter(provider=conflict.organisation_id, pk__in=conflict.others).order_by("pk")


def lock(conflict: Conflict) -> None:
    """Lock what it is about, inside a transaction: agreements before the conflict's own row, as a pull does."""
    rows: QuerySet[Any] = MODELS[conflict.subject_kind]._default_manager.filter(pk=conflict.subject_id)
    if conflict.others:
        rows = _together(conflict)
    list(rows.select_for_update(of=("self",)).order_by("pk"))


# --- DIP's side ------------------------------------------------------------------------------------------------
def seen_of(conflict: Conflict) -> RemoteRecord | None:
    """What was last seen in DIP of this; a vanished one by the row that it belonged to."""
    rows = RemoteRecord.objects.filter(organisation=conflict.organisation_id, kind=conflict.subject_kind)
    return rows.filter(local_id=conflict.subject_id).exclude(raw={}).order_by("-seen_at").first()


def _record(conflict: Conflict) -> Record | None:
    """DIP's record, the newer of what was found and what a pull saw since; None when it cannot be read."""
    if conflict.kind == ConflictKind.DOUBLE:
        return None
    raw = conflict.theirs
    if conflict.kind != ConflictKind.CHANGED:
        seen = seen_of(conflict)
        if seen is not None and (not raw or seen.seen_at > conflict.found_at):
            raw = seen.raw
    if not raw:
        return None
    try:
        return operations.parse(conflict.subject_kind, raw)
    except Unreadable:
        return None


def facts_of(record: ContractRecord) -> ContractFacts | None:
    """In our words and keys; None when it names something that is not known here, or cannot be kept.

    A pull makes what is unknown and then knows it; until then DIP's record can be read but not taken over.
    """
    numbers = [number for number, _date in record.performances]
    plays = dict(Performance.objects.filter(number__in=numbers).values_list("number", "pk"))
    production = Production.objects.filter(dip_id=record.production_id).values_list("pk", flat=True).first()
    known = (
        record.type in ContractType.values
        and record.status is not None
        and record.producer is not None
        and production is not None
        and bool(numbers)
        and len(plays) == len(set(numbers))
        and Theater.objects.filter(pk=record.theater.id).exists()
    )
    if not known or record.status is None or record.producer is None or production is None:
        return None
    dates = [date for _number, date in record.performances if date is not None]
    facts = ContractFacts(
        dip_id=record.id,
        type=record.type,
        status=record.status,
        production_id=production,
        producer_id=record.producer.id,
        theater_id=record.theater.id,
        performance_ids=frozenset(plays.values()),
        first_at=record.first_at or min(dates, default=None),
        agency_as_provider=record.agency_as_provider if record.agency else None,
        contact_receiver=record.contact_receiver.strip()[:254],
        contact_provider=record.contact_provider.strip()[:254],
        own_reference=wire.own_reference_in(record.name)[:120],
        modified_at=record.modified_at,
        terms=record.terms,
        rejection_reason=record.rejection_reason,
        rejected_terms=record.rejected_terms,
    )
    return None if mirror.unstorable(facts) else facts


def catalogue_facts(record: ProductionRecord | PerformanceRecord) -> ProductionFacts | PerformanceFacts | None:
    """None when it names a producer, a theater, a hall or a genre that is not known here, or a status that is not."""
    if isinstance(record, ProductionRecord):
        named = [one.id for one in (*record.co_producers, record.producer) if one is not None]
        genre = record.genre.id if record.genre else None
        if (
            record.producer is None
            or not _all_known(Producer, named)
            or not _all_known(Genre, [genre] if genre else [])
        ):
            return None
        return ProductionFacts(
            dip_id=record.id,
            title=record.title.strip()[:200],
            season=record.season,
            producer_id=record.producer.id,
            genre_id=genre,
            co_producer_ids=frozenset(one.id for one in record.co_producers),
        )
    hall = record.hall.id if record.hall else None
    if record.status is None or not _all_known(Theater, [record.theater.id]):
        return None
    if not _all_known(Hall, [hall] if hall else []):
        return None
    return PerformanceFacts(
        number=record.number,
        production_dip_id=record.production_id,
        theater_id=record.theater.id,
        hall_id=hall,
        starts_at=record.starts_at,
        status=record.status,
        kind=record.kind or PerformanceKind.NORMAL,
        private=record.private,
        in_festival=record.in_festival,
        other_location=record.other_location,
        capacity=record.capacity,
    )


def _all_known(model: type[Genre | Hall | Producer | Theater], keys: Sequence[int]) -> bool:
    return model._default_manager.filter(pk__in=keys).count() == len(set(keys))


# --- for the other party ---------------------------------------------------------------------------------------
def for_receiver(contract: Contract, organisation: Organisation) -> Case | None:
    """The conflict about an agreement that this receiver may see, if what DIP has is no secret of the provider's.

    A concept in DIP is the provider's draft, and what was drafted here is no concern of the receiver's either.
    """
    if contract.status not in SHARED or contract.theater.receiver_id != organisation.pk:
        return None
    rows = Conflict.objects.filter(
        subject_kind=Subject.CONTRACT, subject_id=contract.pk, kind__in=CONTRACT_FLAGS
    ).exclude(state=ConflictState.CLOSED)
    conflict = rows.order_by("-found_at").first()
    if conflict is None:
        return None
    case = case_of(conflict)
    theirs = case.record.status if isinstance(case.record, ContractRecord) else None
    return case if theirs in SHARED else None
