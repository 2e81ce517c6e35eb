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
ANSWERS = ("contract.approved", "contract.rejected", "contract.adopted", "contract.declined")


def lost(row: Email) -> str:
    """Why this mail need not leave any more, in words; '' when it must. An answer leaves unless it was taken back."""
    check = {
        Kind.PROPOSAL: _proposal,
        Kind.COUNTER: _counter,
        Kind.WITHDRAWAL: _withdrawal,
        Kind.RETRACTION: _retraction,
        Kind.ANSWER: _answer,
        Kind.RECORDED: _answer,
        Kind.REOPENED: _reopened,
        Kind.DEADLINE: _deadline,
        Kind.SECOND: _second,
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


def _counter(row: Email) -> str:
    return (
        ""
        if _status(_event(row)) == Status.PROPOSED
        else _("The adapted proposal was answered or taken back before this mail left.")
    )


def _retraction(row: Email) -> str:
    return _unless_left(counters_to(row.recipient, _event(row)).order_by("-pk").first())


def counters_to(recipient: str, event: Entry) -> EmailQuerySet:
    """The mails that told this recipient of the adapted proposal that the event is about."""
    return _mails_to(recipient, event).filter(kind=Kind.COUNTER)


def _answer(row: Email) -> str:
    taken_back = row.event is not None and _later(row.event, "contract.reopened")
    return _("The answer was taken back before this mail left.") if taken_back else ""


def _reopened(row: Email) -> str:
    event = _event(row)
    if _later(event, *ANSWERS):
        return _("It was answered again; that mail says it.")
    return _unless_left(answer_to(row.recipient, event))


def answer_to(recipient: str, event: Entry) -> Email | None:
    """The mail that told this recipient of the answer that was taken back by the event."""
    answers = Entry.objects.filter(
        code__in=ANSWERS, target_kind=event.target_kind, target_id=event.target_id, pk__lt=event.pk
    )
    mails = _mails_to(recipient, event).filter(kind__in=(Kind.ANSWER, Kind.RECORDED))
    return mails.filter(event=answers.order_by("-pk").first()).first()


def _unless_left(told: Email | None) -> str:
    """What corrects a mail that never left need not leave either."""
    return _("The mail that this one is about never left.") if told is None or told.sent_at is None else ""


def _deadline(row: Email) -> str:
    event = _event(row)
    if _status(event) != Status.PROPOSED:
        return _("The proposal was answered or withdrawn before this mail left.")
    if _later(event, "contract.extended", "contract.proposed"):
        return _("The last day was changed; another mail says it.")
    if event.code == "contract.reminded" and _later(event, "contract.expired"):
        return _("The last day has passed; another mail says it.")
    return ""


def _second(row: Email) -> str:
    event = _event(row)
    still = Contract.objects.filter(pk=event.target_id, endorsed_by=event.user_id, discarded_at=None)
    return "" if still.exists() else _("It was completed, or begun anew, before this mail left.")


def _later(event: Entry, *codes: str) -> bool:
    """Did one of these happen to the same version after the event?"""
    rows = Entry.objects.filter(target_kind=event.target_kind, target_id=event.target_id, pk__gt=event.pk)
    return rows.filter(code__in=codes).exists()


def _mails_to(recipient: str, event: Entry) -> EmailQuerySet:
    return Email.objects.filter(
        recipient__iexact=recipient, event__target_kind=event.target_kind, event__target_id=event.target_id
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
