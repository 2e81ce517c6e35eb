"""Drafting, changing, proposing, withdrawing and amending agreements, through the real pages."""

import re
from typing import Any

import pytest

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Theater
from dipportal.contracts import actions
from dipportal.contracts.enums import ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import OPEN_END, terms_of
from tests.providers.browser import at, fields, send, signed_in
from tests.world import World, evening


def new_url(world: World, **chosen: Any) -> str:
    query = {"production": world.production.pk, "theater": world.theater.pk, "type": "partage"}
    query |= {"performances": world.performances[0].pk, **chosen}
    text = "&".join(f"{name}={value}" for name, value in query.items() if value is not None)
    return f"{at(world.agency, 'contract_new')}?{text}"


def test_a_concept_is_drafted_step_by_step(world: World) -> None:
    client = signed_in(world, "agency_editor")
    start = at(world.agency, "contract_new")
    assert f"?production={world.production.pk}" in client.get(start).content.decode()
    second = client.get(start, {"production": world.production.pk}).content.decode()
    assert f"theater={world.theater.pk}" in second
    third = client.get(start, {"production": world.production.pk, "theater": world.theater.pk})
    chosen = fields(third, "continue")
    assert chosen["performances"] == [str(performance.pk) for performance in world.performances]
    fourth = client.get(start, {**chosen, "type": "volume"})
    data = fields(fourth)
    assert data["performances"] == chosen["performances"]
    made = client.post(f"{start}?{fourth.wsgi_request.GET.urlencode()}", data)
    contract = Contract.objects.get()
    assert made.headers["Location"] == at(world.agency, "contract", pk=contract.pk)
    assert (contract.type, contract.status, contract.performances.count()) == ("volume", Status.CONCEPT, 3)
    assert contract.contact_provider == world.agency.contact_email


def test_no_performance_ticked_stays_at_that_step(world: World) -> None:
    client = signed_in(world, "agency_editor")
    page = client.get(new_url(world, performances=None, step="terms"))
    assert page.status_code == 200
    assert "performances" in page.context["form"].errors


def test_terms_are_read_as_people_type_them(world: World) -> None:
    client = signed_in(world, "agency_editor")
    typed = {
        "provider_share": "82,5",
        "provider_guarantee": "6.500,-",
        "copyright_percentage": "12 %",
        "theater_surcharge": "2",
        "entrance_prices": "27,50; 23,50",
        "settlement_prices": "25,50; 21.50",
        "remarks": "Licht & geluid <b>zelf</b>",
        "own_reference": "K-17",
    }
    assert send(client, new_url(world), typed).status_code == 302
    contract = Contract.objects.get()
    assert (str(contract.provider_share), contract.provider_guarantee) == ("82.5000", 650000)
    assert (contract.entrance_prices, contract.settlement_prices) == ([2750, 2350], [2550, 2150])
    assert contract.own_reference == "K-17"
    page = client.get(at(world.agency, "contract", pk=contract.pk)).content.decode()
    assert "<b>zelf</b>" not in page
    assert "data-warnings" not in page


def test_tranches_are_rows_and_the_last_has_no_end(world: World) -> None:
    client = signed_in(world, "agency_editor")
    rows = {
        "tranches-0-amount": "5.000",
        "tranches-0-percentage": "60",
        "tranches-1-amount": "",
        "tranches-1-percentage": "72,5",
    }
    assert send(client, new_url(world, type="volume"), rows).status_code == 302
    contract = Contract.objects.get()
    assert contract.tranches == [
        {"amount": 500000, "percentage": "60.00"},
        {"amount": OPEN_END, "percentage": "72.50"},
    ]
    shown = fields(client.get(at(world.agency, "contract_edit", pk=contract.pk)))
    assert (shown["tranches-1-amount"], shown["tranches-1-percentage"]) == ([""], ["72,5\xa0%"])
    # Saving what stands there changes nothing.
    assert send(client, at(world.agency, "contract_edit", pk=contract.pk)).status_code == 302
    contract.refresh_from_db()
    assert contract.version == 1


@pytest.mark.parametrize(
    "rows",
    [
        {"tranches-0-amount": "", "tranches-0-percentage": "60", "tranches-1-percentage": "70"},
        {"tranches-0-amount": "5000", "tranches-0-percentage": ""},
        {"tranches-0-amount": "veel", "tranches-0-percentage": "60"},
        {"tranches-0-amount": "5000", "tranches-0-percentage": "160"},
        {
            "tranches-0-amount": "5000",
            "tranches-0-percentage": "60",
            "tranches-1-amount": "4000",
            "tranches-1-percentage": "70",
        },
    ],
)
def test_tranches_that_make_no_sense_are_refused(world: World, rows: dict[str, str]) -> None:
    response = send(signed_in(world, "agency_editor"), new_url(world, type="volume"), rows)
    assert response.status_code == 200
    assert "tranches" in response.context["form"].errors
    assert not Contract.objects.exists()


