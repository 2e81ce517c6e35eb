"""Ticket counts by spreadsheet, through the pages: download, fill in, upload, look at it, confirm."""

import datetime as dt
import io
import re
from collections.abc import Callable, Iterator
from typing import Any
from unittest import mock

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation
from openpyxl import Workbook, load_workbook

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.core.dates import moment
from dipportal.core.errors import NotAllowed
from dipportal.journal.models import Entry
from dipportal.receivers import counts_sheet
from dipportal.ticketing import actions
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.rules import Report
from dipportal.ticketing.sheet import BY_NAME, ENTRY
from dipportal.ticketing.sheet_preview import Preview
from tests.access.crawl import crawl, in_workbook
from tests.access.filling import filled_in
from tests.access.neighbours import MARK, fill_for_receiver
from tests.world import World, evening

Url = Callable[..., str]
# As they stand in a sheet; the revenue in euros.
SOLD = {"normal": 90, "discount": 6, "free": 2, "other": 3, "complimentary": 1, "revenue_cents": 2000.5}


@pytest.fixture(autouse=True)
def in_english() -> Iterator[None]:
    """As the reader of the pages, so that a heading can be looked up by its name."""
    with translation.override("en"):
        yield


def report(**changes: int) -> Report:
    values = {
        "normal": 90, "discount": 6, "free": 2, "other": 2, "complimentary": 1, "reservations": 0, "blocked_seats": 0,
        "revenue_cents": 200_050,
    }  # fmt: skip
    return Report(**{**values, **changes})


def downloaded(client: Client, url: Url, **choice: str) -> Any:
    """The workbook as it was downloaded."""
    reply = client.get(url("counts_sheet_file"), choice)
    assert reply.headers["Content-Type"].endswith("spreadsheetml.sheet"), reply.content.decode()
    return load_workbook(io.BytesIO(reply.content))


def place(book: Any, name: str) -> int:
    headings = [cell.value for cell in book.worksheets[0][1]]
    return headings.index(str(BY_NAME[name].heading)) + 1


def fill(book: Any, row: int, **values: Any) -> None:
    for name, value in values.items():
        book.worksheets[0].cell(row, place(book, name)).value = value


def bytes_of(book: Any) -> bytes:
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def uploaded(client: Client, url: Url, content: bytes, name: str = "stand.xlsx") -> Any:
    return client.post(url("counts_sheet"), {"file": SimpleUploadedFile(name, content)})


def confirmed(client: Client, url: Url, look: Any, **more: Any) -> Any:
    sent = filled_in(url("counts_sheet"), look.content.decode(), url("counts_sheet_save"))
    return client.post(url("counts_sheet_save"), {**sent, **more})


def seen_in(reply: Any) -> Preview:
    found: Preview = reply.context["preview"]
    return found


def titles(book: Any) -> list[str]:
    return [row[place(book, "dip_id") - 1] for row in book.worksheets[0].iter_rows(min_row=2, values_only=True)]


def more_performances(world: World, number: int) -> list[Performance]:
    first = Performance.objects.count()
    return Performance.objects.bulk_create(
        Performance(
            number=60_000_000 + first + one, production=world.production, theater=world.theater, hall=world.hall,
            starts_at=evening(one % 50), capacity=[500],
        )
        for one in range(number)
    )  # fmt: skip


# --- download -----------------------------------------------------------------------------------------------------
def test_a_period_is_downloaded_with_what_stands(world: World, editor: Client, url: Url) -> None:
    actions.report(world.performances[1], report(), seen=None, actor=world.actors["kade_editor"])
    book = downloaded(editor, url)
    assert titles(book) == [one.dip_id for one in world.performances]
    second = [book.worksheets[0].cell(3, place(book, name)).value for name in ENTRY]
    assert second == [90, 6, 2, 3, 1, 0, 0, 2000.5]
    assert [sheet.title for sheet in book.worksheets] == ["Ticket counts", "Explanation"]
    explained = {row[0].value: row[1].value for row in book.worksheets[1].iter_rows()}
    assert all(str(one.text) == explained[str(one.heading)] for one in BY_NAME.values() if one.name != "theater")


