"""What the portal keeps of its dealings with DIP: log-ins, operations under way, records seen, runs."""

from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.core.dates import moment
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation
from dipportal.outbox.models import OutboxRow, State


class OwnedQuerySet(models.QuerySet[Any]):
    """Rows that belong to one organisation; without one nothing is visible."""

    def visible_to(self, organisation: Organisation | None) -> Self:
        return self.none() if organisation is None else self.filter(organisation=organisation)


class Trouble(models.TextChoices):
    """What is the matter with a connection. DIP that is away comes back; a refused log-in needs a manager."""

    SILENT = "silent", _("DIP does not answer")
    REFUSED = "refused", _("DIP refuses the log-in")


class ConnectionQuerySet(OwnedQuerySet):
    def active(self) -> Self:
        return self.filter(active=True)

    def pulling(self) -> Self:
        """Those in use that read DIP. A theater's ticketing credential only reports: it may read no agreements."""
        return self.active().filter(organisation__kind=Side.PROVIDER)


class Connection(models.Model):
    """A set of DIP credentials of one organisation, with what all processes share about calling with it.

    A provider's reads and writes what is agreed; a receiver's is a ticketing credential, which reports ticket counts.
    The secret and the token are kept encrypted (dip.crypto) and are never shown again.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="dip_connections", verbose_name=_("organisation")
    )
    client_id = models.CharField(_("client id"), max_length=200)
    secret_encrypted = models.TextField(editable=False)
    active = models.BooleanField(_("in use"), default=True)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    # --- the token; one refresh at a time over all processes, by a lease
    token_encrypted = models.TextField(blank=True, editable=False)
    token_expires_at = models.DateTimeField(null=True, blank=True, editable=False)
    token_lease = models.CharField(max_length=43, blank=True, editable=False)
    token_lease_until = models.DateTimeField(null=True, blank=True, editable=False)

    # --- one pace for all processes, and the breaker
    next_call_at = models.DateTimeField(null=True, blank=True, editable=False)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0, editable=False)
    open_until = models.DateTimeField(_("rests until"), null=True, blank=True, editable=False)
    trouble = models.TextField(_("trouble"), blank=True, editable=False)
    # Since the first failure that no answer came after; all of it is emptied by the next answer.
    trouble_kind = models.CharField(max_length=10, choices=Trouble.choices, blank=True, editable=False)
    trouble_since = models.DateTimeField(_("since"), null=True, blank=True, editable=False)

    # --- the last test, in words
    tested_at = models.DateTimeField(_("tested"), null=True, blank=True, editable=False)
    test_ok = models.BooleanField(_("works"), null=True, blank=True, editable=False)
    test_text = models.TextField(_("result of the test"), blank=True, editable=False)

    # --- how far the pull has come: the highest stamp seen from DIP, as DIP wrote it
    contracts_watermark = models.CharField(max_length=40, blank=True, editable=False)
    last_good_pull_at = models.DateTimeField(_("last good pull"), null=True, blank=True, editable=False)

    objects = ConnectionQuerySet.as_manager()

    class Meta:
        verbose_name = _("DIP connection")
        verbose_name_plural = _("DIP connections")
        ordering = ("organisation__name", "-pk")
        constraints = (
            models.UniqueConstraint(fields=("organisation",), condition=Q(active=True), name="dip_connection_once"),
        )

    def __str__(self) -> str:
        return f"{self.organisation} · {self.client_id}"

    @property
    def reports(self) -> bool:
        """Is it a theater's ticketing credential?"""
        return self.organisation.kind == Side.RECEIVER

    @property
    def label(self) -> str | Promise:
        """What it is, for people."""
        return _("ticketing credential") if self.reports else _("DIP connection")


class Kind(models.TextChoices):
    CONTRACT_CREATE = "contract.create", _("Enter agreement in DIP")
    CONTRACT_UPDATE = "contract.update", _("Change agreement in DIP")
    CONTRACT_PROPOSE = "contract.propose", _("Propose agreement in DIP")
    PRODUCTION_CREATE = "production.create", _("Enter production in DIP")
    PRODUCTION_UPDATE = "production.update", _("Change production in DIP")
    PERFORMANCE_CREATE = "performance.create", _("Enter performance in DIP")
    PERFORMANCE_UPDATE = "performance.update", _("Change performance in DIP")
    TICKETS_REPORT = "tickets.report", _("Report tickets to DIP")
    RESERVATIONS_REPORT = "reservations.report", _("Report reservations to DIP")
    BLOCKED_REPORT = "blocked.report", _("Report blocked seats to DIP")


