"""How performances and tours sell, as a sheet: what the pages show of each, and what every number means.

Pure. In the language that is in force.
"""

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Generic, TypeVar

from django.http import QueryDict
from django.utils import timezone
from django.utils.text import slugify
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Production
from dipportal.core import tables
from dipportal.core.dates import moment
from dipportal.core.errors import PortalError
from dipportal.core.spreadsheets import CSV, XLSX, Notes
from dipportal.core.tables import Column, Form, Table, Value
from dipportal.ticketing import definitions
from dipportal.ticketing.in_house import Sums
from dipportal.ticketing.monitor import SHOWN, Sold, share
from dipportal.ticketing.seasons import Moving

KINDS = (XLSX, CSV)
# What there is of a season, as its addresses call it.
PRODUCTIONS, PERFORMANCES = "producties", "voorstellingen"
Row = TypeVar("Row")


class TooMany(PortalError):
    """More rows than a sheet holds; the sentence says what to do."""

    code = "too_many_rows"


@dataclass(frozen=True)
class _Part(Generic[Row]):
    """One column and where its values come from."""

    column: Column
    value: Callable[[Row], Value]


def made(kind: str, what: str, sold: Sequence[Sold], now: dt.datetime) -> bytes:
    """The sheet of these performances, in their order. `kind`: XLSX or CSV; `what` they are, for the head.

    Raises TooMany beyond tables.MOST_ROWS.
    """
    return _made(kind, what, _parts(now), sold, now)


def production_made(kind: str, production: Production, sold: Sequence[Sold], now: dt.datetime) -> tuple[bytes, str]:
    """The sheet of these performances of one production, and the name of its file."""
    what = " · ".join(part for part in (production.title, production.season) if part)
    name = f"{slugify(production.title)[:60] or production.pk}-{timezone.localdate(now):%Y-%m-%d}.{kind}"
    return made(kind, what, sold, now), name


def offered(address: Callable[[str, str], str], chosen: QueryDict) -> list[tuple[str, list[tuple[str, str]]]]:
    """The files of a season: of its productions and of their performances, each with its kinds and their addresses.

    `address`: of what and of which kind; `chosen`: all of the page's filter and order.
    """
    asked = chosen.copy()
    asked.pop("page", None)
    query = f"?{asked.urlencode()}" if asked else ""
    labels = {PRODUCTIONS: _("Productions"), PERFORMANCES: _("Performances")}
    return [(label, [(kind, address(what, kind) + query) for kind in KINDS]) for what, label in labels.items()]


def tours_made(kind: str, what: str, tours: Sequence[Sums], moving: Mapping[int, Moving], now: dt.datetime) -> bytes:
    """The same of productions: whole tours, or what of them plays in one house. `moving`: what moves with the hour."""
    return _made(kind, what, _of_tours(moving), tours, now)


def _made(kind: str, what: str, parts: Sequence["_Part[Row]"], rows: Sequence[Row], now: dt.datetime) -> bytes:
    if len(rows) > tables.MOST_ROWS:
        raise TooMany(_("A sheet has at most 5,000 rows. Choose a season, a producer or a title."))
    table = Table(
        name=_("Ticket counts"),
        head=_("%(what)s: ticket counts as they stood on %(moment)s") % {"what": what, "moment": moment(now)},
        columns=[part.column for part in parts],
        rows=[[part.value(row) for part in parts] for row in rows],
    )
    return tables.csv_file(table) if kind == CSV else tables.xlsx(table, notes())


def notes() -> Notes:
    """What each number means, in DIP's words."""
    kinds = [(str(kind.label), str(definitions.KINDS[kind])) for kind in SHOWN]
    return Notes(
        title=_("What is counted"),
        lines=[
            (_("Sold"), str(definitions.ACQUIRED)),
            *kinds,
            (_("Reservations"), str(definitions.RESERVATIONS)),
            (_("Blocked seats"), str(definitions.BLOCKED)),
            (_("Revenue (€)"), str(definitions.REVENUE)),
            (_("In a week"), _("Tickets more than seven days before. Empty where that number is not known.")),
        ],
    )


def _parts(now: dt.datetime) -> list[_Part[Sold]]:
    return [*_of_the_evening(), *_of_the_count(), *_of_its_source(now)]


def _of_the_evening() -> list[_Part[Sold]]:
    return [
        _Part(Column(_("Date"), 12, Form.DAY), lambda one: _local(one.performance.starts_at).date()),
        _Part(Column(_("Time"), 8, Form.CLOCK), lambda one: _local(one.performance.starts_at).time()),
        _Part(Column(_("Production"), 32), lambda one: one.performance.production.title),
        _Part(Column(_("Theater"), 30), lambda one: one.performance.theater.name),
        _Part(Column(_("City"), 18), lambda one: one.performance.theater.city),
        _Part(Column(_("Hall"), 20), lambda one: one.performance.hall.name if one.performance.hall else None),
        _Part(Column(_("DIP-id"), 26), lambda one: one.performance.dip_id),
        _Part(Column(_("Status"), 14), _status),
    ]


