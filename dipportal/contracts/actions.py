"""What can be done with an agreement. Each action is one transaction: row, journal line, and what follows from it.

Order in each: refuse by rule, lock the row, change it by conditional UPDATE of the status, journal. The rooms above
hang their mails and DIP operations on the journal line (journal.actions.on), in the same transaction.
"""

import secrets
from collections.abc import Iterable, Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import rules
from dipportal.contracts.enums import AnswerSource, ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import normalise
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation

# Without 0, O, 1, I and L: people read references out over the telephone.
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


def new_reference() -> str:
    return "DP-" + "".join(secrets.choice(_ALPHABET) for _ in range(10))


# What an editor may fill in besides the terms.
PARTY_FIELDS = ("contact_receiver", "contact_provider", "agency_as_provider", "own_reference")


def create_concept(
    *,
    provider: Organisation,
    production: Production,
    theater: Theater,
    performances: Sequence[Performance],
    kind: str,
    terms: dict[str, Any],
    actor: Actor,
    parties: dict[str, Any] | None = None,
) -> Contract:
    """Draft an agreement for performances of one production in one theater.

    Raises NotAllowed (not an editor of the provider, or a production that is not its own) and Invalid.
    """
    actor.must_act_for(provider)
    if not Production.objects.visible_to(provider).filter(pk=production.pk).exists():
        raise NotAllowed
    with transaction.atomic():
        chosen = _locked_evenings(performances)
        _refuse_unfit(production, theater, chosen, kind, terms)
        contract = Contract(
            provider=provider,
            production=production,
            producer=production.producer,
            theater=theater,
            type=kind,
            reference=new_reference(),
            first_at=min(performance.starts_at for performance in chosen),
            **normalise(kind, terms),
            **_party_values(parties),
        )
        contract.save(force_insert=True)
        contract.performances.set(chosen)
        _start_line(contract)
        record("contract.created", contract, actor=actor, thread=contract.thread)
    return contract


def _start_line(contract: Contract) -> None:
    contract.root = contract
    contract.save(update_fields=["root"])


def _party_values(parties: dict[str, Any] | None) -> dict[str, Any]:
    given = parties or {}
    if set(given) - set(PARTY_FIELDS):
        raise KeyError(f"not for an editor: {', '.join(sorted(set(given) - set(PARTY_FIELDS)))}")
    return given


def _refuse_unfit(
    production: Production,
    theater: Theater,
    performances: Sequence[Performance],
    kind: str,
    terms: dict[str, Any],
) -> None:
    if kind not in ContractType.values:
        raise Invalid(fields={"type": _("Choose a type.")})
    unfit = rules.fault_in_choice(production, theater, performances)
    if unfit:
        fields = {unfit.field: unfit.sentence} if unfit.field else {}
        raise Invalid(None if fields else unfit.sentence, code=unfit.code, fields=fields)
    faults = rules.faults_in_terms(kind, terms, complete=False)
    if faults:
        raise Invalid(fields=faults)


def update_concept(
    contract: Contract,
    *,
    actor: Actor,
    seen_version: int,
    terms: dict[str, Any],
    performances: Sequence[Performance] | None = None,
    parties: dict[str, Any] | None = None,
) -> Contract:
    """Change a concept. `seen_version` is the version the person saw; a stale save raises StaleState.

    Saving what already stands there changes nothing and writes no line.
    """
    actor.must_act_for(contract.provider)
    wanted = {**normalise(contract.type, {**contract.term_values(), **terms}), **_party_values(parties)}
    with transaction.atomic():
        chosen = _locked_evenings(contract.performances.all() if performances is None else performances)
        now = _locked(contract)
        if now.version != seen_version:
            raise StaleState
        if now.status not in MOVES["update"].sources:
            raise StaleState(_("This is no longer a concept, so it cannot be changed."))
        _refuse_unfit(now.production, now.theater, chosen, now.type, terms)
        changed = {name: [_plain(getattr(now, name)), _plain(value)] for name, value in wanted.items()
                   if getattr(now, name) != value}  # fmt: skip
        before = set(now.performances.values_list("pk", flat=True))
        after = {performance.pk for performance in chosen}
        if before != after:
            changed["performances"] = [sorted(before), sorted(after)]
            now.performances.set(chosen)
        if not changed:
            return now
        first = min(performance.starts_at for performance in chosen)
        Contract.objects.filter(pk=now.pk).update(**wanted, first_at=first, version=F("version") + 1)
        record("contract.updated", now, actor=actor, thread=now.thread, fields=changed)
    contract.refresh_from_db()
    return contract


