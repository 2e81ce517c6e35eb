"""What a theater's own ticketing system tells of its performances: taken in without a person who reads along.

What cannot be is refused, all or none; what is unlikely is taken in and said. The journal line is the one of what is
entered by hand, `count.reported`, with the same fields.
"""

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, cast

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance, Theater
from dipportal.core.errors import Invalid, NotAllowed
from dipportal.journal.actions import Line, record_many
from dipportal.organisations.actors import Actor
from dipportal.ticketing import mirror, rules
from dipportal.ticketing.actions import MOST_AT_ONCE, faults_in, link_many, lock
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.mirror import Told
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.queries import standings
from dipportal.ticketing.rules import NUMBERS, Doubt, Report, Standing

# A clock that is so far ahead is believed to mean now.
CLOCKS_DIFFER = dt.timedelta(minutes=5)
FIELDS = (*NUMBERS, "revenue_cents")


@dataclass(frozen=True)
class Reported:
    """Running totals of one performance. None: this is not told now, and what was told before stays.

    `kinds`: tickets and cents of each kind, those left out are 0. `counted_at`: aware; None is now. `number`: what the
    performance is called in the system, to be linked; '' says nothing of that.
    """

    performance: Performance
    kinds: Mapping[TicketKind, tuple[int, int]] | None = None
    reservations: int | None = None
    blocked_seats: int | None = None
    counted_at: dt.datetime | None = None
    number: str = ""

    @property
    def revenue_cents(self) -> int:
        return sum(cents for _tickets, cents in (self.kinds or {}).values())


@dataclass(frozen=True)
class Fault:
    """Why a row is refused. `field`: a name of Report, 'counted_at', 'number', or '' for the row as a whole.

    `stands`: it is not the row that is wrong, but what is known already.
    """

    code: str
    sentence: str
    field: str = ""
    stands: bool = False


@dataclass
class Outcome:
    """`faults` and `doubts` by the place in what was told. With a fault nothing was taken in."""

    faults: dict[int, list[Fault]] = field(default_factory=dict)
    doubts: dict[int, list[Doubt]] = field(default_factory=dict)
    changed: int = 0
    linked: int = 0


def report_from_system(theater: Theater, told: Sequence[Reported], *, actor: Actor) -> Outcome:
    """Take in what the ticketing system of this theater tells, in one transaction, all or none.

    The same once more is a no-op. Raises Invalid ('too_many'), and NotAllowed when a performance does not play in this
    theater, or the actor does not act for it.
    """
    if len(told) > MOST_AT_ONCE:
        raise Invalid(_("Tell at most 1,000 counts at once."), code="too_many")
    with transaction.atomic():
        now = timezone.now()
        keys = sorted({one.performance.pk for one in told})
        if any(one.theater_id != theater.pk for one in lock(keys, actor)):
            raise NotAllowed
        known = standings(keys)
        told = [_at_most_now(one, now) for one in told]
        outcome = Outcome(faults=_faults(told, known, now))
        if not outcome.faults:
            outcome.doubts = {
                index: doubts for index, one in enumerate(told) if (doubts := _doubts(one, known[one.performance.pk]))
            }
            _take_in(told, known, now, actor, outcome)
    return outcome


def _at_most_now(one: Reported, now: dt.datetime) -> Reported:
    ahead = one.counted_at is not None and now < one.counted_at <= now + CLOCKS_DIFFER
    return replace(one, counted_at=now) if ahead else one


# --- what is refused --------------------------------------------------------------------------------------------
def _faults(told: Sequence[Reported], known: Mapping[int, Standing], now: dt.datetime) -> dict[int, list[Fault]]:
    often = Counter(one.performance.pk for one in told)
    numbers = faults_in({one.performance: one.number for one in told if _names_anew(one, known[one.performance.pk])})
    found: dict[int, list[Fault]] = {}
    for index, one in enumerate(told):
        pk = one.performance.pk
        faults = [*_in_itself(one, now), *_beside(one, known[pk])]
        if often[pk] > 1:
            faults.append(Fault("twice", _("This performance stands in the list more than once.")))
        if pk in numbers:
            faults.append(Fault("number", numbers[pk], "number", stands=not rules.fault_in_number(one.number)))
        if faults:
            found[index] = faults
    return found


def _names_anew(one: Reported, standing: Standing) -> bool:
    return bool(one.number) and standing.link is None


def _in_itself(one: Reported, now: dt.datetime) -> list[Fault]:
    faults = [Fault("invalid", sentence, name) for name, sentence in rules.faults(_report(one, None)).items()]
    if one.counted_at is not None and one.counted_at > now:
        faults.append(Fault("future", _("Nothing can be counted in the future."), "counted_at"))
    return faults


