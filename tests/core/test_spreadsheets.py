"""Spreadsheets: what is written is read back, what is no spreadsheet is refused in words, and no cell is a formula."""

import contextlib
import csv
import datetime as dt
import io
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as some
from openpyxl import Workbook, load_workbook

from dipportal.core import cells, spreadsheets
from dipportal.core.spreadsheets import Column, Form, Line, Notes, Unreadable, Value, clean, read

COLUMNS = (
    Column("Title", 30),
    Column("Number", 10, Form.WHOLE, entry=True, most=100),
    Column("Part", 10, Form.WHOLE, entry=True, bounded_by=1),
    Column("Euros", 10, Form.CENTS, entry=True, most=1000),
    Column("Day", 10, Form.DAY),
    Column("Time", 10, Form.CLOCK),
)
NOTES = Notes("Explanation", [("Title", "=1+1"), ("Number", "How many")])
DANGEROUS = [
    "=1+1",
    "+31 20",
    "-5",
    "@home",
    '=HYPERLINK("http://evil.example")',
    "#N/A",
    "'=1",
    "'quoted'",
    "\t=1",
    "00279",
]

lines = some.lists(
    some.builds(
        lambda *values: list(values),
        some.text(max_size=60) | some.sampled_from(DANGEROUS),
        some.none() | some.integers(0, 100_000),
        some.none() | some.integers(0, 100_000),
        some.none() | some.integers(0, 1_000_000_000),
        some.dates(dt.date(1900, 3, 1), dt.date(2200, 1, 1)),
        some.times().map(lambda time: time.replace(second=0, microsecond=0)),
    ),
    max_size=8,
)


def written(rows: list[list[Value]], kind: str, *, locked: bool = False) -> bytes:
    whole = [Line(row, locked=locked) for row in rows]
    return (
        spreadsheets.xlsx("Counts", COLUMNS, whole, NOTES) if kind == "xlsx" else spreadsheets.csv_file(COLUMNS, whole)
    )


def understood(values: Any) -> list[Value]:
    """A row as a reader of these columns takes it."""
    padded = [*values, *[None] * (len(COLUMNS) - len(values))]
    as_read: tuple[Callable[[Value], Value], ...] = (
        cells.text, cells.whole, cells.whole, cells.cents, cells.day, cells.clock
    )  # fmt: skip
    return [one(value) for one, value in zip(as_read, padded, strict=False)]


@pytest.mark.parametrize("kind", ["xlsx", "csv"])
@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(rows=lines)
def test_what_is_written_is_read_back(kind: str, rows: list[list[Value]]) -> None:
    found = next(read(written(rows, kind), f"x.{kind}"))
    assert [row.number for row in found] == list(range(1, len(rows) + 2))
    assert found[0].values[:6] == [column.heading for column in COLUMNS]
    expected = [[clean(str(title)), *rest] for title, *rest in rows]
    assert [understood(row.values) for row in found[1:]] == expected


def sheet_of(content: bytes) -> Any:
    return load_workbook(io.BytesIO(content)).worksheets[0]


@pytest.mark.parametrize("text", DANGEROUS)
def test_no_cell_of_text_is_a_formula(text: str) -> None:
    row: list[Value] = [text, 1, 1, 100, None, None]
    cell = sheet_of(written([row], "xlsx")).cell(2, 1)
    assert (cell.data_type, cell.value) == ("s", clean(text))
    assert cell.quotePrefix is clean(text).startswith(("=", "+", "-", "@"))
    plain = written([row], "csv").decode("utf-8-sig").splitlines()[1]
    assert not next(csv.reader([plain], delimiter=";"))[0].startswith(("=", "+", "-", "@", "\t", "\r"))


def test_also_the_notes_are_text() -> None:
    notes = load_workbook(io.BytesIO(written([], "xlsx"))).worksheets[1]
    assert [(cell.data_type, cell.value) for cell in notes[1]] == [("s", "Title"), ("s", "=1+1")]


