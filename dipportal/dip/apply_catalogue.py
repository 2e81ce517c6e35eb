"""Productions and performances of one producer: a local change that DIP does not have yet wins, all else follows."""

import datetime as dt
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.db.models import Q
from django.utils.translation import gettext as _

from dipportal.catalogue import mirror
from dipportal.catalogue.enums import PerformanceKind
from dipportal.catalogue.mirror import PerformanceFacts, ProductionFacts
from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.contracts import mirror as agreements
from dipportal.dip import conflicts, state, wire_peek
from dipportal.dip.apply_reference import MOST_ID, clip, genre_row, hall_row, producer_row, theater_stub
from dipportal.dip.models import Kind, Operation, RecordKind, Subject
from dipportal.dip.pull_records import MANY, Memory, Page
from dipportal.dip.pull_run import Tally
from dipportal.dip.records import PerformanceRecord, ProductionRecord
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import CLOSED, State


@dataclass(frozen=True)
class Under:
    """Who pulls, as whom, since when: what every step needs to know."""

    organisation: Organisation
    actor: Actor
    asked_at: dt.datetime


@dataclass(frozen=True)
class ProducerPage:
    """What DIP told about one producer. `complete` are the productions whose performances came through."""

    producer_id: int
    productions: Page[ProductionRecord]
    performances: Page[PerformanceRecord]
    complete: frozenset[str]
    seasons: tuple[str, str]


@dataclass(frozen=True)
class News:
    """The new and changed records of a page, and why some of them cannot be applied."""

    page: Page[Any]
    memory: Memory
    records: Mapping[str, Any]
    faults: Mapping[str, str]

    @property
    def fit(self) -> dict[str, Any]:
        return {key: record for key, record in self.records.items() if key not in self.faults}


def unsent(subject: Subject, *, since: dt.datetime) -> set[int]:
    """Rows of ours with a change that DIP, or its answer of just now, may not know yet.

    What was pushed while the answer was on its way counts too, and what was pushed shortly before: DIP's reads may
    lag behind its writes (DIP_SETTLE_SECONDS).
    """
    recent = since - dt.timedelta(seconds=float(settings.DIP_SETTLE_SECONDS))
    return set(
        Operation.objects.filter(
            ~Q(state__in=CLOSED) | Q(state=State.DONE, done_at__gte=recent), subject_kind=subject
        ).values_list("subject_id", flat=True)
    )


def under_way(kind: Kind) -> set[int]:
    """Rows of ours whose creation has been sent to DIP and is not settled."""
    rows = Operation.objects.filter(kind=kind, sent_at__isnull=False).exclude(state__in=CLOSED)
    return set(rows.values_list("subject_id", flat=True))


def apply(page: ProducerPage, under: Under) -> Tally:
    tally = Tally()
    productions = Memory.load(under.organisation, RecordKind.PRODUCTION, page.productions.ids)
    performances = Memory.load(under.organisation, RecordKind.PERFORMANCE, page.performances.ids)
    tally.add(_productions(page, productions, under))
    tally.add(_performances(page, performances, under))
    tally.add(_missing(page, under))
    return tally


# --- productions -------------------------------------------------------------------------------------------
def _productions(page: ProducerPage, memory: Memory, under: Under) -> Tally:
    found = memory.news(page.productions)
    faults = {key: fault for key, record in found.items() if (fault := _odd_production(record))}
    news = News(page.productions, memory, found, faults)
    fit = news.fit
    mirror.ensure_reference(Genre, [genre_row(one.genre) for one in fit.values() if one.genre])
    named = [one.producer for one in fit.values() if one.producer]
    named += [producer for one in fit.values() for producer in one.co_producers]
    mirror.ensure_reference(Producer, [producer_row(one) for one in named])
    written = mirror.write_productions(
        [_production_facts(record, page.producer_id) for record in fit.values()],
        actor=under.actor,
        sent=under_way(Kind.PRODUCTION_CREATE) if fit else (),
        unsent=unsent(Subject.PRODUCTION, since=under.asked_at) if fit else (),
        told={key for key in fit if memory.seen_before(key)},
    )
    local = dict(Production.objects.filter(dip_id__in=fit).values_list("dip_id", "pk")) if fit else {}
    return _finish(news, written, local, under)


