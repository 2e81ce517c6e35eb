"""The sums while the terms are being typed: for what stands there, for one's own evenings, and nothing is saved."""

import pytest
from django.utils import translation

from dipportal.contracts.models import Contract
from dipportal.journal.models import Entry
from tests.providers.browser import at, fields, signed_in
from tests.world import World

TYPED = {
    "provider_share": "80",
    "provider_guarantee": "5.000,00",
    "copyright_percentage": "12",
    "copyright_part_added": "on",
    "entrance_prices": "27,50",
    "theater_surcharge": "2,50",
}


def url(world: World) -> str:
    return at(world.agency, "contract_yield", kind="partage")


def test_the_sums_follow_what_is_typed_and_nothing_is_saved(world: World) -> None:
    client = signed_in(world, "agency_editor")
    lines = Entry.objects.count()
    page = client.post(url(world), {**TYPED, "performances": [world.performances[0].pk]}).content.decode()
    for amount in ("8.191,35", "2.047,84", "-3.306,42"):
        assert amount in page
    more = client.post(url(world), {**TYPED, "provider_guarantee": "0", "performances": [world.performances[0].pk]})
    assert "1.638,27" in more.content.decode()
    assert (Contract.objects.count(), Entry.objects.count()) == (0, lines)


@pytest.mark.parametrize("chosen", ["rival", "9" * 30, "x", "-1", ""])
def test_somebody_elses_evening_and_nonsense_count_for_nothing(world: World, chosen: str) -> None:
    keys = str(world.rival_performance.pk) if chosen == "rival" else chosen
    response = signed_in(world, "agency_editor").post(url(world), {**TYPED, "performances": [keys]})
    assert response.status_code == 200
    assert response.context["money"].columns == ()


def test_what_cannot_be_read_is_said(world: World) -> None:
    typed = {**TYPED, "provider_share": "veel", "performances": [world.performances[0].pk]}
    response = signed_in(world, "agency_editor").post(url(world), typed)
    assert response.context["money"].columns == ()
    assert str(response.context["money"].reason) in response.content.decode()


def test_the_form_and_the_page_begin_with_the_sums_of_what_stands_there(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    with translation.override("nl"):
        form = client.get(at(world.agency, "contract_edit", pk=contract.pk))
        page = client.get(at(world.agency, "contract", pk=contract.pk))
    assert form.context["money"].columns == page.context["money"].columns
    assert len(page.context["money"].columns) == 5


def test_working_out_without_scripts_saves_nothing(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    address = at(world.agency, "contract_edit", pk=contract.pk)
    typed = {**fields(client.get(address)), "provider_guarantee": "1.000,00", "calculate": "1"}
    response = client.post(address, typed)
    assert response.status_code == 200
    assert response.context["money"].columns[0].provider != 650000
    contract.refresh_from_db()
    assert contract.provider_guarantee == 650000


def test_a_new_agreement_shows_what_is_still_missing(world: World) -> None:
    chosen = {
        "production": world.production.pk,
        "theater": world.theater.pk,
        "type": "partage",
        "performances": world.performances[0].pk,
    }
    response = signed_in(world, "agency_editor").get(at(world.agency, "contract_new"), chosen)
    assert response.context["money"].columns == ()
    assert str(response.context["money"].reason) in response.content.decode()