def test_only_performances_of_the_period_that_can_be_counted_are_in_it(world: World, editor: Client, url: Url) -> None:
    first, second, third = world.performances
    (far,) = more_performances(world, 1)
    Performance.objects.filter(pk=far.pk).update(starts_at=evening(57))
    assert titles(downloaded(editor, url)) == [one.dip_id for one in world.performances]
    period = {"since": f"{evening(31):%Y-%m-%d}", "until": f"{evening(31):%Y-%m-%d}"}
    assert titles(downloaded(editor, url, **period)) == [second.dip_id]
    # Cancelled ones only when something was counted of them; what DIP lost not at all.
    actions.report(first, report(), seen=None, actor=world.actors["kade_editor"])
    world.performances[0].status = world.performances[1].status = PerformanceStatus.CANCELLED
    Performance.objects.bulk_update(world.performances, ["status"])
    assert titles(downloaded(editor, url)) == [first.dip_id, third.dip_id]
    assert titles(downloaded(editor, url, silent="on")) == [third.dip_id]
    Performance.objects.filter(pk=third.pk).update(missing_since=timezone.now())
    assert titles(downloaded(editor, url)) == [first.dip_id]


def test_the_last_evening_of_the_period_is_in_it_by_the_clock_of_amsterdam(
    world: World, editor: Client, url: Url
) -> None:
    late = Performance.objects.filter(pk=world.performances[0].pk)
    late.update(starts_at=evening(31, 23, 59))
    assert len(titles(downloaded(editor, url, until=f"{evening(31):%Y-%m-%d}"))) == 2
    late.update(starts_at=evening(32, 0, 0))
    assert len(titles(downloaded(editor, url, until=f"{evening(31):%Y-%m-%d}"))) == 1


def test_of_several_theaters_one_can_be_chosen(world: World, editor: Client, url: Url) -> None:
    assert 'name="theater"' not in editor.get(url("counts_sheet")).content.decode()
    second = Theater.objects.create(id=31, name="Kleine Kade", dip_member=True, receiver=world.kade)
    Performance.objects.filter(pk=world.performances[0].pk).update(theater=second, hall=None)
    assert len(titles(downloaded(editor, url))) == 3
    chosen = downloaded(editor, url, theater=str(second.pk))
    assert titles(chosen) == [world.performances[0].dip_id]
    assert chosen.worksheets[0].cell(2, place(chosen, "theater")).value == "Kleine Kade"
    reply = editor.get(url("counts_sheet_file"), {"theater": str(world.other_theater.pk)})
    assert reply.context["period"].errors.keys() == {"theater"}


@pytest.mark.parametrize(
    ("choice", "field"),
    [
        ({"since": "2026-05-01", "until": "2026-04-01"}, "until"),
        ({"since": "gisteren"}, "since"),
        ({"until": "9999-12-31"}, "until"),
        ({"format": "ods"}, "format"),
        ({"since": "2001-01-01", "until": "2001-02-01"}, "__all__"),
    ],
)
def test_a_period_that_gives_no_sheet_is_told(editor: Client, url: Url, choice: dict[str, str], field: str) -> None:
    reply = editor.get(url("counts_sheet_file"), choice)
    assert reply.headers["Content-Type"].startswith("text/html")
    assert set(reply.context["period"].errors) == {field}


def test_the_same_comes_as_csv(editor: Client, url: Url, world: World) -> None:
    reply = editor.get(url("counts_sheet_file"), {"format": "csv"})
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert re.search(r'filename="ticket-counts-[\d-]+\.csv"', reply.headers["Content-Disposition"])
    assert "no-store" in reply.headers["Cache-Control"]
    heading, *rows = reply.content.decode("utf-8-sig").split("\r\n")
    assert heading.startswith("DIP-id;Date;Time;")
    assert len([row for row in rows if row]) == 3
    filled = [row.split(";") for row in [heading, *rows] if row]
    for name, value in {**SOLD, "revenue_cents": "2.000,50"}.items():
        filled[1][filled[0].index(str(BY_NAME[name].heading))] = str(value)
    look = uploaded(editor, url, "\r\n".join(";".join(row) for row in filled).encode("cp1252"), "stand.csv")
    assert confirmed(editor, url, look).status_code == 302
    assert TicketCount.objects.get(source=Source.HAND).revenue_cents == 200_050


