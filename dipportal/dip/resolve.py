"""A person's choice in a conflict: one transaction, one line in the journal, and what goes to DIP as outbox rows.

Only what the person saw is acted on: the page's token holds the versions of both sides, and a pull or a colleague that
comes between makes it another one (StaleState). Nothing is deleted in DIP, and nothing is called here.
"""

from collections.abc import Callable

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue import actions as entering
from dipportal.catalogue import mirror as catalogue
from dipportal.catalogue.mirror import PerformanceFacts, ProductionFacts
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import actions
from dipportal.contracts import mirror as agreements
from dipportal.contracts.enums import Status
from dipportal.contracts.mirror import ContractFacts
from dipportal.contracts.models import Contract
from dipportal.core.errors import NotAllowed, PortalError, StaleState
from dipportal.dip import operations, state
from dipportal.dip.apply_answers import Situation, carry_out, judge
from dipportal.dip.conflict_cases import Case, case_of, catalogue_facts, lock, stuck
from dipportal.dip.models import Kind, Operation, RemoteRecord, Subject
from dipportal.dip.models_conflict import Choice, Conflict, ConflictKind, ConflictState
from dipportal.dip.records import PerformanceRecord, ProductionRecord
from dipportal.dip.tasks import wake
from dipportal.journal.actions import record as journal
from dipportal.organisations import actors
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role
from dipportal.outbox.models import CLOSED, STUCK, State

# After these the difference stays, because only time or somebody in DIP ends it.
LEAVES_IT = (Choice.KEEP, Choice.REVISE, Choice.KNOWN, Choice.THIS, Choice.BOTH)


def resolve(conflict: Conflict, chosen: str, *, seen: str, actor: Actor) -> Conflict:
    """Carry out a choice: `chosen` is the code of one of the case's options, `seen` the token of the page.

    Doing again what was done is a no-op. Raises NotAllowed, StaleState (something changed since that page),
    PortalError('no_choice'), and what the action behind it refuses with.
    """
    if not actor.is_person:
        raise NotAllowed
    actor.must_act_for(conflict.organisation, Role.EDITOR)
    with transaction.atomic():
        lock(conflict)
        conflict.refresh_from_db()
        if chosen and chosen == conflict.choice and conflict.decided_by == actor.user:
            return conflict
        case = case_of(conflict)
        if conflict.state == ConflictState.CLOSED or case.token != seen:
            raise StaleState
        option = next((one for one in case.options if one.code == chosen), None)
        if option is None:
            raise PortalError(_("This cannot be chosen here."), code="no_choice")
        _claim(conflict, option.choice, actor)
        _CARRIED_OUT[ConflictKind(conflict.kind), option.choice](case, actor, option.value)
    conflict.refresh_from_db()
    return conflict


def _claim(conflict: Conflict, choice: Choice, actor: Actor) -> None:
    """The conditional UPDATE: of two who choose at once one wins, and the other writes nothing."""
    over = choice not in LEAVES_IT
    values = {
        "state": ConflictState.CLOSED if over else ConflictState.DECIDED,
        "choice": choice,
        "decided_at": timezone.now(),
        "decided_by": actor.user,
        "closed_at": timezone.now() if over else None,
    }
    rows = Conflict.objects.filter(pk=conflict.pk, version=conflict.version).exclude(state=ConflictState.CLOSED)
    if rows.update(**values, version=F("version") + 1) != 1:
        raise StaleState


def _contract(case: Case) -> Contract:
    if case.contract is None:
        raise PortalError(code="no_choice")
    return case.contract


def _facts(case: Case) -> ContractFacts:
    if case.facts is None:
        raise PortalError(code="no_choice")
    return case.facts


def _note(case: Case, choice: Choice, actor: Actor) -> None:
    actions.note_choice(_contract(case), kind=case.conflict.kind, choice=choice, actor=actor)


def _drop_changes(case: Case) -> list[str]:
    """Changes of ours that did not leave stay here. Returns their kinds. Raises PortalError('under_way')."""
    key = operations.key_of(case.conflict.subject_kind, case.conflict.subject_id)
    open_rows = Operation.objects.filter(key=key).exclude(state__in=CLOSED)
    kinds = list(open_rows.order_by("pk").values_list("kind", flat=True))
    text = _("Somebody chose otherwise on the page of the conflict.")
    ended = {"state": State.ABANDONED, "done_at": timezone.now(), "error_code": "chosen", "error_text": str(text)}
    open_rows.filter(state__in=STUCK).update(**ended)
    for kind in set(kinds):
        operations.drop_unsent(Kind(kind), case.conflict.subject_id, code="chosen", text=text)
    if Operation.objects.filter(key=key).exclude(state__in=CLOSED).exists():
        raise PortalError(
            _("A change of this is on its way to DIP just now. Wait until it is through, and look again."),
            code="under_way",
        )
    return kinds


