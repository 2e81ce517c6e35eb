"""Journal entries: written once, never changed, never deleted."""

from typing import Any, NoReturn

from django.conf import settings
from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.journal.codes import Audience, lookup


class ActorKind(models.TextChoices):
    USER = "user", _("Person")
    PULL = "pull", _("Found in DIP")
    CLOCK = "clock", _("Automatic")
    API = "api", _("API client")


class AppendOnly(models.QuerySet["Entry"]):
    def update(self, **_values: Any) -> NoReturn:
        raise TypeError("The journal is append-only.")

    def delete(self) -> NoReturn:
        raise TypeError("The journal is append-only.")


class Entry(models.Model):
    """One line: who did what, when, to what, for which organisation, with what reason and fields."""

    at = models.DateTimeField(_("when"), default=timezone.now, editable=False)
    code = models.CharField(_("code"), max_length=60)
    audience = models.CharField(_("for whom"), max_length=10, choices=Audience.choices)
    actor_kind = models.CharField(_("kind of actor"), max_length=10, choices=ActorKind.choices)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("user"),
    )
    # The name as it was: a renamed or anonymised user leaves the line readable.
    who = models.CharField(_("who"), max_length=200, blank=True)
    organisation = models.ForeignKey(
        "organisations.Organisation",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("organisation"),
    )
    target_kind = models.CharField(_("kind of object"), max_length=60)
    target_id = models.CharField(_("number of the object"), max_length=60)
    thread = models.CharField(
        _("timeline"), max_length=80, blank=True
    )  # what belongs on one timeline, as 'contract:<root>'
    reason = models.TextField(_("reason"), blank=True)
    fields = models.JSONField(_("fields"), default=dict, blank=True)

    objects = AppendOnly.as_manager()

    class Meta:
        verbose_name = _("journal entry")
        verbose_name_plural = _("journal entries")
        ordering = ("-at", "-pk")
        indexes = (
            models.Index(fields=("thread", "-at"), name="journal_thread"),
            models.Index(fields=("target_kind", "target_id"), name="journal_target"),
            models.Index(fields=("code", "-at"), name="journal_code"),
        )

    def __str__(self) -> str:
        return f"{self.at:%Y-%m-%d %H:%M} {self.code} {self.target_kind} {self.target_id}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        if self.pk is not None and not self._state.adding:
            raise TypeError("The journal is append-only.")
        super().save(*args, **kwargs)

    def delete(self, *_args: Any, **_kwargs: Any) -> NoReturn:
        raise TypeError("The journal is append-only.")

    @property
    def label(self) -> str | Promise:
        code = lookup(self.code)
        kind = self.fields.get("kind")
        # Of a performance 'kind' is a column, and stands here as [old, new].
        return dict(code.by_kind).get(kind, code.label) if isinstance(kind, str) else code.label

    @property
    def tone(self) -> str:
        return lookup(self.code).tone

    @property
    def icon(self) -> str:
        return lookup(self.code).icon

    @property
    def text(self) -> str:
        return self.reason
