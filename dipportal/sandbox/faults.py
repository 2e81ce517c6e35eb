"""Faults that can be planted on calls: what may go wrong between two systems, on order."""

from __future__ import annotations

import re
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from dipportal.sandbox.calls import Reply
from dipportal.sandbox.store import dumps

HTML_PAGE = "<!DOCTYPE html><html><head><title>Onderhoud</title></head><body><h1>Even geduld</h1></body></html>"


@dataclass
class Fault:
    kind: str
    method: str = ""
    path: str = ""
    times: int | None = 1
    skip: int = 0
    params: dict[str, Any] = field(default_factory=dict)
    id: int = 0
    hits: int = 0

    def matches(self, method: str, path: str) -> bool:
        return (not self.method or self.method.upper() == method) and bool(re.search(self.path, path))


@dataclass(frozen=True)
class Done:
    """What acting gave: the answer, and the id of what was written (None for a read or a refusal)."""

    reply: Reply
    identity: int | str | None = None


@dataclass(frozen=True)
class Outcome:
    """What goes over the wire. No reply: the connection is closed; `cut`: after half of the body."""

    label: str
    reply: Reply | None
    cut: bool = False


Act = Callable[[], Done]


def _status_reply(fault: Fault, default: int = 503) -> Reply:
    status = int(fault.params.get("status", default))
    body = fault.params.get("body", {"error": "Server error", "error_description": f"Status {status}"})
    text = body if isinstance(body, str) else dumps(body)
    headers = {str(name): str(value) for name, value in fault.params.get("headers", {}).items()}
    return Reply(status, text, headers=headers)


def _seconds(fault: Fault, default: float = 1.0) -> float:
    return float(fault.params.get("seconds", default))


def _status_before(fault: Fault, act: Act) -> Outcome:
    return Outcome("refused before acting", _status_reply(fault))


def _status_after(fault: Fault, act: Act) -> Outcome:
    act()
    return Outcome("status after acting", _status_reply(fault))


def _drop_before(fault: Fault, act: Act) -> Outcome:
    return Outcome("dropped before acting", None)


def _drop_after(fault: Fault, act: Act) -> Outcome:
    act()
    return Outcome("dropped after acting", None)


def _truncate(fault: Fault, act: Act) -> Outcome:
    return Outcome("truncated", act().reply, cut=True)


def _garbage(fault: Fault, act: Act) -> Outcome:
    done = act()
    return Outcome("garbage", replace(done.reply, status=200, text=fault.params.get("body", '{"id": 12, "na')))


def _html200(fault: Fault, act: Act) -> Outcome:
    return Outcome("html page", Reply(200, HTML_PAGE, "text/html; charset=utf-8"))


def _late(fault: Fault, act: Act) -> Outcome:
    """Answers (or hangs up) now and acts later, as a gateway that lost patience."""
    timer = threading.Timer(_seconds(fault), act)
    timer.daemon = True
    timer.start()
    return Outcome("late", None if fault.params.get("close") else _status_reply(fault, 504))


def _hang(fault: Fault, act: Act) -> Outcome:
    time.sleep(_seconds(fault))
    return Outcome("hung", act().reply)


def _slow_answer(fault: Fault, act: Act) -> Outcome:
    """Acts at once and keeps the answer to itself for a while: time to kill whoever waits for it."""
    done = act()
    time.sleep(_seconds(fault))
    return Outcome("answered slowly", done.reply)


def _bare_id(fault: Fault, act: Act) -> Outcome:
    done = act()
    shown = done.reply if done.identity is None else replace(done.reply, text=dumps(done.identity))
    return Outcome("bare id", shown)


def _no_id(fault: Fault, act: Act) -> Outcome:
    done = act()
    return Outcome("no id", done.reply if done.identity is None else replace(done.reply, text="{}"))


def _plain(fault: Fault, act: Act) -> Outcome:
    return Outcome("answered", act().reply)


KINDS: dict[str, Callable[[Fault, Act], Outcome]] = {
    "status-before": _status_before,
    "status-after": _status_after,
    "drop-before": _drop_before,
    "drop-after": _drop_after,
    "truncate": _truncate,
    "garbage": _garbage,
    "html200": _html200,
    "late": _late,
    "hang": _hang,
    "slow-answer": _slow_answer,
    "bare-id": _bare_id,
    "no-id": _no_id,
    # These two change how the call is carried out; the pipeline does that, the answer stays plain.
    "read-lag": _plain,
    "expire-tokens": _plain,
}


class Faults:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._planted: list[Fault] = []
        self._last_id = 0

    def plant(self, description: dict[str, Any]) -> Fault:
        """Raises ValueError for what is not a fault."""
        unknown = set(description) - {"kind", "method", "path", "times", "skip", "params"}
        if unknown:
            raise ValueError(f"unknown members: {', '.join(sorted(unknown))}")
        if description.get("kind") not in KINDS:
            raise ValueError(f"kind must be one of {', '.join(KINDS)}")
        fault = Fault(**description)
        try:
            re.compile(fault.path)
        except re.error as problem:
            raise ValueError(f"path is not a regular expression: {problem}") from problem
        with self._lock:
            self._last_id += 1
            fault.id = self._last_id
            self._planted.append(fault)
        return fault

    def take(self, method: str, path: str) -> Fault | None:
        """The first planted fault that matches and is not used up; counts it as used."""
        with self._lock:
            for fault in self._planted:
                if fault.kind == "expire-tokens" and path == "/token":
                    continue
                if not fault.matches(method, path):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is not None and fault.hits >= fault.times:
                    continue
                fault.hits += 1
                return fault
        return None

    def listed(self) -> list[dict[str, Any]]:
        with self._lock:
            return [dict(vars(fault)) for fault in self._planted]

    def clear(self) -> None:
        with self._lock:
            self._planted.clear()
