"""An agreement on paper."""

from django.http import HttpResponseBase

from dipportal.contracts import paper
from dipportal.core.errors import PortalError
from dipportal.core.files import pdf_reply
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import loaders
from dipportal.providers.pages import go, tell


@area(Side.PROVIDER)
def contract_paper(request: AreaRequest, pk: int) -> HttpResponseBase:
    """One version as a PDF, in the language of the reader."""
    shown = loaders.contract(request, pk)
    try:
        return pdf_reply(paper.pdf(shown), paper.file_name(shown))
    except PortalError as refused:
        tell(request, refused)
        return go(request, "contract", pk=pk)