def test_a_viewer_downloads_and_nothing_else(world: World, url: Url) -> None:
    viewer = Client()
    viewer.force_login(world.people["kade_viewer"])
    viewer.cookies["dipportal_language"] = "en"
    page = viewer.get(url("counts_sheet")).content.decode()
    assert 'id="download"' in page
    assert "data-action" not in page
    assert 'type="file"' not in page
    book = downloaded(viewer, url)
    fill(book, 2, **SOLD)
    assert uploaded(viewer, url, bytes_of(book)).status_code == 403
    assert viewer.post(url("counts_sheet_save"), {"sheet": "x"}).status_code == 403


@pytest.mark.parametrize("title", ['=HYPERLINK("http://evil.example")', "+31", "-1", "@x"])
@pytest.mark.parametrize("kind", ["xlsx", "csv"])
def test_a_title_is_never_a_formula(world: World, editor: Client, url: Url, title: str, kind: str) -> None:
    Production.objects.filter(pk=world.production.pk).update(title=title)
    if kind == "xlsx":
        book = downloaded(editor, url)
        cell = book.worksheets[0].cell(2, place(book, "title"))
        assert (cell.data_type, cell.value, cell.quotePrefix) == ("s", title, True)
        return
    content = editor.get(url("counts_sheet_file"), {"format": "csv"}).content.decode("utf-8-sig")
    assert f";{title}" not in content
    assert "'" + title.replace('"', '""') in content


# --- upload, look, confirm ----------------------------------------------------------------------------------------
def test_nothing_is_saved_before_it_is_confirmed_and_then_all_of_it(world: World, editor: Client, url: Url) -> None:
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    fill(book, 3, **{**SOLD, "normal": 95})
    look = uploaded(editor, url, bytes_of(book))
    assert (look.status_code, TicketCount.objects.count(), Entry.objects.filter(code="count.reported").count()) == (
        200,
        0,
        0,
    )
    assert [row.entry.number for row in seen_in(look).changes] == [2, 3]
    assert [row.entry.number for row in seen_in(look).unchanged] == [4]
    done = confirmed(editor, url, look)
    assert (done.status_code, done.headers["Location"]) == (302, url("counts_sheet_saved"))
    saved = {one.performance_id: one for one in TicketCount.objects.all()}
    assert set(saved) == {world.performances[0].pk, world.performances[1].pk}
    first = saved[world.performances[0].pk]
    assert (first.tickets, first.other, first.complimentary, first.revenue_cents) == (101, 2, 1, 200_050)
    assert Entry.objects.filter(code="count.reported").count() == 2
    page = editor.get(done.headers["Location"])
    assert [row.performance for row in page.context["rows"]] == world.performances[:2]
    assert "2 counts were saved." in page.content.decode()


def test_a_second_click_and_the_back_button_change_nothing(world: World, editor: Client, url: Url) -> None:
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    look = uploaded(editor, url, bytes_of(book))
    confirmed(editor, url, look)
    before = list(TicketCount.objects.values()), Entry.objects.count()
    again = confirmed(editor, url, look)
    assert again.headers["Location"] == url("counts_sheet_saved")
    assert len(editor.get(again.headers["Location"]).context["rows"]) == 1
    # A day later it is old news, not new news.
    with mock.patch.object(timezone, "now", return_value=timezone.now() + dt.timedelta(hours=3)):
        confirmed(editor, url, look)
    assert (list(TicketCount.objects.values()), Entry.objects.count()) == before


def test_the_same_file_once_more_changes_nothing_and_says_so(world: World, editor: Client, url: Url) -> None:
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    confirmed(editor, url, uploaded(editor, url, bytes_of(book)))
    before = list(TicketCount.objects.values())
    look = uploaded(editor, url, bytes_of(book))
    assert not seen_in(look).can_save
    assert "This sheet changes nothing" in look.content.decode()
    assert 'data-action="save"' not in look.content.decode()
    forced = editor.post(url("counts_sheet_save"), {"sheet": look.context["sheet"]}, follow=True)
    assert "Nothing was changed" in forced.content.decode()
    assert list(TicketCount.objects.values()) == before


