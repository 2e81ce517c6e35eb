"""Pull from DIP by hand: `manage.py dip_sync --kind contracts --organisation impresariaat --full --dry-run`."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from dipportal.dip import pull
from dipportal.dip.models import Connection, RunKind, RunState, SyncRun


class Command(BaseCommand):
    help = "Pull from DIP, for one organisation or all. Ends with an error when something broke."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument(
            "--kind", choices=RunKind.values, action="append", help="what to pull; can be repeated; without it, all"
        )
        parser.add_argument("--organisation", metavar="SLUG", help="only the connection of this organisation")
        parser.add_argument("--full", action="store_true", help="all agreements, not only what changed")
        parser.add_argument("--dry-run", action="store_true", help="write nothing, say what would change")

    def handle(self, *args: Any, **options: Any) -> None:
        kinds = options["kind"] or [RunKind.REFERENCE, RunKind.CATALOGUE, RunKind.CONTRACTS]
        broken = False
        for connection in self._connections(options["organisation"]):
            for kind in kinds:
                run = pull.run(connection, kind, full=options["full"], dry_run=options["dry_run"])
                self._say(run, dry_run=options["dry_run"])
                broken = broken or run.state != RunState.GOOD
        if broken:
            raise CommandError("Something broke; see above.")

    def _connections(self, slug: str | None) -> list[Connection]:
        rows = Connection.objects.active().select_related("organisation")
        if slug is not None:
            rows = rows.filter(organisation__slug=slug)
        found = list(rows.order_by("organisation__name", "pk"))
        if not found:
            raise CommandError(
                f"{slug} has no DIP connection in use." if slug else "There is no DIP connection in use."
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
