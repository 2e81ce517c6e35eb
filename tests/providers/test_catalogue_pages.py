"""Entering, changing and cancelling productions and performances, through the real pages."""

from html import unescape
from typing import Any

import pytest
from django.utils import timezone

from dipportal.catalogue import actions
from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.catalogue.queries import theater_label
from tests.providers.browser import at, fields, send, signed_in
from tests.world import World, evening, season


@pytest.fixture
def kleine_zaal(world: World) -> Hall:
    return Hall.objects.create(id=59, name="Kleine zaal", theater=world.theater)


def row(number: int, **values: str) -> dict[str, str]:
    plain = {"day": f"{evening(70 + number):%Y-%m-%d}", "time": "20:15"}
    return {f"form-{number}-{name}": value for name, value in {**plain, **values}.items()}


def test_a_production_is_entered(world: World) -> None:
    client = signed_in(world, "agency_editor")
    sent = {"title": "Noord & <b>Zuid</b>", "season": season()}
    response = send(client, at(world.agency, "production_new"), sent)
    made = Production.objects.get(title="Noord & <b>Zuid</b>")
    assert response.headers["Location"] == at(world.agency, "production", pk=made.pk)
    page = client.get(response.headers["Location"]).content.decode()
    assert "<b>Zuid</b>" not in page
    assert made.producer == world.producer


def test_nothing_is_offered_or_accepted_from_the_neighbour(world: World) -> None:
    client = signed_in(world, "agency_editor")
    form = client.get(at(world.agency, "production_new")).context["form"]
    assert list(form.fields["producer"].queryset) == [world.producer]
    assert list(form.fields["revival_of"].queryset) == [world.production]
    for guess in ({"producer": world.rival_producer.pk}, {"revival_of": world.rival_production.pk}):
        response = send(client, at(world.agency, "production_new"), {"title": "Roof", "season": season(), **guess})
        assert set(response.context["form"].errors) == set(guess)
    assert not Production.objects.filter(title="Roof").exists()


def test_an_agency_without_a_producer_reads_what_to_do(world: World) -> None:
    world.agency.producers.clear()  # type: ignore[attr-defined]
    page = signed_in(world, "agency_editor").get(at(world.agency, "production_new"))
    assert page.context["has_producer"] is False
    assert 'data-action="save"' not in page.content.decode()


@pytest.mark.parametrize("dip_id", ["NL-25-123-0003776", ""], ids=["known to DIP", "its creation may be under way"])
def test_the_producer_of_an_existing_production_cannot_be_posted(world: World, dip_id: str) -> None:
    world.rival_producer.providers.add(world.agency)
    Production.objects.filter(pk=world.production.pk).update(dip_id=dip_id)
    client = signed_in(world, "agency_editor")
    url = at(world.agency, "production_edit", pk=world.production.pk)
    field = client.get(url).context["form"].fields["producer"]
    assert field.disabled
    assert str(field.help_text) in unescape(client.get(url).content.decode())
    send(client, url, {"producer": world.rival_producer.pk, "title": "De Orkaan"})
    world.production.refresh_from_db()
    assert (world.production.title, world.production.producer) == ("De Orkaan", world.producer)


def test_a_stale_production_shows_both_titles(world: World) -> None:
    client, url = signed_in(world, "agency_editor"), at(world.agency, "production_edit", pk=world.production.pk)
    mine = fields(client.get(url))
    values = {"title": "Van de collega", "season": season(), "genre": world.genre, "producer": world.producer}
    actions.update_production(world.production, values=values, seen_version=1, actor=world.actors["agency_manager"])
    response = client.post(url, {**mine, "title": "Van mij"})
    assert response.status_code == 409
    assert [(stale.there, stale.typed) for stale in response.context["stale"]] == [("Van de collega", "Van mij")]
    assert client.post(url, fields(response)).status_code == 302
    world.production.refresh_from_db()
    assert world.production.title == "Van mij"


