"""The reader's language, and pages that no shared computer keeps."""

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.utils import translation
from django.utils.cache import add_never_cache_headers


class LanguageMiddleware:
    """The language chosen in this browser, else the user's own, else Dutch. The browser's list is not asked:
    the portal is Dutch by default, also on an English laptop."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        known = dict(settings.LANGUAGES)
        chosen = request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, "")
        if chosen not in known and request.user.is_authenticated:
            chosen = request.user.language
        language = chosen if chosen in known else settings.LANGUAGE_CODE
        with translation.override(language):
            request.LANGUAGE_CODE = language
            response = self.get_response(request)
            response.headers.setdefault("Content-Language", language)
        return response


class NoStoreMiddleware:
    """Pages of a signed-in user are never kept by a browser or proxy."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        if request.user.is_authenticated and not response.has_header("Cache-Control"):
            add_never_cache_headers(response)
        return response


class LastOrganisationMiddleware:
    """Remembers in the session for which organisation somebody acted last, so that the portal opens there."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        response = self.get_response(request)
        slug = getattr(request, "session_remembers", None)
        if slug and request.session.get("organisation") != slug:
            request.session["organisation"] = slug
        return response
