"""Operation rows: written beside the change they push, coalesced, woken, and based on the state that was last seen."""

import datetime as dt
from collections.abc import Callable, Collection, Iterable
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Max, Q
from django.utils import timezone, translation
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.core.errors import PortalError, StaleState
from dipportal.dip import conflicts, wire
from dipportal.dip.models import Kind, Operation, RemoteRecord, Subject
from dipportal.dip.records import ContractRecord, PerformanceRecord, ProductionRecord, Raw
from dipportal.dip.state import Form, comparable, state_digest
from dipportal.dip.values import Unreadable
from dipportal.journal.actions import record as journal
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import CLOSED, State

CREATES = (Kind.CONTRACT_CREATE, Kind.PRODUCTION_CREATE, Kind.PERFORMANCE_CREATE)
# A row that was not sent may still be changed, by whoever locks it before a worker claims it.
_UNSENT = Q(sent_at__isnull=True, state__in=(State.WAITING, State.ATTENTION, State.QUARANTINED))
# A lease that ended is taken away for good: its worker may only be paused, with the old state in its hands.
_NOBODYS: dict[str, Any] = {"claimed_until": None, "claim_token": ""}
# Why rows wait that a good connection sets free.
CONNECTION_CODES = ("no_connection", "credentials", "unauthorized", "resting", "unreachable", "login", "slow_down")
# Why rows need a person that a number of DIP sets free after all.
NO_NUMBER = "no_number"


def key_of(subject: str, pk: int) -> str:
    return f"{subject}:{pk}"


def unclaimed(now: dt.datetime) -> Q:
    return Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)


def enqueue(kind: Kind, pk: int, organisation: Organisation, *, base: str = "") -> Operation:
    """A new row behind the others of its subject. Belongs in the transaction of the change."""
    subject = kind.split(".", maxsplit=1)[0]
    key = key_of(subject, pk)
    if Operation.objects.filter(key=key).exclude(state__in=CLOSED).exists():
        # What goes before it says, when it is done, on what state this one builds.
        base = ""
    return Operation.objects.create(
        kind=kind, key=key, organisation=organisation, subject_kind=subject, subject_id=pk, base_digest=base
    )


def freshen(kinds: Collection[Kind], pk: int) -> bool:
    """Is there a row that will send the newest state anyway? Makes it due now.

    The UPDATE locks the row, so a worker either reads our change after it or had claimed the row before it.
    """
    now = timezone.now()
    subject = next(iter(kinds)).split(".", maxsplit=1)[0]
    rows = Operation.objects.filter(_UNSENT, unclaimed(now), key=key_of(subject, pk), kind__in=kinds)
    values = {"state": State.WAITING, "due_at": now, "error_code": "", "error_text": "", "open_claims": 0}
    return rows.update(**values, **_NOBODYS) > 0


def drop_unsent(kind: Kind, pk: int, *, code: str, text: Promise) -> int:
    """Give up rows of this kind that nobody has sent or is about to send. Returns how many.

    `text` is kept for all who read it later, so it is said in the portal's language and not in that of who acted.
    """
    now = timezone.now()
    with translation.override(settings.LANGUAGE_CODE):
        said = str(text)
    rows = Operation.objects.filter(_UNSENT, unclaimed(now), key=key_of(kind.split(".", maxsplit=1)[0], pk), kind=kind)
    return rows.update(state=State.ABANDONED, done_at=now, error_code=code, error_text=said, **_NOBODYS)


def left_or_leaving(subject: str, pk: int) -> bool:
    """Has anything of this subject gone to DIP, or has a worker taken it up to send it?"""
    return Operation.objects.filter(key=key_of(subject, pk)).exclude(state=State.ABANDONED, sent_at=None).exists()


def last_left(key: str) -> dt.datetime | None:
    """When anything under this key last left for DIP, whatever became of it."""
    newest: dt.datetime | None = Operation.objects.filter(key=key).aggregate(newest=Max("sent_at"))["newest"]
    return newest