def test_cancelling_a_production_names_the_agreements(world: World) -> None:
    contract = world.contract(status="proposed")
    strange = world.rival_contract(status="proposed")
    client, url = signed_in(world, "agency_editor"), at(world.agency, "production_cancel", pk=world.production.pk)
    page = client.get(url)
    assert list(page.context["affected"]) == [contract]
    assert at(world.agency, "contract", pk=strange.pk) not in page.content.decode()
    send(client, url, {"reason": "Ziekte"}, action="cancel")
    world.production.refresh_from_db()
    assert world.production.cancelled_at is not None
    assert 'data-action="cancel"' not in client.get(url).content.decode()
    assert client.get(at(world.agency, "performance_new", pk=world.production.pk)).status_code == 302


@pytest.mark.parametrize(("left", "words"), [(3, "3 performances"), (1, "1 performance."), (0, "0 performances")])
def test_the_number_of_cancelled_performances_is_said_in_words_that_fit(world: World, left: int, words: str) -> None:
    Performance.objects.filter(pk__in=[one.pk for one in world.performances[left:]]).update(status="cancelled")
    client, url = signed_in(world, "agency_editor"), at(world.agency, "production_cancel", pk=world.production.pk)
    client.cookies["dipportal_language"] = "en"
    send(client, url, {}, action="cancel")
    page = client.get(at(world.agency, "production", pk=world.production.pk)).content.decode()
    assert f"Cancelled, with {words}" in page


def test_several_performances_at_once(world: World, kleine_zaal: Hall) -> None:
    client, url = signed_in(world, "agency_editor"), at(world.agency, "performance_new", pk=world.production.pk)
    sent = {
        **row(0, theater=theater_label(world.theater), hall=str(world.hall.pk), capacity="400; 120"),
        **row(2, theater="de haven", kind="premiere"),
        **row(4, theater="21"),
    }
    assert send(client, url, sent).status_code == 302
    made = Performance.objects.filter(number=None).order_by("starts_at")
    assert [(one.theater_id, one.hall_id, one.kind, one.capacity) for one in made] == [
        (19, 57, "normal", [400, 120]),
        (20, 58, "premiere", []),  # the only hall there is
        (21, None, "normal", []),  # no hall known
    ]
    assert f"{made[0].starts_at:%H:%M}" in ("18:15", "19:15")


def test_the_hall_is_asked_for_when_there_are_several(world: World, kleine_zaal: Hall) -> None:
    client, url = signed_in(world, "agency_editor"), at(world.agency, "performance_new", pk=world.production.pk)
    response = send(client, url, row(0, theater="De Kade"))
    form = response.context["rows"].forms[0]
    assert "hall" in form.errors
    # Without JavaScript the halls stand there now.
    offered = [value for value, _label in form.fields["hall"].choices]
    assert offered == ["", "57", "59", "unknown"]
    data = fields(response)
    assert client.post(url, {**data, "form-0-hall": "unknown"}).status_code == 302
    assert Performance.objects.get(number=None).hall is None


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"theater": "Nergenshuizen"}, "theater"),
        ({"theater": ""}, "theater"),
        ({"theater": "e"}, "theater"),
        ({"theater": "19", "hall": "58"}, "hall"),
        ({"theater": "19", "day": "morgen"}, "day"),
        ({"theater": "19", "day": "0001-01-01"}, "day"),
        ({"theater": "19", "day": "9999-12-31"}, "day"),
        ({"theater": "19", "time": "half negen"}, "time"),
        ({"theater": "19", "capacity": "veel"}, "capacity"),
        ({"theater": "19", "kind": "opera"}, "kind"),
    ],
)
def test_a_wrong_row_saves_nothing_and_says_where(world: World, values: dict[str, str], field: str) -> None:
    client, url = signed_in(world, "agency_editor"), at(world.agency, "performance_new", pk=world.production.pk)
    response = send(client, url, {**row(0, theater="19"), **row(1, **values)})
    assert response.status_code == 200
    assert set(response.context["rows"].forms[1].errors) == {field}
    assert len(response.context["errors"]) >= 1
    assert not Performance.objects.filter(number=None).exists()


def test_the_same_evening_twice_is_refused_at_its_row(world: World) -> None:
    client, url = signed_in(world, "agency_editor"), at(world.agency, "performance_new", pk=world.production.pk)
    again = {"day": f"{evening(70):%Y-%m-%d}", "theater": "19"}
    response = send(client, url, {**row(0, theater="19"), **row(1, **again)})
    assert set(response.context["rows"].forms[1].errors) == {"day"}
    assert not Performance.objects.filter(number=None).exists()


