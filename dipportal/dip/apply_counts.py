"""What DIP told of one production's tickets, brought here: counts of performances, and what was last seen of DIP.

DIP's rows are one per theater; a row that is as it was is not read. Everything runs inside the caller's transaction.
"""

import datetime as dt
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple, cast

from django.db.models import FilteredRelation, Q
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.dip import wire_counts
from dipportal.dip.models import RecordKind
from dipportal.dip.pull_records import MANY, Known, Memory, Page
from dipportal.dip.pull_run import Tally
from dipportal.dip.records import PlayedCount, Split, TheaterCounts
from dipportal.organisations.models import Organisation
from dipportal.ticketing import mirror
from dipportal.ticketing.enums import Source
from dipportal.ticketing.mirror import Told
from dipportal.ticketing.queries import still_counted

# Of which column the others of these lists tell.
_COLUMN = {RecordKind.RESERVATIONS: "reservations", RecordKind.BLOCKED_SEATS: "blocked_seats"}
KINDS = (RecordKind.SALES, *_COLUMN)


@dataclass
class ProductionCounts:
    """What came in about one production.

    `pages`: each list that was answered; a production without any has an empty one. `kinds`: the kinds of the tickets
    of performances of which they were asked; None where DIP does not tell them. `unheard`: performances of which that
    could not be learnt, so that they are asked again.
    """

    pk: int
    dip_id: str
    pages: dict[RecordKind, Page[TheaterCounts]] = field(default_factory=dict)
    kinds: dict[int, Split | None] = field(default_factory=dict)
    unheard: set[int] = field(default_factory=set)

    def in_order(self) -> list[tuple[RecordKind, Page[TheaterCounts]]]:
        """The pages in an order of their own, whichever came in first."""
        return [(kind, self.pages[kind]) for kind in KINDS if kind in self.pages]

    def key_of(self, raw: Any) -> str:
        """By what a row is remembered: the production is not in it."""
        theater = wire_counts.theater_in(raw)
        return f"{self.dip_id}/{theater}" if theater else ""


@dataclass(frozen=True)
class Books:
    """What was last seen of an organisation's counts: by kind of list and production, the rows of the theaters."""

    organisation: Organisation
    known: Mapping[tuple[str, str], dict[str, Known]]

    @classmethod
    def open(cls, organisation: Organisation) -> "Books":
        """One query a kind; one hundred productions then need no more of them to learn that nothing changed."""
        known: dict[tuple[str, str], dict[str, Known]] = defaultdict(dict)
        for kind in KINDS:
            for key, row in Memory.load(organisation, kind).known.items():
                known[kind, key.rpartition("/")[0]][key] = row
        return cls(organisation, known)

    def memory(self, kind: RecordKind, production_id: str) -> Memory:
        return Memory(self.organisation, kind, dict(self.known.get((kind, production_id), {})))


class Now(NamedTuple):
    """How the count of a performance stands here. `told`: its kinds are known."""

    pk: int
    starts_at: dt.datetime
    tickets: int | None
    revenue_cents: int | None
    told: bool
    reservations: int | None
    blocked_seats: int | None
    missing: bool

    def sold(self, one: PlayedCount) -> bool:
        """Are these the tickets and the revenue that it has already?"""
        return not self.missing and (self.tickets, self.revenue_cents) == (one.tickets, one.revenue_cents)


def _here(counts: ProductionCounts) -> dict[int, Now]:
    """The performances of the production by their numbers. One query."""
    count = FilteredRelation("ticket_counts", condition=Q(ticket_counts__source=Source.DIP))
    rows = Performance.objects.filter(production=counts.pk, number__isnull=False).alias(count=count)
    names = ("tickets", "revenue_cents", "normal", "reservations", "blocked_seats", "missing_since")
    found = rows.order_by("pk").values_list("number", "pk", "starts_at", *(f"count__{name}" for name in names))
    return {
        number: Now(pk, starts_at, tickets, cents, normal is not None, reserved, blocked, missing is not None)
        for number, pk, starts_at, tickets, cents, normal, reserved, blocked, missing in found
    }


def asked_apart(counts: ProductionCounts, books: Books) -> list[int]:
    """The performances whose kinds of tickets are to be asked: their sales are news, and may change again."""
    page = counts.pages[RecordKind.SALES]
    news = books.memory(RecordKind.SALES, counts.dip_id).news(page)
    if not news:
        return []
    here = _here(counts)
    running = still_counted(Performance.objects.filter(production=counts.pk), timezone.now())
    can_change = set(running.values_list("number", flat=True))
    return [
        one.number
        for one in _played(news.values())
        if one.number in can_change and one.tickets and not (here[one.number].told and here[one.number].sold(one))
    ]


def _played(rows: Iterable[TheaterCounts]) -> Iterable[PlayedCount]:
    return (one for row in rows for one in row.performances)


