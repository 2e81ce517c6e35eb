"""The register of conflicts: found by a pull or a push, told once, over when both say the same again or by a choice.

Of one kind about one thing at most one is not over (a constraint), so two finders make one conflict and one mail.
Everything here runs in the transaction of whatever found it.
"""

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F, QuerySet
from django.utils import timezone

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip.duplicates import MISSED
from dipportal.dip.models import Operation, Subject
from dipportal.dip.models_conflict import Choice, Conflict, ConflictKind, ConflictState
from dipportal.journal.actions import on
from dipportal.journal.actions import record as journal
from dipportal.journal.models import ActorKind, Entry
from dipportal.organisations import actors
from dipportal.organisations.models import Organisation

CONTRACT_FLAGS = (ConflictKind.TERMS, ConflictKind.ANSWERS)
MODELS: dict[str, type[Contract] | type[Production] | type[Performance]] = {
    Subject.CONTRACT: Contract,
    Subject.PRODUCTION: Production,
    Subject.PERFORMANCE: Performance,
}


def key_of(subject: str, pk: int) -> str:
    return f"{subject}:{pk}"


def conflicts_of(organisation: Organisation | None) -> QuerySet[Conflict]:
    """All of this organisation's, also those that are over."""
    rows: QuerySet[Conflict] = Conflict.objects.visible_to(organisation).select_related("decided_by")
    return rows


def live(organisation: Organisation, kinds: Collection[str] = ConflictKind.values) -> QuerySet[Conflict]:
    rows: QuerySet[Conflict] = Conflict.objects.filter(organisation=organisation, kind__in=kinds)
    return rows.exclude(state=ConflictState.CLOSED)


def of_subject(subject: str, pk: int) -> QuerySet[Conflict]:
    rows: QuerySet[Conflict] = Conflict.objects.filter(subject_kind=subject, subject_id=pk)
    return rows.exclude(state=ConflictState.CLOSED)


# --- found -----------------------------------------------------------------------------------------------------
def put_down(
    organisation: Organisation,
    kind: ConflictKind,
    subject: tuple[str, int],
    *,
    key: str = "",
    text: str = "",
    theirs: Mapping[str, Any] | None = None,
    seen: str = "",
    others: Collection[int] = (),
) -> Conflict | None:
    """Note a conflict; None when the same stands there already. What stood there about another state is over.

    Two finders at once: the constraint lets one through, and the other's IntegrityError undoes only its savepoint.
    """
    subject_kind, subject_id = subject
    key = key or key_of(subject_kind, subject_id)
    before = live(organisation, [kind]).select_for_update().filter(key=key).first()
    if before is not None:
        if (before.text, before.seen) == (text, seen):
            return None
        close(Conflict.objects.filter(pk=before.pk))
    row = Conflict(
        organisation=organisation,
        kind=kind,
        subject_kind=subject_kind,
        subject_id=subject_id,
        key=key,
        text=text,
        theirs=dict(theirs or {}),
        seen=seen,
        others=list(others),
    )
    try:
        with transaction.atomic():
            row.save(force_insert=True)
    except IntegrityError:
        return None
    return row


def found_by_push(row: Operation, *, theirs: Mapping[str, Any], seen: str, text: str) -> None:
    """DIP shows a state that neither we saw nor we made, so nothing was sent. In the transaction of that outcome."""
    subject = (row.subject_kind, row.subject_id)
    made = put_down(row.organisation, ConflictKind.CHANGED, subject, text=text, theirs=theirs, seen=seen)
    if made is None:
        return
    actor = actors.pull(row.organisation)
    target = MODELS[row.subject_kind]._default_manager.get(pk=row.subject_id)
    if isinstance(target, Contract):
        actions.tell_conflict(target, kind=ConflictKind.CHANGED, text=text, actor=actor)
    else:
        journal("dip.conflict", target, actor=actor, thread=target.thread, reason=text)


def keep_theirs(contract: Contract, raw: Mapping[str, Any]) -> None:
    """DIP's record beside the conflict that a pull just flagged."""
    of_subject(Subject.CONTRACT, contract.pk).filter(kind__in=CONTRACT_FLAGS).update(theirs=dict(raw))


