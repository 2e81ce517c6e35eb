"""Addresses that come in from outside, to send somebody back to."""

from urllib.parse import urlsplit

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def own_path(request: HttpRequest, wanted: str) -> str:
    """The path, query and fragment of an address of this portal; '' for anything else.

    The path is judged again without its host: of 'https://portal.example//evil.example/' it would lead elsewhere.
    """
    if not url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure()):
        return ""
    parts = urlsplit(wanted)
    rest = parts._replace(scheme="", netloc="", path="").geturl()
    path = parts.path + rest
    return path if path.startswith("/") and url_has_allowed_host_and_scheme(path, allowed_hosts=None) else ""
