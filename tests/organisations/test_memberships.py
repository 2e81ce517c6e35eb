"""Members: roles, leaving, and the manager that always stays."""

import pytest
from django.test import Client
from django.urls import reverse

from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.models import Entry
from dipportal.organisations import memberships
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation
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
        memberships.update_organisation(world.kade, {"name": "Anders"}, actor=actor)
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
    assert client.post(url, data).status_code == 302
    now = Organisation.objects.get(pk=world.kade.pk)
    assert (now.name, now.contact_email, now.kind, now.slug) == (
        "De Nieuwe Kade", "x@kade.example", "receiver", "de-kade",
    )  # fmt: skip
    with pytest.raises(KeyError):
        memberships.update_organisation(now, {"kind": "provider"}, actor=world.actors["kade_manager"])


def test_saving_what_stands_writes_no_line(world: World) -> None:
    memberships.update_organisation(world.kade, {"name": world.kade.name}, actor=world.actors["kade_manager"])
    assert not Entry.objects.exists()


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
