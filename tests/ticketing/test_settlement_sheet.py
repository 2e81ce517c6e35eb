"""The settlement sheet through the whole chain: a count comes in, and page, PDF and XLSX show the same to the cent."""

import datetime as dt
import io
import shutil
import subprocess
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from django.utils import timezone, translation
from openpyxl import load_workbook

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import OPEN_END
from dipportal.ticketing import settlement_sheet
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.settlement_sheet import Sheet
from dipportal.ticketing.settlement_sheet.on_paper import content
from dipportal.ticketing.yield_queries import yield_of
from tests.ticketing.yields import BASE_CASE, agreed, count, played
from tests.world import World

pytestmark = pytest.mark.django_db
D = Decimal
# The base case with a guarantee of 5,000, line by line.
LINES = {
    "box_office": "8010.00",
    "surcharges": "750.00",
    "revenue": "7260.00",
    "vat": "599.45",
    "revenue_ex": "6660.55",
    "copyright": "713.63",
    "net": "5946.92",
    "share": "4757.54",
    "guarantee_added": "242.46",
    "provider": "5000.00",
    "copyright_due": "713.63",
    "receiver": "946.92",
    "invoice_provider": "5450.00",
    "invoice_copyright": "863.49",
    "invoice": "6313.49",
}
TYPES: dict[ContractType, dict[str, Any]] = {
    ContractType.PARTAGE: {},
    ContractType.VOLUME: {
        "tranches": [{"amount": 300000, "percentage": "100"}, {"amount": OPEN_END, "percentage": "60"}],
        "shared_costs": 80000,
    },
    ContractType.BUYOUT: {"buyout_amount": 450000},
    ContractType.SUPPLETION: {
        "provider_share": D(75), "suppletion_amount": 200000, "suppletion_guarantee": 500000
    },
    ContractType.RENT: {"rent": 200000, "other_costs": 35000},
}  # fmt: skip


@pytest.fixture(autouse=True)
def english() -> Iterator[None]:
    with translation.override("en"):
        yield


def made(world: World, contract: Contract) -> Sheet:
    rows = Contract.objects.select_related("provider", "producer", "production", "theater__receiver")
    return settlement_sheet.sheet(yield_of(world.agency, rows.get(pk=contract.pk)))


def settled(world: World, number: int = 1, **terms: Any) -> Sheet:
    contract = agreed(world, number, **terms)
    played(*world.performances[:number])
    for one in world.performances[:number]:
        count(one)
    return made(world, contract)


def dutch(amount: str) -> str:
    whole, cents = amount.split(".")
    return f"{int(whole):,}".replace(",", ".") + f",{cents}"


def pdf_text(sheet: Sheet) -> str:
    program = shutil.which("pdftotext")
    if program is None:
        pytest.skip("reading a PDF needs pdftotext")
    done = subprocess.run(
        [program, "-layout", "-", "-"], check=False, input=settlement_sheet.pdf(sheet), capture_output=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.decode().replace("\u00a0", " ").replace("\u200b", "")


def cells(sheet: Sheet) -> list[list[list[Any]]]:
    """Of each worksheet its rows, without formulas worked out."""
    book = load_workbook(io.BytesIO(settlement_sheet.xlsx(sheet)))
    return [[[cell.value for cell in row] for row in page.iter_rows()] for page in book.worksheets]


# --- the base case -------------------------------------------------------------------------------------------------
def test_the_base_case_line_by_line(world: World) -> None:
    sheet = settled(world)
    assert {line.code: str(line.amount) for line in sheet.lines} == LINES
    assert sheet.final
    assert sheet.state == "final according to the counts"
    assert not any(line.estimate for line in sheet.lines)
    assert sheet.base == "net = revenue without surcharges, VAT and copyright"
    words = {line.code: line.words.replace("\u00a0", " ") for line in sheet.lines}
    assert words["surcharges"] == "€ 2,50 × 300 paid tickets"
    assert words["vat"].startswith("9 % of the revenue excluding VAT")
    assert words["copyright"] == "12/112 of the revenue excluding VAT"
    assert words["share"] == "80 % of the net revenue"
    assert words["guarantee_added"] == "the provider gets at least € 5.000,00"
    assert words["copyright_due"] == "the copyright on the revenue, at least 12 % of the guarantee"
    assert words["invoice_copyright"] == "copyright due + 21 % VAT"
    row = sheet.counted[0]
    assert (row.kinds, row.tickets, row.paid, row.revenue, row.source) == ((240, 60, 10, 0), 310, 300, 801000, "DIP")


def test_the_base_case_as_pdf(world: World) -> None:
    text = pdf_text(settled(world))
    for amount in LINES.values():
        assert dutch(amount) in text, amount
    for words in (
        "final according to the counts",
        "12/112",
        "without surcharges, VAT and copyright",
        "Impresariaat Noord",
    ):
        assert words in text, words


def test_the_base_case_as_numbers_in_a_spreadsheet(world: World) -> None:
    settlement, counts, sources = cells(settled(world))
    found = {row[0]: row[3] for row in settlement if len(row) > 3 and row[2] and str(row[2]).startswith("F")}
    assert sorted(found.values()) == sorted(float(amount) for amount in LINES.values())
    assert counts[1][3:9] == [240, 60, 10, 0, 310, 300]
    assert counts[1][9] == 8010
    assert sources[1][1:4] == ["DIP", 310, 8010]


@pytest.mark.parametrize("language", ["nl", "en"])
@pytest.mark.parametrize("kind", list(ContractType))
def test_every_type_has_a_sheet_in_all_three_forms(world: World, kind: ContractType, language: str) -> None:
    sheet = settled(world, 2, kind=kind, **TYPES[kind])
    with translation.override(language):
        assert all(line.words for line in sheet.lines)
        one, other = settlement_sheet.pdf(sheet), settlement_sheet.pdf(sheet)
        assert one.startswith(b"%PDF-")
        assert one == other
        assert cells(sheet)
    parts = {line.code: line.amount for line in sheet.lines}
    assert parts["box_office"] == D("16020.00")


def test_what_counts_once_over_several_evenings_is_marked_and_not_divided(world: World) -> None:
    sheet = settled(world, 2)
    marked = {line.code for line in sheet.lines if line.estimate}
    assert {"guarantee_added", "provider", "receiver", "invoice"} <= marked
    assert not {"box_office", "vat", "net", "share"} & marked
    assert "not divided" in sheet.not_divided
    text = pdf_text(sheet)
    assert "estimate, check in DIP" in text
    assert "not divided over the evenings" in " ".join(text.split())


# --- provisional, and what does not count --------------------------------------------------------------------------
def test_it_is_provisional_until_all_was_played_and_counted(world: World) -> None:
    contract = agreed(world, 2)
    played(world.performances[0])
    count(world.performances[0])
    sheet = made(world, contract)
    assert (sheet.final, sheet.state) == (False, "provisional")
    assert sheet.explanation.startswith("1 of 2 performances count")
    assert sheet.counted[1].note == "does not count: no count yet"
    Performance.objects.filter(pk=world.performances[1].pk).update(status=PerformanceStatus.CANCELLED)
    without = made(world, contract)
    assert without.final
    assert without.counted[1].note == "does not count: cancelled"


def test_before_a_sale_there_is_no_amount_but_what_was_agreed(world: World) -> None:
    sheet = made(world, agreed(world))
    assert sheet.lines == ()
    assert sheet.agreed == (("Guarantee to the provider", 500000),)
    text = pdf_text(sheet)
    assert "Agreed amounts" in text
    assert "No count came in yet" in text
    assert "No count came in yet" in str(cells(sheet)[0])


def test_totals_only_are_an_estimate_in_every_form(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0], None, tickets=310, cents=801000)
    sheet = made(world, contract)
    assert sheet.counted[0].kinds == (None, None, None, None)
    assert sheet.notices[0].title == "Estimate, check in DIP"
    assert "only the total was told" in sheet.notices[0].lines[0]
    assert "estimate, check in DIP" in pdf_text(sheet)
    assert "estimate, check in DIP" in str(cells(sheet)[0])


