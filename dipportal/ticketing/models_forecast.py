"""What the check of an organisation's forecast gave: only what was better than guessing is shown."""

from typing import Any, Self

from django.core.validators import MinValueValidator
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.models import Organisation


class OfOrganisation(models.QuerySet[Any]):
    """What was learnt of an organisation's own counts is its own."""

    def visible_to(self, organisation: Organisation | None) -> Self:
        return self.none() if organisation is None else self.filter(organisation=organisation)


class ForecastCheck(models.Model):
    """One line of the last back-test of an organisation: so many days before the evening.

    The errors are mean absolute percentage errors, as back_test.percentage_error defines them. `within`: in so many
    cases the end lay in the range.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="forecast_checks", verbose_name=_("organisation")
    )
    days = models.PositiveSmallIntegerField(_("days before"), validators=[MinValueValidator(1)])
    cases = models.PositiveIntegerField(_("cases"))
    within = models.PositiveIntegerField(_("within the range"))
    error = models.DecimalField(_("error of the forecast, in percent"), max_digits=12, decimal_places=1)
    error_last_year = models.DecimalField(_("error of last year's curve, in percent"), max_digits=12, decimal_places=1)
    error_unchanged = models.DecimalField(_("error without a forecast, in percent"), max_digits=12, decimal_places=1)
    checked_at = models.DateTimeField(_("checked"), default=timezone.now)

    objects = OfOrganisation.as_manager()

    class Meta:
        verbose_name = _("check of the forecast")
        verbose_name_plural = _("checks of the forecast")
        ordering = ("organisation", "-days")
        constraints = (
            models.UniqueConstraint(fields=("organisation", "days"), name="forecast_check_once"),
            models.CheckConstraint(condition=Q(within__lte=models.F("cases")), name="forecast_check_within"),
        )

    def __str__(self) -> str:
        return f"{self.organisation_id} · {self.days}"