def newest_was_dropped(kind: Kind, pk: int) -> bool:
    """Was the newest row of this kind given up before it left?"""
    rows = Operation.objects.filter(key=key_of(kind.split(".", maxsplit=1)[0], pk), kind=kind)
    row = rows.order_by("-pk").first()
    return row is not None and row.state == State.ABANDONED and row.sent_at is None


def is_under_way(create: Kind, pk: int) -> bool:
    """Is there a create of this subject that is not closed?"""
    key = key_of(create.split(".", maxsplit=1)[0], pk)
    return Operation.objects.filter(key=key, kind=create).exclude(state__in=CLOSED).exists()


def was_ever_queued(create: Kind, pk: int) -> bool:
    """Also when it was given up: that was somebody's decision."""
    return Operation.objects.filter(key=key_of(create.split(".", maxsplit=1)[0], pk), kind=create).exists()


def is_given_up(create: Kind, pk: int) -> bool:
    """Were all creates of this subject closed without a number?"""
    rows = Operation.objects.filter(key=key_of(create.split(".", maxsplit=1)[0], pk), kind=create)
    return rows.exists() and not rows.exclude(state=State.ABANDONED).exists()


def is_repeated(row: Operation) -> bool:
    """Is there a later row of this kind for the same subject that will do what this one was to do?"""
    return Operation.objects.filter(key=row.key, kind=row.kind, pk__gt=row.pk).exclude(state__in=CLOSED).exists()


def sent_keys(row: Operation) -> list[str]:
    """The natural keys under which this or an earlier create of the same subject left, with an end nobody knows.

    Empty when none ever left: then there is nothing to look up.
    """
    rows = Operation.objects.filter(key=row.key, kind=row.kind, sent_at__isnull=False, pk__lte=row.pk)
    return list(rows.values_list("natural_key", flat=True))


def last_sent(row: Operation) -> dt.datetime | None:
    """When this subject's newest call left of which nobody knows the end, by this row or by one before it."""
    rows = Operation.objects.filter(key=row.key, sent_at__isnull=False, pk__lte=row.pk).exclude(state=State.DONE)
    newest: dt.datetime | None = rows.aggregate(newest=Max("sent_at"))["newest"]
    return newest


def last_done(row: Operation) -> dt.datetime | None:
    """When the newest call of this subject before this row came to a good end; what was done by the pull counts not."""
    rows = Operation.objects.filter(key=row.key, sent_at__isnull=False, state=State.DONE, pk__lt=row.pk)
    newest: dt.datetime | None = rows.aggregate(newest=Max("done_at"))["newest"]
    return newest


# --- the state last seen --------------------------------------------------------------------------------------
def parse(kind: str, raw: Raw) -> ContractRecord | ProductionRecord | PerformanceRecord:
    """Raises Unreadable."""
    if kind == Subject.CONTRACT:
        return wire.parse_contract(raw)
    if kind == Subject.PRODUCTION:
        return wire.parse_production(raw)
    return wire.parse_performance(raw)


def form_of(kind: str, raw: object) -> Form | None:
    """The normal form of a whole record; None for anything else, as the bare id."""
    if not isinstance(raw, dict):
        return None
    try:
        return comparable(parse(kind, raw))
    except Unreadable:
        return None


def seen(organisation: Organisation, kind: str, remote_id: object) -> RemoteRecord | None:
    if remote_id in (None, ""):
        return None
    return RemoteRecord.objects.filter(organisation=organisation, kind=kind, remote_id=str(remote_id)).first()


def seen_digest(organisation: Organisation, kind: str, remote_id: object) -> str:
    """The digest of the state that was last seen in DIP; '' when none was seen."""
    row = seen(organisation, kind, remote_id)
    if row is None:
        return ""
    form = form_of(kind, row.raw)
    return state_digest(form) if form is not None else row.state_digest


