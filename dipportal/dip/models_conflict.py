"""Where this portal and DIP say different things, from the moment it is seen until they say the same again."""

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.dip.models import OwnedQuerySet, Subject
from dipportal.organisations.models import Organisation


class ConflictKind(models.TextChoices):
    TERMS = "terms", _("other terms in DIP")
    ANSWERS = "answers", _("answered differently in DIP")
    CHANGED = "changed", _("changed here and in DIP")
    VANISHED = "vanished", _("gone from DIP")
    DOUBLE = "double", _("twice in DIP")


class ConflictState(models.TextChoices):
    """DECIDED: a person chose, and DIP does not say the same yet. CLOSED: over, whoever ended it."""

    OPEN = "open", _("waits for a choice")
    DECIDED = "decided", _("chosen, DIP is not the same yet")
    CLOSED = "closed", _("over")


class Choice(models.TextChoices):
    KEEP = "keep", _("What stands here counts")
    TAKE = "take", _("What DIP has counts")
    REVISE = "revise", _("What stands here goes to DIP as a revision")
    PUT = "put", _("What stands here goes over what DIP has")
    KNOWN = "known", _("Known: DIP does not have it")
    ANEW = "anew", _("Enter it in DIP anew")
    GIVE_UP = "give_up", _("Give the concept up")
    CANCEL = "cancel", _("Cancel it here too")
    THIS = "this", _("This one counts")
    BOTH = "both", _("They are different agreements")


class Conflict(models.Model):
    """One thing that is not the same here and in DIP. `key` says what; of one kind and key one at most is not over.

    `theirs` is DIP's record, whole, as it was when this was found ({} when nobody has it). `seen` is the digest of the
    state in DIP that a change of ours may go over (state.state_digest). `others`: of two that look alike, the keys of
    all agreements. Seen again after it was over, it is a new conflict.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="dip_conflicts", verbose_name=_("organisation")
    )
    kind = models.CharField(_("kind"), max_length=10, choices=ConflictKind.choices)
    subject_kind = models.CharField(_("kind of object"), max_length=12, choices=Subject.choices)
    subject_id = models.PositiveBigIntegerField(_("number of the object"))
    key = models.CharField(max_length=200, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=ConflictState.choices, default=ConflictState.OPEN)
    text = models.TextField(_("what differs"), blank=True, editable=False)
    theirs = models.JSONField(default=dict, blank=True, editable=False)
    seen = models.CharField(max_length=64, blank=True, editable=False)
    others = models.JSONField(default=list, blank=True, editable=False)
    found_at = models.DateTimeField(_("found"), default=timezone.now, editable=False)
    choice = models.CharField(_("choice"), max_length=10, choices=Choice.choices, blank=True, editable=False)
    decided_at = models.DateTimeField(_("chosen"), null=True, blank=True, editable=False)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("chosen by"),
        editable=False,
    )
    closed_at = models.DateTimeField(_("over since"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("conflict with DIP")
        verbose_name_plural = _("conflicts with DIP")
        ordering = ("-found_at", "-pk")
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "kind", "key"), condition=~Q(state="closed"), name="dip_conflict_once"
            ),
        )
        indexes = (
            models.Index(fields=("organisation", "state", "found_at"), name="dip_conflict_list"),
            models.Index(fields=("subject_kind", "subject_id"), name="dip_conflict_subject"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} ({self.key})"

    @property
    def is_open(self) -> bool:
        return self.state == ConflictState.OPEN
