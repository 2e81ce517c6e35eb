"""The abstract outbox row. DIP operations and e-mails are its two kinds."""

from typing import ClassVar

from django.db import models
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _


class State(models.TextChoices):
    WAITING = "waiting", _("waiting")
    UNCLEAR = "unclear", _("unclear, will be looked up")
    ATTENTION = "attention", _("needs attention")
    QUARANTINED = "quarantined", _("quarantined")
    DONE = "done", _("done")
    ABANDONED = "abandoned", _("abandoned")


# A worker may take these.
WORKABLE = (State.WAITING, State.UNCLEAR)
# These hold up nothing that comes after them under the same key.
CLOSED = (State.DONE, State.ABANDONED)
# A person has to look.
STUCK = (State.ATTENTION, State.QUARANTINED)


class OutboxRow(models.Model):
    """One effect to bring about. There is no 'running' state: a claim is a lease that ends by itself."""

    kind = models.CharField(_("kind"), max_length=40)
    # Rows of one key run in order and hold up nobody else's; an empty key knows no order.
    key = models.CharField(_("key"), max_length=120, blank=True)
    state = models.CharField(_("state"), max_length=12, choices=State.choices, default=State.WAITING)
    created_at = models.DateTimeField(_("created"), default=timezone.now, editable=False)
    due_at = models.DateTimeField(_("due"), default=timezone.now)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    claim_token = models.CharField(max_length=43, blank=True, editable=False)
    attempts = models.PositiveIntegerField(_("attempts"), default=0, editable=False)
    # Claims since the last recorded outcome: a row that kills its worker shows here, a patient retry does not.
    open_claims = models.PositiveSmallIntegerField(default=0, editable=False)
    sent_at = models.DateTimeField(_("sent"), null=True, blank=True, editable=False)
    done_at = models.DateTimeField(_("done at"), null=True, blank=True, editable=False)
    error_code = models.CharField(_("kind of error"), max_length=40, blank=True, editable=False)
    error_text = models.TextField(_("error"), blank=True, editable=False)

    # What is due is worked in this order.
    first_come: ClassVar[tuple[str, ...]] = ("due_at", "pk")
    # Does a crash of the database server just after the effect do no more harm than the effect coming once more?
    outcome_may_be_lost: ClassVar[bool] = False

    class Meta:
        abstract = True
        indexes = (
            models.Index(fields=("state", "due_at"), name="%(app_label)s_%(class)s_due"),
            models.Index(fields=("key", "state"), name="%(app_label)s_%(class)s_key"),
        )

    def __str__(self) -> str:
        return f"{self.label} {self.pk} ({self.get_state_display()})"

    @property
    def was_begun(self) -> bool:
        """Did an earlier attempt perhaps bring the effect about, or end without telling?"""
        return self.open_claims > 0 or self.sent_at is not None

    def overtakers(self) -> models.Q | None:
        """What goes before this row although it came later; None when nothing does."""
        return None

    @property
    def label(self) -> str | Promise:
        """What the kind is called, for people."""
        return self.kind