def note_done(row: Operation, remote_id: object, *, answer: object, form: Form, base: str = "") -> None:
    """Keep what DIP has now, and let what follows under the same key build on it.

    `answer` is the record, or what DIP gave instead of it; `form` is what was sent. The pull's digest is emptied, so
    that it compares this record anew.
    """
    told = form_of(row.subject_kind, answer)
    raw = answer if told is not None and isinstance(answer, dict) else {}
    digest = state_digest(told if told is not None else form)
    _keep(row, remote_id, raw=raw, digest=digest)
    rebase(row, base or digest)
    conflicts.pushed(row.subject_kind, row.subject_id)


def note_linked(row: Operation, remote_id: object) -> None:
    """The pull was first and linked what this row sent; what comes after builds on the state that the pull saw.

    A pull that linked it and put it off, because this row was not done, has kept nothing of what it saw. Then what was
    sent counts as seen: otherwise the next change would take our own state in DIP for somebody else's.
    """
    digest = seen_digest(row.organisation, row.subject_kind, remote_id)
    if not digest and row.body_digest:
        digest = row.body_digest
        _keep(row, remote_id, raw={}, digest=digest)
    rebase(row, digest)


def _keep(row: Operation, remote_id: object, *, raw: Raw, digest: str) -> None:
    """The record as it is in DIP now; `raw` is empty where only the digest of its state is known."""
    values: dict[str, object] = {
        "digest": "",
        "raw": raw,
        "state_digest": digest,
        "status": wire.status_in(raw),
        "local_id": row.subject_id,
        "seen_at": timezone.now(),
        "missing_since": None,
    }
    RemoteRecord.objects.update_or_create(
        organisation=row.organisation, kind=row.subject_kind, remote_id=str(remote_id), defaults=values
    )


def rebase(row: Operation, base: str) -> None:
    following = Operation.objects.filter(key=row.key, pk__gt=row.pk, sent_at__isnull=True).exclude(state__in=CLOSED)
    following.update(base_digest=base)


# --- waking ---------------------------------------------------------------------------------------------------
def wake_dependents(keys: Callable[[], Iterable[str]]) -> None:
    """Rows that waited for a number of DIP are due now, also those that had stopped waiting for it.

    In the transaction of the number, so that nobody sleeps on when the worker dies; and once more behind it, for what
    went to sleep meanwhile, and for what waits for two numbers of which neither saw the other.
    """
    wake_keys(keys())
    transaction.on_commit(lambda: wake_keys(keys()))


def wake_keys(keys: Iterable[str]) -> None:
    waiting = Q(state=State.WAITING, error_code="depends") | Q(state=State.ATTENTION, error_code=NO_NUMBER)
    Operation.objects.filter(waiting, key__in=list(keys)).update(state=State.WAITING, due_at=timezone.now())


def wake_for_connection(organisation: Organisation) -> int:
    rows = Operation.objects.filter(
        organisation=organisation, state__in=(State.WAITING, State.UNCLEAR), error_code__in=CONNECTION_CODES
    )
    # What is unclear keeps the time it has to wait.
    return rows.filter(sent_at__isnull=True).update(due_at=timezone.now())


def put_ours(row: Operation, *, seen: str, actor: Actor) -> None:
    """Solve a conflict in our favour. `seen` is the row's payload['seen'] as the person's page carried it: the digest
    of the state in DIP that was shown, and only that state is overwritten.

    Raises NotAllowed, StaleState (DIP changed again since that page), PortalError('no_conflict').
    """
    actor.must_act_for(row.organisation, Role.EDITOR)
    with transaction.atomic():
        now = Operation.objects.select_for_update(of=("self",)).get(pk=row.pk)
        if (now.state, now.error_code) != (State.ATTENTION, "conflict") or "seen" not in now.payload:
            raise PortalError(_("There is no conflict to solve here."), code="no_conflict")
        if now.payload["seen"] != seen:
            raise StaleState
        values = {"base_digest": seen, "state": State.WAITING, "due_at": timezone.now(), "open_claims": 0}
        Operation.objects.filter(pk=row.pk).update(**values, error_code="", error_text="")
        journal("dip.overruled", row, actor=actor, thread=row.key)
        conflicts.pushed(row.subject_kind, row.subject_id)
    row.refresh_from_db()
