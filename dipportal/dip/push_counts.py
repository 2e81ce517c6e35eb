"""What a theater tells of its tickets to DIP: running totals, put over what was there.

They are never looked up. A look keeps a second create from doubling; totals that are put twice are what they were. What
must not happen is that an older call is carried out behind a newer one, and only the wait of rule 7 keeps that from
happening: so an unclear outcome is waited out, and then the newest totals are sent.
"""

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance
from dipportal.dip import count_reports, operations, wire_counts
from dipportal.dip.models import Kind
from dipportal.dip.pushing import HOUR, Stop, Work, gone, send, wait_out, waits
from dipportal.outbox.drain import Outcome, abandoned, done
from dipportal.outbox.models import State
from dipportal.ticketing import rules
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.queries import standings
from dipportal.ticketing.rules import Standing

PATHS = {
    Kind.TICKETS_REPORT: wire_counts.TICKETS_TOTALS,
    Kind.RESERVATIONS_REPORT: wire_counts.RESERVATIONS_TOTALS,
    Kind.BLOCKED_REPORT: wire_counts.BLOCKED_SEATS_TOTALS,
}


def report(kind: Kind, work: Work) -> Outcome:
    wait_out(work, _("It is not known whether DIP got this; the newest count is sent after a wait."))
    standing = standings([work.row.subject_id]).get(work.row.subject_id)
    if standing is None:
        return gone()
    if standing.performance.theater.receiver_id != work.row.organisation_id:
        return abandoned("moved", count_reports.moved_text())
    count = count_reports.chosen(kind, standing.counts.values())
    form = count_reports.totals(kind, count) if count is not None else None
    if count is None or form is None:
        return gone()
    _must_still_be_told(work, standing, count)
    body = _body(kind, count, *_numbers(work, standing.performance))
    try:
        send(work, "PUT", PATHS[kind], body, form=form)
    except Stop as stop:
        raise Stop(_in_words(stop.outcome)) from None
    return done()


def _must_still_be_told(work: Work, standing: Standing, count: TicketCount) -> None:
    """Stop when the count is no longer the theater's to tell.

    What came between telling and sending may be weeks, where there was no credential or DIP was away.
    """
    closed = rules.closed(standing)
    # What a system tells closes entering by hand, and is told itself. 'told' is looked at more closely below.
    if closed is not None and (closed.code == "gone" or (count.source == Source.HAND and closed.code != "told")):
        raise Stop(abandoned(closed.code, closed.sentence))
    left = operations.last_left(count_reports.key_of(Kind.TICKETS_REPORT, work.row.subject_id))
    if count_reports.overtaken(count, standing.counts.get(Source.DIP), left):
        text = _("DIP has a newer count of this performance that did not come from here. It was left as it is.")
        raise Stop(abandoned("told", text))


def _numbers(work: Work, performance: Performance) -> tuple[str, int]:
    """DIP's numbers of the production and the performance. Stop while there are none: the provider's work brings them,
    and wakes this row, or a pull does, and then it looks again by itself."""
    if performance.number is not None and performance.production.dip_id:
        return performance.production.dip_id, performance.number
    known = Performance.objects.filter(pk=performance.pk, number__isnull=False).exclude(production__dip_id="")
    asleep = waits(work, _("Waits until DIP has given the performance a number."), came=known.exists)
    raise Stop(replace(asleep.outcome, after=HOUR))


def _body(kind: Kind, count: TicketCount, production_id: str, number: int) -> dict[str, Any]:
    if kind in count_reports.PLACES:
        return wire_counts.body_for_places(production_id, number, getattr(count, count_reports.PLACES[kind]))
    cents = count_reports.revenue_by_kind(count)
    return wire_counts.body_for_tickets(production_id, number, count.kinds or {}, cents, count.revenue_cents or 0)


def _in_words(outcome: Outcome) -> Outcome:
    """A refusal of DIP, with what a theater can do about it."""
    if outcome.state != State.ATTENTION or outcome.code != "refused":
        return outcome
    text = _(
        "%(said)s The count stays here and was not passed on. Enter it again if it is not right, or try again; if it"
        " stays like this, the ticketing credential may not be allowed to report for this performance."
    )
    return replace(outcome, text=text % {"said": outcome.text})


HANDLERS: dict[Kind, Callable[[Work], Outcome]] = {kind: partial(report, kind) for kind in PATHS}
