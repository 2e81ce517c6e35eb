"""Ticket counts of a house: which are missing, how its performances sell, and the page on which a count is entered."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance
from dipportal.catalogue.queries import visible_performances
from dipportal.core.dates import moment
from dipportal.core.errors import Invalid, StaleState
from dipportal.core.grouping import grouped
from dipportal.core.listing import listing
from dipportal.dip.count_states import sendings_of, stuck_counts, try_again
from dipportal.journal.codes import Audience
from dipportal.journal.queries import timeline
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers import loaders
from dipportal.receivers.counts_forms import CountForm
from dipportal.receivers.filters import CountsFilter
from dipportal.ticketing import actions, definitions, queries, rules, run_up
from dipportal.ticketing.actions import CountClosed, Unlikely
from dipportal.ticketing.monitor import Sold
from dipportal.ticketing.rules import Closed, Standing

ORDERS = {
    "date": ("starts_at",),
    "production": ("production__title", "starts_at"),
    "theater": ("theater__name", "hall__name", "starts_at"),
}
MISSING = "missing"
# So many are named above the list; whoever has more has another trouble.
MOST_STUCK = 20
# More lines than that in one picture cannot be told apart.
MOST_CURVES = 30


@dataclass(frozen=True)
class Row:
    sold: Sold
    standing: Standing
    closed: Closed | None


@area(Side.RECEIVER)
def counts(request: AreaRequest) -> HttpResponse:
    """Without a choice those of which a count is missing; the others are one choice away."""
    choices = request.GET.copy()
    choices.setdefault("state", MISSING)
    chosen = CountsFilter(choices, request.organisation)
    rows = chosen.chosen().select_related("production", "theater", "hall")
    listed = listing(request, rows, orders=ORDERS, default="date")
    others = chosen.filters.keys() - {"state"}
    context = {
        "filter": chosen,
        "list": listed,
        "rows": rows_of(request, list(listed.page.object_list)),
        "several_theaters": "theater" in chosen.filters,
        "any": bool(listed.page.object_list) or chosen.rows().exists(),
        "only_missing": choices["state"] == MISSING and not any(choices.get(name) for name in others),
        "may_enter": request.membership.may(Role.EDITOR),
        "stuck": _stuck(request),
    }
    return render(request, "receivers/counts.html", context)


def _stuck(request: AreaRequest) -> list[Performance]:
    """The first few performances whose counts do not get to DIP."""
    keys = stuck_counts(request.organisation).values_list("subject_id", flat=True)[:MOST_STUCK]
    rows = visible_performances(request.organisation).filter(pk__in=set(keys))
    return list(rows.select_related("production").order_by("starts_at", "pk"))


def rows_of(request: AreaRequest, performances: Sequence[Performance]) -> list[Row]:
    """How each of these sells, and whether it can be entered by hand. Six queries."""
    known = queries.standings([one.pk for one in performances])
    sold = queries.sold_of(request.organisation, performances)
    return [
        Row(one, known[one.performance.pk], rules.closed(known[one.performance.pk]))
        for one in sold
        if one.performance.pk in known
    ]


@area(Side.RECEIVER, methods=("GET", "POST"))
def count(request: AreaRequest, pk: int) -> HttpResponseBase:
    """What was counted of a performance, and the form for what is counted now."""
    standing = loaders.standing(request.organisation, pk)
    if request.method != "POST":
        return _page(request, standing, CountForm.of(standing))
    form = CountForm.of(standing, request.POST)
    if not form.is_valid():
        return _page(request, standing, form)
    return _report(request, standing, form)


def _report(request: AreaRequest, standing: Standing, form: CountForm) -> HttpResponseBase:
    seen = form.cleaned_data["seen"]
    try:
        actions.report(standing.performance, form.report(), seen=seen, sure=form.confirmed, actor=request.actor)
    except Unlikely as asked:
        form.carry(doubts=asked)
        return _page(request, standing, form, doubts=asked.doubts)
    except Invalid as refusal:
        for name, sentence in refusal.fields.items():
            form.add_error(name, str(sentence))
        return _page(request, standing, form)
    except StaleState:
        return _stale(request, standing.performance.pk, form)
    except CountClosed as refusal:
        messages.error(request, str(refusal))
        return redirect("receivers:count", request.organisation.slug, standing.performance.pk)
    return _entered(request, standing, form.report().tickets)


def _entered(request: AreaRequest, standing: Standing, tickets: int) -> HttpResponseBase:
    """On to the next one that has no count, when that is wanted and there is one."""
    one = standing.performance
    said = {"title": one.production.title, "when": moment(one.starts_at), "tickets": grouped(tickets)}
    messages.success(request, _("%(title)s, %(when)s: %(tickets)s tickets.") % said)
    if "next" in request.POST:
        following = queries.lacking(visible_performances(request.organisation), timezone.localdate()).order_by(
            "starts_at", "pk"
        )
        later = following.filter(starts_at__gte=one.starts_at).first() or following.first()
        if later is not None:
            return redirect("receivers:count", request.organisation.slug, later.pk)
        messages.info(request, _("That was the last one: no count is missing now."))
    return redirect("receivers:counts", request.organisation.slug)


def _stale(request: AreaRequest, pk: int, form: CountForm) -> HttpResponse:
    """Somebody else entered a count since this page was opened: both stand there, and nothing was overwritten."""
    now = loaders.standing(request.organisation, pk)
    mine = now.entered
    rows = form.compared(mine) if mine is not None else []
    form.carry(seen=mine.changed_at if mine is not None else None)
    return _page(request, now, form, status=409, stale=rows, is_stale=True)


def _page(
    request: AreaRequest, standing: Standing, form: CountForm, *, status: int = 200, **context: Any
) -> HttpResponse:
    closed = rules.closed(standing)
    one = standing.performance
    (sold,) = queries.sold_of(request.organisation, [one])
    may_enter = request.membership.may(Role.EDITOR)
    context = {
        "performance": one,
        "standing": standing,
        "sold": sold,
        "closed": closed,
        "form": form if closed is None and may_enter else None,
        "may_enter": may_enter,
        "definitions": definitions,
        "sending": sendings_of(request.organisation, [one.pk]).get(one.pk),
        "reload_url": reverse("receivers:count", args=[request.organisation.slug, one.pk]),
        "chart": _run_up(request, one),
        "history": timeline(one.thread, side=Audience.RECEIVER).filter(code__startswith="count."),
        **context,
    }
    return render(request, "receivers/count.html", context, status=status)


@area(Side.RECEIVER, role=Role.EDITOR, methods=("POST",))
def count_retry(request: AreaRequest, pk: int) -> HttpResponseBase:
    """Have what did not get to DIP sent now."""
    standing = loaders.standing(request.organisation, pk)
    if try_again(request.organisation, standing.performance.pk, actor=request.actor):
        messages.success(request, _("It is sent to DIP once more."))
    else:
        messages.info(request, _("Nothing of this performance waits for that."))
    return redirect("receivers:count", request.organisation.slug, pk)


def _run_up(request: AreaRequest, one: Performance) -> run_up.Drawn | None:
    """How this one and the others of its production in this house sold, by the days before them."""
    house = visible_performances(request.organisation).filter(production=one.production_id)
    shown = house.filter(Q(pk=one.pk) | Q(starts_at__lte=timezone.now())).order_by("-starts_at")[:MOST_CURVES]
    return run_up.drawn(queries.curves_of(request.organisation, list(shown)), timezone.now())
