"""The next version: after a rejection, in reply to an adapted proposal, or as a revision of what was agreed."""

from django.db import transaction
from django.db.models import F

from dipportal.contracts import rules
from dipportal.contracts.actions.common import (
    locked,
    locked_line,
    next_version,
    refuse_open_revision,
    refuse_open_version,
    still_played,
)
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import StaleState
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor


def amend(contract: Contract, *, actor: Actor, take_over: bool = False) -> Contract:
    """Begin the next version, a concept with the same terms: after a rejection, or in reply to an adapted proposal.

    `take_over` fills in what the receiver suggested. The version before stays as it is; an adapted proposal stays open
    until the reply is proposed. Raises StaleState when there is nothing to go on from, PortalError('open_version') when
    a later version is under way.
    """
    actor.must_act_for(contract.provider, MOVES["amend"].role)
    with transaction.atomic():
        root = locked_line(contract)
        now = locked(contract)
        if not any(rules.is_open_to(now, name) for name in ("amend", "reply")):
            raise StaleState
        refuse_open_version(now)
        refuse_open_revision(now.revises, besides=now)
        wishes = rules.suggested_values(now) if take_over else {}
        following = next_version(now, root, still_played(now.performances.all()), terms=wishes)
        fields = {"after": str(now.status), "taken_over": sorted(wishes)}
        record("contract.amended", following, actor=actor, thread=following.thread, fields=fields)
    return following


def revise(contract: Contract, *, actor: Actor) -> Contract:
    """Begin a revision of an approved agreement. It stays in force until the revision is approved.

    Raises StaleState when it is not approved, PortalError('open_version') when a revision is under way.
    """
    actor.must_act_for(contract.provider, MOVES["revise"].role)
    with transaction.atomic():
        root = locked_line(contract)
        now = locked(contract)
        if now.status not in MOVES["revise"].sources:
            raise StaleState
        refuse_open_revision(now)
        following = next_version(now, root, still_played(now.performances.all()), revises=now)
        record("contract.revised", following, actor=actor, thread=following.thread)
    return following


def come_into_force(contract: Contract, *, actor: Actor) -> None:
    """What an approved version revises is in force no longer. Inside the caller's transaction."""
    if contract.revises_id is None:
        return
    before = Contract.objects.get(pk=contract.revises_id)
    rows = Contract.objects.filter(pk=before.pk, status=Status.APPROVED)
    if rows.update(status=Status.REVISED, version=F("version") + 1) == 1:
        before.refresh_from_db()
        record("contract.superseded", before, actor=actor, thread=before.thread, fields={"by": contract.pk})
