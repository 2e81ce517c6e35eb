"""A mail that has waited is looked at once more: is what it was for still so?"""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.journal.models import Entry
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email, EmailQuerySet
from dipportal.organisations.models import Invitation

# As long as a link to set a password or to confirm an address is good: three days, both in Django and in allauth.
LINK_LASTS = dt.timedelta(days=3)


def lost(row: Email) -> str:
    """Why this mail need not leave any more, in words; '' when it must. Answers always leave."""
    check = {
        Kind.PROPOSAL: _proposal,
        Kind.WITHDRAWAL: _withdrawal,
        Kind.INVITATION: _invitation,
        Kind.ACCOUNT: _account,
    }.get(Kind(row.kind))
    return check(row) if check else ""


def _proposal(row: Email) -> str:
    event = _event(row)
    if _status(event) != Status.PROPOSED:
        return _("The proposal was answered or withdrawn before this mail left.")
    later = Entry.objects.filter(
        code=event.code, target_kind=event.target_kind, target_id=event.target_id, pk__gt=event.pk
    )
    return _("It was proposed again; that mail says it.") if later.exists() else ""


def _withdrawal(row: Email) -> str:
    event = _event(row)
    if _status(event) != Status.CONCEPT:
        return _("It was proposed again; that mail says it.")
    told = proposals_to(row.recipient, event).order_by("-pk").first()
    if told is None or told.sent_at is None:
        return _("The mail about the proposal never left.")
    return ""


def proposals_to(recipient: str, event: Entry) -> EmailQuerySet:
    """The mails that told this recipient of a proposal of the agreement that the event is about."""
    return Email.objects.filter(
        kind=Kind.PROPOSAL,
        recipient__iexact=recipient,
        event__target_kind=event.target_kind,
        event__target_id=event.target_id,
    )


def _invitation(row: Email) -> str:
    invitation, digest = row.event_key.split(":")[1:]
    still = Invitation.objects.open().filter(pk=invitation, token_digest__startswith=digest)
    return "" if still.exists() else _("The invitation was withdrawn, used or replaced.")


def _account(row: Email) -> str:
    return _("The link in it has expired.") if timezone.now() - row.created_at > LINK_LASTS else ""


def _event(row: Email) -> Entry:
    if row.event is None:
        raise ValueError(f"a {row.kind} mail without its event")
    return row.event


def _status(event: Entry) -> str | None:
    return Contract.objects.filter(pk=event.target_id).values_list("status", flat=True).first()
