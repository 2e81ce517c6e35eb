from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class NotificationsConfig(AppConfig):
    name = "dipportal.notifications"
    verbose_name = _("Mail")

    def ready(self) -> None:
        from dipportal.notifications import codes, conflicts, handlers  # noqa: F401
        from dipportal.notifications.accounts import mail_invitation
        from dipportal.organisations.invitations import invitation_mailers

        if mail_invitation not in invitation_mailers:
            invitation_mailers.append(mail_invitation)
