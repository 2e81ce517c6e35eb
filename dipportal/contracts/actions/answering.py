"""The receiver's answer: yes, no, or an adapted proposal; also written down on its behalf, and taken back."""

import datetime as dt
from collections.abc import Mapping, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.contracts import four_eyes, rules
from dipportal.contracts.actions.common import (
    NO_ANSWER,
    locked,
    locked_evenings,
    locked_line,
    move,
    next_version,
    refuse_incomplete,
    refuse_open_revision,
    refuse_open_version,
    refuse_unfit,
    still_played,
)
from dipportal.contracts.actions.versions import come_into_force
from dipportal.contracts.enums import OUTSIDE, AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.journal.codes import Audience
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Side

# So long can an answer be taken back by the side that gave it.
UNDO = dt.timedelta(minutes=10)


def approve(
    contract: Contract,
    *,
    actor: Actor,
    note: str = "",
    source: str = AnswerSource.PORTAL,
    seen_version: int | None = None,
) -> Contract:
    """The receiver says yes. The same person doing it again is a no-op; whoever comes second gets StaleState.

    `source` outside the portal: the provider writes down what it heard, on behalf of the receiver.
    Where the receiver wants two people, the first one's yes is kept and the proposal stays open.
    Raises PortalError('expired') after the last day for the answer; an answer found in DIP counts all the same.
    """
    name = _refuse_answer(contract, actor, "approve", source)
    if _answered_before(contract, Status.APPROVED, actor, source):
        return contract
    with transaction.atomic():
        locked_line(contract)
        now = locked(contract)
        if seen_version not in (None, now.version):
            raise StaleState
        if now.status in MOVES[name].sources:
            _refuse_late(now, actor, source)
            if not _agreed_by_two(now, actor, source):
                contract.refresh_from_db()
                return contract
        move(contract, name, seen_version=now.version, **_answer(actor, source), answer_note=note.strip())
        fields = {"source": source}
        record("contract.approved", contract, actor=actor, thread=contract.thread, reason=note.strip(), fields=fields)
        come_into_force(contract, actor=actor)
    return contract


def reject(
    contract: Contract,
    *,
    actor: Actor,
    reason: str,
    rejected_terms: Sequence[str] = (),
    suggestions: Mapping[str, Mapping[str, Any]] | None = None,
    source: str = AnswerSource.PORTAL,
    seen_version: int | None = None,
) -> Contract:
    """The receiver says no, in whole (no terms ticked) or to some terms. A person must give a reason; DIP need not.

    `suggestions`: name of a ticked term → {"value": as the column keeps it, "remark": text}, both optional.
    """
    name = _refuse_answer(contract, actor, "reject", source)
    if _answered_before(contract, Status.REJECTED, actor, source):
        return contract
    fault = rules.fault_in_rejection(contract, reason if actor.is_person else reason or "-", list(rejected_terms))
    if fault:
        raise Invalid(fields={"reason" if not reason.strip() else "rejected_terms": fault})
    ticked = rules.in_table_order(list(rejected_terms))
    wishes = _tidy_suggestions(contract, ticked, suggestions or {})
    with transaction.atomic():
        move(
            contract,
            name,
            seen_version=seen_version,
            **_answer(actor, source),
            rejection_reason=reason.strip(),
            rejected_terms=ticked,
            suggestions=wishes,
        )
        fields = {"source": source, "rejected_terms": ticked, "suggestions": wishes}
        record("contract.rejected", contract, actor=actor, thread=contract.thread, reason=reason.strip(), fields=fields)
    return contract


