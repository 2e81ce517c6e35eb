"""Reads of the catalogue. Everything that belongs to someone starts at `visible_to(organisation)`."""

import re
from collections.abc import Collection
from functools import lru_cache
from typing import Any

from django.db import connections, router
from django.db.models import Count, Exists, OuterRef, Prefetch, Q, QuerySet, Subquery
from django.db.models.functions import Coalesce

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


def productions_of(organisation: Organisation | None) -> ProductionQuerySet:
    """What this organisation may see, with what a list row shows; `first_at` and `evenings` are of what takes place."""
    # Subqueries, so that of a long list only the rows of one page are counted.
    tour = Performance.objects.agreed().filter(production=OuterRef("pk"))
    first = tour.order_by("starts_at")
    many = tour.order_by().values("production").annotate(number=Count("pk")).values("number")
    return (
        Production.objects.visible_to(organisation)
        .select_related("genre", "producer")
        .annotate(first_at=Subquery(first.values("starts_at")[:1]), evenings=Coalesce(Subquery(many), 0))
    )


def visible_productions(organisation: Organisation | None) -> ProductionQuerySet:
    """What this organisation may see, with producer and genre, and nothing of the tour."""
    return Production.objects.visible_to(organisation).select_related("producer", "genre")


def titles_of(organisation: Organisation | None) -> ProductionQuerySet:
    """To choose from: title and season are all that is read."""
    return Production.objects.visible_to(organisation).only("title", "season").order_by("title", "-season")


def titles_in(rows: QuerySet[Any]) -> ProductionQuerySet:
    """The productions that these agreements or performances are about, by title; to choose from."""
    about = rows.order_by().filter(production=OuterRef("pk"))
    return Production.objects.filter(Exists(about)).only("title").order_by("title", "pk")


def playing_of(organisation: Organisation | None) -> ProductionQuerySet:
    """The productions that an agreement can be made for: not cancelled, with at least one evening."""
    evenings = Performance.objects.agreed().filter(production=OuterRef("pk"))
    return productions_of(organisation).filter(Exists(evenings), cancelled_at=None)


def visible_performances(organisation: Organisation | None) -> PerformanceQuerySet:
    """What this organisation may see, with nothing read along."""
    return Performance.objects.visible_to(organisation)


def performances_in(theaters: Collection[int] | TheaterQuerySet) -> PerformanceQuerySet:
    """What the receiver that runs these theaters may see: `visible_theaters`, or their numbers, read just before."""
    return Performance.objects.in_house(theaters)


def performances_of(organisation: Organisation | None) -> PerformanceQuerySet:
    return Performance.objects.visible_to(organisation).select_related(
        "production__producer", "production__genre", "theater", "hall"
    )


def producers_of(organisation: Organisation | None) -> ProducerQuerySet:
    return Producer.objects.visible_to(organisation)


def seasons_of(provider: Organisation) -> list[str]:
    """The seasons of a provider's productions, each once, the last one first."""
    sql, values = _seasons_of(provider)
    with connections[router.db_for_read(Production)].cursor() as cursor:
        cursor.execute(sql, values)
        return sorted((season for (season,) in cursor.fetchall()), reverse=True)


@lru_cache(maxsize=256)
def _seasons_of(provider: Organisation) -> tuple[str, tuple[Any, ...]]:
    """From one season of a producer to its next: ten looks into an index, where DISTINCT reads ten thousand rows."""
    own, values = Producer.objects.visible_to(provider).order_by().values("pk").query.sql_with_params()
    after = "SELECT MIN(season) FROM catalogue_production WHERE producer_id = {} AND season > {}"
    sql = f"""
        WITH RECURSIVE own (id) AS ({own}), found (id, season) AS (
            SELECT id, ({after.format("own.id", "''")}) FROM own
            UNION ALL
            SELECT id, ({after.format("found.id", "found.season")}) FROM found WHERE season IS NOT NULL
        )
        SELECT DISTINCT season FROM found WHERE season IS NOT NULL
    """  # noqa: S608 - nothing in it comes from outside
    return sql, values


def genres(kept: int | None = None) -> QuerySet[Genre]:
    """Genres to choose from; `kept` is one that may stay although DIP no longer has it."""
    return Genre.objects.filter(Q(missing_since=None) | Q(pk=kept))


def halls_in_use() -> QuerySet[Hall]:
    return Hall.objects.filter(missing_since=None).exclude(name__icontains=RETIRED)


def halls_played(organisation: Organisation | None) -> QuerySet[Hall]:
    """The halls of these theaters in which something plays or played, also retired ones."""
    here = Performance.objects.visible_to(organisation).filter(hall=OuterRef("pk"))
    return Hall.objects.filter(Exists(here), theater__in=Theater.objects.visible_to(organisation))


def halls_of(theater: Theater, kept: int | None = None) -> QuerySet[Hall]:
    """The halls to choose from; `kept` is one that may stay although it is retired."""
    return theater.halls.filter(Q(pk__in=halls_in_use().values("pk")) | Q(pk=kept))


def visible_theaters(organisation: Organisation | None) -> TheaterQuerySet:
    """Also retired ones; with nothing read along."""
    return Theater.objects.visible_to(organisation)


_NUMBERED = re.compile(r"\((\d{1,9})\)\s*$")


def theater_label(theater: Theater) -> str:
    """How a theater is written where one is typed; the number at the end makes it certain which one is meant."""
    return f"{theater.name}, {theater.city} ({theater.pk})" if theater.city else f"{theater.name} ({theater.pk})"


def theaters_meant(organisation: Organisation | None, text: str) -> list[Theater]:
    """The theaters in use that a typed text can mean: one when it is clear, at most six otherwise."""
    text = text.replace("\x00", "")  # which PostgreSQL refuses to look for
    if not text.strip():
        return []
    rows = Theater.objects.visible_to(organisation).in_use()
    numbered = _NUMBERED.search(text)
    number = numbered[1] if numbered else text.strip()
    if number.isascii() and number.isdecimal():
        return list(rows.filter(pk=int(number[:9])))
    called_so = list(rows.filter(name__iexact=text.strip())[:6])
    return called_so or list(rows.search(text)[:6])


def theaters(organisation: Organisation | None, *, text: str = "", retired: bool = False) -> TheaterQuerySet:
    """Theaters with the halls to show (`shown_halls`), found by name, city, hall or id. Retired ones on request."""
    rows = Theater.objects.visible_to(organisation)
    if not retired:
        rows = rows.in_use()
    if text.strip():
        rows = rows.search(text)
    halls = Hall.objects.all() if retired else halls_in_use()
    return rows.prefetch_related(Prefetch("halls", queryset=halls, to_attr="shown_halls"))


def theaters_in_use(organisation: Organisation | None) -> TheaterQuerySet:
    """For the suggestions beside a field: name, city and number is all that is read."""
    return Theater.objects.visible_to(organisation).in_use().only("name", "city").order_by("name", "id")


def members(organisation: Organisation | None) -> TheaterQuerySet:
    """The theaters that are members of DIP. Says nothing of who uses this portal."""
    return Theater.objects.visible_to(organisation).members().in_use()


def provinces(organisation: Organisation | None) -> list[str]:
    names = members(organisation).exclude(province="").order_by().values_list("province", flat=True)
    return sorted(names.distinct())
