from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class DipConfig(AppConfig):
    name = "dipportal.dip"
    verbose_name = _("DIP")

    def ready(self) -> None:
        from dipportal.dip import codes, conflicts, handlers  # noqa: F401
