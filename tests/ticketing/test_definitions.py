"""Where each ticket counts: every kind with every combination of paid, printed and free of charge."""

import itertools

import pytest

from dipportal.ticketing import definitions
from dipportal.ticketing.definitions import Counted, counted_as, shown_under
from dipportal.ticketing.enums import TicketKind
from dipportal.ticketing.models import TicketCount

PRICED = (TicketKind.NORMAL, TicketKind.DISCOUNT, TicketKind.OTHER)
GIVEN = (TicketKind.FREE, TicketKind.COMPLIMENTARY)
YES_NO = (True, False)
# Kind, paid, printed, free of charge → where it counts. Written out, so that a change of the rule has to be meant.
TABLE = {
    **{(kind, True, printed, False): Counted.ACQUIRED for kind in PRICED for printed in YES_NO},
    **{(kind, False, printed, False): Counted.RESERVED for kind in PRICED for printed in YES_NO},
    **{(kind, paid, True, True): Counted.ACQUIRED for kind in PRICED for paid in YES_NO},
    **{(kind, paid, False, True): Counted.RESERVED for kind in PRICED for paid in YES_NO},
    **{(kind, paid, True, free): Counted.ACQUIRED for kind in GIVEN for paid in YES_NO for free in YES_NO},
    **{(kind, paid, False, free): Counted.RESERVED for kind in GIVEN for paid in YES_NO for free in YES_NO},
}


def test_the_table_knows_every_combination() -> None:
    assert set(TABLE) == set(itertools.product(TicketKind, YES_NO, YES_NO, YES_NO))
    assert len(TABLE) == 40


@pytest.mark.parametrize(("kind", "paid", "printed", "free"), TABLE)
def test_where_a_ticket_counts(kind: TicketKind, paid: bool, printed: bool, free: bool) -> None:
    assert counted_as(kind, paid=paid, printed=printed, free=free) is TABLE[kind, paid, printed, free]


def test_complimentary_tickets_stand_under_other_and_are_kept_apart_underneath() -> None:
    assert {kind: shown_under(kind) for kind in TicketKind} == {
        TicketKind.NORMAL: TicketKind.NORMAL,
        TicketKind.DISCOUNT: TicketKind.DISCOUNT,
        TicketKind.FREE: TicketKind.FREE,
        TicketKind.OTHER: TicketKind.OTHER,
        TicketKind.COMPLIMENTARY: TicketKind.OTHER,
    }
    count = TicketCount(tickets=21, normal=10, discount=5, free=3, other=1, complimentary=2)
    assert count.shown_kinds == {
        TicketKind.NORMAL: 10, TicketKind.DISCOUNT: 5, TicketKind.FREE: 3, TicketKind.OTHER: 3
    }  # fmt: skip
    assert count.kinds is not None
    assert count.kinds[TicketKind.COMPLIMENTARY] == 2


def test_of_a_total_alone_there_are_no_kinds_to_show() -> None:
    count = TicketCount(tickets=21, revenue_cents=50000)
    assert (count.kinds, count.shown_kinds) == (None, None)


def test_every_kind_has_its_definition() -> None:
    assert set(definitions.KINDS) == set(TicketKind)
    assert all(str(text).strip() for text in definitions.KINDS.values())