def _plain(value: Any) -> Any:
    return value if isinstance(value, str | int | float | bool | list | dict | type(None)) else str(value)


def _locked_evenings(performances: Iterable[Performance]) -> list[Performance]:
    """The performances as they are now, locked: whoever cancels one waits, or was first and is seen.

    Before the agreement's own lock, as in the actions of the catalogue, so that the two never wait for each other.
    """
    keys = [performance.pk for performance in performances]
    return list(Performance.objects.select_for_update(of=("self",)).filter(pk__in=keys).order_by("pk"))


def _locked(contract: Contract) -> Contract:
    """The row as it is now, locked until the transaction ends (on SQLite the transaction itself is the lock)."""
    return Contract.objects.select_for_update(of=("self",)).get(pk=contract.pk)


def propose(contract: Contract, *, actor: Actor, seen_version: int | None = None) -> Contract:
    """Send a concept to the receiver. Doing it again is a no-op. Raises Invalid when terms are missing.

    `seen_version` is the version that the person read: terms that somebody else changed since then raise StaleState.
    """
    move = MOVES["propose"]
    actor.must_act_for(contract.provider, move.role)
    if contract.status == Status.PROPOSED:
        return contract
    with transaction.atomic():
        performances = _locked_evenings(contract.performances.all())
        now = _locked(contract)
        if seen_version not in (None, now.version) or now.status not in move.sources:
            raise StaleState
        if {one.pk for one in performances} != set(now.performances.values_list("pk", flat=True)):
            raise StaleState
        _refuse_unfit(now.production, now.theater, performances, now.type, now.term_values())
        faults = rules.faults_in_terms(now.type, now.term_values(), complete=True)
        if faults:
            raise Invalid(_("Some terms are missing or wrong, so this cannot be proposed yet."), fields=faults)
        _move(
            contract,
            "propose",
            seen_version=now.version,
            proposed_at=timezone.now(),
            proposed_by=actor.user,
        )
        record("contract.proposed", contract, actor=actor, thread=contract.thread)
    return contract


def _move(contract: Contract, name: str, *, seen_version: int | None = None, **values: Any) -> None:
    """The conditional UPDATE: exactly one caller wins. The loser gets StaleState and writes nothing."""
    move = MOVES[name]
    rows = Contract.objects.filter(pk=contract.pk, status__in=move.sources)
    if seen_version is not None:
        rows = rows.filter(version=seen_version)
    if rows.update(status=move.target, version=F("version") + 1, **values) != 1:
        raise StaleState
    contract.refresh_from_db()


def withdraw(contract: Contract, *, actor: Actor, reason: str = "") -> Contract:
    """Take a proposal back; it becomes a concept again, and the receiver no longer sees it."""
    actor.must_act_for(contract.provider, MOVES["withdraw"].role)
    with transaction.atomic():
        _move(contract, "withdraw", proposed_at=None, proposed_by=None)
        record("contract.withdrawn", contract, actor=actor, thread=contract.thread, reason=reason)
    return contract


def approve(
    contract: Contract,
    *,
    actor: Actor,
    note: str = "",
    source: str = AnswerSource.PORTAL,
    seen_version: int | None = None,
) -> Contract:
    """The receiver says yes. The same person doing it again is a no-op; whoever comes second gets StaleState."""
    _refuse_answer(contract, actor, "approve")
    if _answered_before(contract, Status.APPROVED, actor, source):
        return contract
    with transaction.atomic():
        _move(
            contract,
            "approve",
            seen_version=seen_version,
            answered_at=timezone.now(),
            answered_by=actor.user,
            answer_source=source,
            answer_note=note.strip(),
        )
        record("contract.approved", contract, actor=actor, thread=contract.thread, reason=note.strip(),
               fields={"source": source})  # fmt: skip
    return contract


