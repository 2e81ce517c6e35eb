"""The provider's drafts: make, change, propose, take back, give up."""

import datetime as dt
from collections.abc import Sequence
from typing import Any

from django.db import transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import four_eyes
from dipportal.contracts.actions.common import (
    locked,
    locked_evenings,
    locked_line,
    move,
    new_reference,
    party_values,
    plain,
    refuse_incomplete,
    refuse_open_revision,
    refuse_open_version,
    refuse_unfit,
)
from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import normalise
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.journal.codes import Audience
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation


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
        chosen = locked_evenings(performances)
        refuse_unfit(production, theater, chosen, kind, terms)
        contract = Contract(
            provider=provider,
            production=production,
            producer=production.producer,
            theater=theater,
            type=kind,
            reference=new_reference(),
            first_at=min(performance.starts_at for performance in chosen),
            **normalise(kind, terms),
            **party_values(parties),
        )
        contract.save(force_insert=True)
        contract.performances.set(chosen)
        contract.root = contract
        contract.save(update_fields=["root"])
        record("contract.created", contract, actor=actor, thread=contract.thread)
    return contract


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
    wanted = {**normalise(contract.type, {**contract.term_values(), **terms}), **party_values(parties)}
    with transaction.atomic():
        chosen = locked_evenings(contract.performances.all() if performances is None else performances)
        now = locked(contract)
        if now.version != seen_version:
            raise StaleState
        if now.status not in MOVES["update"].sources or now.discarded_at:
            raise StaleState(_("This is no longer a concept, so it cannot be changed."))
        refuse_unfit(now.production, now.theater, chosen, now.type, terms)
        changed = {name: [plain(getattr(now, name)), plain(value)] for name, value in wanted.items()
                   if getattr(now, name) != value}  # fmt: skip
        before = set(now.performances.values_list("pk", flat=True))
        after = {performance.pk for performance in chosen}
        if before != after:
            changed["performances"] = [sorted(before), sorted(after)]
            now.performances.set(chosen)
        if not changed:
            return now
        first = min(performance.starts_at for performance in chosen)
        Contract.objects.filter(pk=now.pk).update(
            **wanted, first_at=first, version=F("version") + 1, endorsed_at=None, endorsed_by=None
        )
        record("contract.updated", now, actor=actor, thread=now.thread, fields=changed)
    contract.refresh_from_db()
    return contract


def propose(
    contract: Contract, *, actor: Actor, seen_version: int | None = None, answer_by: dt.date | None = None
) -> Contract:
    """Send a concept to the receiver. Doing it again is a no-op. Raises Invalid when terms are missing.

    `seen_version` is the version that the person read: terms that somebody else changed since then raise StaleState.
    `answer_by` is the last day for a yes; without it the provider's own number of days counts, if it has one.
    Where the provider wants two people, the first one's yes is kept and the agreement stays a concept.
    """
    actor.must_act_for(contract.provider, MOVES["propose"].role)
    if contract.status == Status.PROPOSED and not contract.is_counter:
        return contract
    with transaction.atomic():
        performances = locked_evenings(contract.performances.all())
        locked_line(contract)
        now = locked(contract)
        _refuse_unread(now, performances, seen_version)
        refuse_unfit(now.production, now.theater, performances, now.type, now.term_values())
        refuse_incomplete(now.type, now.term_values())
        _refuse_out_of_force(now)
        last_day = _last_day(now, answer_by)
        if not four_eyes.complete(now, now.provider, actor=actor, audience=Audience.PROVIDER):
            # The day that the first of two chose stands in the form of the second.
            Contract.objects.filter(pk=now.pk).update(answer_by=last_day)
            contract.refresh_from_db()
            return contract
        values: dict[str, Any] = {"proposed_at": timezone.now(), "proposed_by": actor.user, "answer_by": last_day}
        move(contract, "propose", seen_version=now.version, reminded=0, **values)
        _answer_counter(contract, actor)
        record("contract.proposed", contract, actor=actor, thread=contract.thread)
    return contract


def _refuse_unread(now: Contract, performances: Sequence[Performance], seen_version: int | None) -> None:
    if seen_version not in (None, now.version) or now.status not in MOVES["propose"].sources or now.discarded_at:
        raise StaleState
    if {one.pk for one in performances} != set(now.performances.values_list("pk", flat=True)):
        raise StaleState


