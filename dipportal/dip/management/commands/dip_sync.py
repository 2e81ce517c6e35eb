"""Pull from DIP by hand: `manage.py dip_sync --kind contracts --organisation impresariaat --full --dry-run`."""

import datetime as dt
import time
from argparse import ArgumentParser
from collections import Counter
from typing import Any

import structlog
from django.core.management.base import BaseCommand, CommandError, OutputWrapper
from django.utils import timezone

from dipportal.dip import pull
from dipportal.dip.models import Connection, RunKind, RunState, SyncRun
from dipportal.dip.pull_run import Progress
from dipportal.dip.queries import pace

log = structlog.get_logger(__name__)
# Each kind, in the order in which one builds on the other.
ALL = (RunKind.REFERENCE, RunKind.CATALOGUE, RunKind.CONTRACTS, RunKind.COUNTS)
WIDTH = 30
# A terminal is drawn anew so often, in seconds; where lines are kept (a log, a mail of cron) they come seldom.
REDRAWN_EVERY = 0.1
LINE_EVERY = 10.0


class Bar:
    """How far a pull is: one line that is drawn over itself on a terminal, a plain line now and then elsewhere."""

    def __init__(self, out: OutputWrapper, what: str) -> None:
        self.out = out
        self.what = what
        self.on_terminal = out.isatty()
        self._shown = time.monotonic()
        self._width = 0

    def __call__(self, at: Progress) -> None:
        """Give this to pull.run as its watch."""
        now = time.monotonic()
        if now - self._shown < (REDRAWN_EVERY if self.on_terminal else LINE_EVERY):
            return
        self._shown = now
        if self.on_terminal:
            line = f"{self.what}: {drawn(at)} {told(at)}"
            self.out.write("\r" + line.ljust(self._width), ending="")
            self._width = len(line)
            self.out.flush()
        else:
            self.out.write(f"{self.what}: {told(at)}")

    def wipe(self) -> None:
        """Make room for the line that says what came of it."""
        if self._width:
            self.out.write("\r" + " " * self._width + "\r", ending="")
            self._width = 0


def drawn(at: Progress) -> str:
    if not at.of:
        return "[" + "?" * WIDTH + "]"
    full = min(WIDTH, WIDTH * at.done // at.of)
    return "[" + "#" * full + "." * (WIDTH - full) + "]"


def told(at: Progress) -> str:
    """'1200 of 1800 productions, 15.0/s, 40 s left'."""
    text = f"{at.done} {at.step}" if at.of is None else f"{at.done} of {at.of} {at.step}"
    took = timezone.now() - at.began
    if not at.done or took <= dt.timedelta(0):
        return text
    now = pace(at.done, at.of, took)
    left = f", {round(now.left.total_seconds())} s left" if now.left is not None else ""
    return f"{text}, {now.per_second:.1f}/s{left}"


class Command(BaseCommand):
    help = "Pull from DIP, for one organisation or all. Ends with an error when something broke or was not done."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--kind", choices=RunKind.values, action="append", help="what to pull; can be repeated; without it, all"
        )
        parser.add_argument("--organisation", metavar="SLUG", help="only the connection of this organisation")
        parser.add_argument(
            "--full", action="store_true", help="all agreements and seasons, not only what changed or runs"
        )
        parser.add_argument("--dry-run", action="store_true", help="write nothing, say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = [RunKind(kind) for kind in options["kind"] or ALL]
        ended: list[Counter[str]] = []
        for connection in self._connections(options["organisation"]):
            states = Counter(self._pulled(connection, kind, options) for kind in kinds)
            ended.append(states)
            summary = ", ".join(f"{number} {state}" for state, number in states.items())
            self.stdout.write(f"{connection.organisation}: {summary}")
        if any(state != RunState.GOOD for states in ended for state in states):
            raise CommandError("Something broke, or was not done because another run is going on; see above.")

    def _pulled(self, connection: Connection, kind: RunKind, options: dict[str, Any]) -> str:
        """Pull one kind and say what came of it. One that breaks leaves the others to be done. Returns the state."""
        what = f"{connection.organisation}: {kind}"
        bar = Bar(self.stdout, what)
        try:
            run = pull.run(connection, kind, full=options["full"], dry_run=options["dry_run"], watch=bar)
        except Exception as error:
            log.exception("pull by hand failed", kind=kind, connection=connection.pk)
            bar.wipe()
            self.stdout.write(f"{what}: broke off ({type(error).__name__}; the log says where)")
            return RunState.FAILED
        bar.wipe()
        self._say(run, dry_run=options["dry_run"])
        return "going on elsewhere" if run.state == RunState.RUNNING else run.state

    def _connections(self, slug: str | None) -> list[Connection]:
        rows = Connection.objects.pulling().select_related("organisation")
        if slug is not None:
            rows = rows.filter(organisation__slug=slug)
        found = list(rows.order_by("organisation__name", "pk"))
        if not found:
            raise CommandError(
                f"{slug} has no DIP connection in use that reads." if slug else "There is no DIP connection in use."
            )
        return found

    def _say(self, run: SyncRun, *, dry_run: bool) -> None:
        counts = ", ".join(f"{name.replace('_', ' ')} {number}" for name, number in run.counts.items())
        if run.state == RunState.RUNNING:
            state = "another run is going on"
        else:
            state = f"dry run, {run.state}" if dry_run else str(run.state)
        self.stdout.write(f"{run.organisation}: {run.kind}: {state} ({counts or 'nothing'})")
        for sentence in run.errors:
            self.stdout.write(f"  {sentence}")
