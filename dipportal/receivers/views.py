"""The receiver's start page, lists and search."""

from collections.abc import Callable
from typing import Any

from django.http import HttpResponse
from django.shortcuts import render

from dipportal.contracts.enums import Status
from dipportal.core.kept_lists import kept_listing
from dipportal.core.listing import Listing, Order
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Side
from dipportal.organisations.navigation import told
from dipportal.receivers import finding, lists
from dipportal.receivers import start as start_page
from dipportal.receivers.filters import ContractFilter, HouseFilter, PerformanceFilter
from dipportal.receivers.house import House
from dipportal.receivers.reading import marks

CONTRACT_ORDERS = {
    "first": ("first_at",),
    "production": ("production__title", "first_at"),
    "theater": ("theater__name", "first_at"),
    "provider": ("provider__name", "first_at"),
    "proposed": ("proposed_at",),
    "due": ("answer_by", "proposed_at"),
    "status": ("status", "first_at"),
}
PERFORMANCE_ORDERS = {
    "date": ("starts_at",),
    "production": ("production__title", "starts_at"),
    "theater": ("theater__name", "hall__name", "starts_at"),
}
# So many of each a search shows; who looks for one finds it among the latest, or says more.
FOUND = 15


@area(Side.RECEIVER)
def start(request: AreaRequest) -> HttpResponse:
    """What waits for this house, what providers changed, and what comes next."""
    found = start_page.of(request.organisation)
    waiting, counters = found.waiting[: start_page.MANY], found.counters[: start_page.COUNTERS]
    request.waiting = found.count  # type: ignore[attr-defined]
    context = {
        "waiting": [row for row in waiting if row.endorsed_by is None],
        "half_agreed": [row for row in waiting if row.endorsed_by is not None],
        "more_waiting": len(found.waiting) > len(waiting),
        "counters": counters,
        "more_counters": len(found.counters) > len(counters),
        "marks": marks(waiting, request.actor),
        "changes": found.changes,
        "coming": found.coming,
        "lacking": found.lacking,
        "lacking_told": told(found.lacking),
        "has_theaters": found.theaters > 0,
        "several_theaters": found.theaters > 1,
    }
    return render(request, "receivers/start.html", context)


@area(Side.RECEIVER)
def contracts(request: AreaRequest) -> HttpResponse:
    chosen = ContractFilter(request.GET, request.organisation)
    # Of what waits for an answer, first what is due first.
    default = "due" if request.GET.get("status") == Status.PROPOSED else "first"
    rows = _listed(request, chosen, orders=CONTRACT_ORDERS, default=default, read=lists.agreements)
    context = {
        "filter": chosen,
        "list": rows,
        "marks": marks(rows.page.object_list, request.actor),
        "several_theaters": "theater" in chosen.filters,
        "any": bool(rows.page.object_list) or chosen.rows().exists(),
    }
    return render(request, "receivers/contracts.html", context)


def _listed(
    request: AreaRequest,
    chosen: HouseFilter,
    *,
    orders: dict[str, tuple[str, ...]],
    default: str,
    read: Callable[[House, list[int], Order], list[Any]],
) -> Listing[Any]:
    """The list, and in the same statement what the menu says is waiting."""
    source = chosen.source(
        lambda keys, order: read(chosen.house, keys, order), beside=lambda: (chosen.house.to_answer(),)
    )
    found = kept_listing(request, source, orders=orders, default=default)
    request.waiting = found.beside[0]  # type: ignore[attr-defined]
    return found


@area(Side.RECEIVER)
def performances(request: AreaRequest) -> HttpResponse:
    """Without a choice the coming ones; the past is one choice away."""
    choices = request.GET.copy()
    choices.setdefault("when", "coming")
    chosen = PerformanceFilter(choices, request.organisation)
    others = chosen.filters.keys() - {"when"}
    rows = _listed(request, chosen, orders=PERFORMANCE_ORDERS, default="date", read=lists.performances)
    context = {
        "filter": chosen,
        "list": rows,
        "several_theaters": "theater" in chosen.filters,
        "any": bool(rows.page.object_list) or chosen.rows().exists(),
        # Nothing but the default was chosen, so there is nothing to clear.
        "only_coming": choices["when"] == "coming" and not any(choices.get(name) for name in others),
    }
    return render(request, "receivers/performances.html", context)


@area(Side.RECEIVER)
def search(request: AreaRequest) -> HttpResponse:
    """Over agreements and performances: title, theater, city, reference, DIP-id in whole or in part."""
    text = request.GET.get("q", "").replace("\x00", "").strip()[:200]
    if not text:
        return render(request, "receivers/search.html", {"text": ""})
    contracts, performances, request.waiting = finding.find(  # type: ignore[attr-defined]
        request.organisation, text, most=FOUND
    )
    context = {
        "text": text,
        "contracts": contracts,
        "marks": marks(contracts, request.actor),
        "performances": performances,
        "full": FOUND in (len(contracts), len(performances)),
    }
    return render(request, "receivers/search.html", context)