@on("contract.conflict")
def flagged(entry: Entry) -> None:
    """The pull flagged an agreement: other terms, or another answer."""
    if entry.fields.get("kind") not in CONTRACT_FLAGS:
        return
    contract = Contract.objects.select_related("provider").get(pk=entry.target_id)
    kind = ConflictKind(entry.fields["kind"])
    close(of_subject(Subject.CONTRACT, contract.pk).filter(kind__in=CONTRACT_FLAGS))
    put_down(contract.provider, kind, (Subject.CONTRACT, contract.pk), text=entry.reason)


# --- over ------------------------------------------------------------------------------------------------------
def close(rows: QuerySet[Conflict]) -> int:
    """DIP and the portal say the same, or the matter is gone. Whoever has the page open finds another version."""
    return rows.exclude(state=ConflictState.CLOSED).update(
        state=ConflictState.CLOSED, closed_at=timezone.now(), version=F("version") + 1
    )


def pushed(subject: str, pk: int) -> None:
    """What stands here is in DIP now."""
    close(of_subject(subject, pk).filter(kind=ConflictKind.CHANGED))


@on("contract.settled")
def settled(entry: Entry) -> None:
    close(of_subject(Subject.CONTRACT, int(entry.target_id)).filter(kind__in=CONTRACT_FLAGS))


@on("contract.withdrawn", "contract.superseded", "contract.discarded", "contract.reopened")
def moot(entry: Entry) -> None:
    """It was about something that is no longer proposed, or no longer in force."""
    contract = Contract.objects.get(pk=entry.target_id)
    actions.drop_conflict(contract)
    close(of_subject(Subject.CONTRACT, contract.pk).filter(kind__in=CONTRACT_FLAGS))
    if entry.code == "contract.discarded":
        close(of_subject(Subject.CONTRACT, contract.pk).exclude(kind=ConflictKind.DOUBLE))


@on("outbox.abandoned")
def given_up(entry: Entry) -> None:
    """The change that did not fit is not sent any more."""
    if entry.target_kind == Operation._meta.label_lower:
        row = Operation.objects.get(pk=entry.target_id)
        pushed(row.subject_kind, row.subject_id)


@on("production.cancelled", "performance.cancelled")
def off(entry: Entry) -> None:
    """What does not take place here need not be in DIP. What DIP shows as cancelled is there, and not gone."""
    if entry.actor_kind == ActorKind.PULL:
        return
    subject = Subject.PRODUCTION if entry.target_kind == Production._meta.label_lower else Subject.PERFORMANCE
    close(of_subject(subject, int(entry.target_id)).filter(kind=ConflictKind.VANISHED))


# --- after a pull of the catalogue -----------------------------------------------------------------------------
def lost(organisation: Organisation, subject: Subject, pks: Collection[int]) -> None:
    """DIP no longer shows these productions or performances, seen in the pull under way. In its transaction.

    Each is a conflict and a line of its own; of those of one pull there is one mail, that of the first.
    """
    if not pks:
        return
    rows: QuerySet[Any] = MODELS[subject]._default_manager.filter(pk__in=pks).order_by("pk")
    if subject == Subject.PRODUCTION:
        rows = rows.filter(cancelled_at=None)
    else:
        rows = rows.filter(status=PerformanceStatus.AGREED)
    made = [row for row in rows if put_down(organisation, ConflictKind.VANISHED, (subject, row.pk)) is not None]
    actor = actors.pull(organisation)
    first, others = made[:1], made[1:]
    for row in first:
        fields = {"kind": ConflictKind.VANISHED.value, "also": [one.pk for one in others]}
        journal("dip.conflict", row, actor=actor, thread=row.thread, fields=fields)
    for row in others:
        fields = {"kind": ConflictKind.VANISHED.value, "with": first[0].pk}
        journal("dip.conflict", row, actor=actor, thread=row.thread, fields=fields)


def found_again(organisation: Organisation, subject: Subject, pks: Collection[int]) -> None:
    """DIP shows these productions or performances once more."""
    rows = live(organisation, [ConflictKind.VANISHED]).filter(subject_kind=subject, subject_id__in=pks)
    close(rows)


