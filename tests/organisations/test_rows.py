"""The rows of the organisation page: who is shown what, and that what people typed is text."""

import datetime as dt
import re
from html import escape
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dipportal.organisations.models import Invitation, Membership, Organisation, User
from tests.world import World

NASTY = "<script>x</script>'\"&"
ESCAPED = "&lt;script&gt;x&lt;/script&gt;&#x27;&quot;&amp;"
TODAY = timezone.localdate()
SIDES = pytest.mark.parametrize(("own", "space"), [("agency", "providers"), ("kade", "receivers")])


def of(world: World, name: str) -> Membership:
    return Membership.objects.get(user=world.people[name])


def page(world: World, name: str, own: str, space: str) -> str:
    client = Client()
    client.force_login(world.people[name])
    client.cookies["dipportal_language"] = "en"
    slug = getattr(world, own).slug
    return client.get(reverse(f"{space}:organisation", kwargs={"organisation": slug})).content.decode()


def rows_in(text: str) -> list[str]:
    return re.findall(r"<tr>(.*?)</tr>", text, re.DOTALL)


def row_of(text: str, email: str) -> str:
    """The row of one member or invitation."""
    shown = email.replace("@", "<wbr>@").replace(".", "<wbr>.")
    (row,) = [row for row in rows_in(text) if f">{shown}</td>" in row or f">{email}</th>" in row]
    return row


def links(row: str) -> list[str]:
    """The last word of the address behind each button."""
    return re.findall(r'href="[^"]*/([^/"]+)/"', row)


def invite(world: World, own: str, email: str, **values: Any) -> Invitation:
    expires = timezone.now() + dt.timedelta(days=2)
    facts = {"organisation": getattr(world, own), "role": "viewer", "token_digest": email, "expires_at": expires}
    return Invitation.objects.create(email=email, **{**facts, **values})


@SIDES
def test_a_manager_does_everything_but_remove_themselves(world: World, own: str, space: str) -> None:
    text = page(world, f"{own}_manager", own, space)
    assert links(row_of(text, of(world, f"{own}_manager").user.email)) == ["afwezig", "rol"]
    assert links(row_of(text, of(world, f"{own}_editor").user.email)) == ["afwezig", "rol", "verwijderen"]
    assert links(row_of(text, of(world, f"{own}_viewer").user.email)) == ["rol", "verwijderen"]


@SIDES
def test_an_editor_says_that_they_are_away_and_a_viewer_does_nothing(world: World, own: str, space: str) -> None:
    invite(world, own, "gast@elders.example")
    text = page(world, f"{own}_editor", own, space)
    assert links(row_of(text, of(world, f"{own}_editor").user.email)) == ["afwezig"]
    assert links(row_of(text, of(world, f"{own}_manager").user.email)) == []
    assert links(row_of(text, "gast@elders.example")) == []
    text = page(world, f"{own}_viewer", own, space)
    assert [links(row) for row in rows_in(text)] == [[]] * len(rows_in(text))
    assert "Actions" not in text


@SIDES
def test_what_each_may_do_stands_in_the_row(world: World, own: str, space: str) -> None:
    organisation, manager, editor = getattr(world, own), of(world, f"{own}_manager"), of(world, f"{own}_editor")
    enters = "enters and proposes" if own == "agency" else "answers"
    text = page(world, f"{own}_viewer", own, space)
    assert [word in row_of(text, editor.user.email) for word in ("reads", enters, "manages")] == [True, True, False]
    assert "manages" in row_of(text, manager.user.email)
    assert enters not in row_of(text, of(world, f"{own}_viewer").user.email)
    assert ">decides<" not in text.replace("</svg>", ">"), "says something only where two must agree"
    Organisation.objects.filter(pk=organisation.pk).update(four_eyes=True)
    Membership.objects.filter(pk=manager.pk).update(approver=True, absent_until=TODAY, deputy=editor)
    text = page(world, f"{own}_viewer", own, space)
    away = row_of(text, manager.user.email)
    assert "until " in away
    assert f"deputy: {escape(editor.user.get_full_name())}" in away
    standing_in = row_of(text, editor.user.email)
    assert f"stands in for {escape(manager.user.get_full_name())}" in standing_in
    assert "decides" in standing_in
    Membership.objects.filter(pk=manager.pk).update(absent_until=TODAY - dt.timedelta(days=1))
    text = page(world, f"{own}_viewer", own, space)
    assert "deputy: " not in text
    assert "decides" not in row_of(text, editor.user.email)


@SIDES
def test_an_invitation_says_by_whom_and_until_when(world: World, own: str, space: str) -> None:
    manager = of(world, f"{own}_manager")
    invite(world, own, "nieuw@elders.example", invited_by=manager.user)
    invite(world, own, "oud@elders.example", expires_at=timezone.now() - dt.timedelta(days=1))
    text = page(world, f"{own}_manager", own, space)
    fresh, old = row_of(text, "nieuw@elders.example"), row_of(text, "oud@elders.example")
    assert links(fresh) == ["opnieuw", "intrekken"]
    assert escape(manager.user.get_full_name()) in fresh
    assert [word in fresh for word in ("Viewer", "expired")] == [True, False]
    assert [word in old for word in (">–</td>", "expired")] == [True, True]


@SIDES
def test_what_somebody_typed_is_text_in_the_rows(world: World, own: str, space: str) -> None:
    editor = of(world, f"{own}_editor")
    Membership.objects.exclude(pk=editor.pk).filter(organisation=editor.organisation_id).update(
        absent_until=TODAY, deputy=editor
    )
    invite(world, own, "<script>x</script>@elders.example", invited_by=editor.user)
    User.objects.update(name=NASTY)
    User.objects.filter(pk=editor.user_id).update(email="<script>x</script>@huis.example")
    text = page(world, f"{own}_manager", own, space)
    assert "<script>x" not in text
    for words in ("stands in for ", "deputy: "):
        assert words + ESCAPED in text
    assert "&lt;script&gt;x&lt;/script&gt;<wbr>@huis<wbr>.example" in text
