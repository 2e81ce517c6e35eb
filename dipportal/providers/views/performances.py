"""Performances: the list, and entering, changing and cancelling them."""

import re
from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from dipportal.catalogue import actions, rules
from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Performance, Production
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.core.kept_lists import kept_listing
from dipportal.journal.codes import Audience
from dipportal.journal.queries import timeline
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import lists, loaders, queries
from dipportal.providers.catalogue_forms import FIELD_OF, PerformanceForm, PerformanceRows
from dipportal.providers.filters import PerformanceFilter
from dipportal.providers.forms import ReasonForm
from dipportal.providers.history import lines
from dipportal.providers.pages import address, go, tell
from dipportal.providers.stale import stale_fields

ROW = re.compile(r"form-\d{1,2}")
MORE_ROWS = ("5", "10", "20")


@area(Side.PROVIDER)
def performance_list(request: AreaRequest) -> HttpResponse:
    found = PerformanceFilter(request.GET, request)
    orders = {"date": ("starts_at",), "production": ("production__title", "starts_at"), "theater": ("theater__name",)}
    source = found.source(lambda keys, order: lists.performances(request.organisation, keys, order))
    shown = kept_listing(request, source, orders=orders, default="-date")
    agreed = queries.contract_of_each(request.organisation, list(shown.page.object_list))
    return render(
        request,
        "providers/performances.html",
        {
            "filter": found,
            "listing": shown,
            "rows": [(performance, agreed.get(performance.pk)) for performance in shown.page.object_list],
            "nothing_yet": not shown.page.object_list and not found.rows().exists(),
        },
    )


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def performance_new(request: AreaRequest, pk: int) -> HttpResponse:
    """Several performances at once; nothing is saved until every row is right."""
    production = loaders.production(request, pk)
    if production.cancelled_at is not None:
        messages.error(request, _("This production is cancelled, so it gets no new performances."))
        return go(request, "production", pk=pk)
    rows = _rows(request)
    if request.method == "POST" and rows.is_valid() and _create(request, production, rows):
        return go(request, "production", pk=pk)
    context = {
        "production": production,
        "rows": rows,
        "errors": _row_errors(rows),
        "theaters": catalogue.theaters_in_use(request.organisation),
        "more": [number for number in MORE_ROWS if int(number) > len(rows.forms)],
        "back_url": address(request, "production", pk=pk),
    }
    return render(request, "providers/performances_form.html", context)


def _rows(request: AreaRequest) -> Any:
    """The rows of the form; `?theater=19` fills in the theater of each, `?rows=10` shows more of them."""
    kwargs: dict[str, Any] = {"organisation": request.organisation, "halls_url": address(request, "halls")}
    number = request.GET.get("theater", "")
    if number.isascii() and number.isdecimal():
        theater = catalogue.theaters(request.organisation).filter(pk=int(number[:9])).first()
        kwargs["initial"] = {"theater": theater}
    rows = PerformanceRows(request.POST if request.method == "POST" else None, form_kwargs=kwargs)
    if request.GET.get("rows") in MORE_ROWS:
        rows.extra = int(request.GET["rows"])
    return rows


def _create(request: AreaRequest, production: Production, rows: Any) -> bool:
    filled = [form for form in rows.forms if form.has_changed()]
    try:
        made = actions.create_performances(production, rows=[form.values() for form in filled], actor=request.actor)
    except Invalid as refused:
        if not refused.fields:
            messages.error(request, str(refused))
        for key, sentence in refused.fields.items():
            index, _dash, name = key.partition("-")
            filled[int(index)].add_error(FIELD_OF.get(name, name), str(sentence))
        return False
    except PortalError as refused:
        tell(request, refused)
        return False
    text = ngettext("%(number)d performance entered.", "%(number)d performances entered.", len(made))
    messages.success(request, text % {"number": len(made)})
    for performance in made:
        warn(request, production, performance)
    return True


def _row_errors(rows: Any) -> list[dict[str, str]]:
    """Every fault of every row, for the list at the top of the form."""
    found = []
    for number, form in enumerate(rows.forms, start=1):
        for name, errors in form.errors.items():
            field = form[name]
            label = _("Row %(row)d, %(field)s") % {"row": number, "field": field.label}
            found += [{"href": f"#{field.id_for_label}", "text": f"{label}: {error}"} for error in errors]
    return found


def warn(request: AreaRequest, production: Production, performance: Performance) -> None:
    for sentence in rules.warnings_in_performance(production, performance.starts_at):
        messages.warning(request, sentence)


@area(Side.PROVIDER, role=Role.EDITOR)
def halls(request: AreaRequest) -> HttpResponse:
    """The field of the halls of one row, for the theater that was typed in it."""
    row = next((name.removesuffix("-theater") for name in request.GET if ROW.fullmatch(name[:-8])), "form-0")
    typed = request.GET.get(f"{row}-theater", "")[:400]
    form = PerformanceForm(prefix=row, organisation=request.organisation, initial={"theater": typed})
    return render(request, "providers/_hall.html", {"field": form["hall"]})


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def performance_edit(request: AreaRequest, pk: int) -> HttpResponse:
    shown = loaders.performance(request, pk)
    form = PerformanceForm.of(shown, request.organisation, request.POST if request.method == "POST" else None)
    stale: list[Any] | None = None
    if request.method == "POST" and form.is_valid():
        try:
            _update(request, shown, form)
            return go(request, "production", pk=shown.production_id)
        except Invalid as refused:
            for name, sentence in refused.fields.items():
                form.add_error(FIELD_OF.get(name, name), str(sentence))
        except StaleState as refused:
            now = loaders.performance(request, pk)
            if now.cancelled:
                tell(request, refused)
                return go(request, "production", pk=shown.production_id)
            stale = stale_fields(form, PerformanceForm.of(now, request.organisation), now.version)
    context = {
        "form": form,
        "performance": shown,
        "stale": stale,
        "affected": queries.affected(request.organisation, [shown]),
        "entries": lines(timeline(shown.thread, side=Audience.PROVIDER)),
        "back_url": address(request, "production", pk=shown.production_id),
    }
    return render(request, "providers/performance_form.html", context, status=200 if stale is None else 409)


def _update(request: AreaRequest, shown: Performance, form: PerformanceForm) -> None:
    seen = form.cleaned_data["version"] or 0
    changed = actions.update_performance(shown, values=form.values(), seen_version=seen, actor=request.actor)
    messages.success(request, _("Saved."))
    warn(request, changed.production, changed)


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def performance_cancel(request: AreaRequest, pk: int) -> HttpResponse:
    shown = loaders.performance(request, pk)
    form = ReasonForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            actions.cancel_performance(shown, actor=request.actor, reason=form.cleaned_data["reason"])
            messages.success(request, _("Cancelled. Nothing was changed in the agreements."))
        except PortalError as refused:
            tell(request, refused)
        return go(request, "production", pk=shown.production_id)
    context = {"performance": shown, "form": form, "affected": queries.affected(request.organisation, [shown])}
    return render(request, "providers/performance_cancel.html", context)
