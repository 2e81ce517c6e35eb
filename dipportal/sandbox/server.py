"""Starts a sandbox as a process of its own and talks to its control API; for tests and the demo.

Usable from any Django project: nothing here touches Django or its settings.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import urllib.request
from pathlib import Path
from types import TracebackType
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]


class Admin:
    """The control API; every method returns the decoded answer and raises HTTPError for a refusal."""

    def __init__(self, url: str) -> None:
        self.url = url

    def call(self, method: str, name: str, body: Any = None) -> Any:
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(  # noqa: S310 - the address is that of our own process
            f"{self.url}/_sandbox/{name}", data=data, method=method, headers={"Content-Type": "application/json"}
        )
        # No proxy, whatever the environment says: the other side is this machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=120) as response:
            return json.load(response)

    def health(self) -> dict[str, Any]:
        return dict(self.call("GET", "health"))

    def writes(self, since: int = 0) -> list[dict[str, Any]]:
        return list(self.call("GET", f"ledger?writes_since={since}")["writes"])

    def requests(self, since: int = 0) -> list[dict[str, Any]]:
        return list(self.call("GET", f"ledger?requests_since={since}")["requests"])

    def fault(
        self, kind: str, *, method: str = "", path: str = "", times: int | None = 1, skip: int = 0, **params: Any
    ) -> Any:
        body = {"kind": kind, "method": method, "path": path, "times": times, "skip": skip, "params": params}
        return self.call("POST", "faults", body)

    def faults(self) -> list[dict[str, Any]]:
        return list(self.call("GET", "faults")["faults"])

    def clear_faults(self) -> None:
        self.call("DELETE", "faults")

    def latency(self, ms: float, jitter: float = 0) -> None:
        self.call("POST", "latency", {"ms": ms, "jitter": jitter})

    def switch(self, **values: Any) -> Any:
        return self.call("POST", "switches", values)

    def approve(self, contract: int) -> Any:
        return self.call("POST", "answer", {"contract": contract, "answer": "approve"})

    def reject(self, contract: int, reason: str = "", fields: tuple[str, ...] = ()) -> Any:
        body = {"contract": contract, "answer": "reject", "reason": reason, "fields": list(fields)}
        return self.call("POST", "answer", body)

    def edit(self, kind: str, record_id: int | str, **members: Any) -> Any:
        return self.call("POST", "edit", {"kind": kind, "id": record_id, "set": members})

    def delete(self, kind: str, record_id: int | str) -> bool:
        return bool(self.call("POST", "delete", {"kind": kind, "id": record_id})["deleted"])

    def load(self, **resources: Any) -> Any:
        return self.call("POST", "load", resources)

    def reset(self, **world: Any) -> Any:
        return self.call("POST", "reset", world)


class Running:
    """A sandbox process; `stop()` or the end of a `with` block ends it."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self.admin = Admin(url)

    def stop(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
            self.process.wait(timeout=10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> Running:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def start(
    *,
    store: str | Path | None = None,
    scale: str = "small",
    seed: int = 1,
    today: str | None = None,
    port: int = 0,
    arguments: tuple[str, ...] = (),
) -> Running:
    """Returns once it listens. It ends with the starting process, also when that is killed."""
    command = [sys.executable, "-m", "dipportal.sandbox", "--port", str(port), "--scale", scale, "--seed", str(seed)]
    command += ["--quiet", "--stop-with-parent", *(("--store", str(store)) if store else ())]
    command += [*(("--today", today) if today else ()), *arguments]
    # The other process has settings of its own, and Django reads this name before all else.
    environment = {name: value for name, value in os.environ.items() if name != "DJANGO_SETTINGS_MODULE"}
    environment["PYTHONPATH"] = os.pathsep.join(filter(None, [str(_ROOT), environment.get("PYTHONPATH", "")]))
    # The command is made of our own words and numbers.
    process = subprocess.Popen(  # noqa: S603
        command, stdout=subprocess.PIPE, text=True, env=environment
    )
    line = process.stdout.readline() if process.stdout else ""
    if "listening on " not in line:
        process.terminate()
        raise RuntimeError(f"the sandbox did not start: {line!r}")
    return Running(process, line.split("listening on ")[1].strip())