def as_before(counts: ProductionCounts, books: Books) -> Tally | None:
    """What there is to say of a production of which nothing is new; None when there is something to write."""
    tally = Tally()
    for kind, page in counts.in_order():
        memory = books.memory(kind, counts.dip_id)
        if memory.news(page) or page.faults or memory.not_returned(page.ids) or memory.returned_again(page.ids):
            return None
        tally.counts.update({"seen": len(page.ids), "unchanged": len(page.ids)})
    return tally


def apply(counts: ProductionCounts, books: Books) -> Tally:
    tally = Tally()
    here = _here(counts)
    told: dict[int, Told] = defaultdict(Told)
    for kind, page in counts.in_order():
        memory = books.memory(kind, counts.dip_id)
        news = memory.news(page)
        for one in _played(news.values()):
            if one.number in here:
                told[here[one.number].pk].update(_columns(kind, one, here[one.number], counts))
        tally.add(_remember(kind, page, memory, news, here=here, unheard=counts.unheard))
        if _believed(kind, page, memory, counts, tally):
            tally.add(_gone(kind, page, memory, here, told))
        memory.store()
    written = mirror.write(told, source=Source.DIP)
    tally.counts.update({"new": written.created, "changed": written.changed})
    return tally


def _columns(kind: RecordKind, one: PlayedCount, now: Now, counts: ProductionCounts) -> Told:
    if kind in _COLUMN:
        return cast(Told, {_COLUMN[kind]: one.tickets})
    if one.revenue_cents is None or one.counted_at is None:
        raise TypeError("sales without revenue or moment are set aside by their parser")
    if one.number not in counts.kinds and now.sold(one):
        # Its kinds stay as they are.
        return {"tickets": one.tickets, "revenue_cents": one.revenue_cents, "counted_at": one.counted_at}
    split = _fitting(counts.kinds.get(one.number), one)
    if split is None:
        return mirror.sold(one.tickets, one.revenue_cents, one.counted_at, None)
    kinds = {kind: (tickets, (split.cents or {}).get(kind, 0)) for kind, tickets in split.tickets.items()}
    told = mirror.sold(one.tickets, one.revenue_cents, one.counted_at, kinds)
    if split.cents is None:
        told["revenue_of_kinds"] = {}
    return told


def _fitting(split: Split | None, one: PlayedCount) -> Split | None:
    """The kinds, when they are those of this count: between the two answers tickets may have been sold."""
    if split is None:
        # Of no tickets at all there are none of any kind.
        return Split({}, {}) if not one.tickets else None
    fits = sum(split.tickets.values()) == one.tickets
    if split.cents is not None:
        fits = fits and sum(split.cents.values()) == one.revenue_cents
    return split if fits else None


def _remember(
    kind: RecordKind,
    page: Page[TheaterCounts],
    memory: Memory,
    news: Mapping[str, TheaterCounts],
    *,
    here: Mapping[int, Now],
    unheard: set[int],
) -> Tally:
    """A row of which a part could not be brought here is not remembered, so that it comes up again."""
    tally = Tally()
    for key, row in news.items():
        numbers = {one.number for one in row.performances}
        if numbers - here.keys() or (kind == RecordKind.SALES and numbers & unheard):
            tally.counts["deferred"] += 1
            continue
        memory.remember(key, raw=row.raw, digest_=page.digest_of(key))
    memory.set_aside(page)
    again = memory.returned_again(page.ids)
    memory.mark(again, missing=False)
    tally.counts.update(
        {
            "seen": len(page.ids),
            "unchanged": page.unchanged(news),
            "faults": len(page.faults),
            "found_again": len(again),
        }
    )
    return tally


def _believed(
    kind: RecordKind, page: Page[TheaterCounts], memory: Memory, counts: ProductionCounts, tally: Tally
) -> bool:
    """Is what is not in the page gone? Reservations may all become tickets; sales of many do not vanish at once."""
    if not page.whole or page.faults:
        return False
    gone = memory.not_returned(page.ids)
    if kind == RecordKind.SALES and not page.ids and len(gone) >= MANY:
        tally.not_believed(f"{str(kind.label).capitalize()} {counts.dip_id}", len(gone))
        return False
    return True


def _gone(
    kind: RecordKind, page: Page[TheaterCounts], memory: Memory, here: Mapping[int, Now], told: dict[int, Told]
) -> Tally:
    """What DIP told before and does not tell any more: sales are kept and marked, the others are nothing now."""
    tally = Tally()
    memory.mark(memory.not_returned(page.ids), missing=True)
    still = {number for raw in page.raws.values() for number in wire_counts.numbers_in(raw)}
    others = {number: now for number, now in here.items() if number not in still}
    if kind == RecordKind.SALES:
        lost = [now.pk for now in others.values() if now.tickets is not None and not now.missing]
        tally.counts["missing"] += mirror.mark_missing(lost, source=Source.DIP)
        return tally
    column = _COLUMN[kind]
    for now in others.values():
        if getattr(now, column) is not None:
            told[now.pk].update(cast(Told, {column: None}))
    return tally
