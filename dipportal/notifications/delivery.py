"""Sending what is due: SMTP outside any transaction, one connection a drain, every outcome in the row.

At least once is the best SMTP allows. A copy carries the Message-ID of the first one, so mail programs show it once.
"""

import datetime as dt
import smtplib
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from types import TracebackType
from typing import Any

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend
from django.core.mail.message import sanitize_address
from django.db import Error as DatabaseTrouble
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.notifications import purpose
from dipportal.notifications.enums import WITH_FILES
from dipportal.notifications.models import Email
from dipportal.outbox import batch, drain
from dipportal.outbox.batch import Held
from dipportal.outbox.drain import Outcome

WITHOUT_SERVER = dt.timedelta(minutes=10)
WHILE_IN_HAND = dt.timedelta(seconds=5)
GIVE_UP_AFTER = dt.timedelta(days=3)
MOST_DOUBTS = 5
# Many a mail server hangs up after a hundred mails; a connection of our own choosing loses nothing to that.
MAILS_A_CONNECTION = 100
# As SMTP has them.
LINE_END, END_OF_MAIL = "\r\n", b"\r\n.\r\n"
MOST_A_DRAIN = 1_000
# Outcomes after which it is certain that this attempt delivered nothing.
NOTHING_LEFT = {"server_away", "refused_now", "refused", "unusable"}


class ServerAway(Exception):
    """No mail server that takes mail from us; nothing has been sent."""


class Letter(EmailMultiAlternatives):
    """A mail whose envelope and bytes are made once, and beforehand."""

    sender = ""
    readers: Sequence[str] = ()
    content = b""

    def make(self) -> "Letter":
        """Raises ValueError for what no mail can be made of."""
        encoding = self.encoding or settings.DEFAULT_CHARSET
        self.sender = sanitize_address(self.from_email, encoding)
        self.readers = [sanitize_address(reader, encoding) for reader in self.recipients()]
        made: Any = self.message()
        self.content = made.as_bytes(linesep=LINE_END)
        return self


class Postman:
    """One connection to the mail server for as long as it lasts.

    A server takes longer to say that it has a mail than the next one takes to be made, and than outcomes take to be
    written: that is done in between.
    """

    def __init__(self) -> None:
        self.backend: BaseEmailBackend | None = None
        self.away = ""
        self.carried = 0
        # Whose letter is probably next, and that letter.
        self.following: Email | None = None
        # What else can be done while a server takes its time.
        self.in_a_pause: Callable[[], None] = lambda: None
        self._ahead: tuple[Email, Letter] | None = None

    def __enter__(self) -> "Postman":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.hang_up()

    def connect(self) -> BaseEmailBackend:
        """Raises ServerAway; after one failure at once, so that a dead server costs a drain one time-out."""
        if self.away:
            raise ServerAway(self.away)
        if self.carried >= MAILS_A_CONNECTION:
            self.hang_up()
        if self.backend is None:
            backend = get_connection()
            try:
                backend.open()
            except (OSError, smtplib.SMTPException) as error:
                self.away = describe(error)
                raise ServerAway(self.away) from error
            self.backend = backend
            self._use_its_pauses(backend)
        self.carried += 1
        return self.backend

    def letter(self, row: Email) -> Letter:
        """Raises ValueError.

        A row that was handed back and taken again may say something else by now: its letter is made anew.
        """
        ahead, self._ahead = self._ahead, None
        return ahead[1] if ahead is not None and ahead[0] is row else message(row).make()

    def hand_over(self, row: Email, backend: BaseEmailBackend) -> None:
        """Raises ValueError, and what smtplib or the backend raise."""
        letter = self.letter(row)
        connection: Any = getattr(backend, "connection", None)
        if hasattr(connection, "sendmail"):
            connection.sendmail(letter.sender, letter.readers, letter.content)
        else:
            # It does not speak SMTP: the console's, a file's, the tests'.
            backend.send_messages([letter])

    def _use_its_pauses(self, backend: BaseEmailBackend) -> None:
        """`send` of smtplib gives the server the whole mail, and then waits for its word."""
        connection: Any = getattr(backend, "connection", None)
        send = getattr(connection, "send", None)
        if send is None:
            return

        def sent(content: Any) -> None:
            send(content)
            if content[-len(END_OF_MAIL) :] == END_OF_MAIL:
                self._make_ahead()
                # What the database says to this has nothing to do with the mail that is leaving either: the outcomes
                # are kept, and are written, or break this drain, when it is through with the mail.
                with suppress(DatabaseTrouble):
                    self.in_a_pause()

        connection.send = sent

    def _make_ahead(self) -> None:
        row = self.following
        if row is not None:
            # Whatever is wrong with it has nothing to do with the mail that is leaving: it is said when its turn comes.
            with suppress(Exception):
                self._ahead = (row, message(row).make())

    def hang_up(self) -> None:
        backend, self.backend, self.carried = self.backend, None, 0
        if backend is not None:
            backend.close()


def drain_due() -> int:
    """Send the mails that are due. Returns how many rows were worked."""
    with Postman() as postman:
        return batch.drain(Email, lambda held: deliver(held, postman), limit=MOST_A_DRAIN)