def test_sources_that_disagree_stand_beside_each_other_in_every_form(world: World) -> None:
    contract = agreed(world)
    now = timezone.now()
    count(world.performances[0], at=now - dt.timedelta(hours=5))
    count(world.performances[0], {TicketKind.NORMAL: (250, 687500)}, source=Source.HAND, at=now)
    sheet = made(world, contract)
    assert [(one.source, one.tickets, one.used) for one in sheet.told] == [
        ("entered by the theater", 250, True),
        ("DIP", 310, False),
    ]
    assert any("disagree" in notice.title for notice in sheet.notices)
    text = pdf_text(sheet)
    assert "8.010,00" in text
    assert "6.875,00" in text
    assert [row[1:4] + row[5:6] for row in cells(sheet)[2][1:]] == [
        ["entered by the theater", 250, 6875, "yes"],
        ["DIP", 310, 8010, "no"],
    ]


def test_a_revenue_that_does_not_fit_the_prices_is_told(world: World) -> None:
    contract = agreed(world)
    count(world.performances[0], {TicketKind.NORMAL: (300, 3000)})
    notices = made(world, contract).notices
    assert any("unlikely" in notice.title for notice in notices)


# --- safe ----------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("text", ['=HYPERLINK("http://x.example")', "+1+1", "-1", "@SUM(A1)", "a\x00\x1fb", "#", "<b>"])
def test_no_text_becomes_a_formula_or_markup(world: World, text: str) -> None:
    contract = agreed(world)
    count(world.performances[0], BASE_CASE)
    sheet = made(world, contract)
    sheet.contract.production.title = text
    again = settlement_sheet.sheet(sheet.yielded)
    book = load_workbook(io.BytesIO(settlement_sheet.xlsx(again)))
    found = [cell for page in book.worksheets for row in page.iter_rows() for cell in row]
    assert "f" not in {cell.data_type for cell in found}
    assert "".join(one for one in text if one.isprintable()) in {cell.value for cell in found}
    assert settlement_sheet.pdf(again).startswith(b"%PDF-")
    assert content(again)["facts"][0][1].replace("\u200b", "") == "".join(one for one in text if one.isprintable())


@pytest.mark.parametrize("title", ["De Storm", "../../etc/passwd", 'a"; b\r\nX-Evil: 1', "🎭", "x" * 300])
def test_the_file_s_name_is_safe_in_a_header_and_on_a_disk(world: World, title: str) -> None:
    sheet = made(world, agreed(world))
    sheet.contract.production.title = title
    name = settlement_sheet.file_name(sheet, "xlsx")
    assert name.endswith(".xlsx")
    assert set(name) <= set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.")
    assert ".." not in name
    assert len(name) < 130