def _follow_status(contract: Contract, facts: ContractFacts) -> None:
    """The theater's answer in DIP is to the terms that stand here now, so it counts as if given here."""
    now = Situation(Status(contract.status), facts.status)
    carry_out(contract, facts, judge(now).moves, actor=actors.pull(contract.provider))


def _saw(case: Case) -> None:
    """DIP's record is what we build on from now on; the next pull compares it anew."""
    record = case.record
    if record is None:
        return
    remote_id = record.number if isinstance(record, PerformanceRecord) else record.id
    RemoteRecord.objects.update_or_create(
        organisation=case.conflict.organisation,
        kind=case.conflict.subject_kind,
        remote_id=str(remote_id),
        defaults={
            "digest": "",
            "raw": dict(record.raw),
            "state_digest": state.state_digest(state.comparable(record)),
            "status": str(getattr(record, "raw_status", "")),
            "local_id": case.conflict.subject_id,
            "seen_at": timezone.now(),
        },
    )


# --- other terms -----------------------------------------------------------------------------------------------
def _keep(case: Case, actor: Actor, _value: str) -> None:
    _note(case, Choice(Choice.KEEP), actor)


def _known(case: Case, actor: Actor, _value: str) -> None:
    if case.contract is None:
        _tell(case, "vanished.known", actor)
    else:
        _note(case, Choice(Choice.KNOWN), actor)


def _revise(case: Case, actor: Actor, _value: str) -> None:
    """Ours as a next version, which the outbox brings to DIP as a revision of what is approved there."""
    contract = _contract(case)
    actions.revise(contract, actor=actor)
    _note(case, Choice(Choice.REVISE), actor)


def _take_terms(case: Case, actor: Actor, _value: str) -> None:
    contract, facts = _contract(case), _facts(case)
    if contract.status == Status.APPROVED:
        _take_as_revision(case, actor)
        return
    _drop_changes(case)
    _saw(case)
    kind = case.conflict.kind
    version = contract.version
    actions.take_terms(contract, facts, kind=kind, choice="take", actor=actor, seen_version=version)
    _follow_status(contract, facts)


def _take_as_revision(case: Case, actor: Actor) -> None:
    contract, facts = _contract(case), _facts(case)
    evenings = list(Performance.objects.filter(pk__in=facts.performance_ids).order_by("starts_at", "pk"))
    version = contract.version
    following = actions.take_terms_as_revision(contract, facts, evenings, actor=actor, seen_version=version)
    _saw(case)
    RemoteRecord.objects.filter(
        organisation=case.conflict.organisation, kind=Subject.CONTRACT, remote_id=str(facts.dip_id)
    ).update(local_id=following.pk)
    _follow_status(following, facts)


# --- another answer --------------------------------------------------------------------------------------------
def _take_answer(case: Case, actor: Actor, value: str) -> None:
    contract, facts = _contract(case), _facts(case)
    if contract.status == Status.CONCEPT:
        _take_terms(case, actor, value)
        return
    actions.take_answer(
        contract,
        answer=facts.status,
        actor=actor,
        reason=facts.rejection_reason,
        rejected_terms=facts.rejected_terms,
        seen_version=contract.version,
    )


# --- changed here and there ------------------------------------------------------------------------------------
def _put(case: Case, actor: Actor, _value: str) -> None:
    """Ours over the state that the page showed, and over no other: that state is the base of what is sent."""
    conflict = case.conflict
    row = stuck(conflict).select_for_update(of=("self",)).first()
    if row is None:
        raise StaleState
    if row.kind == Kind.CONTRACT_PROPOSE:
        _drop_changes(case)
        update = operations.enqueue(Kind.CONTRACT_UPDATE, row.subject_id, conflict.organisation)
        Operation.objects.filter(pk=update.pk).update(base_digest=conflict.seen)
        operations.enqueue(Kind.CONTRACT_PROPOSE, row.subject_id, conflict.organisation)
    else:
        operations.put_ours(row, seen=conflict.seen, actor=actor)
    if case.contract is not None:
        _note(case, Choice(Choice.PUT), actor)
    else:
        _tell(case, "changed.put", actor)
    wake()


def _take_change(case: Case, actor: Actor, _value: str) -> None:
    kinds = _drop_changes(case)
    _saw(case)
    contract = case.contract
    if contract is None:
        _take_catalogue(case, actor)
        return
    version = contract.version
    actions.take_terms(contract, _facts(case), kind="changed", choice="take", actor=actor, seen_version=version)
    if Kind.CONTRACT_PROPOSE in kinds:
        base = operations.seen_digest(case.conflict.organisation, Subject.CONTRACT, contract.dip_id)
        operations.enqueue(Kind.CONTRACT_PROPOSE, contract.pk, case.conflict.organisation, base=base)
        wake()


