"""The pages of many at once, of copies, of templates and of snippets, as a browser without JavaScript uses them."""

from typing import Any

import pytest
from django.db import connection
from django.http import QueryDict
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue.actions import cancel_performance
from dipportal.catalogue.models import Hall, Performance, Theater
from dipportal.contracts import actions, batches, stock
from dipportal.contracts.models import Contract
from dipportal.contracts.models_batch import Batch, BatchRow, Snippet, TermsTemplate
from dipportal.contracts.planning import MOST
from tests.access import many as made
from tests.providers.browser import at, fields, send, signed_in
from tests.world import PARTAGE, World, evening

TYPED = {"provider_share": "80", "copyright_percentage": "12", "remarks": "Zonder pauze."}


def tour(world: World, theaters: int) -> list[Performance]:
    plays = []
    for _index in range(theaters):
        key = 700 + Theater.objects.count()
        theater = Theater.objects.create(id=key, name=f"Huis {key}", city="Stad", dip_member=True)
        hall = Hall.objects.create(id=key, name="Zaal", theater=theater)
        plays.append(
            Performance.objects.create(
                number=key, production=world.production, theater=theater, hall=hall, starts_at=evening(10)
            )
        )
    return plays


def address(world: World, plays: list[Performance], **changes: Any) -> str:
    query = QueryDict(mutable=True)
    query.setlist("p", [str(play.pk) for play in plays])
    query.update({"step": "terms", "type": "partage", "per": "theater", **changes})
    return f"{at(world.agency, 'many')}?{query.urlencode()}"


def overview(client: Client, url: str, **changes: Any) -> Any:
    return send(client, url, {**TYPED, **changes}, action="overview")


def confirm(client: Client, url: str, page: Any, go: str = "create", **changes: Any) -> Any:
    data = {**fields(page, "create"), "go": go, **changes}
    return client.post(url, {name: value for name, value in data.items() if value is not None})


# --- choosing --------------------------------------------------------------------------------------------------
def test_the_tour_offers_what_an_agreement_can_be_made_for(world: World) -> None:
    outside = Performance.objects.create(number=1, production=world.production, theater_id=21, starts_at=evening(9))
    gone = world.performances[2]
    Performance.objects.filter(pk=gone.pk).update(status="cancelled")
    page = signed_in(world, "agency_editor").get(at(world.agency, "production", pk=world.production.pk))
    html = page.content.decode()
    offered = [f'name="p" value="{play.pk}"' in html for play in (*world.performances, outside)]
    assert offered == [True, True, False, False]
    viewer = signed_in(world, "agency_viewer").get(at(world.agency, "production", pk=world.production.pk))
    assert 'name="p"' not in viewer.content.decode()


def test_without_a_choice_the_performances_without_agreement_are_ticked(world: World) -> None:
    world.contract()
    page = signed_in(world, "agency_editor").get(at(world.agency, "many"), {"production": world.production.pk})
    assert page.context["form"].initial["p"] == [play.pk for play in world.performances[1:]]
    assert "De Storm" in signed_in(world, "agency_editor").get(at(world.agency, "many")).content.decode()


def test_performances_of_two_productions_are_asked_apart(world: World) -> None:
    world.rival_producer.providers.add(world.agency)
    url = f"{at(world.agency, 'many')}?p={world.performances[0].pk}&p={world.rival_performance.pk}"
    page = signed_in(world, "agency_editor").get(url)
    assert [production for production, _plays in page.context["parts"]] == [
        world.production, world.rival_production,
    ]  # fmt: skip


def test_somebody_else_s_performance_is_not_found(world: World) -> None:
    client = signed_in(world, "agency_editor")
    for plays in ([world.rival_performance], [world.performances[0], world.rival_performance]):
        assert client.get(address(world, plays)).status_code == 404
        assert client.post(address(world, plays), {**TYPED, "go": "create"}).status_code == 404
    assert client.get(at(world.agency, "many"), {"production": world.rival_production.pk}).status_code == 404


def test_more_than_can_be_done_at_once_is_refused_in_words(world: World) -> None:
    many = Performance.objects.bulk_create(
        Performance(number=90_000 + index, production=world.production, theater=world.theater, starts_at=evening(90))
        for index in range(MOST)
    )
    page = signed_in(world, "agency_editor").get(address(world, [*many, world.performances[0]]))
    assert set(page.context["form"].errors) == {"p"}