def _odd_production(record: ProductionRecord) -> str:
    if len(record.id) > 40:
        return _("The number is too long.")
    numbers = [one.id for one in (record.genre, record.producer, *record.co_producers) if one]
    return _out_of_range(numbers)


def _out_of_range(numbers: Iterable[int]) -> str:
    return "" if all(0 < number <= MOST_ID for number in numbers) else _("A number is out of range.")


def _production_facts(record: ProductionRecord, producer_id: int) -> ProductionFacts:
    return ProductionFacts(
        dip_id=record.id,
        title=clip(Production, "title", record.title.strip()),
        season=clip(Production, "season", record.season),
        producer_id=record.producer.id if record.producer else producer_id,
        genre_id=record.genre.id if record.genre else None,
        co_producer_ids=frozenset(one.id for one in record.co_producers),
    )


# --- performances ------------------------------------------------------------------------------------------
def _performances(page: ProducerPage, memory: Memory, under: Under) -> Tally:
    found = memory.news(page.performances)
    named = {one.production_id for one in found.values()}
    known = set(Production.objects.filter(dip_id__in=named).values_list("dip_id", flat=True)) if found else set()
    faults = {key: fault for key, record in found.items() if (fault := _odd_performance(record, known))}
    news = News(page.performances, memory, found, faults)
    fit = news.fit
    mirror.ensure_reference(Theater, [theater_stub(one.theater) for one in fit.values()])
    mirror.ensure_reference(Hall, [hall_row(one.hall, one.theater.id) for one in fit.values() if one.hall])
    written = mirror.write_performances(
        [_performance_facts(record) for record in fit.values()],
        actor=under.actor,
        sent=under_way(Kind.PERFORMANCE_CREATE) if fit else (),
        unsent=unsent(Subject.PERFORMANCE, since=under.asked_at) if fit else (),
        told={int(key) for key in fit if memory.seen_before(key)},
    )
    agreements.refresh_first(written.moved)
    numbers = {record.number for record in fit.values()}
    rows = Performance.objects.filter(number__in=numbers).values_list("number", "pk") if fit else ()
    return _finish(news, written, {str(number): pk for number, pk in rows}, under)


def _odd_performance(record: PerformanceRecord, productions: Collection[str]) -> str:
    if record.status is None:
        return _("Unknown status: %(status)s") % {"status": record.raw_status}
    if record.production_id not in productions:
        return _("Its production %(production)s is not known here.") % {"production": record.production_id}
    if record.number <= 0:
        return _("A number is out of range.")
    return _out_of_range([record.theater.id, *([record.hall.id] if record.hall else [])])


def _performance_facts(record: PerformanceRecord) -> PerformanceFacts:
    return PerformanceFacts(
        number=record.number,
        production_dip_id=record.production_id,
        theater_id=record.theater.id,
        hall_id=record.hall.id if record.hall else None,
        starts_at=record.starts_at,
        status=str(record.status),
        kind=str(record.kind or PerformanceKind.NORMAL),
        private=record.private,
        in_festival=record.in_festival,
        other_location=record.other_location,
        capacity=record.capacity,
    )


