from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ContractsConfig(AppConfig):
    name = "dipportal.contracts"
    verbose_name = _("Agreements")

    def ready(self) -> None:
        from dipportal.contracts import codes, handlers  # noqa: F401
