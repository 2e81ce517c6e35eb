"""Productions and performances to DIP. They carry no reference of ours: they are found again by what they are."""

import datetime as dt
from typing import Any

from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production
from dipportal.catalogue.touched import locked, touched
from dipportal.contracts.models import Contract
from dipportal.dip import operations, state, wire
from dipportal.dip.models import COUNTED, Kind, Subject
from dipportal.dip.pushing import (
    HOUR,
    Stop,
    Work,
    already,
    gone,
    look,
    must_be_current,
    must_know_production,
    must_still_be_ours,
    no_id,
    one_of,
    only_match,
    send,
    settled,
    wait_out,
)
from dipportal.dip.records import Parsed, PerformanceRecord, ProductionRecord
from dipportal.dip.state import Form
from dipportal.dip.values import stamp
from dipportal.outbox.drain import Outcome, abandoned, attention, done

# Seasons of DIP's own past; without a window only the running season comes back.
FIRST_SEASON = dt.date(2000, 1, 1)


# --- productions -----------------------------------------------------------------------------------------------
def _production(work: Work) -> Production:
    found = Production.objects.select_related("producer").filter(pk=work.row.subject_id).first()
    if found is None:
        raise Stop(gone())
    return found


def _co_producers(production: Production) -> list[int]:
    return list(production.co_producers.order_by("pk").values_list("pk", flat=True))


def create_production(work: Work) -> Outcome:
    production = _production(work)
    if production.dip_id:
        return already(production.dip_id, work)
    wait_out(work)
    keys = operations.sent_keys(work.row)
    if keys:
        found = _look_up_production(work, production, keys)
        if found is not None:
            return _link_production(work, production, found.id, answer=found.raw, form=state.comparable(found))
    if production.cancelled_at is not None:
        return abandoned("cancelled", _("It was cancelled before it was sent to DIP."))
    if production.genre_id is None or not production.season:
        return work.later("incomplete", _("Goes to DIP once the genre and the season are filled in."), HOUR)
    co_producers = _co_producers(production)
    form = state.wanted_production(production, co_producer_ids=co_producers)
    answer = send(
        work,
        "POST",
        wire.productions_path(production.producer_id),
        wire.body_for_production(production, co_producer_ids=co_producers),
        form=form,
        natural_key=_production_key(production.producer_id, production.season, production.title),
    )
    number = wire.id_in(answer)
    if number is None:
        return no_id(work)
    return _link_production(work, production, number, answer=answer, form=form)


def _production_key(producer_id: int, season: str, title: str) -> str:
    return f"production:{producer_id}:{season}:{' '.join(title.casefold().split())}"[:400]


def _productions(work: Work, producer_id: int) -> Parsed[ProductionRecord]:
    window = wire.season_window(FIRST_SEASON, timezone.localdate().replace(month=12, day=31) + dt.timedelta(days=3660))
    return look(work, wire.productions_path(producer_id), wire.parse_production, window)


def _look_up_production(work: Work, production: Production, keys: list[str]) -> ProductionRecord | None:
    """By season and title, as they were sent, among those that belong to no production here."""
    found = _productions(work, production.producer_id)
    ids = [record.id for record in found.records] + [fault.remote_id for fault in found.faults]
    linked = set(Production.objects.filter(dip_id__in=ids).exclude(dip_id="").values_list("dip_id", flat=True))
    matches = [
        record
        for record in found.records
        if record.id not in linked and _production_key(production.producer_id, record.season, record.title) in keys
    ]
    return only_match(work, matches, any(fault.remote_id not in linked for fault in found.faults))


def _link_production(work: Work, production: Production, number: str, *, answer: object, form: Form) -> Outcome:
    row = work.row
    if Production.objects.filter(dip_id=number).exclude(pk=production.pk).exists():
        text = _("DIP's number %(number)s already belongs to another production here.") % {"number": number}
        return attention("taken", text)

    def apply() -> None:
        Production.objects.filter(pk=production.pk, dip_id="").update(dip_id=number)
        operations.note_done(row, number, answer=answer, form=form)
        operations.wake_dependents(dependents)

    def dependents() -> list[str]:
        performances = Performance.objects.filter(production=production).values_list("pk", flat=True)
        contracts = Contract.objects.filter(production=production).values_list("pk", flat=True)
        keys = [operations.key_of(Subject.PERFORMANCE, pk) for pk in performances]
        return [*keys, *(operations.key_of(Subject.CONTRACT, pk) for pk in contracts)]

    return done(apply=apply)


def update_production(work: Work) -> Outcome:
    production = _production(work)
    if not production.dip_id:
        return attention("not_in_dip", _("This production was never entered in DIP, so it cannot be changed there."))
    wait_out(work)
    found = _productions(work, production.producer_id)
    record = one_of(work, found, production.dip_id, lambda one: one.id)
    co_producers = _co_producers(production)
    form, has = state.wanted_production(production, co_producer_ids=co_producers), state.comparable(record)
    differing = state.differing(has, form)
    must_be_current(work, record.id, has=state.digests_of(has))
    if not differing:
        return settled(work, record.id, answer=record.raw, form=has)
    must_still_be_ours(work, record.id, record.raw, has=state.digests_of(has), differing=_labels(differing))
    path = wire.production_path(production.producer_id, record.id)
    body = wire.body_for_production(production, co_producer_ids=co_producers)
    answer = send(work, "PUT", path, body, form=form)
    if wire.id_in(answer) != record.id:
        return no_id(work)
    return settled(work, record.id, answer=answer, form=form)