def test_an_empty_form_is_refused(world: World) -> None:
    client, url = signed_in(world, "agency_editor"), at(world.agency, "performance_new", pk=world.production.pk)
    assert send(client, url).status_code == 200
    assert Performance.objects.filter(production=world.production).count() == 3


def test_the_theater_can_be_filled_in_beforehand_and_more_rows_shown(world: World) -> None:
    client, url = signed_in(world, "agency_editor"), at(world.agency, "performance_new", pk=world.production.pk)
    page = client.get(url, {"theater": "19", "rows": "10"})
    assert len(page.context["rows"].forms) == 10
    assert fields(page)["form-9-theater"] == [theater_label(world.theater)]
    # Rows in which nothing else was filled in stay empty rows.
    data = {**fields(page), **row(0)}
    assert client.post(f"{url}?theater=19&rows=10", data).status_code == 302
    assert Performance.objects.filter(number=None).count() == 1


def test_halls_of_a_typed_theater(world: World, kleine_zaal: Hall) -> None:
    Hall.objects.create(id=60, name="NIET GEBRUIKEN zolder", theater=world.theater)
    client, url = signed_in(world, "agency_editor"), at(world.agency, "halls")
    answer = client.get(url, {"form-3-theater": "De Kade"}).content.decode()
    assert 'name="form-3-hall"' in answer
    assert 'value="57"' in answer
    assert 'value="59"' in answer
    assert "zolder" not in answer
    assert 'value="57"' not in client.get(url, {"form-3-theater": "Havenstad"}).content.decode()
    assert client.get(url, {"x": "y"}).status_code == 200


def test_one_page_does_not_carry_every_hall(world: World) -> None:
    """Real DIP has 819 theaters and 2,862 halls."""
    theaters = [Theater(id=1000 + number, name=f"Theater {number}") for number in range(819)]
    Theater.objects.bulk_create(theaters)
    Hall.objects.bulk_create(
        [Hall(id=5000 + number, name=f"Zaal {number}", theater=theaters[number % 819]) for number in range(2862)]
    )
    client = signed_in(world, "agency_editor")
    page = client.get(at(world.agency, "performance_new", pk=world.production.pk)).content.decode()
    assert page.count("Zaal ") == 0
    assert len(page) < 200_000


def test_a_performance_is_moved(world: World) -> None:
    first, client = world.performances[0], signed_in(world, "agency_editor")
    contract = world.contract(status="proposed")
    url = at(world.agency, "performance_edit", pk=first.pk)
    assert list(client.get(url).context["affected"]) == [contract]
    assert send(client, url, {"time": "21:00"}).status_code == 302
    first.refresh_from_db()
    assert first.version == 2
    (line,) = client.get(url).context["entries"]
    assert "20:15" in line.text
    assert "21:00" in line.text


def test_a_performance_in_a_theater_that_dip_retired_is_still_edited(world: World) -> None:
    Theater.objects.filter(pk=19).update(name="De Kade NIET GEBRUIKEN", missing_since=timezone.now())
    first, client = world.performances[0], signed_in(world, "agency_editor")
    assert send(client, at(world.agency, "performance_edit", pk=first.pk), {"time": "21:00"}).status_code == 302
    first.refresh_from_db()
    assert f"{timezone.localtime(first.starts_at):%H:%M}" == "21:00"


@pytest.mark.parametrize("page", ["production", "performances"])
def test_what_dip_removed_is_marked_and_asks_for_no_agreement(world: World, page: str) -> None:
    first = world.performances[0]
    kwargs = {"pk": world.production.pk} if page == "production" else {}
    client, url = signed_in(world, "agency_editor"), at(world.agency, page, **kwargs)
    client.cookies["dipportal_language"] = "en"
    draft = f"performance={first.pk}"
    before = client.get(url).content.decode()
    assert ("no longer in DIP" in before, draft in before) == (False, True)
    Performance.objects.filter(pk=first.pk).update(missing_since=timezone.now())
    after = client.get(url).content.decode()
    assert (after.count("no longer in DIP"), draft in after) == (1, False)


