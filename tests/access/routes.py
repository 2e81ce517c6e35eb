"""Every address of the portal, from the URL resolver, with the policy that its view declares."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, get_resolver


@dataclass(frozen=True)
class Route:
    name: str  # with its namespaces: 'receivers:contract'
    path: str
    policy: dict[str, Any] | None
    view: Callable[..., Any]

    @property
    def arguments(self) -> set[str]:
        """The names in its path: {'organisation', 'pk'}."""
        return set(re.findall(r"<(?:\w+:)?(\w+)>", self.path))


def routes() -> list[Route]:
    return list(_walk(get_resolver().url_patterns))


def _walk(patterns: Any, spaces: tuple[str, ...] = (), path: str = "") -> Iterator[Route]:
    for pattern in patterns:
        here = path + str(pattern.pattern)
        if isinstance(pattern, URLPattern):
            name = ":".join([*spaces, pattern.name or ""])
            yield Route(name, here, getattr(pattern.callback, "policy", None), pattern.callback)
        else:
            deeper = (*spaces, pattern.namespace) if pattern.namespace else spaces
            yield from _walk(pattern.url_patterns, deeper, here)


def is_ours(route: Route) -> bool:
    """Not a page of Django's admin or of allauth; those have a policy in `THIRD_PARTY`."""
    return route.name not in THIRD_PARTY and not route.name.startswith("admin:")


# What allauth declares itself: 'open' to everyone, 'signed-in' (anonymous is sent to log-in), 'stage' (only in the
# middle of a log-in, else sent back to the beginning).
THIRD_PARTY: dict[str, str] = {
    "account_login": "open",
    "account_logout": "open",
    "account_inactive": "open",
    "account_signup": "open",
    "account_reauthenticate": "signed-in",
    "account_email": "signed-in",
    "account_email_verification_sent": "open",
    "account_change_password": "signed-in",
    "account_set_password": "signed-in",
    "account_reset_password": "open",
    "account_confirm_login_code": "stage",
    "account_confirm_email": "open",
    "account_reset_password_from_key_done": "open",
    "account_reset_password_from_key": "open",
    "account_reset_password_done": "open",
    "mfa_index": "signed-in",
    "mfa_authenticate": "stage",
    "mfa_reauthenticate": "signed-in",
    "mfa_activate_totp": "signed-in",
    "mfa_deactivate_totp": "signed-in",
    "mfa_view_recovery_codes": "signed-in",
    "mfa_generate_recovery_codes": "signed-in",
    "mfa_download_recovery_codes": "signed-in",
    "mfa_list_webauthn": "signed-in",
    "mfa_add_webauthn": "signed-in",
    "mfa_reauthenticate_webauthn": "signed-in",
    "mfa_remove_webauthn": "signed-in",
    "mfa_edit_webauthn": "signed-in",
    "mfa_login_webauthn": "stage",
    "usersessions_list": "signed-in",
}
