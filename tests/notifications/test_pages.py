"""Preferences, the mails in the admin, and the mail of the demo."""

from typing import Any

import pytest
from django.conf import settings as project
from django.test import Client
from django.urls import reverse

from dipportal.notifications import delivery
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.organisations import invitations
from dipportal.organisations.models import User
from dipportal.outbox.models import State
from tests.world import World

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


def as_user(user: User) -> Client:
    client = Client()
    client.force_login(user, backend=BACKEND)
    return client


# --- preferences --------------------------------------------------------------------------------------------------


def test_preferences_ask_who_you_are(world: World, client: Client) -> None:
    response = client.get(reverse("preferences"))
    assert response.status_code == 302
    assert reverse("account_login") in response.headers["Location"]


def test_everyone_sets_their_own_preferences(world: World) -> None:
    viewer, other = world.people["kade_viewer"], world.people["kade_editor"]
    client = as_user(viewer)
    client.cookies[project.LANGUAGE_COOKIE_NAME] = "nl"
    form = {"name": "Nieuwe Naam", "language": "en", "mail_answers": "on", "email": "x@x.example", "is_staff": "on"}
    response = client.post(reverse("preferences"), form)
    assert (response.status_code, response.headers["Location"]) == (302, reverse("preferences"))
    before = (viewer.email, other.name)
    viewer.refresh_from_db()
    other.refresh_from_db()
    assert (viewer.name, viewer.language, viewer.mail_proposals, viewer.mail_answers) == (
        "Nieuwe Naam",
        "en",
        False,
        True,
    )
    assert (viewer.email, other.name) == before
    assert not viewer.is_staff
    page = client.get(reverse("preferences"))
    assert page.headers["Content-Language"] == "en", "the language that was saved is the language of the next page"


def test_a_language_that_does_not_exist_is_refused(world: World) -> None:
    user = world.people["kade_editor"]
    response = as_user(user).post(reverse("preferences"), {"name": "N", "language": "xx"})
    assert response.status_code == 200
    assert "language" in response.context["form"].errors
    user.refresh_from_db()
    assert user.language == "nl"


# --- the admin ----------------------------------------------------------------------------------------------------


@pytest.fixture
def secret_mail(world: World) -> Email:
    invitations.invite(world.kade, "nieuw@kade.example", "editor", "nl", actor=world.actors["kade_manager"])
    return Email.objects.get(kind=Kind.INVITATION)


def test_an_administrator_sees_what_became_of_a_mail_but_not_its_text(world: World, secret_mail: Email) -> None:
    client = as_user(world.people["staff"])
    for url in (
        reverse("admin:notifications_email_changelist"),
        reverse("admin:notifications_email_change", args=[secret_mail.pk]),
    ):
        page = client.get(url).content.decode()
        assert secret_mail.recipient in page
        assert "/uitnodiging/" not in page


def test_the_admin_changes_and_deletes_no_mail(world: World, secret_mail: Email) -> None:
    client = as_user(world.people["staff"])
    assert client.get(reverse("admin:notifications_email_add")).status_code == 403
    assert client.post(reverse("admin:notifications_email_delete", args=[secret_mail.pk])).status_code == 403
    client.post(reverse("admin:notifications_email_change", args=[secret_mail.pk]), {"recipient": "dief@x.example"})
    secret_mail.refresh_from_db()
    assert secret_mail.recipient == "nieuw@kade.example"


def test_an_administrator_tries_again_and_gives_up(world: World) -> None:
    world.contract(status="proposed")
    stuck, waiting, left = Email.objects.order_by("pk")
    Email.objects.filter(pk=stuck.pk).update(state=State.ATTENTION)
    Email.objects.filter(pk=left.pk).update(state=State.DONE)
    client = as_user(world.people["staff"])
    url = reverse("admin:notifications_email_changelist")
    client.post(url, {"action": "retry", "_selected_action": [stuck.pk]})
    client.post(url, {"action": "abandon", "_selected_action": [waiting.pk, left.pk]})
    states = dict(Email.objects.values_list("pk", "state"))
    assert states == {stuck.pk: State.WAITING, waiting.pk: State.ABANDONED, left.pk: State.DONE}


# --- the demo -----------------------------------------------------------------------------------------------------


def demo_urls(row: Email) -> list[str]:
    return [
        reverse("demo:mails"),
        reverse("demo:mail", args=[row.pk]),
        reverse("demo:mail_body", args=[row.pk]),
    ]


def test_without_demo_mode_nobody_reads_mail_in_the_browser(world: World, secret_mail: Email, client: Client) -> None:
    for reader in (client, as_user(world.people["staff"])):
        assert {reader.get(url).status_code for url in demo_urls(secret_mail)} == {404}


def test_in_the_demo_everyone_reads_the_mail(secret_mail: Email, client: Client, settings: Any) -> None:
    settings.DEMO_MODE = True
    for url in demo_urls(secret_mail):
        page = client.get(url)
        assert page.status_code == 200
        assert client.post(url).status_code == 405
    assert "/uitnodiging/" in client.get(demo_urls(secret_mail)[1]).content.decode()


def test_the_mail_itself_can_run_and_fetch_nothing(secret_mail: Email, client: Client, settings: Any) -> None:
    settings.DEMO_MODE = True
    _list, page, body = (client.get(url) for url in demo_urls(secret_mail))
    policy = {part.split()[0]: part.split()[1:] for part in body.headers["Content-Security-Policy"].split("; ")}
    assert policy["default-src"] == ["'none'"]
    assert "script-src" not in policy
    assert policy["form-action"] == ["'none'"]
    assert "allow-scripts" not in policy["sandbox"]
    assert "allow-same-origin" not in policy["sandbox"]
    assert body.headers["X-Frame-Options"] == "SAMEORIGIN"
    assert "frame-src 'self'" in page.headers["Content-Security-Policy"]
    assert 'sandbox="allow-popups allow-popups-to-escape-sandbox"' in page.content.decode()


def test_the_list_asks_as_much_of_the_database_for_many_mails_as_for_few(
    world: World, client: Client, settings: Any, django_assert_num_queries: Any
) -> None:
    settings.DEMO_MODE = True
    world.contract(status="proposed")
    with django_assert_num_queries(2):
        client.get(reverse("demo:mails"))
    for _turn in range(6):
        world.contract(status="approved")
    delivery.drain_due()
    assert Email.objects.count() > 30
    with django_assert_num_queries(2):
        client.get(reverse("demo:mails"))
