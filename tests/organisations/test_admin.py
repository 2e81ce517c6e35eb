"""The administration of organisations and people goes through the same actions as the pages."""

from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import NoReverseMatch, reverse

from dipportal.core.errors import StaleState
from dipportal.journal.models import Entry
from dipportal.organisations import memberships
from dipportal.organisations.models import Invitation, Membership, Organisation, User
from tests.access.filling import filled_in
from tests.world import World


@pytest.fixture
def admin(world: World, client: Client) -> Client:
    client.force_login(world.people["staff"])
    return client


def send(client: Client, url: str, data: dict[str, Any]) -> Any:
    """The form of the page as it stands, with these fields filled in."""
    return client.post(url, {**filled_in(url, client.get(url).content.decode(), url), **data})


def test_an_organisation_is_taken_in_and_its_first_manager_invited(world: World, admin: Client) -> None:
    data = {"name": "Theater Nieuw", "slug": "theater-nieuw", "kind": "receiver"}
    assert send(admin, reverse("admin:organisations_organisation_add"), data).status_code == 302
    made = Organisation.objects.get(slug="theater-nieuw")
    invited = {"organisation": made.pk, "email": "Eerste@nieuw.example", "role": "manager", "language": "nl"}
    assert admin.post(reverse("admin:organisations_invitation_add"), invited).status_code == 302
    assert made.invitations.get().email == "eerste@nieuw.example"
    assert list(Entry.objects.order_by("pk").values_list("code", flat=True)) == [
        "organisation.created",
        "member.invited",
    ]
    again = admin.post(reverse("admin:organisations_invitation_add"), invited)
    assert again.status_code == 200
    assert Invitation.objects.count() == 1


def test_the_side_and_the_address_of_an_organisation_stay(world: World, admin: Client) -> None:
    url = reverse("admin:organisations_organisation_change", args=[world.kade.pk])
    assert send(admin, url, {"name": "Anders", "slug": "anders", "kind": "provider"}).status_code == 302
    now = Organisation.objects.get(pk=world.kade.pk)
    assert (now.name, now.slug, now.kind) == ("Anders", "de-kade", "receiver")
    assert Entry.objects.get().code == "organisation.updated"


def test_a_stale_save_of_an_organisation_is_refused(world: World, admin: Client) -> None:
    url = reverse("admin:organisations_organisation_change", args=[world.kade.pk])
    mine = {**filled_in(url, admin.get(url).content.decode(), url), "contact_phone": "020-1111111"}
    values = {"name": "De Nieuwe Kade"}
    memberships.update_organisation(world.kade, values, seen_version=1, actor=world.actors["kade_manager"])
    for unread in (mine, {**mine, "seen_version": ""}):
        page = admin.post(url, unread)
        assert page.status_code == 200
        assert page.context["adminform"].form.errors["__all__"] == [str(StaleState.sentence)]
    now = Organisation.objects.get(pk=world.kade.pk)
    assert (now.name, now.contact_phone) == ("De Nieuwe Kade", "010-0000000")


@pytest.mark.parametrize("other", ["nobody", "inactive", "active"])
def test_the_last_active_manager_is_not_made_inactive(world: World, admin: Client, other: str) -> None:
    manager, editor = world.people["kade_manager"], world.people["kade_editor"]
    if other != "nobody":
        Membership.objects.filter(user=editor).update(role="manager")
        User.objects.filter(pk=editor.pk).update(is_active=other == "active")
    url = reverse("admin:organisations_user_change", args=[manager.pk])
    reply = send(admin, url, {"is_active": []})
    assert User.objects.get(pk=manager.pk).is_active is (other != "active")
    if other != "active":
        assert world.kade.name in reply.context["adminform"].form.errors["is_active"][0]


def test_who_is_inactive_already_can_still_be_renamed(world: World, admin: Client) -> None:
    manager = world.people["kade_manager"]
    User.objects.filter(pk=manager.pk).update(is_active=False)
    url = reverse("admin:organisations_user_change", args=[manager.pk])
    assert send(admin, url, {"name": "Anders"}).status_code == 302
    assert User.objects.get(pk=manager.pk).name == "Anders"


def test_the_last_manager_stays_also_for_administrators(world: World, admin: Client) -> None:
    manager = Membership.objects.get(user=world.people["kade_manager"])
    admin.post(reverse("admin:organisations_membership_change", args=[manager.pk]), {"role": "viewer"})
    admin.post(reverse("admin:organisations_membership_delete", args=[manager.pk]), {"post": "yes"})
    manager.refresh_from_db()
    assert manager.role == "manager"


def test_a_role_is_changed_with_a_line_in_the_journal(world: World, admin: Client) -> None:
    viewer = Membership.objects.get(user=world.people["kade_viewer"])
    admin.post(reverse("admin:organisations_membership_change", args=[viewer.pk]), {"role": "editor"})
    viewer.refresh_from_db()
    assert viewer.role == "editor"
    assert Entry.objects.get().code == "member.role_changed"


@pytest.mark.parametrize("action", ["send_again", "withdraw"])
def test_invitations_are_sent_again_and_withdrawn(world: World, admin: Client, action: str) -> None:
    url = reverse("admin:organisations_invitation_add")
    admin.post(url, {"organisation": world.kade.pk, "email": "x@kade.example", "role": "viewer", "language": "nl"})
    row = Invitation.objects.get()
    admin.post(reverse("admin:organisations_invitation_changelist"), {"action": action, "_selected_action": [row.pk]})
    now = Invitation.objects.get()
    assert (now.token_digest != row.token_digest) is (action == "send_again")
    assert (now.withdrawn_at is not None) is (action == "withdraw")


def test_passwords_and_addresses_are_not_set_in_the_admin(world: World, admin: Client) -> None:
    user = world.people["kade_viewer"]
    url = reverse("admin:organisations_user_change", args=[user.pk])
    assert user.password not in admin.get(url).content.decode()
    taken_over = {"email": "gekaapt@portal.example", "password": "x", "name": "Nieuw"}
    assert send(admin, url, taken_over).status_code == 302
    now = User.objects.get(pk=user.pk)
    assert (now.email, now.password, now.name) == (user.email, user.password, "Nieuw")


def test_only_a_superuser_makes_administrators(world: World, client: Client) -> None:
    helper = world.people["nobody"]
    helper.is_staff = True
    helper.save()
    helper.user_permissions.set(Permission.objects.filter(content_type__app_label="organisations"))
    client.force_login(helper)
    url = reverse("admin:organisations_user_change", args=[helper.pk])
    assert send(client, url, {"name": "X", "is_superuser": "on"}).status_code == 302
    assert not User.objects.get(pk=helper.pk).is_superuser


@pytest.mark.parametrize("name", ["admin:mfa_authenticator_changelist", "admin:usersessions_usersession_changelist"])
def test_secrets_have_no_page(world: World, name: str) -> None:
    with pytest.raises(NoReverseMatch):
        reverse(name)
