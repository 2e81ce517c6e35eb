"""The control API under /_sandbox/: for tests and demos, on the loopback address, without log-in."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from datetime import date
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse

from dipportal.sandbox import contracts, loading
from dipportal.sandbox.calls import Refusal
from dipportal.sandbox.runtime import current
from dipportal.sandbox.world.scales import SCALES

_LOOPBACK = ("127.", "::1")
View = Callable[[HttpRequest], HttpResponse]


def control(*methods: str) -> Callable[[View], View]:
    """Only from this machine, only these methods; a ValueError or a Refusal is told as JSON."""

    def wrap(view: View) -> View:
        @functools.wraps(view)
        def wrapped(request: HttpRequest) -> HttpResponse:
            if not request.META.get("REMOTE_ADDR", "").startswith(_LOOPBACK):
                return JsonResponse({"error": "loopback only"}, status=403)
            if request.method not in methods:
                return JsonResponse({"error": f"use {' or '.join(methods)}"}, status=405)
            try:
                return view(request)
            except Refusal as refusal:
                return JsonResponse({"error": refusal.description}, status=refusal.status)
            except (ValueError, KeyError, TypeError) as problem:
                return JsonResponse({"error": f"{type(problem).__name__}: {problem}"}, status=400)

        return wrapped

    return wrap


def _body(request: HttpRequest) -> dict[str, Any]:
    value = json.loads(request.body or b"{}")
    if not isinstance(value, dict):
        raise TypeError("the body must be an object")
    return value


@control("GET")
def health(request: HttpRequest) -> HttpResponse:
    box = current()
    counts = box.store.rows("SELECT kind, count(*) AS number FROM record GROUP BY kind ORDER BY kind")
    return JsonResponse(
        {
            "status": "ok",
            "scale": box.scale,
            "seed": box.seed,
            "today": box.today.isoformat(),
            "now": box.clock.stamp(),
            "switches": box.switches,
            "records": {row["kind"]: row["number"] for row in counts},
        }
    )


@control("GET")
def ledger(request: HttpRequest) -> HttpResponse:
    """`?writes_since=` and `?requests_since=` leave out what a caller knows already."""
    box = current()
    return JsonResponse(
        {
            "writes": box.ledger.writes(int(request.GET.get("writes_since", 0))),
            "requests": box.ledger.requests(int(request.GET.get("requests_since", 0))),
        }
    )


@control("GET", "POST", "DELETE")
def faults(request: HttpRequest) -> HttpResponse:
    box = current()
    if request.method == "POST":
        return JsonResponse(vars(box.faults.plant(_body(request))), status=201)
    if request.method == "DELETE":
        box.faults.clear()
    return JsonResponse({"faults": box.faults.listed()})


@control("GET", "POST")
def latency(request: HttpRequest) -> HttpResponse:
    box = current()
    if request.method == "POST":
        body = _body(request)
        box.latency.ms, box.latency.jitter = float(body.get("ms", 0)), float(body.get("jitter", 0))
    return JsonResponse({"ms": box.latency.ms, "jitter": box.latency.jitter})


@control("GET", "POST")
def switches(request: HttpRequest) -> HttpResponse:
    box = current()
    if request.method == "POST":
        for name, value in _body(request).items():
            box.switch(name, value)
    return JsonResponse(box.switches)


@control("POST")
def answer(request: HttpRequest) -> HttpResponse:
    """`{"contract": id, "answer": "approve" | "reject", "reason": "", "fields": []}`"""
    box, body = current(), _body(request)
    with box.store.transaction():
        record = contracts.load(box.store, int(body["contract"]))
        if body["answer"] == "approve":
            record = contracts.approve(box.store, box.clock, record)
        elif body["answer"] == "reject":
            fields = list(body.get("fields", []))
            record = contracts.reject(box.store, box.clock, record, body.get("reason", ""), fields)
        else:
            raise ValueError("answer must be approve or reject")
    return JsonResponse(record)


@control("POST")
def edit(request: HttpRequest) -> HttpResponse:
    """`{"kind": "contract", "id": id, "set": {...}}`; `properties` and the like are merged, not replaced."""
    box, body = current(), _body(request)
    with box.store.transaction():
        record = loading.edit(box.store, box.clock, body.get("kind", "contract"), body["id"], body["set"])
    return JsonResponse(record)


@control("POST")
def delete(request: HttpRequest) -> HttpResponse:
    """`{"kind": "contract", "id": id}`: the record vanishes without a trace."""
    body = _body(request)
    kind = loading.kind_of(body.get("kind", "contract"))
    return JsonResponse({"deleted": current().store.delete(kind, body["id"])})


@control("POST")
def load(request: HttpRequest) -> HttpResponse:
    """`{resource: [records]}`, kept word for word; sales are `{"sales": {production id: [rows]}}`."""
    box = current()
    with box.store.transaction():
        loaded = loading.load(box.store, _body(request))
    return JsonResponse({"loaded": loaded})


@control("POST")
def reset(request: HttpRequest) -> HttpResponse:
    """A new world, an empty ledger, no faults; `scale`, `seed` and `today` may change with it."""
    body = _body(request)
    if body.get("scale") is not None and body["scale"] not in SCALES:
        raise ValueError(f"scale must be one of {', '.join(SCALES)}")
    today = date.fromisoformat(body["today"]) if body.get("today") else None
    box = current()
    box.reset(scale=body.get("scale"), seed=body.get("seed"), today=today)
    return JsonResponse({"status": "ok", "scale": box.scale, "seed": box.seed, "today": box.today.isoformat()})
