"""Tables as files: numbers stay numbers, and no text is a formula."""

import csv
import datetime as dt
import io
from decimal import Decimal
from typing import Any

import pytest
from openpyxl import load_workbook

from dipportal.core.spreadsheets import Notes
from dipportal.core.tables import Column, Form, Table, csv_file, xlsx

FORMULAS = ["=1+1", "+31 6", "-5", "@SUM(A1)", '=HYPERLINK("http://evil.example")', "\t=1+1", " =1+1"]
NOTES = Notes("Uitleg", [("Verkocht", "=Wat bezoekers hebben")])


def table(*values: Any, form: Form = Form.TEXT, heading: str = "Kolom", head: str = "Stand van nu") -> Table:
    return Table("Blad", head, [Column(heading, 10, form)], [[value] for value in values])


def sheet(made: Table, place: int = 0) -> Any:
    return load_workbook(io.BytesIO(xlsx(made, NOTES))).worksheets[place]


def lines(made: Table) -> list[list[str]]:
    return list(csv.reader(io.StringIO(csv_file(made).decode("utf-8-sig")), delimiter=";"))


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_a_workbook(text: str) -> None:
    """Wherever it stands: in a row, as a heading, in the head, in the notes."""
    made = sheet(table(text, heading=text, head=text))
    cells = [made["A1"], made["A2"], made["A3"], sheet(table("x"), 1)["B1"]]
    assert {cell.data_type for cell in cells} == {"s"}
    assert [cell.quotePrefix for cell in cells] == [True] * 4


@pytest.mark.parametrize("text", FORMULAS)
def test_no_text_is_a_formula_in_csv(text: str) -> None:
    assert all(cell.startswith("'") for (cell,) in lines(table(text, heading=text, head=text)))


@pytest.mark.parametrize(
    ("form", "value", "in_workbook", "in_csv"),
    [
        (Form.WHOLE, 1240, 1240, "1240"),
        (Form.SIGNED, -5, -5, "-5"),
        (Form.WHOLE, 0, 0, "0"),
        (Form.CENTS, 1234567, 12345.67, "12345,67"),
        (Form.CENTS, -50, -0.5, "-0,50"),
        (Form.TENTHS, Decimal("65.5"), 65.5, "65,5"),
        (Form.DAY, dt.date(2026, 3, 12), dt.datetime(2026, 3, 12), "12-03-2026"),
        (Form.CLOCK, dt.time(20, 15), dt.time(20, 15), "20:15"),
        (Form.MOMENT, dt.datetime(2026, 3, 12, 9, 5), dt.datetime(2026, 3, 12, 9, 5), "12-03-2026 09:05"),
        (Form.WHOLE, None, None, ""),
    ],
)
def test_a_value_keeps_its_kind(form: Form, value: Any, in_workbook: Any, in_csv: str) -> None:
    cell = sheet(table(value, form=form))["A3"]
    assert cell.value == in_workbook
    assert cell.data_type in ("n", "d")
    assert lines(table(value, form=form))[2:] in ([[in_csv]], [[]])


def test_what_no_sheet_can_hold_is_left_out_of_a_text() -> None:
    assert sheet(table("De\x00 Storm\x0b\nin twee regels"))["A3"].value == "De Storm in twee regels"
    assert lines(table('a\r\nb;c"d'))[2] == ['a b;c"d']


def test_the_columns_stay_in_sight_and_the_notes_are_a_second_sheet() -> None:
    made = sheet(table("x", "y"))
    assert (made.freeze_panes, made.auto_filter.ref) == ("A3", "A2:A4")
    assert sheet(table("x"), 1)["B1"].value == "=Wat bezoekers hebben"