class Subject(models.TextChoices):
    CONTRACT = "contract", _("agreement")
    PRODUCTION = "production", _("production")
    PERFORMANCE = "performance", _("performance")
    # Of a performance what its theater reports: each list has keys of its own, beside the provider's.
    TICKETS = "tickets", _("tickets of a performance")
    RESERVATIONS = "reservations", _("reservations of a performance")
    BLOCKED = "blocked", _("blocked seats of a performance")


# What a theater reports of a performance.
COUNTED = (Subject.TICKETS, Subject.RESERVATIONS, Subject.BLOCKED)


class Operation(OutboxRow):
    """One change to bring about in DIP. Rows of one subject run in order under the key `subject:<pk>`.

    `sent_at` is the intent: set before the call leaves, cleared only when it is certain that nothing happened.
    `natural_key`, `reference` and `body_digest` say what was sent, so that it can be found again.
    """

    organisation = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="dip_operations", verbose_name=_("organisation")
    )
    subject_kind = models.CharField(_("kind of object"), max_length=12, choices=Subject.choices)
    subject_id = models.PositiveBigIntegerField(_("number of the object"))
    natural_key = models.CharField(max_length=400, blank=True, editable=False)
    reference = models.CharField(max_length=20, blank=True, editable=False)
    body_digest = models.CharField(max_length=64, blank=True, editable=False)
    # The state in DIP that the person's change was made on: anything else in DIP is somebody else's change.
    base_digest = models.CharField(max_length=64, blank=True, editable=False)
    payload = models.JSONField(default=dict, blank=True, editable=False)
    # How often a call of this row left without an answer that says what became of it.
    unclear_writes = models.PositiveSmallIntegerField(_("unclear attempts"), default=0, editable=False)

    objects = OwnedQuerySet.as_manager()

    class Meta(OutboxRow.Meta):
        verbose_name = _("DIP operation")
        verbose_name_plural = _("DIP operations")
        ordering = ("-pk",)
        indexes = (  # type: ignore[assignment]
            *OutboxRow.Meta.indexes,
            models.Index(fields=("subject_kind", "subject_id"), name="dip_operation_subject"),
        )
        constraints = (
            # One unresolved create of the same thing: two that look alike could not be told apart in a look-up.
            models.UniqueConstraint(
                fields=("organisation", "natural_key"),
                condition=~Q(natural_key="")
                & Q(
                    sent_at__isnull=False,
                    state__in=(State.WAITING, State.UNCLEAR, State.ATTENTION, State.QUARANTINED),
                ),
                name="dip_operation_one_intent",
            ),
        )

    @property
    def label(self) -> str | Promise:
        return Kind(self.kind).label


class RecordKind(models.TextChoices):
    CONTRACT = "contract", _("agreement")
    PRODUCTION = "production", _("production")
    PERFORMANCE = "performance", _("performance")
    THEATER = "theater", _("theater")
    PRODUCER = "producer", _("producer")
    GENRE = "genre", _("genre")
    SALES = "sales", _("ticket sales")
    RESERVATIONS = "reservations", _("reservations")
    BLOCKED_SEATS = "blocked-seats", _("blocked seats")


class RemoteRecord(models.Model):
    """One of DIP's records as it was last seen, whole. `fault` says why it could not be read or applied.

    Reference data belongs to nobody (`organisation` empty); everything else to the organisation whose log-in saw it.
    `raw` is empty when DIP answered a write with the bare id only; `state_digest` then is the digest of what was
    sent (wire.state_digest), and `raw` decides otherwise.
    """

    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="dip_records",
        verbose_name=_("organisation"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=RecordKind.choices)
    remote_id = models.CharField(_("number in DIP"), max_length=60)
    digest = models.CharField(max_length=64, blank=True, editable=False)
    state_digest = models.CharField(max_length=64, blank=True, editable=False)
    raw = models.JSONField(default=dict, blank=True, editable=False)
    # As DIP spells it; wire.py knows what it means here.
    status = models.CharField(_("status"), max_length=60, blank=True)
    modified_at = models.DateTimeField(_("modified in DIP"), null=True, blank=True)
    seen_at = models.DateTimeField(_("last seen"), default=timezone.now)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True)
    # The row of ours that it belongs to: pk of the Contract, Production or Performance.
    local_id = models.PositiveBigIntegerField(_("number here"), null=True, blank=True)
    fault = models.TextField(_("fault"), blank=True)

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("record in DIP")
        verbose_name_plural = _("records in DIP")
        ordering = ("kind", "remote_id")
        constraints = (
            models.UniqueConstraint(
                fields=("organisation", "kind", "remote_id"),
                condition=Q(organisation__isnull=False),
                name="dip_record_once",
            ),
            models.UniqueConstraint(
                fields=("kind", "remote_id"), condition=Q(organisation__isnull=True), name="dip_reference_once"
            ),
        )
        indexes = (models.Index(fields=("kind", "local_id"), name="dip_record_local"),)

    def __str__(self) -> str:
        return f"{self.get_kind_display()} {self.remote_id}"


