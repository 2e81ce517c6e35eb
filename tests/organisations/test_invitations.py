"""Invitations: who may invite, what the link does, and for whom."""

import datetime as dt
from collections.abc import Iterator

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dipportal.core.errors import Invalid, NotAllowed, StaleState
from dipportal.journal.models import Entry
from dipportal.notifications.models import Email
from dipportal.organisations import invitations
from dipportal.organisations.actors import staff
from dipportal.organisations.models import Invitation, Membership, User
from tests.world import PASSWORD, World

NEW = "nieuw@kade.example"


@pytest.fixture
def tokens() -> Iterator[list[str]]:
    """The secrets of the links, as the writer of the mail gets them."""
    found: list[str] = []

    def keep(_invitation: Invitation, token: str) -> None:
        found.append(token)

    invitations.invitation_mailers.append(keep)
    yield found
    invitations.invitation_mailers.remove(keep)


def invite(world: World, email: str = NEW, role: str = "editor", by: str = "kade_manager") -> Invitation:
    return invitations.invite(world.kade, email, role, "nl", actor=world.actors[by])


def codes() -> list[str]:
    return list(Entry.objects.order_by("pk").values_list("code", flat=True))


@pytest.mark.parametrize("name", ["kade_editor", "kade_viewer", "haven_manager", "agency_manager"])
def test_only_a_manager_of_the_organisation_invites(world: World, name: str) -> None:
    with pytest.raises(NotAllowed):
        invite(world, by=name)
    assert not Invitation.objects.exists()
    assert not Email.objects.exists()


def test_an_administrator_invites_the_first_manager(world: World) -> None:
    made = invitations.invite(world.kade, NEW, "manager", "nl", actor=staff(world.people["staff"]))
    assert made.role == "manager"
    with pytest.raises(NotAllowed):
        invitations.invite(world.kade, "ander@kade.example", "manager", "nl", actor=staff(world.people["nobody"]))


def test_the_secret_of_the_link_is_kept_nowhere(world: World, tokens: list[str]) -> None:
    made = invite(world)
    assert len(tokens[0]) >= 43
    assert tokens[0] not in str(list(Invitation.objects.values()))
    assert tokens[0] not in str(list(Entry.objects.values()))
    assert invitations.find(tokens[0]) == made
    assert codes() == ["member.invited"]


@pytest.mark.parametrize("email", [NEW, NEW.upper(), f" {NEW} "])
def test_an_address_has_one_open_invitation(world: World, email: str) -> None:
    invite(world)
    with pytest.raises(Invalid) as refused:
        invite(world, email)
    assert set(refused.value.fields) == {"email"}
    assert Invitation.objects.count() == 1


def test_a_member_is_not_invited_again(world: World) -> None:
    with pytest.raises(Invalid) as refused:
        invite(world, "VIEWER@de-kade.example")
    assert set(refused.value.fields) == {"email"}


