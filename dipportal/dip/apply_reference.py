"""Theaters with their halls, producers and genres: DIP's word is final, what is ours (the links) is not touched."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from django.db.models import Q
from django.utils.translation import gettext as _

from dipportal.catalogue import mirror
from dipportal.catalogue.models import Genre, Hall, Producer, Reference, Theater
from dipportal.dip.models import RecordKind
from dipportal.dip.pull_records import Memory, Page
from dipportal.dip.pull_run import Tally
from dipportal.dip.records import NamedRecord, ProducerRecord, TheaterRecord

MOST_ID = 2**31 - 1


def clip(model: type[Any], name: str, text: str) -> str:
    """The text as far as the column takes it; the whole of it stays in the remembered record."""
    length = model._meta.get_field(name).max_length
    return text if length is None else text[:length]


def genre_row(record: NamedRecord) -> Genre:
    return Genre(id=record.id, name=clip(Genre, "name", record.name))


def producer_row(record: ProducerRecord) -> Producer:
    return Producer(id=record.id, name=clip(Producer, "name", record.name), kind=clip(Producer, "kind", record.kind))


def hall_row(record: NamedRecord, theater_id: int) -> Hall:
    return Hall(id=record.id, name=clip(Hall, "name", record.name), theater_id=theater_id)


def theater_stub(record: NamedRecord) -> Theater:
    return Theater(id=record.id, name=clip(Theater, "name", record.name))


def theater_row(record: TheaterRecord) -> Theater:
    texts = ("name", "street", "house_number", "postal_code", "city", "province")
    return Theater(
        id=record.id,
        kind=record.kind,
        dip_member=record.dip_member,
        **{name: clip(Theater, name, getattr(record, name)) for name in texts},
    )


def genres(page: Page[NamedRecord]) -> Tally:
    return _apply(page, RecordKind.GENRE, Genre, lambda news: mirror.write_reference(Genre, _rows(news, genre_row)))


def producers(page: Page[ProducerRecord]) -> Tally:
    return _apply(
        page, RecordKind.PRODUCER, Producer, lambda news: mirror.write_reference(Producer, _rows(news, producer_row))
    )


def theaters(page: Page[TheaterRecord]) -> Tally:
    return _apply(page, RecordKind.THEATER, Theater, _write_theaters)


def _rows(news: Iterable[Any], row: Callable[[Any], Reference]) -> list[Reference]:
    return [row(record) for record in news]


def _write_theaters(news: list[TheaterRecord]) -> None:
    mirror.write_reference(Theater, [theater_row(record) for record in news])
    # Keyed by hall: one that is named under two theaters (it moved while the page was made) is written once.
    halls = {hall.id: hall_row(hall, record.id) for record in news for hall in record.halls}
    mirror.write_reference(Hall, list(halls.values()))
    mirror.mark_missing(Hall.objects.filter(theater__in=[record.id for record in news]).exclude(pk__in=halls))


def _apply(page: Page[Any], kind: RecordKind, model: type[Reference], write: Callable[[list[Any]], None]) -> Tally:
    tally = Tally()
    memory = Memory.load(None, kind)
    news = memory.news(page)
    odd = {key for key, record in news.items() if not all(0 < number <= MOST_ID for number in _numbers_in(record))}
    fit = {key: record for key, record in news.items() if key not in odd}
    if fit:
        write(list(fit.values()))
    for key, record in news.items():
        fault = _("A number is out of range.") if key in odd else ""
        memory.remember(key, raw=record.raw, digest_=page.digest_of(key), fault=fault)
    tally.counts.update(_numbers(page, memory, fit))
    tally.counts["faults"] += len(odd) + len(page.faults)
    if odd:
        text = _("%(kind)s: %(count)d records have a number out of range.")
        tally.errors.append(text % {"kind": kind.label, "count": len(odd)})
    memory.set_aside(page)
    tally.add(_missing(page, memory, kind, model))
    memory.store()
    return tally


def _numbers_in(record: Any) -> list[int]:
    """All that become keys here: a theater's halls too."""
    halls: Iterable[NamedRecord] = getattr(record, "halls", ())
    return [record.id, *(hall.id for hall in halls)]


def _numbers(page: Page[Any], memory: Memory, news: Mapping[str, Any]) -> dict[str, int]:
    new = sum(1 for key in news if key not in memory.known)
    return {
        "seen": len(page.ids),
        "new": new,
        "changed": len(news) - new,
        "unchanged": page.unchanged(news),
    }


def _missing(page: Page[Any], memory: Memory, kind: RecordKind, model: type[Reference]) -> Tally:
    """Mark what DIP no longer returns, and clear what it returns again."""
    tally = Tally()
    again = memory.returned_again(page.ids)
    memory.mark(again, missing=False)
    if again:
        mirror.clear_missing(model._default_manager.filter(pk__in=_ids(again)))
    tally.counts["found_again"] += len(again)
    gone = memory.not_returned(page.ids)
    if not gone:
        return tally
    if not page.ids:
        tally.not_believed(str(kind.label).capitalize(), len(gone))
        return tally
    if not page.whole:
        text = _("%(kind)s: %(count)d records are not in the answer, but it is not complete; nothing is marked.")
        tally.errors.append(text % {"kind": kind.label, "count": len(gone)})
        return tally
    memory.mark(gone, missing=True)
    tally.counts["missing"] += mirror.mark_missing(model._default_manager.filter(pk__in=_ids(gone)))
    if kind is RecordKind.THEATER:
        mirror.mark_missing(Hall.objects.filter(Q(theater__in=_ids(gone))))
    return tally


def _ids(keys: Iterable[str]) -> list[int]:
    return [int(key) for key in keys if key.isascii() and key.isdecimal() and int(key) <= MOST_ID]
