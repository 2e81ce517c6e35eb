"""What every push shares: waiting out, looking, the intent before the call, and what the answer means for the row."""

import datetime as dt
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Production
from dipportal.dip import conflicts, operations, wire
from dipportal.dip.client import Client
from dipportal.dip.errors import NotDone, Unclear
from dipportal.dip.models import Kind, Operation
from dipportal.dip.records import Parsed, Raw, Record
from dipportal.dip.state import Form, state_digest
from dipportal.dip.values import Unreadable
from dipportal.outbox.drain import Claim, Outcome, abandoned, again, attention, backoff, done, unclear

TWIN_WAIT = dt.timedelta(seconds=30)
HOUR = dt.timedelta(hours=1)
# So often a write may end unclear; after that a person looks, because waiting has not helped.
MOST_UNCLEAR = 5
# So long after its intent a call may leave. The wait of rule 7 counts from the intent, so a worker that was held up in
# between (a machine put to sleep, a stopped process) must not call any more: somebody else may have looked by then.
LEAVES_WITHIN = dt.timedelta(seconds=10)


class Stop(Exception):
    """The work on this row ends here, with this outcome."""

    def __init__(self, outcome: Outcome) -> None:
        self.outcome = outcome
        super().__init__(outcome.code)


@dataclass
class Work:
    """One row under way, with the client of its organisation."""

    claim: Claim[Operation]
    dip: Client

    @property
    def row(self) -> Operation:
        return self.claim.row

    def later(self, code: str, text: str, after: dt.timedelta) -> Outcome:
        """Nothing was found out: the row stays what it is, and comes back."""
        return (unclear if self.row.sent_at else again)(code, text, after=after)


def settle_time() -> dt.timedelta:
    return dt.timedelta(seconds=settings.DIP_SETTLE_SECONDS)


def wait_out(work: Work, text: str = "") -> None:
    """What was sent may still act, also what a row sent that was given up: look no sooner than that. Raises Stop.

    `text` says what happens after the wait, where nothing is looked up.
    """
    row = work.row
    sent_at = operations.last_sent(row)
    if sent_at is None:
        return
    left = sent_at + settle_time() - timezone.now()
    if left <= dt.timedelta(0):
        return
    text = text or _("It is not known whether DIP got this; it will be looked up.")
    # To wait is no outcome: a row that kills its worker at each call is still counted towards quarantine.
    claims = max(0, row.open_claims - 1)
    if row.sent_at is None:
        raise Stop(again("unclear", text, after=left, open_claims=claims))
    raise Stop(unclear(row.error_code or "unclear", row.error_text or text, after=left, open_claims=claims))


def look(work: Work, path: str, read: Callable[[Raw], Record], params: dict[str, str] | None = None) -> Parsed[Record]:
    """A list of DIP. A look that fails is not 'not found': Stop with the row as it is."""
    try:
        return wire.parse_list(work.dip.read(path, params), read)
    except NotDone as error:
        if error.permanent:
            raise Stop(attention(error.code, error.text)) from None
        raise Stop(work.later(error.code, error.text, error.after)) from None
    except Unclear as error:
        raise Stop(work.later("no_look", error.text, backoff(work.row.attempts))) from None
    except Unreadable:
        text = _("DIP's list cannot be read, so it is not known what it has.")
        raise Stop(work.later("unreadable", text, backoff(work.row.attempts, base=60))) from None


def one_of(work: Work, found: Parsed[Record], remote_id: object, identity: Callable[[Record], object]) -> Record:
    """The record with this id; Stop when it is not there, or there but unreadable."""
    for record in found.records:
        if str(identity(record)) == str(remote_id):
            return record
    if any(fault.remote_id == str(remote_id) for fault in found.faults):
        text = _("DIP's record %(id)s cannot be read.") % {"id": remote_id}
        raise Stop(work.later("unreadable", text, backoff(work.row.attempts, base=60)))
    must_be_current(work, remote_id, has=set())
    raise Stop(attention("missing", _("DIP does not have number %(id)s any more.") % {"id": remote_id}))


def only_match(work: Work, matches: Sequence[Record], doubtful: bool) -> Record | None:
    """The one record that is ours, or None when it is certain that there is none; Stop in doubt."""
    if len(matches) > 1:
        raise Stop(attention("several", _("DIP has several records that could be this one. Clear that up in DIP.")))
    if matches:
        return matches[0]
    if doubtful:
        text = _("DIP has records that cannot be read; one of them could be this one.")
        raise Stop(work.later("unreadable", text, backoff(work.row.attempts, base=60)))
    return None


def _base(row: Operation, remote_id: object) -> str:
    """The digest of the state in DIP that this row builds on; '' when none was seen."""
    return row.base_digest or operations.seen_digest(row.organisation, row.subject_kind, remote_id)


def must_be_current(work: Work, remote_id: object, *, has: set[str]) -> None:
    """Right behind a change of ours DIP's lists may still show what was before it (rule 7). Until that is over only
    the state which that change made is believed; anything else, also what is wanted now, is read again. Raises Stop."""
    # What this row sent itself has been waited out, and that takes longer.
    done_at = operations.last_done(work.row) if work.row.sent_at is None else None
    if done_at is None:
        return
    left = done_at + settle_time() - timezone.now()
    if left > dt.timedelta(0) and _base(work.row, remote_id) not in has:
        text = _("DIP may still show what was there before our last change; it is read again.")
        raise Stop(work.later("lagging", text, left))


