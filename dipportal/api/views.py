"""The calls. Each is for the key of one theater, and for nobody's session: there is no cookie, so nothing to forge."""

import datetime as dt
from collections.abc import Callable, Collection
from typing import Any, ClassVar, cast

from django.http import HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.exceptions import AuthenticationFailed, NotAuthenticated, NotFound, ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from dipportal.api import loaders, openapi, wire
from dipportal.api.errors import Refused
from dipportal.api.throttles import RefusedPerAddress, RefusedTooOften
from dipportal.organisations.actors import client
from dipportal.organisations.areas import with_key
from dipportal.ticketing.models_keys import SystemKey
from dipportal.ticketing.system_reports import report_from_system

COMING = dt.timedelta(days=365)


class KeyView(APIView):
    # The names that may stand in its address, after the question mark.
    asked: ClassVar[Collection[str]] = ()

    @classmethod
    def route(cls) -> Callable[..., HttpResponseBase]:
        methods = tuple(name.upper() for name in cls.http_method_names if name != "head")
        return with_key(cls.as_view(), methods=methods)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        unknown = sorted(set(request.query_params) - set(self.asked))
        if unknown:
            raise Refused("query", _("The address has something after the question mark that is not known here."))

    def handle_exception(self, exc: Exception) -> Response:
        # Here and not among the throttles of the framework, which it asks only about calls with a good key.
        if isinstance(exc, NotAuthenticated | AuthenticationFailed):
            refused = RefusedPerAddress()
            if not refused.allow_request(self.request, self):
                exc = RefusedTooOften(wait=refused.wait())
        return super().handle_exception(exc)

    def finalize_response(self, request: Request, response: Any, *args: Any, **kwargs: Any) -> Any:
        response = super().finalize_response(request, response, *args, **kwargs)
        response.headers["Cache-Control"] = "no-store"
        return response


def key_of(request: Request) -> SystemKey:
    return cast(SystemKey, request.auth)


class Cumulative(KeyView):
    http_method_names = ["put"]
    path: ClassVar[str]

    def put(self, request: Request) -> Response:
        if request.stream is None:
            # The framework makes an empty object of an empty body.
            raise ParseError
        key = key_of(request)
        rows = wire.read(request.data, self.path)
        told = loaders.reported(key, rows)
        outcome = report_from_system(key.theater, told, actor=client(key.organisation, key.name))
        if outcome.faults:
            raise wire.refused(outcome.faults)
        return Response(wire.taken_in(len(rows), outcome))


@openapi.tickets
class Tickets(Cumulative):
    path = wire.TICKETS


@openapi.reservations
class Reservations(Cumulative):
    path = wire.RESERVATIONS


@openapi.blocked
class BlockedSeats(Cumulative):
    path = wire.BLOCKED


@openapi.performances
class Performances(KeyView):
    http_method_names = ["get", "head"]
    asked = ("from", "until")

    def get(self, request: Request) -> Response:
        begin = _day(request, "from") or timezone.localdate()
        end = _day(request, "until") or begin + COMING
        if not dt.timedelta(0) <= end - begin <= dt.timedelta(days=loaders.MOST_DAYS):
            raise Refused("period", _("Ask for a period of at most 400 days that ends after it begins."))
        found = loaders.listed(key_of(request), begin, end)
        return Response([wire.performance(one.sold, one.system_number) for one in found])


def _day(request: Request, name: str) -> dt.date | None:
    text = request.query_params.get(name)
    if text is None:
        return None
    try:
        day = dt.date.fromisoformat(text)
    except ValueError:
        day = None
    if day is None or day.year not in range(2000, 2200):
        raise Refused("period", _("Write a day as 2026-03-12."))
    return day


@openapi.hidden
class Nothing(KeyView):
    """Every other address: a program gets its 404 in the form that it reads."""

    http_method_names: list[str] = []

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        raise NotFound
