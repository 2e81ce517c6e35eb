"""The counts on the page of an agreement, and its settlement sheet, as the theater sees them."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from dipportal.contracts.paper.typesetting import PaperError
from dipportal.ticketing import settlement_sheet
from tests.ticketing.yields import agreed, count, played
from tests.world import World

Url = Callable[..., str]


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def test_the_page_and_the_sheet_show_what_is_settled(world: World, editor: Client, url: Url) -> None:
    contract = agreed(world)
    played(world.performances[0])
    count(world.performances[0])
    page = text_of(editor.get(url("contract", pk=contract.pk)))
    block = page.partition('data-section="counted"')[2].partition("</section>")[0]
    for words in ("Settled", "4.757,54", "242,46", "5.000,00", "1.189,38", "946,92", url("sheet", pk=contract.pk)):
        assert words in block, words
    sheet = text_of(editor.get(url("sheet", pk=contract.pk)))
    for words in ("final according to the counts", "5.946,92", "6.313,49", "12/112"):
        assert words in sheet, words


def test_the_files(world: World, editor: Client, url: Url) -> None:
    contract = agreed(world)
    count(world.performances[0])
    assert editor.get(url("sheet_pdf", pk=contract.pk)).content.startswith(b"%PDF-")
    sheet = editor.get(url("sheet_xlsx", pk=contract.pk))
    assert (sheet["Content-Type"], sheet.content[:2]) == (settlement_sheet.XLSX, b"PK")


def test_a_pdf_that_cannot_be_made_leads_back_to_the_page(
    world: World, editor: Client, url: Url, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_sheet: settlement_sheet.Sheet) -> bytes:
        raise PaperError

    contract = agreed(world)
    monkeypatch.setattr(settlement_sheet, "pdf", broken)
    assert editor.get(url("sheet_pdf", pk=contract.pk))["Location"] == url("sheet", pk=contract.pk)


def test_a_proposal_has_no_sheet_and_a_concept_does_not_exist(world: World, editor: Client, url: Url) -> None:
    proposed, concept = world.contract(status="proposed"), world.contract()
    count(world.performances[0])
    assert 'data-section="counted"' not in text_of(editor.get(url("contract", pk=proposed.pk)))
    for page in ("sheet", "sheet_pdf", "sheet_xlsx"):
        assert editor.get(url(page, pk=proposed.pk))["Location"] == url("contract", pk=proposed.pk)
        assert editor.get(url(page, pk=concept.pk)).status_code == 404


@pytest.mark.parametrize("page", ["sheet", "sheet_pdf", "sheet_xlsx"])
def test_another_house_s_sheet_is_not_found(world: World, editor: Client, url: Url, page: str) -> None:
    foreign = world.rival_contract(status="approved")
    count(world.rival_performance)
    assert editor.get(url(page, pk=foreign.pk)).status_code == 404


def test_a_viewer_reads_and_finds_nothing_to_do(world: World, url: Url) -> None:
    contract = agreed(world)
    count(world.performances[0])
    client = Client()
    client.force_login(world.people["kade_viewer"])
    sheet = text_of(client.get(url("sheet", pk=contract.pk)))
    assert "data-action" not in sheet.partition("<main")[2].partition("</main>")[0]


def test_the_questions_do_not_grow_with_the_evenings(world: World, editor: Client, url: Url) -> None:
    one, three = agreed(world), agreed(world, 3)
    for performance in world.performances:
        count(performance)
    costs = []
    for contract in (one, three):
        for page in ("contract", "sheet"):
            editor.get(url(page, pk=contract.pk))
            with CaptureQueriesContext(connection) as asked:
                assert editor.get(url(page, pk=contract.pk)).status_code == 200
            costs.append(len(asked))
    assert costs[:2] == costs[2:]
