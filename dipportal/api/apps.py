from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ApiConfig(AppConfig):
    name = "dipportal.api"
    verbose_name = _("API for ticketing systems")

    def ready(self) -> None:
        from dipportal.api import openapi  # noqa: F401
