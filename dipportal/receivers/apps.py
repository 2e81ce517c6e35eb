from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class ReceiversConfig(AppConfig):
    name = "dipportal.receivers"
    verbose_name = _("Receiver's area")