def test_what_dip_removed_is_left_out_of_what_waits_and_what_can_be_agreed_on(world: World) -> None:
    client, start = signed_in(world, "agency_editor"), at(world.agency, "start")
    choice = at(world.agency, "contract_new")
    (bare,) = [section for section in client.get(start).context["sections"] if section.kind.name == "bare"]
    assert bare.count == 3
    Performance.objects.filter(pk=world.performances[0].pk).update(missing_since=timezone.now())
    (bare,) = [section for section in client.get(start).context["sections"] if section.kind.name == "bare"]
    assert bare.count == 2
    listed = client.get(at(world.agency, "productions")).context["listing"].page.object_list
    assert [(one.evenings, one.first_at) for one in listed] == [(2, world.performances[1].starts_at)]
    assert world.production.title in client.get(choice).content.decode()
    Performance.objects.filter(production=world.production).update(missing_since=timezone.now())
    assert world.production.title not in client.get(choice).content.decode()


def test_a_performance_does_not_change_theater(world: World) -> None:
    first, client = world.performances[0], signed_in(world, "agency_editor")
    url = at(world.agency, "performance_edit", pk=first.pk)
    send(client, url, {"theater": "20", "hall": "58", "kind": "premiere"})
    first.refresh_from_db()
    assert (first.theater_id, first.hall_id, first.kind) == (19, 57, "normal")


def test_a_stale_performance_shows_both_values(world: World) -> None:
    first, client = world.performances[0], signed_in(world, "agency_editor")
    url = at(world.agency, "performance_edit", pk=first.pk)
    mine = fields(client.get(url))
    values: dict[str, Any] = {name: getattr(first, name) for name in actions.PERFORMANCE_FIELDS}
    colleague = world.actors["agency_manager"]
    actions.update_performance(first, values={**values, "kind": "tryout"}, seen_version=1, actor=colleague)
    response = client.post(url, {**mine, "time": "19:00"})
    assert response.status_code == 409
    shown = {(stale.there, stale.typed) for stale in response.context["stale"]}
    assert ("20:15", "19:00") in shown
    assert len(shown) == 2
    first.refresh_from_db()
    assert (first.kind, first.version) == ("tryout", 2)


def test_a_performance_is_cancelled(world: World) -> None:
    first, client = world.performances[0], signed_in(world, "agency_editor")
    url = at(world.agency, "performance_cancel", pk=first.pk)
    client.get(url)
    first.refresh_from_db()
    assert first.status == "agreed"
    send(client, url, {"reason": "Lekkage"}, action="cancel")
    first.refresh_from_db()
    assert first.status == "cancelled"
    assert client.post(url, {}).status_code == 302
    assert client.get(at(world.agency, "performance_edit", pk=first.pk)).status_code == 200


@pytest.mark.parametrize("page", ["production_edit", "production_cancel", "performance_new"])
def test_a_viewer_and_a_neighbour_change_no_production(world: World, page: str) -> None:
    own, strange = at(world.agency, page, pk=world.production.pk), at(world.agency, page, pk=world.rival_production.pk)
    assert signed_in(world, "agency_viewer").post(own, {"title": "x"}).status_code == 403
    assert signed_in(world, "agency_manager").post(strange, {"title": "x"}).status_code == 404
    assert signed_in(world, "rival_manager").post(own, {"title": "x"}).status_code == 404
    assert Production.objects.filter(cancelled_at=None, title__in=["De Storm", "Windstilte"]).count() == 2


@pytest.mark.parametrize("page", ["performance_edit", "performance_cancel"])
def test_a_viewer_and_a_neighbour_change_no_performance(world: World, page: str) -> None:
    own, strange = world.performances[0], world.rival_performance
    assert signed_in(world, "agency_viewer").post(at(world.agency, page, pk=own.pk)).status_code == 403
    assert signed_in(world, "agency_manager").post(at(world.agency, page, pk=strange.pk)).status_code == 404
    assert Performance.objects.filter(status="agreed", version=1).count() == 4


def test_a_viewer_sees_no_buttons_in_the_catalogue(world: World) -> None:
    client = signed_in(world, "agency_viewer")
    for url in (
        at(world.agency, "start"),
        at(world.agency, "productions"),
        at(world.agency, "performances"),
        at(world.agency, "production", pk=world.production.pk),
    ):
        page = client.get(url).content.decode()
        assert "data-action" not in page
        assert at(world.agency, "contract_new") not in page
        assert at(world.agency, "performance_edit", pk=world.performances[0].pk) not in page