def counter(
    contract: Contract,
    *,
    actor: Actor,
    terms: dict[str, Any],
    remark: str = "",
    seen_version: int | None = None,
) -> Contract:
    """The receiver sends back an adapted proposal: the next version, with its own terms. Returns that version.

    The proposal it answers is rejected by it, on the terms that differ; one that was rejected before stays as it is.
    Raises Invalid when nothing differs, or when a term is wrong or missing.
    """
    receiver = contract.theater.receiver
    if receiver is None:
        raise NotAllowed
    actor.must_act_for(receiver, MOVES["counter"].role)
    with transaction.atomic():
        evenings = locked_evenings(contract.performances.all())
        root = locked_line(contract)
        now = locked(contract)
        if seen_version not in (None, now.version) or not rules.is_open_to(now, "counter"):
            raise StaleState
        refuse_open_version(now)
        refuse_open_revision(now.revises, besides=now)
        evenings = still_played(evenings)
        wanted = {**now.term_values(), **terms}
        refuse_unfit(now.production, now.theater, evenings, now.type, wanted)
        refuse_incomplete(now.type, wanted)
        changed = rules.changed_terms(now, wanted)
        if not changed:
            raise Invalid(_("Nothing differs from the proposal. Approve it, or change a term."), code="nothing_changed")
        if now.status == Status.PROPOSED:
            answer = _answer(actor, AnswerSource.PORTAL)
            move(contract, "counter", rejection_reason=remark.strip(), rejected_terms=changed, **answer)
        values = {"status": Status.PROPOSED, "proposed_at": timezone.now(), "proposed_by": actor.user}
        following = next_version(now, root, evenings, side=Side.RECEIVER, terms=terms, **values)
        fields = {"terms": changed, "answers": now.pk}
        record(
            "contract.countered", following, actor=actor, thread=following.thread, reason=remark.strip(), fields=fields
        )
    return following


def retract(contract: Contract, *, actor: Actor, reason: str = "", seen_version: int | None = None) -> Contract:
    """The receiver takes its adapted proposal back before the provider answered it."""
    receiver = contract.theater.receiver
    if receiver is None:
        raise NotAllowed
    actor.must_act_for(receiver, MOVES["retract"].role)
    with transaction.atomic():
        # Without a source: it was taken back, not answered.
        move(contract, "retract", seen_version=seen_version, **_answer(actor, ""), rejection_reason=reason.strip())
        record("contract.retracted", contract, actor=actor, thread=contract.thread, reason=reason.strip())
    return contract


def adopt(contract: Contract, *, actor: Actor, note: str = "", seen_version: int | None = None) -> Contract:
    """The provider accepts an adapted proposal as it is: both sides have then said yes to the same terms.

    An answer of its own that the provider had begun to draft is given up.
    """
    actor.must_act_for(contract.provider, MOVES["adopt"].role)
    if contract.is_counter and _answered_before(contract, Status.APPROVED, actor, AnswerSource.PORTAL):
        return contract
    with transaction.atomic():
        locked_line(contract)
        now = locked(contract)
        if seen_version not in (None, now.version) or not rules.is_open_to(now, "adopt"):
            raise StaleState
        if not four_eyes.complete(now, now.provider, actor=actor, audience=Audience.PROVIDER):
            contract.refresh_from_db()
            return contract
        answer = _answer(actor, AnswerSource.PORTAL)
        move(contract, "adopt", seen_version=now.version, answer_note=note.strip(), **answer)
        for draft in contract.children.filter(status=Status.CONCEPT, discarded_at=None):
            move(draft, "discard", discarded_at=timezone.now())
            record("contract.discarded", draft, actor=actor, thread=draft.thread)
        record("contract.adopted", contract, actor=actor, thread=contract.thread, reason=note.strip())
        come_into_force(contract, actor=actor)
    return contract


def decline(contract: Contract, *, actor: Actor, reason: str, seen_version: int | None = None) -> Contract:
    """The provider says no to an adapted proposal, with a reason, and need not propose anything else."""
    actor.must_act_for(contract.provider, MOVES["decline"].role)
    if contract.is_counter and _answered_before(contract, Status.REJECTED, actor, AnswerSource.PORTAL):
        return contract
    if not reason.strip():
        raise Invalid(fields={"reason": _("Say why: the theater works on from your reason.")})
    answer = _answer(actor, AnswerSource.PORTAL)
    with transaction.atomic():
        move(contract, "decline", seen_version=seen_version, rejection_reason=reason.strip(), **answer)
        record("contract.declined", contract, actor=actor, thread=contract.thread, reason=reason.strip())
    return contract