def test_only_what_may_be_typed_is_open() -> None:
    row: list[Value] = ["De Storm", None, None, None, None, None]
    sheet = sheet_of(written([row], "xlsx"))
    assert [cell.protection.locked for cell in sheet[2]] == [True, False, False, False, True, True]
    assert all(cell.protection.locked for cell in sheet_of(written([row], "xlsx", locked=True))[2])
    assert (sheet.protection.sheet, sheet.freeze_panes) == (True, "B2")


def test_the_office_program_checks_what_is_typed() -> None:
    sheet = sheet_of(written([["De Storm", None, None, None, None, None]] * 3, "xlsx"))
    rules = [(str(one.sqref), one.type, one.formula1, one.formula2) for one in sheet.data_validations.dataValidation]
    assert rules == [
        ("B2:B4", "whole", "0", "100"), ("C2:C4", "whole", "0", "B2"), ("D2:D4", "decimal", "0", "1000")
    ]  # fmt: skip


def test_numbers_are_numbers() -> None:
    day, clock = dt.date(2026, 3, 12), dt.time(20, 15)
    sheet = sheet_of(written([["De Storm", 1200, 3, 123_450, day, clock]], "xlsx"))
    assert [cell.value for cell in sheet[2]] == ["De Storm", 1200, 3, 1234.5, dt.datetime(2026, 3, 12), clock]
    plain = written([["De Storm", 1200, 3, 123_450, day, clock]], "csv").decode("utf-8-sig")
    assert plain.splitlines()[1] == "De Storm;1200;3;1234,50;12-03-2026;20:15"


# --- files that come in -------------------------------------------------------------------------------------------
def workbook(change: Callable[[Any], None] = lambda book: None) -> bytes:
    book = Workbook()
    book.worksheets[0].append(["a", "b"])
    change(book)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def repacked(content: bytes, how: int = zipfile.ZIP_DEFLATED, **parts: bytes) -> bytes:
    """The same workbook with other parts in it; '__' in a name stands for '/', '_' for '.'."""
    file = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(file, "w", how) as new:
        named = {name.replace("__", "/").replace("_", "."): part for name, part in parts.items()}
        for name in {*old.namelist(), *named}:
            new.writestr(name, named.get(name) or old.read(name))
    return file.getvalue()


