"""The sheet as XLSX: amounts and numbers as numbers, every text as text, never as a formula."""

import datetime as dt
import io
from collections.abc import Iterable
from decimal import Decimal

from django.utils.translation import gettext as _
from openpyxl import Workbook
from openpyxl.cell.cell import ILLEGAL_CHARACTERS_RE, Cell
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from dipportal.contracts.settlement import ESTIMATE
from dipportal.core.dates import moment
from dipportal.ticketing.settlement_sheet.content import Sheet

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
MONEY, NUMBER, TEXT = '"€" #,##0.00;[Red]-"€" #,##0.00', "#,##0", "@"
BOLD, WRAPPED = Font(bold=True), Alignment(wrap_text=True, vertical="top")
CENTS = Decimal(100)

Value = str | int | Decimal | None


def xlsx(sheet: Sheet) -> bytes:
    """Three worksheets: the settlement, the counts by performance, and what each source tells."""
    book = Workbook()
    _settlement(_named(book.worksheets[0], _("Settlement sheet")), sheet)
    _counts(_named(book.create_sheet(), _("Ticket counts")), sheet)
    _sources(_named(book.create_sheet(), _("Sources")), sheet)
    # So that the same counts give the same file, but for the moment that the program itself writes.
    book.properties.creator = ILLEGAL_CHARACTERS_RE.sub("", sheet.contract.provider.name)
    book.properties.created = sheet.newest.astimezone(dt.UTC).replace(tzinfo=None)
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _named(page: Worksheet, title: str) -> Worksheet:
    page.title = title[:31]
    return page


def _settlement(page: Worksheet, sheet: Sheet) -> None:
    _widths(page, 44, 60, 10, 18, 26)
    _row(page, (f"{_('Settlement sheet')} · {sheet.title}",), bold=True)
    _row(page, (sheet.state, sheet.explanation), bold=True)
    _row(page, ())
    for label, value in sheet.facts:
        _row(page, (label, value))
    for side in sheet.parties:
        for label, value in side:
            _row(page, (label, value))
    for notice in sheet.notices:
        _row(page, ())
        _row(page, (notice.title,), bold=True)
        for line in notice.lines:
            _row(page, ("", line))
    _row(page, ())
    if sheet.agreed:
        _row(page, (_("Agreed amounts"),), bold=True)
        for label, amount in sheet.agreed:
            _row(page, (label, "", "", amount / CENTS))
        _row(page, ())
    _row(page, (_("Settlement"), _("How it is worked out"), _("Rule"), _("Amount"), ""), bold=True)
    for one in sheet.lines:
        mark = str(ESTIMATE) if one.estimate else ""
        _row(page, (one.label, one.words, one.rule, one.amount, mark), bold=one.strong)
    if not sheet.lines:
        _row(page, (sheet.nothing,))
    _row(page, (_("The base of the sums"), sheet.base))
    _evenings(page, sheet)


def _evenings(page: Worksheet, sheet: Sheet) -> None:
    if not sheet.evenings:
        return
    _row(page, ())
    _row(page, (_("For each performance"), _("Revenue"), _("Net revenue"), _("Provider"), _("Receiver")), bold=True)
    for one in sheet.evenings:
        if one.net is not None:
            amounts = (one.net.box_office, one.net.net, one.provider, one.receiver)
            _row(page, (moment(one.played.performance.starts_at), *amounts))
    if sheet.not_divided:
        _row(page, (sheet.not_divided,))


def _counts(page: Worksheet, sheet: Sheet) -> None:
    _widths(page, 26, 24, 30, *[12] * len(sheet.kinds), 12, 12, 16, 26, 24, 36)
    head = (_("Performance"), _("Hall"), _("DIP-id"), *sheet.kinds, _("Tickets"), _("Paid"), _("Revenue"), _("Source"))
    _row(page, (*head, _("Counted"), _("Remark")), bold=True)
    for one in sheet.counted:
        revenue = None if one.revenue is None else one.revenue / CENTS
        place = (one.when, one.hall, one.dip_id)
        _row(
            page,
            (*place, *one.kinds, one.tickets, one.paid, revenue, one.source, moment(one.counted_at), one.note),
        )
    page.freeze_panes = "B2"


def _sources(page: Worksheet, sheet: Sheet) -> None:
    _widths(page, 26, 30, 12, 16, 24, 20)
    head = (_("Performance"), _("Source"), _("Tickets"), _("Revenue"), _("Counted"), _("Counted here"))
    _row(page, head, bold=True)
    for one in sheet.told:
        used = _("yes") if one.used else _("no")
        _row(page, (one.when, one.source, one.tickets, one.revenue / CENTS, moment(one.counted_at), used))
    page.freeze_panes = "A2"


def _row(page: Worksheet, values: Iterable[Value], *, bold: bool = False) -> None:
    """Below what is there already; without values it stays empty."""
    page.append([_cell(page, value, bold=bold) for value in values])


def _cell(page: Worksheet, value: Value, *, bold: bool) -> Cell:
    cell = Cell(page, row=1, column=1)  # the place comes with `append`
    if isinstance(value, str):
        cell.value = ILLEGAL_CHARACTERS_RE.sub("", value)
        # Set after the value: openpyxl takes what begins with '=' for a formula.
        cell.data_type, cell.number_format = "s", TEXT
        cell.alignment = WRAPPED
    elif value is not None:
        cell.value = value
        cell.number_format = MONEY if isinstance(value, Decimal) else NUMBER
        cell.alignment = Alignment(vertical="top")
    if bold:
        cell.font = BOLD
    return cell


def _widths(page: Worksheet, *widths: int) -> None:
    for place, width in enumerate(widths, start=1):
        page.column_dimensions[get_column_letter(place)].width = width
