"""Standing agreements (mantelovereenkomsten): everybody reads, managers put them on file and end them."""

from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils.translation import gettext as _

from dipportal.contracts import standing as standings
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.core.files import private_pdf
from dipportal.core.listing import listing
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import loaders
from dipportal.providers.pages import address, blame, go, tell
from dipportal.providers.standing_forms import EndForm, NewStandingForm, StandingForm

ORDERS = {"receiver": ("receiver__name", "valid_from"), "from": ("valid_from",), "title": ("title",)}


@area(Side.PROVIDER)
def standing(request: AreaRequest) -> HttpResponse:
    rows = standings.standing_of(request.organisation)
    shown = listing(request, rows, orders=ORDERS, default="receiver")
    return render(
        request, "providers/standing.html", {"listing": shown, "may_manage": request.membership.may(Role.MANAGER)}
    )


@area(Side.PROVIDER, role=Role.MANAGER, methods=("GET", "POST"))
def standing_new(request: AreaRequest) -> HttpResponseBase:
    form = NewStandingForm(request.POST or None, request.FILES or None)
    if request.method == "POST" and form.is_valid():
        try:
            standings.create(
                provider=request.organisation,
                receiver=form.cleaned_data["theater"].receiver,
                values=form.terms(),
                file=form.cleaned_data["file"],
                actor=request.actor,
            )
        except Invalid as refused:
            blame(form, refused)
        else:
            messages.success(request, _("On file. Both sides can read it."))
            return go(request, "standing")
    return _form_page(request, form, _("Put a standing agreement on file"))


@area(Side.PROVIDER, role=Role.MANAGER, methods=("GET", "POST"))
def standing_edit(request: AreaRequest, pk: int) -> HttpResponseBase:
    shown = loaders.standing(request, pk)
    names = ("title", "valid_from", "valid_until", "version")
    form = StandingForm(
        request.POST or None, request.FILES or None, initial={name: getattr(shown, name) for name in names}
    )
    if request.method == "POST" and form.is_valid():
        seen, file = form.cleaned_data["version"] or 0, form.cleaned_data["file"]
        try:
            standings.update(shown, values=form.terms(), file=file, seen_version=seen, actor=request.actor)
        except Invalid as refused:
            blame(form, refused)
        except StaleState:
            return _form_page(request, form, shown.title, stale=form.meet(loaders.standing(request, pk)))
        except PortalError as refused:
            tell(request, refused)
            return go(request, "standing")
        else:
            messages.success(request, _("Saved."))
            return go(request, "standing")
    return _form_page(request, form, shown.title)


@area(Side.PROVIDER, role=Role.MANAGER, methods=("GET", "POST"))
def standing_end(request: AreaRequest, pk: int) -> HttpResponseBase:
    shown = loaders.standing(request, pk)
    form = EndForm(request.POST or None, initial={"version": shown.version})
    if request.method == "POST" and form.is_valid():
        day, seen = form.cleaned_data["last_day"], form.cleaned_data["version"]
        try:
            standings.end(shown, last_day=day, seen_version=seen, actor=request.actor)
        except Invalid as refused:
            blame(form, refused)
        except PortalError as refused:
            tell(request, refused)
            return go(request, "standing_end", pk=pk)
        else:
            messages.success(request, _("Ended. It stays readable."))
            return go(request, "standing")
    return render(request, "providers/standing_end.html", {"standing": shown, "form": form})


@area(Side.PROVIDER)
def standing_file(request: AreaRequest, pk: int) -> HttpResponseBase:
    found = loaders.standing(request, pk, with_file=True)
    return private_pdf(found.file, found.file_name)


def _form_page(request: AreaRequest, form: Any, title: str, *, stale: list[Any] | None = None) -> HttpResponse:
    context = {"form": form, "title": title, "stale": stale, "back_url": address(request, "standing")}
    return render(request, "providers/standing_form.html", context, status=200 if stale is None else 409)
