"""What all processes share about calling with one connection: the pace, the breaker and the token.

Everything is a short transaction or a conditional UPDATE on the connection's row; nobody sleeps in a transaction.
"""

import base64
import binascii
import datetime as dt
import json
import secrets
import time
from collections.abc import Callable
from contextlib import nullcontext
from functools import lru_cache
from typing import Any, NamedTuple

import structlog
from django.conf import settings
from django.db import connections, router, transaction
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.core.repeated import KEYS, Repeated
from dipportal.dip import crypto
from dipportal.dip.errors import LATER, SOON, NotDone
from dipportal.dip.models import Connection, Trouble
from dipportal.outbox.drain import ending

log = structlog.get_logger(__name__)
# Longer than this nobody sleeps in a worker: the row is put back with a due time instead.
LONGEST_WAIT = dt.timedelta(seconds=20)
# So often it is asked whether the worker is to end, in seconds.
LONGEST_NAP = 1.0
NOW = dt.timedelta(0)
FAILURES_ALLOWED = 5
SHORTEST_REST = dt.timedelta(seconds=30)
LONGEST_REST = dt.timedelta(minutes=15)
TOKEN_MARGIN = dt.timedelta(seconds=30)
# A connection that works, or that nobody has tried yet.
UNTROUBLED = {"failures": 0, "open_until": None, "trouble": "", "trouble_kind": "", "trouble_since": None}


class Sealed(NamedTuple):
    """The shared token as it is stored; '' when there is none."""

    encrypted: str
    expires_at: dt.datetime | None

    def opened(self, stale: str) -> str:
        """The token; '' when it cannot be used any more, or is the stale one."""
        if not self.encrypted:
            return ""
        if self.expires_at and self.expires_at <= timezone.now() + TOKEN_MARGIN:
            return ""
        try:
            found = crypto.decrypt(self.encrypted)
        except crypto.Undecryptable:
            return ""
        return "" if found == stale else found


class Turn(NamedTuple):
    """The slot `at`, and the token that was found beside it: of the moment when the slot was asked for."""

    at: dt.datetime
    token: Sealed


def wait_for_turn(connection: Connection) -> Turn:
    """Reserve the next slot of the connection's pace and sleep until it comes.

    Raises NotDone: 'resting' while the breaker is open, 'slow_down' when the slot is too far away to sleep for,
    'stopping' when the worker is to end.
    """
    turn, until = _reserve(connection.pk)
    wait = until.total_seconds()
    while True:
        if ending():
            raise NotDone("stopping", _("The portal is being restarted; this goes on right after."), after=NOW)
        if wait <= 0:
            return turn
        nap = min(wait, LONGEST_NAP)
        time.sleep(nap)
        wait -= nap


_TOKEN = ("token_encrypted", "token_expires_at")
_OF_TURN = ("open_until", "trouble", "next_call_at", *_TOKEN)


def _reserve(pk: int) -> tuple[Turn, dt.timedelta]:
    """The slot, and how long it is until then. Without a pace nothing is reserved, and nothing need be locked."""
    pace = dt.timedelta(seconds=settings.DIP_PACE_SECONDS)
    with transaction.atomic() if pace else nullcontext():
        row = Connection.objects.select_for_update().only(*_OF_TURN).get(pk=pk) if pace else _now(pk, _OF_TURN)
        now = timezone.now()
        if row.open_until and row.open_until > now:
            raise NotDone("resting", row.trouble or _("DIP does not answer at the moment."), after=row.open_until - now)
        slot = max(now, row.next_call_at or now)
        if slot - now > LONGEST_WAIT:
            raise NotDone("slow_down", _("DIP asked for fewer calls; this one waits."), after=slot - now)
        if pace:
            Connection.objects.filter(pk=pk).update(next_call_at=slot + pace)
    return Turn(slot, Sealed(row.token_encrypted, row.token_expires_at)), slot - now


@lru_cache(maxsize=8)
def _asked(names: tuple[str, ...]) -> Repeated:
    return Repeated(Connection.objects.filter(pk__in=KEYS[0]).order_by(), names)


def _now(pk: int, names: tuple[str, ...]) -> Connection:
    """The connection as it stands, with these columns; asked before every call, so the statement is kept."""
    found: list[Connection] = _asked(names).read([pk])
    if not found:
        raise Connection.DoesNotExist
    return found[0]


def hold_off(connection: Connection, wait: dt.timedelta) -> None:
    """DIP asked to wait: nobody calls with this connection before."""
    until = timezone.now() + wait
    Connection.objects.filter(Q(next_call_at__isnull=True) | Q(next_call_at__lt=until), pk=connection.pk).update(
        next_call_at=until
    )


# Asked after every call, and mostly changes nothing: as text, because writing it takes Django longer than asking it.
_UNTROUBLE = (
    f'UPDATE "dip_connection" SET {", ".join(f"{name} = %s" for name in UNTROUBLED)} '  # noqa: S608
    "WHERE id = %s AND (failures <> 0 OR open_until IS NOT NULL OR trouble <> '')"
)


def succeeded(connection: Connection) -> None:
    with connections[router.db_for_write(Connection)].cursor() as cursor:
        cursor.execute(_UNTROUBLE, [*UNTROUBLED.values(), connection.pk])