def _beside(one: Reported, standing: Standing) -> list[Fault]:
    """What does not go with what is known."""
    faults = []
    if standing.performance.missing_since is not None:
        gone = _("DIP does not have this performance any more, so nothing can be counted of it.")
        faults.append(Fault("gone", gone, stands=True))
    before = standing.counts.get(Source.SYSTEM)
    known_at = before.counted_at if before is not None else None
    if one.counted_at is not None and known_at is not None and one.counted_at < known_at:
        older = _("A newer count of this performance was told already.")
        faults.append(Fault("older", older, "counted_at", stands=True))
    link = standing.link
    if one.number and link is not None and link.system_number != one.number:
        text = _("This performance is linked to the number %(number)s. Remove that link in the portal first.")
        faults.append(Fault("linked", text % {"number": link.system_number}, "number", stands=True))
    return faults


# --- what is unlikely -------------------------------------------------------------------------------------------
def _doubts(one: Reported, standing: Standing) -> list[Doubt]:
    """Who tells of places alone is not asked about tickets, which were told at another moment."""
    found = rules.doubts(_report(one, standing.shown), standing)
    return [doubt for doubt in found if one.kinds is not None or doubt.code == "seats"]


def _report(one: Reported, before: TicketCount | None) -> Report:
    """All totals in one, what is not told now as it was `before`; tickets of unknown kinds stand under 'normal'."""
    values: dict[str, int] = {kind: (one.kinds or {}).get(kind, (0, 0))[0] for kind in TicketKind}
    values["revenue_cents"] = one.revenue_cents
    if one.kinds is None and before is not None:
        values |= {TicketKind.NORMAL: before.tickets or 0, "revenue_cents": before.revenue_cents or 0}
    for name in ("reservations", "blocked_seats"):
        own = getattr(one, name)
        values[name] = own if own is not None else getattr(before, name, None) or 0
    return Report(**{str(name): value for name, value in values.items()})


# --- what is written --------------------------------------------------------------------------------------------
def _take_in(
    told: Sequence[Reported], known: Mapping[int, Standing], now: dt.datetime, actor: Actor, outcome: Outcome
) -> None:
    numbers = {one.performance: one.number for one in told if _names_anew(one, known[one.performance.pk])}
    link_many(numbers, actor=actor)
    before = {one.performance.pk: known[one.performance.pk].counts.get(Source.SYSTEM) for one in told}
    rows = {one.performance.pk: _told(one, now) for one in told}
    news = [one for one in told if _is_news(rows[one.performance.pk], before[one.performance.pk])]
    fresh = {one.performance.pk for one in news}
    # One that was only counted anew, at a moment that it tells, moves that moment: nothing older comes after it.
    written = {
        one.performance.pk: rows[one.performance.pk]
        for one in told
        if one.performance.pk in fresh or one.counted_at is not None
    }
    mirror.write(written, source=Source.SYSTEM)
    lines = [
        Line(one.performance, thread=one.performance.thread, fields=_after(rows[pk], before[pk]))
        for one in news
        for pk in (one.performance.pk,)
    ]
    record_many("count.reported", lines, actor=actor)
    outcome.changed, outcome.linked = len(news), len(numbers)


def _told(one: Reported, now: dt.datetime) -> Told:
    row: dict[str, Any] = {}
    if one.kinds is not None:
        whole = {kind: one.kinds.get(kind, (0, 0)) for kind in TicketKind}
        tickets = sum(number for number, _cents in whole.values())
        row |= mirror.sold(tickets, one.revenue_cents, one.counted_at or now, whole)
    places = {"reservations": one.reservations, "blocked_seats": one.blocked_seats}
    return cast(Told, row | {name: value for name, value in places.items() if value is not None})


def _is_news(row: Told, before: TicketCount | None) -> bool:
    """Other totals; or the same tickets on another day: nothing was sold since, and the system is not silent."""
    if before is None:
        return True
    counted_at = row.get("counted_at")
    if any(getattr(before, name) != value for name, value in row.items() if name != "counted_at"):
        return True
    if counted_at is None:
        return False
    return before.counted_at is None or timezone.localdate(before.counted_at) != timezone.localdate(counted_at)


def _after(row: Told, before: TicketCount | None) -> dict[str, int | None]:
    """What the system has told of this performance until now, by the names of Report; None for what it never told."""
    return {name: cast(Mapping[str, Any], row).get(name, getattr(before, name, None)) for name in FIELDS}
