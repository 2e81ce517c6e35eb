"""Where this portal and DIP say different things: flagged, never overwritten, and ended by a choice or by DIP.

The choices are the provider's. Each is one transaction with one line `contract.resolved` that both parties of a shared
agreement read. What goes to DIP, and whether there is a conflict at all, is for the room that knows DIP.
"""

from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance
from dipportal.contracts import mirror, rules
from dipportal.contracts.actions.common import (
    NO_ANSWER,
    locked,
    locked_line,
    move,
    next_version,
    refuse_open_revision,
    refuse_open_version,
)
from dipportal.contracts.actions.versions import come_into_force
from dipportal.contracts.enums import SHARED, AnswerSource, Status
from dipportal.contracts.mirror import ContractFacts, Following
from dipportal.contracts.models import Contract
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.journal.codes import Audience
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role

# What the provider clears up alone: a change that was not sent, and what was entered twice.
OWN_MATTERS = ("changed", "double")
UNFLAGGED: dict[str, Any] = {"conflict_at": None, "conflict_text": ""}


def audience_of(contract: Contract) -> Audience:
    """A concept does not exist for the other side, so neither does what is said of it."""
    return Audience.BOTH if contract.status in SHARED else Audience.PROVIDER


def flag_conflict(contract: Contract, *, text: str, actor: Actor, kind: str = "answers") -> bool:
    """Mark that DIP says something else than was answered here. Nothing is overwritten. False when it stood already.

    `kind`: 'answers' or 'terms', what differs.
    """
    with transaction.atomic():
        changed = (
            Contract.objects.filter(pk=contract.pk)
            .exclude(conflict_text=text)
            .update(conflict_at=timezone.now(), conflict_text=text, version=F("version") + 1)
        )
        if changed != 1:
            return False
        contract.refresh_from_db()
        tell_conflict(contract, kind=kind, text=text, actor=actor)
    return True


def tell_conflict(contract: Contract, *, kind: str, text: str, actor: Actor) -> None:
    """The line that everything hangs on: the mails, and the conflict on its page. Inside the caller's transaction."""
    record(
        "contract.conflict",
        contract,
        actor=actor,
        thread=contract.thread,
        reason=text,
        fields={"kind": kind},
        audience=Audience.PROVIDER if kind in OWN_MATTERS else audience_of(contract),
    )


def settle_conflict(contract: Contract, *, actor: Actor) -> bool:
    """DIP and this portal say the same again, so the flag comes off. False when there was none."""
    with transaction.atomic():
        flagged = Contract.objects.filter(pk=contract.pk, conflict_at__isnull=False)
        if flagged.update(**UNFLAGGED, version=F("version") + 1) != 1:
            return False
        contract.refresh_from_db()
        record("contract.settled", contract, actor=actor, thread=contract.thread, audience=audience_of(contract))
    return True


def drop_conflict(contract: Contract) -> bool:
    """The flag has lost its object: the proposal was withdrawn, or replaced. That has its own line in the journal."""
    flagged = Contract.objects.filter(pk=contract.pk, conflict_at__isnull=False)
    return flagged.update(**UNFLAGGED, version=F("version") + 1) == 1


# --- the provider's choices ------------------------------------------------------------------------------------
def note_choice(contract: Contract, *, kind: str, choice: str, actor: Actor) -> Contract:
    """Write down what was chosen where nothing changes here: what stands here counts, or DIP's lack is known."""
    actor.must_act_for(contract.provider, Role.EDITOR)
    with transaction.atomic():
        _tell(contract, kind, choice, actor, differed=contract.conflict_text)
    return contract


def take_terms(
    contract: Contract, facts: ContractFacts, *, kind: str, choice: str, actor: Actor, seen_version: int
) -> Contract:
    """Take over DIP's terms of what is not agreed on yet: a concept, or a proposal, which stays one.

    Whoever had agreed as the first of two agreed to other terms, so that mark goes. Raises StaleState.
    """
    actor.must_act_for(contract.provider, MOVES["update"].role)
    with transaction.atomic():
        locked_line(contract)
        now = locked(contract)
        differences = mirror.differences(now, facts, _played(now))
        rows = Contract.objects.filter(
            pk=now.pk, version=seen_version, status__in=(Status.CONCEPT, Status.PROPOSED), discarded_at=None
        )
        if rows.update(**UNFLAGGED, endorsed_at=None, endorsed_by=None, version=F("version") + 1) != 1:
            raise StaleState
        contract.refresh_from_db()
        mirror.follow([Following(contract, facts, differences)], actor=actor)
        contract.refresh_from_db()
        _tell(contract, kind, choice, actor, differed=now.conflict_text)
    return contract