def test_a_row_with_a_fault_holds_up_the_others_until_it_is_left_out_on_purpose(
    world: World, editor: Client, url: Url
) -> None:
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    fill(book, 3, **{**SOLD, "complimentary": 4})
    look = uploaded(editor, url, bytes_of(book))
    assert [row.entry.number for row in seen_in(look).faulty] == [3]
    held = confirmed(editor, url, look)
    assert (held.status_code, TicketCount.objects.count()) == (200, 0)
    assert "Nothing was saved yet" in held.content.decode()
    done = confirmed(editor, url, held, leave_out="on")
    assert TicketCount.objects.get().performance == world.performances[0]
    page = editor.get(done.headers["Location"])
    ((number, title, when, why),) = page.context["left_out"]
    assert (number, title, when) == (3, "De Storm", moment(world.performances[1].starts_at))
    assert why == ["Of which complimentary: These are part of 'other', so there cannot be more of them."]


def test_an_unlikely_row_is_saved_when_it_is_ticked(world: World, editor: Client, url: Url) -> None:
    book = downloaded(editor, url)
    fill(book, 2, **{**SOLD, "normal": 900})
    fill(book, 3, **{**SOLD, "normal": 901})
    look = uploaded(editor, url, bytes_of(book))
    assert [row.entry.number for row in seen_in(look).doubtful] == [2, 3]
    half = confirmed(editor, url, look, sure=["2"])
    assert (half.status_code, TicketCount.objects.count(), half.context["ticked"]) == (200, 0, {2})
    assert confirmed(editor, url, half, sure=["2", "3"]).status_code == 302
    assert TicketCount.objects.count() == 2


def test_a_tick_does_not_confirm_a_doubt_that_came_after_it(world: World, editor: Client, url: Url) -> None:
    first = world.performances[0]
    book = downloaded(editor, url)
    fill(book, 2, **{**SOLD, "revenue_cents": 1})
    look = uploaded(editor, url, bytes_of(book))
    assert [len(row.doubts) for row in seen_in(look).doubtful] == [1]
    # Meanwhile the hall turns out to be smaller.
    Performance.objects.filter(pk=first.pk).update(capacity=[50])
    refused = confirmed(editor, url, look, sure=["2"])
    assert (refused.status_code, TicketCount.objects.count(), refused.context["ticked"]) == (409, 0, set())
    assert [len(row.doubts) for row in seen_in(refused).doubtful] == [2]
    assert confirmed(editor, url, refused, sure=["2"]).status_code == 302
    assert TicketCount.objects.get().performance == first


@pytest.mark.parametrize("when", ["before the upload", "before the confirmation"])
def test_what_a_colleague_entered_meanwhile_is_never_overwritten(
    world: World, editor: Client, url: Url, when: str
) -> None:
    first, second = world.performances[:2]
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    fill(book, 3, **SOLD)

    def interfere() -> None:
        actions.report(first, report(normal=120), seen=None, actor=world.colleague_actor)  # type: ignore[attr-defined]

    world.colleague_actor = world.colleague(world.kade)  # type: ignore[attr-defined]
    if when == "before the upload":
        interfere()
    look = uploaded(editor, url, bytes_of(book))
    if when == "before the confirmation":
        interfere()
    held = confirmed(editor, url, look)
    assert (held.status_code, TicketCount.objects.count()) == (200, 1)
    (row,) = seen_in(held).faulty
    assert ("Normal", "120", "90") in [(one.label, one.old, one.new) for one in row.changes]
    done = confirmed(editor, url, held, leave_out="on")
    ((_row, _title, _when, why),) = editor.get(done.headers["Location"]).context["left_out"]
    assert "Normal: 120 → 90" in why
    numbers = {one.performance_id: one.normal for one in TicketCount.objects.all()}
    assert numbers == {first.pk: 120, second.pk: 90}


