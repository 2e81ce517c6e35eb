"""A spreadsheet of 120 performances there and back: downloaded in the browser, filled in, looked at, saved."""

import datetime as dt
import io
from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from playwright.sync_api import expect

from tests.browser import scenes
from tests.browser.test_pages import LONG, WIDTHS, look_over
from tests.browser.visitor import Portal, Visitor, until
from tests.world import evening

pytestmark = pytest.mark.browser

HOUSE, THEATER, TILLER = "/afnemer/elzenmarke/", 6, "programmeur@elzenmarke.example"
SHEET = f"{HOUSE}kaartstanden/werkblad/"
MANY = 120
# The columns of a sheet in Dutch, by their place: A is the DIP-id, D the title.
KEY, TITLE, NORMAL = 0, 3, 6
ENTERED = 8


def enter_in_dip(site: Portal, title: str, first: int) -> None:
    """Two evenings a day around today, in one theater; nobody has counted them yet."""
    genre = {"id": 4, "name": "Toneel"}
    production = {"id": f"NL-26-123-{first:07}", "title": title, "genre": genre}
    record = {
        **production, "startDate": "2026-08-01T00:00:00", "season": this_season(),
        "producer": {"id": 123, "name": "Toneelgroep De Zwaluwstaart", "type": "Producent"},
        "co_producers": [], "accompanied_by_producers": [], "cast_members": [],
    }  # fmt: skip
    ranks = {f"amount_rank{rank}": 500 if rank == 1 else 0 for rank in range(1, 11)}
    plays = [
        {
            "id": first + one, "number": first + one, "status": "agreed", "type": "normal", "private": False,
            "date": f"{evening(one // 2 - 30, 16 + one % 2 * 4):%Y-%m-%dT%H:%M:%S}",
            "in_festival": False, "isOtherLocation": False, **ranks, "production": production,
            "theater": {"id": THEATER, "name": "Parktheater Elzenmarke"}, "theater_location": None, "forms": [],
        }
        for one in range(MANY)
    ]  # fmt: skip
    site.dip.load(productions=[record], performances=plays)


def this_season() -> str:
    today = dt.date.today()  # noqa: DTZ011 - the date on the wall
    begins = today.year if today.month >= 8 else today.year - 1
    return f"{begins}-{begins + 1}"


def rows_in(content: bytes, title: str) -> dict[str, tuple[Any, ...]]:
    """DIP-id → the eight numbers, of the rows with this title."""
    sheet = load_workbook(io.BytesIO(content)).worksheets[0]
    rows = [row for row in sheet.iter_rows(min_row=2, values_only=True) if row[TITLE] == title]
    return {str(row[KEY]): row[NORMAL : NORMAL + ENTERED] for row in rows}


def downloaded(visitor: Visitor) -> bytes:
    visitor.go(SHEET)
    with visitor.page.expect_download() as download:
        visitor.page.locator("[data-page=sheet]").click()
    assert download.value.suggested_filename.endswith(".xlsx")
    return Path(download.value.path()).read_bytes()


def filled_in(content: bytes, title: str, numbers: dict[str, tuple[int, ...]]) -> bytes:
    book = load_workbook(io.BytesIO(content))
    for row in book.worksheets[0].iter_rows(min_row=2):
        if row[TITLE].value == title:
            for cell, number in zip(row[NORMAL:], numbers[row[KEY].value], strict=False):
                cell.value = number
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def upload(visitor: Visitor, content: bytes) -> None:
    visitor.go(SHEET)
    kind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
    file = {"name": "kaartstanden.xlsx", "mimeType": kind, "buffer": content}
    visitor.page.set_input_files("input[name=file]", [file])  # type: ignore[list-item]
    visitor.act("look")
    expect(visitor.page.locator("h1")).not_to_have_text("Kaartstanden met een werkblad")


@pytest.mark.parametrize("width", WIDTHS)
def test_a_sheet_of_120_performances_goes_there_and_back(visitors: Any, site: Portal, width: int) -> None:
    title, first = f"{LONG} {width}", 70_000_000 + width * 1000
    enter_in_dip(site, title, first)
    planner = visitors(who=scenes.PLANNER)
    planner.go(f"{scenes.AGENCY}synchronisatie/")
    planner.page.locator("[data-kind=catalogue] [data-action=sync-kind]").click()
    visitor = visitors(width=width, height=WIDTHS[width], who=TILLER)

    def arrived() -> bool:
        reply = visitor.page.request.get(f"{SHEET}bestand/")
        return reply.ok and len(rows_in(reply.body(), title)) == MANY

    until(arrived, "120 performances in the sheet of the house", seconds=120)
    content = downloaded(visitor)
    empty = rows_in(content, title)
    assert set(empty.values()) == {(None,) * ENTERED}
    numbers = {
        key: (100 + place, 10, 5, 4, place % 4, 7, 3, 2_000 + 20 * place) for place, key in enumerate(sorted(empty))
    }
    filled = filled_in(content, title, numbers)

    upload(visitor, filled)
    expect(visitor.page.locator("[data-rows=changes] tbody tr")).to_have_count(MANY)
    expect(visitor.page.locator("[data-rows=faulty], [data-rows=doubtful]")).to_have_count(0)
    look_over(visitor, f"afnemer-werkblad-bekijken-{width}")
    assert set(rows_in(visitor.page.request.get(f"{SHEET}bestand/").body(), title).values()) == {(None,) * ENTERED}

    visitor.act("save")
    expect(visitor.page.locator("[data-rows=saved] tbody tr")).to_have_count(MANY)
    look_over(visitor, f"afnemer-werkblad-opgeslagen-{width}")
    assert rows_in(downloaded(visitor), title) == numbers

    upload(visitor, filled)
    expect(visitor.page.locator("[data-rows=changes]")).to_have_count(0)
    expect(visitor.page.locator("main .alert")).to_be_visible()
    expect(visitor.action("save")).to_have_count(0)
    assert rows_in(downloaded(visitor), title) == numbers
