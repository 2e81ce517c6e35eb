"""Every page of the area: who gets in, and that a neighbour's object does not exist."""

import pytest

from tests.providers.browser import at, signed_in
from tests.world import World

PLAIN = (
    "start",
    "productions",
    "performances",
    "contracts",
    "finder",
    "members",
    "search",
)
FOR_EDITORS = ("production_new", "contract_new", "halls")
OF_PRODUCTION = (
    ("production", "viewer"),
    ("production_edit", "editor"),
    ("production_cancel", "editor"),
    ("performance_new", "editor"),
)
OF_PERFORMANCE = (("performance_edit", "editor"), ("performance_cancel", "editor"))
OF_CONTRACT = (("contract", "viewer"), ("contract_edit", "editor"), ("contract_propose", "editor"))


@pytest.mark.parametrize("page", PLAIN)
@pytest.mark.parametrize("role", ["viewer", "editor", "manager"])
def test_every_role_reads(world: World, page: str, role: str) -> None:
    world.contract(status="rejected")
    assert signed_in(world, f"agency_{role}").get(at(world.agency, page)).status_code == 200


@pytest.mark.parametrize("page", PLAIN)
def test_a_page_without_anything_says_what_to_do(world: World, page: str) -> None:
    """The neighbour has everything, a fresh provider nothing."""
    world.rival.producers.clear()  # type: ignore[attr-defined]
    world.contract(status="proposed")
    response = signed_in(world, "rival_viewer").get(at(world.rival, page))
    assert response.status_code == 200
    assert world.production.title not in response.content.decode()


@pytest.mark.parametrize("page", FOR_EDITORS)
def test_a_form_is_for_editors(world: World, page: str) -> None:
    assert signed_in(world, "agency_editor").get(at(world.agency, page)).status_code == 200
    assert signed_in(world, "agency_viewer").get(at(world.agency, page)).status_code == 403


@pytest.mark.parametrize(("page", "role"), OF_PRODUCTION)
def test_pages_of_a_production(world: World, page: str, role: str) -> None:
    client = signed_in(world, "agency_editor")
    assert client.get(at(world.agency, page, pk=world.production.pk)).status_code == 200
    assert client.get(at(world.agency, page, pk=world.rival_production.pk)).status_code == 404
    viewer = signed_in(world, "agency_viewer").get(at(world.agency, page, pk=world.production.pk))
    assert viewer.status_code == (200 if role == "viewer" else 403)


@pytest.mark.parametrize(("page", "role"), OF_PERFORMANCE)
def test_pages_of_a_performance(world: World, page: str, role: str) -> None:
    client = signed_in(world, "agency_editor")
    assert client.get(at(world.agency, page, pk=world.performances[0].pk)).status_code == 200
    assert client.get(at(world.agency, page, pk=world.rival_performance.pk)).status_code == 404
    viewer = signed_in(world, "agency_viewer").get(at(world.agency, page, pk=world.performances[0].pk))
    assert viewer.status_code == 403


@pytest.mark.parametrize(("page", "role"), OF_CONTRACT)
def test_pages_of_an_agreement(world: World, page: str, role: str) -> None:
    own, strange = world.contract(), world.rival_contract()
    client = signed_in(world, "agency_editor")
    assert client.get(at(world.agency, page, pk=own.pk)).status_code == 200
    assert client.get(at(world.agency, page, pk=strange.pk)).status_code == 404
    viewer = signed_in(world, "agency_viewer").get(at(world.agency, page, pk=own.pk))
    assert viewer.status_code == (200 if role == "viewer" else 403)


@pytest.mark.parametrize("page", PLAIN)
def test_the_area_of_another_organisation_does_not_exist(world: World, page: str) -> None:
    for stranger in ("rival_manager", "kade_manager", "nobody", "staff"):
        assert signed_in(world, stranger).get(at(world.agency, page)).status_code == 404