class RunState(models.TextChoices):
    RUNNING = "running", _("running")
    GOOD = "good", _("good")
    PARTLY = "partly", _("partly")
    FAILED = "failed", _("failed")


class RunKind(models.TextChoices):
    REFERENCE = "reference", _("Theaters, halls, producers, genres")
    CATALOGUE = "catalogue", _("Productions and performances")
    CONTRACTS = "contracts", _("Agreements, what changed")
    CONTRACTS_FULL = "contracts-full", _("Agreements, all")
    COUNTS = "counts", _("Ticket counts, what is running")
    COUNTS_FULL = "counts-full", _("Ticket counts, all seasons")


class RunStep(models.TextChoices):
    """What a run under way is counting."""

    LISTS = "lists", _("lists")
    PRODUCTIONS = "productions", _("productions")
    AGREEMENTS = "agreements", _("agreements")


def no_errors() -> list[str]:
    return []


class SyncRun(models.Model):
    """What one pull did. `counts`: seen, new, changed, unchanged, answers, faults. `errors`: sentences.

    While it is going on: `done` of `total` (None: not known yet) things of the kind `step`, which began at `step_at`,
    as it stood at `told_at`. An empty `step` has nothing to tell yet.
    """

    connection = models.ForeignKey(
        Connection, null=True, blank=True, on_delete=models.SET_NULL, related_name="runs", editable=False
    )
    organisation = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        related_name="dip_runs",
        editable=False,
        verbose_name=_("organisation"),
    )
    kind = models.CharField(_("kind"), max_length=20, choices=RunKind.choices, editable=False)
    state = models.CharField(_("state"), max_length=10, choices=RunState.choices, default=RunState.RUNNING)
    started_at = models.DateTimeField(_("started"), default=timezone.now, editable=False)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True, editable=False)
    counts = models.JSONField(_("counts"), default=dict, blank=True, editable=False)
    errors = models.JSONField(_("errors"), default=no_errors, blank=True, editable=False)
    step = models.CharField(max_length=20, choices=RunStep.choices, blank=True, editable=False)
    done = models.PositiveIntegerField(default=0, editable=False)
    total = models.PositiveIntegerField(null=True, blank=True, editable=False)
    step_at = models.DateTimeField(null=True, blank=True, editable=False)
    told_at = models.DateTimeField(null=True, blank=True, editable=False)
    # Held while the run is going on, so that no two of a kind run at once; a crashed run's lease ends by itself.
    lease_key = models.CharField(max_length=60, blank=True, editable=False)
    alive_until = models.DateTimeField(null=True, blank=True, editable=False)
    triggered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+", editable=False
    )

    objects = OwnedQuerySet.as_manager()

    class Meta:
        verbose_name = _("sync run")
        verbose_name_plural = _("sync runs")
        ordering = ("-started_at", "-pk")
        indexes = (
            models.Index(fields=("organisation", "-started_at"), name="dip_run_newest"),
            models.Index(fields=("connection", "kind", "-started_at"), name="dip_run_newest_of_kind"),
        )
        constraints = (
            models.UniqueConstraint(fields=("lease_key",), condition=~Q(lease_key=""), name="dip_run_one_at_a_time"),
        )

    def __str__(self) -> str:
        return f"{self.get_kind_display()}, {moment(self.started_at)} ({self.get_state_display()})"


# Django looks for models here only; this one needs those above.
from dipportal.dip.models_conflict import Conflict  # noqa: E402, F401
