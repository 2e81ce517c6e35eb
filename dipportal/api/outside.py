"""What Django answers where no view of the API did: in the API's own form below its addresses, elsewhere as a page.

An error that nobody expected has been told to all who listen by then; nothing of it stands in the answer.
"""

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from django.views import defaults

from dipportal.api import wire
from dipportal.api.refusals import NOT_FOUND, REFUSED

BELOW = "/api/"
SERVER_ERROR = ("server_error", _("Something went wrong in the portal. Send the same once more, later."))


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _told(request, 400, REFUSED) or defaults.bad_request(request, exception)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    return _told(request, 404, NOT_FOUND) or defaults.page_not_found(request, exception)


def server_error(request: HttpRequest) -> HttpResponse:
    return _told(request, 500, SERVER_ERROR) or defaults.server_error(request)


def _told(request: HttpRequest, status: int, said: tuple[str, str | Promise]) -> HttpResponse | None:
    if not request.path_info.startswith(BELOW):
        return None
    code, sentence = said
    return JsonResponse(wire.error(code, str(sentence)), status=status, headers={"Cache-Control": "no-store"})
