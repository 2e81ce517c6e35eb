"""Pure predicates of the catalogue. One rule serves the button, the form and the action."""

import datetime as dt
import re
from typing import Any

from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.catalogue.enums import PerformanceKind
from dipportal.catalogue.models import RANKS, RETIRED, Hall, Producer, Production, Theater
from dipportal.organisations.actors import Actor

MOST_SEATS = 100_000
# A season begins in August: theaters close in July.
FIRST_MONTH = 8
_SEASON = re.compile(r"^(\d{4})-(\d{4})$")
# Also before DIP gave an id: its creation may be under way, and is looked up with the producer it was sent for.
WHY_PRODUCER_STAYS = gettext_lazy(
    "A production stays with its producer. Cancel this one, and enter it anew for the other producer."
)
WHY_PRODUCER_STAYS_IN_DIP = gettext_lazy(
    "DIP knows this production, and does not let its producer be changed from outside. "
    "Change it in DIP itself; the change then comes here by itself."
)


def acts_for_producer(actor: Actor, producer: Producer) -> bool:
    """An editor of a provider that acts for this producer. The pull and the clock may always."""
    if not actor.is_person:
        return True
    organisation = actor.organisation
    return (
        organisation is not None
        and organisation.is_provider
        and actor.acts_for(organisation)
        and Producer.objects.visible_to(organisation).filter(pk=producer.pk).exists()
    )


def season_of(day: dt.date) -> str:
    """The season in which a day falls: '2026-2027'."""
    start = day.year if day.month >= FIRST_MONTH else day.year - 1
    return f"{start}-{start + 1}"


def season_begins(day: dt.date) -> dt.datetime:
    """The first moment, by the clock of Amsterdam, of the season in which a day falls."""
    year = int(season_of(day)[:4])
    return dt.datetime(year, FIRST_MONTH, 1, tzinfo=timezone.get_default_timezone())


def seasons_to_choose(today: dt.date | None = None) -> list[str]:
    """The running season and the two after it."""
    start = int(season_of(today or timezone.localdate())[:4])
    return [f"{year}-{year + 1}" for year in range(start, start + 3)]


def fault_in_season(season: str, *, revival: bool, kept: str = "") -> str | Promise | None:
    """`kept` is the season the production already has: it may stay. Only a revival can be of an earlier season."""
    match = _SEASON.match(season)
    if match is None or int(match[2]) != int(match[1]) + 1:
        return gettext_lazy("A season is written like 2026-2027: two years that follow each other.")
    if season == kept or season in seasons_to_choose():
        return None
    if int(match[1]) > timezone.localdate().year + 3:
        return gettext_lazy("This season lies too far ahead.")
    if season < season_of(timezone.localdate()) and not revival:
        return gettext_lazy("Only a revival can be entered in an earlier season. Fill in what it is a revival of.")
    return None


def faults_in_production(values: dict[str, Any], existing: Production | None = None) -> dict[str, str | Promise]:
    """What is wrong with a production: field name → sentence."""
    faults: dict[str, str | Promise] = {}
    title = values["title"].strip()
    if not title:
        faults["title"] = gettext_lazy("Fill in the title.")
    elif len(title) > 300:
        faults["title"] = gettext_lazy("A title has at most 300 characters.")
    revival_of = values.get("revival_of")
    kept = existing.season if existing else ""
    fault = fault_in_season(values["season"], revival=revival_of is not None, kept=kept)
    if fault:
        faults["season"] = fault
    if existing is not None and revival_of is not None and revival_of.pk == existing.pk:
        faults["revival_of"] = gettext_lazy("A production is not a revival of itself.")
    if existing is not None and values["producer"].pk != existing.producer_id:
        faults["producer"] = WHY_PRODUCER_STAYS_IN_DIP if existing.dip_id else WHY_PRODUCER_STAYS
    if values["producer"] in values.get("co_producers", ()):
        faults["co_producers"] = gettext_lazy("The producer itself is not a co-producer.")
    return faults


def faults_in_performance(values: dict[str, Any]) -> dict[str, str | Promise]:
    """What is wrong with one performance, by itself: field name → sentence."""
    faults: dict[str, str | Promise] = {}
    theater: Theater = values["theater"]
    if theater.missing_since is not None or RETIRED in theater.name.upper():
        faults["theater"] = gettext_lazy("This theater is no longer in use. Choose another one.")
    fault = fault_in_hall(theater, values.get("hall"))
    if fault:
        faults["hall"] = fault
    if values["kind"] not in PerformanceKind.values:
        faults["kind"] = gettext_lazy("Choose a type.")
    fault = fault_in_capacity(values.get("capacity") or [])
    if fault:
        faults["capacity"] = fault
    return faults


def fault_in_hall(theater: Theater, hall: Hall | None) -> str | Promise | None:
    if hall is None:
        return None
    if hall.theater_id != theater.pk:
        return gettext_lazy("This hall belongs to another theater.")
    if hall.retired:
        return gettext_lazy("This hall is no longer in use. Choose another one.")
    return None


def fault_in_capacity(capacity: list[int]) -> str | Promise | None:
    if len(capacity) > RANKS:
        return gettext_lazy("A hall has at most 10 ranks.")
    if any(not 0 <= seats <= MOST_SEATS for seats in capacity):
        return gettext_lazy("A rank has between 0 and 100,000 seats.")
    return None


def warnings_in_performance(production: Production, starts_at: dt.datetime) -> list[str]:
    """What is allowed but probably not meant."""
    day = timezone.localtime(starts_at).date()
    when = f"{timezone.localtime(starts_at):%d-%m-%Y %H:%M}"
    found = []
    if starts_at < timezone.now():
        found.append(_("%(when)s lies in the past.") % {"when": when})
    if production.season and season_of(day) != production.season:
        text = _("%(when)s does not fall in the season %(season)s of this production.")
        found.append(text % {"when": when, "season": production.season})
    return found
