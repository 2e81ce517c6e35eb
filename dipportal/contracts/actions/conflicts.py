"""Where this portal and DIP say different things: flagged, never overwritten, and settled when they agree again."""

from django.db import transaction
from django.db.models import F
from django.utils import timezone

from dipportal.contracts.models import Contract
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor


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
        fields = {"kind": kind}
        record("contract.conflict", contract, actor=actor, thread=contract.thread, reason=text, fields=fields)
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
