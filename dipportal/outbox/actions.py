"""What a person can do with a row that needs attention: try again, or give up."""

from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.core.errors import StaleState
from dipportal.journal.actions import Acting, record
from dipportal.journal.codes import Audience, Code, declare
from dipportal.outbox.models import STUCK, WORKABLE, OutboxRow, State

declare(
    Code("outbox.retried", _("Tried again"), Audience.STAFF, icon="refresh"),
    Code("outbox.abandoned", _("Given up"), Audience.STAFF, tone="warning", icon="ban"),
)


def retry(row: OutboxRow, *, actor: Acting) -> None:
    """Make a stuck row due now. `sent_at` stays: what may have happened is looked up before it is repeated."""
    _change(
        row,
        from_states=(*STUCK, *WORKABLE),
        code="outbox.retried",
        actor=actor,
        values={
            "state": State.UNCLEAR if row.sent_at else State.WAITING,
            "due_at": timezone.now(),
            "open_claims": 0,
            "error_code": "",
            "error_text": "",
        },
    )


def abandon(row: OutboxRow, *, actor: Acting, reason: str = "") -> None:
    """Close a row without its effect; rows behind it under the same key go on."""
    _change(
        row,
        from_states=(*STUCK, *WORKABLE),
        code="outbox.abandoned",
        actor=actor,
        reason=reason,
        values={
            "state": State.ABANDONED,
            "done_at": timezone.now(),
            "claimed_until": None,
            "claim_token": "",
        },
    )


def _change(
    row: OutboxRow,
    *,
    from_states: tuple[State, ...],
    code: str,
    actor: Acting,
    values: dict[str, Any],
    reason: str = "",
) -> None:
    with transaction.atomic():
        rows = type(row)._default_manager.filter(pk=row.pk, state__in=from_states)
        if rows.update(**values) != 1:
            raise StaleState
        record(code, row, actor=actor, reason=reason)
    row.refresh_from_db()