def test_what_changes_in_the_very_moment_of_saving_saves_nothing(world: World, editor: Client, url: Url) -> None:
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    fill(book, 3, **SOLD)
    look = uploaded(editor, url, bytes_of(book))
    colleague = world.colleague(world.kade)
    enter = actions.report_many

    def late(*args: Any, **kwargs: Any) -> Any:
        enter([actions.Entered(world.performances[0], report(normal=120))], actor=colleague)
        return enter(*args, **kwargs)

    with mock.patch.object(counts_sheet.actions, "report_many", late):
        refused = confirmed(editor, url, look)
    assert (refused.status_code, TicketCount.objects.count()) == (409, 1)
    assert [row.entry.number for row in seen_in(refused).faulty] == [2]


def test_a_refusal_of_the_action_is_told(world: World, editor: Client, url: Url) -> None:
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    look = uploaded(editor, url, bytes_of(book))
    with mock.patch.object(counts_sheet.actions, "report_many", side_effect=NotAllowed()):
        refused = confirmed(editor, url, look)
    assert (refused.status_code, "Your role does not allow this" in refused.content.decode()) == (409, True)


def test_what_is_closed_is_grey_and_left_alone(world: World, editor: Client, url: Url) -> None:
    actions.link(world.performances[0], "A-17", actor=world.actors["kade_editor"])
    book = downloaded(editor, url)
    sheet = book.worksheets[0]
    assert "A-17" in sheet.cell(2, place(book, "closed")).value
    assert [sheet.cell(row, place(book, "normal")).protection.locked for row in (2, 3)] == [True, False]
    fill(book, 2, **SOLD)
    look = uploaded(editor, url, bytes_of(book))
    assert (len(seen_in(look).unchanged), seen_in(look).can_save) == (3, False)
    # Without its reason the row is read, and refused.
    fill(book, 2, closed=None)
    (row,) = seen_in(uploaded(editor, url, bytes_of(book))).faulty
    assert "A-17" in row.faults[0].sentence


