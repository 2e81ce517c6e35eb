"""Linking performances to the numbers that they have in the theater's own ticketing system."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.catalogue.models import Performance
from dipportal.core.listing import listing
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers import loaders
from dipportal.ticketing import actions, matching, rules
from dipportal.ticketing.rules import Closed, Standing

NUMBER, CHOICE = "n", "p"
ORDERS: dict[str, tuple[str, ...]] = {"date": ("starts_at",)}
MOST_TEXT = 100_000


@area(Side.RECEIVER, methods=("GET", "POST"))
def links(request: AreaRequest) -> HttpResponseBase:
    """The performances to come that have no number yet, each with a field for it; or a list to paste."""
    if request.method != "POST":
        return _page(request)
    if "list" in request.POST:
        return _suggested(request, request.POST["list"])
    typed, twice = _typed(request)
    if not typed:
        messages.info(request, _("No number was filled in, so nothing was linked."))
        return redirect("receivers:links", request.organisation.slug)
    if twice:
        chosen = _("Two lines of the list were linked to this performance. Choose one of them.")
        return _page(request, typed=typed, faults=dict.fromkeys(twice, chosen), status=400)
    known = loaders.linkable(request.organisation, typed)
    return _link(request, {known[pk]: number for pk, number in typed.items() if pk in known})


def _typed(request: AreaRequest) -> tuple[dict[int, str], set[int]]:
    """By the key of the performance its number, and the keys that were chosen for several numbers.

    A number stands beside its performance (`n<key>`); or for each line of a list there is the performance that was
    chosen (`p<line>`) and the number (`n<line>`).
    """
    sent = [(name, str(value).strip()) for name, value in request.POST.items()]
    if "chosen" in request.POST:
        lines = [(name.removeprefix(CHOICE), pk) for name, pk in sent if _is(name, CHOICE)]
        pairs = [(pk, str(request.POST.get(f"{NUMBER}{line}", "")).strip()) for line, pk in lines]
    else:
        pairs = [(name.removeprefix(NUMBER), number) for name, number in sent if _is(name, NUMBER)]
    found: dict[int, str] = {}
    twice: set[int] = set()
    for pk, number in pairs:
        known = number and pk.isascii() and pk.isdecimal() and len(pk) < 16
        if known and found.setdefault(int(pk), number) != number:
            twice.add(int(pk))
    return found, twice


def _is(name: str, prefix: str) -> bool:
    rest = name.removeprefix(prefix)
    return name.startswith(prefix) and rest.isascii() and rest.isdecimal()


def _link(request: AreaRequest, numbers: Mapping[Performance, str]) -> HttpResponseBase:
    faults = actions.link_many(numbers, actor=request.actor)
    if faults:
        return _page(request, typed={one.pk: number for one, number in numbers.items()}, faults=faults, status=400)
    text = ngettext("%(number)d performance linked.", "%(number)d performances linked.", len(numbers))
    messages.success(request, text % {"number": len(numbers)})
    return redirect("receivers:links", request.organisation.slug)


def _page(
    request: AreaRequest,
    *,
    typed: Mapping[int, str] | None = None,
    faults: Mapping[int, str] | None = None,
    status: int = 200,
) -> HttpResponse:
    """What was typed comes first, with what is wrong with it."""
    typed, faults = typed or {}, faults or {}
    listed = listing(request, loaders.unlinked(request.organisation), orders=ORDERS, default="date")
    first = loaders.linkable(request.organisation, typed)
    shown: list[Performance] = [*first.values(), *(one for one in listed.page.object_list if one.pk not in first)]
    context = {
        "list": listed,
        "rows": [(one, typed.get(one.pk, ""), faults.get(one.pk, "")) for one in shown],
        "faults": len(faults),
        "may_link": request.membership.may(Role.EDITOR),
    }
    return render(request, "receivers/links.html", context, status=status)


def _suggested(request: AreaRequest, text: str) -> HttpResponse:
    """Each line of the pasted list, with the performance that it is probably about. Nothing is linked yet."""
    read = matching.read(text[:MOST_TEXT].replace("\x00", ""))
    rows = matching.suggest(read.lines, loaders.unlinked(request.organisation).order_by("starts_at", "pk"))
    context: dict[str, Any] = {
        "rows": rows,
        "faults": sorted(read.faults.items()),
        "found": sum(row.performance is not None for row in rows),
    }
    return render(request, "receivers/links_list.html", context)


@area(Side.RECEIVER, role=Role.EDITOR, methods=("GET", "POST"))
def unlink(request: AreaRequest, pk: int) -> HttpResponseBase:
    standing = loaders.standing(request.organisation, pk)
    if request.method == "POST":
        actions.unlink(standing.performance, actor=request.actor)
        closed = _closed_without_link(standing)
        if closed is None:
            messages.success(request, _("The link is gone: counts of this performance are entered by hand again."))
        else:
            messages.info(request, _("The link is gone. %(why)s") % {"why": closed.sentence})
        return redirect("receivers:count", request.organisation.slug, pk)
    if standing.link is None:
        messages.info(request, _("This performance is not linked."))
        return redirect("receivers:count", request.organisation.slug, pk)
    context = {"performance": standing.performance, "link": standing.link, "closed": _closed_without_link(standing)}
    return render(request, "receivers/unlink.html", context)


def _closed_without_link(standing: Standing) -> Closed | None:
    """What else keeps the form shut: a system tells counts without a link too."""
    return rules.closed(replace(standing, link=None))
