"""The pull: what DIP has, brought here. `run` does one kind for one connection and says what came of it.

Reliability rules 9, 10 and 11. Calls outside transactions; each page is written in one transaction with its digests
and, for agreements, the watermark. Productions and performances are read side by side (side_by_side.py); each producer
is one page, written in the order of the producers by the thread that runs the pull.
"""

import datetime as dt
from collections.abc import Callable, Collection, Mapping
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import structlog
from django.conf import settings
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Producer
from dipportal.core import collecting
from dipportal.core.errors import PortalError
from dipportal.dip import (
    apply_catalogue,
    apply_contracts,
    apply_reference,
    conflicts,
    duplicates,
    pull_counts,
    wire,
    wire_peek,
)
from dipportal.dip.apply_catalogue import ProducerPage, Under
from dipportal.dip.client import Client
from dipportal.dip.models import Connection, RecordKind, RunKind, RunStep, SyncRun
from dipportal.dip.pull_records import Page, page_of
from dipportal.dip.pull_run import CutShort, LeaseLost, Pull, Tally, Watch, finish, same_log_in, start
from dipportal.dip.records import ContractRecord, ProductionRecord
from dipportal.dip.side_by_side import Answer, Reading
from dipportal.dip.values import Unreadable, parse_moment, stamp
from dipportal.organisations.models import User

log = structlog.get_logger(__name__)

# Thirteen seasons were seen at one producer; without an explicit window DIP shows the running season only.
SEASONS_BACK = 15
YEARS_AHEAD = 2


def run(
    connection: Connection,
    kind: str,
    *,
    full: bool = False,
    triggered_by: User | None = None,
    dry_run: bool = False,
    watch: Watch | None = None,
) -> SyncRun:
    """Pull one kind (RunKind) and return its row; the one that is going on already, when there is one.

    `full` makes 'contracts' the full comparison, and 'counts' those of all seasons. `dry_run` writes nothing, and
    returns a row that is not stored. `watch` is told how far it is. Raises PortalError for a ticketing credential.
    """
    if connection.reports:
        raise PortalError(_("A ticketing credential only reports counts; nothing is fetched with it."), code="reports")
    kind = _FULL.get(RunKind(kind), RunKind(kind)) if full else RunKind(kind)
    if dry_run:
        row = SyncRun(connection=connection, organisation=connection.organisation, kind=kind)
    else:
        row, mine = start(connection, kind, triggered_by=triggered_by)
        if not mine:
            log.info("pull is going on already", run=row.pk, kind=kind, connection=connection.pk)
            return row
    with Client(connection) as client:
        pull = Pull(connection, client, row, dry_run=dry_run, watch=watch)
        return _carried_through(pull, _KINDS[RunKind(kind)])


def _carried_through(pull: Pull, pages: Callable[[Pull], None]) -> SyncRun:
    """Whatever happens, the row says how it ended."""
    cut_short = True
    try:
        pages(pull)
        cut_short = False
    except CutShort:
        log.warning("pull cut short", run=pull.run.pk, kind=pull.run.kind, connection=pull.connection.pk)
    except LeaseLost:
        log.warning("pull lost its lease", run=pull.run.pk, kind=pull.run.kind, connection=pull.connection.pk)
        pull.run.refresh_from_db()
        return pull.run
    except BaseException:
        pull.broken(_("This run broke off by an error; the log of the portal says which."))
        finish(pull, cut_short=True)
        raise
    row = finish(pull, cut_short=cut_short)
    log.info("pull finished", run=row.pk, kind=row.kind, state=row.state, counts=row.counts)
    return row


# --- reference data ------------------------------------------------------------------------------------------
def _reference(pull: Pull) -> None:
    """Halls come with their theaters. Each list is a page of its own: one that is broken leaves the others whole."""
    lists: tuple[tuple[RecordKind, str, Any, Callable[[Page[Any]], Tally]], ...] = (
        (RecordKind.GENRE, wire.GENRES, wire.parse_named, apply_reference.genres),
        (RecordKind.PRODUCER, wire.PRODUCERS, wire.parse_producer, apply_reference.producers),
        (RecordKind.THEATER, wire.THEATERS, wire.parse_theater, apply_reference.theaters),
    )
    for number, (kind, path, parse, apply) in enumerate(lists):
        pull.progress(number, len(lists), RunStep.LISTS)
        what = str(kind.label).capitalize()
        found = pull.read_list(what, path)
        if found is not None:
            page = page_of([found], parse)
            pull.write(what, _step(apply, page))
            pull.tell_faults(what, page)


