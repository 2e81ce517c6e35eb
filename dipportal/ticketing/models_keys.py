"""Keys with which a theater's own ticketing system tells its counts. The secret is not kept, only its digest."""

import hashlib
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Theater
from dipportal.organisations.models import Organisation

MOST_NAME = 80
# So much of a key is shown, to recognise it. The rest has more than two hundred bits that nobody knows.
SHOWN = 6


class SystemKeys(models.QuerySet[Any]):
    def visible_to(self, organisation: Organisation | None) -> Self:
        """Those that this house made for theaters that it still runs."""
        if organisation is None or not organisation.is_receiver:
            return self.none()
        return self.filter(organisation=organisation, theater__receiver=organisation)

    def working(self) -> Self:
        """Not revoked, and the theater is still run by whoever made it: one that passes to another house takes none."""
        return self.filter(revoked_at=None, theater__receiver=F("organisation"))


class SystemKey(models.Model):
    """What one ticketing system shows to the API, for one theater.

    A fast digest is enough: the secret is 32 random bytes, so there is nothing to guess that a slow one would protect,
    and it is checked on every call.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="+", verbose_name=_("organisation")
    )
    theater = models.ForeignKey(
        Theater, on_delete=models.CASCADE, related_name="system_keys", verbose_name=_("theater")
    )
    name = models.CharField(_("name"), max_length=MOST_NAME)
    begins_with = models.CharField(_("begins with"), max_length=SHOWN, editable=False)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        verbose_name=_("made by"),
    )
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True, editable=False)
    revoked_at = models.DateTimeField(_("revoked"), null=True, blank=True, editable=False)

    objects = SystemKeys.as_manager()

    class Meta:
        verbose_name = _("key of a ticketing system")
        verbose_name_plural = _("keys of ticketing systems")
        ordering = ("theater", "name", "pk")
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "theater", "name"), condition=Q(revoked_at=None), name="system_key_name_once"
            ),
        )

    def __str__(self) -> str:
        return f"{self.name} · {self.theater}"

    @staticmethod
    def digest_of(secret: str) -> str:
        return hashlib.sha256(secret.encode()).hexdigest()
