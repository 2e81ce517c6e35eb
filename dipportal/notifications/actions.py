"""Writing mails into the outbox, and what an administrator can do with one."""

import secrets
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from dipportal.journal.actions import Acting
from dipportal.journal.models import Entry
from dipportal.notifications.enums import LATER, Kind
from dipportal.notifications.models import Email
from dipportal.notifications.tasks import wake
from dipportal.organisations.models import Organisation, User
from dipportal.outbox import actions as outbox


@dataclass(frozen=True)
class Mail:
    """One mail as it will leave. `thread` groups the mails of one agreement in the reader's mailbox."""

    kind: Kind
    event_key: str
    recipient: str
    language: str
    subject: str
    text: str
    html: str
    thread: str = ""
    event: Entry | None = None
    user: User | None = None
    organisation: Organisation | None = None


def post(mails: list[Mail]) -> None:
    """Write the mails; one that stands already for this event and recipient is left as it is. Then wake the drain."""
    if not mails:
        return
    Email.objects.bulk_create([_row(mail) for mail in mails], ignore_conflicts=True)
    transaction.on_commit(wake)


def _row(mail: Mail) -> Email:
    return Email(
        kind=mail.kind,
        event=mail.event,
        event_key=mail.event_key,
        recipient=mail.recipient,
        user=mail.user,
        organisation=mail.organisation,
        language=mail.language,
        subject=one_line(mail.subject),
        text=mail.text,
        html=mail.html,
        message_id=f"<{secrets.token_hex(16)}@{mail_domain()}>",
        headers=_headers(mail.thread),
        priority=int(mail.kind in LATER),
    )


def _headers(thread: str) -> dict[str, str]:
    headers = {
        "Date": format_datetime(timezone.now()),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if thread:
        # Nobody ever got the head of the thread: mail programs group by it all the same.
        head = f"<{thread.replace(':', '-')}@{mail_domain()}>"
        headers |= {"In-Reply-To": head, "References": head}
    return headers


def mail_domain() -> str:
    """The domain of our own sender address."""
    return parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or settings.HOST


def one_line(subject: str) -> str:
    """A subject is one line, whatever stands in a title: no header can be added through it."""
    line = " ".join("".join(letter if letter.isprintable() else " " for letter in subject).split())
    return line if len(line) <= 250 else f"{line[:249]}…"


def abandon(email: Email, *, actor: Acting, reason: str = "") -> None:
    """Give up on a mail. Raises StaleState when it has left. A link that is a key does not stay behind."""
    with transaction.atomic():
        outbox.abandon(email, actor=actor, reason=reason)
        if email.secret:
            Email.objects.filter(pk=email.pk).update(text="", html="")
    email.refresh_from_db()


def retry(email: Email, *, actor: Acting) -> None:
    """Make a stuck mail due now; the same Message-ID makes a second copy harmless."""
    with transaction.atomic():
        outbox.retry(email, actor=actor)
        transaction.on_commit(wake)
