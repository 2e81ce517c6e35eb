"""How the API answers to a refusal, whoever refused: the portal, Django or the framework."""

import math
from typing import Any

from django.core.exceptions import PermissionDenied
from django.http import Http404
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy
from rest_framework import exceptions
from rest_framework.response import Response

from dipportal.api import wire
from dipportal.api.errors import Refused
from dipportal.api.throttles import RefusedTooOften
from dipportal.core.errors import PortalError


def answered(error: Exception, _context: Any) -> Response | None:
    """The answer to a refusal; None for an error of the portal's own, which is logged and told as any other."""
    if isinstance(error, PortalError):
        rows = error.rows if isinstance(error, Refused) else ()
        return Response(wire.error(error.code, str(error), rows), status=error.status)
    if isinstance(error, Http404):
        error = exceptions.NotFound()
    elif isinstance(error, PermissionDenied):
        error = exceptions.PermissionDenied()
    if not isinstance(error, exceptions.APIException):
        return None
    code, sentence = _said(error)
    return Response(wire.error(code, sentence), status=error.status_code, headers=_headers(error))


NOT_FOUND = ("not_found", gettext_lazy("There is nothing at this address."))
REFUSED = ("refused", gettext_lazy("This is not possible."))
# The first that fits.
SAID: tuple[tuple[type[exceptions.APIException], str, str | Promise], ...] = (
    (
        exceptions.NotAuthenticated,
        "no_key",
        gettext_lazy("Send a key in the header 'Authorization: Bearer …'; never in the address."),
    ),
    (
        exceptions.AuthenticationFailed,
        "wrong_key",
        gettext_lazy("This key opens nothing. A manager of the theater makes keys in the portal."),
    ),
    (
        RefusedTooOften,
        "too_often",
        gettext_lazy("Too many calls without a key that opens something. Retry-After says when to go on."),
    ),
    (exceptions.Throttled, "too_often", gettext_lazy("Too many calls with this key. Retry-After says when to go on.")),
    (exceptions.MethodNotAllowed, "method", gettext_lazy("This address does not answer that method.")),
    (exceptions.NotFound, *NOT_FOUND),
    (exceptions.UnsupportedMediaType, "no_json", gettext_lazy("Send JSON, with 'Content-Type: application/json'.")),
    (exceptions.ParseError, "no_json", gettext_lazy("The body is not JSON in UTF-8.")),
    (exceptions.APIException, *REFUSED),
)


def _said(error: exceptions.APIException) -> tuple[str, str]:
    return next((code, str(sentence)) for kind, code, sentence in SAID if isinstance(error, kind))


def _headers(error: exceptions.APIException) -> dict[str, str]:
    found = {}
    if error.status_code == 401:
        found["WWW-Authenticate"] = "Bearer"
    wait = getattr(error, "wait", None)
    if wait is not None:
        found["Retry-After"] = str(math.ceil(wait))
    return found