# --- performances ----------------------------------------------------------------------------------------------
def _performance(work: Work) -> Performance:
    rows = Performance.objects.select_related("production__producer", "theater", "hall")
    found = rows.filter(pk=work.row.subject_id).first()
    if found is None:
        raise Stop(gone())
    return found


def create_performance(work: Work) -> Outcome:
    performance = _performance(work)
    if performance.number is not None:
        return already(performance.number, work)
    wait_out(work)
    keys = operations.sent_keys(work.row)
    if keys:
        must_know_production(work, performance.production)
        found = _look_up_performance(work, performance, keys)
        if found is not None:
            return _link_performance(work, performance, found.number, answer=found.raw, form=state.comparable(found))
    # Before the production: the number of one that was cancelled too never comes.
    if performance.status == PerformanceStatus.CANCELLED:
        return abandoned("cancelled", _("It was cancelled before it was sent to DIP."))
    must_know_production(work, performance.production)
    production, form = performance.production, state.wanted_performance(performance)
    answer = send(
        work,
        "POST",
        wire.performances_path(production.producer_id, production.dip_id),
        wire.body_for_performance(performance),
        form=form,
        natural_key=_performance_key(
            production.dip_id, performance.starts_at, performance.theater_id, performance.hall_id
        ),
    )
    number = _number(answer)
    if number is None:
        return no_id(work)
    return _link_performance(work, performance, number, answer=answer, form=form)


def _performances(work: Work, production: Production) -> Parsed[PerformanceRecord]:
    path = wire.performances_path(production.producer_id, production.dip_id)
    return look(work, path, wire.parse_performance)


def _look_up_performance(work: Work, performance: Performance, keys: list[str]) -> PerformanceRecord | None:
    """By moment, theater and hall, as they were sent, among those that belong to no performance here."""
    found = _performances(work, performance.production)
    numbers = [record.number for record in found.records]
    faulty = [int(fault.remote_id) for fault in found.faults if fault.remote_id.isdecimal()]
    known = Performance.objects.filter(number__in=[*numbers, *faulty]).values_list("number", flat=True)
    linked = set(known)
    matches = [
        record
        for record in found.records
        if record.number not in linked and _key_of_record(performance.production.dip_id, record) in keys
    ]
    return only_match(work, matches, len(faulty) < len(found.faults) or bool(set(faulty) - linked))


def _key_of_record(production_id: str, record: PerformanceRecord) -> str:
    hall_id = record.hall.id if record.hall else None
    return _performance_key(production_id, record.starts_at, record.theater.id, hall_id)


def _performance_key(production_id: str, starts_at: dt.datetime, theater_id: int, hall_id: int | None) -> str:
    return f"performance:{production_id}:{stamp(starts_at)}:{theater_id}:{hall_id or 0}"


def _link_performance(work: Work, performance: Performance, number: int, *, answer: object, form: Form) -> Outcome:
    row = work.row
    if Performance.objects.filter(number=number).exclude(pk=performance.pk).exists():
        text = _("DIP's number %(number)s already belongs to another performance here.") % {"number": number}
        return attention("taken", text)

    def apply() -> None:
        tour = locked([performance.production_id])
        Performance.objects.filter(Q(number=None) | Q(number=number), pk=performance.pk).update(number=number)
        touched(tour)
        operations.note_done(row, number, answer=answer, form=form)
        operations.wake_dependents(dependents)

    def dependents() -> list[str]:
        waiting = Contract.objects.filter(performances=performance).exclude(performances__number=None)
        keys = [operations.key_of(Subject.CONTRACT, pk) for pk in waiting.values_list("pk", flat=True)]
        return [*keys, *(operations.key_of(subject, performance.pk) for subject in COUNTED)]

    return done(apply=apply)


def update_performance(work: Work) -> Outcome:
    performance = _performance(work)
    number, production = performance.number, performance.production
    if number is None or not production.dip_id:
        return attention("not_in_dip", _("This performance was never entered in DIP, so it cannot be changed there."))
    wait_out(work)
    record = one_of(work, _performances(work, production), number, lambda one: one.number)
    form, has = state.wanted_performance(performance), state.comparable(record)
    differing = state.differing(has, form)
    must_be_current(work, number, has=state.digests_of(has))
    if not differing:
        return settled(work, number, answer=record.raw, form=has)
    must_still_be_ours(work, number, record.raw, has=state.digests_of(has), differing=_labels(differing))
    path = wire.performance_path(production.producer_id, production.dip_id, number)
    answer = send(work, "PUT", path, wire.body_for_performance(performance), form=form)
    if _number(answer) != number:
        return no_id(work)
    return settled(work, number, answer=answer, form=form)


# --- both ------------------------------------------------------------------------------------------------------
def _number(answer: Any) -> int | None:
    found = wire.id_in(answer)
    return int(found) if found is not None and found.isascii() and found.isdecimal() else None


def _labels(names: list[str]) -> list[str]:
    words = {
        "title": _("title"),
        "season": _("season"),
        "genre": _("genre"),
        "co_producers": _("co-producers"),
        "starts_at": _("date and time"),
        "theater": _("theater"),
        "hall": _("hall"),
        "status": _("status"),
        "kind": _("type"),
        "private": _("closed to the public"),
        "in_festival": _("part of a festival"),
        "other_location": _("at another location"),
        "capacity": _("capacity"),
    }
    return [words[name] for name in names]


HANDLERS = {
    Kind.PRODUCTION_CREATE: create_production,
    Kind.PRODUCTION_UPDATE: update_production,
    Kind.PERFORMANCE_CREATE: create_performance,
    Kind.PERFORMANCE_UPDATE: update_performance,
}