# --- the overview, and making them -----------------------------------------------------------------------------
def test_nothing_is_kept_until_it_is_confirmed(world: World) -> None:
    client = signed_in(world, "agency_editor")
    url = address(world, tour(world, 2))
    page = overview(client, url)
    assert [line.row.theater.name[:4] for line in page.context["lines"]] == ["Huis", "Huis"]
    back = confirm(client, url, page, go="back")
    assert fields(back, "overview")["provider_share"] == ["80"]
    assert not Batch.objects.exists()
    assert not Contract.objects.exists()


@pytest.mark.parametrize(("go", "status"), [("create", "concept"), ("propose", "proposed")])
def test_what_is_confirmed_is_made(world: World, go: str, status: str) -> None:
    client = signed_in(world, "agency_editor")
    url = address(world, tour(world, 3))
    page = overview(client, url)
    reply = confirm(client, url, page, go=go)
    batch = Batch.objects.get()
    assert reply.headers["Location"] == at(world.agency, "batch", pk=batch.pk)
    batches.run(batch)
    rows = Contract.objects.all()
    assert [row.status for row in rows] == [status] * 3
    assert {str(row.provider_share) for row in rows} == {"80.0000"}
    assert {row.remarks for row in rows} == {"Zonder pauze."}
    # The same page sent once more makes nothing more.
    again = confirm(client, url, page, go=go)
    assert again.status_code in (302, 409)
    assert Batch.objects.count() == 1


def test_a_row_that_is_not_ticked_is_not_made(world: World) -> None:
    client = signed_in(world, "agency_editor")
    url = address(world, tour(world, 3))
    page = overview(client, url)
    ticks = fields(page, "create")["row"]
    confirm(client, url, page, row=ticks[1:])
    assert BatchRow.objects.count() == 2
    none = confirm(client, url, overview(client, url), row=None)
    assert none.status_code == 200
    assert Batch.objects.count() == 1


def test_a_covered_row_is_not_ticked_and_a_faulty_one_cannot_be(world: World) -> None:
    client = signed_in(world, "agency_editor")
    outside = Performance.objects.create(number=1, production=world.production, theater_id=21, starts_at=evening(9))
    world.contract()
    url = address(world, [outside, world.performances[0], *tour(world, 1)])
    page = overview(client, url)
    assert [(line.ticked, bool(line.row.fault)) for line in page.context["lines"]] == [
        (False, True), (True, False), (False, False),
    ]  # fmt: skip
    forced = confirm(client, url, page, row=[line.row.tick for line in page.context["lines"]])
    assert forced.status_code == 409
    assert not Batch.objects.exists()


def test_an_evening_that_is_cancelled_meanwhile_does_not_fall_out_unseen(world: World) -> None:
    client = signed_in(world, "agency_editor")
    plays = tour(world, 2)
    url = address(world, plays)
    page = overview(client, url)
    cancel_performance(plays[0], actor=world.actors["agency_editor"])
    stale = confirm(client, url, page)
    assert stale.status_code == 409
    assert not Batch.objects.exists()
    assert [(line.ticked, bool(line.row.fault)) for line in stale.context["lines"]] == [(False, True), (True, False)]
    assert confirm(client, url, stale).status_code == 302
    assert BatchRow.objects.count() == 1


def test_what_changed_since_it_was_looked_over_is_shown_again_and_not_made(world: World) -> None:
    client = signed_in(world, "agency_editor")
    plays = [world.performances[0], *tour(world, 1)]
    url = address(world, plays)
    page = overview(client, url)
    world.contract(status="proposed", performances=[world.performances[1]], terms={"theater_surcharge": 275})
    stale = confirm(client, url, page)
    assert stale.status_code == 409
    assert not Batch.objects.exists()
    assert [line.ticked for line in stale.context["lines"]] == [True, True]
    assert confirm(client, url, stale).status_code == 302


def test_last_season_s_type_and_money_show_on_the_row(world: World) -> None:
    world.contract(status="approved", kind="buyout", terms={"buyout_amount": 812345})
    url = address(world, [world.performances[1]], last="on")
    page = overview(signed_in(world, "agency_editor"), url)
    assert "8.123,45" in page.content.decode()


