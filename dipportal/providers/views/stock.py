"""Templates of terms and snippets for the remarks: the lists, and making, changing and removing one."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from dipportal.contracts import stock
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models_batch import Snippet, TermsTemplate
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import loaders
from dipportal.providers.forms import SeenForm
from dipportal.providers.many_forms import SnippetForm, TemplateForm, TypeOnlyForm
from dipportal.providers.pages import address, blame, go, tell
from dipportal.providers.snippets import inserted
from dipportal.providers.stale import stale_fields


def _template(request: AreaRequest, pk: int) -> TermsTemplate:
    found: TermsTemplate = get_object_or_404(stock.templates_of(request.organisation), pk=pk)
    return found


def _snippet(request: AreaRequest, pk: int) -> Snippet:
    found: Snippet = get_object_or_404(stock.snippets_of(request.organisation), pk=pk)
    return found


@area(Side.PROVIDER)
def template_list(request: AreaRequest) -> HttpResponse:
    return render(request, "providers/templates.html", {"templates": stock.templates_of(request.organisation)})


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def template_new(request: AreaRequest) -> HttpResponse:
    """First the type, then the terms; `?contract=` begins with the terms of that agreement."""
    kind, values, initial = _beginning(request)
    if kind is None:
        context = {"form": TypeOnlyForm(request.GET or None), "back_url": address(request, "templates")}
        return render(request, "providers/template_type.html", context)
    data = request.POST if request.method == "POST" else None
    form = TemplateForm(data, organisation=request.organisation, kind=kind, values=values, initial=initial)
    if request.method == "POST" and not inserted(request, form) and form.is_valid():
        try:
            stock.create_template(provider=request.organisation, values=form.values(), actor=request.actor)
            messages.success(request, _("Template saved."))
            return go(request, "templates")
        except Invalid as refused:
            blame(form, refused)
    context = {"form": form, "kind": ContractType(kind), "back_url": address(request, "templates")}
    return render(request, "providers/template_form.html", context)


def _beginning(request: AreaRequest) -> tuple[str | None, dict[str, Any] | None, dict[str, Any]]:
    """Type, terms and the other fields to begin with."""
    number = request.GET.get("contract", "")
    if number.isascii() and number.isdecimal():
        example = loaders.contract(request, int(number[:18]))
        # A zero says nothing that the hall could not say better.
        values = {name: value for name, value in example.term_values().items() if value != 0 or value is False}
        initial = {"name": f"{example.production.title} · {example.theater.name}"[:120], "theater": example.theater_id}
        return example.type, values, initial
    kind = request.GET.get("type", "")
    return (kind if kind in ContractType.values else None), None, {}


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def template_edit(request: AreaRequest, pk: int) -> HttpResponse:
    shown = _template(request, pk)
    form = TemplateForm.of(shown, request.organisation, request.POST if request.method == "POST" else None)
    stale: list[Any] | None = None
    if request.method == "POST" and not inserted(request, form) and form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            stock.update_template(shown, values=form.values(), seen_version=seen, actor=request.actor)
            messages.success(request, _("Saved."))
            return go(request, "templates")
        except Invalid as refused:
            blame(form, refused)
        except StaleState:
            shown = _template(request, pk)
            stale = stale_fields(form, TemplateForm.of(shown, request.organisation), shown.version)
    context = {
        "form": form,
        "template": shown,
        "stale": stale,
        "kind": ContractType(shown.type),
        "back_url": address(request, "templates"),
    }
    return render(request, "providers/template_form.html", context, status=200 if stale is None else 409)


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def template_remove(request: AreaRequest, pk: int) -> HttpResponse:
    shown = _template(request, pk)
    form = SeenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            stock.remove_template(shown, seen_version=form.cleaned_data["version"], actor=request.actor)
            messages.success(request, _("Template removed."))
        except PortalError as refused:
            tell(request, refused)
        return go(request, "templates")
    context = {"template": shown, "back_url": address(request, "template_edit", pk=pk)}
    return render(request, "providers/template_remove.html", context)


@area(Side.PROVIDER)
def snippet_list(request: AreaRequest) -> HttpResponse:
    return render(request, "providers/snippets.html", {"snippets": stock.snippets_of(request.organisation)})


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def snippet_new(request: AreaRequest) -> HttpResponse:
    form = SnippetForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            stock.create_snippet(provider=request.organisation, values=form.values(), actor=request.actor)
            messages.success(request, _("Snippet saved."))
            return go(request, "snippets")
        except Invalid as refused:
            blame(form, refused)
    return render(request, "providers/snippet_form.html", {"form": form, "back_url": address(request, "snippets")})


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def snippet_edit(request: AreaRequest, pk: int) -> HttpResponse:
    shown = _snippet(request, pk)
    form = SnippetForm.of(shown, request.POST if request.method == "POST" else None)
    stale: list[Any] | None = None
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            stock.update_snippet(shown, values=form.values(), seen_version=seen, actor=request.actor)
            messages.success(request, _("Saved."))
            return go(request, "snippets")
        except Invalid as refused:
            blame(form, refused)
        except StaleState:
            shown = _snippet(request, pk)
            stale = stale_fields(form, SnippetForm.of(shown), shown.version)
    context = {"form": form, "snippet": shown, "stale": stale, "back_url": address(request, "snippets")}
    return render(request, "providers/snippet_form.html", context, status=200 if stale is None else 409)


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def snippet_remove(request: AreaRequest, pk: int) -> HttpResponse:
    shown = _snippet(request, pk)
    form = SeenForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            stock.remove_snippet(shown, seen_version=form.cleaned_data["version"], actor=request.actor)
            messages.success(request, _("Snippet removed."))
        except PortalError as refused:
            tell(request, refused)
        return go(request, "snippets")
    context = {"snippet": shown, "back_url": address(request, "snippet_edit", pk=pk)}
    return render(request, "providers/snippet_remove.html", context)
