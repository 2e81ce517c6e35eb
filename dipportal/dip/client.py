"""Calls to DIP: the operator's address only, both time-outs, no redirects, and one table of what an answer means.

Reliability rules 5, 6 and 12. Secrets and tokens appear in no log line, repr or exception.
"""

import datetime as dt
import email.utils
import json
import re
import ssl
import time
from collections.abc import Callable, Container, Iterable
from dataclasses import dataclass, field
from enum import Enum
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import orjson
import requests
import structlog
import urllib3
from django.conf import settings
from django.db import connections
from django.utils import timezone
from django.utils.translation import gettext as _
from requests.adapters import HTTPAdapter
from requests.auth import AuthBase

from dipportal.core import collecting
from dipportal.dip import gate, slices, wire
from dipportal.dip.errors import LATER, SOON, InsideTransaction, NotDone, Unclear
from dipportal.dip.masking import masked
from dipportal.dip.models import Connection
from dipportal.dip.values import Unreadable

log = structlog.get_logger(__name__)

# So long after its moment is a slot still ours.
SLOT_LASTS = dt.timedelta(seconds=10)


class Verdict(Enum):
    DONE = "done"
    NOT_DONE = "not done"  # try again later
    REFUSED = "refused"  # not done, and the same call would be refused again
    NEW_TOKEN = "new token"  # noqa: S105
    SLOW_DOWN = "slow down"
    UNCLEAR = "unclear"


class Event(Enum):
    """What can be seen without an answer, before anything was sent."""

    DNS = "dns"
    REFUSED = "refused"
    TLS = "tls"
    NO_CONNECTION = "no-connection"

    @property
    def words(self) -> str:
        return {
            Event.DNS: _("the address cannot be found"),
            Event.REFUSED: _("the connection was refused"),
            Event.TLS: _("no secure connection"),
            Event.NO_CONNECTION: _("no connection in time"),
        }[self]


Seen = int | Event | None


@dataclass(frozen=True)
class Line:
    """One line of the table. `readable`: only with a body that can be read as DIP's."""

    seen: Container[Seen]
    verdict: Verdict
    readable: bool = False


# The one table of rule 6. What is not listed is unclear. ASSUMED: of the refusals only 400 was seen; that the others
# mean what they mean elsewhere, and that whoever gets one may be sure that nothing was done.
TABLE: tuple[Line, ...] = (
    Line({Event.DNS, Event.REFUSED, Event.TLS, Event.NO_CONNECTION}, Verdict.NOT_DONE),
    Line(range(200, 300), Verdict.DONE, readable=True),
    Line({400, 403, 404, 405, 415, 422}, Verdict.REFUSED, readable=True),
    Line({401}, Verdict.NEW_TOKEN),
    Line({429}, Verdict.SLOW_DOWN),
)


def classify(seen: Seen, *, readable: bool) -> Verdict:
    for line in TABLE:
        if seen in line.seen and (readable or not line.readable):
            return line.verdict
    return Verdict.UNCLEAR


@dataclass(frozen=True)
class Exchange:
    """What came of one call. `body` is the JSON, `fault` says in words why there is none."""

    seen: Seen
    body: Any = field(default=None, repr=False)
    fault: str = ""
    retry_after: dt.timedelta | None = None

    @property
    def readable(self) -> bool:
        if self.fault:
            return False
        success = isinstance(self.seen, int) and 200 <= self.seen < 300
        return success or wire.error_in(self.body) is not None

    @property
    def verdict(self) -> Verdict:
        return classify(self.seen, readable=self.readable)


class Bearer(AuthBase):
    """Sets the token itself, so that a .netrc on the machine never does. Empty for the log-in."""

    def __init__(self, token: str = "") -> None:
        self._token = token

    def __call__(self, request: requests.PreparedRequest) -> requests.PreparedRequest:
        if self._token:
            request.headers["Authorization"] = f"Bearer {self._token}"
        return request

    def __repr__(self) -> str:
        return "Bearer(…)"


class _TlsFailed(urllib3.exceptions.NewConnectionError):
    """The handshake failed: nothing was sent. (A TLS failure after it is a reset like any other.)"""