def _of_the_count() -> list[_Part[Sold]]:
    kinds = [
        _Part(Column(str(kind.label), 11, Form.WHOLE), lambda one, place=place: one.by_kind[place][1])  # type: ignore[misc]
        for place, kind in enumerate(SHOWN)
    ]
    return [
        _Part(Column(_("Seats"), 9, Form.WHOLE), lambda one: one.seats or None),
        _Part(Column(_("Sold"), 9, Form.WHOLE), lambda one: one.tickets),
        *kinds,
        _Part(Column(_("Reservations"), 13, Form.WHOLE), lambda one: _count(one, "reservations")),
        _Part(Column(_("Blocked seats"), 13, Form.WHOLE), lambda one: _count(one, "blocked_seats")),
        _Part(Column(_("Occupancy (%)"), 11, Form.TENTHS), lambda one: one.occupancy),
        _Part(Column(_("In a week"), 10, Form.SIGNED), lambda one: one.change),
        _Part(Column(_("In a week (%)"), 10, Form.SIGNED_TENTHS), lambda one: one.change_share),
        _Part(Column(_("Revenue (€)"), 14, Form.CENTS), lambda one: one.told.revenue_cents if one.told else None),
    ]


def _of_its_source(now: dt.datetime) -> list[_Part[Sold]]:
    return [
        _Part(Column(_("Counted"), 17, Form.MOMENT), _counted_at),
        _Part(Column(_("Source"), 24), lambda one: str(one.told.get_source_display()) if one.told else None),
        _Part(Column(_("Owes a count"), 18), lambda one: _silence(one, now)),
    ]


def _status(one: Sold) -> str:
    if one.performance.missing_since is not None:
        return _("gone from DIP")
    return str(one.performance.get_status_display())


def _count(one: Sold, name: str) -> Any:
    return getattr(one.count, name) if one.count is not None else None


def _counted_at(one: Sold) -> dt.datetime | None:
    return _local(one.told.counted_at) if one.told is not None and one.told.counted_at is not None else None


def _silence(one: Sold, now: dt.datetime) -> str | None:
    silence = one.silence(now)
    if silence is None:
        return None
    return _("silent since") if silence.since is not None else _("no count yet")


def _local(value: dt.datetime) -> dt.datetime:
    """By the clock of Amsterdam, without its zone and its seconds: a spreadsheet knows neither."""
    return timezone.localtime(value).replace(tzinfo=None, second=0, microsecond=0)


# --- tours --------------------------------------------------------------------------------------------------------
def _of_tours(moving: Mapping[int, Moving]) -> list[_Part[Sums]]:
    kinds: list[_Part[Sums]] = [
        _Part(Column(str(kind.label), 11, Form.WHOLE), lambda row, name=str(kind): getattr(row, name))  # type: ignore[misc]
        for kind in SHOWN
    ]
    return [
        _Part(Column(_("Production"), 36), lambda row: row.production.title),
        _Part(Column(_("Producer"), 28), lambda row: row.production.producer.name),
        _Part(Column(_("Season"), 11), lambda row: row.production.season),
        _Part(Column(_("DIP-id"), 24), lambda row: row.production.dip_id),
        _Part(Column(_("Performances"), 13, Form.WHOLE), lambda row: row.performances),
        _Part(Column(_("Played"), 9, Form.WHOLE), lambda row: moving[row.pk].played),
        _Part(Column(_("Performances counted"), 13, Form.WHOLE), lambda row: row.counted),
        _Part(Column(_("Counts owed"), 11, Form.WHOLE), lambda row: moving[row.pk].silent),
        _Part(Column(_("Seats"), 9, Form.WHOLE), lambda row: row.seats or None),
        _Part(Column(_("Sold"), 9, Form.WHOLE), lambda row: row.tickets),
        *kinds,
        _Part(Column(_("Reservations"), 13, Form.WHOLE), lambda row: row.reservations),
        _Part(Column(_("Occupancy (%)"), 11, Form.TENTHS), lambda row: row.occupancy),
        _Part(Column(_("In a week"), 10, Form.SIGNED), lambda row: row.change),
        _Part(Column(_("In a week (%)"), 10, Form.SIGNED_TENTHS), _tour_share),
        _Part(Column(_("Revenue (€)"), 14, Form.CENTS), lambda row: row.revenue_cents),
        _Part(Column(_("Counted"), 17, Form.MOMENT), lambda row: _local(row.counted_at) if row.counted_at else None),
    ]


def _tour_share(row: Sums) -> Decimal | None:
    return share(row.change, row.week_before) if row.change is not None and row.week_before else None
