"""Who gets the weekly sales mail: what members may do, what readers decide, and how long links last."""

import datetime as dt
from typing import Any

import pytest
from django.db import models
from django.utils import timezone

from dipportal.core.errors import Invalid, NotAllowed, StaleState
from dipportal.journal.models import ActorKind, Entry
from dipportal.notifications import delivery, subscriptions
from dipportal.notifications.enums import Kind, Standing
from dipportal.notifications.models import Email, SalesSubscription
from dipportal.notifications.subscriptions import Wish
from dipportal.organisations.actors import CLOCK, staff
from dipportal.outbox.models import State
from tests.notifications.selling import ALL, EMAIL, asked, editor, stopped, subscribed, with_link
from tests.notifications.smtp import mail_server
from tests.world import World

pytestmark = pytest.mark.django_db


def lines() -> list[str]:
    return list(Entry.objects.filter(code__startswith="sales.").order_by("pk").values_list("code", flat=True))


def later(one: SalesSubscription, **passed: int) -> None:
    """As if so much time had passed since all that happened to it."""
    names = ("invited_at", "expires_at", "confirmed_at", "stopped_at")
    for name in names:
        value = getattr(one, name)
        if value is not None:
            SalesSubscription.objects.filter(pk=one.pk).update(**{name: value - dt.timedelta(**passed)})
    # The journal refuses it, so not through its own rows.
    models.QuerySet(Entry).update(at=models.F("at") - dt.timedelta(**passed))
    one.refresh_from_db()


# --- asking ------------------------------------------------------------------------------------------------------
def test_an_address_is_asked_by_mail_and_nothing_more(world: World) -> None:
    one, token = asked(world.agency)
    assert (one.standing, one.created_by) == (Standing.INVITED, world.people["agency_editor"])
    mail = Email.objects.get()
    assert (mail.kind, mail.recipient, mail.organisation) == (Kind.SALES_INVITATION, EMAIL, world.agency)
    assert token in mail.text
    assert token in mail.html
    assert "Accountant" not in mail.text + mail.html + mail.subject, "whoever invites could write anything there"
    entry = Entry.objects.get(code="sales.invited")
    assert (entry.audience, entry.organisation, entry.user) == (
        "provider", world.agency, world.people["agency_editor"]
    )  # fmt: skip
    assert EMAIL not in str(entry.fields)


