"""The pulls as the page of the synchronisation shows them: one row a kind, and how far the one is that is going on."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass

from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.core.grouping import grouped
from dipportal.dip.models import RunKind, RunState, RunStep, SyncRun
from dipportal.dip.queries import ConnectionStatus, is_alive, pace_of

# Above this a tenth more or less says nothing.
ROUND_FROM = 10


@dataclass(frozen=True)
class Pulled:
    """One kind of pull. `run` is the newest one; `how_far` is '' when it is not going on."""

    kind: RunKind
    run: SyncRun | None
    how_far: str

    @property
    def went_wrong(self) -> str:
        """The first sentence of what the newest run had to tell; the history has them all."""
        return str(self.run.errors[0]) if self.run is not None and self.run.errors else ""


def of(status: ConnectionStatus) -> list[Pulled]:
    found = []
    for kind in RunKind:
        run = status.newest.get(kind)
        found.append(Pulled(kind, run, how_far(run) if run is not None and is_alive(run) else ""))
    return found


def seen(status: ConnectionStatus | None) -> str:
    """Short words for what the history begins with: other words, other rows."""
    runs: Iterable[SyncRun] = status.newest.values() if status is not None else ()
    return " ".join(f"{run.pk}{run.state}" for run in sorted(runs, key=lambda run: run.pk))


def how_far(run: SyncRun) -> str:
    """'142 of 202 productions · 1.9 a second · about 32 seconds left', as far as that is known."""
    if run.state != RunState.RUNNING or not run.step:
        return _("Waits for DIP's answer")
    parts = [_counted(run)]
    pace = pace_of(run)
    if pace is not None:
        parts.append(_("%(pace)s a second") % {"pace": _pace(pace.per_second)})
        if pace.left:
            parts.append(_("about %(time)s left") % {"time": span(pace.left)})
    return " · ".join(parts)


def _counted(run: SyncRun) -> str:
    numbers = {"done": grouped(run.done), "total": grouped(run.total or 0)}
    if run.total is None:
        text = {
            RunStep.LISTS: _("%(done)s lists"),
            RunStep.PRODUCTIONS: _("%(done)s productions"),
            RunStep.AGREEMENTS: _("%(done)s agreements"),
        }[RunStep(run.step)]
    else:
        text = {
            RunStep.LISTS: _("%(done)s of %(total)s lists"),
            RunStep.PRODUCTIONS: _("%(done)s of %(total)s productions"),
            RunStep.AGREEMENTS: _("%(done)s of %(total)s agreements"),
        }[RunStep(run.step)]
    return text % numbers


def _pace(per_second: float) -> str:
    if per_second >= ROUND_FROM:
        return grouped(round(per_second))
    return str(number_format(max(per_second, 0.1), 1))


def span(time: dt.timedelta) -> str:
    """'32 seconds', '4 minutes': as exact as a guess may be."""
    seconds = max(1, round(time.total_seconds()))
    if seconds < 100:
        return ngettext("%(count)d second", "%(count)d seconds", seconds) % {"count": seconds}
    minutes = round(seconds / 60)
    return ngettext("%(count)d minute", "%(count)d minutes", minutes) % {"count": minutes}