def failed(connection: Connection, text: str) -> None:
    """Count a failure; from the fifth in a row the connection rests, each time longer."""
    rows = Connection.objects.filter(pk=connection.pk)
    rows.update(failures=F("failures") + 1, **_trouble(Trouble.SILENT, text))
    row = rows.get()
    over = row.failures - FAILURES_ALLOWED
    if over >= 0:
        _rest(connection, min(LONGEST_REST, SHORTEST_REST * 2 ** min(over, 10)))


def refused(connection: Connection, text: str) -> None:
    """The log-in is refused: the same one would be refused again, so nobody tries for a while."""
    Connection.objects.filter(pk=connection.pk).update(**_trouble(Trouble.REFUSED, text))
    _rest(connection, LATER)


def _trouble(kind: Trouble, text: str) -> dict[str, Any]:
    """The values that say so; `trouble_since` stays when it is the same trouble as before."""
    same = When(trouble_kind=kind, trouble_since__isnull=False, then=F("trouble_since"))
    return {"trouble": text, "trouble_kind": kind, "trouble_since": Case(same, default=Value(timezone.now()))}


def _rest(connection: Connection, wait: dt.timedelta) -> None:
    Connection.objects.filter(pk=connection.pk).update(open_until=timezone.now() + wait)
    log.warning("DIP connection rests", connection=connection.pk, seconds=int(wait.total_seconds()))


# --- the token -----------------------------------------------------------------------------------------------
LogIn = Callable[[], tuple[str, int | None]]


def token(connection: Connection, log_in: LogIn, *, stale: str = "", ready: Callable[[], object] = lambda: None) -> str:
    """A token that is not `stale`: the shared one, or a new one fetched by exactly one process.

    `log_in` fetches one and may raise NotDone; `ready` does its waiting, before the lease on the log-in is taken.
    Raises NotDone('login_busy') when another process takes too long.
    """
    give_up = time.monotonic() + LONGEST_WAIT.total_seconds()
    while True:
        found = _shared_token(connection.pk, stale)
        if found:
            return found
        ready()
        mark = secrets.token_urlsafe(32)
        if _lease(connection.pk, mark):
            # Somebody else may have finished between the look and the lease.
            found = _shared_token(connection.pk, stale)
            return _release(connection.pk, mark, found) if found else _fetch(connection.pk, mark, log_in)
        if time.monotonic() > give_up:
            raise NotDone("login_busy", _("Another process is logging in at DIP."), after=SOON)
        time.sleep(0.05)


def _shared_token(pk: int, stale: str) -> str:
    row = _now(pk, _TOKEN)
    return Sealed(row.token_encrypted, row.token_expires_at).opened(stale)


def _lease(pk: int, mark: str) -> bool:
    """Longer than a log-in takes at worst; a process that dies in one holds up the others no longer than this."""
    now = timezone.now()
    longest = dt.timedelta(seconds=longest_write() + 5)
    free = Connection.objects.filter(Q(token_lease_until__isnull=True) | Q(token_lease_until__lte=now), pk=pk)
    return free.update(token_lease=mark, token_lease_until=now + longest) == 1


def longest_write() -> float:
    """Seconds that a call that is no list takes at worst: the connection, and an answer that drips in to the end."""
    return float(settings.DIP_CONNECT_TIMEOUT + 2 * settings.DIP_READ_TIMEOUT)


def _release(pk: int, mark: str, found: str) -> str:
    Connection.objects.filter(pk=pk, token_lease=mark).update(token_lease="", token_lease_until=None)
    return found


def _fetch(pk: int, mark: str, log_in: LogIn) -> str:
    try:
        found, seconds = log_in()
    except BaseException:
        _release(pk, mark, "")
        raise
    Connection.objects.filter(pk=pk, token_lease=mark).update(
        token_encrypted=crypto.encrypt(found),
        token_expires_at=_expiry(found, seconds),
        token_lease="",
        token_lease_until=None,
    )
    return found


def _expiry(found: str, seconds: int | None) -> dt.datetime | None:
    """By `expires_in`, else by the token's own `exp`, else unknown: then it serves until DIP answers 401."""
    if seconds is not None:
        return timezone.now() + dt.timedelta(seconds=max(0, min(seconds, 7 * 24 * 3600)))
    parts = found.split(".")
    if len(parts) != 3:
        return None
    try:
        claims = json.loads(base64.urlsafe_b64decode(parts[1] + "=" * (-len(parts[1]) % 4)))
        return dt.datetime.fromtimestamp(float(claims["exp"]), tz=dt.UTC)
    except (ValueError, KeyError, TypeError, binascii.Error, OverflowError, OSError):
        return None


def credentials_of(connection: Connection) -> tuple[str, str]:
    """The client id and its secret as they are now, from one look: never an old id with a new secret.

    Raises NotDone when no key opens the secret.
    """
    now = Connection.objects.get(pk=connection.pk)
    try:
        return now.client_id, crypto.decrypt(now.secret_encrypted)
    except crypto.Undecryptable:
        text = _("The stored DIP secret cannot be read any more. Enter the credentials again.")
        refused(connection, text)
        raise NotDone("credentials", text, after=LATER) from None