def more_is_due() -> bool:
    """Did a drain end (after so many mails, or so many seconds) with mails left that are due?"""
    return drain.claimable(Email, timezone.now()).exists()


def deliver(held: Held[Email], postman: Postman) -> Outcome:
    """Send one mail. `sent_at` is written before the purpose is looked at: a withdrawal that comes in between finds
    either a proposal that may have left, or one that will not."""
    row = held.row
    if not settings.MAIL_CONFIGURED:
        return drain.again("no_server", _("Mail is not set up."), after=WITHOUT_SERVER)
    try:
        backend = postman.connect()
    except ServerAway as error:
        return nothing_left(held, drain.again("server_away", str(error), after=drain.backoff(row.attempts)))
    held.begin()
    try:
        lost = purpose.lost(row)
    except purpose.Undecided as undecided:
        return nothing_left(held, drain.again("in_hand", str(undecided), after=WHILE_IN_HAND))
    if lost:
        return nothing_left(held, drain.abandoned("purpose", lost), **wiped(row))
    postman.following, postman.in_a_pause = held.following, held.batch.use_a_pause
    outcome = attempt(row, backend, postman)
    return nothing_left(held, outcome) if outcome.code in NOTHING_LEFT else outcome


def nothing_left(held: Held[Email], outcome: Outcome, **values: str) -> Outcome:
    """This attempt delivered nothing, so that of an earlier one is what counts."""
    return replace(outcome, values={"sent_at": held.before, **values})


def attempt(row: Email, backend: BaseEmailBackend, postman: Postman) -> Outcome:
    try:
        postman.hand_over(row, backend)
    except (smtplib.SMTPRecipientsRefused, smtplib.SMTPDataError, smtplib.SMTPSenderRefused) as error:
        return refused(row, error, postman)
    except OSError as error:
        postman.hang_up()
        return doubtful(row, error)
    except ValueError as error:
        return drain.attention("unusable", describe(error))
    return drain.done(None, **wiped(row))


def message(row: Email) -> Letter:
    mail = Letter(
        row.subject, row.text, settings.DEFAULT_FROM_EMAIL, [row.recipient],
        headers={**row.headers, **one_click(row), "Message-ID": row.message_id},
    )  # fmt: skip
    mail.attach_alternative(row.html, "text/html")
    if row.kind in WITH_FILES:
        for file in row.attachments.order_by("pk"):
            mail.attach(file.name, bytes(file.content), file.content_type)
    return mail


def one_click(row: Email) -> dict[str, str]:
    """A mail program may stop this mail by itself, when its reader asks it to (RFC 8058)."""
    if not row.one_click:
        return {}
    return {"List-Unsubscribe": f"<{row.one_click}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def wiped(row: Email) -> dict[str, str]:
    """A link that is a key does not lie about once it has left; in the demo people read their mail here."""
    return {} if settings.DEMO_MODE or not row.secret else {"text": "", "html": "", "one_click": ""}


def refused(row: Email, error: smtplib.SMTPException, postman: Postman) -> Outcome:
    """The server said no, so nothing left. To us as sender: wait. To this mail: 4xx later, 5xx never."""
    code = reply_code(error)
    if code == 421 and postman.carried > 1:
        # It took mails until now and closes this connection only: the next mail asks for another one.
        postman.hang_up()
        return drain.again("refused_now", describe(error), after=drain.backoff(row.attempts))
    if code == 421 or isinstance(error, smtplib.SMTPSenderRefused):
        postman.hang_up()
        postman.away = describe(error)
        return drain.again("server_away", postman.away, after=drain.backoff(row.attempts))
    if code < 500 and timezone.now() - row.created_at < GIVE_UP_AFTER:
        return drain.again("refused_now", describe(error), after=drain.backoff(row.attempts, base=60, most=3600))
    return drain.attention("refused", _("The mail server refuses this mail: %(answer)s") % {"answer": describe(error)})


def doubtful(row: Email, error: OSError) -> Outcome:
    """The connection broke while sending: send it again under the same Message-ID, but not for ever."""
    doubts = row.doubts + 1
    if doubts >= MOST_DOUBTS:
        text = _("The connection broke %(count)d times while sending. The mail may have arrived.") % {"count": doubts}
        return drain.attention("connection_lost", text, doubts=doubts)
    after = drain.backoff(doubts, base=30, most=3600)
    return drain.unclear("connection_lost", describe(error), after=after, doubts=doubts)


def reply_code(error: smtplib.SMTPException) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max(code for code, _answer in error.recipients.values())
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0


def describe(error: Exception) -> str:
    """The server's own words, in one line; for an administrator, never for a log."""
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        answers = [f"{code} {_readable(answer)}" for code, answer in error.recipients.values()]
        return "; ".join(answers)[:500]
    if isinstance(error, smtplib.SMTPResponseException):
        return f"{error.smtp_code} {_readable(error.smtp_error)}"[:500]
    return f"{type(error).__name__}: {error}"[:500]


def _readable(answer: bytes | str) -> str:
    text = answer.decode("utf-8", "replace") if isinstance(answer, bytes) else answer
    return " ".join(text.split())
