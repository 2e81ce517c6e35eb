"""One row per event and recipient. Everything that is sent is written before the first attempt and never changes."""

from django.conf import settings
from django.db import models
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Theater
from dipportal.journal.models import Entry
from dipportal.notifications.enums import SECRET, Kind
from dipportal.organisations.enums import Language
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import WORKABLE, OutboxRow


class EmailQuerySet(models.QuerySet["Email"]):
    def visible_to(self, organisation: Organisation | None) -> "EmailQuerySet":
        """What was sent to the members and contacts of this organisation; account mails belong to nobody."""
        return self.none() if organisation is None else self.filter(organisation=organisation)


class Email(OutboxRow):
    """`kind` is an `enums.Kind`. `sent_at` is the beginning of an attempt that may have delivered."""

    # The journal line that caused it; empty for mails about an account and for those of the week.
    event = models.ForeignKey(
        Entry, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("journal entry")
    )
    # What may lead to one mail a recipient, as 'journal:812' or 'counts:19:2026-W12'.
    event_key = models.CharField(max_length=80)
    recipient = models.EmailField(_("to"), max_length=254)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        verbose_name=_("user"),
    )
    # On behalf of whom the reader gets it.
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="emails",
        verbose_name=_("organisation"),
    )
    language = models.CharField(_("language"), max_length=2, choices=Language.choices)
    subject = models.CharField(_("subject"), max_length=300)
    text = models.TextField(blank=True)
    html = models.TextField(blank=True)
    message_id = models.CharField(_("message id"), max_length=200, unique=True, editable=False)
    headers = models.JSONField(default=dict, blank=True, editable=False)
    # Where one POST stops a mail that comes again and again (RFC 8058). It is a key, and wiped with the text.
    one_click = models.CharField(max_length=300, blank=True, editable=False)
    # Attempts after which nobody can say whether the mail left.
    doubts = models.PositiveSmallIntegerField(_("doubtful attempts"), default=0, editable=False)

    # 0 leaves before 1, however long that has been waiting; see `enums.LATER`.
    priority = models.PositiveSmallIntegerField(default=0, editable=False)

    objects = EmailQuerySet.as_manager()
    first_come = ("priority", "due_at", "pk")
    # A second copy has the Message-ID of the first.
    outcome_may_be_lost = True

    class Meta(OutboxRow.Meta):
        verbose_name = _("e-mail")
        verbose_name_plural = _("e-mails")
        ordering = ("-pk",)
        indexes = (  # type: ignore[assignment]
            *OutboxRow.Meta.indexes,
            models.Index(
                fields=("priority", "due_at", "id"), name="email_turn", condition=models.Q(state__in=WORKABLE)
            ),
        )
        constraints = (
            models.UniqueConstraint("event_key", Lower("recipient"), name="email_once_per_recipient"),
            models.CheckConstraint(condition=models.Q(kind__in=Kind.values), name="email_kind_known"),
        )

    def overtakers(self) -> models.Q | None:
        return models.Q(priority__lt=self.priority) if self.priority else None

    @property
    def label(self) -> str | Promise:
        return Kind(self.kind).label

    @property
    def secret(self) -> bool:
        """Does the text carry a link that is a key?"""
        return self.kind in SECRET


class Attachment(models.Model):
    """A file that goes along with a mail. It lies in the database: written in the transaction of the mail, and there
    for every worker. Some time after the mail has left it is deleted (sales.clear)."""

    email = models.ForeignKey(Email, on_delete=models.CASCADE, related_name="attachments", verbose_name=_("e-mail"))
    name = models.CharField(_("file name"), max_length=120)
    content_type = models.CharField(_("kind of file"), max_length=120)
    content = models.BinaryField(_("content"))

    class Meta:
        verbose_name = _("attachment")
        verbose_name_plural = _("attachments")
        ordering = ("email", "pk")

    def __str__(self) -> str:
        return self.name


class WeeklyRound(models.Model):
    """A week of a theater that the mail about missing ticket counts has been written for, or was not needed in.

    `week` is its Monday; `performances` are the keys of those that had no count, none when there was nothing to report.
    """

    theater = models.ForeignKey(Theater, on_delete=models.CASCADE, related_name="+", verbose_name=_("theater"))
    week = models.DateField(_("week"))
    performances = models.JSONField(_("performances"), default=list, blank=True)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("week of a theater")
        verbose_name_plural = _("weeks of theaters")
        ordering = ("-week", "theater")
        constraints = (models.UniqueConstraint(fields=("theater", "week"), name="weekly_round_once"),)

    def __str__(self) -> str:
        return f"{self.theater_id} · {self.week:%d-%m-%Y}"


# They are models of this app; Django looks for them here.
from dipportal.notifications.models_sales import SalesRound, SalesSubscription  # noqa: E402, F401
