"""Accounts are by invitation, and every mail about an account goes through the outbox."""

import re
from typing import Any

import pytest
from allauth.account import app_settings
from django.core import mail
from django.test import Client
from django.urls import reverse

from dipportal.journal.models import Entry
from dipportal.notifications import actions as mails
from dipportal.notifications import delivery
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.organisations import invitations
from dipportal.organisations.actors import staff
from dipportal.organisations.models import Invitation, Membership, User
from dipportal.outbox.models import State
from tests.world import PASSWORD, World

EDITOR = "editor@de-kade.example"
NEW = "nieuw@kade.example"
NEW_PASSWORD = "nog-een-lang-wachtwoord-7"


@pytest.fixture(autouse=True)
def no_limits_from_other_tests(settings: Any) -> None:
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.dummy.DummyCache"}}


def invite(world: World, email: str = NEW, language: str = "nl") -> tuple[Invitation, str]:
    """An invitation and the token of the link in its mail."""
    made = invitations.invite(world.kade, email, "editor", language, actor=world.actors["kade_manager"])
    return made, token_in(Email.objects.filter(kind=Kind.INVITATION).latest("pk"))


def token_in(row: Email) -> str:
    found = re.search(r"/uitnodiging/([^/\s]+)/", row.text)
    assert found
    return found[1]


def with_invitation(token: str) -> Client:
    client = Client()
    session = client.session
    session[invitations.SESSION_KEY] = token
    session.save()
    return client


