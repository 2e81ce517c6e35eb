"""The mail of the demo, readable in the browser. Without demo mode these pages do not exist."""

import functools
from collections.abc import Callable
from typing import Any

from csp.constants import SELF
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, render
from django.views.decorators.clickjacking import xframe_options_sameorigin

from dipportal.core.listing import listing
from dipportal.notifications.models import Email
from dipportal.organisations.areas import public

View = Callable[..., HttpResponseBase]


def in_demo(view: View) -> View:
    """Open to everyone who can reach the demo, which runs on localhost only (settings)."""

    @functools.wraps(view)
    def inner(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not settings.DEMO_MODE:
            raise Http404
        return view(request, *args, **kwargs)

    return public(inner, methods=("GET",))


@in_demo
def mails(request: HttpRequest) -> HttpResponse:
    rows = Email.objects.defer("text", "html")
    found = listing(request, rows, orders={"date": ("created_at",)}, default="-date")
    return render(request, "demo/mails.html", {"page": found.page})


@in_demo
def mail(request: HttpRequest, pk: int) -> HttpResponse:
    return _with_a_frame(render(request, "demo/mail.html", {"mail": get_object_or_404(Email, pk=pk)}))


def _with_a_frame(response: HttpResponse) -> HttpResponse:
    """Allow this page, unlike all others, to show a page of our own in a frame (read by django-csp)."""
    response._csp_update = {"frame-src": [SELF]}  # type: ignore[attr-defined]
    return response


# Mails carry their looks in their elements; nothing in them may run or be fetched. A link opens a page of its own.
ONLY_LOOKS = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'none'; base-uri 'none'; "
    "frame-ancestors 'self'; sandbox allow-popups allow-popups-to-escape-sandbox"
)


@in_demo
@xframe_options_sameorigin
def mail_body(request: HttpRequest, pk: int) -> HttpResponse:
    """The HTML of a mail as a page of its own, for the frame on its page."""
    row = get_object_or_404(Email, pk=pk)
    html = row.html.replace("<a href=", '<a target="_blank" rel="noopener" href=')
    return HttpResponse(html, headers={"Content-Security-Policy": ONLY_LOOKS})
