"""Users, organisations, memberships and invitations."""

import datetime as dt
import hashlib
from typing import Any

from django.conf import settings
from django.contrib.auth.models import AbstractUser, BaseUserManager
from django.db import models
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.enums import Language, Role, Side


class UserManager(BaseUserManager["User"]):
    """Users are known by their e-mail address; there is no user name."""

    def create_user(self, email: str, password: str | None = None, **extra: Any) -> "User":
        if not email:
            raise ValueError("a user needs an e-mail address")
        user = self.model(email=self.normalize_email(email).lower(), **extra)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def create_superuser(self, email: str, password: str | None = None, **extra: Any) -> "User":
        return self.create_user(email, password, is_staff=True, is_superuser=True, **extra)

    def get_by_natural_key(self, username: str | None) -> "User":
        return self.get(email__iexact=username)


class User(AbstractUser):
    username = None  # type: ignore[assignment]
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    email = models.EmailField(_("e-mail address"), unique=True)
    name = models.CharField(_("name"), max_length=120, blank=True)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.NL)
    mail_proposals = models.BooleanField(_("mail me about proposals"), default=True)
    mail_answers = models.BooleanField(_("mail me about answers"), default=True)
    mail_counts = models.BooleanField(_("mail me about missing ticket counts"), default=True)

    USERNAME_FIELD = "email"
    REQUIRED_FIELDS = []
    objects = UserManager()  # type: ignore[assignment,misc]

    class Meta:
        verbose_name = _("user")
        verbose_name_plural = _("users")
        constraints = (models.UniqueConstraint(Lower("email"), name="user_email_unique"),)

    def __str__(self) -> str:
        return self.name or self.email

    def get_full_name(self) -> str:
        return self.name or self.email

    def get_short_name(self) -> str:
        return self.name or self.email


class OrganisationQuerySet(models.QuerySet["Organisation"]):
    def of(self, user: "User | None") -> "OrganisationQuerySet":
        """The organisations in which this user has a membership; nothing for nobody."""
        if user is None or not user.is_authenticated:
            return self.none()
        return self.filter(memberships__user=user)

    def visible_to(self, organisation: "Organisation | None") -> "OrganisationQuerySet":
        return self.none() if organisation is None else self.filter(pk=organisation.pk)


class Organisation(models.Model):
    """An agency or producer (provider), or the house that runs one or more theaters (receiver)."""

    name = models.CharField(_("name"), max_length=200)
    slug = models.SlugField(_("address in the portal"), max_length=60, unique=True)
    kind = models.CharField(_("kind"), max_length=10, choices=Side.choices)
    # Shown to the other side in mails: whom to call.
    contact_name = models.CharField(_("contact"), max_length=120, blank=True)
    contact_email = models.EmailField(_("contact's e-mail"), blank=True)
    contact_phone = models.CharField(_("contact's telephone"), max_length=40, blank=True)
    # A provider's proposals ask for an answer within so many days; empty for no end.
    answer_days = models.PositiveSmallIntegerField(_("days to answer a proposal"), null=True, blank=True)
    # Two people must agree before a provider proposes, or before a receiver approves.
    four_eyes = models.BooleanField(_("two people must agree"), default=False)
    # Counts every change; a form carries the number it saw, so a stale save is refused.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)

    objects = OrganisationQuerySet.as_manager()

    class Meta:
        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ("name", "pk")
        constraints = (
            models.CheckConstraint(condition=models.Q(kind__in=Side.values), name="organisation_kind_known"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def is_provider(self) -> bool:
        return self.kind == Side.PROVIDER

    @property
    def is_receiver(self) -> bool:
        return self.kind == Side.RECEIVER

    @property
    def home_url(self) -> str:
        area = "providers" if self.is_provider else "receivers"
        return reverse(f"{area}:start", kwargs={"organisation": self.slug})


class MembershipQuerySet(models.QuerySet["Membership"]):
    def visible_to(self, organisation: Organisation | None) -> "MembershipQuerySet":
        return self.none() if organisation is None else self.filter(organisation=organisation)


class Membership(models.Model):
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("user")
    )
    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="memberships", verbose_name=_("organisation")
    )
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.EDITOR)
    # Where two people must agree, one of them has to be an approver; with none named, any two editors will do.
    approver = models.BooleanField(_("approver"), default=False)
    # While away (until and including that day) the deputy decides in this approver's place.
    absent_until = models.DateField(_("away until"), null=True, blank=True)
    deputy = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="+", verbose_name=_("deputy")
    )
    since = models.DateTimeField(_("since"), default=timezone.now, editable=False)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        verbose_name = _("membership")
        verbose_name_plural = _("memberships")
        ordering = ("organisation__name", "user__email")
        constraints = (
            models.UniqueConstraint(fields=("user", "organisation"), name="membership_once"),
            models.CheckConstraint(condition=models.Q(role__in=Role.values), name="membership_role_known"),
        )

    def __str__(self) -> str:
        return f"{self.user} · {self.organisation} ({self.role})"

    @property
    def home_url(self) -> str:
        return self.organisation.home_url

    def may(self, needed: Role) -> bool:
        return Role(self.role).covers(needed)


class InvitationQuerySet(models.QuerySet["Invitation"]):
    def visible_to(self, organisation: Organisation | None) -> "InvitationQuerySet":
        return self.none() if organisation is None else self.filter(organisation=organisation)

    def open(self) -> "InvitationQuerySet":
        return self.filter(accepted_at=None, withdrawn_at=None, expires_at__gt=timezone.now())

    def for_token(self, token: str) -> "InvitationQuerySet":
        return self.open().filter(token_digest=Invitation.digest(token))


class Invitation(models.Model):
    """An invitation by mail. The link's secret is not kept, only its digest."""

    organisation = models.ForeignKey(
        Organisation, on_delete=models.CASCADE, related_name="invitations", verbose_name=_("organisation")
    )
    email = models.EmailField(_("e-mail address"))
    role = models.CharField(_("role"), max_length=10, choices=Role.choices, default=Role.EDITOR)
    language = models.CharField(_("language"), max_length=2, choices=Language.choices, default=Language.NL)
    token_digest = models.CharField(max_length=64, unique=True, editable=False)
    invited_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        editable=False,
        verbose_name=_("invited by"),
    )
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    expires_at = models.DateTimeField(_("valid until"))
    accepted_at = models.DateTimeField(_("accepted"), null=True, blank=True, editable=False)
    withdrawn_at = models.DateTimeField(_("withdrawn"), null=True, blank=True, editable=False)

    objects = InvitationQuerySet.as_manager()

    class Meta:
        verbose_name = _("invitation")
        verbose_name_plural = _("invitations")
        ordering = ("-created_at",)
        constraints = (
            models.UniqueConstraint(
                "organisation",
                Lower("email"),
                condition=models.Q(accepted_at=None, withdrawn_at=None),
                name="invitation_open_once",
            ),
        )

    def __str__(self) -> str:
        return f"{self.email} → {self.organisation}"

    @staticmethod
    def digest(token: str) -> str:
        return hashlib.sha256(token.encode()).hexdigest()

    @staticmethod
    def default_expiry() -> dt.datetime:
        return timezone.now() + dt.timedelta(days=settings.INVITATION_DAYS)