def test_both_guarantees_are_refused_beside_the_field(world: World) -> None:
    typed = {"provider_guarantee": "100", "receiver_guarantee": "100"}
    response = send(signed_in(world, "agency_editor"), new_url(world), typed)
    assert "receiver_guarantee" in response.context["form"].errors
    assert not Contract.objects.exists()


@pytest.mark.parametrize("name", ["provider_share", "provider_guarantee", "entrance_prices", "contact_receiver"])
def test_nonsense_is_refused_beside_its_field(world: World, name: str) -> None:
    response = send(signed_in(world, "agency_editor"), new_url(world), {name: "nergens"})
    assert name in response.context["form"].errors
    assert 'value="nergens"' in response.content.decode()


@pytest.mark.parametrize("kind", ContractType.values)
def test_the_form_of_each_type_has_its_own_terms(world: World, kind: str) -> None:
    form = signed_in(world, "agency_editor").get(new_url(world, type=kind)).context["form"]
    assert {term.name for term in terms_of(kind)} <= set(form.fields)
    page = signed_in(world, "agency_editor").get(new_url(world, type=kind)).content.decode()
    for term in terms_of(kind):
        assert f'name="{term.name}' in page


def test_a_strange_production_theater_or_performance_is_refused(world: World) -> None:
    client = signed_in(world, "agency_editor")
    assert client.get(new_url(world, production=world.rival_production.pk)).status_code == 404
    assert client.get(new_url(world, theater=world.other_theater.pk)).status_code == 404
    for production in (world.rival_production.pk, 999999, "x"):
        assert client.post(new_url(world, production=production), {"performances": "1"}).status_code == 404
    response = send(client, new_url(world), {"performances": [world.rival_performance.pk]})
    assert "performances" in response.context["form"].errors
    assert not Contract.objects.exists()


def test_a_theater_that_is_no_member_is_refused(world: World) -> None:
    field = Theater.objects.get(pk=21)
    Performance.objects.create(production=world.production, theater=field, starts_at=evening(10))
    client = signed_in(world, "agency_editor")
    page = client.get(new_url(world, theater=field.pk))
    assert page.context["refused"] == field
    client.post(new_url(world, theater=field.pk), {"performances": "1"})
    assert not Contract.objects.exists()


def test_contacts_come_from_the_last_agreement_with_the_theater(world: World) -> None:
    client = signed_in(world, "agency_editor")
    assert fields(client.get(new_url(world)))["contact_receiver"] == [""]
    world.contract()
    data = fields(client.get(new_url(world)))
    assert data["contact_receiver"] == ["programmering@kade.example"]
    assert data["contact_provider"] == ["plan@agency.example"]


