from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReceiversConfig(AppConfig):
    name = "dipportal.receivers"
    verbose_name = _("Receiver's area")

    def ready(self) -> None:
        from dipportal.organisations.enums import Side
        from dipportal.organisations.navigation import register
        from dipportal.receivers.navigation import items

        register(Side.RECEIVER, items=items, search="receivers:search")
