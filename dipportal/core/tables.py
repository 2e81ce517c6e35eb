"""Tables to be read and worked on elsewhere, as XLSX and CSV: what stands on a page, with its numbers as numbers.

Sheets that people fill in and send back are made by spreadsheets.py.
"""

import codecs
import csv
import datetime as dt
import io
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum

from openpyxl import Workbook
from openpyxl.cell import Cell, MergedCell
from openpyxl.styles import Alignment, Font, PatternFill
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dipportal.core.spreadsheets import Notes, clean

# More rows than anybody reads, and as many as are made while somebody waits.
MOST_ROWS = 5_000
# What an office program would take for a formula.
_ACTIVE = ("=", "+", "-", "@")
_HEAD = PatternFill("solid", fgColor="1F3A5F")

Value = str | int | Decimal | dt.datetime | dt.date | dt.time | None


class Form(Enum):
    """How the values of a column are shown. CENTS: integer cents, shown as euros. MOMENT: without a zone."""

    TEXT = "@"
    WHOLE = "#,##0"
    SIGNED = "+#,##0;-#,##0;0"
    CENTS = "#,##0.00"
    TENTHS = "0.0"
    SIGNED_TENTHS = "+0.0;-0.0;0.0"
    DAY = "dd-mm-yyyy"
    CLOCK = "hh:mm"
    MOMENT = "dd-mm-yyyy hh:mm"


@dataclass(frozen=True)
class Column:
    heading: str
    width: int
    form: Form = Form.TEXT


@dataclass(frozen=True)
class Table:
    """`name` is that of the sheet; `head` is one line above the columns, which says of which moment it is."""

    name: str
    head: str
    columns: Sequence[Column]
    rows: Sequence[Sequence[Value]]


def xlsx(table: Table, notes: Notes) -> bytes:
    """A workbook: the head, the columns, which stay in sight, the rows; and a second sheet with the notes."""
    book = Workbook()
    sheet = book.worksheets[0]
    sheet.title = clean(table.name)[:31]
    _write_text(sheet.cell(1, 1), table.head)
    sheet.cell(1, 1).font = Font(bold=True)
    _columns(sheet, table.columns, last=len(table.rows) + 2)
    for number, values in enumerate(table.rows, start=3):
        for place, (column, value) in enumerate(zip(table.columns, values, strict=True), start=1):
            if value is not None:
                _fill(sheet.cell(number, place), column.form, value)
    _explain(book.create_sheet(clean(notes.title)[:31]), notes)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _columns(sheet: Worksheet, columns: Sequence[Column], *, last: int) -> None:
    for place, column in enumerate(columns, start=1):
        cell = sheet.cell(2, place)
        _write_text(cell, column.heading)
        cell.font, cell.fill = Font(bold=True, color="FFFFFF"), _HEAD
        cell.alignment = Alignment(wrap_text=True, vertical="top")
        sheet.column_dimensions[get_column_letter(place)].width = column.width
    sheet.freeze_panes = "A3"
    sheet.auto_filter.ref = f"A2:{get_column_letter(len(columns))}{last}"


def _fill(cell: Cell | MergedCell, form: Form, value: Value) -> None:
    if isinstance(value, str):
        _write_text(cell, value)
    elif form is Form.CENTS and isinstance(value, int):
        cell.value = Decimal(value) / 100
    else:
        cell.value = value
    cell.number_format = form.value


def _write_text(cell: Cell | MergedCell, text: str) -> None:
    """As text, whatever it begins with; also after somebody has edited the cell."""
    cell.value = clean(text) or None
    if cell.value is not None:
        cell.data_type = "s"
        cell.quotePrefix = str(cell.value).startswith(_ACTIVE)


def _explain(sheet: Worksheet, notes: Notes) -> None:
    sheet.column_dimensions["A"].width, sheet.column_dimensions["B"].width = 30, 110
    for number, texts in enumerate(notes.lines, start=1):
        for place, text in enumerate(texts, start=1):
            cell = sheet.cell(number, place)
            _write_text(cell, text)
            cell.font = Font(bold=place == 1)
            cell.alignment = Alignment(wrap_text=True, vertical="top")


def csv_file(table: Table) -> bytes:
    """As office programs in Dutch open it: semicolons, UTF-8 with a mark, decimals with a comma. The head comes first,
    alone on its line."""
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow([_plain(Form.TEXT, table.head)])
    writer.writerow([_plain(Form.TEXT, column.heading) for column in table.columns])
    for values in table.rows:
        writer.writerow([_plain(column.form, value) for column, value in zip(table.columns, values, strict=True)])
    return codecs.BOM_UTF8 + text.getvalue().encode()


def _plain(form: Form, value: Value) -> str:
    if value is None:
        return ""
    if isinstance(value, str):
        text = clean(value)
        return f"'{text}" if text.startswith((*_ACTIVE, "'")) else text
    if isinstance(value, dt.datetime):
        return f"{value:%d-%m-%Y %H:%M}"
    if isinstance(value, dt.date):
        return f"{value:%d-%m-%Y}"
    if isinstance(value, dt.time):
        return f"{value:%H:%M}"
    number = f"{Decimal(value) / 100:.2f}" if form is Form.CENTS else str(value)
    return number.replace(".", ",")