@pytest.mark.parametrize("given", [{"role": "owner"}, {"role": ""}])
def test_a_role_that_does_not_exist_is_refused(world: World, given: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        invite(world, **given)


def test_an_expired_invitation_does_not_stand_in_the_way(world: World, tokens: list[str]) -> None:
    old = invite(world)
    Invitation.objects.filter(pk=old.pk).update(expires_at=timezone.now() - dt.timedelta(seconds=1))
    assert invitations.find(tokens[0]) is None
    assert invite(world).pk != old.pk


def test_sending_again_makes_the_first_link_worthless(world: World, tokens: list[str]) -> None:
    made = invite(world)
    invitations.resend(made, actor=world.actors["kade_manager"])
    assert invitations.find(tokens[0]) is None
    assert invitations.find(tokens[1]) == made
    with pytest.raises(NotAllowed):
        invitations.resend(made, actor=world.actors["kade_editor"])


def test_a_withdrawn_link_lets_nobody_in(world: World, tokens: list[str]) -> None:
    made = invite(world, "niemand@portal.example")
    invitations.withdraw_invitation(made, actor=world.actors["kade_manager"])
    assert invitations.find(tokens[0]) is None
    with pytest.raises(StaleState):
        invitations.accept(made, user=world.people["nobody"])
    with pytest.raises(StaleState):
        invitations.resend(made, actor=world.actors["kade_manager"])
    invitations.withdraw_invitation(made, actor=world.actors["kade_manager"])
    assert codes().count("member.invitation_withdrawn") == 1


def test_accepting_gives_the_role_that_was_offered_once(world: World) -> None:
    made = invite(world, "niemand@portal.example", "viewer")
    membership = invitations.accept(made, user=world.people["nobody"])
    assert (membership.organisation, membership.role) == (world.kade, "viewer")
    made.refresh_from_db()
    with pytest.raises(StaleState):
        invitations.accept(made, user=world.people["nobody"])
    assert Membership.objects.filter(user=world.people["nobody"]).count() == 1


def test_somebody_else_s_link_lets_nobody_in(world: World) -> None:
    made = invite(world)
    with pytest.raises(NotAllowed):
        invitations.accept(made, user=world.people["nobody"])
    assert not Membership.objects.filter(user=world.people["nobody"]).exists()


def test_a_link_opened_by_another_person_offers_no_button(world: World, client: Client, tokens: list[str]) -> None:
    invite(world)
    client.force_login(world.people["nobody"])
    url = reverse("invitation", kwargs={"token": tokens[0]})
    assert client.get(url).context["other_address"]
    assert client.post(url).status_code == 302
    assert not Membership.objects.filter(user=world.people["nobody"]).exists()


def test_signing_up_by_the_link(world: World, client: Client, tokens: list[str]) -> None:
    invite(world)
    url = reverse("invitation", kwargs={"token": tokens[0]})
    assert world.kade.name in client.get(url).context["invitation"].organisation.name
    assert client.post(url).url == reverse("account_signup")  # type: ignore[attr-defined]
    person = {"email": NEW, "name": "Nieuw", "password1": PASSWORD, "password2": PASSWORD}
    reply = client.post(reverse("account_signup"), person, follow=True)
    assert reply.redirect_chain[-1][0] == world.kade.home_url
    assert Membership.objects.get(user__email=NEW).role == "editor"
    assert client.get(url).status_code == 404


def test_signing_up_with_another_address_is_refused(world: World, client: Client, tokens: list[str]) -> None:
    invite(world)
    client.post(reverse("invitation", kwargs={"token": tokens[0]}))
    person = {"email": "ander@kade.example", "name": "X", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), person)
    assert not User.objects.filter(email="ander@kade.example").exists()


def test_without_a_link_nobody_signs_up(world: World, client: Client) -> None:
    person = {"email": "ander@kade.example", "name": "X", "password1": PASSWORD, "password2": PASSWORD}
    client.post(reverse("account_signup"), person)
    assert not User.objects.filter(email="ander@kade.example").exists()


def test_logging_in_by_the_link(world: World, client: Client, tokens: list[str]) -> None:
    """Somebody with an account at another organisation joins this one as well."""
    editor = world.people["haven_editor"]
    invite(world, editor.email, "viewer")
    reply = client.post(reverse("invitation", kwargs={"token": tokens[0]}))
    assert reply.url == reverse("account_login")  # type: ignore[attr-defined]
    after = client.post(reverse("account_login"), {"login": editor.email, "password": PASSWORD}, follow=True)
    assert after.redirect_chain[-1][0] == world.kade.home_url
    assert set(editor.memberships.values_list("organisation__slug", flat=True)) == {"de-haven", "de-kade"}


def test_logging_in_as_somebody_else_does_not_accept(world: World, client: Client, tokens: list[str]) -> None:
    invite(world, world.people["haven_editor"].email)
    client.post(reverse("invitation", kwargs={"token": tokens[0]}))
    other = world.people["agency_editor"]
    client.post(reverse("account_login"), {"login": other.email, "password": PASSWORD}, follow=True)
    assert not other.memberships.filter(organisation=world.kade).exists()
    assert invitations.find(tokens[0]) is not None


def test_an_address_that_is_not_confirmed_is_not_let_in(world: World, tokens: list[str]) -> None:
    """Who signs up with somebody else's address holds no proof of it yet; the token waits in the session."""
    invite(world)
    user = User.objects.create_user(NEW, PASSWORD)
    address = user.emailaddress_set.create(email=NEW, verified=False, primary=True)  # type: ignore[attr-defined]

    class Request:
        session = {invitations.SESSION_KEY: tokens[0]}
        _messages = None

    assert invitations.accept_from_session(Request, user) is None  # type: ignore[arg-type]
    assert Request.session == {invitations.SESSION_KEY: tokens[0]}
    assert not user.memberships.exists()
    address.delete()
