"""Checks that the operator asks for with `check --deploy`: what is missing for a portal that other people depend on."""

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Warning, register


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


@register("portal", deploy=True)
def static_files_are_collected(**_kwargs: Any) -> list[CheckMessage]:
    if settings.MANIFEST:
        return []
    return [
        Warning(
            "STATIC_MANIFEST is not set: static files are searched for at every request, uncompressed, and not cached.",
            hint="Set STATIC_MANIFEST=true and run `manage.py collectstatic`, at every upgrade again.",
            id="portal.W003",
        )
    ]


@register("portal", deploy=True)
def own_key_for_sessions(**_kwargs: Any) -> list[CheckMessage]:
    if settings.SECRET_KEY_GIVEN:
        return []
    return [
        Warning(
            "SECRET_KEY is not set: sessions and links are signed with a key kept in var/.",
            hint="Set SECRET_KEY (or SECRET_KEY_FILE); `scripts/make-secrets` makes one.",
            id="portal.W004",
        )
    ]
