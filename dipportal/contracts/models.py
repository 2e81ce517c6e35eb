"""Agreements: one row per version. `root` groups the versions of one deal, `parent` is the one it follows."""

from collections.abc import Collection
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Coalesce
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.dip_id import search_parts
from dipportal.catalogue.meaning import UNKNOWN, Meaning, about, at
from dipportal.catalogue.models import Performance, Producer, Production, Theater
from dipportal.contracts.enums import OUTSIDE, SHARED, AnswerSource, ContractType, Status
from dipportal.contracts.terms import TERMS, Term, Unit, terms_of
from dipportal.core.among import among
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation


class ContractQuerySet(models.QuerySet["Contract"]):
    def visible_to(self, organisation: Organisation | None) -> "ContractQuerySet":
        """A provider sees its own agreements; a receiver those for its theaters, once they were proposed."""
        if organisation is None:
            return self.none()
        if organisation.is_provider:
            return self.filter(provider=organisation)
        return self.filter(theater__receiver=organisation, status__in=SHARED)

    def in_house(self, theaters: Collection[int] | models.QuerySet[Theater]) -> "ContractQuerySet":
        """What `visible_to` gives the receiver that runs these theaters and no others.

        So the database need not look up, of each agreement, whose theater it is in.
        """
        return self.filter(among("theater", theaters), status__in=SHARED)

    def newest(self, organisation: Organisation | None) -> "ContractQuerySet":
        """Only the versions that no later version follows which this organisation may see.

        A receiver's rejected version stays in its list while the provider drafts the next one: that a concept
        exists must not show.
        """
        return self.newest_among(Contract.objects.visible_to(organisation))

    def newest_among(self, visible: "ContractQuerySet") -> "ContractQuerySet":
        """The same where those that may be seen are these."""
        later = visible.filter(parent__isnull=False, discarded_at=None, parent=models.OuterRef("pk"))
        return self.filter(~models.Exists(later), discarded_at=None)

    def to_answer(self) -> "ContractQuerySet":
        """The proposals that their receivers have to answer."""
        return self.filter(status=Status.PROPOSED, side=Side.PROVIDER)

    def with_evenings(self) -> "ContractQuerySet":
        """With `evenings`, the number of performances. Counted for the rows that are shown, not for all of them."""
        through = Contract.performances.through._default_manager
        rows: Any = through.filter(contract=models.OuterRef("pk")).order_by().values("contract")
        return self.annotate(evenings=Coalesce(models.Subquery(rows.annotate(n=models.Count("pk")).values("n")), 0))

    def search(self, text: str, *, own_reference: bool = True, meaning: Meaning = UNKNOWN) -> "ContractQuerySet":
        """By title, theater, city, reference, or a DIP-id (agreement, production, performance) in whole or in part.

        `own_reference` False leaves out the provider's own, which a receiver does not see. `meaning`: what the text
        names in the catalogue, if that was asked.
        """
        text = text.strip()
        if not text:
            return self
        production, number = search_parts(text)
        if "|" in text:
            plays = self.model._default_manager.filter(performances__number_text__startswith=number).values("pk")
            found = Q(production__dip_id__contains=production) & (Q(pk__in=plays) if number else Q())
            return self.filter(found)
        found = about(text, meaning) | at(text, meaning) | Q(reference__icontains=text)
        if own_reference:
            found |= Q(own_reference__icontains=text)
        if number:
            numbered = Q(performance__number_text__contains=number)
            if meaning.numbered is not None:
                numbered = Q(performance__in=meaning.numbered)
            playing = self.model.performances.through._default_manager.filter(numbered)
            found |= Q(pk__in=playing.values("contract")) | Q(dip_id=int(number[:18]))
        return self.filter(found)


def of_this_type() -> Q:
    """Terms of other types stay empty: `type is one that has it, or the column is null`, for every term."""
    condition = Q()
    for term in TERMS:
        if set(term.types) != set(ContractType):
            condition &= Q(type__in=[str(kind) for kind in term.types]) | Q(**{f"{term.name}__isnull": True})
    return condition