def packed(**parts: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as new:
        for name, part in parts.items():
            new.writestr(name, part)
    return file.getvalue()


# Packed without squeezing, so that a letter changed is a letter of what stands in it.
WHOLE = repacked(workbook(), how=zipfile.ZIP_STORED)
SHEET = b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData>%s</sheetData></worksheet>'
BOMB = b'<!DOCTYPE x [<!ENTITY a "ha">]>'


def bombs() -> dict[str, tuple[bytes, str]]:
    plain = workbook()
    far = b'<row r="%d"><c r="A%d"><v>1</v></c></row>'
    return {
        "nothing": (b"", "x.xlsx"),
        "another kind": (b"%PDF-1.7", "x.xlsx"),
        "a name that says nothing": (plain, "x"),
        "a name that lies": (plain, "x.csv"),
        "macros": (plain, "x.xlsm"),
        "old, or with a password": (b"\xd0\xcf\x11\xe0" + b"x" * 600, "x.xlsx"),
        "too large": (b"PK\x03\x04" + b"x" * spreadsheets.MOST_BYTES, "x.xlsx"),
        "cut off": (plain[:-200], "x.xlsx"),
        "something else that is packed": (packed(readme_txt=b"Dag!"), "x.xlsx"),
        "unpacks to more": (repacked(plain, xl__media_bin=b"0" * (spreadsheets.MOST_UNPACKED + 1)), "x.xlsx"),
        "many parts": (repacked(plain, **{f"x{n}_xml": b"<x/>" for n in range(501)}), "x.xlsx"),
        "declares entities": (repacked(plain, xl__worksheets__sheet1_xml=BOMB + SHEET % b""), "x.xlsx"),
        "declares them in other letters": (
            repacked(plain, xl__sharedStrings_xml=(BOMB + b"<sst/>").decode().encode("utf-16")), "x.xlsx"
        ),
        "a cell that is no number": (
            repacked(plain, xl__worksheets__sheet1_xml=SHEET % b'<row r="1"><c r="A1"><v>NaN</v></c></row>'), "x.xlsx"
        ),
        "a row beyond the end of the world": (
            repacked(plain, xl__worksheets__sheet1_xml=SHEET % (far % (10**15, 1))), "x.xlsx"
        ),
        "a row far below": (repacked(plain, xl__worksheets__sheet1_xml=SHEET % (far % (20_001, 20_001))), "x.xlsx"),
        "letters of nowhere": (b"DIP-id;\x00\x81", "x.csv"),
        "a quote that never ends": (b'a;b\n"x;1\n', "x.csv"),
        "a cell without end": (b"a;" + b"x" * 200_000, "x.csv"),
        "a csv without end": (b"a;b\n" * 20_001, "x.csv"),
    }  # fmt: skip


@pytest.mark.parametrize("what", bombs())
def test_what_is_no_spreadsheet_is_refused_in_words(what: str) -> None:
    content, name = bombs()[what]
    with pytest.raises(Unreadable) as refused:
        for _rows in read(content, name):
            pass
    assert len(str(refused.value)) > 20


def test_the_instrument_makes_workbooks_that_can_be_read() -> None:
    row = b'<row r="20000"><c r="A20000"><v>1</v></c></row>'
    (rows,) = read(repacked(workbook(), xl__worksheets__sheet1_xml=SHEET % row), "x.XLSX")
    assert [(one.number, one.values[0]) for one in rows] == [(20_000, 1)]


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    places=some.lists(some.integers(0, len(WHOLE) - 1), min_size=1, max_size=6),
    letters=some.binary(min_size=6, max_size=6),
)
def test_a_file_with_letters_changed_is_read_or_refused_and_nothing_else(places: list[int], letters: bytes) -> None:
    broken = bytearray(WHOLE)
    for place, letter in zip(places, letters, strict=False):
        broken[place] = letter
    with contextlib.suppress(Unreadable):
        assert all(row.number for rows in read(bytes(broken), "x.xlsx") for row in rows)


@given(content=some.binary(max_size=200))
def test_any_letters_are_a_csv_or_refused(content: bytes) -> None:
    with contextlib.suppress(Unreadable):
        assert all(not row.is_empty for rows in read(content, "x.csv") for row in rows)


def test_formulas_are_not_followed() -> None:
    def fill(book: Any) -> None:
        book.worksheets[0].append(["=1+1", 5])

    (rows,) = read(workbook(fill), "x.xlsx")
    assert list(rows[1].values[:2]) == [None, 5]


def test_rows_keep_the_numbers_that_people_see() -> None:
    def fill(book: Any) -> None:
        book.worksheets[0].cell(7, 1, "seven")
        book.create_sheet("Second").cell(3, 2, "  ")

    first, second = read(workbook(fill), "x.xlsx")
    assert ([row.number for row in first], second) == ([1, 7], [])
    (plain,) = read(b"a;b\r\n\r\n;\r\n1;2\r\n", "x.csv")
    assert [row.number for row in plain] == [1, 4]


@pytest.mark.parametrize(
    "content",
    [
        "Titel;Recette\r\nÉén café;1,50\r\n".encode(),
        "Titel;Recette\r\nÉén café;1,50\r\n".encode("utf-8-sig"),
        "Titel;Recette\r\nÉén café;1,50\r\n".encode("cp1252"),
        'Titel,Recette\n"Één café","1,50"\n'.encode(),
    ],
    ids=["utf-8", "with a mark", "windows", "commas"],
)
def test_csv_as_office_programs_write_it(content: bytes) -> None:
    (rows,) = read(content, "stand.csv")
    assert [list(row.values) for row in rows] == [["Titel", "Recette"], ["Één café", "1,50"]]
