"""Reference data copied from DIP, and what providers enter: productions and performances."""

import datetime as dt
import functools
import operator
from collections.abc import Collection
from typing import Any

from django.core.validators import RegexValidator
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Coalesce, Upper
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.dip_id import DipId, search_parts
from dipportal.catalogue.enums import PerformanceKind, PerformanceStatus, VenueKind
from dipportal.catalogue.meaning import UNKNOWN, Meaning, about, at
from dipportal.core.among import among
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Organisation

RANKS = 10


class Reference(models.Model):
    """A copy of one of DIP's records, keyed by DIP's own id. Nobody edits it here."""

    id = models.PositiveIntegerField(primary_key=True)
    name = models.CharField(_("name"), max_length=300)
    # Set when a full pull no longer returns it; never deleted.
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True, editable=False)

    class Meta:
        abstract = True
        ordering = ("name", "id")

    def __str__(self) -> str:
        return self.name


class Genre(Reference):
    class Meta(Reference.Meta):
        verbose_name = _("genre")
        verbose_name_plural = _("genres")


class ProducerQuerySet(models.QuerySet["Producer"]):
    def visible_to(self, organisation: Organisation | None) -> "ProducerQuerySet":
        """The producers an organisation acts for. The list of all producers is reference data, open to all."""
        return self.none() if organisation is None else self.filter(providers=organisation)


class Producer(Reference):
    kind = models.CharField(_("kind"), max_length=60, blank=True)
    # The organisations that enter productions for this producer: the producer itself, its agency, or both.
    providers = models.ManyToManyField(
        Organisation,
        blank=True,
        related_name="producers",
        limit_choices_to={"kind": Side.PROVIDER},
        verbose_name=_("providers"),
    )

    objects = ProducerQuerySet.as_manager()

    class Meta(Reference.Meta):
        verbose_name = _("producer")
        verbose_name_plural = _("producers")


class TheaterQuerySet(models.QuerySet["Theater"]):
    def visible_to(self, organisation: Organisation | None) -> "TheaterQuerySet":
        """Theaters are public reference data to a provider; a receiver's own are the ones it runs."""
        if organisation is None:
            return self.none()
        return self.filter(receiver=organisation) if organisation.is_receiver else self.all()

    def members(self) -> "TheaterQuerySet":
        return self.filter(dip_member=True, missing_since=None)

    def in_use(self) -> "TheaterQuerySet":
        return self.filter(missing_since=None).exclude(name__icontains=RETIRED)

    def search(self, text: str) -> "TheaterQuerySet":
        words = Q()
        for word in text.split():
            words &= Q(name__icontains=word) | Q(city__icontains=word) | Q(halls__name__icontains=word)
        if text.strip().isdecimal():
            words |= Q(pk=int(text)) | Q(halls__pk=int(text))
        return self.filter(words).distinct()


# How DIP retires a theater or hall: by its name.
RETIRED = "NIET GEBRUIKEN"


class Theater(Reference):
    street = models.CharField(_("street"), max_length=200, blank=True)
    house_number = models.CharField(_("house number"), max_length=40, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=20, blank=True)
    city = models.CharField(_("city"), max_length=200, blank=True)
    province = models.CharField(_("province"), max_length=80, blank=True)
    country = models.CharField(_("country"), max_length=80, blank=True)
    kind = models.CharField(_("kind"), max_length=10, choices=VenueKind.choices, default=VenueKind.THEATER)
    dip_member = models.BooleanField(_("member of DIP"), default=False)
    receiver = models.ForeignKey(
        Organisation,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="theaters",
        limit_choices_to={"kind": Side.RECEIVER},
        verbose_name=_("run by"),
    )

    objects = TheaterQuerySet.as_manager()

    class Meta(Reference.Meta):
        verbose_name = _("theater")
        verbose_name_plural = _("theaters")


class Hall(Reference):
    theater = models.ForeignKey(Theater, on_delete=models.PROTECT, related_name="halls", verbose_name=_("theater"))

    class Meta(Reference.Meta):
        verbose_name = _("hall")
        verbose_name_plural = _("halls")

    @property
    def retired(self) -> bool:
        return RETIRED in self.name.upper() or self.missing_since is not None


