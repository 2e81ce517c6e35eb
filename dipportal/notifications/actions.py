"""Writing mails into the outbox, and what an administrator can do with one."""

import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from email.utils import format_datetime, parseaddr

from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction
from django.utils import timezone

from dipportal.journal.actions import Acting
from dipportal.journal.models import Entry
from dipportal.notifications.enums import LATER, Kind
from dipportal.notifications.models import Attachment, Email
from dipportal.notifications.tasks import wake
from dipportal.organisations.models import Organisation, User
from dipportal.outbox import actions as outbox


@dataclass(frozen=True)
class File:
    """A file that goes along with a mail."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Mail:
    """One mail as it will leave. `thread` groups the mails of one agreement in the reader's mailbox; `unsubscribe` is
    the page on which the reader can stop a mail that comes again and again; `one_click` is the same where a mail
    program may stop it by itself, for a reader who asked it to (RFC 8058)."""

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
    unsubscribe: str = ""
    one_click: str = ""
    files: tuple[File, ...] = ()


def post(mails: list[Mail]) -> None:
    """Write the mails; one that stands already for this event and recipient is left as it is. Then wake the drain.

    Raises ImproperlyConfigured for a mail with files outside a transaction: it could leave before they are there.
    """
    if not mails:
        return
    made = [(_row(mail), mail) for mail in mails]
    with_files = {row.message_id: mail for row, mail in made if mail.files}
    if with_files and not transaction.get_connection().in_atomic_block:
        raise ImproperlyConfigured("a mail with files is written in a transaction")
    Email.objects.bulk_create([row for row, _mail in made], ignore_conflicts=True)
    if with_files:
        _add_files(with_files)
    transaction.on_commit(wake)


def _add_files(mails: Mapping[str, Mail]) -> None:
    """`mails` by their Message-ID. One that stood already has its files."""
    Attachment.objects.bulk_create(
        Attachment(email=row, name=file.name, content_type=file.content_type, content=file.content)
        for row in Email.objects.filter(message_id__in=list(mails)).only("message_id")
        for file in mails[row.message_id].files
    )


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
        headers=_headers(mail),
        one_click=mail.one_click,
        priority=int(mail.kind in LATER),
    )


def _headers(mail: Mail) -> dict[str, str]:
    headers = {
        "Date": format_datetime(timezone.now()),
        "Auto-Submitted": "auto-generated",
        "X-Auto-Response-Suppress": "All",
    }
    if mail.thread:
        # Nobody ever got the head of the thread: mail programs group by it all the same.
        head = f"<{mail.thread.replace(':', '-')}@{mail_domain()}>"
        headers |= {"In-Reply-To": head, "References": head}
    if mail.unsubscribe:
        # A page, on which a person decides; without List-Unsubscribe-Post no program does so by itself.
        headers["List-Unsubscribe"] = f"<{mail.unsubscribe}>"
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
            Email.objects.filter(pk=email.pk).update(text="", html="", one_click="")
    email.refresh_from_db()


def retry(email: Email, *, actor: Acting) -> None:
    """Make a stuck mail due now; the same Message-ID makes a second copy harmless."""
    with transaction.atomic():
        outbox.retry(email, actor=actor)
        transaction.on_commit(wake)