def test_wrong_terms_stay_on_the_form(world: World) -> None:
    page = overview(signed_in(world, "agency_editor"), address(world, tour(world, 1)), provider_share="180")
    assert "provider_share" in page.context["form"].errors


def test_a_template_fills_the_terms_and_gives_the_type(world: World) -> None:
    values = {"name": "Uitkoop", "type": "buyout", "theater": None, "terms": {"buyout_amount": 500000}}
    template = stock.create_template(provider=world.agency, values=values, actor=world.actors["agency_editor"])
    foreign = made.template(world, "rival")
    client = signed_in(world, "agency_editor")
    page = client.get(address(world, tour(world, 1), template=template.pk))
    assert fields(page, "overview")["buyout_amount"] == ["5.000,00"]
    assert "template" in client.get(address(world, tour(world, 1), template=foreign.pk)).context["form"].errors


def cost(client: Client, method: str, url: str, data: Any = None) -> int:
    getattr(client, method)(url, data)
    with CaptureQueriesContext(connection) as seen:
        assert getattr(client, method)(url, data).status_code == 200
    return len(seen)


def test_the_pages_need_the_same_queries_with_3_and_30_rows(world: World) -> None:
    client = signed_in(world, "agency_editor")
    found = []
    for number in (3, 30):
        plays = tour(world, number)
        for play in plays:
            world.contract(theater=play.theater, performances=[play])
        concepts = list(Contract.objects.order_by("-pk")[:number])
        url = address(world, plays)
        data = {**fields(client.get(url), "overview"), **TYPED}
        batch = batches.make_proposals(
            provider=world.agency, concepts=[(one, 1) for one in concepts], token=str(number),
            actor=world.actors["agency_editor"],
        )  # fmt: skip
        ticked = "&".join(f"c={one.pk}" for one in concepts)
        made.snippet(world, title=f"Blok {number}")
        made.template(world, name=f"Sjabloon {number}")
        found.append(
            (
                cost(client, "get", url),
                cost(client, "post", url, data),
                cost(client, "get", f"{at(world.agency, 'many_propose')}?{ticked}"),
                cost(client, "get", at(world.agency, "batch", pk=batch.pk)),
                cost(client, "get", at(world.agency, "batches")),
                cost(client, "get", at(world.agency, "templates")),
                cost(client, "get", at(world.agency, "snippets")),
            )
        )
    assert found[0] == found[1]


# --- proposing concepts ----------------------------------------------------------------------------------------
def test_ticked_concepts_are_proposed_after_a_page_that_asks(world: World) -> None:
    client = signed_in(world, "agency_editor")
    ready = world.contract()
    bare = world.contract(terms={"copyright_percentage": None}, performances=[world.performances[1]])
    listed = client.get(at(world.agency, "contracts")).content.decode()
    assert f'name="c" value="{ready.pk}"' in listed
    url = f"{at(world.agency, 'many_propose')}?c={ready.pk}&c={bare.pk}"
    page = client.get(url)
    assert fields(page, "propose")["row"] == [f"{ready.pk}:1"]
    reply = client.post(at(world.agency, "many_propose"), fields(page, "propose"))
    batch = Batch.objects.get()
    assert reply.headers["Location"] == at(world.agency, "batch", pk=batch.pk)
    batches.run(batch)
    ready.refresh_from_db()
    assert ready.status == "proposed"
    assert f'name="c" value="{ready.pk}"' not in client.get(at(world.agency, "contracts")).content.decode()


def test_proposing_the_version_that_was_read_and_no_other(world: World) -> None:
    client = signed_in(world, "agency_editor")
    concept = world.contract()
    page = client.get(f"{at(world.agency, 'many_propose')}?c={concept.pk}")
    editor = world.actors["agency_editor"]
    actions.update_concept(concept, actor=editor, seen_version=1, terms={"provider_share": 70})
    client.post(at(world.agency, "many_propose"), fields(page, "propose"))
    batches.run(Batch.objects.get())
    concept.refresh_from_db()
    assert concept.status == "concept"
    shown = client.get(at(world.agency, "batch", pk=Batch.objects.get().pk))
    assert (shown.context["refused"], shown.context["done"]) == (1, 0)
    # Now it is the version that the result list showed.
    client.post(at(world.agency, "batch_retry", pk=Batch.objects.get().pk), fields(shown, "retry"))
    batches.run(Batch.objects.get())
    concept.refresh_from_db()
    assert concept.status == "proposed"


