"""Productions: the list, one production with its tour, and entering, changing and cancelling one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.catalogue import actions
from dipportal.catalogue import queries as catalogue
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.core.kept_lists import kept_listing
from dipportal.journal.codes import Audience
from dipportal.journal.queries import timeline
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import lists, loaders, queries
from dipportal.providers.catalogue_forms import ProductionForm
from dipportal.providers.filters import ProductionFilter
from dipportal.providers.forms import ReasonForm
from dipportal.providers.history import lines
from dipportal.providers.pages import address, blame, go, tell
from dipportal.providers.stale import stale_fields

ORDERS = {
    "title": ("title",),
    "season": ("season", "title"),
    "genre": ("genre__name", "title"),
    "date": ("first_at",),
    "performances": ("evenings",),
}


@area(Side.PROVIDER)
def production_list(request: AreaRequest) -> HttpResponse:
    found = ProductionFilter(request.GET, request)
    source = found.source(lambda keys, order: lists.productions(request.organisation, keys, order))
    shown = kept_listing(request, source, orders=ORDERS, default="-season")
    return render(
        request,
        "providers/productions.html",
        {"filter": found, "listing": shown, "nothing_yet": not shown.page.object_list and not found.rows().exists()},
    )


@area(Side.PROVIDER)
def production(request: AreaRequest, pk: int) -> HttpResponse:
    shown = loaders.production(request, pk)
    tour = list(catalogue.performances_of(request.organisation).filter(production=shown).order_by("starts_at", "pk"))
    agreed = queries.contract_of_each(request.organisation, tour)
    return render(
        request,
        "providers/production.html",
        {
            "production": shown,
            "tour": [(performance, agreed.get(performance.pk)) for performance in tour],
            "entries": lines(timeline(shown.thread, side=Audience.PROVIDER)[:50]),
        },
    )


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def production_new(request: AreaRequest) -> HttpResponse:
    form = ProductionForm(request.POST if request.method == "POST" else None, organisation=request.organisation)
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_production(values=form.values(), actor=request.actor)
            messages.success(request, _("Entered. It goes to DIP by itself; add its performances now."))
            return go(request, "production", pk=made.pk)
        except Invalid as refused:
            blame(form, refused)
    has_producer = catalogue.producers_of(request.organisation).exists()
    context = {"form": form, "has_producer": has_producer, "back_url": address(request, "productions")}
    return render(request, "providers/production_form.html", context)


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def production_edit(request: AreaRequest, pk: int) -> HttpResponse:
    shown = loaders.production(request, pk)
    data = request.POST if request.method == "POST" else None
    form = ProductionForm(data, organisation=request.organisation, production=shown)
    stale: list[Any] | None = None
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            actions.update_production(shown, values=form.values(), seen_version=seen, actor=request.actor)
            messages.success(request, _("Saved."))
            return go(request, "production", pk=pk)
        except Invalid as refused:
            blame(form, refused)
        except StaleState as refused:
            now = loaders.production(request, pk)
            if now.cancelled_at is not None:
                tell(request, refused)
                return go(request, "production", pk=pk)
            stale = stale_fields(form, ProductionForm(organisation=request.organisation, production=now), now.version)
    context = {
        "form": form,
        "production": shown,
        "stale": stale,
        "has_producer": True,
        "back_url": address(request, "production", pk=pk),
    }
    return render(request, "providers/production_form.html", context, status=200 if stale is None else 409)


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def production_cancel(request: AreaRequest, pk: int) -> HttpResponse:
    """Asks first, with the evenings and the agreements that it touches."""
    shown = loaders.production(request, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            gone = actions.cancel_production(shown, actor=request.actor, reason=form.cleaned_data["reason"])
            text = ngettext(
                "Cancelled, with %(number)d performance. Nothing was changed in the agreements.",
                "Cancelled, with %(number)d performances. Nothing was changed in the agreements.",
                len(gone),
            )
            messages.success(request, text % {"number": len(gone)})
        except PortalError as refused:
            tell(request, refused)
        return go(request, "production", pk=pk)
    future = list(catalogue.performances_of(request.organisation).filter(production=shown).upcoming())
    context = {
        "production": shown,
        "form": form,
        "future": future,
        "affected": queries.affected(request.organisation, future),
    }
    return render(request, "providers/production_cancel.html", context)
