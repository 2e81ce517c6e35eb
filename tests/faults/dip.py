"""DIP in this process: the real sandbox behind a transport of `requests`, with a fault for every call that is asked.

The sandbox's own ledger is the witness. What a fault does is done here, around the sandbox: whether the call reaches
it, when it acts, and what of its answer comes back.
"""

import contextlib
import io
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock
from urllib.parse import parse_qsl, urlsplit

import requests
import urllib3
from django.db import connections
from greenlet import getcurrent, greenlet

from dipportal.sandbox import pipeline
from dipportal.sandbox.calls import Call, Reply
from dipportal.sandbox.runtime import Sandbox
from dipportal.sandbox.spec import Spec
from dipportal.sandbox.store import Record, Store
from tests.faults.clock import Clock
from tests.faults.mail import Post

URL = "http://127.0.0.1:9"
# Seconds after which a call still acts whose connection is long gone, and for how long reads miss what was written.
LATE, LAG = 95.0, 65.0
RETRY_AFTER = 60
# The answer does not come: how long somebody waits for it.
SILENCE = 60.0

ON_READS = ("refused", "lost before", "503 before", "429", "429 retry-after", "truncated", "garbage", "401")
ON_WRITES = (
    *ON_READS, "lost after", "500 after", "429 after", "no id", "silent, late", "504, late", "lost, late, lagging",
    "lagging",
)  # fmt: skip


# Answers that come to the same for whoever reads them: the client knows them all as unclear, and DIP acted or did not.
# One of a class stands for all; test_classes shows at every step that they leave the same state behind.
SAME_ON_READS = {"503 before": "lost before", "truncated": "lost before", "garbage": "lost before"}
SAME_ON_WRITES = {
    "503 before": "lost before", "500 after": "lost after", "truncated": "lost after", "garbage": "lost after",
}  # fmt: skip


class LaggingStore(Store):
    """A store whose reads show, for a while, what stood there before a change."""

    def __init__(self, clock: Clock) -> None:
        super().__init__(":memory:")
        self.clock = clock
        self.lag = 0.0
        self.stale: dict[tuple[str, str], tuple[float, str]] = {}

    def put_many(self, kind: str, records: Any, *, visible_at: float = 0) -> None:
        rows: list[tuple[int | str, Record]] = list(records)
        if self.lag:
            visible_at = self.clock.now() + self.lag
            for record_id, _body in rows:
                before = self.rows("SELECT body FROM record WHERE kind = ? AND id = ?", (kind, str(record_id)))
                if before:
                    self.stale.setdefault((kind, str(record_id)), (visible_at, before[0]["body"]))
        super().put_many(kind, rows, visible_at=visible_at)

    def texts(self, kind: str, where: str = "1", parameters: Any = ()) -> list[str]:
        sql = f"SELECT id, body FROM record WHERE kind = ? AND visible_at <= ? AND ({where}) ORDER BY seq"
        now = self.clock.now()
        self.stale = {key: old for key, old in self.stale.items() if old[0] > now}
        found = self.rows(sql, (kind, now, *parameters))
        return [self.stale.get((kind, row["id"]), (0, row["body"]))[1] for row in found]


@dataclass(frozen=True)
class Saved:
    """DIP as it was at a moment."""

    store: bytes
    stale: dict[tuple[str, str], tuple[float, str]]
    post: tuple[tuple[str, str], ...]
    hold_until: float