def _take_catalogue(case: Case, actor: Actor) -> None:
    """As a pull would have written it, had nothing of ours been on its way."""
    pull, record = actors.pull(case.conflict.organisation), case.record
    facts = catalogue_facts(record) if isinstance(record, ProductionRecord | PerformanceRecord) else None
    if isinstance(facts, ProductionFacts):
        catalogue.write_productions([facts], actor=pull, told={facts.dip_id})
    elif isinstance(facts, PerformanceFacts):
        written = catalogue.write_performances([facts], actor=pull, told={facts.number})
        agreements.refresh_first(written.moved)
    else:
        raise PortalError(code="no_choice")
    _tell(case, "changed.take", actor)


def _tell(case: Case, kind: str, actor: Actor) -> None:
    thread = str(getattr(case.target, "thread", ""))
    journal("dip.resolved", case.target, actor=actor, thread=thread, fields={"kind": kind})


# --- gone, and twice -------------------------------------------------------------------------------------------
def _anew(case: Case, actor: Actor, _value: str) -> None:
    contract, number = _contract(case), _contract(case).dip_id
    _drop_changes(case)
    actions.forget_number(contract, actor=actor, seen_version=contract.version)
    gone = RemoteRecord.objects.filter(organisation=case.conflict.organisation, kind=Subject.CONTRACT)
    gone.filter(remote_id=str(number)).update(local_id=None)
    operations.enqueue(Kind.CONTRACT_CREATE, contract.pk, case.conflict.organisation)
    wake()


def _give_up(case: Case, actor: Actor, _value: str) -> None:
    contract = _contract(case)
    _note(case, Choice(Choice.GIVE_UP), actor)
    actions.discard(contract, actor=actor, seen_version=contract.version)


def _cancel(case: Case, actor: Actor, _value: str) -> None:
    """Here only: what DIP no longer has cannot be cancelled there, and a call for it would end as a problem."""
    _drop_changes(case)
    target = case.target
    if isinstance(target, Production):
        entering.cancel_production(target, actor=actor)
        off = Performance.objects.filter(production=target)
    elif isinstance(target, Performance):
        entering.cancel_performance(target, actor=actor)
        off = Performance.objects.filter(pk=target.pk)
    else:
        raise PortalError(code="no_choice")
    gone = list(off.exclude(missing_since=None).values_list("pk", flat=True))
    for pk in gone:
        operations.drop_unsent(Kind.PERFORMANCE_UPDATE, pk, code="chosen", text=_("DIP no longer has it."))
    # Should DIP show one again, then that is news and not what was seen before.
    seen = RemoteRecord.objects.filter(organisation=case.conflict.organisation, kind=Subject.PERFORMANCE)
    seen.filter(local_id__in=gone).update(digest="")
    _tell(case, "vanished.cancel", actor)


def _this_one(case: Case, actor: Actor, value: str) -> None:
    """The others are put aside here: withdrawn where they were proposed, and out of the lists."""
    for one in case.together:
        if str(one.pk) == value:
            actions.note_choice(one, kind="double", choice="this", actor=actor)
            continue
        if one.status == Status.PROPOSED:
            actions.withdraw(one, actor=actor)
        if one.status != Status.CONCEPT:
            raise StaleState
        actions.discard(one, actor=actor)


def _both(case: Case, actor: Actor, _value: str) -> None:
    for one in case.together:
        actions.note_choice(one, kind="double", choice="both", actor=actor)


_CARRIED_OUT: dict[tuple[ConflictKind, Choice], Callable[[Case, Actor, str], None]] = {
    (ConflictKind.TERMS, Choice.KEEP): _keep,
    (ConflictKind.TERMS, Choice.REVISE): _revise,
    (ConflictKind.TERMS, Choice.TAKE): _take_terms,
    (ConflictKind.ANSWERS, Choice.KEEP): _keep,
    (ConflictKind.ANSWERS, Choice.TAKE): _take_answer,
    (ConflictKind.CHANGED, Choice.PUT): _put,
    (ConflictKind.CHANGED, Choice.TAKE): _take_change,
    (ConflictKind.VANISHED, Choice.KNOWN): _known,
    (ConflictKind.VANISHED, Choice.ANEW): _anew,
    (ConflictKind.VANISHED, Choice.GIVE_UP): _give_up,
    (ConflictKind.VANISHED, Choice.CANCEL): _cancel,
    (ConflictKind.DOUBLE, Choice.THIS): _this_one,
    (ConflictKind.DOUBLE, Choice.BOTH): _both,
}
