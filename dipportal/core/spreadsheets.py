"""Spreadsheets, written and read: XLSX and CSV. Nothing here knows what stands in the columns.

What is read comes from outside: its size is held before anything is unpacked, formulas are never followed, and what
cannot be read is told in words.
"""

import codecs
import csv
import datetime as dt
import io
import re
import zipfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from itertools import islice
from typing import Any, Literal

from django.utils.translation import gettext as _
from openpyxl import Workbook, load_workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill, Protection
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.datavalidation import DataValidation
from openpyxl.worksheet.worksheet import Worksheet

from dipportal.core.errors import PortalError
from dipportal.core.money import format_cents

XLSX, CSV = "xlsx", "csv"
CONTENT_TYPES = {
    XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    CSV: "text/csv; charset=utf-8",
}

MOST_BYTES = 2 * 1024 * 1024
# A sheet of a thousand rows and twenty columns takes two; more is a bomb, or somebody's whole administration.
MOST_UNPACKED = 20 * 1024 * 1024
MOST_PARTS = 500
MOST_COLUMNS = 60
# So far down is looked for rows that are filled in, among empty ones.
MOST_LOOKED_AT = 20_000
# A sheet of an office program is a zip; older ones, and those with a password, are not.
_ZIP, _OLD = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"
# No spreadsheet declares entities; what does so wants to fill the memory.
_DECLARES = tuple("<!DOCTYPE".encode(code) for code in ("utf-8", "utf-16-le", "utf-16-be"))

# What an office program would take for a formula, or for the end of a cell.
_ACTIVE = ("=", "+", "-", "@", "\t", "\r")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\ud800-\udfff\ufffe\uffff]+")
MOST_LETTERS = 2_000

Value = str | int | float | bool | Decimal | dt.datetime | dt.date | dt.time | dt.timedelta | None


class Unreadable(PortalError):
    """The file is no spreadsheet that can be read; the sentence says what to do."""

    code = "unreadable"


class Form(Enum):
    """How a column is shown. CENTS: integer cents, shown as euros. DAY and CLOCK: a date and a time."""

    TEXT = "@"
    WHOLE = "#,##0"
    CENTS = "#,##0.00"
    DAY = "dd-mm-yyyy"
    CLOCK = "hh:mm"


@dataclass(frozen=True)
class Column:
    """`entry`: people type in it. `most`: the highest number, or the place (0, 1, …) of the column that bounds it."""

    heading: str
    width: int
    form: Form = Form.TEXT
    entry: bool = False
    most: int | None = None
    bounded_by: int | None = None


@dataclass(frozen=True)
class Line:
    """One row to write. `locked`: nothing can be entered in it."""

    values: Sequence[Value]
    locked: bool = False


@dataclass(frozen=True)
class Row:
    """One row as it was read, with its number in the sheet: the first is 1."""

    number: int
    values: Sequence[Value]

    @property
    def is_empty(self) -> bool:
        return all(value is None or (isinstance(value, str) and not value.strip()) for value in self.values)


@dataclass(frozen=True)
class Notes:
    """A second sheet with a text for each heading."""

    title: str
    lines: Sequence[tuple[str, str]]


def clean(text: str) -> str:
    """On one line, without characters that no spreadsheet can hold."""
    return " ".join(_CONTROLS.sub(" ", text).split())[:MOST_LETTERS]


# --- writing ------------------------------------------------------------------------------------------------------
_HEAD = PatternFill("solid", fgColor="1F3A5F")
_TO_FILL_IN = PatternFill("solid", fgColor="FFF8DC")
_LOCKED = PatternFill("solid", fgColor="E7E7E7")
_OPEN = Protection(locked=False)


