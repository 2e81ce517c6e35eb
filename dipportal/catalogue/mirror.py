"""Following DIP: bulk writers for reference data, productions and performances.

The room that talks to DIP hands over plain facts; here they become rows. Everything runs inside the caller's
transaction, and the number of statements does not grow with the number of records (but for chunks of CHUNK).
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from django.db import models
from django.utils import timezone

from dipportal.catalogue.actions import plain
from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Reference, Theater
from dipportal.catalogue.touched import locked, locked_with, touched
from dipportal.journal.actions import Line, record_many
from dipportal.organisations.actors import Actor

CHUNK = 1000

# What DIP decides. `Theater.receiver` and `Producer.providers` are ours, so they are not named here.
_COLUMNS: dict[type[Reference], tuple[str, ...]] = {
    Genre: ("name",),
    Producer: ("name", "kind"),
    Theater: (
        "name",
        "street",
        "house_number",
        "postal_code",
        "city",
        "province",
        "country",
        "kind",
        "dip_member",
    ),
    Hall: ("name", "theater"),
}


@dataclass(frozen=True)
class ProductionFacts:
    dip_id: str
    title: str
    season: str
    producer_id: int
    genre_id: int | None = None
    # None: the source does not tell.
    co_producer_ids: frozenset[int] | None = frozenset()


@dataclass(frozen=True)
class PerformanceFacts:
    """`capacity` is seats per rank, rank 1 first."""

    number: int
    production_dip_id: str
    theater_id: int
    hall_id: int | None
    starts_at: dt.datetime
    status: str
    kind: str
    private: bool = False
    in_festival: bool = False
    other_location: bool = False
    capacity: tuple[int, ...] = ()


@dataclass
class Written:
    """What one call did. `deferred` are the remote ids that a local change, not yet sent, holds back."""

    created: int = 0
    changed: int = 0
    adopted: int = 0
    deferred: set[Any] = field(default_factory=set)
    moved: set[int] = field(default_factory=set)


def write_reference(model: type[Reference], rows: Sequence[Reference]) -> None:
    """Create or overwrite reference rows; a row that was missing is there again."""
    model._default_manager.bulk_create(
        rows,
        update_conflicts=True,
        unique_fields=["id"],
        update_fields=[*_COLUMNS[model], "missing_since"],
        batch_size=CHUNK,
    )


def ensure_reference(model: type[Reference], rows: Iterable[Reference]) -> int:
    """Create the rows that are not there yet, as stubs to be filled in later. Returns how many."""
    wanted = {row.pk: row for row in rows}
    known = set(model._default_manager.filter(pk__in=wanted).values_list("pk", flat=True)) if wanted else set()
    unknown = [row for pk, row in wanted.items() if pk not in known]
    if unknown:
        model._default_manager.bulk_create(unknown, ignore_conflicts=True, batch_size=CHUNK)
    return len(unknown)


def ensure_places(theaters: Mapping[int, Theater], producers: Mapping[int, Producer]) -> None:
    """Create those theaters and producers that are not there yet, as stubs. One query when all of them are."""
    if not theaters and not producers:
        return
    kinds = (Theater, theaters), (Producer, producers)
    rows = [
        model._default_manager.filter(pk__in=list(stubs)).order_by().values_list(models.Value(number), "pk")
        for number, (model, stubs) in enumerate(kinds)
    ]
    here = set(rows[0].union(rows[1], all=True))
    for number, (model, stubs) in enumerate(kinds):
        unknown = [row for pk, row in stubs.items() if (number, pk) not in here]
        if unknown:
            model._default_manager.bulk_create(unknown, ignore_conflicts=True, batch_size=CHUNK)


def mark_missing(rows: models.QuerySet[Any]) -> int:
    """Mark rows that DIP no longer returns; nothing is deleted. Returns how many were not marked yet."""
    found = list(rows.filter(missing_since=None).values_list("pk", flat=True))
    _mark(rows.model, found, timezone.now())
    return len(found)


def clear_missing(rows: models.QuerySet[Any]) -> int:
    """Take the mark off rows that DIP returns again. Returns how many had it."""
    found = list(rows.exclude(missing_since=None).values_list("pk", flat=True))
    _mark(rows.model, found, None)
    return len(found)


def _mark(model: type[models.Model], keys: list[int], since: dt.datetime | None) -> None:
    if not keys:
        return
    productions = locked_with(keys) if model is Performance else []
    model._default_manager.filter(pk__in=keys).update(missing_since=since)
    touched(productions)


# --- productions -------------------------------------------------------------------------------------------
_PRODUCTION_FIELDS = ("title", "season", "genre_id", "producer_id")


def _natural(producer_id: int, season: str, title: str) -> tuple[int, str, str]:
    return producer_id, season, title.strip().casefold()


def write_productions(
    facts: Sequence[ProductionFacts],
    *,
    actor: Actor,
    sent: Collection[int] = (),
    unsent: Collection[int] = (),
    told: Collection[str] = (),
) -> Written:
    """Create, adopt or change productions.

    `sent` are local rows without a DIP-id whose creation is under way: a record with the same producer, season and
    title is theirs. `unsent` are local rows with a change that DIP does not have yet: they are left alone. `told` are
    the DIP-ids seen before: a change of these is worth a journal line.
    """
    done = Written()
    if not facts:
        return done
    wanted = {one.dip_id: one for one in facts}
    rows = {
        row.dip_id: row
        for row in Production.objects.select_for_update(of=("self",)).filter(dip_id__in=wanted).order_by("pk")
    }
    done.adopted = _adopt_productions(wanted, rows, sent)
    fresh = [
        Production(dip_id=one.dip_id, **{name: getattr(one, name) for name in _PRODUCTION_FIELDS})
        for one in wanted.values()
        if one.dip_id not in rows
    ]
    Production.objects.bulk_create(fresh, batch_size=CHUNK)
    done.created = len(fresh)
    changes = {}
    for dip_id, row in rows.items():
        if row.pk in unsent:
            done.deferred.add(dip_id)
            continue
        changes[row.pk] = _take_over(row, wanted[dip_id], _PRODUCTION_FIELDS)
        if row.missing_since is not None:
            row.missing_since = None
            changes[row.pk].setdefault("missing_since", [])
    followed = {dip_id: row for dip_id, row in rows.items() if row.pk not in unsent}
    followed |= {row.dip_id: row for row in fresh}
    co_changed = _write_co_producers({row.pk: wanted[dip_id] for dip_id, row in followed.items()})
    altered = [row for row in rows.values() if changes.get(row.pk) or row.pk in co_changed]
    _save_changed(Production, altered, ("title", "season", "genre", "producer", "missing_since", "version"))
    done.changed = len(altered)
    worth_telling = [row for row in altered if row.dip_id in told]
    for_people = _as_journalled({row.pk: changes.get(row.pk, {}) for row in worth_telling})
    lines = []
    for row in worth_telling:
        fields = for_people[row.pk] | co_changed.get(row.pk, {})
        if fields:
            lines.append(Line(row, thread=row.thread, fields=fields))
    record_many("production.updated", lines, actor=actor)
    return done


def _adopt_productions(wanted: dict[str, ProductionFacts], rows: dict[str, Production], sent: Collection[int]) -> int:
    """Give our own rows whose creation is under way the DIP-id that turned up."""
    waiting: dict[tuple[int, str, str], list[Production]] = defaultdict(list)
    if sent:
        for row in Production.objects.select_for_update(of=("self",)).filter(pk__in=sent, dip_id="").order_by("pk"):
            waiting[_natural(row.producer_id, row.season, row.title)].append(row)
    adopted = 0
    for dip_id, one in wanted.items():
        own = waiting.get(_natural(one.producer_id, one.season, one.title))
        if dip_id in rows or not own:
            continue
        row = own.pop(0)
        if Production.objects.filter(pk=row.pk, dip_id="").update(dip_id=dip_id) == 1:
            row.dip_id = dip_id
            rows[dip_id] = row
            adopted += 1
    return adopted


def _write_co_producers(wanted: dict[int, ProductionFacts]) -> dict[int, dict[str, list[Any]]]:
    """Bring the co-producers in line; returns for each production whose set changed what it was and is."""
    told = {pk: one.co_producer_ids for pk, one in wanted.items() if one.co_producer_ids is not None}
    if not told:
        return {}
    through = Production.co_producers.through
    have: dict[int, set[int]] = defaultdict(set)
    for production_id, producer_id in through._default_manager.filter(production_id__in=told).values_list(
        "production_id", "producer_id"
    ):
        have[production_id].add(producer_id)
    added = [
        through(production_id=pk, producer_id=producer_id)
        for pk, producers in told.items()
        for producer_id in sorted(producers - have[pk])
    ]
    removed = models.Q()
    for pk, producers in told.items():
        if have[pk] - producers:
            removed |= models.Q(production_id=pk, producer_id__in=have[pk] - producers)
    if removed:
        through._default_manager.filter(removed).delete()
    if added:
        through._default_manager.bulk_create(added, batch_size=CHUNK)
    return {
        pk: {"co_producers": [sorted(have[pk]), sorted(producers)]}
        for pk, producers in told.items()
        if have[pk] != producers
    }


# --- performances ------------------------------------------------------------------------------------------
_PERFORMANCE_FIELDS = (
    "theater_id",
    "hall_id",
    "starts_at",
    "status",
    "kind",
    "private",
    "in_festival",
    "other_location",
    "capacity",
)
_PLACE_AND_TIME = {"starts_at", "theater", "hall"}


def write_performances(
    facts: Sequence[PerformanceFacts],
    *,
    actor: Actor,
    sent: Collection[int] = (),
    unsent: Collection[int] = (),
    told: Collection[int] = (),
) -> Written:
    """Create, adopt or change performances; see `write_productions`. Their productions must exist.

    An own performance under way is recognised by production, theater, hall and moment. `moved` are the rows that moved
    in time, or were cancelled.
    """
    done = Written()
    if not facts:
        return done
    wanted = {one.number: one for one in facts}
    productions = dict(
        Production.objects.filter(dip_id__in={one.production_dip_id for one in facts}).values_list("dip_id", "pk")
    )
    locked(productions.values())
    rows = {
        row.number: row
        for row in Performance.objects.select_for_update(of=("self",)).filter(number__in=wanted).order_by("pk")
        if row.number is not None
    }
    done.adopted = _adopt_performances(wanted, rows, productions, sent)
    fresh = [
        Performance(number=one.number, production_id=productions[one.production_dip_id], **_columns(one))
        for one in wanted.values()
        if one.number not in rows
    ]
    Performance.objects.bulk_create(fresh, batch_size=CHUNK)
    done.created = len(fresh)
    changes: dict[int, dict[str, list[Any]]] = {}
    for number, row in rows.items():
        if row.pk in unsent:
            done.deferred.add(number)
            continue
        changes[row.pk] = _take_over(row, wanted[number], _PERFORMANCE_FIELDS)
        production_id = productions[wanted[number].production_dip_id]
        if row.production_id != production_id:
            changes[row.pk]["production_id"] = [row.production_id, production_id]
            row.production_id = production_id
        if row.missing_since is not None:
            row.missing_since = None
            changes[row.pk].setdefault("missing_since", [])
    altered = [row for row in rows.values() if changes.get(row.pk)]
    columns = ("theater", "hall", "production", *_PERFORMANCE_FIELDS[2:], "missing_since", "version")
    _save_changed(Performance, altered, columns)
    done.changed = len(altered)
    done.moved = {row.pk for row in altered if {"starts_at", "status"} & set(changes[row.pk])}
    _tell_performances([row for row in altered if row.number in told], changes, actor)
    before = {changes[row.pk]["production_id"][0] for row in altered if "production_id" in changes[row.pk]}
    news = [row.production_id for row in (*fresh, *altered)]
    adopted = [productions[wanted[number].production_dip_id] for number in rows] if done.adopted else []
    touched([*news, *adopted, *before])
    return done


def _columns(one: PerformanceFacts) -> dict[str, Any]:
    return {name: getattr(one, name) for name in _PERFORMANCE_FIELDS} | {"capacity": list(one.capacity)}


def _adopt_performances(
    wanted: dict[int, PerformanceFacts],
    rows: dict[int, Performance],
    productions: dict[str, int],
    sent: Collection[int],
) -> int:
    waiting: dict[tuple[Any, ...], list[Performance]] = defaultdict(list)
    if sent:
        own = Performance.objects.select_for_update(of=("self",)).filter(pk__in=sent, number=None)
        for row in own.order_by("pk"):
            waiting[(row.production_id, row.theater_id, row.hall_id, row.starts_at)].append(row)
    adopted = 0
    for number, one in wanted.items():
        key = (productions[one.production_dip_id], one.theater_id, one.hall_id, one.starts_at)
        if number in rows or not waiting.get(key):
            continue
        row = waiting[key].pop(0)
        if Performance.objects.filter(pk=row.pk, number=None).update(number=number) == 1:
            row.number = number
            rows[number] = row
            adopted += 1
    return adopted


def ensure_productions(facts: Iterable[ProductionFacts]) -> int:
    """Create productions that an agreement names and nobody knows yet, as stubs without season or genre."""
    wanted = {one.dip_id: one for one in facts}
    known = set(Production.objects.filter(dip_id__in=wanted).values_list("dip_id", flat=True)) if wanted else set()
    stubs = [
        Production(dip_id=one.dip_id, title=one.title, season=one.season, producer_id=one.producer_id)
        for one in wanted.values()
        if one.dip_id not in known
    ]
    Production.objects.bulk_create(stubs, batch_size=CHUNK)
    return len(stubs)


def ensure_performances(facts: Iterable[PerformanceFacts], *, sent: Collection[int] = ()) -> int:
    """Create performances that an agreement names and nobody knows yet, as stubs without hall.

    One of our own whose creation is under way is recognised by production, theater and moment, if it is the only one.
    """
    wanted = {one.number: one for one in facts}
    known = set(Performance.objects.filter(number__in=wanted).values_list("number", flat=True)) if wanted else set()
    unknown = [one for number, one in wanted.items() if number not in known]
    if not unknown:
        return 0
    productions = dict(
        Production.objects.filter(dip_id__in={one.production_dip_id for one in unknown}).values_list("dip_id", "pk")
    )
    locked(productions.values())
    waiting: dict[tuple[Any, ...], list[Performance]] = defaultdict(list)
    if sent:
        own = Performance.objects.select_for_update(of=("self",)).filter(pk__in=sent, number=None)
        for row in own.order_by("pk"):
            waiting[(row.production_id, row.theater_id, row.starts_at)].append(row)
    stubs, adopted = [], []
    for one in unknown:
        own_rows = waiting.get((productions[one.production_dip_id], one.theater_id, one.starts_at), [])
        if len(own_rows) == 1:
            row = own_rows.pop()
            row.number = one.number
            adopted.append(row)
        else:
            stubs.append(
                Performance(number=one.number, production_id=productions[one.production_dip_id], **_columns(one))
            )
    Performance.objects.bulk_create(stubs, batch_size=CHUNK)
    if adopted:
        Performance.objects.bulk_update(adopted, ["number"], batch_size=CHUNK)
    touched(row.production_id for row in (*stubs, *adopted))
    return len(stubs)


def _tell_performances(rows: Sequence[Performance], changes: dict[int, dict[str, list[Any]]], actor: Actor) -> None:
    """One line for each performance that DIP changed: cancelled, moved, or changed in another way."""
    lines: dict[str, list[Line]] = defaultdict(list)
    for_people = _as_journalled({row.pk: changes[row.pk] for row in rows})
    for row in rows:
        fields = for_people[row.pk]
        if not fields:
            continue
        if "status" in fields and row.status == PerformanceStatus.CANCELLED:
            code = "performance.cancelled"
        elif _PLACE_AND_TIME & set(fields):
            code = "performance.moved"
        else:
            code = "performance.updated"
        lines[code].append(Line(row, thread=row.thread, fields=fields))
    for code, of_code in lines.items():
        record_many(code, of_code, actor=actor)


# --- both --------------------------------------------------------------------------------------------------
def _take_over(row: Any, facts: Any, names: Sequence[str]) -> dict[str, list[Any]]:
    """Set on the row what differs; returns name → [before, after]."""
    changes = {}
    for name in names:
        after = getattr(facts, name)
        after = list(after) if isinstance(after, tuple) else after
        before = getattr(row, name)
        if before != after and not (name == "capacity" and _used(before) == _used(after)):
            setattr(row, name, after)
            changes[name] = [before, after]
    return changes


def _used(seats: list[int]) -> list[int]:
    """Without the empty ranks at the end: they mean nothing."""
    last = max((index for index, number in enumerate(seats, start=1) if number), default=0)
    return seats[:last]


def _save_changed(model: type[models.Model], rows: Sequence[Any], fields: Sequence[str]) -> None:
    for row in rows:
        row.version += 1
    if rows:
        model._default_manager.bulk_update(rows, fields, batch_size=CHUNK)


_MODEL_OF: dict[str, type[Reference] | type[Production]] = {
    "genre_id": Genre,
    "producer_id": Producer,
    "theater_id": Theater,
    "hall_id": Hall,
    "production_id": Production,
}


def _as_journalled(changes: dict[int, dict[str, list[Any]]]) -> dict[int, dict[str, list[Any]]]:
    """Changes by row as the actions journal theirs: the field's name, and of a row its id and name.

    One query a kind of row, however many changes there are. A change without values says nothing to a person.
    """
    wanted: dict[str, set[int]] = defaultdict(set)
    for fields in changes.values():
        for name in _MODEL_OF.keys() & fields.keys():
            wanted[name] |= {key for key in fields[name] if key is not None}
    rows = {name: _MODEL_OF[name]._default_manager.in_bulk(keys) for name, keys in wanted.items()}

    def shown(name: str, value: Any) -> Any:
        return plain(rows[name].get(value) if name in rows else value)

    return {
        pk: {
            name.removesuffix("_id"): [shown(name, value) for value in values]
            for name, values in fields.items()
            if values
        }
        for pk, fields in changes.items()
    }
