"""Checks that the operator sees at the start: what is missing for a portal that other people depend on."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register


@register("portal")
def demo_and_debug(**_kwargs: Any) -> list[CheckMessage]:
    problems: list[CheckMessage] = []
    if settings.DEMO_MODE and not settings.LOCAL_ONLY:
        problems.append(
            Error(
                "DEMO_MODE shows every mail and prints log-ins; it only runs on localhost.",
                hint="Remove DEMO_MODE, or set PUBLIC_URL to an address on localhost.",
                id="portal.E001",
            )
        )
    return problems


@register("portal", deploy=True)
def mail_leaves(**_kwargs: Any) -> list[CheckMessage]:
    if settings.MAIL_CONFIGURED:
        return []
    return [
        Warning(
            "EMAIL_URL is not set: mails are kept in the outbox and never leave.",
            hint="Set EMAIL_URL, for example smtp+tls://user:password@mail.example:587.",
            id="portal.W001",
        )
    ]


@register("portal", deploy=True)
def own_key_for_credentials(**_kwargs: Any) -> list[CheckMessage]:
    if settings.CREDENTIAL_KEYS_GIVEN:
        return []
    return [
        Warning(
            "CREDENTIAL_KEYS is not set: DIP credentials are encrypted with a key kept in var/.",
            hint="Set CREDENTIAL_KEYS (or CREDENTIAL_KEYS_FILE); `manage.py new_key` makes one.",
            id="portal.W002",
        )
    ]