def percentages_in_range() -> Q:
    condition = Q()
    for term in TERMS:
        if term.unit is Unit.PERCENT:
            condition &= Q(**{f"{term.name}__isnull": True}) | Q(**{f"{term.name}__gte": 0, f"{term.name}__lte": 100})
    return condition


class Contract(models.Model):
    """One version of an agreement. Money in integer euro cents, percentages as Decimals; see `terms.TERMS`."""

    # --- the parties and the evenings
    # Without an index of their own are: what an index of several columns begins with (provider, root), and the people,
    # by whom nothing is looked up. Where an account is deleted, PROTECT reads the table once. Nor `parent`: most have
    # none, and contract_follows holds those that do.
    provider = models.ForeignKey(
        Organisation, on_delete=models.PROTECT, related_name="contracts", db_index=False, verbose_name=_("provider")
    )
    theater = models.ForeignKey(Theater, on_delete=models.PROTECT, related_name="contracts", verbose_name=_("theater"))
    production = models.ForeignKey(
        Production, on_delete=models.PROTECT, related_name="contracts", verbose_name=_("production")
    )
    producer = models.ForeignKey(
        Producer, on_delete=models.PROTECT, related_name="contracts", verbose_name=_("producer")
    )
    performances = models.ManyToManyField(Performance, related_name="contracts", verbose_name=_("performances"))
    first_at = models.DateTimeField(_("first performance"), null=True, blank=True)
    agency_as_provider = models.BooleanField(_("the agency is the contracting party"), default=True)
    contact_receiver = models.EmailField(_("contact at the theater"), blank=True)
    contact_provider = models.EmailField(_("contact at the provider"), blank=True)

    # --- which one
    type = models.CharField(_("type"), max_length=10, choices=ContractType.choices)
    status = models.CharField(_("status"), max_length=10, choices=Status.choices, default=Status.CONCEPT)
    # Ours, unique, sent along to DIP: with it a record is found again after an unclear answer.
    reference = models.CharField(_("reference"), max_length=20, blank=True, editable=False)
    own_reference = models.CharField(_("own reference"), max_length=120, blank=True)
    dip_id = models.PositiveBigIntegerField(_("number in DIP"), null=True, blank=True, editable=False)
    root = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="line", editable=False, db_index=False
    )
    parent = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="children", editable=False, db_index=False
    )
    number = models.PositiveSmallIntegerField(_("version"), default=1, editable=False)
    # The approved version that this one replaces once it is approved itself; until then that one stays in force.
    revises = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.PROTECT, related_name="revisions", editable=False
    )
    # Whose terms these are: an adapted proposal is the receiver's.
    side = models.CharField(_("drafted by"), max_length=10, choices=Side.choices, default=Side.PROVIDER, editable=False)
    # Counts every change of this row; a form carries the number it saw, so a stale save is refused.
    version = models.PositiveIntegerField(default=1, editable=False)

    # --- terms: money
    provider_share = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    buyout_amount = models.PositiveBigIntegerField(null=True, blank=True)
    rent = models.PositiveBigIntegerField(null=True, blank=True)
    other_costs = models.PositiveBigIntegerField(null=True, blank=True)
    tranches = models.JSONField(null=True, blank=True)
    shared_costs = models.PositiveBigIntegerField(null=True, blank=True)
    suppletion_amount = models.PositiveBigIntegerField(null=True, blank=True)
    suppletion_guarantee = models.PositiveBigIntegerField(null=True, blank=True)
    provider_guarantee = models.PositiveBigIntegerField(null=True, blank=True)
    receiver_guarantee = models.PositiveBigIntegerField(null=True, blank=True)
    guarantee_per_performance = models.BooleanField(null=True, blank=True)
    copyright_percentage = models.DecimalField(max_digits=7, decimal_places=4, null=True, blank=True)
    copyright_part_added = models.BooleanField(null=True, blank=True)
    # --- terms: prices and surcharges per ticket
    entrance_prices = models.JSONField(default=list, blank=True)
    settlement_prices = models.JSONField(default=list, blank=True)
    theater_surcharge = models.PositiveBigIntegerField(null=True, blank=True)
    consumption_surcharge = models.PositiveBigIntegerField(null=True, blank=True)
    service_surcharge = models.PositiveBigIntegerField(null=True, blank=True)
    wardrobe_surcharge = models.PositiveBigIntegerField(null=True, blank=True)
    # --- terms: house and remarks
    theater_technicians = models.PositiveSmallIntegerField(null=True, blank=True)
    provider_technicians = models.PositiveSmallIntegerField(null=True, blank=True)
    standing_agreement = models.BooleanField(null=True, blank=True)
    remarks = models.TextField(blank=True)

    # --- the proposal and its answer
    # The last day on which the receiver can approve; None for no end.
    answer_by = models.DateField(_("answer by"), null=True, blank=True)
    # How far the reminders have come: 0 none, 1 before that day, 2 after it.
    reminded = models.PositiveSmallIntegerField(default=0, editable=False)
    # The first of the two people who must agree, where an organisation wants two: to propose, or to approve.
    endorsed_at = models.DateTimeField(null=True, blank=True, editable=False)
    endorsed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )
    # A concept that was given up: out of every list, still readable in its line.
    discarded_at = models.DateTimeField(_("given up"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)
    proposed_at = models.DateTimeField(null=True, blank=True, editable=False)
    proposed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )
    answered_at = models.DateTimeField(null=True, blank=True, editable=False)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        editable=False,
        db_index=False,
    )
    answer_source = models.CharField(max_length=10, blank=True, choices=AnswerSource.choices, editable=False)
    answer_note = models.TextField(blank=True, editable=False)
    rejection_reason = models.TextField(blank=True, editable=False)
    # Names of rejected terms (terms.rejectable), in the order of the table.
    rejected_terms = models.JSONField(default=list, blank=True, editable=False)
    # What the receiver would rather see: name of a rejected term → {"value": as the column keeps it, "remark": text};
    # both optional. The start time takes a remark only.
    suggestions = models.JSONField(default=dict, blank=True, editable=False)
    # Both sides answered differently, here and in DIP: nothing is overwritten, the provider revises.
    conflict_at = models.DateTimeField(_("conflict since"), null=True, blank=True, editable=False)
    conflict_text = models.TextField(blank=True, editable=False)
    missing_since = models.DateTimeField(null=True, blank=True, editable=False)

    objects = ContractQuerySet.as_manager()

    class Meta:
        verbose_name = _("agreement")
        verbose_name_plural = _("agreements")
        ordering = ("-pk",)
        constraints = (
            models.CheckConstraint(condition=Q(type__in=ContractType.values), name="contract_type_known"),
            models.CheckConstraint(condition=Q(status__in=Status.values), name="contract_status_known"),
            models.CheckConstraint(condition=of_this_type(), name="contract_terms_of_type"),
            models.CheckConstraint(condition=percentages_in_range(), name="contract_percentages"),
            models.CheckConstraint(
                condition=Q(provider_guarantee__isnull=True)
                | Q(receiver_guarantee__isnull=True)
                | Q(provider_guarantee=0)
                | Q(receiver_guarantee=0),
                name="contract_one_guarantee",
            ),
            models.CheckConstraint(
                condition=Q(status=Status.CONCEPT) | Q(proposed_at__isnull=False) | Q(dip_id__isnull=False),
                name="contract_shared_was_proposed",
            ),
            models.CheckConstraint(condition=~Q(parent=F("id")), name="contract_not_its_own_parent"),
            models.CheckConstraint(condition=Q(side__in=Side.values), name="contract_side_known"),
            # A receiver drafts nothing in silence: its terms exist from the moment they are proposed.
            models.CheckConstraint(
                condition=~Q(side=Side.RECEIVER, status=Status.CONCEPT), name="contract_counter_is_shared"
            ),
            models.CheckConstraint(
                condition=Q(discarded_at=None) | Q(status=Status.CONCEPT), name="contract_only_concepts_discarded"
            ),
            models.UniqueConstraint(fields=("reference",), condition=~Q(reference=""), name="contract_reference_once"),
            models.UniqueConstraint(
                fields=("provider", "dip_id"), condition=Q(dip_id__isnull=False), name="contract_dip_id_once"
            ),
        )
        indexes = (
            models.Index(fields=("provider", "status", "first_at"), name="contract_provider_list"),
            # A receiver's list, counted and sorted without reading the rows: what it may see, what follows on what.
            models.Index(
                fields=("theater", "first_at", "id", "parent", "status", "side"),
                condition=Q(status__in=SHARED, discarded_at=None),
                name="contract_house",
            ),
            models.Index(
                fields=("theater", "answer_by", "proposed_at", "id"),
                condition=Q(status=Status.PROPOSED, side=Side.PROVIDER),
                name="contract_to_answer",
            ),
            models.Index(fields=("root", "number"), name="contract_line"),
            # The order of what a search finds, on either side, and of a receiver's list: where many fit, the first ones
            # are read and no others. With what tells a receiver's own from others', so that those are not read either.
            models.Index(fields=("first_at", "id", "theater", "status", "discarded_at"), name="contract_latest"),
            # Which version follows on which: whether one does is told without reading it.
            models.Index(
                fields=("parent", "provider", "discarded_at"),
                condition=Q(parent__isnull=False),
                name="contract_follows",
            ),
            # The order of the provider's list, and the theaters of its filter.
            models.Index(fields=("provider", "created_at", "id"), name="contract_provider_made"),
            models.Index(fields=("provider", "theater"), name="contract_provider_theater"),
            # The start pages: of what waits, the first in its order and how many there are, without reading a row.
            # These hold what is open; an agreement that came about leaves them.
            models.Index(
                fields=("provider", "side", "proposed_at", "id", "answer_by"),
                condition=Q(status=Status.PROPOSED),
                name="contract_open",
            ),
            models.Index(
                fields=("provider", "answer_by", "id"),
                condition=Q(status=Status.PROPOSED, side=Side.PROVIDER),
                name="contract_expiring",
            ),
            models.Index(
                fields=("provider", "answered_at", "id"),
                condition=Q(status=Status.REJECTED, discarded_at=None),
                name="contract_rejected",
            ),
            models.Index(
                fields=("provider", "created_at", "id"),
                condition=Q(status=Status.CONCEPT, discarded_at=None),
                name="contract_concepts",
            ),
            models.Index(
                fields=("theater", "proposed_at", "id"),
                condition=Q(status=Status.PROPOSED, side=Side.RECEIVER),
                name="contract_countered",
            ),
        )

    def __str__(self) -> str:
        return f"{self.get_type_display()} · {self.production} · {self.theater}"

    @property
    def is_counter(self) -> bool:
        """An adapted proposal of the receiver, to be answered by the provider."""
        return self.side == Side.RECEIVER

    @property
    def on_behalf(self) -> bool:
        """Was the receiver's answer given outside, and written down by the provider?"""
        return self.answer_source in OUTSIDE

    @property
    def root_id_or_own(self) -> int:
        return self.root_id or self.pk

    @property
    def thread(self) -> str:
        """What groups the journal lines and the mails of all versions of this deal."""
        return thread_of(self.pk, self.root_id)

    @property
    def terms(self) -> tuple[Term, ...]:
        return terms_of(self.type)

    def term_values(self) -> dict[str, Any]:
        return {term.name: term.value(self) for term in self.terms}

    def url_for(self, organisation: Organisation) -> str:
        """The address of this agreement's page in the area of that organisation."""
        area = "providers" if organisation.is_provider else "receivers"
        return reverse(f"{area}:contract", kwargs={"organisation": organisation.slug, "pk": self.pk})


def thread_of(pk: int, root_id: int | None) -> str:
    return f"contract:{root_id or pk}"


# The labels of these columns stand once, in the table of terms.
for _term in TERMS:
    Contract._meta.get_field(_term.name).verbose_name = _term.label  # type: ignore[union-attr]

# Django looks for models here only; these need the agreement above.
from dipportal.contracts.models_batch import Batch, BatchRow, Snippet, TermsTemplate  # noqa: E402, F401
from dipportal.contracts.models_standing import StandingAgreement  # noqa: E402, F401