def sign_up(client: Client, email: str = NEW) -> Any:
    form = {"email": email, "name": "Nieuw Lid", "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    return client.post(reverse("account_signup"), form)


def test_a_forgotten_password_goes_through_the_outbox(world: World, client: Client) -> None:
    client.post(reverse("account_reset_password"), {"email": EDITOR})
    row = Email.objects.get()
    assert (row.kind, row.recipient, row.user, row.event, row.state) == (
        Kind.ACCOUNT,
        EDITOR,
        world.people["kade_editor"],
        None,
        State.WAITING,
    )
    assert not mail.outbox
    link = re.search(r"http://127\.0\.0\.1:8000(/account/password/reset/key/\S+)", row.text)
    assert link
    assert f'href="http://127.0.0.1:8000{link[1]}"' in row.html
    delivery.drain_due()
    assert [message.to for message in mail.outbox] == [[EDITOR]]
    assert link[1] in str(mail.outbox[0].body)
    page = client.get(link[1], follow=True)
    client.post(page.redirect_chain[-1][0], {"password1": NEW_PASSWORD, "password2": NEW_PASSWORD})
    world.people["kade_editor"].refresh_from_db()
    assert world.people["kade_editor"].check_password(NEW_PASSWORD)
    assert Email.objects.filter(recipient=EDITOR).count() == 2, "and a notice that the password was changed"


def test_a_link_in_a_mail_does_not_follow_the_host_of_who_asked(world: World, client: Client) -> None:
    client.post(reverse("account_reset_password"), {"email": EDITOR}, headers={"host": "localhost:9999"})
    row = Email.objects.get()
    assert "http://127.0.0.1:8000/account/password/reset/key/" in row.text
    assert "localhost" not in row.text + row.html


def test_an_unknown_address_learns_that_accounts_are_by_invitation(world: World, client: Client) -> None:
    response = client.post(reverse("account_reset_password"), {"email": "vreemd@x.example"})
    known = client.post(reverse("account_reset_password"), {"email": EDITOR})
    assert (response.status_code, response.headers["Location"]) == (known.status_code, known.headers["Location"])
    row = Email.objects.get(recipient="vreemd@x.example")
    assert "signup" not in row.text


def test_account_mails_are_in_the_language_of_the_account(world: World, client: Client) -> None:
    world.people["kade_editor"].language = "en"
    world.people["kade_editor"].save()
    client.post(reverse("account_reset_password"), {"email": EDITOR})
    client.post(reverse("account_reset_password"), {"email": "manager@de-kade.example"})
    assert dict(Email.objects.values_list("recipient", "language")) == {EDITOR: "en", "manager@de-kade.example": "nl"}
    assert Email.objects.get(recipient=EDITOR).subject == "Choose a new password"


@pytest.mark.parametrize("demo", [False, True])
def test_a_link_that_is_a_key_is_wiped_once_it_has_left(
    world: World, client: Client, settings: Any, demo: bool
) -> None:
    settings.DEMO_MODE = demo
    invite(world)
    client.post(reverse("account_reset_password"), {"email": EDITOR})
    world.contract(status="proposed")
    delivery.drain_due()
    assert {row.state for row in Email.objects.all()} == {State.DONE}
    for row in Email.objects.all():
        assert bool(row.text and row.html) is (demo or not row.secret), row.kind


def test_a_link_that_is_a_key_is_wiped_when_it_is_given_up(world: World) -> None:
    invite(world)
    row = Email.objects.get()
    mails.abandon(row, actor=staff(world.people["staff"]))
    assert (row.state, row.text, row.html) == (State.ABANDONED, "", "")


def test_the_secret_of_an_invitation_is_in_its_mail_and_nowhere_else(world: World) -> None:
    invitation, token = invite(world)
    assert Invitation.objects.for_token(token).get() == invitation
    assert token not in str(list(Entry.objects.values()))
    assert token not in str(list(Invitation.objects.values()))
    row = Email.objects.get()
    assert (row.recipient, row.kind, row.event) == (NEW, Kind.INVITATION, None)
    assert token not in f"{row.subject}{row.event_key}{row.headers}{row.message_id}"
    assert row.html.count(token) == 2, "the button and the address below it"


def test_a_withdrawn_invitation_does_not_leave(world: World) -> None:
    invitation, _token = invite(world)
    invitations.withdraw_invitation(invitation, actor=world.actors["kade_manager"])
    delivery.drain_due()
    row = Email.objects.get()
    assert (row.state, row.text) == (State.ABANDONED, "")
    assert not mail.outbox


def test_only_the_newest_link_of_an_invitation_leaves(world: World) -> None:
    invitation, first = invite(world)
    invitations.resend(invitation, actor=world.actors["kade_manager"])
    second = token_in(Email.objects.latest("pk"))
    assert first != second
    delivery.drain_due()
    assert [second in str(message.body) for message in mail.outbox] == [True]


def test_an_old_account_mail_does_not_leave(world: World, client: Client) -> None:
    client.post(reverse("account_reset_password"), {"email": EDITOR})
    row = Email.objects.get()
    Email.objects.update(created_at=row.created_at - delivery.purpose.LINK_LASTS * 1.01)
    delivery.drain_due()
    row.refresh_from_db()
    assert (row.state, row.text) == (State.ABANDONED, "")


def test_a_notice_without_a_link_leaves_however_late(world: World, client: Client) -> None:
    """That a password was changed is news as long as nobody has told it."""
    client.force_login(world.people["kade_editor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(reverse("account_change_password"), form)
    row = Email.objects.get()
    Email.objects.update(created_at=row.created_at - delivery.purpose.LINK_LASTS * 1.01)
    delivery.drain_due()
    row.refresh_from_db()
    assert row.state == State.DONE


# --- by invitation -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["", "geen-bekend-teken"])
def test_without_an_invitation_nobody_makes_an_account(world: World, token: str) -> None:
    invite(world)
    client = with_invitation(token)
    page = client.get(reverse("account_signup"))
    assert "account/signup_closed.html" in {template.name for template in page.templates}
    sign_up(client)
    assert not User.objects.filter(email=NEW).exists()


def test_a_withdrawn_invitation_opens_nothing(world: World) -> None:
    invitation, token = invite(world)
    invitations.withdraw_invitation(invitation, actor=world.actors["kade_manager"])
    sign_up(with_invitation(token))
    assert not User.objects.filter(email=NEW).exists()


def test_the_link_of_an_invitation_makes_an_account_with_a_confirmed_address(world: World) -> None:
    _invitation, token = invite(world, language="en")
    client = with_invitation(token)
    assert f'value="{NEW}"' in client.get(reverse("account_signup")).content.decode()
    sign_up(client)
    user = User.objects.get(email=NEW)
    assert (user.name, user.language) == ("Nieuw Lid", "en")
    assert list(user.emailaddress_set.values_list("email", "verified")) == [(NEW, True)]  # type: ignore[attr-defined]
    assert Membership.objects.filter(user=user, organisation=world.kade, role="editor").exists()
    assert client.session["_auth_user_id"] == str(user.pk), "in at once, without a second mail"
    assert not Email.objects.filter(kind=Kind.ACCOUNT).exists()


def test_an_invitation_makes_no_account_for_another_address(world: World) -> None:
    _invitation, token = invite(world)
    sign_up(with_invitation(token), email="ander@x.example")
    assert not User.objects.filter(email="ander@x.example").exists()


def test_the_adapter_refuses_another_address_whatever_the_form_does(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("dipportal.notifications.signup.invitation_of", lambda _request: None)
    _invitation, token = invite(world)
    page = sign_up(with_invitation(token), email="ander@x.example")
    assert page.status_code == 200
    assert page.context["form"].errors["email"].as_data()[0].code == "not_invited"
    assert not User.objects.filter(email="ander@x.example").exists()


def test_limits_and_second_password_questions_are_on(world: World, settings: Any) -> None:
    assert app_settings.RATE_LIMITS["login_failed"]
    assert app_settings.RATE_LIMITS["reset_password"]
    assert app_settings.REAUTHENTICATION_REQUIRED
    assert app_settings.EMAIL_NOTIFICATIONS
    assert not app_settings.CONFIRM_EMAIL_ON_GET
    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "LOCATION": "limits"}}
    client = Client()
    wrong = [
        client.post(reverse("account_login"), {"login": EDITOR, "password": f"fout-{turn}"}).status_code
        for turn in range(8)
    ]
    right = client.post(reverse("account_login"), {"login": EDITOR, "password": PASSWORD})
    assert 302 not in wrong
    assert right.status_code != 302, "after too many wrong ones the right one has to wait too"


def test_a_change_of_the_password_is_mailed(world: World, client: Client) -> None:
    client.force_login(world.people["kade_editor"], backend="allauth.account.auth_backends.AuthenticationBackend")
    form = {"oldpassword": PASSWORD, "password1": NEW_PASSWORD, "password2": NEW_PASSWORD}
    client.post(reverse("account_change_password"), form)
    row = Email.objects.get()
    assert (row.kind, row.recipient) == (Kind.ACCOUNT, EDITOR)
    assert "127.0.0.1" in row.text


def log_in_twice(client: Client) -> None:
    """Once to come in, and once more because a change of address asks for the password again."""
    client.post(reverse("account_login"), {"login": EDITOR, "password": PASSWORD})
    client.post(reverse("account_reauthenticate"), {"password": PASSWORD})


def test_an_address_is_changed_once_the_new_one_is_confirmed(world: World, client: Client) -> None:
    user, page = world.people["kade_editor"], reverse("account_email")
    log_in_twice(client)
    assert "account/email_change.html" in {template.name for template in client.get(page).templates}
    client.post(page, {"action_add": "", "email": NEW})
    row = Email.objects.get()
    link = re.search(r"/account/confirm-email/\S+", row.text)
    assert row.recipient == NEW
    assert link
    # Until then the old one counts, and the page says what is waited for.
    assert NEW in client.get(page).content.decode()
    client.get(link[0])
    user.refresh_from_db()
    assert user.email == EDITOR
    client.post(link[0])
    user.refresh_from_db()
    assert user.email == NEW
    assert list(user.emailaddress_set.values_list("email", "verified")) == [(NEW, True)]  # type: ignore[attr-defined]
    told = Email.objects.latest("pk")
    assert (told.recipient, NEW in told.text) == (EDITOR, True)


def test_a_change_of_address_can_be_dropped(world: World, client: Client) -> None:
    page, addresses = reverse("account_email"), world.people["kade_editor"].emailaddress_set  # type: ignore[attr-defined]
    log_in_twice(client)
    client.post(page, {"action_add": "", "email": NEW})
    assert set(addresses.values_list("email", flat=True)) == {EDITOR, NEW}
    client.post(page, {"action_remove": "", "email": NEW})
    assert list(addresses.values_list("email", flat=True)) == [EDITOR]
