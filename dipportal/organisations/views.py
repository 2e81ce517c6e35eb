"""The front door, the language, and the link of an invitation."""

from urllib.parse import urlsplit

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_http_methods, require_POST

from dipportal.organisations.areas import public, signed_in
from dipportal.organisations.models import User


@signed_in
@require_http_methods(["GET", "HEAD"])
def home(request: HttpRequest) -> HttpResponse:
    """To the organisation that was used last; without one, a page that says what to do."""
    user: User = request.user  # type: ignore[assignment]
    organisations = {
        found.organisation.slug: found.organisation for found in user.memberships.select_related("organisation")
    }
    if not organisations:
        return render(request, "organisation/none.html")
    last = organisations.get(request.session.get("organisation", ""))
    return redirect((last or next(iter(organisations.values()))).home_url)


@public
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Dutch or English, for this browser and for the mails; back to the page it was asked on."""
    wanted = request.POST.get("language", "")
    response = HttpResponseRedirect(_safe_next(request))
    if wanted not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated and request.user.language != wanted:
        request.user.language = wanted
        request.user.save(update_fields=["language"])
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite=settings.LANGUAGE_COOKIE_SAMESITE,
        httponly=True,
    )
    return response


def _safe_next(request: HttpRequest) -> str:
    wanted = request.POST.get("next", "")
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    # Only the path: an address of our own without its host cannot lead elsewhere.
    parts = urlsplit(wanted)
    return (parts.path + (f"?{parts.query}" if parts.query else "")) if safe and parts.path.startswith("/") else "/"
