"""The wire format of ticket counts: what DIP answers about sales, reservations and blocked seats, and is told of them.

Beside wire.py, and with the same rules. Sales come as one row per theater, whose `id` is the theater's; the production
is not in it. ASSUMED marks what is not known for certain; docs/dip-api.md lists each with its reason.
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext as _

from dipportal.dip import wire_peek
from dipportal.dip.members import as_record, maybe, need, number_of, text_of
from dipportal.dip.records import PlayedCount, Raw, Split, TheaterCounts
from dipportal.dip.values import Unreadable, listing, parse_moment, whole
from dipportal.ticketing.enums import TicketKind


def sales_path(production_id: str) -> str:
    return f"/productions/{quote(production_id, safe='')}/sales"


def reservations_path(production_id: str) -> str:
    return f"/productions/{quote(production_id, safe='')}/reservations"


def blocked_seats_path(production_id: str) -> str:
    return f"/productions/{quote(production_id, safe='')}/blockedseats"


def split_path(number: int) -> str:
    """Of a performance its sales by kind of ticket. ASSUMED: this entrance is the one that tells the kinds."""
    return f"/performances/{number}/sales"


# Where the running totals of one performance are put. The paths are documented, nothing of the bodies is.
TICKETS_TOTALS = "/tickets/cumulative"
RESERVATIONS_TOTALS = "/reservations/cumulative"
BLOCKED_SEATS_TOTALS = "/blockedseats/cumulative"

# Seen of sales. ASSUMED: of reservations and blocked seats DIP says it the same way.
_NONE = re.compile(r"^No [\w ]+ history\b", re.IGNORECASE)


def says_none(said: str) -> bool:
    """Is this refusal no failure, but the answer that there are none?"""
    return bool(_NONE.match(said.strip()))


def theater_in(raw: Any) -> str:
    """The theater that a row is about, as text; '' when it cannot be told."""
    return wire_peek.number_in(raw)


def numbers_in(raw: Any) -> set[int]:
    """The performances that a row is about, as far as they can be told without reading it."""
    rows = raw.get("performances") if isinstance(raw, dict) else None
    found = (one.get("number") for one in rows if isinstance(one, dict)) if isinstance(rows, list) else ()
    return {number for number in found if type(number) is int}


def parse_theater_counts(raw: Raw) -> TheaterCounts:
    """One row. Raises Unreadable, also when the sums are not those of its performances.

    ASSUMED: rows of reservations and blocked seats look like those of sales; what they would fetch may be left out. And
    a performance stands in the row of one theater, also when it moved to another.
    """
    row = TheaterCounts(
        theater_id=number_of(raw, "id"),
        performances=tuple(_played(as_record(one)) for one in need(raw, "performances", listing)),
        raw=raw,
    )
    numbers = [one.number for one in row.performances]
    if len(set(numbers)) != len(numbers):
        raise Unreadable(_("a performance stands in it twice"))
    _summed("tickets", number_of(raw, "tickets"), sum(one.tickets for one in row.performances))
    revenue = maybe(raw, "recette", whole)
    if revenue is not None:
        _summed("recette", revenue, sum(one.revenue_cents or 0 for one in row.performances))
    return row


def parse_sales(raw: Raw) -> TheaterCounts:
    """A row of sales, of which the money and the moment are told too. Raises Unreadable as `parse_theater_counts`."""
    row = parse_theater_counts(raw)
    for member, told in (("recette", "revenue_cents"), ("updated", "counted_at")):
        if any(getattr(one, told) is None for one in row.performances):
            raise Unreadable(_("%(member)s is missing") % {"member": member})
    return row


def _played(raw: Raw) -> PlayedCount:
    return PlayedCount(
        number=number_of(raw, "number"),
        tickets=_not_negative(raw, "tickets"),
        revenue_cents=maybe(raw, "recette", whole),
        counted_at=maybe(raw, "updated", parse_moment),
    )


def _not_negative(raw: Raw, member: str) -> int:
    number = number_of(raw, member)
    if number < 0:
        raise Unreadable(_("%(member)s is negative: %(number)d") % {"member": member, "number": number})
    return number


def _summed(member: str, told: int, summed: int) -> None:
    if told != summed:
        text = _("%(member)s is %(told)d, and %(summed)d in its performances together")
        raise Unreadable(text % {"member": member, "told": told, "summed": summed})


def parse_split(body: Any) -> Split:
    """Tickets and cents by kind. ASSUMED: the shape, and that a kind that is not in it has none. Raises Unreadable.

    ASSUMED: where a theater told the revenue of all kinds together only, no kind has a revenue of its own.
    """
    tickets: dict[TicketKind, int] = {}
    cents: dict[TicketKind, int | None] = {}
    for one in listing(body):
        raw = as_record(one)
        name = text_of(raw, "type")
        if name not in TicketKind.values:
            raise Unreadable(_("an unknown kind of ticket: %(kind)s") % {"kind": name})
        if TicketKind(name) in tickets:
            raise Unreadable(_("a kind of ticket stands in it twice: %(kind)s") % {"kind": name})
        tickets[TicketKind(name)] = _not_negative(raw, "tickets")
        cents[TicketKind(name)] = maybe(raw, "recette", whole)
    told = {kind: amount for kind, amount in cents.items() if amount is not None}
    if told and len(told) < len(tickets):
        raise Unreadable(_("%(member)s is missing") % {"member": "recette"})
    return Split(tickets, told if told or not tickets else None)


# --- what the portal tells -------------------------------------------------------------------------------------
def body_for_tickets(
    production_id: str,
    number: int,
    kinds: Mapping[TicketKind, int],
    cents: Mapping[str, int] | None,
    revenue_cents: int,
) -> dict[str, Any]:
    """The running totals of a performance: of each kind the tickets, and the revenue, of each or of all together.

    ASSUMED: `productionNumber` and `performanceNumber` name the performance, as they do in the body of an agreement;
    `counts` has the five kinds as `type` and `tickets`, as they are read, and `recette` in cents with each, where a
    ticketing system tells it (`cents`). ASSUMED: where a person entered one amount for all kinds, it stands beside them
    as the one `recette`, as it does where it is read: to share it out among the kinds would be to make it up.
    Complimentary tickets are a kind apart, not in 'other'. ASSUMED: the moment is that at which DIP takes it in, so
    none is sent; and the answer is JSON of any shape.
    """
    if cents is None:
        counts = [{"type": kind.value, "tickets": kinds[kind]} for kind in TicketKind]
        return {**_of_performance(production_id, number), "counts": counts, "recette": revenue_cents}
    with_cents = [{"type": kind.value, "tickets": kinds[kind], "recette": cents[kind]} for kind in TicketKind]
    return {**_of_performance(production_id, number), "counts": with_cents}


def body_for_places(production_id: str, number: int, places: int) -> dict[str, Any]:
    """How many places are reserved, or blocked. ASSUMED: as one number, `tickets`, as it is read; there are no kinds of
    them here, and no revenue. A total of 0 is sent as such: it takes back what was there before."""
    return {**_of_performance(production_id, number), "tickets": places}


def _of_performance(production_id: str, number: int) -> dict[str, Any]:
    return {"productionNumber": production_id, "performanceNumber": number}
