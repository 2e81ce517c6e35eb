"""What a theater does with the counts of its performances. Each action is one transaction: rows and journal lines.

The rooms above hang what goes to DIP on the journal line `count.reported`.
"""

import datetime as dt
from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, cast

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance, Theater
from dipportal.catalogue.touched import locked_with
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.actions import Line, record, record_many
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role
from dipportal.ticketing import mirror, rules
from dipportal.ticketing.enums import Source
from dipportal.ticketing.mirror import Told
from dipportal.ticketing.models import Counting, TicketLink
from dipportal.ticketing.queries import standings
from dipportal.ticketing.rules import Doubt, Report, Standing

# In one go: a season of one house.
MOST_AT_ONCE = 1_000


class Unlikely(PortalError):
    """The totals can be true, but hardly; they are taken in when the same doubts are confirmed."""

    code = "unlikely"

    def __init__(self, doubts: Sequence[Doubt]) -> None:
        self.doubts = list(doubts)
        super().__init__(_("Look once more: this is unlikely."))


class CountClosed(PortalError):
    """Nothing can be entered by hand here; `code` is that of rules.Closed."""

    status = 409


@dataclass(frozen=True)
class Entered:
    """One line of what a theater enters. `seen`: when its own count was changed last, as the person read it.

    `sure`: the codes of the doubts that the person confirmed.
    """

    performance: Performance
    report: Report
    seen: dt.datetime | None = None
    sure: Collection[str] = ()


def report(
    performance: Performance, report: Report, *, seen: dt.datetime | None, sure: Collection[str] = (), actor: Actor
) -> None:
    """Enter the running totals of a performance by hand; the same once more is a no-op.

    Raises NotAllowed, CountClosed, Invalid (`fields` by the names of Report), StaleState when the count was changed
    since it was `seen`, and Unlikely.
    """
    faults = report_many([Entered(performance, report, seen, tuple(sure))], actor=actor)
    for fault in faults.values():
        raise fault


def report_many(entered: Sequence[Entered], *, actor: Actor) -> Mapping[int, PortalError]:
    """Enter totals of several performances, all or none. Returns what is wrong, by the key of the performance.

    Raises NotAllowed when one of them is not in a theater of the actor, or there are more than MOST_AT_ONCE.
    """
    if len(entered) > MOST_AT_ONCE:
        raise Invalid(_("Enter at most 1,000 counts at once."), code="too_many")
    keys = sorted({one.performance.pk for one in entered})
    with transaction.atomic():
        lock(keys, actor)
        now = timezone.now()
        found = standings(keys)
        faults = {one.performance.pk: fault for one in entered if (fault := _fault(one, found)) is not None}
        if not faults:
            _take_in([one for one in entered if not _stands_already(one, found)], now, actor)
    return faults


def lock(keys: Sequence[int], actor: Actor) -> list[Performance]:
    """Two who tell of the same performance take turns; nobody tells of another house's. Raises NotAllowed."""
    locked_with(keys)  # before the performances, as everybody does
    rows = Performance.objects.select_for_update(of=("self",)).select_related("theater__receiver")
    locked = list(rows.filter(pk__in=keys).order_by("pk"))
    if len(locked) != len(keys):
        raise NotAllowed
    for one in locked:
        actor.must_act_for(one.theater.receiver, Role.EDITOR)
    return locked


def _fault(one: Entered, found: Mapping[int, Standing]) -> PortalError | None:
    standing = found[one.performance.pk]
    closed = rules.closed(standing)
    if closed is not None:
        return CountClosed(closed.sentence, code=closed.code)
    fields = rules.faults(one.report)
    if fields:
        return Invalid(fields=dict(fields))
    if _stands_already(one, found):
        return None
    mine = standing.entered
    if mine is not None and mine.changed_at != one.seen:
        return StaleState()
    doubts = rules.doubts(one.report, standing)
    return Unlikely(doubts) if rules.doubtful(tuple(one.sure), doubts) else None


def _stands_already(one: Entered, found: Mapping[int, Standing]) -> bool:
    """Was exactly this entered on the same day? On another day the same totals are news: nothing was sold since."""
    mine = found[one.performance.pk].entered
    if mine is None or mine.counted_at is None:
        return False
    same = all(getattr(mine, name) == value for name, value in asdict(one.report).items())
    return same and timezone.localdate(mine.counted_at) == timezone.localdate()


def _take_in(entered: Sequence[Entered], now: dt.datetime, actor: Actor) -> None:
    mirror.write({one.performance.pk: _told(one.report, now) for one in entered}, source=Source.HAND)
    record_many(
        "count.reported",
        [Line(one.performance, thread=one.performance.thread, fields=asdict(one.report)) for one in entered],
        actor=actor,
    )


