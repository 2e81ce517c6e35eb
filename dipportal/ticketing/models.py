"""Ticket counts: how many tickets of a performance visitors have, how that number grew, and how a house counts."""

from collections.abc import Mapping
from typing import Any, Self

from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.db.models.lookups import IsNull
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Producer, Theater
from dipportal.organisations.models import Organisation
from dipportal.ticketing.definitions import shown_under
from dipportal.ticketing.enums import Source, TicketKind, Weekday


class OfPerformances(models.QuerySet[Any]):
    """What hangs on performances is seen by whoever sees the performance."""

    def visible_to(self, organisation: Organisation | None) -> Self:
        return self.filter(performance__in=Performance.objects.visible_to(organisation))


class Counts(OfPerformances):
    def in_house(self, organisation: Organisation | None) -> Self:
        """Of what takes place in the theaters of this organisation: what `visible_to` gives it, joined, for sums."""
        if organisation is None or not organisation.is_receiver:
            return self.none()
        return self.filter(
            performance__theater__in=Theater.objects.visible_to(organisation),
            performance__number__isnull=False,
            performance__status=PerformanceStatus.AGREED,
            performance__missing_since=None,
        )

    def on_tour(self, organisation: Organisation | None) -> Self:
        """Of what this organisation provides and what takes place: of what `visible_to` gives it, joined, for sums."""
        if organisation is None or not organisation.is_provider:
            return self.none()
        return self.filter(
            performance__production__producer__in=Producer.objects.visible_to(organisation),
            performance__status=PerformanceStatus.AGREED,
            performance__missing_since=None,
        )

    def shown(self) -> Self:
        """Of each performance the one count that is shown: the newest that its sources tell.

        Only when none of them tells of tickets any more, what was told last.
        """
        others = TicketCount.objects.filter(performance=OuterRef("performance")).exclude(pk=OuterRef("pk"))
        told = Q(missing_since=None, counted_at__isnull=False)
        newer = Q(counted_at__gt=OuterRef("counted_at")) | Q(counted_at=OuterRef("counted_at"), pk__gt=OuterRef("pk"))
        gone = Q(IsNull(OuterRef("missing_since"), False)) | Q(IsNull(OuterRef("counted_at"), True))
        later = Q(changed_at__gt=OuterRef("changed_at")) | Q(changed_at=OuterRef("changed_at"), pk__gt=OuterRef("pk"))
        return self.exclude(Exists(others.filter((told & (newer | gone)) | (gone & later & ~told))))


# Nothing is said of the kinds, or all of them together are the whole.
_NO_KINDS = Q(**{f"{kind}__isnull": True for kind in TicketKind.values})
_ALL_KINDS = Q(
    tickets=F("normal") + F("discount") + F("free") + F("other") + F("complimentary"),
    **{f"{kind}__isnull": False for kind in TicketKind.values},
)


class TicketCount(models.Model):
    """The running totals of one performance, as one source tells them. None: the source does not tell it.

    `tickets` are those that visitors have (definitions.ACQUIRED), of all kinds; `revenue_cents` is what was paid for
    them, with theater surcharge and VAT. Reservations and blocked seats are never part of `tickets`.
    """

    performance = models.ForeignKey(
        Performance, on_delete=models.CASCADE, related_name="ticket_counts", verbose_name=_("performance")
    )
    source = models.CharField(_("source"), max_length=10, choices=Source.choices)
    tickets = models.PositiveIntegerField(_("tickets"), null=True)
    revenue_cents = models.BigIntegerField(_("revenue in cents"), null=True)
    normal = models.PositiveIntegerField(_("normal"), null=True)
    discount = models.PositiveIntegerField(_("discount"), null=True)
    free = models.PositiveIntegerField(_("free"), null=True)
    other = models.PositiveIntegerField(_("other"), null=True)
    complimentary = models.PositiveIntegerField(_("complimentary"), null=True)
    # Cents by kind, where the kinds are told.
    revenue_of_kinds = models.JSONField(_("revenue by kind, in cents"), default=dict, blank=True)
    reservations = models.PositiveIntegerField(_("reservations"), null=True)
    blocked_seats = models.PositiveIntegerField(_("blocked seats"), null=True)
    # When the source says that the tickets were counted; None as long as there is no count of tickets.
    counted_at = models.DateTimeField(_("counted"), null=True)
    # The source told it before and no longer does; what it told last is kept, and counts no more.
    missing_since = models.DateTimeField(_("missing since"), null=True, blank=True)
    changed_at = models.DateTimeField(_("changed"), default=timezone.now)

    objects = Counts.as_manager()

    class Meta:
        verbose_name = _("ticket count")
        verbose_name_plural = _("ticket counts")
        ordering = ("performance", "source")
        constraints = (
            models.UniqueConstraint(fields=("performance", "source"), name="ticket_count_once"),
            models.CheckConstraint(condition=_NO_KINDS | _ALL_KINDS, name="ticket_count_kinds_sum"),
            models.CheckConstraint(
                condition=Q(tickets__isnull=True, revenue_cents__isnull=True, counted_at__isnull=True)
                | Q(tickets__isnull=False, revenue_cents__isnull=False, counted_at__isnull=False),
                name="ticket_count_whole",
            ),
        )

    def __str__(self) -> str:
        return f"{self.performance_id} · {self.get_source_display()}"

    @property
    def is_told(self) -> bool:
        """Does its source tell of tickets, and still do so?"""
        return self.tickets is not None and self.missing_since is None

    @property
    def kinds(self) -> Mapping[TicketKind, int] | None:
        """Tickets by kind, as they were told; None when only the total was."""
        found = {kind: getattr(self, kind) for kind in TicketKind}
        return None if found[TicketKind.NORMAL] is None else found

    @property
    def shown_kinds(self) -> Mapping[TicketKind, int] | None:
        """Tickets by the kind under which they are shown."""
        kinds = self.kinds
        if kinds is None:
            return None
        shown: dict[TicketKind, int] = {}
        for kind, number in kinds.items():
            shown[shown_under(kind)] = shown.get(shown_under(kind), 0) + number
        return shown