@pytest.mark.parametrize("tick", ["", "x", "1:", ":1", "9" * 30 + ":1"])
def test_a_choice_that_names_nothing_is_told(world: World, tick: str) -> None:
    reply = signed_in(world, "agency_editor").post(at(world.agency, "many_propose"), {"row": tick})
    assert reply.headers["Location"] == at(world.agency, "contracts")
    assert not Batch.objects.exists()


def test_somebody_else_s_concept_is_not_found(world: World) -> None:
    client = signed_in(world, "agency_editor")
    foreign = world.rival_contract()
    assert client.get(f"{at(world.agency, 'many_propose')}?c={foreign.pk}").status_code == 404
    assert client.post(at(world.agency, "many_propose"), {"row": f"{foreign.pk}:1"}).status_code == 404


# --- the result list -------------------------------------------------------------------------------------------
def test_the_progress_asks_for_itself_until_it_is_finished(world: World) -> None:
    client = signed_in(world, "agency_viewer")
    batch = batches.make_proposals(
        provider=world.agency, concepts=[(world.contract(), 1)], token="x", actor=world.actors["agency_editor"]
    )
    url = at(world.agency, "batch", pk=batch.pk)
    under_way = client.get(url).content.decode()
    assert "hx-get" in under_way
    assert 'data-action="refresh"' in under_way
    assert '<progress aria-label="' in under_way
    batches.run(batch)
    finished = client.get(url)
    assert "hx-get" not in finished.content.decode()
    assert (finished.context["worked"], finished.context["total"]) == (1, 1)


def test_a_viewer_sees_the_reasons_and_no_button(world: World) -> None:
    batch = made.batch(world)
    url = at(world.agency, "batch", pk=batch.pk)
    page = signed_in(world, "agency_viewer").get(url).content.decode()
    assert "Te laat." in page
    assert 'data-action="retry"' not in page
    assert 'data-action="retry"' in signed_in(world, "agency_editor").get(url).content.decode()


def test_the_first_of_two_is_told_in_the_result_list(world: World) -> None:
    type(world.agency).objects.filter(pk=world.agency.pk).update(four_eyes=True)
    batch = batches.make_proposals(
        provider=world.agency, concepts=[(world.contract(), 1)], token="x", actor=world.actors["agency_editor"]
    )
    batches.run(Batch.objects.get(pk=batch.pk))
    page = signed_in(world, "agency_editor").get(at(world.agency, "batch", pk=batch.pk))
    assert page.context["results"][0].row.code == "endorsed"
    assert str(page.context["results"][0].row.result) in page.content.decode()


# --- copies ----------------------------------------------------------------------------------------------------
def test_an_agreement_is_copied_to_other_performances(world: World) -> None:
    client = signed_in(world, "agency_editor")
    source = world.contract(status="approved", terms={"remarks": "Zelfde afspraak."})
    choose = at(world.agency, "contract_copy", pk=source.pk)
    assert client.get(choose).context["places"] == [(world.theater, 2)]
    url = f"{choose}?theater={world.theater.pk}"
    shown = fields(client.get(url))
    assert shown["performances"] == [str(play.pk) for play in world.performances[1:]]
    assert (shown["remarks"], shown["theater_surcharge"]) == (["Zelfde afspraak."], ["2,00"])
    assert send(client, url).status_code == 302
    copy = Contract.objects.latest("pk")
    assert (copy.status, copy.number, copy.parent, copy.remarks) == ("concept", 1, None, "Zelfde afspraak.")
    assert copy.reference != source.reference


def test_a_copy_for_another_theater_gets_the_prices_and_the_contact_of_that_one(world: World) -> None:
    client = signed_in(world, "agency_editor")
    play = tour(world, 1)[0]
    world.contract(
        status="proposed", theater=play.theater, performances=[play], terms={"theater_surcharge": 375},
        parties={"contact_receiver": "zaal@huis.example"},
    )  # fmt: skip
    source = world.contract()
    shown = fields(client.get(f"{at(world.agency, 'contract_copy', pk=source.pk)}?theater={play.theater_id}"))
    assert (shown["theater_surcharge"], shown["provider_share"]) == (["3,75"], ["80\xa0%"])
    assert shown["contact_receiver"] == ["zaal@huis.example"]
    strange = f"{at(world.agency, 'contract_copy', pk=source.pk)}?theater={world.other_theater.pk}"
    assert client.get(strange).status_code == 404


