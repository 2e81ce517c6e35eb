"""Members: roles, leaving, and the manager that always stays."""

import pytest
from django.test import Client
from django.urls import reverse

from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.models import Entry
from dipportal.organisations import memberships
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation, User
from tests.access.filling import filled_in
from tests.world import World


def of(world: World, name: str) -> Membership:
    return Membership.objects.select_related("organisation", "user").get(user=world.people[name])


@pytest.mark.parametrize("name", ["kade_editor", "kade_viewer", "haven_manager", "agency_manager"])
def test_only_a_manager_changes_and_removes(world: World, name: str) -> None:
    actor, viewer = world.actors[name], of(world, "kade_viewer")
    with pytest.raises(NotAllowed):
        memberships.change_role(viewer, Role.MANAGER, actor=actor)
    with pytest.raises(NotAllowed):
        memberships.remove(viewer, actor=actor)
    with pytest.raises(NotAllowed):
        memberships.update_organisation(world.kade, {"name": "Anders"}, seen_version=1, actor=actor)
    assert of(world, "kade_viewer").role == Role.VIEWER


def test_a_role_is_changed_once(world: World) -> None:
    viewer, manager = of(world, "kade_viewer"), world.actors["kade_manager"]
    for _time in range(2):
        memberships.change_role(viewer, Role.EDITOR, actor=manager)
    assert of(world, "kade_viewer").role == Role.EDITOR
    line = Entry.objects.get()
    assert (line.code, line.fields["role"]) == ("member.role_changed", ["viewer", "editor"])


def test_a_role_that_does_not_exist_is_refused(world: World) -> None:
    with pytest.raises(Invalid):
        memberships.change_role(of(world, "kade_viewer"), "owner", actor=world.actors["kade_manager"])


@pytest.mark.parametrize("what", ["role", "remove", "leave"])
def test_the_last_manager_stays(world: World, what: str) -> None:
    last, actor = of(world, "kade_manager"), world.actors["kade_manager"]
    act = {
        "role": lambda: memberships.change_role(last, Role.EDITOR, actor=actor),
        "remove": lambda: memberships.remove(last, actor=actor),
        "leave": lambda: memberships.leave(last),
    }[what]
    with pytest.raises(PortalError) as refused:
        act()
    assert refused.value.code == "last_manager"
    assert of(world, "kade_manager").role == Role.MANAGER
    memberships.change_role(of(world, "kade_editor"), Role.MANAGER, actor=actor)
    act()
    assert not Membership.objects.filter(pk=last.pk, role=Role.MANAGER).exists()


def test_a_removed_member_sees_nothing_any_more(world: World, client: Client) -> None:
    client.force_login(world.people["kade_viewer"])
    assert client.get(world.kade.home_url).status_code == 200
    memberships.remove(of(world, "kade_viewer"), actor=world.actors["kade_manager"])
    assert client.get(world.kade.home_url).status_code == 404


def test_removing_somebody_who_left_already_is_told(world: World) -> None:
    viewer = of(world, "kade_viewer")
    memberships.leave(viewer)
    viewer.pk = viewer.pk or 1
    with pytest.raises(StaleState):
        memberships.remove(viewer, actor=world.actors["kade_manager"])
    assert list(Entry.objects.values_list("code", flat=True)) == ["member.left"]


@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_everybody_can_leave_by_the_page(world: World, client: Client, role: str) -> None:
    client.force_login(world.people[f"kade_{role}"])
    url = reverse("leave", kwargs={"slug": "de-kade"})
    assert client.get(url).status_code == 200
    assert world.people[f"kade_{role}"].memberships.exists()
    assert client.post(url).status_code == 302
    assert not world.people[f"kade_{role}"].memberships.exists()


