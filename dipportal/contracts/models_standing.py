"""The standing agreement (mantelovereenkomst) between a provider and the house that runs theaters, on file."""

import datetime as dt
import uuid

from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext_lazy as _

from dipportal.core.files import private_storage
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation


def new_file_name(_row: "StandingAgreement", _name: str) -> str:
    """Nothing of the name that was sent: it may be anything, and it need not be told apart from the next one."""
    return f"standing/{uuid.uuid4().hex}.pdf"


class StandingQuerySet(models.QuerySet["StandingAgreement"]):
    def visible_to(self, organisation: Organisation | None) -> "StandingQuerySet":
        """Both parties see it, nobody else."""
        if organisation is None:
            return self.none()
        return self.filter(provider=organisation) if organisation.is_provider else self.filter(receiver=organisation)

    def in_force_on(self, day: dt.date) -> "StandingQuerySet":
        return self.filter(Q(valid_until=None) | Q(valid_until__gte=day), valid_from__lte=day)


class StandingAgreement(models.Model):
    """What two organisations agreed for all their agreements. Ended, never deleted; its days decide where it counts."""

    provider = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="standing_given",
        limit_choices_to={"kind": Side.PROVIDER},
        verbose_name=_("provider"),
    )
    receiver = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="standing_received",
        limit_choices_to={"kind": Side.RECEIVER},
        verbose_name=_("receiver"),
    )
    title = models.CharField(_("title"), max_length=200)
    valid_from = models.DateField(_("from"))
    # The last day on which it counts; None for no end.
    valid_until = models.DateField(_("until and including"), null=True, blank=True)
    file = models.FileField(_("PDF"), upload_to=new_file_name, storage=private_storage, max_length=120, blank=True)
    # When somebody ended it: from then on it stays as it is.
    ended_at = models.DateTimeField(_("ended"), null=True, blank=True, editable=False)
    # Counts every change; a form carries the number it saw, so a stale save is refused.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    objects = StandingQuerySet.as_manager()

    class Meta:
        verbose_name = _("standing agreement")
        verbose_name_plural = _("standing agreements")
        ordering = ("receiver__name", "-valid_from", "pk")
        constraints = (
            models.CheckConstraint(condition=~Q(provider=F("receiver")), name="standing_two_parties"),
            models.CheckConstraint(
                condition=Q(valid_until=None) | Q(valid_until__gte=F("valid_from")), name="standing_period"
            ),
        )
        indexes = (models.Index(fields=("provider", "receiver", "valid_from"), name="standing_pair"),)

    def __str__(self) -> str:
        return self.title

    @property
    def thread(self) -> str:
        return f"standing:{self.pk}"

    @property
    def file_name(self) -> str:
        """Safe in a header and on every disk."""
        return f"{slugify(self.title)[:80].strip('-_') or self.pk}.pdf"

    @property
    def state(self) -> str:
        """'coming', 'in_force' or 'past', today."""
        today = timezone.localdate()
        if today < self.valid_from:
            return "coming"
        return "past" if self.valid_until is not None and self.valid_until < today else "in_force"
