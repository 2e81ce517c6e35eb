from django.db import models
from django.utils.translation import gettext_lazy as _


class TicketKind(models.TextChoices):
    """DIP's five kinds. What each of them means stands in definitions.py."""

    NORMAL = "normal", _("Normal")
    DISCOUNT = "discount", _("Discount")
    FREE = "free", _("Free")
    OTHER = "other", _("Other")
    COMPLIMENTARY = "complimentary", _("Complimentary")


class Source(models.TextChoices):
    """Where a count comes from."""

    DIP = "dip", _("DIP")
