"""The pages of the weekly sales mail, and the sales of a tour as a file."""

import io
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from openpyxl import load_workbook

from dipportal.catalogue.models import Performance, Production
from dipportal.core import tables
from dipportal.notifications import subscriptions
from dipportal.notifications.enums import Standing
from dipportal.notifications.models import Email, SalesSubscription
from dipportal.notifications.subscriptions import Wish
from tests.access.neighbours import MARK
from tests.notifications.selling import (
    EMAIL,
    asked,
    editor,
    in_workbook,
    season_sells,
    sell,
    stopped,
    subscribed,
)
from tests.providers.browser import at, fields, send, signed_in
from tests.world import World

pytestmark = pytest.mark.django_db


def text_of(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


# --- who gets what -----------------------------------------------------------------------------------------------
def test_with_nobody_it_says_what_it_would_bring(world: World) -> None:
    answer = signed_in(world, "agency_viewer").get(at(world.agency, "sales_mails"))
    assert answer.status_code == 200
    assert "<table" not in text_of(answer)
    assert "data-action" not in answer.content.decode()


def test_who_gets_what_stands_there_at_a_glance(world: World) -> None:
    subscribed(world.agency, Wish("Accountant", "nl", [world.production.pk], 4, 17))
    asked(world.agency, email="gevraagd@kantoor.example")
    stopped(world.agency, email="gestopt@kantoor.example")
    answer = signed_in(world, "agency_viewer").get(at(world.agency, "sales_mails"))
    page = text_of(answer).replace("<wbr>", "")
    for words in (EMAIL, "Accountant", "De Storm", "17:00", "gevraagd@kantoor.example", "gestopt@kantoor.example"):
        assert words in page, words
    assert [row["standing"] for row in answer.context["rows"]] == ["active", "invited"]
    assert [row["standing"] for row in answer.context["stopped"]] == ["stopped"]
    assert "data-action" not in page


def test_neither_the_neighbour_s_readers_nor_a_lost_production_show(world: World) -> None:
    subscribed(world.rival, Wish(f"{MARK} lezer", "nl", None, 0, 9), "zzmark@kantoor.example")
    Production.objects.filter(pk=world.production.pk).update(title=f"{MARK} title")
    one = subscribed(world.agency, Wish("", "nl", [world.production.pk], 0, 9))
    client = signed_in(world, "agency_editor")
    pages = [at(world.agency, "sales_mails"), at(world.agency, "sales_mail_edit", pk=one.pk)]
    assert all(MARK in client.get(page).content.decode() for page in pages)
    world.producer.providers.remove(world.agency)
    for page in pages:
        assert MARK not in client.get(page).content.decode()
        assert "zzmark" not in client.get(page).content.decode()


def test_the_questions_do_not_grow_with_the_readers(world: World) -> None:
    def asks() -> int:
        with CaptureQueriesContext(connection) as queries:
            signed_in(world, "agency_editor").get(at(world.agency, "sales_mails"))
        return len(queries)

    subscribed(world.agency, Wish("", "nl", [world.production.pk], 0, 9))
    few = asks()
    for number in range(8):
        subscribed(world.agency, Wish("", "nl", [world.production.pk], 0, 9), f"lezer{number}@kantoor.example")
    assert asks() == few


# --- adding, changing, stopping ----------------------------------------------------------------------------------
def test_an_address_is_added_through_its_form(world: World) -> None:
    client, page = signed_in(world, "agency_editor"), at(world.agency, "sales_mail_new")
    answer = send(client, page, {"email": EMAIL, "which": "chosen", "productions": [world.production.pk]})
    assert answer.status_code == 302
    one = SalesSubscription.objects.get()
    assert (one.email, one.all_running, one.weekday, one.hour) == (EMAIL, False, 0, 9)
    assert list(one.productions.all()) == [world.production]
    assert Email.objects.get().recipient == EMAIL


def test_the_form_offers_what_runs_and_nothing_of_the_neighbour(world: World) -> None:
    page = signed_in(world, "agency_editor").get(at(world.agency, "sales_mail_new"))
    assert list(page.context["form"].titles) == [str(world.production.pk)]
    answer = send(
        signed_in(world, "agency_editor"), at(world.agency, "sales_mail_new"),
        {"email": EMAIL, "which": "chosen", "productions": [world.rival_production.pk]},
    )  # fmt: skip
    assert answer.status_code == 200
    assert not SalesSubscription.objects.exists()


def test_chosen_without_a_choice_is_refused_beside_the_field(world: World) -> None:
    answer = send(
        signed_in(world, "agency_editor"), at(world.agency, "sales_mail_new"), {"email": EMAIL, "which": "chosen"}
    )
    assert "productions" in answer.context["form"].errors


def test_somebody_who_stopped_it_is_asked_only_with_a_tick(world: World) -> None:
    subscriptions.stop_reading(subscribed(world.agency))
    client, page = signed_in(world, "agency_editor"), at(world.agency, "sales_mail_new")
    refused = send(client, page, {"email": EMAIL})
    assert "insists" in refused.context["form"].errors
    again = client.post(page, {**fields(refused), "insists": "on"})
    assert again.status_code == 302
    assert SalesSubscription.objects.get().standing is Standing.INVITED


def test_asking_once_more_from_the_list_takes_the_tick_too(world: World) -> None:
    one = subscribed(world.agency)
    subscriptions.stop_reading(one)
    client, page = signed_in(world, "agency_editor"), at(world.agency, "sales_mail_again", pk=one.pk)
    assert send(client, page, action="again").status_code == 200
    one.refresh_from_db()
    assert one.standing is Standing.STOPPED
    assert send(client, page, {"insists": "on"}, action="again").status_code == 302
    one.refresh_from_db()
    assert one.standing is Standing.INVITED


def test_a_change_over_somebody_else_s_is_shown_and_not_saved(world: World) -> None:
    one = subscribed(world.agency)
    client, page = signed_in(world, "agency_editor"), at(world.agency, "sales_mail_edit", pk=one.pk)
    typed = {**fields(client.get(page)), "name": "Van mij", "which": "chosen", "productions": [world.production.pk]}
    subscriptions.change(
        one, Wish("Van een ander", "nl", None, 2, 9), seen_version=one.version, actor=editor(world.agency)
    )
    answer = client.post(page, typed)
    assert answer.status_code == 409
    rows = {str(row.label): (row.there, row.typed) for row in answer.context["stale"]}
    assert ("Van een ander", "Van mij") in rows.values()
    assert any("De Storm" in typed for _there, typed in rows.values())
    assert client.post(page, fields(answer)).status_code == 302
    one.refresh_from_db()
    assert (one.name, one.weekday) == ("Van mij", 0)


def test_a_stop_asks_first_and_is_then_done(world: World) -> None:
    one = subscribed(world.agency)
    client, page = signed_in(world, "agency_editor"), at(world.agency, "sales_mail_stop", pk=one.pk)
    assert EMAIL in client.get(page).content.decode()
    assert send(client, page, action="stop").status_code == 302
    one.refresh_from_db()
    assert (one.standing, one.stopped_by) == (Standing.STOPPED, "member")


def test_too_many_are_refused_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(subscriptions, "MOST_ADDRESSES", 0)
    answer = send(signed_in(world, "agency_editor"), at(world.agency, "sales_mail_new"), {"email": EMAIL})
    assert answer.context["form"].non_field_errors()


# --- the file ----------------------------------------------------------------------------------------------------
def file_of(world: World, kind: str, query: str = "", who: str = "agency_viewer") -> Any:
    page = at(world.agency, "production_counts_file", pk=world.production.pk, kind=kind)
    return signed_in(world, who).get(page + query)


def test_the_file_has_all_of_the_tour_in_the_order_of_the_page(world: World) -> None:
    sell(world.performances[0], 400)
    sell(world.performances[1], 40)
    titles = []
    for query in ("", "?order=weakest"):
        sheet = load_workbook(io.BytesIO(file_of(world, "xlsx", query).content)).worksheets[0]
        titles.append([row[9] for row in sheet.iter_rows(min_row=3, values_only=True)])
    assert titles == [[400, 40, None], [40, 400, None]]


def test_the_page_leads_to_both_files_in_its_order(world: World) -> None:
    sell(world.performances[0], 400)
    page = at(world.agency, "production_counts", pk=world.production.pk)
    for query in ("", "?order=weakest"):
        text = signed_in(world, "agency_viewer").get(page + query).content.decode()
        for kind in ("xlsx", "csv"):
            assert f'href="{page[:-1]}.{kind}{query}"' in text


def test_it_is_for_one_s_own_disk_and_no_cache(world: World) -> None:
    for kind, content_type in (("xlsx", "spreadsheetml"), ("csv", "text/csv")):
        answer = file_of(world, kind)
        assert content_type in answer.headers["Content-Type"]
        assert answer.headers["Content-Disposition"].startswith('attachment; filename="de-storm-')
        assert answer.headers["Cache-Control"] == "no-store, private"


def test_nothing_of_the_neighbour_is_in_the_file(world: World) -> None:
    season_sells(world)
    Production.objects.filter(pk=world.rival_production.pk).update(title=f"{MARK} title")
    Performance.objects.filter(pk=world.rival_performance.pk).update(theater=world.theater)
    assert MARK not in in_workbook(file_of(world, "xlsx").content)
    assert MARK not in file_of(world, "csv").content.decode()
    foreign = at(world.agency, "production_counts_file", pk=world.rival_production.pk, kind="csv")
    assert signed_in(world, "agency_manager").get(foreign).status_code == 404


def test_too_many_rows_are_refused_in_words(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tables, "MOST_ROWS", 2)
    answer = file_of(world, "xlsx")
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("text/html")


def test_the_questions_of_a_file_do_not_grow_with_the_tour(world: World) -> None:
    def asks() -> int:
        with CaptureQueriesContext(connection) as queries:
            file_of(world, "xlsx")
        return len(queries)

    few = asks()
    for number in range(20):
        evening = Performance.objects.create(
            production=world.production, theater=world.theater, starts_at=world.performances[0].starts_at,
            number=88000 + number,
        )  # fmt: skip
        sell(evening, 50)
    assert asks() == few