def undo(contract: Contract, *, actor: Actor, seen_version: int | None = None) -> Contract:
    """Take back an answer that was a slip, within ten minutes, by the side that gave it. It stands open again.

    Not when something was built on it: a later version here, or (asked of the room above) something sent to DIP.
    Raises PortalError with the reason in words.
    """
    side = rules.side_that_answered(contract)
    actor.must_act_for(rules.side_of(contract, side) if side else None)
    with transaction.atomic():
        locked_line(contract)
        now = locked(contract)
        if seen_version not in (None, now.version):
            raise StaleState
        fault = rules.fault_in_undo(now, UNDO)
        if fault:
            raise PortalError(fault, code="too_late")
        before, reason = now.status, now.rejection_reason
        rows = Contract.objects.filter(pk=now.pk, version=now.version)
        if rows.update(status=Status.PROPOSED, version=F("version") + 1, **NO_ANSWER) != 1:
            raise StaleState
        if before == Status.APPROVED and now.revises_id:
            Contract.objects.filter(pk=now.revises_id, status=Status.REVISED).update(
                status=Status.APPROVED, version=F("version") + 1
            )
        contract.refresh_from_db()
        fields = {"status": [before, str(Status.PROPOSED)]}
        record("contract.reopened", contract, actor=actor, thread=contract.thread, reason=reason, fields=fields)
    return contract


def _answer(actor: Actor, source: str) -> dict[str, Any]:
    return {"answered_at": timezone.now(), "answered_by": actor.user, "answer_source": source}


def _refuse_answer(contract: Contract, actor: Actor, name: str, source: str) -> str:
    """The move that this answer is. Raises NotAllowed when this side may not make it."""
    if source in OUTSIDE:
        recorded = {"approve": "record_approval", "reject": "record_rejection"}[name]
        actor.must_act_for(contract.provider, MOVES[recorded].role)
        return recorded
    if actor.is_person:
        receiver = contract.theater.receiver
        if receiver is None:
            raise NotAllowed
        actor.must_act_for(receiver, MOVES[name].role)
    return name


def _agreed_by_two(now: Contract, actor: Actor, source: str) -> bool:
    """Where the receiver wants two people: is this the second? An answer from outside needs one pair of eyes."""
    receiver = now.theater.receiver
    if receiver is None or source != AnswerSource.PORTAL:
        return True
    return four_eyes.complete(now, receiver, actor=actor, audience=Audience.RECEIVER)


def _refuse_late(now: Contract, actor: Actor, source: str) -> None:
    fault = rules.fault_in_time(now) if actor.is_person and source == AnswerSource.PORTAL else None
    if fault:
        raise PortalError(fault, code="expired")


def _answered_before(contract: Contract, status: str, actor: Actor, source: str) -> bool:
    """Is this the same answer once more, by the same one? (A double click, or a second page of the same pull.)"""
    return (
        contract.status == status
        and contract.answer_source == source
        and contract.answered_by_id == (actor.user.pk if actor.user else None)
    )


def _tidy_suggestions(
    contract: Contract, ticked: Sequence[str], given: Mapping[str, Mapping[str, Any]]
) -> dict[str, dict[str, Any]]:
    """Only for what was ticked, only what says something. Raises Invalid for a value that the term cannot hold."""
    strangers = set(given) - set(ticked)
    if strangers:
        raise Invalid(fields={"rejected_terms": _("A suggestion belongs to a field that is ticked.")})
    values = {name: wish["value"] for name, wish in given.items() if wish.get("value") is not None}
    faults = rules.faults_in_suggestions(contract, values)
    if faults:
        raise Invalid(fields=faults)
    tidy = rules.as_kept(contract, values)
    found: dict[str, dict[str, Any]] = {}
    for name in ticked:
        wish = given.get(name, {})
        kept = {"value": tidy.get(name), "remark": str(wish.get("remark") or "").strip()}
        if kept["value"] is not None or kept["remark"]:
            found[name] = kept
    return found