def xlsx(title: str, columns: Sequence[Column], lines: Sequence[Line], notes: Notes) -> bytes:
    """A workbook with the lines under a head that stays in sight, and a second sheet with the notes."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = clean(title)[:31]
    _head(sheet, columns, last=len(lines) + 1)
    for number, line in enumerate(lines, start=2):
        for place, (column, value) in enumerate(zip(columns, line.values, strict=True), start=1):
            _fill(sheet.cell(number, place), column, value, locked=line.locked)
    _bound(sheet, columns, last=len(lines) + 1)
    _protect(sheet)
    _explain(book.create_sheet(clean(notes.title)[:31]), notes)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _head(sheet: Worksheet, columns: Sequence[Column], *, last: int) -> None:
    for place, column in enumerate(columns, start=1):
        cell = sheet.cell(1, place, column.heading)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(place)].width = column.width
    sheet.freeze_panes = "B2"
    sheet.auto_filter.ref = f"A1:{get_column_letter(len(columns))}{last}"


def _fill(cell: Cell | MergedCell, column: Column, value: Value, *, locked: bool) -> None:
    cell.number_format = column.form.value
    if isinstance(value, str):
        _write_text(cell, clean(value))
    elif column.form is Form.CENTS and isinstance(value, int):
        cell.value = Decimal(value) / 100
    elif value is not None:
        cell.value = value
    if locked:
        cell.fill, cell.font = _LOCKED, Font(color="6B6B6B")
    elif column.entry:
        cell.fill, cell.protection = _TO_FILL_IN, _OPEN


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """As text, whatever it begins with; also after somebody has edited the cell."""
    cell.value = text or None
    if text:
        cell.data_type = "s"
    if text.startswith(_ACTIVE):
        cell.quotePrefix = True


def _bound(sheet: Worksheet, columns: Sequence[Column], *, last: int) -> None:
    """The office program refuses what cannot be, while it is typed."""
    if last < 2:
        return
    for place, column in enumerate(columns, start=1):
        if not column.entry:
            continue
        kind: Literal["decimal", "whole"] = "decimal" if column.form is Form.CENTS else "whole"
        bound = f"{get_column_letter(column.bounded_by + 1)}2" if column.bounded_by is not None else str(column.most)
        rule = DataValidation(type=kind, operator="between", formula1="0", formula2=bound, allow_blank=True)
        rule.errorTitle = column.heading[:30]
        rule.error = _("Fill in a number of 0 or more that is not too large.")
        rule.showErrorMessage = True
        letter = get_column_letter(place)
        rule.add(f"{letter}2:{letter}{last}")
        sheet.add_data_validation(rule)


def _protect(sheet: Worksheet) -> None:
    """Against slips, not against people: without a password. Columns may be made wider, and the rows filtered."""
    sheet.protection.sheet = True
    sheet.protection.formatColumns = sheet.protection.formatRows = False
    sheet.protection.autoFilter = False


def _explain(sheet: Worksheet, notes: Notes) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 110
    for number, texts in enumerate(notes.lines, start=1):
        for place, text in enumerate(texts, start=1):
            cell = sheet.cell(number, place)
            _write_text(cell, clean(text))
            cell.font = Font(bold=place == 1)
            cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.protection.sheet = True


def csv_file(columns: Sequence[Column], lines: Sequence[Line]) -> bytes:
    """As office programs in Dutch open it: semicolons, UTF-8 with a mark, amounts with a comma."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([column.heading for column in columns])
    for line in lines:
        writer.writerow([_plain(column, value) for column, value in zip(columns, line.values, strict=True)])
    return codecs.BOM_UTF8 + text.getvalue().encode()


def _plain(column: Column, value: Value) -> str:
    if isinstance(value, str):
        text = clean(value)
        return f"'{text}" if text.startswith((*_ACTIVE, "'")) else text
    if column.form is Form.CENTS and isinstance(value, int):
        return format_cents(value, symbol=False).replace(".", "")
    if isinstance(value, dt.datetime | dt.date):
        return f"{value:%d-%m-%Y}"
    return f"{value:%H:%M}" if isinstance(value, dt.time) else "" if value is None else str(value)


