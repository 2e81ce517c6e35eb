"""The pages of the weekly sales mail for readers without a log-in: only POST acts, and no key of a link gets out."""

import logging
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dipportal.journal.models import Entry
from dipportal.notifications import sales, subscriptions
from dipportal.notifications.enums import Kind, Standing
from dipportal.notifications.models import Email, SalesSubscription
from dipportal.notifications.subscriptions import Wish
from tests.access.neighbours import MARK
from tests.access.test_reading import writes
from tests.dip.test_log_says_nothing import Kept
from tests.notifications.selling import EMAIL, asked, due_at, editor, key_in, season_sells, subscribed, with_link
from tests.world import World

pytestmark = pytest.mark.django_db
ONE_CLICK = {"List-Unsubscribe": "One-Click"}


def invitation_page(token: str) -> str:
    return reverse("sales_invitation", kwargs={"token": token})


def stop_page(token: str) -> str:
    return reverse("sales_stop", kwargs={"token": token})


def standing(one: SalesSubscription) -> Standing:
    return SalesSubscription.objects.get(pk=one.pk).standing


# --- opening changes nothing -------------------------------------------------------------------------------------
@pytest.mark.parametrize("person", [None, "agency_editor", "kade_viewer"])
def test_opening_every_link_of_every_mail_three_times_changes_nothing(world: World, person: str | None) -> None:
    """Mail scanners do."""
    season_sells(world)
    asked(world.agency, email="gevraagd@kantoor.example")
    one = subscribed(world.agency)
    sales.write_due(due_at())
    client = Client()
    if person:
        client.force_login(world.people[person])
    for mail in Email.objects.filter(kind__in=(Kind.SALES, Kind.SALES_INVITATION)):
        key = key_in(mail.text)
        page = stop_page(key) if mail.kind == Kind.SALES else invitation_page(key)
        assert f"{page}\n" in mail.text
        with CaptureQueriesContext(connection) as queries:
            replies = [client.generic(method, page) for method in ("GET", "HEAD", "GET")]
        assert {reply.status_code for reply in replies} == {200}
        assert writes(queries) == []
    assert standing(one) is Standing.ACTIVE


def test_a_post_without_the_word_stops_nothing(world: World) -> None:
    one, token = with_link(world.agency)
    invited, invitation = asked(world.agency, email="gevraagd@kantoor.example")
    for data in ({}, {"List-Unsubscribe": "Maybe"}, {"answer": "no"}):
        assert Client().post(stop_page(token), data).status_code == 200
    for data in ({}, {"answer": "misschien"}, ONE_CLICK):
        assert Client().post(invitation_page(invitation), data).status_code == 200
    assert (standing(one), standing(invited)) == (Standing.ACTIVE, Standing.INVITED)


# --- stopping ----------------------------------------------------------------------------------------------------
def test_a_mail_program_stops_it_with_one_post_without_cookie_or_token(world: World) -> None:
    """RFC 8058: no redirect, nothing that only a browser knows."""
    one, token = with_link(world.agency)
    bare = Client(enforce_csrf_checks=True)
    reply = bare.post(stop_page(token), "List-Unsubscribe=One-Click", "application/x-www-form-urlencoded")
    assert reply.status_code == 200
    assert standing(one) is Standing.STOPPED
    again = bare.post(stop_page(token), ONE_CLICK)
    assert again.status_code == 200
    assert Entry.objects.filter(code="sales.stopped").count() == 1


def test_the_form_of_the_page_stops_it_for_somebody_without_a_log_in(world: World) -> None:
    one, token = with_link(world.agency)
    page = Client().get(stop_page(token)).content.decode()
    assert world.agency.name in page
    assert 'name="List-Unsubscribe" value="One-Click"' in page
    after = Client().post(stop_page(token), ONE_CLICK).content.decode()
    assert standing(one) is Standing.STOPPED
    assert '<form method="post">' not in after
    assert Client().get(stop_page(token)).status_code == 200


@pytest.mark.parametrize("token", ["x" * 43, "kort", "a" * 4000])
def test_an_unknown_link_has_a_calm_page(world: World, token: str) -> None:
    for page in (invitation_page(token), stop_page(token)):
        for reply in (Client().get(page), Client().post(page, {**ONE_CLICK, "answer": "yes"})):
            assert reply.status_code == 404
            assert "<h1>" in reply.content.decode()
            assert world.agency.name not in reply.content.decode()


