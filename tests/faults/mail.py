"""A mail server in this process, behind smtplib: what it accepted is the witness."""

import smtplib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from email import message_from_bytes
from typing import Any
from unittest import mock

ON_OPEN = ("refused", "lost before")
ON_SEND = ("lost before", "lost after", "450", "550", "421", "451 data", "554 data", "sender refused")
Asked = Callable[[str, tuple[str, ...]], str]


class Post:
    """Accepted letters as (recipient, Message-ID), in their order."""

    def __init__(self) -> None:
        self.accepted: list[tuple[str, str]] = []
        # Set by who runs the schedule: which fault happens at this step.
        self.before: Asked = lambda _step, _kinds: ""

    def converse(self, *_where: Any, **_more: Any) -> "Conversation":
        return Conversation(self)

    @contextmanager
    def reachable(self) -> Iterator[None]:
        with mock.patch.object(smtplib, "SMTP", self.converse):
            yield


class Conversation:
    """What django's backend uses of smtplib.SMTP."""

    def __init__(self, post: Post) -> None:
        self.post = post
        kind = post.before("open", ON_OPEN)
        if kind == "refused":
            raise ConnectionRefusedError("refused")
        if kind:
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")

    def sendmail(self, sender: str, recipients: list[str], content: bytes) -> dict[str, Any]:
        (recipient,) = recipients
        kind = self.post.before(f"send {recipient}", ON_SEND)
        if kind in ("450", "550"):
            raise smtplib.SMTPRecipientsRefused({recipient: (int(kind), b"no")})
        if kind == "sender refused":
            raise smtplib.SMTPSenderRefused(451, b"not now", sender)
        if kind in ("421", "451 data", "554 data"):
            raise smtplib.SMTPDataError(int(kind[:3]), b"no")
        if kind != "lost before":
            self.post.accepted.append((recipient, str(message_from_bytes(content)["Message-ID"])))
        if kind:
            raise smtplib.SMTPServerDisconnected("Connection unexpectedly closed")
        return {}

    def quit(self) -> None:
        """Nothing happens at a farewell."""

    close = quit
