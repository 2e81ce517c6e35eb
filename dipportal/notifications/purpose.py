"""A mail that has waited is looked at once more: is what it was for still so?"""

import datetime as dt

from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Production
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.journal.models import Entry
from dipportal.notifications import weeks
from dipportal.notifications.enums import Kind, Standing
from dipportal.notifications.models import Email, EmailQuerySet, SalesRound, SalesSubscription, WeeklyRound
from dipportal.notifications.text import has_link
from dipportal.organisations.models import Invitation
from dipportal.outbox.models import State
from dipportal.ticketing.queries import without_count

# As long as a link to set a password or to confirm an address is good: three days, both in Django and in allauth.
LINK_LASTS = dt.timedelta(days=3)
ANSWERS = ("contract.approved", "contract.rejected", "contract.adopted", "contract.declined")


class Undecided(Exception):
    """Somebody is sending the mail that this one is about: whether it left is known in a moment."""


def lost(row: Email) -> str:
    """Why this mail need not leave any more, in words; '' when it must. An answer leaves unless it was taken back.

    Raises Undecided when that depends on a mail that is being sent right now.
    """
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
        Kind.COUNTS: _counts,
        Kind.SALES: _sales,
        Kind.SALES_INVITATION: _sales_invitation,
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
    proposals = _mails_about(event).filter(kind=Kind.PROPOSAL, recipient__iexact=row.recipient)
    if proposals.filter(event__pk__gt=event.pk).exists():
        return _("It was proposed again; that mail says it.")
    return "" if _left(proposals.filter(event__pk__lt=event.pk)) else _("The mail about the proposal never left.")


def standing_proposals(event: Entry) -> list[Email]:
    """The mails about a proposal whose readers have not been told yet that it is withdrawn."""
    mails = _mails_about(event).filter(kind__in=(Kind.PROPOSAL, Kind.WITHDRAWAL), event__pk__lt=event.pk)
    newest: dict[str, Email] = {}
    for mail in mails.order_by("pk"):
        if mail.kind == Kind.PROPOSAL or mail.state != State.ABANDONED:
            newest[mail.recipient.casefold()] = mail
    return [mail for mail in newest.values() if mail.kind == Kind.PROPOSAL]


def _counter(row: Email) -> str:
    return (
        ""
        if _status(_event(row)) == Status.PROPOSED
        else _("The adapted proposal was answered or taken back before this mail left.")
    )


def _retraction(row: Email) -> str:
    return _unless_left(counters(_event(row)).filter(recipient__iexact=row.recipient))


def counters(event: Entry) -> EmailQuerySet:
    """The mails about the adapted proposal that the event is about."""
    return _mails_about(event).filter(kind=Kind.COUNTER)


def _answer(row: Email) -> str:
    taken_back = row.event is not None and _later(row.event, "contract.reopened")
    return _("The answer was taken back before this mail left.") if taken_back else ""


def _reopened(row: Email) -> str:
    event = _event(row)
    if _later(event, *ANSWERS):
        return _("It was answered again; that mail says it.")
    return _unless_left(answers_before(event).filter(recipient__iexact=row.recipient))


def answers_before(event: Entry) -> EmailQuerySet:
    """The mails about the answer that was taken back by the event."""
    answers = Entry.objects.filter(
        code__in=ANSWERS, target_kind=event.target_kind, target_id=event.target_id, pk__lt=event.pk
    )
    mails = _mails_about(event).filter(kind__in=(Kind.ANSWER, Kind.RECORDED))
    return mails.filter(event=answers.order_by("-pk").first())


def _unless_left(told: EmailQuerySet) -> str:
    """What corrects a mail that never left need not leave either."""
    return "" if _left(told) else _("The mail that this one is about never left.")


def _left(told: EmailQuerySet) -> bool:
    """May one of these have left? Of one that is in somebody's hands `sent_at` says only that it is about to."""
    now = timezone.now()
    leased_until = told.filter(sent_at__isnull=False).values_list("claimed_until", flat=True)
    ends = [until if until is not None and until > now else None for until in leased_until]
    if ends and all(ends):
        raise Undecided(_("The mail that this one is about is on its way."))
    return bool(ends)


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


def _counts(row: Email) -> str:
    theater, name = row.event_key.split(":")[1:]
    rounds = WeeklyRound.objects.filter(theater=int(theater))
    week = rounds.select_related("theater__counting").get(week=weeks.named(name))
    if week.theater.receiver_id != row.organisation_id:
        return _("Another organisation runs the theater now.")
    if hasattr(week.theater, "counting") and not week.theater.counting.reminded:
        return _("The weekly mail was turned off before this one left.")
    if rounds.filter(week__gt=week.week).exists():
        return _("The next week has come; the mail of that week says it.")
    missing = without_count([week.theater.pk], timezone.now()).filter(pk__in=week.performances)
    return "" if missing.exists() else _("The counts came in before this mail left.")


def _sales(row: Email) -> str:
    """Figures leave for whoever still wants them, and of what the organisation still may see."""
    subscription, name = row.event_key.split(":")[1:]
    rounds = SalesRound.objects.filter(subscription=int(subscription))
    week = rounds.select_related("subscription__organisation").filter(week=weeks.named(name)).first()
    if week is None or week.subscription.standing is not Standing.ACTIVE:
        return _("The reader, or somebody of the organisation, stopped it before this mail left.")
    if rounds.filter(week__gt=week.week).exists():
        return _("The next week has come; the mail of that week says it.")
    seen = Production.objects.visible_to(week.subscription.organisation).filter(pk__in=week.productions)
    if seen.count() != len(week.productions):
        return _("The organisation no longer acts for one of the producers in it.")
    return ""


def _sales_invitation(row: Email) -> str:
    subscription, digest = row.event_key.split(":")[1:]
    still = SalesSubscription.objects.filter(
        pk=int(subscription), invitation_digest__startswith=digest, confirmed_at=None, stopped_at=None,
        expires_at__gt=timezone.now(),
    )  # fmt: skip
    return "" if still.exists() else _("The invitation was withdrawn, used or replaced.")


def _later(event: Entry, *codes: str) -> bool:
    """Did one of these happen to the same version after the event?"""
    rows = Entry.objects.filter(target_kind=event.target_kind, target_id=event.target_id, pk__gt=event.pk)
    return rows.filter(code__in=codes).exists()


def _mails_about(event: Entry) -> EmailQuerySet:
    """All mails about the version that the event is about."""
    mails = Email.objects.select_related("user", "organisation")
    return mails.filter(event__target_kind=event.target_kind, event__target_id=event.target_id)


def _invitation(row: Email) -> str:
    invitation, digest = row.event_key.split(":")[1:]
    still = Invitation.objects.open().filter(pk=invitation, token_digest__startswith=digest)
    return "" if still.exists() else _("The invitation was withdrawn, used or replaced.")


def _account(row: Email) -> str:
    """A notice, as of a changed password, has no link that ends: it is worth reading however late."""
    late = timezone.now() - row.created_at > LINK_LASTS
    return _("The link in it has expired.") if late and has_link(row.text) else ""


def _event(row: Email) -> Entry:
    if row.event is None:
        raise ValueError(f"a {row.kind} mail without its event")
    return row.event


def _status(event: Entry) -> str | None:
    return Contract.objects.filter(pk=event.target_id).values_list("status", flat=True).first()
