"""The counts on the page of an agreement and of a tour, and the settlement sheet, as the provider sees them."""

import datetime as dt
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.contracts.paper.typesetting import PaperError
from dipportal.ticketing import settlement_sheet, yield_queries
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.yielding import Expected
from tests.providers.browser import at, signed_in
from tests.ticketing.yields import agreed, count, played
from tests.world import World

SHEETS = pytest.mark.parametrize("page", ["sheet", "sheet_pdf", "sheet_xlsx"])


def text_of(response: Any) -> str:
    assert response.status_code == 200
    return " ".join(response.content.decode().replace("\u00a0", " ").split())


def section(text: str, name: str) -> str:
    assert f'data-section="{name}"' in text
    return text.partition(f'data-section="{name}"')[2].partition("</section>")[0]


def english(world: World, who: str) -> Any:
    client = signed_in(world, who)
    client.cookies["dipportal_language"] = "en"
    return client


def test_the_page_of_an_agreement_shows_what_is_settled(world: World) -> None:
    contract = agreed(world)
    played(world.performances[0])
    count(world.performances[0])
    page = section(
        text_of(english(world, "agency_viewer").get(at(world.agency, "contract", pk=contract.pk))), "counted"
    )
    for words in ("Settled", "1 of 1 performance counts", "4.757,54", "242,46", "5.000,00", "946,92"):
        assert words in page, words
    assert "At this pace" not in page
    assert "data-action" not in page


def test_a_guarantee_stands_as_agreed_before_a_ticket_was_sold(world: World) -> None:
    contract = agreed(world)
    page = section(
        text_of(english(world, "agency_viewer").get(at(world.agency, "contract", pk=contract.pk))), "counted"
    )
    assert "No count came in yet, so nothing is known to be earned." in page
    assert "Agreed, not earned with tickets:" in page
    assert "no count yet" in page
    assert "<table" not in page
    assert "data-no-pace" in page


def test_at_this_pace_is_told_as_expected_with_its_range(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    contract = agreed(world)
    count(world.performances[0])
    monkeypatch.setattr(yield_queries, "own_forecast", lambda *_of: lambda _one: Expected(310, 403, 620))
    text = text_of(english(world, "agency_viewer").get(at(world.agency, "contract", pk=contract.pk)))
    page = section(text, "counted").partition("At this pace")[2]
    for words in ("300 paid tickets", "390 paid tickets", "484 paid tickets", "10.413,00", "12.919,35", "not settled"):
        assert words in page, words
    assert "data-no-pace" not in page


def test_sources_that_disagree_stand_on_the_page_and_on_the_sheet(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0], at=timezone.now() - dt.timedelta(hours=5))
    count(world.performances[0], {TicketKind.NORMAL: (250, 687500)}, source=Source.HAND)
    for page in ("contract", "sheet"):
        text = text_of(english(world, "agency_viewer").get(at(world.agency, page, pk=contract.pk)))
        told = text.partition("data-disagree")[2].partition("</table>")[0]
        assert "8.010,00" in told
        assert "6.875,00" in told
        assert told.count("counted here") == 1


@pytest.mark.parametrize("status", ["concept", "proposed", "rejected"])
def test_an_agreement_that_is_not_approved_has_no_counts_and_no_sheet(world: World, status: str) -> None:
    contract = world.contract(status=status)
    count(world.performances[0])
    client = english(world, "agency_viewer")
    shown = at(world.agency, "contract", pk=contract.pk)
    assert 'data-section="counted"' not in text_of(client.get(shown))
    for page in ("sheet", "sheet_pdf", "sheet_xlsx"):
        refused = client.get(at(world.agency, page, pk=contract.pk))
        assert (refused.status_code, refused["Location"]) == (302, shown)
    assert "Only an approved agreement has a settlement sheet." in text_of(client.get(shown))


def test_a_version_counts_until_its_revision_is_approved(world: World) -> None:
    first = agreed(world)
    count(world.performances[0])
    second = actions.revise(first, actor=world.actors["agency_editor"])
    actions.propose(second, actor=world.actors["agency_editor"])
    client = english(world, "agency_viewer")
    assert client.get(at(world.agency, "sheet", pk=first.pk)).status_code == 200
    assert client.get(at(world.agency, "sheet", pk=second.pk)).status_code == 302
    actions.approve(second, actor=world.actors["kade_editor"])
    assert client.get(at(world.agency, "sheet", pk=first.pk)).status_code == 302
    assert client.get(at(world.agency, "sheet", pk=second.pk)).status_code == 200


