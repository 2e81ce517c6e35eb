"""The pull of ticket counts: of each production its sales, reservations and blocked seats, read side by side.

Each production is one page, written by apply_counts.py in the order of the productions, as soon as all of it is there.
Of performances whose sales changed, and can still change, the kinds of tickets are asked for too; they come one
performance at a time.
"""

from contextlib import closing
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Production
from dipportal.dip import wire_counts
from dipportal.dip.apply_counts import Books, ProductionCounts, apply, as_before, asked_apart
from dipportal.dip.errors import NotDone
from dipportal.dip.models import RecordKind, RemoteRecord, RunStep
from dipportal.dip.pull_records import Page
from dipportal.dip.pull_run import Pull
from dipportal.dip.side_by_side import Answer, Reading
from dipportal.dip.values import Unreadable
from dipportal.ticketing.queries import counted_productions

_LISTS = {
    RecordKind.SALES: (wire_counts.sales_path, wire_counts.parse_sales),
    RecordKind.RESERVATIONS: (wire_counts.reservations_path, wire_counts.parse_theater_counts),
    RecordKind.BLOCKED_SEATS: (wire_counts.blocked_seats_path, wire_counts.parse_theater_counts),
}


class Asked(NamedTuple):
    """Of one of the tours a list; or (a number) the kinds of the tickets of one performance."""

    tour: int
    list: RecordKind | None = None
    number: int = 0


@dataclass
class Tour:
    """What is being read of one production. `waiting`: what is still to come in."""

    production: Production
    counts: ProductionCounts = field(init=False)
    waiting: set[Asked] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.counts = ProductionCounts(self.production.pk, self.production.dip_id)

    def said(self, asked: Asked) -> str:
        """What the answer is about, in words."""
        what = str(asked.list.label) if asked.list else _("kinds of tickets, %(number)d") % {"number": asked.number}
        return f"{self.production.title} {self.production.dip_id}, {what}"


def counts(pull: Pull, *, full: bool) -> None:
    """Those of running productions; of all of them when `full`, or when nothing is known yet."""
    first = not RemoteRecord.objects.filter(organisation=pull.organisation, kind=RecordKind.SALES).exists()
    running_at = None if full or first else timezone.now()
    productions = counted_productions(pull.organisation, running_at=running_at).order_by("-season", "pk")
    tours = [Tour(one) for one in productions.only("title", "dip_id")]
    books = Books.open(pull.organisation)
    reading: Reading[Asked] = Reading(pull.client)
    for index, tour in enumerate(tours):
        for kind, (path, _parse) in _LISTS.items():
            asked = Asked(index, kind)
            tour.waiting.add(asked)
            reading.ask(asked, path(tour.production.dip_id), rank=2 * index + 1)
    written = 0
    pull.progress(written, len(tours), RunStep.PRODUCTIONS)
    with closing(reading.answers()) as answers:
        for answer in answers:
            tour = tours[answer.key.tour]
            tour.waiting.discard(answer.key)
            _take_in(pull, tour, answer, books, reading)
            while written < len(tours) and not tours[written].waiting:
                _write(pull, tours[written], books)
                written += 1
                pull.progress(written, len(tours), RunStep.PRODUCTIONS)


def _take_in(pull: Pull, tour: Tour, answer: Answer[Asked], books: Books, reading: Reading[Asked]) -> None:
    """Raises CutShort when further calls make no sense."""
    asked = answer.key
    none = isinstance(answer.error, NotDone) and wire_counts.says_none(answer.error.said)
    found = [] if none else pull.list_in(tour.said(asked), answer)
    if asked.list is None:
        _take_in_kinds(pull, tour, asked, found, none=none)
        return
    if found is None:
        return
    page: Page[Any] = Page(_LISTS[asked.list][1])
    page.add(found, tour.counts.key_of)
    tour.counts.pages[asked.list] = page
    if asked.list is RecordKind.SALES:
        for number in asked_apart(tour.counts, books):
            kinds = Asked(asked.tour, number=number)
            tour.waiting.add(kinds)
            # Before the lists of later productions, so that this one is complete, written and out of memory first.
            reading.ask(kinds, wire_counts.split_path(number), rank=2 * asked.tour)


def _take_in_kinds(pull: Pull, tour: Tour, asked: Asked, found: list[Any] | None, *, none: bool) -> None:
    if found is None:
        tour.counts.unheard.add(asked.number)
        return
    try:
        tour.counts.kinds[asked.number] = None if none else wire_counts.parse_split(found)
    except Unreadable as error:
        # The totals count all the same, and the kinds are asked again when those change.
        tour.counts.kinds[asked.number] = None
        pull.trouble(_("%(what)s: %(reason)s") % {"what": tour.said(asked), "reason": error})


def _write(pull: Pull, tour: Tour, books: Books) -> None:
    counts, tour.counts = tour.counts, ProductionCounts(tour.production.pk, tour.production.dip_id)
    nothing_new = as_before(counts, books)
    if nothing_new is not None:
        pull.tally.add(nothing_new)
        return
    what = f"{tour.production.title} {tour.production.dip_id}"
    pull.write(what, lambda: apply(counts, books))
    for _kind, page in counts.in_order():
        pull.tell_faults(what, page)