def _step(apply: Callable[[Page[Any]], Tally], page: Page[Any]) -> Callable[[], Tally]:
    return lambda: apply(page)


# --- productions and performances ----------------------------------------------------------------------------
@dataclass
class Tour:
    """What is being read of one producer. `waiting`: productions whose performances are still to come in."""

    producer: Producer
    productions: Page[ProductionRecord] | None = None
    parts: dict[str, list[Any]] = field(default_factory=dict)
    waiting: set[str] = field(default_factory=set)
    listed: bool = False
    known: int = 0

    @property
    def complete(self) -> bool:
        return self.listed and not self.waiting

    def said(self, production_id: str) -> str:
        """What the answer is about, in words."""
        if not production_id or self.productions is None:
            return str(self.producer)
        return f"{self.producer}, {self.productions.records[production_id].title}"


def _catalogue(pull: Pull) -> None:
    """Producers are written in their order, each as soon as all of it is there."""
    first, last = window(timezone.localdate())
    under = Under(pull.organisation, pull.actor, timezone.now())
    tours = [Tour(one) for one in Producer.objects.visible_to(pull.organisation).order_by("pk")]
    reading: Reading[tuple[int, str]] = Reading(pull.client)
    for index, tour in enumerate(tours):
        path = wire.productions_path(tour.producer.pk)
        reading.ask((index, ""), path, wire.season_window(first, last), rank=2 * index + 1)
    written = 0
    with closing(reading.answers()) as answers:
        for answer in answers:
            _take_in(pull, tours[answer.key[0]], answer, reading)
            known = sum(tour.known for tour in tours)
            pull.progress(known - sum(len(tour.waiting) for tour in tours), known, RunStep.PRODUCTIONS)
            while written < len(tours) and tours[written].complete:
                _write_tour(pull, tours[written], under, (first, last))
                written += 1


def _take_in(pull: Pull, tour: Tour, answer: Answer[tuple[int, str]], reading: Reading[tuple[int, str]]) -> None:
    """Raises CutShort when further calls make no sense."""
    index, production_id = answer.key
    found = pull.list_in(tour.said(production_id), answer)
    tour.waiting.discard(production_id)
    if production_id:
        if found is not None:
            tour.parts[production_id] = found
        return
    tour.listed = True
    if found is None:
        return
    tour.productions = page_of([found], wire.parse_production, wire_peek.production_number_in).read_all()
    tour.known = len(tour.productions.records)
    for production in tour.productions.records.values():
        tour.waiting.add(production.id)
        path = wire.performances_path(tour.producer.pk, production.id)
        # Before the lists of later producers, so that this one is complete, written and out of memory first.
        reading.ask((index, production.id), path, rank=2 * index)


def _write_tour(pull: Pull, tour: Tour, under: Under, years: tuple[dt.date, dt.date]) -> None:
    productions, parts = tour.productions, tour.parts
    tour.productions, tour.parts = None, {}
    if productions is None:
        return
    what = str(tour.producer)
    performances = page_of(
        (parts[one.id] for one in productions.records.values() if one.id in parts),
        wire.parse_performance,
        wire_peek.performance_number_in,
    )
    first, last = (f"{one.year}-{one.year + 1}" for one in years)
    page = ProducerPage(tour.producer.pk, productions, performances, frozenset(parts), (first, last))
    pull.write(what, lambda: apply_catalogue.apply(page, under))
    pull.tell_faults(what, productions)
    pull.tell_faults(what, performances)


def window(today: dt.date) -> tuple[dt.date, dt.date]:
    """Whole seasons (from 1 August), far back and two years ahead."""
    season = today.year if today.month >= 8 else today.year - 1
    return dt.date(season - SEASONS_BACK, 8, 1), dt.date(season + YEARS_AHEAD, 8, 1)


# --- agreements ----------------------------------------------------------------------------------------------
def _contracts(pull: Pull, *, full: bool = False) -> None:
    under = Under(pull.organisation, pull.actor, timezone.now())
    what = str(_("Agreements"))
    mark = watermark(pull.connection)
    params = None if full or mark is None else wire.modified_since(mark - settings.DIP_OVERLAP)
    found = pull.read_list(what, wire.CONTRACTS, params, apart=True)
    if found is None:
        return
    with collecting.put_off():
        # Without a watermark everything was asked for, so what does not come back is missing.
        page = page_of([found], wire.parse_contract)
        _apply_contracts(pull, page, under, whole=params is None, first=mark is None)


