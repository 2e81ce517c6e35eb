"""Synchronisation with DIP: what the pulls did, what did not arrive, and doing it now."""

import structlog
from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _
from kombu.exceptions import ChannelError, KombuError

from dipportal.core.addresses import own_path
from dipportal.core.errors import PortalError
from dipportal.core.listing import listing
from dipportal.dip import operations, queries, tasks
from dipportal.dip.models import Operation, RunKind, SyncRun
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.outbox import actions as outbox
from dipportal.providers import problems
from dipportal.providers.pages import address, go, tell

log = structlog.get_logger(__name__)
# What 'sync now' fetches, in this order.
NOW = (RunKind.CATALOGUE, RunKind.CONTRACTS)


@area(Side.PROVIDER)
def sync(request: AreaRequest) -> HttpResponse:
    rows = queries.runs_of(request.organisation)
    shown = listing(request, rows, orders={"started": ("started_at",)}, default="-started")
    context = {
        "connection": queries.status_of(request.organisation),
        "problems": problems.of(request.organisation),
        "listing": shown,
        "runs": [(run, _seconds(run)) for run in shown.page.object_list],
    }
    return render(request, "providers/sync.html", context)


def _seconds(run: SyncRun) -> int | None:
    return round((run.finished_at - run.started_at).total_seconds()) if run.finished_at else None


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def sync_now(request: AreaRequest) -> HttpResponse:
    """Only wakes a worker; the runs show by themselves what they did.

    Opened by GET (who had to log in first comes back so) it does nothing but lead to the page with the button.
    """
    if request.method != "POST":
        return go(request, "sync")
    status = queries.status_of(request.organisation)
    if status is None:
        messages.error(request, _("There is no DIP connection yet. A manager fills it in on the organisation's page."))
        return go(request, "sync")
    if any(run.kind in NOW for run in status.running):
        messages.info(request, _("A synchronisation is running already."))
        return go(request, "sync")
    try:
        for kind in NOW:
            tasks.pull_one.delay(status.connection.pk, kind)
        messages.success(request, _("Started. Load this page again in a while to see what it did."))
    except (KombuError, ChannelError, OSError) as error:
        log.warning("sync now could not be queued", reason=type(error).__name__)
        messages.error(request, _("It cannot be started now. The automatic synchronisation goes on by itself."))
    return go(request, "sync")


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
