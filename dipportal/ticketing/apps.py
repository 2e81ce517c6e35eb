from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class TicketingConfig(AppConfig):
    name = "dipportal.ticketing"
    verbose_name = _("Ticket counts")

    def ready(self) -> None:
        from dipportal.catalogue import touched
        from dipportal.ticketing import codes, sums  # noqa: F401

        touched.follow(sums.renew)