def must_still_be_ours(work: Work, remote_id: object, raw: Raw, *, has: set[str], differing: Sequence[object]) -> None:
    """Stop with a conflict when DIP shows a state that neither we saw nor we made (rule 8). `raw`: DIP's record."""
    row = work.row
    if {_base(row, remote_id), row.body_digest} - {""} & has:
        return
    names = ", ".join(str(name) for name in differing)
    text = _("Somebody changed this in DIP meanwhile (%(what)s). Nothing was overwritten.") % {"what": names}
    payload = {**row.payload, "seen": min(has)}
    raise Stop(conflicting(work, raw, seen=min(has), text=text, payload=payload))


def conflicting(work: Work, raw: Raw, *, seen: str, text: str, **values: Any) -> Outcome:
    """Nothing is sent; a person chooses on the page of the conflict, which has DIP's record as it is now."""
    row = work.row

    def note() -> None:
        conflicts.found_by_push(row, theirs=raw, seen=seen, text=text)

    return attention("conflict", text, apply=note, **values)


def send(
    work: Work,
    method: str,
    path: str,
    body: dict[str, Any],
    *,
    form: Form,
    natural_key: str = "",
    reference: str = "",
    unwanted: Callable[[], Outcome | None] = lambda: None,
) -> Any:
    """Commit the intent, make the call, give DIP's answer. Every other end is a Stop.

    The log-in and the turn come first, so that nothing but the call stands between the intent and the answer.
    `unwanted` looks once more whether this still has to leave, after the intent: whoever takes it back meanwhile finds
    a row that may have left, or one that will not.
    """
    before = work.row.sent_at
    try:
        work.dip.ready()
    except NotDone as error:
        raise Stop(work.later(error.code, error.text, error.after)) from None
    try:
        work.claim.write(
            sent_at=timezone.now(), body_digest=state_digest(form), natural_key=natural_key, reference=reference
        )
    except IntegrityError:
        text = _("Another one that looks the same is being entered in DIP; this one waits for it.")
        raise Stop(again("twin", text, after=TWIN_WAIT)) from None
    outcome = unwanted()
    if outcome is not None:
        raise Stop(replace(outcome, values={"sent_at": before}))
    try:
        return work.dip.write(
            method,
            path,
            body,
            before_again=lambda: work.claim.write(sent_at=timezone.now()),
            leaving=lambda: _must_leave_now(work, before),
        )
    except Unclear as error:
        raise Stop(unclear_write(work, error.code, error.text)) from None
    except NotDone as error:
        raise Stop(_not_done(work, error)) from None


def _must_leave_now(work: Work, before: dt.datetime | None) -> None:
    """Stop when the intent is too old to call on. Nothing left; who took the row over meanwhile has it all the same."""
    sent_at = work.row.sent_at
    if sent_at is not None and timezone.now() - sent_at > LEAVES_WITHIN:
        text = _("The worker was held up before the call left; it is tried again.")
        raise Stop((unclear if before else again)("held_up", text, after=dt.timedelta(0), sent_at=before))


def unclear_write(work: Work, code: str, text: str) -> Outcome:
    """It is looked up before it is repeated; each time it ends like this that takes longer, and then a person looks."""
    times = work.row.unclear_writes + 1
    if times >= MOST_UNCLEAR:
        told = _("%(what)s This happened %(count)d times. Look in DIP whether it is there, then try again.")
        return attention(code, told % {"what": text, "count": times}, unclear_writes=times)
    return unclear(code, text, after=settle_time() * 2 ** (times - 1), unclear_writes=times)


def _not_done(work: Work, error: NotDone) -> Outcome:
    if error.code == "slow_down":
        # Looked up before a second try all the same: who counts calls may have counted after acting.
        return unclear(error.code, error.text, after=max(error.after, settle_time()))
    if error.permanent:
        return attention(error.code, error.text, sent_at=None)
    return again(error.code, error.text, after=max(error.after, backoff(work.row.attempts)), sent_at=None)


def no_id(work: Work) -> Outcome:
    return unclear_write(work, "no_id", _("DIP said yes, but not which number it gave."))


def gone() -> Outcome:
    return abandoned("gone", _("It does not exist any more."))


def not_coming(work: Work, create: Kind, pks: Sequence[int]) -> list[int]:
    """Those of these subjects that get no number of DIP any more. For the others a row is to bring one, or does now."""
    for pk in pks:
        if not operations.was_ever_queued(create, pk):
            operations.enqueue(create, pk, work.row.organisation)
    return [pk for pk in pks if operations.is_given_up(create, pk)]


def must_know_production(work: Work, production: Production) -> None:
    """Stop while DIP has given the production no number."""
    if production.dip_id:
        return
    if not_coming(work, Kind.PRODUCTION_CREATE, [production.pk]):
        text = _(
            "DIP has no number for the production: it was cancelled, or entering it was given up. "
            "Change the production, and it is sent to DIP again; or give this up."
        )
        raise Stop(attention(operations.NO_NUMBER, text))
    raise waits(
        work,
        _("Waits until DIP has given the production a number."),
        came=lambda: Production.objects.filter(pk=production.pk).exclude(dip_id="").exists(),
    )


def waits(work: Work, text: str, *, came: Callable[[], bool]) -> Stop:
    """For a number of DIP that another row is to bring; that one wakes this one.

    A number that came while this row was on its way to sleep found nobody to wake: it is looked for once more when
    everybody can see that this row sleeps.
    """

    def look_again() -> None:
        if came():
            operations.wake_keys([work.row.key])

    asleep = again("depends", text, after=dt.timedelta(seconds=60))
    return Stop(replace(asleep, apply=lambda: transaction.on_commit(look_again)))


def already(remote_id: object, work: Work) -> Outcome:
    """The pull was first: the record is linked."""
    return done(apply=lambda: operations.note_linked(work.row, remote_id))


def settled(work: Work, remote_id: object, *, answer: object, form: Form) -> Outcome:
    return done(apply=lambda: operations.note_done(work.row, remote_id, answer=answer, form=form))