# --- both --------------------------------------------------------------------------------------------------
def _finish(news: News, written: mirror.Written, local: Mapping[str, int], under: Under) -> Tally:
    """Remember what was applied. What a local change holds back is not remembered, so it comes up again."""
    page, memory, faults = news.page, news.memory, news.faults
    tally = Tally()
    deferred = {str(key) for key in written.deferred}
    for key, record in news.records.items():
        if key in deferred:
            continue
        memory.remember(
            key,
            raw=record.raw,
            digest_=page.digest_of(key),
            fault=faults.get(key, ""),
            local_id=local.get(key),
            state_digest=state.state_digest(state.comparable(record)),
            status=getattr(record, "raw_status", ""),
        )
    tally.counts.update(
        {
            "seen": len(page.ids),
            "new": written.created,
            "changed": written.changed,
            "unchanged": page.unchanged(news.records),
            "adopted": written.adopted,
            "deferred": len(deferred),
            "faults": len(faults) + len(page.faults),
        }
    )
    for key, fault in faults.items():
        text = _("%(kind)s %(number)s in DIP was set aside: %(reason)s.")
        kind = str(RecordKind(memory.kind).label).capitalize()
        tally.errors.append(text % {"kind": kind, "number": key, "reason": fault.rstrip(".")})
    memory.set_aside(page)
    again = memory.returned_again(page.ids)
    memory.mark(again, missing=False)
    tally.counts["found_again"] += len(again)
    if again:
        back = [pk for key in again if (pk := memory.known[key].local_id) is not None]
        subject = Subject(memory.kind)
        mirror.clear_missing(conflicts.MODELS[subject]._default_manager.filter(pk__in=back))
        conflicts.found_again(under.organisation, subject, back)
    memory.store()
    return tally


def _missing(page: ProducerPage, under: Under) -> Tally:
    """Mark what DIP showed before and shows no longer, where the answer was whole."""
    tally = Tally()
    if not page.productions.whole:
        return tally
    first, last = page.seasons
    own = Production.objects.filter(producer=page.producer_id, season__gte=first, season__lte=last)
    memory = Memory.load(under.organisation, RecordKind.PRODUCTION)
    gone = _gone(memory, page.productions.ids, own, under)
    if not page.productions.ids and len(gone) >= MANY:
        tally.not_believed(str(RecordKind.PRODUCTION.label).capitalize(), len(gone))
        return tally
    memory.mark(gone.values(), missing=True)
    tally.counts["missing"] += mirror.mark_missing(Production.objects.filter(pk__in=gone))
    conflicts.lost(under.organisation, Subject.PRODUCTION, gone)
    evenings = Memory.load(under.organisation, RecordKind.PERFORMANCE)
    if gone:
        # Nothing shows the evenings of a production that is gone, so they are gone with it.
        with_it = _gone(evenings, page.performances.ids, Performance.objects.filter(production__in=gone), under)
        evenings.mark(with_it.values(), missing=True)
        tally.counts["missing"] += mirror.mark_missing(Performance.objects.filter(pk__in=with_it))
    if page.performances.whole:
        tally.add(_missing_performances(page, evenings, under))
    return tally


def _missing_performances(page: ProducerPage, memory: Memory, under: Under) -> Tally:
    """Of each production on its own: its list may be the one that came back empty."""
    tally = Tally()
    of_these = Performance.objects.filter(production__dip_id__in=page.complete)
    gone = _gone(memory, page.performances.ids, of_these, under)
    returned = {wire_peek.production_of(raw) for raw in page.performances.raws.values()}
    tours: dict[str, list[int]] = {}
    for pk, dip_id in of_these.filter(pk__in=gone).values_list("pk", "production__dip_id"):
        tours.setdefault(dip_id, []).append(pk)
    lost: list[int] = []
    for dip_id, pks in tours.items():
        if dip_id not in returned and len(pks) >= MANY:
            tally.not_believed(f"{str(RecordKind.PERFORMANCE.label).capitalize()} {dip_id}", len(pks))
            continue
        memory.mark([gone[pk] for pk in pks], missing=True)
        tally.counts["missing"] += mirror.mark_missing(Performance.objects.filter(pk__in=pks))
        lost += pks
    conflicts.lost(under.organisation, Subject.PERFORMANCE, lost)
    return tally


def _gone(memory: Memory, returned: Collection[str], among: Any, under: Under) -> dict[int, str]:
    """Rows that were seen in an earlier pull and are not among the returned ones, with their number in DIP."""
    candidates = {
        known.local_id: key
        for key, known in memory.known.items()
        if key not in returned and not known.missing and known.local_id is not None
    }
    if not candidates:
        return {}
    found = {pk: candidates[pk] for pk in among.filter(pk__in=candidates).values_list("pk", flat=True)}
    surely = set(memory.surely_gone(list(found.values()), asked_at=under.asked_at))
    return {pk: key for pk, key in found.items() if key in surely}