# --- templates -------------------------------------------------------------------------------------------------
def test_a_template_is_made_used_changed_and_removed(world: World) -> None:
    client = signed_in(world, "agency_editor")
    new = f"{at(world.agency, 'template_new')}?type=partage"
    assert fields(client.get(new))["theater_surcharge"] == [""]
    send(client, new, {"name": "Gewoon", "provider_share": "75", "copyright_percentage": "12"})
    template = TermsTemplate.objects.get()
    assert (template.name, template.type, template.terms["provider_share"]) == ("Gewoon", "partage", "75.0000")
    assert "theater_surcharge" not in template.terms
    draft = (
        f"{at(world.agency, 'contract_new')}?production={world.production.pk}&theater={world.theater.pk}"
        f"&type=partage&performances={world.performances[0].pk}"
    )
    assert 'data-action="use-template"' in client.get(draft).content.decode()
    assert fields(client.get(f"{draft}&template={template.pk}"))["provider_share"] == ["75\xa0%"]
    edit = at(world.agency, "template_edit", pk=template.pk)
    send(client, edit, {"provider_share": "70"})
    template.refresh_from_db()
    assert (template.terms["provider_share"], template.version) == ("70.0000", 2)
    remove = at(world.agency, "template_remove", pk=template.pk)
    assert send(client, remove, action="remove").status_code == 302
    assert not TermsTemplate.objects.exists()


def test_the_terms_of_an_agreement_become_a_template(world: World) -> None:
    client = signed_in(world, "agency_editor")
    source = world.contract(status="proposed")
    new = f"{at(world.agency, 'template_new')}?contract={source.pk}"
    send(client, new)
    template = TermsTemplate.objects.get()
    assert template.theater == world.theater
    kept = stock.values_of("partage", template.terms)
    assert {name: value for name, value in PARTAGE.items() if name in kept} == kept
    assert set(PARTAGE) - set(kept) == {"receiver_guarantee", "guarantee_per_performance", "copyright_part_added"}
    foreign = world.rival_contract(status="proposed")
    assert client.get(f"{at(world.agency, 'template_new')}?contract={foreign.pk}").status_code == 404


def test_a_template_of_another_provider_or_type_fills_nothing(world: World) -> None:
    client = signed_in(world, "agency_editor")
    foreign = made.template(world, "rival")
    draft = (
        f"{at(world.agency, 'contract_new')}?production={world.production.pk}&theater={world.theater.pk}"
        f"&performances={world.performances[0].pk}&template={foreign.pk}"
    )
    assert fields(client.get(f"{draft}&type=partage"))["provider_share"] == [""]
    own = made.template(world)
    assert client.get(f"{draft}&type=rent&template={own.pk}").status_code == 200


@pytest.mark.parametrize("page", ["template", "snippet"])
def test_two_of_one_name_are_refused(world: World, page: str) -> None:
    client = signed_in(world, "agency_editor")
    getattr(made, page)(world, "rival")
    getattr(made, page)(world)
    changes = {"name": "GEWOON"} if page == "template" else {"title": "TECHNIEK", "text": "Anders"}
    url = at(world.agency, f"{page}_new") + ("?type=rent" if page == "template" else "")
    reply = send(client, url, changes)
    assert set(reply.context["form"].errors) == {next(iter(changes))}
    assert type(getattr(made, page)(world, "agency", "Ander")).objects.filter(provider=world.agency).count() == 2


