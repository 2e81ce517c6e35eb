from typing import Any

from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class OrganisationsConfig(AppConfig):
    name = "dipportal.organisations"
    verbose_name = _("Organisations")

    def ready(self) -> None:
        from allauth.account.signals import user_logged_in, user_signed_up

        from dipportal.organisations import codes  # noqa: F401

        user_logged_in.connect(_accept_invitation, dispatch_uid="invitation-at-log-in")
        user_signed_up.connect(_accept_invitation, dispatch_uid="invitation-at-sign-up")


def _accept_invitation(request: Any, user: Any, **_kwargs: Any) -> None:
    from dipportal.organisations.invitations import accept_from_session

    accept_from_session(request, user)