def _refuse_out_of_force(now: Contract) -> None:
    """A revision of what is no longer in force would replace the wrong agreement."""
    if now.revises is not None and now.revises.status != Status.APPROVED:
        raise PortalError(
            _("The agreement that this revises is no longer in force. Revise the one that is."), code="not_in_force"
        )


def _last_day(now: Contract, answer_by: dt.date | None) -> dt.date | None:
    today = timezone.localdate()
    if answer_by is not None and answer_by < today:
        raise Invalid(fields={"answer_by": _("Choose today or a later day.")})
    days = now.provider.answer_days
    return answer_by or (today + dt.timedelta(days=days) if days else None)


def _answer_counter(contract: Contract, actor: Actor) -> None:
    """Own terms in reply to an adapted proposal: with them that one is answered, with no."""
    counter = contract.parent
    if counter is None or not counter.is_counter or counter.status != Status.PROPOSED:
        return
    reason = _("Answered with own terms in version %(number)d.") % {"number": contract.number}
    move(
        counter,
        "decline",
        answered_at=timezone.now(),
        answered_by=actor.user,
        answer_source=AnswerSource.PORTAL,
        rejection_reason=reason,
    )


def withdraw(contract: Contract, *, actor: Actor, reason: str = "") -> Contract:
    """Take a proposal back; it becomes a concept again, and the receiver no longer sees it."""
    actor.must_act_for(contract.provider, MOVES["withdraw"].role)
    with transaction.atomic():
        move(contract, "withdraw", proposed_at=None, proposed_by=None, answer_by=None, reminded=0)
        record("contract.withdrawn", contract, actor=actor, thread=contract.thread, reason=reason)
    return contract


def discard(contract: Contract, *, actor: Actor, reason: str = "", seen_version: int | None = None) -> Contract:
    """Give a concept up: out of every list, readable in its line. Doing it again is a no-op.

    DIP has no call to remove a concept; one that was entered there stays there as a concept.
    """
    actor.must_act_for(contract.provider, MOVES["discard"].role)
    if contract.discarded_at is not None:
        return contract
    with transaction.atomic():
        move(contract, "discard", seen_version=seen_version, discarded_at=timezone.now())
        record("contract.discarded", contract, actor=actor, thread=contract.thread, reason=reason)
    return contract


def restore(contract: Contract, *, actor: Actor) -> Contract:
    """Take a given-up concept back into the lists. Raises PortalError when the line went on without it."""
    actor.must_act_for(contract.provider, MOVES["discard"].role)
    with transaction.atomic():
        locked_line(contract)
        if contract.parent is not None:
            refuse_open_version(contract.parent)
        refuse_open_revision(contract.revises, besides=contract.parent)
        rows = Contract.objects.filter(pk=contract.pk, discarded_at__isnull=False)
        if rows.update(discarded_at=None, version=F("version") + 1) != 1:
            raise StaleState
        contract.refresh_from_db()
        record("contract.restored", contract, actor=actor, thread=contract.thread)
    return contract


def extend(contract: Contract, *, answer_by: dt.date | None, actor: Actor, seen_version: int | None = None) -> Contract:
    """Another last day for the answer to a proposal that stands; None for no end. The receiver is told."""
    actor.must_act_for(contract.provider, MOVES["extend"].role)
    if answer_by is not None and answer_by < timezone.localdate():
        raise Invalid(fields={"answer_by": _("Choose today or a later day.")})
    if contract.answer_by == answer_by and contract.status == Status.PROPOSED:
        return contract
    if seen_version not in (None, contract.version):
        raise StaleState
    before = contract.answer_by
    with transaction.atomic():
        # Somebody at the receiver may have agreed as the first of two: another day changes nothing in that.
        kept = {"endorsed_at": contract.endorsed_at, "endorsed_by": contract.endorsed_by}
        move(contract, "extend", seen_version=contract.version, answer_by=answer_by, reminded=0, **kept)
        fields = {"answer_by": [plain(before), plain(answer_by)]}
        record("contract.extended", contract, actor=actor, thread=contract.thread, fields=fields)
    return contract
