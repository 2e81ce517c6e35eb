"""Many agreements at once, and what a provider keeps in stock: templates of terms and snippets of remarks."""

from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Theater
from dipportal.contracts.enums import ContractType
from dipportal.organisations.models import Organisation


class BatchKind(models.TextChoices):
    CREATE = "create", _("Make concepts")
    PROPOSE = "propose", _("Propose concepts")
    BOTH = "create_and_propose", _("Make and propose")

    @property
    def creates(self) -> bool:
        return self != BatchKind.PROPOSE

    @property
    def proposes(self) -> bool:
        return self != BatchKind.CREATE


class RowState(models.TextChoices):
    WAITING = "waiting", _("waiting")
    DONE = "done", _("done")
    REFUSED = "refused", _("refused")


class OfProvider(models.QuerySet[Any]):
    def visible_to(self, organisation: Organisation | None) -> "OfProvider":
        return self.none() if organisation is None else self.filter(provider=organisation)


class Batch(models.Model):
    """What one person asked for at once. Its rows are worked one by one, each in a transaction of its own."""

    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="batches")
    kind = models.CharField(_("kind"), max_length=20, choices=BatchKind.choices)
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    # Made with the page that asks: a form that is sent twice makes one batch.
    token = models.CharField(max_length=43, editable=False)
    created_at = models.DateTimeField(_("made"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)

    objects = OfProvider.as_manager()

    class Meta:
        verbose_name = _("batch of agreements")
        verbose_name_plural = _("batches of agreements")
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(kind__in=BatchKind.values), name="batch_kind_known"),
            models.UniqueConstraint(fields=("provider", "token"), name="batch_token_once"),
        )
        indexes = (
            models.Index(fields=("finished_at",), name="batch_unfinished"),
            models.Index(fields=("provider", "created_at", "id"), name="batch_list"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.pk}"

    @property
    def creates(self) -> bool:
        return BatchKind(self.kind).creates

    @property
    def proposes(self) -> bool:
        return BatchKind(self.kind).proposes


class BatchRow(models.Model):
    """One agreement of a batch. There is no state 'running': a claim is a lease that ends by itself."""

    batch = models.ForeignKey(Batch, on_delete=models.PROTECT, related_name="rows")
    position = models.PositiveSmallIntegerField(_("position"))
    contract = models.ForeignKey(
        "contracts.Contract", null=True, blank=True, on_delete=models.PROTECT, related_name="batch_rows"
    )
    # What to make, as plain data: {"production", "theater", "performances", "type", "terms", "parties"}; {} to propose.
    intent = models.JSONField(default=dict, blank=True)
    # The version of the agreement that the person read; another one is not proposed.
    seen_version = models.PositiveIntegerField(null=True, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=RowState.choices, default=RowState.WAITING)
    # Done: 'created', 'proposed' or 'endorsed' (the first of two people agreed). Refused: the code of the refusal.
    code = models.CharField(max_length=40, blank=True)
    text = models.TextField(_("why it was refused"), blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True, editable=False)
    claim_token = models.CharField(max_length=43, blank=True, editable=False)
    # Claims since the last outcome: a row that kills its worker shows here.
    claims = models.PositiveSmallIntegerField(default=0, editable=False)
    done_at = models.DateTimeField(null=True, blank=True, editable=False)

    class Meta:
        verbose_name = _("agreement of a batch")
        verbose_name_plural = _("agreements of a batch")
        ordering = ("position", "pk")
        constraints = (
            models.CheckConstraint(condition=Q(state__in=RowState.values), name="batch_row_state_known"),
            models.UniqueConstraint(fields=("batch", "position"), name="batch_row_position_once"),
        )
        indexes = (models.Index(fields=("batch", "state"), name="batch_row_state"),)

    def __str__(self) -> str:
        return f"{self.batch_id}.{self.position} ({self.state})"

    @property
    def result(self) -> str | Promise:
        """What became of it, in words."""
        if self.state != RowState.DONE:
            return RowState(self.state).label
        return {
            "created": _("concept made"),
            "proposed": _("proposed"),
            "endorsed": _("first of two agreed"),
        }.get(self.code, RowState.DONE.label)


class TermsTemplate(models.Model):
    """Terms under a name, of one type; with a theater they are meant for that one only."""

    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="templates")
    name = models.CharField(_("name"), max_length=120)
    type = models.CharField(_("type"), max_length=10, choices=ContractType.choices)
    theater = models.ForeignKey(
        Theater, null=True, blank=True, on_delete=models.PROTECT, related_name="+", verbose_name=_("theater")
    )
    # Name of a term → its value as plain data (stock.kept); a term that is not in it stays as the form has it.
    terms = models.JSONField(default=dict, blank=True)
    # Counts every change; a form carries the number it saw, so a stale save is refused.
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OfProvider.as_manager()

    class Meta:
        verbose_name = _("template")
        verbose_name_plural = _("templates")
        ordering = (Lower("name"), "pk")
        constraints = (
            models.CheckConstraint(condition=Q(type__in=ContractType.values), name="template_type_known"),
            models.UniqueConstraint("provider", Lower("name"), name="template_name_once"),
        )

    def __str__(self) -> str:
        return self.name

    @property
    def thread(self) -> str:
        return f"template:{self.pk}"


class Snippet(models.Model):
    """A piece of text for the remarks."""

    provider = models.ForeignKey(Organisation, on_delete=models.PROTECT, related_name="snippets")
    title = models.CharField(_("title"), max_length=120)
    text = models.TextField(_("text"), max_length=4000)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OfProvider.as_manager()

    class Meta:
        verbose_name = _("snippet")
        verbose_name_plural = _("snippets")
        ordering = (Lower("title"), "pk")
        constraints = (models.UniqueConstraint("provider", Lower("title"), name="snippet_title_once"),)

    def __str__(self) -> str:
        return self.title

    @property
    def thread(self) -> str:
        return f"snippet:{self.pk}"