def reject(
    contract: Contract,
    *,
    actor: Actor,
    reason: str,
    rejected_terms: Sequence[str] = (),
    source: str = AnswerSource.PORTAL,
    seen_version: int | None = None,
) -> Contract:
    """The receiver says no, in whole (no terms ticked) or to some terms. A person must give a reason; DIP need not."""
    _refuse_answer(contract, actor, "reject")
    if _answered_before(contract, Status.REJECTED, actor, source):
        return contract
    fault = rules.fault_in_rejection(contract, reason if actor.is_person else reason or "-", list(rejected_terms))
    if fault:
        raise Invalid(fields={"reason" if not reason.strip() else "rejected_terms": fault})
    ticked = rules.in_table_order(list(rejected_terms))
    with transaction.atomic():
        _move(
            contract,
            "reject",
            seen_version=seen_version,
            answered_at=timezone.now(),
            answered_by=actor.user,
            answer_source=source,
            rejection_reason=reason.strip(),
            rejected_terms=ticked,
        )
        record("contract.rejected", contract, actor=actor, thread=contract.thread, reason=reason.strip(),
               fields={"source": source, "rejected_terms": ticked})  # fmt: skip
    return contract


def _refuse_answer(contract: Contract, actor: Actor, move: str) -> None:
    if actor.is_person:
        receiver = contract.theater.receiver
        if receiver is None:
            raise NotAllowed
        actor.must_act_for(receiver, MOVES[move].role)


def _answered_before(contract: Contract, status: str, actor: Actor, source: str) -> bool:
    """Is this the same answer once more, by the same one? (A double click, or a second page of the same pull.)"""
    return (
        contract.status == status
        and contract.answer_source == source
        and contract.answered_by_id == (actor.user.pk if actor.user else None)
    )


def amend(contract: Contract, *, actor: Actor) -> Contract:
    """Begin the next version after a rejection: a concept with the same terms. The rejected one stays as it is.

    Raises StaleState when it is not rejected, PortalError('open_version') when a later version is under way.
    """
    actor.must_act_for(contract.provider, MOVES["amend"].role)
    with transaction.atomic():
        # Locking the first version serialises two people who begin a next version at the same time.
        root = Contract.objects.select_for_update(of=("self",)).get(pk=contract.root_id_or_own)
        now = Contract.objects.get(pk=contract.pk)
        if now.status not in MOVES["amend"].sources:
            raise StaleState
        if now.children.exists():
            raise PortalError(
                _("There already is a later version of this agreement. Go on with that one."),
                code="open_version",
            )
        evenings = [one for one in now.performances.all() if rules.takes_place(one)]
        if not evenings:
            raise PortalError(
                _("None of these performances takes place any more, so there is nothing left to agree on."),
                code="no_performances",
            )
        last = Contract.objects.filter(root=root).order_by("-number").values_list("number", flat=True).first() or 1
        following = Contract(
            provider=now.provider,
            production=now.production,
            producer=now.producer,
            theater=now.theater,
            type=now.type,
            reference=new_reference(),
            root=root,
            parent=now,
            number=last + 1,
            first_at=min(one.starts_at for one in evenings),
            **{name: getattr(now, name) for name in PARTY_FIELDS},
            **normalise(now.type, now.term_values()),
        )
        following.save(force_insert=True)
        following.performances.set(evenings)
        record("contract.amended", following, actor=actor, thread=following.thread)
    return following


def flag_conflict(contract: Contract, *, text: str, actor: Actor) -> bool:
    """Mark that DIP says something else than was answered here. Nothing is overwritten. False when it stood already."""
    with transaction.atomic():
        changed = (
            Contract.objects.filter(pk=contract.pk)
            .exclude(conflict_text=text)
            .update(conflict_at=timezone.now(), conflict_text=text, version=F("version") + 1)
        )
        if changed != 1:
            return False
        contract.refresh_from_db()
        record("contract.conflict", contract, actor=actor, thread=contract.thread, reason=text)
    return True


def settle_conflict(contract: Contract, *, actor: Actor) -> bool:
    """DIP and this portal say the same again, so the flag comes off. False when there was none."""
    with transaction.atomic():
        flagged = Contract.objects.filter(pk=contract.pk, conflict_at__isnull=False)
        if flagged.update(conflict_at=None, conflict_text="", version=F("version") + 1) != 1:
            return False
        contract.refresh_from_db()
        record("contract.settled", contract, actor=actor, thread=contract.thread)
    return True