def test_the_sheet_shows_each_line_with_its_rule(world: World) -> None:
    contract = agreed(world)
    played(world.performances[0])
    count(world.performances[0])
    text = text_of(english(world, "agency_viewer").get(at(world.agency, "sheet", pk=contract.pk)))
    assert 'data-state="final"' in text
    for words in ("6.660,55", "5.946,92", "6.313,49", "12/112", "net = revenue without surcharges, VAT and copyright"):
        assert words in text, words
    assert "data-action" not in text.partition("<main")[2].partition("</main>")[0]


def test_the_files_are_kept_by_no_cache(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0])
    client = english(world, "agency_viewer")
    pdf = client.get(at(world.agency, "sheet_pdf", pk=contract.pk))
    assert pdf["Content-Type"] == "application/pdf"
    assert pdf.content.startswith(b"%PDF-")
    sheet = client.get(at(world.agency, "sheet_xlsx", pk=contract.pk))
    assert sheet["Content-Type"] == settlement_sheet.XLSX
    assert sheet.content.startswith(b"PK")
    for one in (pdf, sheet):
        assert one["Content-Disposition"].startswith('attachment; filename="settlement-sheet-DP-')
        assert "no-store" in one["Cache-Control"]


def test_a_pdf_that_cannot_be_made_leads_back_to_the_page(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_sheet: settlement_sheet.Sheet) -> bytes:
        raise PaperError

    contract = agreed(world)
    monkeypatch.setattr(settlement_sheet, "pdf", broken)
    reply = signed_in(world, "agency_viewer").get(at(world.agency, "sheet_pdf", pk=contract.pk))
    assert reply["Location"] == at(world.agency, "sheet", pk=contract.pk)


@SHEETS
@pytest.mark.parametrize("who", ["rival_manager", "kade_manager"])
def test_a_neighbour_s_sheet_is_not_found(world: World, page: str, who: str) -> None:
    contract = agreed(world)
    count(world.performances[0])
    organisation = world.rival if who.startswith("rival") else world.agency
    assert signed_in(world, who).get(at(organisation, page, pk=contract.pk)).status_code == 404


def test_both_sides_see_the_same_figures(world: World) -> None:
    contract = agreed(world)
    played(world.performances[0])
    count(world.performances[0])
    ours = signed_in(world, "agency_viewer").get(at(world.agency, "sheet", pk=contract.pk)).context["sheet"]
    client = signed_in(world, "kade_viewer")
    theirs = client.get(f"/afnemer/{world.kade.slug}/afspraken/{contract.pk}/borderel/").context["sheet"]
    assert ours.lines == theirs.lines
    assert ours.told == theirs.told
    assert (ours.state, ours.base, ours.notices, ours.agreed) == (
        theirs.state,
        theirs.base,
        theirs.notices,
        theirs.agreed,
    )


# --- over the tour -------------------------------------------------------------------------------------------------
def tour(world: World, who: str = "agency_viewer") -> str:
    return text_of(english(world, who).get(at(world.agency, "production_counts", pk=world.production.pk)))


def test_the_tour_says_what_of_it_counts(world: World) -> None:
    agreed(world)
    for one in world.performances:
        count(one)
    text = section(tour(world), "yields")
    for words in ("1 of 3 performances count", "2 have no approved agreement", "4.757,54", "242,46", "5.000,00"):
        assert words in text, words
    assert "no forecast" in text


def test_the_tour_without_an_approved_agreement_says_so(world: World) -> None:
    world.contract(status="proposed")
    count(world.performances[0])
    assert "No agreement of this production is approved yet" in section(tour(world), "yields")


def test_the_questions_of_the_pages_stay_the_same(world: World) -> None:
    contracts: list[Contract] = [agreed(world)]
    count(world.performances[0])
    client = signed_in(world, "agency_viewer")

    def costs() -> list[int]:
        found = []
        for address in (
            at(world.agency, "production_counts", pk=world.production.pk),
            at(world.agency, "contract", pk=contracts[-1].pk),
            at(world.agency, "sheet", pk=contracts[-1].pk),
        ):
            client.get(address)
            with CaptureQueriesContext(connection) as asked:
                assert client.get(address).status_code == 200
            found.append(len(asked))
        return found

    one = costs()
    for performance in world.performances[1:]:
        count(performance)
        count(performance, {TicketKind.NORMAL: (1, 2750)}, source=Source.HAND)
    contracts.append(agreed(world, 3))
    assert costs() == one