def take_terms_as_revision(
    contract: Contract, facts: ContractFacts, evenings: Sequence[Performance], *, actor: Actor, seen_version: int
) -> Contract:
    """DIP's terms beside an approved agreement: what was agreed is not changed, a revision of it has them.

    DIP's record is that revision from now on, so its number goes along; the version that was agreed here keeps its
    terms and its answer, and is in force until the revision is. Returns the revision, a concept.
    Raises StaleState, and PortalError('open_version') when a revision is under way.
    """
    actor.must_act_for(contract.provider, MOVES["revise"].role)
    with transaction.atomic():
        root = locked_line(contract)
        now = locked(contract)
        refuse_open_version(now)
        refuse_open_revision(now)
        rows = Contract.objects.filter(pk=now.pk, version=seen_version, status=Status.APPROVED)
        # A row without a number of DIP has to say since when it was shared.
        shared = {"proposed_at": now.proposed_at or now.created_at}
        if rows.update(**UNFLAGGED, **shared, dip_id=None, version=F("version") + 1) != 1:
            raise StaleState
        values = {"type": facts.type, "production_id": facts.production_id, "theater_id": facts.theater_id}
        if values != {name: getattr(now, name) for name in values}:
            raise PortalError(
                _("In DIP this is about another production, theater or type. Make a new agreement of it."),
                code="another_deal",
            )
        following = next_version(now, root, evenings, terms=dict(facts.terms), revises=now, dip_id=facts.dip_id)
        record("contract.revised", following, actor=actor, thread=following.thread)
        contract.refresh_from_db()
        _tell(contract, "terms", "take", actor, differed=now.conflict_text)
    return following


def take_answer(
    contract: Contract,
    *,
    answer: str,
    actor: Actor,
    reason: str = "",
    rejected_terms: Sequence[str] = (),
    seen_version: int | None = None,
) -> Contract:
    """The theater's answer in DIP in place of the one given here: a yes for a no, or a no for a yes.

    Only while nothing was built on the answer that stood here. Raises StaleState, PortalError('open_version').
    """
    name = {Status.APPROVED: "take_approval", Status.REJECTED: "take_rejection"}[Status(answer)]
    actor.must_act_for(contract.provider, MOVES[name].role)
    own = [term for term in rejected_terms if rules.fault_in_rejection(contract, "-", [term]) is None]
    with transaction.atomic():
        locked_line(contract)
        now = locked(contract)
        if seen_version not in (None, now.version):
            raise StaleState
        if rules.is_open_to(now, name):
            refuse_open_version(now)
            refuse_open_revision(now if name == "take_rejection" else now.revises, besides=now)
        before, differed = now.status, now.conflict_text
        values = {**NO_ANSWER, "answered_at": timezone.now(), "answer_source": AnswerSource.DIP, **UNFLAGGED}
        if name == "take_rejection":
            values |= {"rejection_reason": reason.strip(), "rejected_terms": rules.in_table_order(own)}
        move(contract, name, seen_version=now.version, **values)
        if name == "take_approval":
            come_into_force(contract, actor=actor)
        elif contract.revises_id:
            in_force = Contract.objects.filter(pk=contract.revises_id, status=Status.REVISED)
            in_force.update(status=Status.APPROVED, version=F("version") + 1)
        _tell(contract, "answers", "take", actor, differed=differed, status=[str(before), contract.status])
    return contract


def forget_number(contract: Contract, *, actor: Actor, seen_version: int) -> Contract:
    """A concept that DIP no longer has: it has no number there any more, so that it can be entered anew."""
    actor.must_act_for(contract.provider, MOVES["update"].role)
    with transaction.atomic():
        rows = Contract.objects.filter(
            pk=contract.pk, version=seen_version, status=Status.CONCEPT, discarded_at=None
        ).exclude(missing_since=None)
        if rows.update(dip_id=None, missing_since=None, version=F("version") + 1) != 1:
            raise StaleState
        contract.refresh_from_db()
        _tell(contract, "vanished", "anew", actor)
    return contract


def _tell(contract: Contract, kind: str, choice: str, actor: Actor, *, differed: str = "", **fields: Any) -> None:
    """`differed`: what differed before the choice, in words, for who was not there."""
    concerns_both = kind in ("terms", "answers") or choice == "take"
    record(
        "contract.resolved",
        contract,
        actor=actor,
        thread=contract.thread,
        reason=differed,
        # One word for both, because it is what the label hangs on.
        fields={"kind": f"{kind}.{choice}", **fields},
        audience=audience_of(contract) if concerns_both else Audience.PROVIDER,
    )


def _played(contract: Contract) -> set[int]:
    return set(contract.performances.values_list("pk", flat=True))