def test_a_manager_changes_name_and_contact_but_not_the_side_or_the_address(world: World, client: Client) -> None:
    client.force_login(world.people["kade_manager"])
    url = reverse("receivers:organisation_edit", kwargs={"organisation": "de-kade"})
    data = {"name": "De Nieuwe Kade", "contact_email": "x@kade.example", "kind": "provider", "slug": "gekaapt"}
    assert client.post(url, {**data, "version": 1}).status_code == 302
    now = Organisation.objects.get(pk=world.kade.pk)
    assert (now.name, now.contact_email, now.kind, now.slug) == (
        "De Nieuwe Kade", "x@kade.example", "receiver", "de-kade",
    )  # fmt: skip
    with pytest.raises(KeyError):
        memberships.update_organisation(now, {"kind": "provider"}, seen_version=2, actor=world.actors["kade_manager"])


@pytest.mark.parametrize("seen", [0, 1])
def test_saving_what_stands_writes_no_line(world: World, seen: int) -> None:
    """Nor is a form sent twice refused."""
    name, manager = {"name": world.kade.name}, world.actors["kade_manager"]
    memberships.update_organisation(world.kade, name, seen_version=seen, actor=manager)
    assert not Entry.objects.exists()
    assert Organisation.objects.get(pk=world.kade.pk).version == 1


def test_a_stale_save_of_name_and_contact_shows_both_and_undoes_nothing(world: World, client: Client) -> None:
    url = reverse("receivers:organisation_edit", kwargs={"organisation": "de-kade"})
    client.force_login(world.people["kade_manager"])
    mine = {**filled_in(url, client.get(url).content.decode(), url), "contact_phone": "020-1111111"}
    colleague = {"name": "De Nieuwe Kade", "contact_phone": "020-2222222"}
    memberships.update_organisation(world.kade, colleague, seen_version=1, actor=world.actors["kade_manager"])
    for unread in (mine, {**mine, "version": ""}):
        response = client.post(url, unread)
        assert response.status_code == 409
        shown = {(str(row["there"]), str(row["typed"])) for row in response.context["stale"]}
        assert shown == {("De Nieuwe Kade", 'Schouwburg "De Kade"'), ("020-2222222", "020-1111111")}
    assert Organisation.objects.get(pk=world.kade.pk).contact_phone == "020-2222222"
    # Who saves again has seen both.
    again = {**filled_in(url, response.content.decode(), url), "name": "De Nieuwe Kade"}
    assert client.post(url, again).status_code == 302
    now = Organisation.objects.get(pk=world.kade.pk)
    assert (now.name, now.contact_phone, now.version) == ("De Nieuwe Kade", "020-1111111", 3)


def test_a_manager_who_was_made_inactive_does_not_count(world: World) -> None:
    editor, manager = of(world, "kade_editor"), of(world, "kade_manager")
    memberships.change_role(editor, Role.MANAGER, actor=world.actors["kade_manager"])
    User.objects.filter(pk=editor.user_id).update(is_active=False)
    with pytest.raises(PortalError) as refused:
        memberships.leave(manager)
    assert refused.value.code == "last_manager"
    # The one who cannot log in may go.
    memberships.remove(of(world, "kade_editor"), actor=world.actors["kade_manager"])
    assert of(world, "kade_manager").role == Role.MANAGER


def test_the_pages_of_members_work_by_plain_forms(world: World, client: Client) -> None:
    client.force_login(world.people["agency_manager"])
    place = {"organisation": world.agency.slug}
    viewer = of(world, "agency_viewer")
    client.post(reverse("providers:member_role", kwargs={**place, "pk": viewer.pk}), {"role": "editor"})
    assert of(world, "agency_viewer").role == Role.EDITOR
    assert client.get(reverse("providers:member_remove", kwargs={**place, "pk": viewer.pk})).status_code == 200
    assert Membership.objects.filter(pk=viewer.pk).exists()
    client.post(reverse("providers:member_remove", kwargs={**place, "pk": viewer.pk}))
    assert not Membership.objects.filter(pk=viewer.pk).exists()
    own = of(world, "agency_manager")
    removing_oneself = client.post(reverse("providers:member_remove", kwargs={**place, "pk": own.pk}))
    assert removing_oneself.url == reverse("leave", kwargs={"slug": world.agency.slug})  # type: ignore[attr-defined]
    assert Membership.objects.filter(pk=own.pk).exists()