def _told(report: Report, now: dt.datetime) -> Told:
    told: dict[str, Any] = {**asdict(report), "tickets": report.tickets, "revenue_of_kinds": {}, "counted_at": now}
    return cast(Told, told)


# --- links to a ticketing system --------------------------------------------------------------------------------
def link(performance: Performance, number: str, *, actor: Actor) -> TicketLink:
    """Say which number a performance has in the theater's own system. Raises NotAllowed and Invalid ('number')."""
    faults = link_many({performance: number}, actor=actor)
    for sentence in faults.values():
        raise Invalid(fields={"number": sentence})
    return TicketLink.objects.get(performance=performance)


def link_many(numbers: Mapping[Performance, str], *, actor: Actor) -> Mapping[int, str]:
    """Link several performances, all or none; one that has this number already is a no-op.

    Returns what is wrong, by the key of the performance. Raises NotAllowed.
    """
    with transaction.atomic():
        lock(sorted(one.pk for one in numbers), actor)
        faults = faults_in(numbers)
        if faults:
            return faults
        before = {one.performance_id: one for one in TicketLink.objects.filter(performance__in=list(numbers))}
        fresh = {one: number for one, number in numbers.items() if _is_another(before.get(one.pk), one, number)}
        TicketLink.objects.filter(performance__in=list(fresh)).delete()
        TicketLink.objects.bulk_create(
            TicketLink(performance=one, theater_id=one.theater_id, system_number=number)
            for one, number in fresh.items()
        )
        lines = [Line(one, thread=one.thread, fields={"number": number}) for one, number in fresh.items()]
        record_many("count.linked", lines, actor=actor)
    return {}


def _is_another(link: TicketLink | None, performance: Performance, number: str) -> bool:
    return link is None or (link.theater_id, link.system_number) != (performance.theater_id, number)


def faults_in(numbers: Mapping[Performance, str]) -> dict[int, str]:
    """What is wrong with these numbers of a ticketing system, by the key of the performance."""
    faults = {one.pk: fault for one, number in numbers.items() if (fault := rules.fault_in_number(number))}
    taken: dict[tuple[int, str], int] = {
        (theater, number): pk
        for theater, number, pk in TicketLink.objects.filter(
            theater__in={one.theater_id for one in numbers}, system_number__in=set(numbers.values())
        ).values_list("theater", "system_number", "performance")
    }
    for one, number in numbers.items():
        if taken.setdefault((one.theater_id, number), one.pk) != one.pk:
            faults.setdefault(one.pk, _("Another performance has this number already."))
    return faults


def unlink(performance: Performance, *, actor: Actor) -> None:
    """Counts are entered by hand again. Without a link it is a no-op."""
    with transaction.atomic():
        lock([performance.pk], actor)
        links = TicketLink.objects.filter(performance=performance)
        number = links.values_list("system_number", flat=True).first()
        if links.delete()[0]:
            fields = {"number": number}
            record("count.unlinked", performance, actor=actor, thread=performance.thread, fields=fields)


# --- how a theater counts ---------------------------------------------------------------------------------------
COUNTING = ("by_hand", "reminded", "weekday", "hour")


def set_counting(theater: Theater, *, values: Mapping[str, Any], seen_version: int, actor: Actor) -> Counting:
    """Say how a theater counts; `values` name the fields of COUNTING. What stands already is a no-op.

    Raises NotAllowed, Invalid and StaleState. `seen_version`: 1 where nothing was ever said.
    """
    if not 0 <= values["hour"] <= 23:
        raise Invalid(fields={"hour": _("Choose an hour of the day.")})
    if not 0 <= values["weekday"] <= 6:
        raise Invalid(fields={"weekday": _("Choose a day of the week.")})
    with transaction.atomic():
        now = Theater.objects.select_for_update(of=("self",)).select_related("receiver").get(pk=theater.pk)
        actor.must_act_for(now.receiver, Role.EDITOR)
        row, _made = Counting.objects.get_or_create(theater=now)
        if row.version != seen_version:
            raise StaleState
        changed = {name: [getattr(row, name), values[name]] for name in COUNTING if getattr(row, name) != values[name]}
        if changed:
            own = {name: values[name] for name in COUNTING}
            Counting.objects.filter(pk=row.pk).update(**own, version=F("version") + 1)
            record("counting.updated", now, actor=actor, fields=changed)
    row.refresh_from_db()
    return row