class ProductionQuerySet(models.QuerySet["Production"]):
    def visible_to(self, organisation: Organisation | None) -> "ProductionQuerySet":
        """A provider sees its producers' productions; a receiver those that play in its theaters."""
        if organisation is None:
            return self.none()
        if organisation.is_provider:
            return self.filter(producer__in=Producer.objects.visible_to(organisation))
        plays_here = Performance.objects.visible_to(organisation).filter(production=OuterRef("pk"))
        return self.filter(Exists(plays_here))

    def search(self, text: str) -> "ProductionQuerySet":
        """By title, or by DIP-id in whole or in part."""
        if not text.strip():
            return self
        text = text.strip()
        production, number = search_parts(text)
        plays = Performance.objects.filter(number_text__contains=number).order_by().values("production")
        numbered = Q(pk__in=plays) if number else Q()
        if "|" in text:
            found = numbered & Q(dip_id__contains=production)
        else:
            found = Q(title__icontains=text)
            found |= Q(dip_id__contains=production) if production else Q()
            found |= numbered
        return self.filter(found)


season_shape = RegexValidator(r"^\d{4}-\d{4}$", _("A season is written like 2026-2027."))


class Production(models.Model):
    """A title of one season. `dip_id` is DIP's string id, empty until DIP gave one; it never changes."""

    dip_id = models.CharField(_("DIP-id"), max_length=40, blank=True, editable=False)
    title = models.CharField(_("title"), max_length=300)
    season = models.CharField(_("season"), max_length=9, blank=True, validators=[season_shape])
    genre = models.ForeignKey(
        Genre,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="productions",
        verbose_name=_("genre"),
    )
    producer = models.ForeignKey(
        Producer, on_delete=models.PROTECT, related_name="productions", verbose_name=_("producer")
    )
    co_producers = models.ManyToManyField(
        Producer, blank=True, related_name="co_productions", verbose_name=_("co-producers")
    )
    revival_of = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="revivals",
        verbose_name=_("revival of"),
    )
    cancelled_at = models.DateTimeField(_("cancelled"), null=True, blank=True, editable=False)
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True, editable=False)
    # Counts every change; a form carries the number it saw, so a stale save is refused.
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = ProductionQuerySet.as_manager()

    class Meta:
        verbose_name = _("production")
        verbose_name_plural = _("productions")
        ordering = ("-season", "title", "pk")
        constraints = (
            models.UniqueConstraint(fields=("dip_id",), condition=~Q(dip_id=""), name="production_dip_id_once"),
        )
        indexes = (
            models.Index(fields=("producer", "season"), name="production_producer_season"),
            # The order of the list, both ways.
            models.Index(fields=("season", "title", "id"), name="production_list"),
            # The order of what a search finds. With the title as it is compared: of what an index holds the database
            # learns how much of it a word finds, and goes through the rows in order, or not.
            models.Index(F("season").desc(), F("title"), F("id"), Upper("title"), name="production_search"),
        )

    def __str__(self) -> str:
        return self.title

    @property
    def thread(self) -> str:
        return f"production:{self.pk}"


# Said as the index of these says it, so that it is used.
OFF = ~Q(status=PerformanceStatus.AGREED) | Q(missing_since__isnull=False)


class PerformanceQuerySet(models.QuerySet["Performance"]):
    def visible_to(self, organisation: Organisation | None) -> "PerformanceQuerySet":
        """A provider sees its producers' performances; a receiver those in its theaters that DIP knows."""
        if organisation is None:
            return self.none()
        if organisation.is_provider:
            return self.filter(production__producer__in=Producer.objects.visible_to(organisation))
        return self.filter(theater__receiver=organisation, number__isnull=False)

    def looked_up_for(self, organisation: Organisation) -> "PerformanceQuerySet":
        """What `visible_to` gives; its producers or theaters are looked up beforehand, and the database plans less."""
        if organisation.is_provider:
            return self.filter(among("production__producer", Producer.objects.visible_to(organisation)))
        return self.in_house(Theater.objects.visible_to(organisation))

    def in_house(self, theaters: Collection[int] | TheaterQuerySet) -> "PerformanceQuerySet":
        """What `visible_to` gives the receiver that runs these theaters and no others."""
        return self.filter(among("theater", theaters), number__isnull=False)

    def search(self, text: str, meaning: Meaning = UNKNOWN) -> "PerformanceQuerySet":
        """By title, theater, city, or DIP-id in whole or in part. `meaning`: what the text names, if that was asked."""
        text = text.strip()
        if not text:
            return self
        production, number = search_parts(text)
        if "|" in text:
            return self.filter(
                production__dip_id__contains=production,
                **({"number_text__startswith": number} if number else {}),
            )
        found = about(text, meaning) | at(text, meaning)
        if number:
            known = meaning.numbered is not None
            found |= Q(pk__in=meaning.numbered) if known else Q(number_text__contains=number)
        return self.filter(found)

    def agreed(self) -> "PerformanceQuerySet":
        """What still takes place: not cancelled, and not removed in DIP."""
        return self.filter(status=PerformanceStatus.AGREED, missing_since=None)

    def off(self) -> "PerformanceQuerySet":
        """All others: cancelled, or removed in DIP."""
        return self.filter(OFF)

    def upcoming(self, since: dt.datetime | None = None) -> "PerformanceQuerySet":
        """What takes place from now on, or from that moment on."""
        return self.agreed().filter(starts_at__gte=timezone.now() if since is None else since)


