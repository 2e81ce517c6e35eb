"""Reads of the catalogue. Everything that belongs to someone starts at `visible_to(organisation)`."""

from django.db.models import Count, Min, Prefetch, Q, QuerySet

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import (
    RETIRED,
    Genre,
    Hall,
    Performance,
    PerformanceQuerySet,
    Producer,
    ProducerQuerySet,
    Production,
    ProductionQuerySet,
    Theater,
    TheaterQuerySet,
)
from dipportal.organisations.models import Organisation

AGREED = Q(performances__status=PerformanceStatus.AGREED)


def productions_of(organisation: Organisation | None) -> ProductionQuerySet:
    """What this organisation may see, with what a list row shows; `first_at` and `evenings` skip cancelled ones."""
    return (
        Production.objects.visible_to(organisation)
        .select_related("genre", "producer")
        .annotate(first_at=Min("performances__starts_at", filter=AGREED), evenings=Count("performances", filter=AGREED))
    )


def performances_of(organisation: Organisation | None) -> PerformanceQuerySet:
    return Performance.objects.visible_to(organisation).select_related(
        "production__producer", "production__genre", "theater", "hall"
    )


def producers_of(organisation: Organisation | None) -> ProducerQuerySet:
    return Producer.objects.visible_to(organisation)


def seasons_of(organisation: Organisation | None) -> list[str]:
    """The seasons of its productions, newest first."""
    rows = Production.objects.visible_to(organisation).exclude(season="")
    return sorted(set(rows.order_by().values_list("season", flat=True)), reverse=True)


def genres() -> QuerySet[Genre]:
    return Genre.objects.filter(missing_since=None)


def co_producers() -> QuerySet[Producer]:
    """All producers: the list is reference data, open to every provider."""
    return Producer.objects.filter(missing_since=None)


def halls_in_use(theater: Theater | None = None) -> QuerySet[Hall]:
    """Halls that can be chosen: not retired, in a theater that is in use."""
    halls = Hall.objects.filter(missing_since=None).exclude(name__icontains=RETIRED)
    return halls.filter(theater=theater) if theater is not None else halls


def theaters(organisation: Organisation | None, *, text: str = "", retired: bool = False) -> TheaterQuerySet:
    """Theaters with the halls to show (`shown_halls`), found by name, city, hall or id. Retired ones on request."""
    rows = Theater.objects.visible_to(organisation)
    if not retired:
        rows = rows.in_use()
    if text.strip():
        rows = rows.search(text)
    halls = Hall.objects.all() if retired else halls_in_use()
    return rows.prefetch_related(Prefetch("halls", queryset=halls, to_attr="shown_halls"))


def members(organisation: Organisation | None) -> TheaterQuerySet:
    """The theaters that are members of DIP. Says nothing of who uses this portal."""
    return Theater.objects.visible_to(organisation).members().in_use()


def provinces(organisation: Organisation | None) -> list[str]:
    names = members(organisation).exclude(province="").order_by().values_list("province", flat=True)
    return sorted(set(names))