@pytest.mark.parametrize("who", ["agency_viewer", "rival_manager", "kade_manager"])
def test_who_may_not_ask(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        subscriptions.invite(world.agency, EMAIL, ALL, actor=world.actors[who])
    assert not Email.objects.exists()


def test_neither_the_clock_nor_an_administrator_nor_a_theater_asks(world: World) -> None:
    for organisation, actor in (
        (world.agency, CLOCK), (world.agency, staff(world.people["staff"])), (world.kade, world.actors["kade_manager"]),
    ):  # fmt: skip
        with pytest.raises(NotAllowed):
            subscriptions.invite(organisation, EMAIL, ALL, actor=actor)


def test_an_address_is_there_once_in_whatever_letters(world: World) -> None:
    subscribed(world.agency)
    with pytest.raises(Invalid) as refused:
        asked(world.agency, email=EMAIL.upper())
    assert "email" in refused.value.fields
    assert SalesSubscription.objects.count() == 1
    subscribed(world.rival)


def test_the_same_address_is_not_asked_twice_in_a_day(world: World) -> None:
    one, _token = asked(world.agency)
    subscriptions.stop(one, actor=editor(world.agency))
    with pytest.raises(Invalid):
        subscriptions.ask_again(one, actor=editor(world.agency))
    later(one, days=1, minutes=1)
    subscriptions.ask_again(one, actor=editor(world.agency))
    assert lines() == ["sales.invited", "sales.stopped", "sales.invited"]


def test_who_stopped_it_is_left_alone_for_thirty_days_unless_a_member_insists(world: World) -> None:
    one = subscribed(world.agency)
    subscriptions.stop_reading(one)
    with pytest.raises(Invalid) as refused:
        subscriptions.ask_again(one, actor=editor(world.agency))
    assert "insists" in refused.value.fields
    subscriptions.ask_again(one, actor=editor(world.agency), insists=True)
    one.refresh_from_db()
    assert one.standing is Standing.INVITED
    subscriptions.stop_reading(one)
    later(one, days=31)
    subscriptions.ask_again(one, actor=editor(world.agency))


def test_whom_a_member_stopped_can_be_asked_again(world: World) -> None:
    one = stopped(world.agency)
    assert subscriptions.rests_until(one) is None
    assert subscriptions.ask_again(one, actor=editor(world.agency)).standing is Standing.INVITED


def test_twenty_invitations_a_day_and_the_neighbour_s_do_not_count(world: World) -> None:
    for number in range(subscriptions.MOST_INVITATIONS):
        one, _token = asked(world.agency, email=f"lezer{number}@kantoor.example")
        subscriptions.stop(one, actor=editor(world.agency))
    with pytest.raises(Invalid) as refused:
        asked(world.agency)
    assert refused.value.code == "too_many"
    asked(world.rival)
    later(one, days=1, minutes=1)
    asked(world.agency)


def test_fifty_addresses_at_most_and_those_that_stopped_take_no_place(world: World) -> None:
    one, _token = asked(world.agency)
    day = timezone.now()
    for number in range(subscriptions.MOST_ADDRESSES - 1):
        SalesSubscription.objects.create(
            organisation=world.agency, email=f"lezer{number}@kantoor.example", invitation_digest=str(number),
            confirmed_at=day, expires_at=day,
        )  # fmt: skip
    with pytest.raises(Invalid) as refused:
        asked(world.agency, email="nog-een@kantoor.example")
    assert refused.value.code == "too_many"
    subscriptions.stop(one, actor=editor(world.agency))
    asked(world.agency, email="nog-een@kantoor.example")


def test_the_neighbour_s_production_cannot_be_chosen(world: World) -> None:
    with pytest.raises(Invalid):
        asked(world.agency, Wish("", "nl", [world.rival_production.pk], 0, 9))
    assert not SalesSubscription.objects.exists()
    both = Wish("", "nl", [world.production.pk, world.rival_production.pk], 0, 9)
    one, _token = asked(world.agency, both)
    assert list(one.productions.all()) == [world.production]


@pytest.mark.parametrize("wish", [
    Wish("", "xx", None, 0, 9), Wish("", "nl", None, 7, 9), Wish("", "nl", None, 0, 24), Wish("", "nl", [], 0, 9),
])  # fmt: skip
def test_what_cannot_be_wished(world: World, wish: Wish) -> None:
    with pytest.raises(Invalid):
        asked(world.agency, wish)
    one = subscribed(world.agency)
    with pytest.raises(Invalid):
        subscriptions.change(one, wish, seen_version=one.version, actor=editor(world.agency))


def test_an_invitation_that_was_withdrawn_before_it_left_does_not_leave(world: World, settings: Any) -> None:
    one, _token = asked(world.agency)
    subscriptions.stop(one, actor=editor(world.agency))
    with mail_server(settings) as post:
        delivery.drain_due()
    assert post.letters == []
    assert Email.objects.get().state == State.ABANDONED


# --- answering ---------------------------------------------------------------------------------------------------
def test_a_yes_counts_once(world: World) -> None:
    one, token = asked(world.agency)
    for _time in range(2):
        assert subscriptions.agree(one, token).standing is Standing.ACTIVE
    assert lines() == ["sales.invited", "sales.confirmed"]
    said = Entry.objects.get(code="sales.confirmed")
    assert (said.actor_kind, said.user, said.organisation) == (ActorKind.USER, None, world.agency)


def test_an_invitation_is_good_for_fourteen_days(world: World) -> None:
    one, token = asked(world.agency)
    later(one, days=13, hours=23)
    assert one.standing is Standing.INVITED
    later(one, hours=1)
    assert one.standing is Standing.EXPIRED
    with pytest.raises(StaleState):
        subscriptions.agree(one, token)
    assert lines() == ["sales.invited"]


def test_the_link_of_an_earlier_invitation_says_nothing_any_more(world: World) -> None:
    one, old = asked(world.agency)
    later(one, days=15)
    subscriptions.ask_again(one, actor=editor(world.agency))
    assert subscriptions.by_invitation(old) is None
    with pytest.raises(StaleState):
        subscriptions.agree(one, old)


def test_a_yes_after_the_stop_is_too_late(world: World) -> None:
    one, token = asked(world.agency)
    subscriptions.stop(one, actor=editor(world.agency))
    with pytest.raises(StaleState):
        subscriptions.agree(one, token)
    assert lines() == ["sales.invited", "sales.stopped"]


# --- stopping ----------------------------------------------------------------------------------------------------
def test_a_stop_counts_once_and_says_who(world: World) -> None:
    one = subscribed(world.agency)
    subscriptions.stop_reading(one)
    first = one.stopped_at
    subscriptions.stop(one, actor=editor(world.agency))
    subscriptions.stop_reading(one)
    assert (one.standing, one.stopped_by, one.stopped_at) == (Standing.STOPPED, "reader", first)
    assert lines() == ["sales.invited", "sales.confirmed", "sales.stopped"]
    assert Entry.objects.get(code="sales.stopped").fields == {"by": "reader"}


@pytest.mark.parametrize("who", ["agency_viewer", "rival_manager", "kade_manager"])
def test_who_may_not_stop_or_change(world: World, who: str) -> None:
    one = subscribed(world.agency)
    with pytest.raises(NotAllowed):
        subscriptions.stop(one, actor=world.actors[who])
    with pytest.raises(NotAllowed):
        subscriptions.change(one, ALL, seen_version=one.version, actor=world.actors[who])
    assert one.standing is Standing.ACTIVE


def test_an_old_stop_link_stops_also_what_was_agreed_to_anew(world: World) -> None:
    """Whoever asks for a stop gets one, whichever mail they dig up."""
    one, token = with_link(world.agency)
    subscriptions.stop(one, actor=editor(world.agency))
    subscribed(world.agency)
    found = subscriptions.by_stop_link(token)
    assert found is not None
    assert subscriptions.stop_reading(found).standing is Standing.STOPPED
    one.refresh_from_db()
    assert one.standing is Standing.STOPPED


# --- changing ----------------------------------------------------------------------------------------------------
def test_a_change_is_written_once_and_over_nobody_s(world: World) -> None:
    one = subscribed(world.agency)
    wish = Wish("Boekhouder", "en", [world.production.pk], 4, 17)
    changed = subscriptions.change(one, wish, seen_version=one.version, actor=editor(world.agency))
    assert subscriptions.same(subscriptions.wish_of(changed), wish)
    subscriptions.change(changed, wish, seen_version=changed.version, actor=editor(world.agency))
    assert lines().count("sales.changed") == 1
    with pytest.raises(StaleState):
        subscriptions.change(one, ALL, seen_version=one.version, actor=editor(world.agency))
    changed.refresh_from_db()
    assert changed.name == "Boekhouder"


def test_a_change_asks_nobody_anew(world: World) -> None:
    one = subscribed(world.agency)
    before = Email.objects.count()
    subscriptions.change(one, Wish("", "en", None, 4, 17), seen_version=one.version, actor=editor(world.agency))
    one.refresh_from_db()
    assert (one.standing, Email.objects.count()) == (Standing.ACTIVE, before)


def test_nobody_else_sees_who_reads_along(world: World) -> None:
    subscribed(world.agency)
    for organisation in (world.rival, world.kade, world.haven, None):
        assert not subscriptions.subscriptions_of(organisation).exists()
    assert subscriptions.subscriptions_of(world.agency).count() == 1
