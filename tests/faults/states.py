"""When two moments are the same moment for everything that may follow: a digest of all that the code can look at.

Left out is what no decision reads (texts, tokens of leases, who and when in the journal), and of times only what is
still ahead counts, or, for what was sent, how long ago within the time in which it may still arrive.
"""

import hashlib
import json
from collections.abc import Callable
from typing import Any

from django.conf import settings
from django.db import connections

from dipportal.dip import gate, pushing
from dipportal.notifications import delivery
from tests.faults.clock import Clock
from tests.faults.dip import Dip

# Tables that a worker reads or writes, each with the columns that decide nothing.
TABLES: dict[str, frozenset[str]] = {
    "dip_operation": frozenset({"created_at", "error_text", "claim_token", "attempts"}),
    "dip_connection": frozenset(
        {"created_at", "trouble", "token_encrypted", "token_lease", "secret_encrypted", "tested_at", "test_text"}
    ),
    "dip_remoterecord": frozenset({"id", "seen_at", "raw", "modified_at", "digest"}),
    "contracts_contract": frozenset({"created_at", "updated_at", "proposed_at", "modified_at"}),
    "catalogue_production": frozenset(),
    "catalogue_performance": frozenset(),
    "ticketing_ticketcount": frozenset({"counted_at", "changed_at"}),
    "notifications_email": frozenset(
        {"created_at", "done_at", "error_text", "claim_token", "text", "html", "headers", "attempts"}
    ),
}
MARKS = (
    ("dip_operation", "claim_token"), ("notifications_email", "claim_token"),
    ("dip_connection", "token_lease"), ("dip_connection", "token_encrypted"),
)  # fmt: skip
# Counters that decide at a limit only (and lengthen waits, which are longer than anything is late as it is): the limit,
# and how much one more fault adds at most.
LIMITS: dict[str, Callable[[], tuple[int, int]]] = {
    "open_claims": lambda: (settings.OUTBOX_MAX_CLAIMS, 2),
    "failures": lambda: (gate.FAILURES_ALLOWED, 1),
    "unclear_writes": lambda: (pushing.MOST_UNCLEAR, 1),
    "doubts": lambda: (delivery.MOST_DOUBTS, 1),
}
# Of these it also decides whether there are any: a mail that was begun before is taken up alone.
ANY = {("notifications_email", "open_claims")}
# What a row waits for decides who wakes it; all other codes are for people.
TELLING = frozenset({"depends", "no_number", "conflict", "refused", "missing"})


def digest(clock: Clock, dip: Dip, *, left: int) -> str:
    """`left`: how many faults may still come. Two moments with the same digest have the same future."""
    content = {
        "left": left,
        "tables": {table: _table(clock, table, without, left) for table, without in TABLES.items()},
        "dip": _dip(clock, dip),
        "post": dip.post.accepted,
        "ahead": [round(at - clock.at) for at, _order, _act in clock.ahead],
        "seen": sorted(set(dip.seen)),
    }
    return hashlib.sha256(json.dumps(content, default=str, sort_keys=True).encode()).hexdigest()


def marks() -> dict[tuple[str, str, Any], Any]:
    """What a worker that was held up compares with its own, as it stands now: who has the lease, and the token."""
    found = {}
    with connections["default"].cursor() as cursor:
        for table, column in MARKS:
            cursor.execute(f'SELECT id, "{column}" FROM "{table}" ORDER BY id')
            found.update({(table, column, pk): value for pk, value in cursor.fetchall()})
    return found


def against(before: dict[tuple[str, str, Any], Any]) -> str:
    """What became of these marks meanwhile: kept, gone, or another's."""
    now = marks()
    return repr(["kept" if now[key] == before.get(key) else bool(now[key]) for key in sorted(now)])


def _table(clock: Clock, table: str, without: frozenset[str], left: int) -> list[list[Any]]:
    with connections["default"].cursor() as cursor:
        cursor.execute(f'SELECT * FROM "{table}" ORDER BY id')
        names = [column[0] for column in cursor.description]
        rows = [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
    waiting = (
        [row["id"] for row in sorted(rows, key=lambda row: (row["due_at"], row["id"]))] if "due_at" in names else []
    )
    found = [[_value(clock, name, row[name], left) for name in names if name not in without] for row in rows]
    any_of = [[bool(row[name]) for name in names if (table, name) in ANY] for row in rows]
    return [*found, any_of, waiting]


def _value(clock: Clock, name: str, value: Any, left: int) -> Any:
    if value is None:
        return None
    if name in LIMITS:
        most, a_fault = LIMITS[name]()
        return value if value + a_fault * left >= most else 0
    if name == "error_code":
        return value if value in TELLING else ""
    if name in MOMENTS:
        return MOMENTS[name](_moment(value) - clock.at)
    return value


def _still_ahead(seconds: float) -> float:
    return round(max(0.0, seconds))


def _while_it_may_arrive(seconds: float) -> float:
    """Longer ago than the settle time nothing of it can arrive, or be unseen, any more."""
    return round(min(settings.DIP_SETTLE_SECONDS, -seconds))


MOMENTS: dict[str, Callable[[float], object]] = {
    **dict.fromkeys(("due_at", "claimed_until", "token_lease_until", "next_call_at", "open_until"), _still_ahead),
    **dict.fromkeys(("sent_at", "done_at"), _while_it_may_arrive),
    # The token lasts a week: of its end only matters whether it is near.
    "token_expires_at": lambda seconds: seconds > 86400,
}


def _moment(value: Any) -> float:
    import datetime as dt

    text = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return (text if text.tzinfo else text.replace(tzinfo=dt.UTC)).timestamp()


def _dip(clock: Clock, dip: Dip) -> list[Any]:
    store = dip.store
    records = []
    for row in store.rows(
        "SELECT kind, id, visible_at, body FROM record WHERE kind IN"
        " ('contract', 'production', 'performance', 'tickets', 'reservations', 'blockedseats')"
    ):
        body = json.loads(row["body"])
        for moment in ("modified", "updated"):
            body.pop(moment, None)
        records.append([row["kind"], row["id"], round(max(0.0, row["visible_at"] - clock.at)), body])
    ledger = [
        [row["method"], row["path"], row["body"], row["result"]]
        for row in store.rows("SELECT * FROM ledger ORDER BY seq")
    ]
    stale = [
        [key, round(until - clock.at), json.loads(text).get("status"), hashlib.sha256(text.encode()).hexdigest()]
        for key, (until, text) in sorted(store.stale.items())
        if until > clock.at
    ]
    return [records, ledger, stale]
