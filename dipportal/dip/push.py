"""The work on one Operation row, for outbox.drain.drain(Operation, work)."""

import datetime as dt
from collections.abc import Callable

from django.utils.translation import gettext as _

from dipportal.dip import push_catalogue, push_contracts, push_counts
from dipportal.dip.client import Client
from dipportal.dip.models import Connection, Kind, Operation
from dipportal.dip.pushing import Stop, Work
from dipportal.outbox.drain import Claim, Outcome, again

HANDLERS: dict[Kind, Callable[[Work], Outcome]] = {
    **push_contracts.HANDLERS,
    **push_catalogue.HANDLERS,
    **push_counts.HANDLERS,
}
NO_CONNECTION_WAIT = dt.timedelta(hours=1)


def work(claim: Claim[Operation]) -> Outcome:
    """Bring the row's effect about, or find out that it came about. May be killed at any point and done again."""
    connection = Connection.objects.active().filter(organisation=claim.row.organisation_id).first()
    if connection is None:
        return again("no_connection", _no_connection(Kind(claim.row.kind)), after=NO_CONNECTION_WAIT)
    with Client(connection) as dip:
        try:
            return HANDLERS[Kind(claim.row.kind)](Work(claim, dip))
        except Stop as stop:
            return stop.outcome


def _no_connection(kind: Kind) -> str:
    if kind in push_counts.HANDLERS:
        return _("There is no ticketing credential. An administrator can enter the one that DIP gave you.")
    return _("There is no DIP connection. A manager can enter the credentials under 'Organisation'.")