def test_that_nothing_was_sold_is_one_tick(world: World, editor: Client, url: Url) -> None:
    actions.report(world.performances[0], report(), seen=None, actor=world.actors["kade_editor"])
    long_ago = timezone.now() - dt.timedelta(days=9)
    TicketCount.objects.update(counted_at=long_ago)
    look = uploaded(editor, url, bytes_of(downloaded(editor, url)))
    assert "1 row without change was counted today as well" in look.content.decode()
    assert confirmed(editor, url, look).headers["Location"] == url("counts_sheet")
    assert TicketCount.objects.get().counted_at == long_ago
    confirmed(editor, url, look, still="on")
    now = TicketCount.objects.get()
    assert (now.normal, timezone.localdate(now.counted_at)) == (90, timezone.localdate())


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "x.xlsx", "empty"),
        (b"Hallo", "x.txt", "Save it as .xlsx or .csv"),
        (b"\xd0\xcf\x11\xe0", "x.xls", "without a password"),
        (b"PK\x03\x04" + b"0" * 3_000_000, "x.xlsx", "too large"),
        (b"Titel;Datum\r\nDe Storm;1-1-2026\r\n", "x.csv", "DIP-id"),
        (b"DIP-id;Normal\r\nx;1\r\n", "x.csv", "Columns are missing"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_in_words(
    editor: Client, url: Url, content: bytes, name: str, words: str
) -> None:
    reply = uploaded(editor, url, content, name)
    (sentence,) = reply.context["upload"].errors["file"]
    assert words in sentence
    assert f"#{reply.context['upload']['file'].id_for_label}" in reply.content.decode()


def test_no_file_at_all_is_told(editor: Client, url: Url) -> None:
    assert editor.post(url("counts_sheet")).context["upload"].errors == {"file": ["Choose the file."]}


def test_a_formula_is_not_followed_and_so_counts_as_empty(world: World, editor: Client, url: Url) -> None:
    book = downloaded(editor, url)
    fill(book, 2, normal="=1+1")
    assert not seen_in(uploaded(editor, url, bytes_of(book))).can_save


# --- what the page carries ----------------------------------------------------------------------------------------
def looked_at(world: World, editor: Client, url: Url) -> Any:
    book = downloaded(editor, url)
    fill(book, 2, **SOLD)
    return uploaded(editor, url, bytes_of(book))


def test_what_was_tampered_with_is_not_saved(world: World, editor: Client, url: Url) -> None:
    sealed = looked_at(world, editor, url).context["sheet"]
    changed = f"{sealed[:20]}{'y' if sealed[20] == 'x' else 'x'}{sealed[21:]}"
    for other in ("", "x", sealed[:-1], changed):
        reply = editor.post(url("counts_sheet_save"), {"sheet": other}, follow=True)
        assert "too long ago" in reply.content.decode()
    assert TicketCount.objects.count() == 0


def test_what_somebody_else_looked_at_is_not_saved(world: World, editor: Client, manager: Client, url: Url) -> None:
    """Another person of the house, and the same person for another house."""
    sealed = looked_at(world, editor, url).context["sheet"]
    assert manager.post(url("counts_sheet_save"), {"sheet": sealed}).headers["Location"] == url("counts_sheet")
    other = Client()
    other.force_login(world.people["haven_editor"])
    address = url("counts_sheet_save").replace("de-kade", "de-haven")
    assert other.post(address, {"sheet": sealed}).status_code == 302
    assert TicketCount.objects.count() == 0


def test_what_was_looked_at_yesterday_is_not_saved(world: World, editor: Client, url: Url) -> None:
    look = looked_at(world, editor, url)
    with mock.patch(
        "django.core.signing.time.time", return_value=timezone.now().timestamp() + counts_sheet.SECONDS + 60
    ):
        reply = confirmed(editor, url, look)
    assert (reply.headers["Location"], TicketCount.objects.count()) == (url("counts_sheet"), 0)


def test_a_performance_that_left_the_house_meanwhile_is_unknown(world: World, editor: Client, url: Url) -> None:
    look = looked_at(world, editor, url)
    Performance.objects.filter(pk=world.performances[0].pk).update(theater=world.other_theater, hall=None)
    reply = confirmed(editor, url, look)
    assert (reply.status_code, TicketCount.objects.count()) == (200, 0)
    assert "No performance in your theaters has this DIP-id." in reply.content.decode()


def test_without_anything_saved_there_is_no_page_of_it(editor: Client, url: Url) -> None:
    assert editor.get(url("counts_sheet_saved")).headers["Location"] == url("counts_sheet")


# --- the neighbours -----------------------------------------------------------------------------------------------
def test_nothing_of_the_neighbours_is_in_a_sheet(world: World, editor: Client, url: Url) -> None:
    empty = in_workbook(bytes_of(downloaded(editor, url)))
    fill_for_receiver(world)
    for theirs in Performance.objects.filter(theater=world.other_theater):
        actions.report(theirs, report(), seen=None, actor=world.actors["haven_editor"])
    period = {"since": "2000-01-01", "until": "2100-01-01"}
    beside = editor.get(url("counts_sheet_file"), period).content
    assert MARK not in in_workbook(beside)
    assert MARK not in editor.get(url("counts_sheet_file"), {**period, "format": "csv"}).content.decode()
    assert in_workbook(bytes_of(downloaded(editor, url))) == empty
    reply = editor.get(url("counts_sheet_file"), {**period, "theater": str(world.other_theater.pk)})
    assert MARK not in in_workbook(reply.content)


def test_the_crawl_over_all_pages_reads_the_sheets_too(world: World, editor: Client, url: Url) -> None:
    """What tests/access proves of pages holds for what is downloaded: with the neighbours there, nothing of them."""
    fill_for_receiver(world)
    pages = crawl(editor, url("counts"))
    sheets = [page for address, page in pages.items() if address.startswith(url("counts_sheet_file"))]
    assert len(sheets) >= 2
    assert all(world.performances[0].dip_id in page and MARK not in page for page in sheets)


def test_the_neighbours_performances_are_as_unknown_as_none(world: World, editor: Client, url: Url) -> None:
    """Whether somebody else has a DIP-id cannot be learned from a sheet, and nothing of theirs changes."""
    fill_for_receiver(world)
    theirs = Performance.objects.filter(theater=world.other_theater)
    for one in theirs:
        actions.report(one, report(), seen=None, actor=world.actors["haven_editor"])
    before = list(TicketCount.objects.order_by("pk").values())

    def told(key: str) -> tuple[Any, ...]:
        book = downloaded(editor, url)
        fill(book, 2, **SOLD, dip_id=key, day=None, clock=None, title="x")
        look = uploaded(editor, url, bytes_of(book))
        assert MARK not in look.content.decode()
        confirmed(editor, url, look, leave_out="on")
        (row,) = seen_in(look).faulty
        return row.faults, row.changes, row.standing, seen_in(look).can_save

    answers = {told(one.dip_id)[0][0].sentence for one in theirs}
    assert len(theirs) > 5
    assert told(theirs[0].dip_id) == told("NL-25-777-00279|123456789")
    assert answers == {"No performance in your theaters has this DIP-id."}
    assert list(TicketCount.objects.order_by("pk").values()) == before


def test_a_sheet_with_only_the_neighbours_in_it_saves_nothing(world: World, editor: Client, url: Url) -> None:
    other = Client()
    other.force_login(world.people["haven_editor"])
    other.cookies["dipportal_language"] = "en"
    theirs = load_workbook(io.BytesIO(other.get(url("counts_sheet_file").replace("de-kade", "de-haven")).content))
    fill(theirs, 2, **SOLD)
    look = uploaded(editor, url, bytes_of(theirs))
    assert not seen_in(look).can_save
    confirmed(editor, url, look, leave_out="on", sure=["2"], still="on")
    assert TicketCount.objects.count() == 0


# --- a thousand rows ----------------------------------------------------------------------------------------------
def costs(world: World, editor: Client, url: Url) -> list[int]:
    """The queries of a download, of looking and of saving, of all rows that there are."""
    with CaptureQueriesContext(connection) as first:
        book = downloaded(editor, url)
    rows = book.worksheets[0].max_row
    for row in range(2, rows + 1):
        fill(book, row, **SOLD)
    content = bytes_of(book)
    with CaptureQueriesContext(connection) as second:
        look = uploaded(editor, url, content)
    assert len(seen_in(look).changes) == rows - 1
    with CaptureQueriesContext(connection) as third:
        assert confirmed(editor, url, look).status_code == 302
    assert TicketCount.objects.filter(source=Source.HAND).count() == rows - 1
    TicketCount.objects.all().delete()
    return [len(first), len(second), len(third)]


def test_a_thousand_rows_cost_as_many_queries_as_three(world: World, editor: Client, url: Url) -> None:
    # The first visit writes a session.
    editor.get(url("counts_sheet"))
    few = costs(world, editor, url)
    more_performances(world, 997)
    many = costs(world, editor, url)
    assert many[:2] == few[:2]
    # SQLite takes a thousand values in one statement, which is less than a hundred rows.
    assert many[2] - few[2] <= (0 if connection.vendor == "postgresql" else 40)


def test_more_than_a_thousand_are_refused_both_ways(world: World, editor: Client, url: Url) -> None:
    more_performances(world, 998)
    reply = editor.get(url("counts_sheet_file"))
    assert "at most 1,000 performances" in reply.content.decode()
    book = Workbook()
    book.worksheets[0].append([str(one.heading) for one in BY_NAME.values()])
    for number in range(1001):
        book.worksheets[0].append([f"NL-25-123-0003776|{number}"])
    reply = uploaded(editor, url, bytes_of(book))
    assert reply.context["upload"].errors == {"file": ["Enter at most 1,000 counts at once."]}


def test_a_thousand_faults_and_doubts_fit_in_a_form(world: World, editor: Client, url: Url) -> None:
    """Nothing a person cannot send: not too many fields, not too large."""
    more_performances(world, 997)
    book = downloaded(editor, url)
    for row in range(2, 1002):
        fill(book, row, **({**SOLD, "normal": 4000 + row} if row <= 501 else {**SOLD, "normal": f"fout {row}"}))
    look = uploaded(editor, url, bytes_of(book))
    assert (len(seen_in(look).doubtful), len(seen_in(look).faulty)) == (500, 500)
    sure = [str(row) for row in range(2, 502)]
    done = confirmed(editor, url, look, sure=sure, leave_out="on")
    assert (done.status_code, TicketCount.objects.count()) == (302, 500)
    page = editor.get(done.headers["Location"])
    assert len(page.context["left_out"]) == 100
    assert "And 400 more rows." in page.content.decode()