class _Connection(urllib3.connection.HTTPSConnection):
    def connect(self) -> None:
        try:
            super().connect()
        except (ssl.SSLError, ssl.CertificateError, urllib3.exceptions.SSLError) as error:
            raise _TlsFailed(self, type(error).__name__) from error


class _Pool(urllib3.HTTPSConnectionPool):
    ConnectionCls = _Connection


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": urllib3.HTTPConnectionPool, "https": _Pool}


_EVENTS: tuple[tuple[type[Exception], Event], ...] = (
    (_TlsFailed, Event.TLS),
    (urllib3.exceptions.NameResolutionError, Event.DNS),
    (urllib3.exceptions.NewConnectionError, Event.REFUSED),
    (urllib3.exceptions.ConnectTimeoutError, Event.NO_CONNECTION),
)


def event_of(error: requests.RequestException) -> Event | None:
    """The event before sending, or None: then it may have been sent."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return next((event for kind, event in _EVENTS if isinstance(reason, kind)), None)


def refuse_inside_transaction() -> None:
    """Raises InsideTransaction (rule 5)."""
    if any(connection.in_atomic_block for connection in connections.all(initialized_only=True)):
        raise InsideTransaction("a call to DIP inside a transaction")


class Client:
    """A sequence of calls with one connection. Use it as a context manager."""

    def __init__(self, connection: Connection) -> None:
        self.connection = connection
        self._base = settings.DIP_URL
        self._session = requests.Session()
        self._session.mount("https://", _Adapter())
        self._session.headers.update({"Accept": "application/json", "User-Agent": "dipportal"})
        # A proxy of the operator's is for the world outside, not for a sandbox on this machine.
        self._session.trust_env = urlsplit(self._base).hostname not in {"127.0.0.1", "localhost", "::1"}
        # The moment of the slot that is ours and not used yet.
        self._slot: dt.datetime | None = None
        # What was sent in confidence; whoever repeats it in an answer is not repeated here.
        self._confided: set[str] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._session.close()

    def __repr__(self) -> str:
        return f"Client(connection {self.connection.pk})"

    def read(self, path: str, params: dict[str, str] | None = None, *, apart: bool = False) -> Any:
        """GET: the JSON; `apart`: of a list the records unread, see slices. Raises NotDone or Unclear."""
        return self._call("GET", path, params=params, apart=apart)

    def write(
        self,
        method: str,
        path: str,
        body: dict[str, Any],
        *,
        before_again: Callable[[], None],
        leaving: Callable[[], None] = lambda: None,
    ) -> Any:
        """POST or PUT: the JSON of a 2xx answer. Raises NotDone (certainly nothing happened) or Unclear.

        After a 401 the call leaves a second time, and a new log-in may take as long as a lease lasts: `before_again`
        runs just before that, and what it raises keeps the call from leaving. `leaving` is the last thing before each
        call, and what it raises keeps that one from leaving.
        """
        return self._call(method, path, body=body, before_again=before_again, leaving=leaving)

    def ready(self) -> None:
        """Log in and wait for a turn now, so that nothing but the call itself follows. Raises NotDone."""
        refuse_inside_transaction()
        self._token()
        self._wait_for_turn()

    def turn(self, *, stale: str = "") -> str:
        """A token that is not `stale`, and leave to `send` one call now. Raises NotDone."""
        refuse_inside_transaction()
        beside = self._wait_for_turn()
        token = (beside.opened(stale) if beside else "") or self._token(stale=stale)
        self._confided.add(token)
        # Logging in took the slot.
        self._wait_for_turn()
        self._slot = None
        return token

    def log_in_anew(self) -> None:
        """A new token, whatever there was. Raises NotDone."""
        refuse_inside_transaction()
        Connection.objects.filter(pk=self.connection.pk).update(token_encrypted="")
        self._token()

    # --- one call
    def _call(
        self,
        method: str,
        path: str,
        *,
        params: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        before_again: Callable[[], None] = lambda: None,
        leaving: Callable[[], None] = lambda: None,
        apart: bool = False,
    ) -> Any:
        refuse_inside_transaction()
        call: dict[str, Any] = {"leaving": leaving, "apart": apart, "params": params, "json": body}
        token = self._token()
        exchange = self._exchange(method, path, auth=Bearer(token), **call)
        if exchange.verdict is Verdict.NEW_TOKEN:
            token = self._token(stale=token)
            self._wait_for_turn()
            before_again()
            exchange = self._exchange(method, path, auth=Bearer(token), **call)
        return self.settle(exchange)

    def settle(self, exchange: Exchange) -> Any:
        """What a call that was sent means, for the gate too: the JSON. Raises NotDone or Unclear."""
        verdict = exchange.verdict
        if verdict in (Verdict.DONE, Verdict.REFUSED):
            gate.succeeded(self.connection)
            if verdict is Verdict.DONE:
                return exchange.body
            said = wire.error_in(exchange.body) or ""
            raise NotDone("refused", _("DIP refuses this: %(text)s") % {"text": said}, permanent=True, said=said)
        if verdict is Verdict.NEW_TOKEN:
            text = _("DIP does not accept the log-in of this connection. Check the credentials.")
            gate.refused(self.connection, text)
            raise NotDone("unauthorized", text, after=LATER)
        if verdict is Verdict.SLOW_DOWN:
            wait = exchange.retry_after or 2 * SOON
            gate.hold_off(self.connection, wait)
            raise NotDone("slow_down", _("DIP asked for fewer calls; this one waits."), after=wait)
        text = _words(exchange)
        gate.failed(self.connection, text)
        if verdict is Verdict.NOT_DONE:
            raise NotDone("unreachable", text)
        raise Unclear("unclear", text)

    def _exchange(
        self, method: str, path: str, *, leaving: Callable[[], None] = lambda: None, **kwargs: Any
    ) -> Exchange:
        self._wait_for_turn()
        self._slot = None
        leaving()
        return self.send(method, path, **kwargs)

    def send(self, method: str, path: str, *, apart: bool = False, **kwargs: Any) -> Exchange:
        """The call itself, which touches no database: any thread may do it, once `turn` was had."""
        started = time.monotonic()
        try:
            with self._session.request(
                method,
                f"{self._base}{path}",
                timeout=(settings.DIP_CONNECT_TIMEOUT, settings.DIP_READ_TIMEOUT),
                allow_redirects=False,
                stream=True,
                **kwargs,
            ) as response:
                exchange = _read(
                    response,
                    deadline=started + patience(method),
                    confided=frozenset(self._confided),
                    apart=apart,
                )
        except requests.RequestException as error:
            event = event_of(error)
            late = _("no answer in time") if isinstance(error, requests.Timeout) else _("it was cut")
            exchange = Exchange(event, fault=event.words if event else late)
        log.info(
            "DIP call",
            method=method,
            path=path,
            seen=exchange.seen.value if isinstance(exchange.seen, Event) else exchange.seen,
            verdict=exchange.verdict.value,
            ms=int((time.monotonic() - started) * 1000),
            connection=self.connection.pk,
        )
        return exchange

    def _wait_for_turn(self) -> gate.Sealed | None:
        """A worker that was held up since its slot asks again: DIP may have asked for quiet meanwhile.

        The token that was found beside the slot; None when there was a slot already.
        """
        beside = None
        while self._slot is None or timezone.now() - self._slot > SLOT_LASTS:
            self._slot, beside = gate.wait_for_turn(self.connection)
        return beside

    # --- the token
    def _token(self, *, stale: str = "") -> str:
        found = gate.token(self.connection, self._log_in, stale=stale, ready=self._wait_for_turn)
        self._confided.add(found)
        return found

    def _log_in(self) -> tuple[str, int | None]:
        """Whatever goes wrong here: the call that needed the token was not done."""
        client_id, secret = gate.credentials_of(self.connection)
        self._confided.add(secret)
        form = wire.token_form(client_id, secret)
        exchange = self._exchange("POST", wire.TOKEN, auth=Bearer(), data=form)
        verdict = exchange.verdict
        if verdict is Verdict.DONE:
            try:
                return wire.token_in(exchange.body)
            except Unreadable:
                exchange = Exchange(exchange.seen, fault=_("the answer holds no token"))
        elif verdict in (Verdict.REFUSED, Verdict.NEW_TOKEN):
            said = wire.error_in(exchange.body) or str(exchange.seen)
            text = _("DIP refuses the log-in: %(text)s. Check the credentials.") % {"text": said}
            gate.refused(self.connection, text)
            raise NotDone("credentials", text, after=LATER)
        elif verdict is Verdict.SLOW_DOWN:
            self.settle(exchange)
        text = _("Logging in at DIP did not work: %(text)s") % {"text": _words(exchange)}
        gate.failed(self.connection, text)
        raise NotDone("login", text)


def _words(exchange: Exchange) -> str:
    if isinstance(exchange.seen, Event):
        return _("DIP cannot be reached (%(what)s).") % {"what": exchange.fault}
    if exchange.seen is None:
        return _("The connection with DIP broke off (%(what)s).") % {"what": exchange.fault}
    said = wire.error_in(exchange.body) or exchange.fault
    return _("DIP answered %(status)d: %(text)s") % {"status": exchange.seen, "text": said}


def patience(method: str) -> float:
    """Seconds after which no more of an answer is read. Lists may be long; all else must end within a lease
    (gate.longest_write), for which the last wait for a piece counts too."""
    longest = 4 * settings.DIP_READ_TIMEOUT if method == "GET" else 0
    return float(max(longest, settings.DIP_CONNECT_TIMEOUT + settings.DIP_READ_TIMEOUT))


def _read(
    response: requests.Response, *, deadline: float, confided: Iterable[str] = (), apart: bool = False
) -> Exchange:
    """The whole body, within the deadline: a body that drips in for ever is a broken one.

    Piece by piece as it comes in: requests' own reading waits until a piece is full, however slowly it fills.
    """
    parts = []
    try:
        while part := response.raw.read1(64 * 1024, decode_content=True):
            parts.append(part)
            if time.monotonic() > deadline:
                raise requests.ReadTimeout("the answer took too long")
    except urllib3.exceptions.ReadTimeoutError as error:
        raise requests.ReadTimeout("the answer stopped") from error
    except urllib3.exceptions.HTTPError as error:
        raise requests.ConnectionError("the answer broke off") from error
    retry_after = _retry_after(response.headers.get("Retry-After", ""))
    whole = b"".join(parts)
    parts.clear()
    try:
        body = decoded(masked(whole, confided), apart=apart)
    except (ValueError, RecursionError):
        return Exchange(response.status_code, fault=_("the answer cannot be read"), retry_after=retry_after)
    return Exchange(response.status_code, body=body, retry_after=retry_after)


_NUL = re.compile(rb"(?<!\\)((?:\\\\)*)\\u0000")
# In megabytes a plain text is found by a pattern in a third of the time that `in` takes.
_LIKE_NUL = re.compile(rb"\\u0000")


def without_nul(body: bytes) -> bytes:
    """A JSON body without the character NUL, which PostgreSQL does not keep: one such name must not end a pull."""
    return _NUL.sub(rb"\1", body) if _LIKE_NUL.search(body) else body


def decoded(parts: "list[bytes] | bytes", *, apart: bool = False) -> Any:
    """The JSON of a body. Takes the pieces out of the list, so that a large body is not held twice. Raises ValueError.

    `apart`: of a list the records unread, see slices.

    What orjson does not read (half a surrogate pair in one name) ends no pull either: it is read the long way, and
    what no database keeps becomes a question mark. Nothing is collected meanwhile: all that is made here lives on.
    """
    if isinstance(parts, list):
        body = parts[0] if len(parts) == 1 else b"".join(parts)
        parts.clear()
    else:
        body = parts
    with collecting.put_off():
        whole = without_nul(body)
        return slices.cut(whole, parsed) if apart else parsed(whole)


def parsed(body: bytes) -> Any:
    """The JSON of a body or of a slice. Raises ValueError."""
    try:
        return orjson.loads(body)
    except ValueError:
        found = json.loads(body, parse_constant=_no_constant)
        return json.loads(json.dumps(found, ensure_ascii=False).encode(errors="replace"))


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is no JSON")


def _retry_after(text: str) -> dt.timedelta | None:
    """Seconds or a date, at most an hour; None when there is none."""
    most = dt.timedelta(hours=1)
    if text.strip().isascii() and text.strip().isdecimal():
        return min(most, dt.timedelta(seconds=min(int(text), 3600)))
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=dt.UTC)
    return max(dt.timedelta(0), min(most, moment - timezone.now()))
