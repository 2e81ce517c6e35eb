from django.db import models
from django.utils.translation import gettext_lazy as _


class PerformanceStatus(models.TextChoices):
    AGREED = "agreed", _("Agreed")
    CANCELLED = "cancelled", _("Cancelled")


class PerformanceKind(models.TextChoices):
    NORMAL = "normal", _("Normal")
    PREMIERE = "premiere", _("Premiere")
    TRYOUT = "tryout", _("Try-out")


class VenueKind(models.TextChoices):
    THEATER = "theater", _("Theater")
    FESTIVAL = "festival", _("Festival")
    OTHER = "other", _("Other")
