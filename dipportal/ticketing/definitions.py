"""DIP's definitions of a ticket count: what each number means, and where one ticket counts.

Theaters and providers read 'reservation' and 'blocked' differently, so these words stand beside each field.
Source of all of it: DIP's article for developers, 'ticket definitions'.
"""

from collections.abc import Mapping
from enum import Enum

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from dipportal.ticketing.enums import TicketKind


class Counted(Enum):
    """Where a ticket counts that was assigned to a visitor."""

    ACQUIRED = "acquired"
    RESERVED = "reserved"


KINDS: Mapping[TicketKind, str | Promise] = {
    TicketKind.NORMAL: _("Tickets at the regular price."),
    TicketKind.DISCOUNT: _("Tickets at another price for a reason: pass holders, last minute."),
    TicketKind.FREE: _("Tickets that were given away."),
    TicketKind.OTHER: _("Tickets that fit nowhere else."),
    TicketKind.COMPLIMENTARY: _("Used by a few theaters only; shown under 'other'."),
}
ACQUIRED = _("Tickets that visitors really have. Without resale, reservations and blocked seats.")
RESERVATIONS = _(
    "Seats that were assigned to a visitor, but not paid yet. A ticket that costs nothing is a reservation until it is"
    " printed."
)
BLOCKED = _("Seats that are kept back and cannot be sold now. They belong to nobody yet.")
REVENUE = _("What visitors paid for the tickets, with theater surcharge and VAT.")

# Given away: whether they were paid says nothing about these.
WITHOUT_PRICE = frozenset({TicketKind.FREE, TicketKind.COMPLIMENTARY})


def counted_as(kind: TicketKind, *, paid: bool, printed: bool, free: bool = False) -> Counted:
    """Where a ticket counts that was assigned to a visitor; `free`: it costs nothing, whatever its kind.

    Of what has a price, payment decides: unpaid is a reservation, also when it was printed. Of what costs nothing the
    print decides.
    """
    settled = printed if free or kind in WITHOUT_PRICE else paid
    return Counted.ACQUIRED if settled else Counted.RESERVED


def shown_under(kind: TicketKind) -> TicketKind:
    """The kind under which a number stands on a page; complimentary tickets are kept apart underneath."""
    return TicketKind.OTHER if kind is TicketKind.COMPLIMENTARY else kind
