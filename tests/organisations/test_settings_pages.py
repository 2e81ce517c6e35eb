"""How agreements are made, and who is away: the same pages on both sides."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.core.errors import Invalid, NotAllowed
from dipportal.journal.models import Entry
from dipportal.organisations import memberships
from dipportal.organisations.models import Membership, Organisation
from dipportal.organisations.queries import approvers_of
from tests.access.filling import filled_in
from tests.world import World

TODAY = timezone.localdate()
SIDES = pytest.mark.parametrize(("own", "space"), [("agency", "providers"), ("kade", "receivers")])


def of(world: World, name: str) -> Membership:
    return Membership.objects.select_related("organisation", "user").get(user=world.people[name])


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


def at(world: World, own: str, space: str, page: str, **kwargs: Any) -> str:
    return reverse(f"{space}:{page}", kwargs={"organisation": getattr(world, own).slug, **kwargs})


def form_of(client: Client, url: str) -> dict[str, Any]:
    return filled_in(url, client.get(url).content.decode(), url)


# --- how agreements are made -------------------------------------------------------------------------------------
@SIDES
def test_a_manager_sets_who_must_agree(world: World, own: str, space: str) -> None:
    client, url = signed_in(world, f"{own}_manager"), at(world, own, space, "organisation_settings")
    editor = of(world, f"{own}_editor")
    typed = {**form_of(client, url), "four_eyes": "on", "approvers": [str(editor.pk)]}
    assert client.post(url, typed).status_code == 302
    now = Organisation.objects.get(slug=getattr(world, own).slug)
    assert (now.four_eyes, approvers_of(now)) == (True, {editor.user_id})
    line = Entry.objects.get(code="organisation.settings_changed")
    assert line.fields == {"four_eyes": [False, True], "approvers": [[], [editor.pk]]}
    # Saving what stands there writes nothing.
    assert client.post(url, form_of(client, url)).status_code == 302
    assert Entry.objects.filter(code="organisation.settings_changed").count() == 1
    page = signed_in(world, f"{own}_viewer").get(at(world, own, space, "organisation"))
    assert {may.member.pk for may in page.context["rights"] if may.decides} == {editor.pk}


def test_the_days_to_answer_are_the_provider_s(world: World) -> None:
    client, url = signed_in(world, "agency_manager"), at(world, "agency", "providers", "organisation_settings")
    for wrong in ("0", "-1", "366", "9" * 30, "x"):
        reply = client.post(url, {**form_of(client, url), "answer_days": wrong})
        assert "answer_days" in reply.context["form"].errors, wrong
    assert client.post(url, {**form_of(client, url), "answer_days": "21"}).status_code == 302
    assert Organisation.objects.get(pk=world.agency.pk).answer_days == 21
    theirs = at(world, "kade", "receivers", "organisation_settings")
    house = signed_in(world, "kade_manager")
    assert "answer_days" not in form_of(house, theirs)
    house.post(theirs, {**form_of(house, theirs), "answer_days": "21", "four_eyes": "on"})
    kade = Organisation.objects.get(pk=world.kade.pk)
    assert (kade.answer_days, kade.four_eyes) == (None, True)


@SIDES
def test_a_stale_save_of_the_rules_shows_both(world: World, own: str, space: str) -> None:
    client, url = signed_in(world, f"{own}_manager"), at(world, own, space, "organisation_settings")
    mine = {**form_of(client, url), "four_eyes": "on"}
    editor = of(world, f"{own}_editor")
    organisation = getattr(world, own)
    memberships.change_settings(
        organisation, four_eyes=False, answer_days=None, approvers=[editor.pk], seen_version=1,
        actor=world.actors[f"{own}_manager"],
    )  # fmt: skip
    for unread in (mine, {**mine, "version": ""}):
        reply = client.post(url, unread)
        assert reply.status_code == 409
        assert len(reply.context["stale"]) == 2
    now = Organisation.objects.get(pk=organisation.pk)
    assert (now.four_eyes, approvers_of(now)) == (False, {editor.user_id})
    # Who saves again has seen both.
    assert client.post(url, filled_in(url, reply.content.decode(), url)).status_code == 302
    now.refresh_from_db()
    assert (now.four_eyes, approvers_of(now)) == (True, None)


def test_two_people_take_two_who_may_do_more_than_read(world: World) -> None:
    memberships.change_role(of(world, "kade_editor"), "viewer", actor=world.actors["kade_manager"])
    client, url = signed_in(world, "kade_manager"), at(world, "kade", "receivers", "organisation_settings")
    reply = client.post(url, {**form_of(client, url), "four_eyes": "on"})
    assert "four_eyes" in reply.context["form"].errors
    assert not Organisation.objects.get(pk=world.kade.pk).four_eyes


@pytest.mark.parametrize("who", ["kade_viewer", "haven_editor", "agency_editor"])
def test_a_viewer_or_a_stranger_does_not_decide(world: World, who: str) -> None:
    client, url = signed_in(world, "kade_manager"), at(world, "kade", "receivers", "organisation_settings")
    stranger = of(world, who)
    reply = client.post(url, {**form_of(client, url), "approvers": [str(stranger.pk)]})
    assert "approvers" in reply.context["form"].errors
    with pytest.raises(Invalid):
        memberships.change_settings(
            world.kade, four_eyes=False, answer_days=None, approvers=[stranger.pk], seen_version=1,
            actor=world.actors["kade_manager"],
        )  # fmt: skip
    assert not Membership.objects.filter(approver=True).exists()


@pytest.mark.parametrize("who", ["kade_editor", "kade_viewer", "haven_manager", "agency_manager"])
def test_only_a_manager_sets_the_rules(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        memberships.change_settings(
            world.kade, four_eyes=True, answer_days=None, approvers=[], seen_version=1, actor=world.actors[who]
        )
    assert not Organisation.objects.get(pk=world.kade.pk).four_eyes


# --- away ----------------------------------------------------------------------------------------------------------
@SIDES
def test_everybody_says_for_themselves_that_they_are_away(world: World, own: str, space: str) -> None:
    editor, manager = of(world, f"{own}_editor"), of(world, f"{own}_manager")
    client, url = signed_in(world, f"{own}_editor"), at(world, own, space, "member_absence", pk=editor.pk)
    until = TODAY + dt.timedelta(days=9)
    typed = {**form_of(client, url), "until": str(until), "deputy": str(manager.pk)}
    assert client.post(url, typed).status_code == 302
    editor.refresh_from_db()
    assert (editor.absent_until, editor.deputy) == (until, manager)
    line = Entry.objects.get(code="member.absence_changed")
    assert line.fields == {"user": editor.user_id, "absence": ["/", f"{until}/{manager.pk}"]}
    page = client.get(at(world, own, space, "organisation"))
    (away,) = [may for may in page.context["rights"] if may.away]
    assert away.member == editor
    stand_in = next(may for may in page.context["rights"] if may.member == manager)
    assert stand_in.stands_in_for == (editor.user.get_full_name(),)
    # Back again: nobody stands in any more.
    assert client.post(url, {**form_of(client, url), "until": ""}).status_code == 302
    editor.refresh_from_db()
    assert (editor.absent_until, editor.deputy) == (None, None)


def test_somebody_else_s_absence_is_the_manager_s(world: World) -> None:
    manager = of(world, "kade_manager")
    url = at(world, "kade", "receivers", "member_absence", pk=manager.pk)
    client = signed_in(world, "kade_editor")
    assert client.get(url).status_code == 302
    assert client.post(url, {"until": str(TODAY), "seen": "/"}).status_code == 302
    manager.refresh_from_db()
    assert manager.absent_until is None
    own = of(world, "kade_editor")
    own_url = at(world, "kade", "receivers", "member_absence", pk=own.pk)
    assert signed_in(world, "kade_manager").post(own_url, {"until": str(TODAY), "seen": "/"}).status_code == 302
    own.refresh_from_db()
    assert own.absent_until == TODAY


@pytest.mark.parametrize("who", ["kade_editor", "kade_viewer", "haven_manager", "agency_manager"])
def test_nobody_else_says_that_a_manager_is_away(world: World, who: str) -> None:
    with pytest.raises(NotAllowed):
        memberships.set_absence(of(world, "kade_manager"), until=TODAY, deputy=None, seen="/", actor=world.actors[who])
    assert of(world, "kade_manager").absent_until is None


@pytest.mark.parametrize(
    ("name", "deputy"),
    [("until", ""), ("deputy", "kade_viewer"), ("deputy", "haven_editor"), ("deputy", "kade_editor")],
)
def test_an_absence_that_cannot_be_is_refused(world: World, name: str, deputy: str) -> None:
    editor = of(world, "kade_editor")
    client, url = signed_in(world, "kade_editor"), at(world, "kade", "receivers", "member_absence", pk=editor.pk)
    until = TODAY - dt.timedelta(days=1) if name == "until" else TODAY
    stand_in = of(world, deputy) if deputy else None
    reply = client.post(
        url, {**form_of(client, url), "until": str(until), "deputy": str(stand_in.pk) if stand_in else ""}
    )
    assert name in reply.context["form"].errors
    with pytest.raises(Invalid):
        memberships.set_absence(editor, until=until, deputy=stand_in, seen="/", actor=world.actors["kade_editor"])
    editor.refresh_from_db()
    assert editor.absent_until is None


def test_a_stale_absence_shows_both(world: World) -> None:
    editor = of(world, "kade_editor")
    client, url = signed_in(world, "kade_editor"), at(world, "kade", "receivers", "member_absence", pk=editor.pk)
    mine = {**form_of(client, url), "until": str(TODAY + dt.timedelta(days=2))}
    memberships.set_absence(editor, until=TODAY, deputy=None, seen="/", actor=world.actors["kade_manager"])
    reply = client.post(url, mine)
    assert (reply.status_code, len(reply.context["stale"])) == (409, 1)
    editor.refresh_from_db()
    assert editor.absent_until == TODAY
    assert client.post(url, filled_in(url, reply.content.decode(), url)).status_code == 302
    editor.refresh_from_db()
    assert editor.absent_until == TODAY + dt.timedelta(days=2)


@SIDES
def test_the_overview_needs_the_same_queries_with_more_members(world: World, own: str, space: str) -> None:
    client, url = signed_in(world, f"{own}_manager"), at(world, own, space, "organisation")
    counts = []
    for number in (0, 9):
        for index in range(number):
            made = world.colleague(getattr(world, own), f"collega{index}")
            away = {"absent_until": TODAY, "deputy": of(world, f"{own}_manager")}
            Membership.objects.filter(user=made.user).update(**away)
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        counts.append(len(seen))
    assert counts[0] == counts[1]