# --- after a pull of agreements --------------------------------------------------------------------------------
def watch(
    organisation: Organisation,
    doubles: Iterable[tuple[tuple[int, ...], str]],
    *,
    gone: frozenset[int],
    quietly: bool = False,
) -> set[tuple[int, ...]]:
    """Note what DIP no longer has and what it has twice; end what is over. In a transaction of its own.

    `doubles`: DIP's numbers of what looks like one agreement, with the sentence that says so. Returns those of them
    about which somebody chose already, so that they are no alarm any more. `gone`: the keys of the agreements that
    stand here and that DIP no longer has (duplicates.look). `quietly`: what DIP has twice stands in the list, but
    nobody is mailed; a first pull brings years of old news, and hundreds of letters would hide what is new.
    """
    found = dict(doubles)
    with transaction.atomic():
        known = {(row.kind, row.key): row for row in live(organisation, (ConflictKind.VANISHED, ConflictKind.DOUBLE))}
        _vanished(organisation, known, gone)
        return _doubled(organisation, known, found, quietly=quietly)


def _vanished(organisation: Organisation, known: Mapping[tuple[str, str], Conflict], gone: frozenset[int]) -> None:
    keys = {key_of(Subject.CONTRACT, pk): pk for pk in gone}
    noted = {key: row for (kind, key), row in known.items() if kind == ConflictKind.VANISHED}
    back = [row.pk for key, row in noted.items() if key not in keys]
    if back:
        close(Conflict.objects.filter(pk__in=back))
    fresh = [pk for key, pk in keys.items() if key not in noted]
    # Asked again here: somebody may have given one of them up since.
    rows = Contract.objects.filter(pk__in=fresh, discarded_at=None, status__in=MISSED).exclude(missing_since=None)
    for contract in rows.order_by("pk") if fresh else ():
        made = put_down(organisation, ConflictKind.VANISHED, (Subject.CONTRACT, contract.pk))
        if made is not None:
            actor = actors.pull(organisation)
            actions.tell_conflict(contract, kind=ConflictKind.VANISHED, text="", actor=actor)


def _doubled(
    organisation: Organisation,
    known: Mapping[tuple[str, str], Conflict],
    found: Mapping[tuple[int, ...], str],
    *,
    quietly: bool,
) -> set[tuple[int, ...]]:
    noted = {key: row for (kind, key), row in known.items() if kind == ConflictKind.DOUBLE}
    keys = {numbers: double_key(numbers) for numbers in found}
    over = [key for key, row in noted.items() if key not in keys.values() or _came_back(row)]
    if over:
        close(Conflict.objects.filter(pk__in=[noted.pop(key).pk for key in over]))
    fresh = [numbers for numbers in found if keys[numbers] not in noted]
    concerned = {number for numbers in fresh for number in numbers}
    rows = Contract.objects.filter(provider=organisation, dip_id__in=concerned).order_by("dip_id") if fresh else []
    by_number = {row.dip_id: row for row in rows}
    for numbers in fresh:
        contracts = [by_number[number] for number in sorted(numbers) if number in by_number]
        if len(contracts) > 1:
            _note_double(organisation, contracts, key=keys[numbers], text=found[numbers], quietly=quietly)
    decided = {key for key, row in noted.items() if row.state == ConflictState.DECIDED}
    return {numbers for numbers, key in keys.items() if key in decided}


def _came_back(row: Conflict) -> bool:
    """What was put aside was proposed in DIP all the same, so that there are two again."""
    if row.choice != Choice.THIS:
        return False
    return Contract.objects.filter(pk__in=row.others, discarded_at=None).count() > 1


def double_key(numbers: Iterable[int]) -> str:
    """Of more than a handful the first few say enough; a further one makes another conflict of it."""
    ordered = sorted(numbers)
    return f"double:{','.join(str(number) for number in ordered[:8])}:{len(ordered)}"


def _note_double(organisation: Organisation, contracts: list[Contract], *, key: str, text: str, quietly: bool) -> None:
    """On the oldest of them, by DIP's number."""
    others = [row.pk for row in contracts]
    subject = (Subject.CONTRACT, others[0])
    made = put_down(organisation, ConflictKind.DOUBLE, subject, key=key, text=text, others=others)
    if made is not None and not quietly:
        actions.tell_conflict(contracts[0], kind=ConflictKind.DOUBLE, text=text, actor=actors.pull(organisation))
