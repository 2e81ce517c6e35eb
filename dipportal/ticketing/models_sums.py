"""What a season's list is made of: the sums of each tour, and the counts that theaters owe.

Both are made of the performances and their counts, and of nothing else (sums.py). They are kept because a season is
thousands of performances, and thirteen seasons are hundreds of thousands.
"""

from typing import Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance, Producer, Production, Theater
from dipportal.core.among import among
from dipportal.organisations.models import Organisation


class OfProductions(models.QuerySet["TourSums"]):
    def visible_to(self, organisation: Organisation | None) -> Self:
        """What hangs on productions is seen by whoever provides them; a theater sees nobody's whole tour."""
        if organisation is None or not organisation.is_provider:
            return self.none()
        return self.filter(among("production__producer", Producer.objects.visible_to(organisation)))

    def search(self, text: str) -> Self:
        found = Production.objects.search(text)
        return self if not text.strip() else self.filter(production__in=found.order_by().values("pk"))


class TourSums(models.Model):
    """How the tour of a production sells together: what monitor.Tour says of it, as long as it has performances.

    None: nobody told. `due_on`: the first day on which the change in a week is another one although nobody tells
    anything; None: it stays.
    """

    production = models.OneToOneField(
        Production, on_delete=models.CASCADE, primary_key=True, related_name="sums", verbose_name=_("production")
    )
    # Of those that take place; `counted` of them have a count.
    performances = models.PositiveIntegerField(_("performances"), default=0)
    counted = models.PositiveIntegerField(_("counted"), default=0)
    tickets = models.PositiveIntegerField(_("tickets"), null=True)
    # Of the counted performances; `in_known_seats` are the tickets of those whose seats are known.
    seats = models.PositiveIntegerField(_("seats"), default=0)
    in_known_seats = models.PositiveIntegerField(_("tickets where the seats are known"), default=0)
    occupancy = models.DecimalField(_("occupancy"), max_digits=12, decimal_places=1, null=True)
    revenue_cents = models.BigIntegerField(_("revenue in cents"), null=True)
    reservations = models.PositiveIntegerField(_("reservations"), null=True)
    normal = models.PositiveIntegerField(_("normal"), null=True)
    discount = models.PositiveIntegerField(_("discount"), null=True)
    free = models.PositiveIntegerField(_("free"), null=True)
    other = models.PositiveIntegerField(_("other"), null=True)
    change = models.IntegerField(_("change in a week"), null=True)
    week_before = models.PositiveIntegerField(_("tickets a week ago"), null=True)
    counted_at = models.DateTimeField(_("counted"), null=True)
    due_on = models.DateField(null=True)

    objects = OfProductions.as_manager()

    class Meta:
        verbose_name = _("sums of a tour")
        verbose_name_plural = _("sums of tours")
        indexes = (models.Index(fields=("due_on",), condition=Q(due_on__isnull=False), name="sums_due"),)

    def __str__(self) -> str:
        return str(self.pk)


class OwedCounts(models.QuerySet["OwedCount"]):
    def visible_to(self, organisation: Organisation | None) -> Self:
        if organisation is None or not organisation.is_provider:
            return self.none()
        return self.filter(among("production__producer", Producer.objects.visible_to(organisation)))


class OwedCount(models.Model):
    """A performance without its last count: from `owes_from` on its theater owes one (monitor.Sold.owes_from).

    Most lie in the future. `counted_at`: the moment of the count that there is, if there is one.
    """

    performance = models.OneToOneField(
        Performance, on_delete=models.CASCADE, primary_key=True, related_name="owed", verbose_name=_("performance")
    )
    production = models.ForeignKey(
        Production, on_delete=models.CASCADE, related_name="owed", db_index=False, verbose_name=_("production")
    )
    theater = models.ForeignKey(
        Theater, on_delete=models.PROTECT, related_name="owed", db_index=False, verbose_name=_("theater")
    )
    starts_at = models.DateTimeField(_("date and time"))
    owes_from = models.DateTimeField(_("owed from"))
    counted_at = models.DateTimeField(_("counted"), null=True)

    objects = OwedCounts.as_manager()

    class Meta:
        verbose_name = _("owed count")
        verbose_name_plural = _("owed counts")
        indexes = (
            models.Index(fields=("production", "owes_from"), name="owed_of_production"),
            models.Index(fields=("theater", "starts_at"), name="owed_of_theater"),
        )

    def __str__(self) -> str:
        return str(self.pk)