class TicketCountPoint(models.Model):
    """How the count of a performance stood at the end of a day of Amsterdam. Only days on which it changed have one."""

    performance = models.ForeignKey(
        Performance, on_delete=models.CASCADE, related_name="ticket_count_points", verbose_name=_("performance")
    )
    day = models.DateField(_("day"))
    tickets = models.PositiveIntegerField(_("tickets"), null=True)
    revenue_cents = models.BigIntegerField(_("revenue in cents"), null=True)
    reservations = models.PositiveIntegerField(_("reservations"), null=True)
    blocked_seats = models.PositiveIntegerField(_("blocked seats"), null=True)

    objects = OfPerformances.as_manager()

    class Meta:
        verbose_name = _("point of a ticket count")
        verbose_name_plural = _("points of ticket counts")
        ordering = ("performance", "day")
        constraints = (models.UniqueConstraint(fields=("performance", "day"), name="ticket_count_point_once"),)

    def __str__(self) -> str:
        return f"{self.performance_id} · {self.day:%d-%m-%Y}"


class OfTheaters(models.QuerySet[Any]):
    """What hangs on theaters is the affair of whoever runs them, and of nobody else."""

    def visible_to(self, organisation: Organisation | None) -> Self:
        if organisation is None or not organisation.is_receiver:
            return self.none()
        return self.filter(theater__receiver=organisation)


class TicketLink(models.Model):
    """The number that a performance has in the theater's own ticketing system, which tells its count by itself.

    A link counts for the theater that made it: of a performance that was moved to another one it is none.
    """

    performance = models.OneToOneField(
        Performance, on_delete=models.CASCADE, related_name="ticket_link", verbose_name=_("performance")
    )
    theater = models.ForeignKey(Theater, on_delete=models.CASCADE, related_name="+", verbose_name=_("theater"))
    system_number = models.CharField(_("number in the ticketing system"), max_length=60)
    linked_at = models.DateTimeField(_("linked"), default=timezone.now)

    objects = OfTheaters.as_manager()

    class Meta:
        verbose_name = _("link to a ticketing system")
        verbose_name_plural = _("links to ticketing systems")
        ordering = ("theater", "system_number")
        constraints = (models.UniqueConstraint(fields=("theater", "system_number"), name="ticket_link_once"),)

    def __str__(self) -> str:
        return f"{self.performance_id} · {self.system_number}"


class Counting(models.Model):
    """How a theater counts. A theater without a row has what stands here as default.

    `by_hand`: no system of its own tells DIP the counts, so that what is entered here can break nothing. The weekly
    mail about missing counts goes out at `hour` of `weekday`, by the clock of Amsterdam, or never.
    """

    theater = models.OneToOneField(
        Theater, on_delete=models.CASCADE, related_name="counting", verbose_name=_("theater")
    )
    by_hand = models.BooleanField(_("counts are entered by hand"), default=False)
    reminded = models.BooleanField(_("weekly mail about missing counts"), default=True)
    weekday = models.PositiveSmallIntegerField(_("day of the week"), choices=Weekday.choices, default=Weekday.MONDAY)
    hour = models.PositiveSmallIntegerField(_("hour"), default=8)
    version = models.PositiveIntegerField(default=1, editable=False)

    objects = OfTheaters.as_manager()

    class Meta:
        verbose_name = _("way of counting")
        verbose_name_plural = _("ways of counting")
        constraints = (
            models.CheckConstraint(condition=Q(weekday__lte=6), name="counting_weekday"),
            models.CheckConstraint(condition=Q(hour__lte=23), name="counting_hour"),
        )

    def __str__(self) -> str:
        return str(self.theater)


from dipportal.ticketing.models_forecast import ForecastCheck  # noqa: E402, F401
from dipportal.ticketing.models_keys import SystemKey  # noqa: E402, F401
from dipportal.ticketing.models_sums import OwedCount, TourSums  # noqa: E402, F401