class Dip:
    """The sandbox, its transport, and what it noticed that must never be."""

    def __init__(self, clock: Clock) -> None:
        self.clock = clock
        self.store = LaggingStore(clock)
        self.box = Sandbox(self.store, Spec(), scale="empty", seed=1, today=clock_day(clock), token_seconds=7 * 86400)
        self.post = Post()
        self.hold_until = 0.0
        # Asked for in an answer that is on its way: nobody can know of it yet.
        self._hold_asked = 0.0
        # By the worker who heard of one and has not written it down yet: until when DIP's wish held before that.
        self._unsaid: dict[Any, float] = {}
        # Seconds in which a call may still come that had been given its turn before the 429 to another.
        self.grace = 0.0
        self.seen: list[str] = []
        # Asked before and after each call; set by who runs the schedule. The answer is the kind of fault, or "".
        self.before: Callable[[str, str], str] = lambda _method, _path: ""
        self.after: Callable[[], None] = lambda: None
        self.intended: Callable[[str, str], bool] = lambda _method, _path: True
        # What people do while a call is under way; nothing, unless a scenario says so.
        self.meanwhile: Callable[[str, str], None] = nothing

    # --- state
    def save(self) -> Saved:
        return Saved(
            self.store._connection.serialize(), dict(self.store.stale), tuple(self.post.accepted), self.hold_until
        )

    def restore(self, saved: Saved) -> None:
        self.store._connection.deserialize(saved.store)
        self.store.stale = dict(saved.stale)
        self.store.lag = 0.0
        self.post.accepted[:] = saved.post
        self.hold_until = saved.hold_until

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        return self.box.ledger.writes(since)

    def record(self, kind: str, record_id: object) -> Record | None:
        return self.store.get(kind, str(record_id))

    # --- the transport
    @contextlib.contextmanager
    def reachable(self) -> Iterator[None]:
        """Every session of `requests` ends up here."""
        send = mock.patch.object(
            requests.adapters.HTTPAdapter, "send", lambda _self, request, **_more: self.send(request)
        )
        with send, self.post.reachable():
            yield

    def send(self, request: requests.PreparedRequest) -> requests.Response:
        method, parts = request.method or "GET", urlsplit(request.url or "")
        self._must_be_allowed(method, parts.path)
        kind = self.before(method, parts.path)
        # Not the worker's doing: a greenlet of its own has no faults.
        greenlet(self.meanwhile).switch(method, parts.path)
        try:
            return self._carry(request, call_of(request), kind)
        finally:
            asked, self._hold_asked = self._hold_asked, 0.0
            self.after()
            if asked > self.hold_until:
                self._unsaid.setdefault(getcurrent(), self.hold_until)
                self.hold_until = asked

    def said(self, worker: Any) -> None:
        """This worker wrote something down: what it had heard of DIP's wishes is known from now on."""
        self._unsaid.pop(worker, None)

    def silenced(self, worker: Any) -> None:
        """This worker is dead: what nobody but it had heard, nobody can heed."""
        self.hold_until = self._unsaid.pop(worker, self.hold_until)

    def _must_be_allowed(self, method: str, path: str) -> None:
        if connections["default"].in_atomic_block:
            self.seen.append("a call inside a transaction")
        if self.hold_until - RETRY_AFTER + self.grace <= self.clock.now() < self.hold_until:
            self.seen.append("a call before Retry-After was over")
        if method != "GET" and path != "/token" and not self.intended(method, path):
            self.seen.append("a call whose intent was not committed")

    def act(self, call: Call, *, lag: float = 0.0) -> Reply:
        self.store.lag = lag
        try:
            reply = pipeline.handle(self.box, call).reply
        finally:
            self.store.lag = 0.0
        assert reply is not None, "the sandbox itself hangs up on nobody here"
        return reply

    def _carry(self, request: requests.PreparedRequest, call: Call, kind: str) -> requests.Response:
        if kind in ("refused", "lost before"):
            raise refused(request) if kind == "refused" else lost()
        if kind in ("503 before", "401"):
            return answer(request, _error(int(kind[:3])))
        if kind in ("429", "429 retry-after", "429 after"):
            return self._slow_down(request, call, kind)
        if "late" in kind:
            return self._late(request, call, kind)
        reply = self.act(call, lag=LAG if kind == "lagging" else 0.0)
        if kind == "lost after":
            raise lost()
        if kind == "500 after":
            return answer(request, _error(500))
        if reply.status == 200 and kind in ("garbage", "no id"):
            reply = Reply(200, '{"id": 12, "na' if kind == "garbage" else "{}")
        return answer(request, reply, cut=kind == "truncated")

    def _slow_down(self, request: requests.PreparedRequest, call: Call, kind: str) -> requests.Response:
        if kind == "429 after":
            self.act(call)
        headers = {} if kind == "429" else {"Retry-After": str(RETRY_AFTER)}
        if headers:
            self._hold_asked = self.clock.now() + RETRY_AFTER
        return answer(request, Reply(429, _error(429).text, headers=headers))

    def _late(self, request: requests.PreparedRequest, call: Call, kind: str) -> requests.Response:
        lag = LAG if "lagging" in kind else 0.0
        self.clock.put_off(LATE, lambda: self.act(call, lag=lag) and None)
        if kind.startswith("504"):
            return answer(request, _error(504))
        if kind.startswith("silent"):
            self.clock.pass_by(SILENCE)
            raise requests.ReadTimeout("no answer in time")
        raise lost()


def nothing(_method: str, _path: str) -> None:
    """What people do mostly."""


def clock_day(clock: Clock) -> Any:
    import datetime as dt

    return dt.datetime.fromtimestamp(clock.now(), dt.UTC).date()


def call_of(request: requests.PreparedRequest) -> Call:
    parts = urlsplit(request.url or "")
    body = request.body or b""
    return Call(
        method=request.method or "GET",
        path=parts.path,
        query=dict(parse_qsl(parts.query)),
        query_string=parts.query,
        content_type=request.headers.get("Content-Type", ""),
        body=body if isinstance(body, bytes) else str(body).encode(),
        authorization=request.headers.get("Authorization", ""),
    )


def _error(status: int) -> Reply:
    return Reply(status, f'{{"error": "Error", "error_description": "Status {status}"}}')


def answer(request: requests.PreparedRequest, reply: Reply, *, cut: bool = False) -> requests.Response:
    """As requests gives it, with a body that is still to be read; `cut`: it ends halfway."""
    body = reply.text.encode()
    headers = {"Content-Type": reply.content_type, "Content-Length": str(len(body)), **reply.headers}
    shown = body[: len(body) // 2] if cut else body
    raw = urllib3.HTTPResponse(io.BytesIO(shown), headers=headers, status=reply.status, preload_content=False)
    response = requests.Response()
    response.status_code, response.headers, response.raw = (
        reply.status,
        requests.structures.CaseInsensitiveDict(headers),
        raw,
    )
    response.request, response.url = request, request.url or ""
    return response


def refused(request: requests.PreparedRequest) -> requests.ConnectionError:
    reason = urllib3.exceptions.NewConnectionError(mock.sentinel.connection, "refused")
    return requests.ConnectionError(urllib3.exceptions.MaxRetryError(mock.sentinel.pool, request.url or "", reason))


def lost() -> requests.ConnectionError:
    return requests.ConnectionError(urllib3.exceptions.ProtocolError("the connection broke", ConnectionResetError()))
