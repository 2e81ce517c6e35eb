"""Conflicts with DIP: the overview, and one with both states beside each other and a button for each choice."""

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from dipportal.core.errors import PortalError, StaleState
from dipportal.core.listing import listing
from dipportal.dip.conflict_cases import Case, case_of
from dipportal.dip.conflicts import conflicts_of
from dipportal.dip.models_conflict import Conflict, ConflictState
from dipportal.dip.resolve import resolve
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.providers import conflicting
from dipportal.providers.pages import go, tell

ORDERS = {"state": ("state", "found_at"), "found": ("found_at",), "kind": ("kind", "found_at")}


@area(Side.PROVIDER)
def conflict_list(request: AreaRequest) -> HttpResponse:
    """First what waits for a choice ('open' comes after 'decided'), the newest at the top."""
    shown = listing(request, conflicting.listed(request.organisation), orders=ORDERS, default="-state")
    context = {"listing": shown, "rows": conflicting.named(request.organisation, shown.page.object_list)}
    return render(request, "providers/conflicts.html", context)


@area(Side.PROVIDER, methods=("GET", "POST"))
def conflict(request: AreaRequest, pk: int) -> HttpResponse:
    """A choice carries what its page showed; when that is no longer so, the page shows how it stands now."""
    row = get_object_or_404(conflicts_of(request.organisation), pk=pk)
    if request.method != "POST":
        return _shown(request, row)
    try:
        resolve(row, request.POST.get("choice", ""), seen=request.POST.get("seen", ""), actor=request.actor)
    except StaleState:
        row.refresh_from_db()
        return _shown(request, row, stale=True)
    except PortalError as refused:
        tell(request, refused)
        return go(request, "conflict", pk=pk)
    messages.success(request, _("Done: %(choice)s.") % {"choice": row.get_choice_display()})
    return go(request, "conflicts")


def _shown(request: AreaRequest, row: Conflict, *, stale: bool = False) -> HttpResponse:
    case = case_of(row)
    about = conflicting.named(request.organisation, [row])[0]
    context = {
        "case": case,
        "conflict": row,
        "about": about,
        "sheet": case.sheet(),
        "options": case.options,
        "why": _why_not_more(case),
        "closed": row.state == ConflictState.CLOSED,
        "stale": stale,
    }
    return render(request, "providers/conflict.html", context, status=409 if stale else 200)


def _why_not_more(case: Case) -> str:
    """Why DIP's side cannot be taken over, in words; '' where that is no question or possible."""
    if case.together or case.record is None or case.now.whole:
        return ""
    return _(
        "What DIP has cannot be taken over now: it names something that is not known here, or holds a value that "
        "cannot be kept. The next synchronisation may bring what is missing."
    )
