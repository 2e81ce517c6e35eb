from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ProvidersConfig(AppConfig):
    name = "dipportal.providers"
    verbose_name = _("Provider's area")