def test_a_link_that_is_too_old_has_a_calm_page(world: World) -> None:
    one, token = with_link(world.agency)
    sales.clear(one.created_at + sales.LINKS_LAST * 2)
    assert Client().post(stop_page(token), ONE_CLICK).status_code == 404
    assert standing(one) is Standing.ACTIVE


def test_no_browser_keeps_these_pages(world: World) -> None:
    _one, token = with_link(world.agency)
    _two, invitation = asked(world.agency, email="gevraagd@kantoor.example")
    for page in (stop_page(token), invitation_page(invitation)):
        assert "no-store" in Client().get(page).headers["Cache-Control"]


# --- saying yes and no -------------------------------------------------------------------------------------------
def test_yes_and_then_no_on_the_page_of_the_invitation(world: World) -> None:
    one, token = asked(world.agency)
    client, page = Client(), invitation_page(token)
    assert client.post(page, {"answer": "yes"}).status_code == 200
    assert standing(one) is Standing.ACTIVE
    client.post(page, {"answer": "yes"})
    client.post(page, {"answer": "no"})
    assert standing(one) is Standing.STOPPED
    client.post(page, {"answer": "yes"})
    assert standing(one) is Standing.STOPPED, "only a new invitation brings it back"


def test_the_yes_of_a_page_of_others_does_not_count(world: World) -> None:
    """Agreeing takes the page itself: a form on another site lacks its token."""
    one, token = asked(world.agency)
    forged = Client(enforce_csrf_checks=True)
    assert forged.post(invitation_page(token), {"answer": "yes"}).status_code == 403
    assert standing(one) is Standing.INVITED


def test_an_invitation_that_is_too_old_says_so(world: World) -> None:
    one, token = asked(world.agency)
    SalesSubscription.objects.update(expires_at=one.created_at)
    for reply in (Client().get(invitation_page(token)), Client().post(invitation_page(token), {"answer": "yes"})):
        assert reply.status_code == 200
        assert 'value="yes"' not in reply.content.decode()
    assert standing(one) is Standing.EXPIRED


def test_the_page_names_no_production_that_the_organisation_lost(world: World) -> None:
    type(world.production).objects.filter(pk=world.production.pk).update(title=f"{MARK} title")
    _one, token = asked(world.agency, Wish("", "nl", [world.production.pk], 0, 9))
    assert MARK in Client().get(invitation_page(token)).content.decode()
    world.producer.providers.remove(world.agency)
    assert MARK not in Client().get(invitation_page(token)).content.decode()


# --- keys stay where they belong ---------------------------------------------------------------------------------
@pytest.fixture
def log() -> Any:
    kept, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)


def test_no_key_and_no_reader_stands_in_the_log(world: World, log: Kept) -> None:
    one, invitation = asked(world.agency)
    client = Client(enforce_csrf_checks=True)
    client.post(invitation_page(invitation), {"answer": "yes"})  # refused, and told
    client.generic("PUT", invitation_page(invitation))
    subscriptions.agree(one, invitation)
    _other, stop = with_link(world.agency, email="stop@kantoor.example")
    client.generic("PUT", stop_page(stop))
    client.get(f"{stop_page(stop)}nergens/")
    sales.write_due(due_at())
    client.post(stop_page(stop), ONE_CLICK)
    told = "\n".join(log.lines)
    assert "Method Not Allowed" in told
    assert "Not Found" in told
    for secret in (invitation, stop, EMAIL, "stop@kantoor.example"):
        assert secret not in told


def test_no_key_stands_on_any_page_of_a_member(world: World) -> None:
    _one, invitation = asked(world.agency)
    _other, stop = with_link(world.agency, email="stop@kantoor.example")
    client = Client()
    client.force_login(world.people["agency_manager"])
    for name in ("sales_mails", "sales_mail_new", "organisation", "start"):
        page = client.get(reverse(f"providers:{name}", args=[world.agency.slug])).content.decode()
        assert invitation not in page
        assert stop not in page
    assert editor(world.agency).organisation == world.agency
