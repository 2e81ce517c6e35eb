"""A thousand mails from the outbox, beside the same mails over one reused SMTP connection.

The yardstick is a plain loop: smtplib, one connection, the same thousand messages built beforehand, to the same server.
The server is a process of its own that says 'taken' 10 ms after a mail, as one does that writes it to disk before it
says so; how the outbox does against a server that answers at once is measured too, and printed as a remark: there the
question for each row whether it is still ours, and the making of a message of it, are all there is to see. Each pair of
runs is one after the other, and the median of three pairs counts.

With a thousand reminders waiting, a proposal is committed every now and then: how long until its mail has left.
"""

import smtplib
import statistics
import threading
import time
from typing import Any

from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from bench import _sink
from bench.common import Ratio, percentile, say
from dipportal.journal.models import Entry
from dipportal.notifications import delivery, tasks
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.outbox.models import State

MAILS, PAUSE, PROPOSALS, PAIRS = 1_000, 0.010, 40, 3
TEXT = "De Storm is voorgesteld voor de volgende voorstellingen.\n" * 25
HTML = f"<html><body>{''.join(f'<p>{line}</p>' for line in TEXT.splitlines())}</body></html>"


def run() -> list[Ratio]:
    settings.MAIL_CONFIGURED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST = "127.0.0.1"
    tasks.drain_mail.delay = lambda: None  # the drain is driven here, and not by a worker
    with _sink.running(PAUSE) as port:
        settings.EMAIL_PORT = port
        pairs = [compared(MAILS) for _pair in range(PAIRS)]
        waited = with_others_waiting()
    with _sink.running(0) as port:
        settings.EMAIL_PORT = port
        at_once = statistics.median(
            times / plain for times, plain, _lost in (compared(MAILS) for _pair in range(PAIRS))
        )
    times, plain, _lost = sorted(pairs, key=lambda pair: pair[0] / pair[1])[PAIRS // 2]
    lost = max(lost for _times, _plain, lost in pairs)
    note = f"{times:.1f} s for {MAILS} mails; a plain loop {plain:.1f} s; at once {at_once:.1f} times"
    return [
        Ratio("mails, times a plain connection", times / plain, 1.3, note=note),
        Ratio("mails lost by a refused address", lost, 0, note="of a thousand, one of which is refused"),
        Ratio("a proposal's mail, seconds, p95", percentile(waited, 0.95), 5, note=f"with {MAILS} reminders waiting"),
    ]


def compared(number: int) -> tuple[float, float, int]:
    """Seconds of the outbox and of a plain loop, and how many mails did not leave but for the one that is refused."""
    Email.objects.all().delete()
    write(number, "lezer")
    messages = [(row.recipient, delivery.message(row).message().as_bytes()) for row in Email.objects.all()]
    started = time.perf_counter()
    with smtplib.SMTP(settings.EMAIL_HOST, settings.EMAIL_PORT) as server:
        for recipient, message in messages:
            try:
                server.sendmail("portal@dipportal.example", [recipient], message)
            except smtplib.SMTPRecipientsRefused:
                say(f"{recipient} is refused, as it is to be")
    plain = time.perf_counter() - started
    started = time.perf_counter()
    drained()
    return time.perf_counter() - started, plain, Email.objects.exclude(state=State.DONE).count() - 1


def drained() -> None:
    """As the workers do: one drain after the other, as long as mails are due."""
    while delivery.drain_due() and delivery.more_is_due():
        pass


def write(number: int, name: str, kind: Kind = Kind.ANSWER) -> None:
    addresses = [f"{name}{n}@x.example" if n else "weg@x.example" for n in range(number)]
    post([letter(kind, address, f"{name}:{address}") for address in addresses])


def letter(kind: Kind, address: str, event_key: str, event: Entry | None = None) -> Mail:
    return Mail(kind, event_key, address, "nl", "Voorstel: De Storm", TEXT, HTML, thread="contract:1", event=event)


def with_others_waiting() -> list[float]:
    """Seconds between the commit of a proposal and its mail having left, while a thousand reminders leave."""
    Email.objects.all().delete()
    with transaction.atomic():
        write(MAILS, "herinnering", Kind.CONFLICT)
    drains = threading.Thread(target=in_a_thread)
    drains.start()
    for number in range(PROPOSALS):
        post([letter(Kind.ANSWER, f"programma{number}@x.example", f"voorstel:{number}")])
        time.sleep(0.1)
    waiting = Email.objects.filter(priority=1, state=State.WAITING).count()
    say(f"{waiting} reminders still waited when the last proposal was made")
    drains.join()
    rows: Any = Email.objects.filter(priority=0).values_list("created_at", "done_at")
    return [((done or timezone.now()) - made).total_seconds() for made, done in rows]


def in_a_thread() -> None:
    try:
        drained()
    finally:
        connections.close_all()
