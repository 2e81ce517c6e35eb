"""Agreements on paper, and the standing agreements that providers put on file with this house."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render

from dipportal.contracts import paper
from dipportal.contracts.standing import standing_of
from dipportal.core.errors import PortalError
from dipportal.core.files import pdf_reply, private_pdf
from dipportal.core.listing import listing
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.receivers import loaders

ORDERS = {"provider": ("provider__name", "valid_from"), "from": ("valid_from",), "title": ("title",)}


@area(Side.RECEIVER)
def contract_paper(request: AreaRequest, pk: int) -> HttpResponseBase:
    """One version as a PDF, in the language of the reader; a concept does not exist here."""
    shown = loaders.contract(request.organisation, pk)
    try:
        return pdf_reply(paper.pdf(shown), paper.file_name(shown))
    except PortalError as refused:
        messages.error(request, str(refused))
        return redirect("receivers:contract", organisation=request.organisation.slug, pk=pk)


@area(Side.RECEIVER)
def standing(request: AreaRequest) -> HttpResponse:
    rows = standing_of(request.organisation)
    shown = listing(request, rows, orders=ORDERS, default="provider")
    return render(request, "receivers/standing.html", {"listing": shown})


@area(Side.RECEIVER)
def standing_file(request: AreaRequest, pk: int) -> HttpResponseBase:
    found = get_object_or_404(standing_of(request.organisation).exclude(file=""), pk=pk)
    return private_pdf(found.file, found.file_name)
