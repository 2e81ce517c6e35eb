"""From Django's request to a call, and from an outcome back to the wire."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse

from dipportal.sandbox import pipeline
from dipportal.sandbox.calls import Call
from dipportal.sandbox.httpd import CONNECTION
from dipportal.sandbox.runtime import current


def call_of(request: HttpRequest) -> Call:
    return Call(
        method=request.method or "GET",
        path=request.path,
        query={name: request.GET[name] for name in request.GET},
        query_string=request.META.get("QUERY_STRING", ""),
        content_type=request.META.get("CONTENT_TYPE", ""),
        body=request.body,
        authorization=request.META.get("HTTP_AUTHORIZATION", ""),
    )


def api(request: HttpRequest) -> HttpResponse:
    """Every call of DIP itself."""
    outcome = pipeline.handle(current(), call_of(request))
    connection = request.META[CONNECTION]
    if outcome.reply is None:
        connection.hang_up()
        return HttpResponse()
    reply = outcome.reply
    response = HttpResponse(
        reply.text.encode(), status=reply.status, content_type=reply.content_type, headers=dict(reply.headers)
    )
    if outcome.cut:
        connection.send_half(response)
    return response
