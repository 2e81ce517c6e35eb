"""Readers of the weekly sales mail, what sells, and what is mailed about it."""

import datetime as dt
import io
import re
import secrets
import zipfile
from collections import Counter
from typing import Any

from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.notifications import subscriptions, weeks
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email, SalesRound, SalesSubscription
from dipportal.notifications.models_sales import digest
from dipportal.notifications.subscriptions import Wish
from dipportal.organisations.actors import Actor, member
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation
from dipportal.ticketing import mirror
from dipportal.ticketing.enums import Source, TicketKind
from tests.world import World

EMAIL = "accountant@kantoor.example"
ALL = Wish("Accountant", "nl", None, 0, 9)
_LINK = re.compile(r"/verkoopmail/([A-Za-z0-9_-]{43})/")


def editor(organisation: Organisation) -> Actor:
    return member(Membership.objects.select_related("user").get(organisation=organisation, role=Role.EDITOR))


def key_in(text: str) -> str:
    """The secret of the link in a mail."""
    found = _LINK.search(text)
    assert found, "no link in this mail"
    return found[1]


def asked(organisation: Organisation, wish: Wish = ALL, email: str = EMAIL) -> tuple[SalesSubscription, str]:
    """An invitation by the action, and the secret of its link out of its mail."""
    made = subscriptions.invite(organisation, email, wish, actor=editor(organisation))
    mail = Email.objects.filter(kind=Kind.SALES_INVITATION, recipient=email).latest("pk")
    return made, key_in(mail.text)


def subscribed(organisation: Organisation, wish: Wish = ALL, email: str = EMAIL) -> SalesSubscription:
    """One whose reader said yes two weeks ago."""
    made, token = asked(organisation, wish, email)
    subscriptions.agree(made, token)
    before = timezone.now() - dt.timedelta(days=14)
    SalesSubscription.objects.filter(pk=made.pk).update(confirmed_at=before, invited_at=before)
    made.refresh_from_db()
    return made


def stopped(organisation: Organisation, email: str = EMAIL) -> SalesSubscription:
    return subscriptions.stop(subscribed(organisation, email=email), actor=editor(organisation))


def with_link(organisation: Organisation, email: str = EMAIL) -> tuple[SalesSubscription, str]:
    """One that has had a mail, and the secret of its stop link."""
    made, token = subscribed(organisation, email=email), secrets.token_urlsafe(32)
    week = weeks.week_of(timezone.now()) - dt.timedelta(days=7)
    SalesRound.objects.create(subscription=made, week=week, stop_digest=digest(token))
    return made, token


def sell(evening: Performance, tickets: int, *, seats: int = 500, before: int | None = None) -> None:
    """A count of now; `before`: the tickets a week ago."""
    Performance.objects.filter(pk=evening.pk).update(capacity=[seats])
    kinds = {TicketKind.NORMAL: (tickets, tickets * 2000)}
    if before is not None:
        a_week_ago = timezone.now() - dt.timedelta(days=7)
        mirror.write({evening.pk: mirror.sold(before, before * 2000, a_week_ago, None)}, source=Source.DIP)
    mirror.write({evening.pk: mirror.sold(tickets, tickets * 2000, timezone.now(), kinds)}, source=Source.DIP)


def season_sells(world: World) -> None:
    for evening, tickets, before in zip(world.performances, (400, 40, 800), (380, 30, 744), strict=True):
        sell(evening, tickets, before=before, seats=1000)
    sell(world.rival_performance, 333, before=300)


def due_at(now: dt.datetime | None = None) -> dt.datetime:
    """A moment at which the mail of this week is due, whatever day it is."""
    week = weeks.week_of(now or timezone.now())
    return weeks.planned(week, 6, 23)


def mails() -> Counter[tuple[str, str]]:
    """How many rows there are by what they are about (subscription and week) and address."""
    return Counter(Email.objects.filter(kind=Kind.SALES).values_list("event_key", "recipient"))


def in_workbook(content: Any) -> str:
    """All that is written in a workbook, without what its format needs."""
    with zipfile.ZipFile(io.BytesIO(bytes(content))) as parts:
        return "".join(parts.read(name).decode() for name in sorted(parts.namelist()))
