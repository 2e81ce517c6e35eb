"""A page of agreements from DIP: found, followed, answered, or set aside; all in the caller's transaction."""

import datetime as dt
from collections import Counter
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.db import transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from dipportal.catalogue import mirror as catalogue
from dipportal.catalogue.enums import PerformanceKind, PerformanceStatus
from dipportal.catalogue.mirror import PerformanceFacts, ProductionFacts
from dipportal.catalogue.models import Production
from dipportal.contracts import actions, mirror
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.mirror import ContractFacts, Following, Standing
from dipportal.contracts.models import Contract
from dipportal.core import bulk, logs
from dipportal.core.errors import PortalError
from dipportal.dip import conflicts, wire, wire_peek
from dipportal.dip.apply_answers import Situation, Verdict, carry_out, conflict_of_answers, conflict_of_terms, judge
from dipportal.dip.apply_catalogue import Under, under_way, unsent
from dipportal.dip.apply_named import Named, Played, first_of
from dipportal.dip.apply_reference import MOST_ID, clip, producer_row, theater_stub
from dipportal.dip.models import Kind, Operation, RecordKind, Subject
from dipportal.dip.pull_records import MANY, Memory, Page
from dipportal.dip.pull_run import Tally, each_alone
from dipportal.dip.records import ContractRecord
from dipportal.journal.models import Entry

log = structlog.get_logger(__name__)
Records = Mapping[str, ContractRecord]
Ours = Mapping[str, Standing]


