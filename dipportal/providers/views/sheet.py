"""The settlement sheet of an approved agreement: as a page, as a PDF, and as a spreadsheet."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from dipportal.core.errors import PortalError
from dipportal.core.files import file_reply, pdf_reply
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import loaders
from dipportal.providers.pages import go, tell
from dipportal.ticketing import settlement_sheet
from dipportal.ticketing.settlement_sheet import Sheet
from dipportal.ticketing.yielding import no_forecast


@area(Side.PROVIDER)
def sheet(request: AreaRequest, pk: int) -> HttpResponseBase:
    made = _made(request, pk)
    return render(request, "providers/sheet.html", {"sheet": made}) if made else _not_in_force(request, pk)


@area(Side.PROVIDER)
def sheet_pdf(request: AreaRequest, pk: int) -> HttpResponseBase:
    made = _made(request, pk)
    if made is None:
        return _not_in_force(request, pk)
    try:
        return pdf_reply(settlement_sheet.pdf(made), settlement_sheet.file_name(made, "pdf"))
    except PortalError as refused:
        tell(request, refused)
        return go(request, "sheet", pk=pk)


@area(Side.PROVIDER)
def sheet_xlsx(request: AreaRequest, pk: int) -> HttpResponseBase:
    made = _made(request, pk)
    if made is None:
        return _not_in_force(request, pk)
    name = settlement_sheet.file_name(made, "xlsx")
    return file_reply(settlement_sheet.xlsx(made), name, settlement_sheet.XLSX)


def _made(request: AreaRequest, pk: int) -> Sheet | None:
    """None for an agreement that is not in force; not found when it is somebody else's."""
    found = loaders.yield_of(request, loaders.contract(request, pk), forecast=no_forecast)
    return settlement_sheet.sheet(found) if found is not None else None


def _not_in_force(request: AreaRequest, pk: int) -> HttpResponse:
    messages.info(request, _("Only an approved agreement has a settlement sheet. This version is not in force."))
    return go(request, "contract", pk=pk)
