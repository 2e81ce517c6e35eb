"""Synchronisation with DIP: what the pulls did, what did not arrive, and doing it now."""

from typing import Any

import structlog
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from kombu.exceptions import ChannelError, KombuError

from dipportal.core.addresses import own_path
from dipportal.core.dates import moment
from dipportal.core.errors import PortalError
from dipportal.core.listing import listing
from dipportal.dip import operations, queries, tasks
from dipportal.dip.models import Operation, RunKind
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.outbox import actions as outbox
from dipportal.providers import problems, pulls
from dipportal.providers.pages import address, go, tell

log = structlog.get_logger(__name__)
# What 'sync now' without a kind fetches, in this order.
NOW = (RunKind.CATALOGUE, RunKind.CONTRACTS, RunKind.COUNTS)
# What the history shows of a run: read without the rest of it.
COLUMNS = ("pk", "kind", "state", "started_at", "finished_at", "counts", "errors")


@area(Side.PROVIDER)
def sync(request: AreaRequest) -> HttpResponse:
    """The page; and, for its own question how it goes, the part that changes, with the history when that did too."""
    status = queries.status_of(request.organisation)
    context: dict[str, Any] = {
        "connection": status,
        "away": status.away if status is not None else None,
        "pulls": pulls.of(status) if status is not None else [],
        "seen": pulls.seen(status),
    }
    asked = request.headers.get("Seen-Runs")
    if asked is None or asked != context["seen"]:
        context |= _history(request)
    if asked is None and context["listing"].beside[0]:
        context |= {"problems": problems.of(request.organisation)}
    return render(request, "providers/sync.html" if asked is None else "providers/_sync_part.html", context)


def _history(request: AreaRequest) -> dict[str, Any]:
    """A page of the runs; `beside` is how many problems there are."""
    rows, stuck = queries.runs_of(request.organisation), queries.problems_of(request.organisation)
    shown = listing(request, rows, orders={"started": ("started_at",)}, default="-started", beside=(stuck,))
    page: Any = shown.page.object_list
    runs = page.values_list(*COLUMNS, named=True)
    return {"listing": shown, "runs": [(run, _seconds(run)) for run in runs]}


def _seconds(run: Any) -> int | None:
    return round((run.finished_at - run.started_at).total_seconds()) if run.finished_at else None


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def sync_now(request: AreaRequest) -> HttpResponse:
    """Only wakes a worker; the runs show by themselves what they did. `kind`: one of RunKind, or what changes daily.

    Opened by GET (who had to log in first comes back so) it does nothing but lead to the page with the button.
    """
    if request.method != "POST":
        return go(request, "sync")
    status = queries.status_of(request.organisation)
    if status is None:
        messages.error(request, _("There is no DIP connection yet. A manager fills it in on the organisation's page."))
        return go(request, "sync")
    wanted = request.POST.get("kind", "")
    if wanted and wanted not in RunKind.values:
        raise BadRequest("an unknown kind of pull")
    kinds = [RunKind(wanted)] if wanted else list(NOW)
    free = [kind for kind in kinds if not _in_the_way(request, status, kind)]
    try:
        for kind in free:
            tasks.pull_one.delay(status.connection.pk, kind)
        if free:
            messages.success(request, _("Started. This page shows how far it is."))
    except (KombuError, ChannelError, OSError) as error:
        log.warning("sync now could not be queued", reason=type(error).__name__)
        messages.error(request, _("It cannot be started now. The automatic synchronisation goes on by itself."))
    return go(request, "sync")


def _in_the_way(request: AreaRequest, status: queries.ConnectionStatus, kind: RunKind) -> bool:
    """Tell that this one is not started, when another run is going on."""
    run = status.in_the_way_of(kind)
    if run is None:
        return False
    text = _("%(what)s: not started, because '%(other)s' is going on since %(time)s. It is enough to wait for that.")
    said = {"what": kind.label, "other": run.get_kind_display(), "time": moment(run.started_at)}
    messages.info(request, text % said)
    return True


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def operation_retry(request: AreaRequest, pk: int) -> HttpResponse:
    row = _problem(request, pk)
    if request.method != "POST":
        return go(request, "sync")
    try:
        outbox.retry(row, actor=request.actor)
        tasks.wake()
        messages.success(request, _("It is tried again."))
    except PortalError as refused:
        tell(request, refused)
    return _back(request)


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def operation_put_ours(request: AreaRequest, pk: int) -> HttpResponse:
    """Somebody changed it in DIP too: what stands here goes over the state in DIP that the page showed."""
    row = _problem(request, pk)
    if request.method != "POST":
        return go(request, "sync")
    try:
        operations.put_ours(row, seen=request.POST.get("seen", ""), actor=request.actor)
        tasks.wake()
        messages.success(request, _("What stands here is sent to DIP again."))
    except PortalError as refused:
        tell(request, refused)
    return _back(request)


def _problem(request: AreaRequest, pk: int) -> Operation:
    return get_object_or_404(queries.problems_of(request.organisation), pk=pk)


def _back(request: AreaRequest) -> HttpResponseRedirect:
    """To the page the button stood on, when that is one of ours."""
    return HttpResponseRedirect(own_path(request, request.POST.get("next", "")) or address(request, "sync"))