# --- reading ------------------------------------------------------------------------------------------------------
def read(content: bytes, name: str) -> Iterator[list[Row]]:
    """The sheets of a file, each with its rows that are not empty. Raises Unreadable.

    `name` says whether it is XLSX or CSV; what is in it must agree.
    """
    if len(content) > MOST_BYTES:
        raise Unreadable(_("This file is too large. At most %(most)d MB.") % {"most": MOST_BYTES // 1024**2})
    kind = name.rpartition(".")[2].lower()
    if content.startswith(_OLD):
        raise Unreadable(
            _("This sheet is of an old kind, or has a password. Save it as .xlsx without a password, and choose that.")
        )
    if kind == XLSX and content.startswith(_ZIP):
        return _read_xlsx(content)
    if kind == CSV and not content.startswith(_ZIP):
        return iter([_read_csv(content)])
    raise Unreadable(_("This is not a spreadsheet that can be read here. Save it as .xlsx or .csv."))


def _read_xlsx(content: bytes) -> Iterator[list[Row]]:
    _refuse_bomb(content)
    try:
        book = load_workbook(io.BytesIO(content), read_only=True, data_only=True, keep_links=False)
        for sheet in book.worksheets:
            yield list(_rows(sheet))
        book.close()
    except PortalError:
        raise
    except Exception as error:
        # Whatever a broken file sets off in the reader of somebody else's format.
        raise Unreadable(_("This file is damaged. Open it in your office program, and save it anew.")) from error


def _refuse_bomb(content: bytes) -> None:
    """By what the parts say of themselves; more than that is never unpacked of them."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as parts:
            listed = parts.infolist()
            too_much = len(listed) > MOST_PARTS or sum(part.file_size for part in listed) > MOST_UNPACKED
            declares = not too_much and any(_declares(parts.read(part)) for part in listed)
    except Exception as error:
        # As many kinds of errors as there are ways to pack.
        raise Unreadable(_("This file is damaged. Open it in your office program, and save it anew.")) from error
    if too_much:
        raise Unreadable(_("There is more in this sheet than can be read. Keep the sheet with the counts only."))
    if declares:
        raise Unreadable(_("This is not a spreadsheet that can be read here. Save it as .xlsx or .csv."))


def _declares(part: bytes) -> bool:
    return any(mark in part for mark in _DECLARES)


def _rows(sheet: Any) -> Iterator[Row]:
    sheet.reset_dimensions()
    found = sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True)
    for number, values in enumerate(islice(found, MOST_LOOKED_AT), start=1):
        row = Row(number, list(values))
        if not row.is_empty:
            yield row
    if next(found, None) is not None:
        raise Unreadable(_("This sheet goes on for too many rows. Delete those below the counts, also the empty ones."))


def _read_csv(content: bytes) -> list[Row]:
    text = _decoded(content)
    lines = text.splitlines()
    heading = next((line for line in lines if line.strip()), "")
    delimiter = ";" if heading.count(";") >= heading.count(",") else ","
    try:
        found = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
        rows = [Row(number, _texts(values)) for number, values in enumerate(islice(found, MOST_LOOKED_AT), start=1)]
        more = next(found, None) is not None
    except csv.Error as error:
        raise Unreadable(_("This file is damaged. Open it in your office program, and save it anew.")) from error
    if more:
        raise Unreadable(_("This sheet goes on for too many rows. Delete those below the counts, also the empty ones."))
    return [row for row in rows if not row.is_empty]


def _decoded(content: bytes) -> str:
    for code in ("utf-8-sig", "cp1252"):
        try:
            text = content.decode(code)
        except UnicodeDecodeError:
            continue
        if "\x00" not in text:
            return text
    raise Unreadable(_("The letters of this file cannot be read. Save it as CSV in UTF-8, or as .xlsx."))


def _texts(values: Sequence[str]) -> list[Value]:
    """Without the quote that makes text of what looks like a formula."""
    cut = values[:MOST_COLUMNS]
    return [text[1:] if text.startswith("'") and text[1:].startswith((*_ACTIVE, "'")) else text for text in cut]
