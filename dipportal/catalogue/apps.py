from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CatalogueConfig(AppConfig):
    name = "dipportal.catalogue"
    verbose_name = _("Catalogue")

    def ready(self) -> None:
        from dipportal.catalogue import codes  # noqa: F401
