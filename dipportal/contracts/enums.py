from django.db import models
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class ContractType(models.TextChoices):
    PARTAGE = "partage", _("Partage")
    VOLUME = "volume", _("Volume (tranches)")
    BUYOUT = "buyout", _("Buyout")
    SUPPLETION = "suppletion", _("Suppletion")
    RENT = "rent", _("Rent")

    @property
    def explanation(self) -> str | Promise:
        """One line for the person who chooses."""
        return {
            ContractType.PARTAGE: _("Both sides share the revenue by a percentage, with or without a guarantee."),
            ContractType.VOLUME: _("The provider's percentage differs per slice of the revenue."),
            ContractType.BUYOUT: _("The receiver pays a fixed amount and keeps the revenue."),
            ContractType.SUPPLETION: _("A share of the revenue, topped up to an amount when sales stay behind."),
            ContractType.RENT: _("The provider rents the hall and keeps the revenue."),
        }[self]


class Status(models.TextChoices):
    CONCEPT = "concept", _("Concept")
    PROPOSED = "proposed", _("Proposed")
    APPROVED = "approved", _("Approved")
    REJECTED = "rejected", _("Rejected")
    REVISED = "revised", _("Revised")


# What a receiver may see. A concept does not exist for the other side.
SHARED = (Status.PROPOSED, Status.APPROVED, Status.REJECTED, Status.REVISED)


class AnswerSource(models.TextChoices):
    PORTAL = "portal", _("answered in the portal")
    DIP = "dip", _("answered in DIP")
    TELEPHONE = "telephone", _("answered by telephone")
    LETTER = "letter", _("answered by letter")
    EMAIL = "email", _("answered by e-mail")


# Given outside, and written down by the provider on behalf of the receiver.
OUTSIDE = (AnswerSource.TELEPHONE, AnswerSource.LETTER, AnswerSource.EMAIL)
