"""`python -m dipportal.sandbox`: reads the arguments, fills the store, serves until told to stop."""

from __future__ import annotations

import argparse
import logging
import os
import signal
import tempfile
import threading
import time
from collections.abc import Sequence
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING

from dipportal.sandbox.clock import Clock
from dipportal.sandbox.spec import DEFAULT_PATH, Spec
from dipportal.sandbox.store import Store
from dipportal.sandbox.world.scales import SCALES

if TYPE_CHECKING:
    from dipportal.sandbox.runtime import Sandbox


def parser() -> argparse.ArgumentParser:
    arguments = argparse.ArgumentParser(prog="dipportal.sandbox", description="A stand-in for the DIP External API.")
    arguments.add_argument("--host", default="127.0.0.1")
    arguments.add_argument("--port", type=int, default=8090, help="0 takes a free one; the first line tells which")
    arguments.add_argument("--store", help="a SQLite file; without one the store lives as long as the process")
    arguments.add_argument("--fresh", action="store_true", help="empty the store first")
    arguments.add_argument("--scale", choices=sorted(SCALES), help="demo, unless the store holds a world already")
    arguments.add_argument("--seed", type=int, help="1, unless the store holds a world already")
    arguments.add_argument("--today", type=date.fromisoformat, default=None, help="YYYY-MM-DD; the world's own date")
    arguments.add_argument("--token-seconds", type=int, default=3600)
    arguments.add_argument("--openapi", default=str(DEFAULT_PATH))
    arguments.add_argument("--quiet", action="store_true", help="do not log requests")
    arguments.add_argument("--stop-with-parent", action="store_true", help="stop when the starting process is gone")
    return arguments


def _open_store(path: Path, *, fresh: bool) -> Store:
    path.parent.mkdir(parents=True, exist_ok=True)
    if fresh:
        for name in (path, path.with_name(path.name + "-wal"), path.with_name(path.name + "-shm")):
            name.unlink(missing_ok=True)
    return Store(str(path))


def _refuse_another_world(options: argparse.Namespace, box: Sandbox) -> None:
    """A kept store keeps its world; whoever asks for another one by name should not be shown the old one."""
    asked = {"scale": options.scale, "seed": options.seed, "today": options.today}
    other = [name for name, value in asked.items() if value not in (None, getattr(box, name))]
    if other:
        kept = " ".join(f"--{name} {getattr(box, name)}" for name in other)
        raise SystemExit(f"The store {options.store} holds a world of {kept}. Add --fresh to throw it away.")


def _watch_parent(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os.kill(os.getpid(), signal.SIGTERM)


def _stop(signum: int, frame: FrameType | None) -> None:
    # Leaves at once, also while calls hang in other threads: those are daemons.
    raise SystemExit(0)


def serve(options: argparse.Namespace, path: Path) -> None:
    os.environ["DJANGO_SETTINGS_MODULE"] = "dipportal.sandbox.settings"
    import django
    from django.core.wsgi import get_wsgi_application

    from dipportal.sandbox import httpd, runtime

    django.setup(set_prefix=False)
    # A refused call is the daily work of a sandbox; only what broke is worth a line.
    logging.getLogger("django.request").setLevel(logging.ERROR)
    store = _open_store(path, fresh=options.fresh)
    box = runtime.Sandbox(
        store=store,
        spec=Spec(options.openapi),
        scale=options.scale or "demo",
        seed=1 if options.seed is None else options.seed,
        today=options.today or Clock().now().date(),
        token_seconds=options.token_seconds,
    )
    _refuse_another_world(options, box)
    runtime.install(box)
    server = httpd.make(options.host, options.port, get_wsgi_application(), quiet=options.quiet)
    print(f"sandbox listening on http://{options.host}:{server.server_port}", flush=True)
    server.serve_forever()


def main(arguments: Sequence[str] | None = None) -> None:
    options = parser().parse_args(arguments)
    if options.stop_with_parent:
        threading.Thread(target=_watch_parent, args=(os.getppid(),), daemon=True).start()
    for name in (signal.SIGTERM, signal.SIGINT):
        signal.signal(name, _stop)
    if options.store:
        serve(options, Path(options.store))
        return
    with tempfile.TemporaryDirectory(prefix="dip-sandbox-") as folder:
        serve(options, Path(folder) / "store.sqlite3")
