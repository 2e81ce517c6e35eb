from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    name = "dipportal.providers"
    verbose_name = _("Provider's area")

    def ready(self) -> None:
        from dipportal.organisations import navigation
        from dipportal.organisations.enums import Side
        from dipportal.providers.navigation import items

        navigation.register(Side.PROVIDER, items=items, search="providers:search")