@dataclass
class Work:
    """One page being applied. `held` are records that wait for something here; they are not remembered."""

    page: Page[ContractRecord]
    memory: Memory
    under: Under
    counts: Counter[str] = field(default_factory=Counter)
    faults: dict[str, str] = field(default_factory=dict)
    held: set[str] = field(default_factory=set)
    local: dict[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Applied:
    """`held` wait for something here, so the watermark must not pass them; `news` are DIP's numbers that were news."""

    tally: Tally
    held: set[str]
    news: frozenset[int]


def apply(page: Page[ContractRecord], under: Under, *, full: bool) -> Applied:
    memory = Memory.load(under.organisation, RecordKind.CONTRACT, None if full else page.ids)
    work = Work(page, memory, under)
    news = memory.news(page)
    work.faults.update({key: fault for key, record in news.items() if (fault := _odd(record))})
    fit = {key: record for key, record in news.items() if key not in work.faults}
    known = _known(work, fit)
    played = Played.read(known.values())
    facts = _facts(work, fit, known, played)
    known = {key: row for key, row in known.items() if key in facts}
    _adopt(work, known)
    parents = _parents(work, news, full=full)
    # Locked, so that this stays true until the versions are chained.
    hung = {int(key): row.parent_id is not None for key, row in known.items()}
    linked = _create(work, {key: one for key, one in facts.items() if key not in known}, parents, hung)
    _follow(work, facts, known, played)
    if not linked:
        work.counts["linked"] += mirror.link_versions(under.organisation, parents, hung=hung)
    _remember(work, news)
    tally = Tally(counts=work.counts)
    for key, fault in work.faults.items():
        text = _("Agreement %(number)s in DIP was set aside: %(reason)s.")
        tally.errors.append(text % {"number": key, "reason": fault.rstrip(".")})
    tally.add(_missing(work, full=full))
    memory.store()
    return Applied(tally, work.held, frozenset(record.id for record in news.values()))


# --- from records to facts -----------------------------------------------------------------------------------
def _odd(record: ContractRecord) -> str:
    """Why this record cannot be an agreement here, in words; '' when it can."""
    if record.type not in _TYPES:
        return _("Unknown type: %(type)s") % {"type": record.type}
    if record.status is None:
        return _("Unknown status: %(status)s") % {"status": record.raw_status}
    if record.producer is None:
        return _("The producer is missing.")
    if not 0 < len(record.production_id) <= 40:
        return _("The production is missing or unreadable.")
    if not record.performances:
        return _("There are no performances in it.")
    return _odd_numbers(record, (record.id, record.theater.id, record.producer.id))


def _odd_numbers(record: ContractRecord, numbers: Iterable[int]) -> str:
    if any(date is None for _number, date in record.performances):
        return _("A performance has no date.")
    if not all(0 < number <= MOST_ID for number in numbers) or any(one[0] <= 0 for one in record.performances):
        return _("A number is out of range.")
    return ""


_TYPES = frozenset(ContractType.values)


def _facts(work: Work, records: Records, known: Ours, played: Played) -> dict[str, ContractFacts]:
    """Our words and our keys; what an agreement names and nobody knows yet is created as a stub."""
    if not records:
        return {}
    named = _named(work, records, known, played)
    facts = {}
    for key, record in records.items():
        one = _fact(record, named)
        fault = mirror.unstorable(one)
        if fault:
            work.faults[key] = str(fault)
        else:
            facts[key] = one
    return facts


def _named(work: Work, records: Records, known: Ours, played: Played) -> Named:
    """The rows behind what these agreements name; what nobody knows yet is created as a stub.

    Two queries at most when all of it is known. `known` are our rows of these agreements: what they name is there, and
    `played` already has their evenings. When those start is read where it may be news.
    """
    named = played.named
    theaters = {one.theater.id: one.theater for one in records.values()}
    producers = {one.producer.id: one.producer for one in records.values() if one.producer}
    for row in known.values():
        theaters.pop(row.theater_id, None)
        producers.pop(row.producer_id, None)
    catalogue.ensure_places(
        {pk: theater_stub(one) for pk, one in theaters.items()},
        {pk: producer_row(one) for pk, one in producers.items()},
    )
    news = [one for key, one in records.items() if key not in known or not played.same(known[key], one)]
    evenings = {number for one in news for number, _date in one.performances}
    if evenings:
        named.read_evenings(evenings)
    wanted = {one.production_id for one in records.values()}
    if wanted - named.productions.keys():
        named.read_productions(wanted - named.productions.keys())
    if wanted - named.productions.keys():
        work.counts["stubs"] += catalogue.ensure_productions(_production_stubs(records, named))
        named.read_productions(wanted - named.productions.keys())
    stubs = [
        _performance_stub(one, number, date)
        for one in records.values()
        for number, date in one.performances
        if number not in named.evenings and date is not None
    ]
    if stubs:
        work.counts["stubs"] += catalogue.ensure_performances(stubs, sent=under_way(Kind.PERFORMANCE_CREATE))
        named.read_evenings({one.number for one in stubs})
    return named


def _production_stubs(records: Records, named: Named) -> Iterable[ProductionFacts]:
    for one in records.values():
        if one.producer and one.production_id not in named.productions:
            title = clip(Production, "title", one.production_title.strip())
            yield ProductionFacts(dip_id=one.production_id, title=title, season="", producer_id=one.producer.id)


def _performance_stub(one: ContractRecord, number: int, date: dt.datetime) -> PerformanceFacts:
    return PerformanceFacts(
        number=number,
        production_dip_id=one.production_id,
        theater_id=one.theater.id,
        hall_id=None,
        starts_at=date,
        status=PerformanceStatus.AGREED,
        kind=PerformanceKind.NORMAL,
    )


def _fact(record: ContractRecord, named: Named) -> ContractFacts:
    if record.status is None or record.producer is None:
        raise ValueError("an odd record is set aside before")
    evenings = [named.evenings[number] for number, _date in record.performances]
    return ContractFacts(
        dip_id=record.id,
        type=record.type,
        status=record.status,
        production_id=named.productions[record.production_id],
        producer_id=record.producer.id,
        theater_id=record.theater.id,
        performance_ids=frozenset(one.pk for one in evenings),
        first_at=first_of(evenings),
        agency_as_provider=record.agency_as_provider if record.agency else None,
        contact_receiver=clip(Contract, "contact_receiver", record.contact_receiver.strip()),
        contact_provider=clip(Contract, "contact_provider", record.contact_provider.strip()),
        own_reference=clip(Contract, "own_reference", wire.own_reference_in(record.name)),
        modified_at=record.modified_at,
        terms=record.terms,
        rejection_reason=record.rejection_reason,
        rejected_terms=record.rejected_terms,
    )


# --- which row is it -----------------------------------------------------------------------------------------
def _known(work: Work, records: Records) -> dict[str, Standing]:
    """Our rows of these records, locked: by DIP's number, else by our own reference in the name."""
    if not records:
        return {}
    rows = Contract.objects.select_for_update().filter(provider=work.under.organisation).order_by("pk")
    named: dict[str, str] = {}
    for key in sorted(records, key=int):
        # Versions share a name, so of several records with our reference the oldest is the one we made.
        if records[key].reference:
            named.setdefault(records[key].reference, key)
    numbers = bulk.among([one.id for one in records.values()])
    found: dict[str, Standing] = {}
    ours: list[Standing] = []
    either = Q(dip_id__in=numbers) | Q(dip_id=None, reference__in=list(named)) if named else Q(dip_id__in=numbers)
    for row in mirror.standing(rows.filter(either)):
        if row.dip_id is None:
            ours.append(row)
        else:
            found[str(row.dip_id)] = row
    for row in ours:
        free = [key for key in sorted(records, key=int) if key not in found and _may_be(row, records[key])]
        if free:
            found[free[0]] = row
    return found


def _may_be(row: Standing, record: ContractRecord) -> bool:
    """Is this the record that was made for this row? A first version hangs under none: what does is a version that was
    made in DIP, with our name, of a record that is still to come."""
    return record.reference == row.reference and (record.parent_id is None or row.parent_id is not None)


def _adopt(work: Work, known: Ours) -> None:
    """Our own rows take the number under which they turned up."""
    fresh = {row.pk: int(key) for key, row in known.items() if row.dip_id is None}
    if fresh:
        work.counts["adopted"] += mirror.adopt(fresh)


def _create(
    work: Work, facts: Mapping[str, ContractFacts], parents: Mapping[int, int], hung: Mapping[int, bool]
) -> bool:
    """Also chains the versions, new and old; False when that is still to be done."""

    def write(keys: list[str]) -> None:
        found = [facts[key] for key in keys]
        pks, linked = mirror.create_found(work.under.organisation, found, parents=parents, hung=hung)
        work.local.update(zip(keys, pks, strict=True))
        done[tuple(keys)] = linked

    done: dict[tuple[str, ...], int] = {}
    refused = each_alone(sorted(facts, key=int), write)
    for key, error in refused:
        work.local.pop(key, None)
        work.faults[key] = _("The database refuses it; the log of the portal says why.")
        log.error("agreement refused by the database", remote=key, reason=logs.first_line(error))
    work.counts["new"] += len(facts) - len(refused)
    work.counts["linked"] += sum(done.values())
    return bool(facts) and not refused


# --- what was known ------------------------------------------------------------------------------------------
def _follow(work: Work, facts: Mapping[str, ContractFacts], known: Ours, played: Played) -> None:
    if not known:
        return
    waiting = unsent(Subject.CONTRACT, since=work.under.asked_at)
    withdrawn = _withdrawn(work, facts, known)
    following: list[Following] = []
    events: list[Event] = []
    nowhere: set[int] = set()
    for key, row in known.items():
        one = facts[key]
        work.local[key] = row.pk
        differences = mirror.differences(row, one, played.of_row.get(row.pk, nowhere))
        now = Situation(Status(row.status), one.status, bool(differences), row.pk in waiting, row.pk in withdrawn)
        verdict = judge(now)
        aside = mirror.parties_differ(row, one)
        if verdict.defer or (aside and now.unsent):
            work.held.add(key)
        elif verdict.follow or aside:
            following.append(Following(row, one, differences if verdict.follow else {}))
        settled = bool(row.conflict_at and not (verdict.conflict or verdict.defer or differences))
        if settled or verdict.conflict or verdict.moves:
            events.append(Event(key, row.pk, one, verdict, differences, settled))
    work.counts["changed"] += mirror.follow(following, actor=work.under.actor)
    rows = Contract.objects.in_bulk([event.pk for event in events]) if events else {}
    for event in events:
        _happen(work, event, rows[event.pk])


@dataclass(frozen=True)
class Event:
    """An answer, a proposal or a conflict found in DIP, or (`settled`) a conflict that is over."""

    key: str
    pk: int
    facts: ContractFacts
    verdict: Verdict
    differences: dict[str, list[Any]]
    settled: bool


def _happen(work: Work, event: Event, row: Contract) -> None:
    """Each event on its own: one that cannot be carried out is set aside and stops nothing."""
    facts, verdict = event.facts, event.verdict
    if event.settled:
        work.counts["settled"] += actions.settle_conflict(row, actor=work.under.actor)
    try:
        with transaction.atomic():
            if verdict.conflict:
                in_words = (
                    conflict_of_answers(row, facts)
                    if verdict.conflict == "answers"
                    else conflict_of_terms(row, facts, event.differences)
                )
                flagged = actions.flag_conflict(row, text=in_words, kind=verdict.conflict, actor=work.under.actor)
                work.counts["conflicts"] += flagged
                if flagged:
                    conflicts.keep_theirs(row, work.page.records[event.key].raw)
            carry_out(row, facts, verdict.moves, actor=work.under.actor)
    except PortalError as error:
        work.faults[event.key] = str(error)
    else:
        work.counts["proposals"] += "propose" in verdict.moves
        work.counts["answers"] += "approve" in verdict.moves or "reject" in verdict.moves


def _withdrawn(work: Work, facts: Mapping[str, ContractFacts], known: Ours) -> set[int]:
    """Concepts that were proposed and taken back here, so that DIP's 'proposed' is our own old proposal."""
    open_here = {
        row.pk: key
        for key, row in known.items()
        if row.status == Status.CONCEPT and facts[key].status != Status.CONCEPT
    }
    if not open_here:
        return set()
    lines: QuerySet[Entry] = Entry.objects.filter(
        code="contract.withdrawn", target_kind="contracts.contract", target_id__in=[str(pk) for pk in open_here]
    )
    taken_back = {int(pk) for pk in lines.values_list("target_id", flat=True)}
    sent = set(
        Operation.objects.filter(
            kind=Kind.CONTRACT_PROPOSE, subject_id__in=taken_back, sent_at__isnull=False
        ).values_list("subject_id", flat=True)
    )
    return {pk for pk in taken_back if pk in sent or _was_shared(work.memory, open_here[pk])}


def _was_shared(memory: Memory, key: str) -> bool:
    known = memory.known.get(key)
    return known is not None and wire.contract_status(known.status) not in (None, Status.CONCEPT)


# --- versions, memory, missing -------------------------------------------------------------------------------
def _parents(work: Work, news: Records, *, full: bool) -> dict[int, int]:
    """Child → parent: of all versions in a full comparison with news, else of those with news at either end.

    Without any news all of them are as they were when they were joined, in the transaction that remembered them.
    """
    if not news:
        return {}
    page = work.page
    parents = wire_peek.parents_in((key, raw) for key, raw in page.peeks.items() if key not in page.faults)
    if full:
        return parents
    fresh = {record.id for record in news.values()}
    return {child: parent for child, parent in parents.items() if child in fresh or parent in fresh}


def _remember(work: Work, news: Records) -> None:
    for key, record in news.items():
        if key in work.held and key not in work.faults:
            continue
        work.memory.remember(
            key,
            raw=record.raw,
            digest_=work.page.digest_of(key),
            fault=work.faults.get(key, ""),
            status=record.raw_status,
            modified_at=record.modified_at,
            local_id=work.local.get(key),
        )
    if work.faults:
        log.warning("records set aside", kind=RecordKind.CONTRACT, remote=sorted(work.faults))
    work.memory.set_aside(work.page)
    work.counts.update(
        {
            "seen": len(work.page.ids),
            "unchanged": work.page.unchanged(news),
            "faults": len(work.faults) + len(work.page.faults),
            "deferred": len(work.held),
        }
    )


def _missing(work: Work, *, full: bool) -> Tally:
    tally = Tally()
    again = work.memory.returned_again(work.page.ids)
    work.memory.mark(again, missing=False)
    if again:
        tally.counts["found_again"] += catalogue.clear_missing(_rows_of(work, again))
    absent = work.memory.not_returned(work.page.ids) if full else []
    gone = work.memory.surely_gone(absent, asked_at=work.under.asked_at)
    if not gone:
        return tally
    if not work.page.whole:
        text = _("%(count)d agreements are not in the answer, but a part of it is unreadable; nothing is marked.")
        tally.errors.append(text % {"count": len(gone)})
        return tally
    if not work.page.ids and len(gone) >= MANY:
        tally.not_believed(str(RecordKind.CONTRACT.label).capitalize(), len(gone))
        return tally
    work.memory.mark(gone, missing=True)
    tally.counts["missing"] += catalogue.mark_missing(_rows_of(work, gone))
    return tally


def _rows_of(work: Work, keys: Collection[str]) -> QuerySet[Contract]:
    numbers = [int(key) for key in keys if key.isascii() and key.isdecimal()]
    return Contract.objects.filter(provider=work.under.organisation, dip_id__in=numbers)
