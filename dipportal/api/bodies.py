"""Bodies in and out: JSON and nothing else, of a size that a thousand rows need."""

from collections.abc import Mapping
from typing import IO, Any

import orjson
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import BaseContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import BaseRenderer, JSONRenderer
from rest_framework.request import Request

from dipportal.api.errors import Refused

MOST_BYTES = 1_000_000


class JsonParser(BaseParser):
    """Strict JSON in UTF-8. It reads no further than MOST_BYTES, and refuses what is nested without end."""

    media_type = "application/json"

    def parse(
        self, stream: IO[Any], media_type: str | None = None, parser_context: Mapping[str, Any] | None = None
    ) -> Any:
        body = stream.read(MOST_BYTES + 1)
        if len(body) > MOST_BYTES:
            raise Refused("too_large", _("The body has more than 1,000,000 bytes."), status=413)
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            raise ParseError from None


class AlwaysJson(BaseContentNegotiation):
    """Whatever a program says that it accepts: there is one form of answers."""

    def select_parser(self, request: Request, parsers: Any) -> Any:
        sent = (request.content_type or "").partition(";")[0].strip().lower()
        return next((parser for parser in parsers if parser.media_type == sent), None)

    def select_renderer(
        self, _request: Request, renderers: Any, _format_suffix: str | None = None
    ) -> tuple[BaseRenderer, str]:
        return renderers[0], renderers[0].media_type


class Json(JSONRenderer):
    media_type = "application/json"
    charset = None
    compact = True
