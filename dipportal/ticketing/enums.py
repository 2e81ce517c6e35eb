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
    HAND = "hand", _("entered by the theater")
    SYSTEM = "system", _("the theater's ticketing system")


class Weekday(models.IntegerChoices):
    MONDAY = 0, _("Monday")
    TUESDAY = 1, _("Tuesday")
    WEDNESDAY = 2, _("Wednesday")
    THURSDAY = 3, _("Thursday")
    FRIDAY = 4, _("Friday")
    SATURDAY = 5, _("Saturday")
    SUNDAY = 6, _("Sunday")
