"""Who gets the weekly sales mail, and the weeks that were dealt with. No secret of a link is kept, only its digest."""

import hashlib

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Production
from dipportal.notifications.enums import Standing, StoppedBy
from dipportal.organisations.enums import Language, Side
from dipportal.organisations.models import Organisation
from dipportal.ticketing.enums import Weekday


class SubscriptionQuerySet(models.QuerySet["SalesSubscription"]):
    def visible_to(self, organisation: Organisation | None) -> "SubscriptionQuerySet":
        """Whose sales it tells; the theaters hear nothing of it."""
        if organisation is None or not organisation.is_provider:
            return self.none()
        return self.filter(organisation=organisation)

    def active(self) -> "SubscriptionQuerySet":
        """Those whose readers said yes, and did not stop it."""
        return self.filter(confirmed_at__isnull=False, stopped_at=None)

    def open(self) -> "SubscriptionQuerySet":
        """Those that take a place: the active ones, and the invitations that can still be answered."""
        return self.filter(Q(confirmed_at__isnull=False) | Q(expires_at__gt=timezone.now()), stopped_at=None)


class SalesSubscription(models.Model):
    """An address that gets the sales of an organisation each week, once its reader has said yes.

    There is one row for an organisation and an address, also when it was stopped and asked again: a stop link in an
    old mail always stops what comes to that address. The mail goes out at `hour` of `weekday`, by Amsterdam's clock.
    """

    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.CASCADE,
        related_name="sales_subscriptions",
        limit_choices_to={"kind": Side.PROVIDER},
        verbose_name=_("organisation"),
    )
    email = models.EmailField(_("e-mail address"), max_length=254)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.NL)
    # Whatever runs in the week of the mail; otherwise of `productions` those that do.
    all_running = models.BooleanField(_("all running productions"), default=True)
    productions = models.ManyToManyField(Production, blank=True, related_name="+", verbose_name=_("productions"))
    weekday = models.PositiveSmallIntegerField(_("day of the week"), choices=Weekday.choices, default=Weekday.MONDAY)
    hour = models.PositiveSmallIntegerField(_("hour"), default=9)
    # Of the link in the newest invitation.
    invitation_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_at = models.DateTimeField(_("invited"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"), editable=False)
    confirmed_at = models.DateTimeField(_("said yes"), null=True, blank=True, editable=False)
    stopped_at = models.DateTimeField(_("stopped"), null=True, blank=True, editable=False)
    stopped_by = models.CharField(_("stopped by"), max_length=10, choices=StoppedBy.choices, blank=True, editable=False)
    # Counts every change; a form carries the number it saw, so a stale save is refused.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    # Who invited the address, the last time.
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        verbose_name=_("invited by"),
    )

    objects = SubscriptionQuerySet.as_manager()

    class Meta:
        verbose_name = _("subscription to the sales mail")
        verbose_name_plural = _("subscriptions to the sales mail")
        ordering = ("email", "pk")
        constraints = (
            models.UniqueConstraint("organisation", Lower("email"), name="sales_subscription_once"),
            models.CheckConstraint(condition=Q(weekday__lte=6), name="sales_subscription_weekday"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="sales_subscription_hour"),
            models.CheckConstraint(
                condition=Q(stopped_at=None, stopped_by="")
                | Q(stopped_at__isnull=False, stopped_by__in=StoppedBy.values),
                name="sales_subscription_stopped_by",
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} · {self.organisation}"

    @property
    def standing(self) -> Standing:
        if self.stopped_at is not None:
            return Standing.STOPPED
        if self.confirmed_at is not None:
            return Standing.ACTIVE
        return Standing.INVITED if self.expires_at > timezone.now() else Standing.EXPIRED


class SalesRound(models.Model):
    """A week of a subscription that the mail has been written for, or was not needed in because nothing ran.

    `week` is its Monday; `productions` are the keys of those that the mail tells of. `stop_digest` is of the link with
    which the reader of that mail stops the next ones.
    """

    subscription = models.ForeignKey(
        SalesSubscription, on_delete=models.CASCADE, related_name="rounds", verbose_name=_("subscription")
    )
    week = models.DateField(_("week"))
    productions = models.JSONField(_("productions"), default=list, blank=True)
    stop_digest = models.CharField(max_length=64, unique=True, editable=False)
    made_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)

    class Meta:
        verbose_name = _("week of a sales mail")
        verbose_name_plural = _("weeks of sales mails")
        ordering = ("-week", "pk")
        constraints = (models.UniqueConstraint(fields=("subscription", "week"), name="sales_round_once"),)

    def __str__(self) -> str:
        return f"{self.subscription_id} · {self.week:%d-%m-%Y}"


def digest(token: str) -> str:
    """What is kept of the secret of a link."""
    return hashlib.sha256(token.encode()).hexdigest()