def no_capacity() -> list[int]:
    return []


def _all_seats() -> Any:
    """The seats of all ranks together, as the database adds them up."""
    ranks = [Coalesce(Cast(KT(f"capacity__{rank}"), models.IntegerField()), 0) for rank in range(RANKS)]
    return functools.reduce(operator.add, ranks)


class Performance(models.Model):
    """One evening. `number` is DIP's, empty until DIP gave one. `capacity` is seats per rank, rank 1 first."""

    number = models.PositiveBigIntegerField(_("number"), null=True, blank=True, unique=True, editable=False)
    # The number as text, so that a part of it can be searched on every database.
    number_text = models.GeneratedField(
        expression=models.functions.Cast("number", models.CharField(max_length=20)),
        output_field=models.CharField(max_length=20),
        db_persist=True,
    )
    production = models.ForeignKey(
        Production, on_delete=models.PROTECT, related_name="performances", verbose_name=_("production")
    )
    theater = models.ForeignKey(
        Theater, on_delete=models.PROTECT, related_name="performances", verbose_name=_("theater")
    )
    hall = models.ForeignKey(
        Hall,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="performances",
        verbose_name=_("hall"),
    )
    starts_at = models.DateTimeField(_("date and time"))
    status = models.CharField(
        _("status"), max_length=10, choices=PerformanceStatus.choices, default=PerformanceStatus.AGREED
    )
    kind = models.CharField(_("type"), max_length=10, choices=PerformanceKind.choices, default=PerformanceKind.NORMAL)
    private = models.BooleanField(_("closed to the public"), default=False)
    in_festival = models.BooleanField(_("part of a festival"), default=False)
    other_location = models.BooleanField(_("at another location"), default=False)
    capacity = models.JSONField(_("capacity per rank"), default=no_capacity, blank=True)
    # What `seats` says, for the database to add up and to sort by. It keeps this itself, whoever writes the capacity.
    seat_count = models.GeneratedField(
        expression=_all_seats(), output_field=models.PositiveIntegerField(), db_persist=True
    )
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True, editable=False)
    version = models.PositiveIntegerField(default=1, editable=False)
    created_at = models.DateTimeField(default=timezone.now, editable=False)

    objects = PerformanceQuerySet.as_manager()

    class Meta:
        verbose_name = _("performance")
        verbose_name_plural = _("performances")
        ordering = ("starts_at", "pk")
        indexes = (
            models.Index(fields=("production", "starts_at"), name="performance_tour"),
            # With the number, which a receiver's list asks for: it is counted and sorted without reading the rows.
            models.Index(fields=("theater", "starts_at", "id", "number"), name="performance_theater"),
            # The order of the list: of an organisation with most of the rows, the page is read and nothing else.
            models.Index(fields=("starts_at", "id"), name="performance_day"),
            # Few: what became of the agreements about them is looked for from here.
            models.Index(fields=("id",), condition=OFF, name="performance_off"),
        )
        constraints = (
            models.CheckConstraint(condition=Q(status__in=PerformanceStatus.values), name="performance_status_known"),
            models.CheckConstraint(condition=Q(kind__in=PerformanceKind.values), name="performance_kind_known"),
        )

    def __str__(self) -> str:
        return f"{self.production} · {timezone.localtime(self.starts_at):%d-%m-%Y %H:%M}"

    @property
    def cancelled(self) -> bool:
        return self.status == PerformanceStatus.CANCELLED

    @property
    def seats(self) -> int:
        return sum(self.capacity)

    @property
    def dip_id(self) -> str:
        """The whole DIP-id, or '' until DIP knows both parts. Costs the production when it is not loaded."""
        if not self.production.dip_id or self.number is None:
            return ""
        return str(DipId(self.production.dip_id, self.number))

    @property
    def thread(self) -> str:
        return f"performance:{self.pk}"