def _apply_contracts(pull: Pull, page: Page[ContractRecord], under: Under, *, whole: bool, first: bool) -> None:
    what = str(_("Agreements"))
    pull.progress(0, len(page.ids), RunStep.AGREEMENTS)
    news: set[int] = set()

    def step() -> Tally:
        done = apply_contracts.apply(page, under, full=whole)
        _move_watermark(pull.connection, page, done.held)
        news.update(done.news)
        return done.tally

    written = pull.write(what, step)
    pull.tell_faults(what, page)
    if written and (news or whole):
        names = wire_peek.names_in(page.peeks.items(), wire.REFERENCE_MARK) if whole else None
        _look_for_duplicates(pull, news, names, first=first)


def watermark(connection: Connection) -> dt.datetime | None:
    """The highest stamp seen from DIP; None before the first pull."""
    text = Connection.objects.values_list("contracts_watermark", flat=True).get(pk=connection.pk)
    try:
        return parse_moment(text) if text else None
    except Unreadable:
        # Then everything is asked for once more, which is safe.
        log.warning("watermark unreadable", connection=connection.pk)
        return None


def _move_watermark(connection: Connection, page: Page[ContractRecord], held: set[str]) -> None:
    """To the highest stamp of the page, never into the future, and back only to a record that waits."""
    peeks = page.peeks
    sound = peeks.values() if not page.faults else [raw for key, raw in peeks.items() if key not in page.faults]
    stamps = _latest(wire_peek.stamps_in(sound))
    if not stamps:
        return
    before = watermark(connection)
    highest = min(max(stamps), timezone.now())
    mark = highest if before is None else max(before, highest)
    waiting = [page.records[key].modified_at for key in held]
    if waiting:
        mark = min([mark, *(moment or before or highest for moment in waiting)])
    # As text: a moment in the hour that the clock repeats does not come back from it, and would look new for ever.
    if before is None or stamp(mark) != stamp(before):
        same_log_in(connection).update(contracts_watermark=stamp(mark))


def _latest(given: Collection[str]) -> list[dt.datetime]:
    """The stamps of the last days among these: reading all of them only to find the highest is a waste."""
    if not given:
        return []
    # As a rule the greatest text is a moment.
    last = _day(max(given)) or next((day for text in sorted(given, reverse=True) if (day := _day(text))), None)
    if last is None:
        return []
    # No two stamps of moments in the other order are further apart than this, whatever their offsets.
    near = (last - dt.timedelta(days=2)).isoformat()
    late = (text for text in given if text.strip() >= near)
    return [moment for text in late if (moment := _moment(text)) is not None]


def _day(text: str) -> dt.date | None:
    moment = _moment(text)
    return moment.date() if moment is not None else None


def _moment(text: str) -> dt.datetime | None:
    try:
        return parse_moment(text)
    except Unreadable:
        return None


def _look_for_duplicates(pull: Pull, news: set[int], names: Mapping[str, str] | None, *, first: bool) -> None:
    """Alarm for what looks double since this run, one sentence for what did before: an old pair is no news daily."""
    seen = duplicates.look(pull.organisation, names)
    found = seen.doubles
    if not pull.dry_run:
        doubles = [(one.numbers, one.sentence) for one in found]
        chosen = conflicts.watch(pull.organisation, doubles, gone=seen.gone, quietly=first)
        found = [one for one in found if one.numbers not in chosen]
    fresh = [one for one in found if news.intersection(one.numbers)]
    pull.tally.counts["duplicates"] += len(found)
    for one in fresh:
        pull.alarm(one.sentence)
    if fresh:
        numbers = [list(one.numbers) for one in fresh[:20]]
        log.error("duplicates in DIP", connection=pull.connection.pk, count=len(fresh), contracts=numbers)
    if len(found) > len(fresh):
        text = _("%(count)d other agreements in DIP look double, as before.")
        pull.alarm(text % {"count": len(found) - len(fresh)})


_KINDS: dict[RunKind, Callable[[Pull], None]] = {
    RunKind.REFERENCE: _reference,
    RunKind.CATALOGUE: _catalogue,
    RunKind.CONTRACTS: _contracts,
    RunKind.CONTRACTS_FULL: lambda pull: _contracts(pull, full=True),
    RunKind.COUNTS: lambda pull: pull_counts.counts(pull, full=False),
    RunKind.COUNTS_FULL: lambda pull: pull_counts.counts(pull, full=True),
}
_FULL = {RunKind.CONTRACTS: RunKind.CONTRACTS_FULL, RunKind.COUNTS: RunKind.COUNTS_FULL}