@pytest.mark.parametrize("page", ["template", "snippet"])
def test_a_stale_save_shows_both_values_and_a_stale_removal_is_refused(world: World, page: str) -> None:
    client = signed_in(world, "agency_editor")
    piece = getattr(made, page)(world)
    name = "name" if page == "template" else "title"
    edit, remove = at(world.agency, f"{page}_edit", pk=piece.pk), at(world.agency, f"{page}_remove", pk=piece.pk)
    mine, gone = fields(client.get(edit)), fields(client.get(remove), "remove")
    send(client, edit, {name: "Van een collega"})
    reply = client.post(edit, {**mine, name: "Van mij"})
    assert reply.status_code == 409
    assert [(row.there, row.typed) for row in reply.context["stale"]] == [("Van een collega", "Van mij")]
    client.post(remove, gone)
    piece.refresh_from_db()
    assert getattr(piece, name) == "Van een collega"
    # Having seen both, one may.
    assert client.post(edit, fields(reply)).status_code == 302
    piece.refresh_from_db()
    assert (getattr(piece, name), piece.version) == ("Van mij", 3)


def test_saving_what_stands_there_writes_no_line(world: World) -> None:
    client = signed_in(world, "agency_editor")
    piece = made.template(world)
    assert send(client, at(world.agency, "template_edit", pk=piece.pk)).status_code == 302
    piece.refresh_from_db()
    assert piece.version == 1


# --- snippets --------------------------------------------------------------------------------------------------
def test_a_snippet_is_put_behind_the_remarks_without_saving(world: World) -> None:
    client = signed_in(world, "agency_editor")
    snippet, foreign = made.snippet(world), made.snippet(world, "rival", "Geheim", "ZZMARK")
    concept = world.contract()
    url = at(world.agency, "contract_edit", pk=concept.pk)
    page = client.get(url)
    assert "ZZMARK" not in page.content.decode()
    data = {**fields(page), "remarks": "Eerst dit.", "provider_share": "onzin", "snippet": snippet.pk, "insert": "1"}
    reply = client.post(url, data)
    assert reply.status_code == 200
    assert fields(reply)["remarks"] == ["Eerst dit.\n\nOpbouw 4 uur."]
    assert fields(reply)["provider_share"] == ["onzin"]
    assert "data-error-summary" not in reply.content.decode()
    concept.refresh_from_db()
    assert concept.version == 1
    strange = client.post(url, {**data, "snippet": foreign.pk})
    assert fields(strange)["remarks"] == ["Eerst dit."]


@pytest.mark.parametrize("page", ["contract_new", "many", "template_new", "contract_copy"])
def test_every_form_with_remarks_takes_a_snippet(world: World, page: str) -> None:
    client = signed_in(world, "agency_editor")
    snippet = made.snippet(world)
    source = world.contract()
    urls = {
        "contract_new": f"{at(world.agency, 'contract_new')}?production={world.production.pk}"
        f"&theater={world.theater.pk}&type=rent&performances={world.performances[1].pk}",
        "many": address(world, tour(world, 1)),
        "template_new": f"{at(world.agency, 'template_new')}?type=rent",
        "contract_copy": f"{at(world.agency, 'contract_copy', pk=source.pk)}?theater={world.theater.pk}",
    }
    before = (Contract.objects.count(), TermsTemplate.objects.count())
    action = "overview" if page == "many" else "save"
    data = {**fields(client.get(urls[page]), action), "snippet": snippet.pk, "insert": "1", "remarks": ""}
    reply = client.post(urls[page], data)
    assert fields(reply, action)["remarks"] == ["Opbouw 4 uur."]
    assert (Contract.objects.count(), TermsTemplate.objects.count()) == before


def test_a_snippet_is_made_changed_and_removed(world: World) -> None:
    client = signed_in(world, "agency_editor")
    send(client, at(world.agency, "snippet_new"), {"title": "Techniek", "text": "Regel 1\r\nRegel 2"})
    snippet = Snippet.objects.get()
    assert (snippet.text, snippet.provider) == ("Regel 1\nRegel 2", world.agency)
    send(client, at(world.agency, "snippet_edit", pk=snippet.pk), {"text": "Korter"})
    snippet.refresh_from_db()
    assert (snippet.text, snippet.version) == ("Korter", 2)
    send(client, at(world.agency, "snippet_remove", pk=snippet.pk), action="remove")
    assert not Snippet.objects.exists()


@pytest.mark.parametrize("page", ["templates", "snippets", "batches", "many"])
def test_with_nothing_yet_the_page_says_what_to_do(world: World, page: str) -> None:
    assert signed_in(world, "agency_editor").get(at(world.agency, page)).status_code == 200