def test_a_stale_save_shows_both_values_and_overwrites_nothing(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_edit", pk=contract.pk)
    mine = fields(client.get(url))
    colleague = world.actors["agency_manager"]
    actions.update_concept(contract, actor=colleague, seen_version=1, terms={"remarks": "Van de collega"})
    response = client.post(url, {**mine, "remarks": "Van mij"})
    assert response.status_code == 409
    contract.refresh_from_db()
    assert contract.remarks == "Van de collega"
    (row,) = response.context["stale"]
    assert (row.there, row.typed) == ("Van de collega", "Van mij")
    # Whoever has seen both may save.
    assert client.post(url, fields(response)).status_code == 302
    contract.refresh_from_db()
    assert contract.remarks == "Van mij"


def test_proposing_asks_first_and_then_acts(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_propose", pk=contract.pk)
    page = client.get(url)
    contract.refresh_from_db()
    assert contract.status == Status.CONCEPT
    assert "De Storm" in page.content.decode()
    assert send(client, url, action="propose").headers["Location"] == at(world.agency, "contract", pk=contract.pk)
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED
    assert client.post(url, {"version": 1}).status_code == 302
    assert client.get(url).status_code == 302


def test_what_a_colleague_changed_meanwhile_is_not_proposed_unread(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_propose", pk=contract.pk)
    read = fields(client.get(url), "propose")
    terms = {**contract.term_values(), "provider_guarantee": 900000}
    actions.update_concept(contract, actor=world.actors["agency_manager"], seen_version=1, terms=terms)
    for unread in ({}, {"version": ""}, read):
        response = client.post(url, unread, follow=True)
        contract.refresh_from_db()
        assert contract.status == Status.CONCEPT, unread
        assert response.redirect_chain in ([], [(url, 302)])
    assert "Somebody changed this meanwhile" in response.content.decode() or "intussen" in response.content.decode()
    assert send(client, url, action="propose").status_code == 302
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


def test_a_cancelled_evening_says_why_it_cannot_be_proposed(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    Performance.objects.filter(pk=world.performances[0].pk).update(status=PerformanceStatus.CANCELLED)
    url = at(world.agency, "contract_propose", pk=contract.pk)
    page = client.post(url, {"version": contract.version}, follow=True)
    assert 'data-action="propose"' not in page.content.decode()
    assert page.context["unfit"].code == "cancelled"
    assert str(page.context["unfit"].sentence) in page.content.decode()


def test_what_was_typed_stays_on_the_screen_when_a_colleague_proposed_it(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_edit", pk=contract.pk)
    mine = fields(client.get(url))
    actions.propose(contract, actor=world.actors["agency_manager"])
    response = client.post(url, {**mine, "remarks": "Lang getypt verhaal"})
    assert response.status_code == 409
    page = response.content.decode()
    assert "Lang getypt verhaal" in page
    assert 'data-action="save"' not in page
    contract.refresh_from_db()
    assert contract.remarks == "Speelduur 90 minuten zonder pauze."


def test_the_same_typed_twice_is_told_too(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_edit", pk=contract.pk)
    mine = {**fields(client.get(url)), "remarks": "Hetzelfde"}
    terms = {**contract.term_values(), "remarks": "Hetzelfde"}
    actions.update_concept(contract, actor=world.actors["agency_manager"], seen_version=1, terms=terms)
    response = client.post(url, mine)
    assert response.status_code == 409
    assert response.context["stale"] == []


def test_missing_terms_are_listed_with_the_way_to_them(world: World) -> None:
    contract = world.contract(terms={"provider_share": None})
    client = signed_in(world, "agency_editor")
    url = at(world.agency, "contract_propose", pk=contract.pk)
    page = client.get(url).content.decode()
    assert f"{at(world.agency, 'contract_edit', pk=contract.pk)}#id_provider_share" in page
    assert 'data-action="propose"' not in page
    assert client.post(url, {"version": contract.version}).headers["Location"] == url
    contract.refresh_from_db()
    assert contract.status == Status.CONCEPT


def test_withdrawing_makes_it_a_concept_again(world: World) -> None:
    contract, client = world.contract(status="proposed"), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_withdraw", pk=contract.pk)
    assert send(client, url, {"reason": "Nog niet rond"}, action="withdraw").status_code == 302
    contract.refresh_from_db()
    assert contract.status == Status.CONCEPT
    assert client.get(url).status_code == 302


def test_a_new_version_after_a_rejection(world: World) -> None:
    rejected, client = world.contract(status="rejected"), signed_in(world, "agency_editor")
    page = client.get(at(world.agency, "contract", pk=rejected.pk)).content.decode()
    assert "De garantie is te hoog." in page
    response = client.post(at(world.agency, "contract_amend", pk=rejected.pk))
    following = Contract.objects.get(parent=rejected)
    assert response.headers["Location"] == at(world.agency, "contract_edit", pk=following.pk)
    send(client, at(world.agency, "contract_edit", pk=following.pk), {"provider_guarantee": "5000"})
    rows = {
        row.term.name: row
        for group in client.get(at(world.agency, "contract", pk=following.pk)).context["groups"]
        for row in group.rows
    }
    assert (rows["provider_guarantee"].changed, rows["remarks"].changed) == (True, False)
    # The button is gone, and a second version is refused.
    again = client.get(at(world.agency, "contract", pk=rejected.pk)).content.decode()
    assert 'data-action="amend"' not in again
    client.post(at(world.agency, "contract_amend", pk=rejected.pk))
    assert Contract.objects.filter(parent=rejected).count() == 1


def test_rejected_terms_are_marked(world: World) -> None:
    rejected = world.contract(status="rejected")
    page = signed_in(world, "agency_viewer").get(at(world.agency, "contract", pk=rejected.pk))
    marked = [row.term.name for group in page.context["groups"] for row in group.rows if row.rejected]
    assert marked == ["provider_guarantee"]


def test_a_conflict_shows_both_answers(world: World) -> None:
    contract = world.contract(status="approved")
    actions.flag_conflict(contract, text="DIP says: rejected", actor=world.actors["agency_editor"])
    page = signed_in(world, "agency_viewer").get(at(world.agency, "contract", pk=contract.pk)).content.decode()
    assert "DIP says: rejected" in page


def test_warnings_do_not_block(world: World) -> None:
    contract = world.contract(terms={"settlement_prices": [2000]})
    client = signed_in(world, "agency_editor")
    assert "data-warnings" in client.get(at(world.agency, "contract", pk=contract.pk)).content.decode()
    send(client, at(world.agency, "contract_propose", pk=contract.pk), action="propose")
    contract.refresh_from_db()
    assert contract.status == Status.PROPOSED


@pytest.mark.parametrize("status", ["concept", "proposed", "approved", "rejected"])
def test_a_viewer_sees_no_button_and_can_post_nothing(world: World, status: str) -> None:
    contract, client = world.contract(status=status), signed_in(world, "agency_viewer")
    page = client.get(at(world.agency, "contract", pk=contract.pk)).content.decode()
    # Reading on paper is reading.
    assert set(re.findall(r'data-action="([^"]+)"', page)) <= {"paper"}
    for move in ("contract_edit", "contract_propose", "contract_withdraw", "contract_amend"):
        assert client.post(at(world.agency, move, pk=contract.pk)).status_code == 403
    assert client.post(new_url(world)).status_code == 403
    contract.refresh_from_db()
    assert contract.status == status
    assert Contract.objects.count() == 1


@pytest.mark.parametrize("move", ["contract_edit", "contract_propose", "contract_withdraw", "contract_amend"])
def test_the_neighbours_agreement_cannot_be_touched(world: World, move: str) -> None:
    strange = world.rival_contract(status="rejected" if move == "contract_amend" else "concept")
    before = (strange.status, strange.version)
    assert signed_in(world, "agency_manager").post(at(world.agency, move, pk=strange.pk)).status_code == 404
    strange.refresh_from_db()
    assert (strange.status, strange.version) == before
    assert Contract.objects.count() == 1


@pytest.mark.parametrize("status", ["proposed", "approved", "rejected"])
def test_only_a_concept_is_edited(world: World, status: str) -> None:
    contract, client = world.contract(status=status), signed_in(world, "agency_editor")
    url = at(world.agency, "contract_edit", pk=contract.pk)
    assert client.get(url).status_code == 302
    assert client.post(url, {"remarks": "Toch anders"}).status_code == 409
    contract.refresh_from_db()
    assert contract.remarks != "Toch anders"


def test_fields_that_are_not_in_the_form_are_ignored(world: World) -> None:
    contract, client = world.contract(), signed_in(world, "agency_editor")
    extra = {
        "status": "approved",
        "provider": world.rival.pk,
        "theater": world.other_theater.pk,
        "producer": world.rival_producer.pk,
        "production": world.rival_production.pk,
        "dip_id": "7",
        "reference": "X",
        "number": "9",
        "type": "buyout",
        "conflict_text": "x",
        "root": "1",
        "parent": "1",
    }
    send(client, at(world.agency, "contract_edit", pk=contract.pk), {**extra, "remarks": "Anders"})
    contract.refresh_from_db()
    assert contract.remarks == "Anders"
    assert (contract.status, contract.provider, contract.theater) == ("concept", world.agency, world.theater)
    assert (contract.producer, contract.production, contract.dip_id) == (world.producer, world.production, None)
    assert (contract.number, contract.type, contract.parent, contract.conflict_text) == (1, "partage", None, "")


@pytest.mark.parametrize("guess", ["9" * 30, "-1", "x", "１", "0", "\x00"])
def test_nonsense_in_the_address_or_the_form_is_refused_in_words(world: World, guess: str) -> None:
    client = signed_in(world, "agency_editor")
    start = at(world.agency, "contract_new")
    assert client.get(start, {"production": guess}).status_code == 404
    assert client.get(start, {"production": world.production.pk, "theater": guess}).status_code == 404
    page = client.get(start, {"production": world.production.pk, "theater": world.theater.pk, "performance": guess})
    assert page.status_code == 200
    response = send(client, new_url(world), {"performances": [guess]})
    assert "performances" in response.context["form"].errors
    for page_name, name in (
        ("contracts", "q"),
        ("contracts", "theater"),
        ("contracts", "since"),
        ("productions", "producer"),
        ("performances", "production"),
        ("finder", "q"),
        ("search", "q"),
        ("contracts", "page"),
    ):
        assert client.get(at(world.agency, page_name), {name: guess}).status_code == 200, (page_name, name)
    new = at(world.agency, "performance_new", pk=world.production.pk)
    assert client.get(new, {"theater": guess, "rows": guess}).status_code == 200
    assert client.get(at(world.agency, "halls"), {"form-0-theater": guess}).status_code == 200
    assert not Contract.objects.exists()
