"""Drafting an agreement: production, theater, evenings and type, terms. Plain pages that need no JavaScript."""

from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.translation import gettext as _

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.models import Production, Theater
from dipportal.contracts import actions, rules
from dipportal.contracts import queries as contracts
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.core.listing import listing
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import loaders, queries
from dipportal.providers.forms import ContractForm, TypeForm, hints_for
from dipportal.providers.pages import address, blame, go, tell, typed
from dipportal.providers.snippets import inserted, template_values
from dipportal.providers.stale import stale_rows
from dipportal.providers.views import yields


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def contract_new(request: AreaRequest) -> HttpResponse:
    """Each step is the same address with one choice more in it."""
    production = _chosen(request, "production", catalogue.productions_of(request.organisation))
    if production is None:
        return _choose_production(request)
    theater = _chosen(request, "theater", queries.theaters_of(request.organisation, production))
    if theater is None or not theater.dip_member:
        return _choose_theater(request, production, theater)
    kind = request.GET.get("type", "")
    if kind not in ContractType.values or (request.method == "GET" and "performances" not in request.GET):
        return _choose_type(request, production, theater)
    return _fill_in(request, production, theater, kind)


def _chosen(request: AreaRequest, name: str, rows: Any) -> Any:
    """The object that the address names, looked up in scope: nothing when it names none, 404 for a stranger's."""
    number = request.GET.get(name, "")
    if not number:
        return None
    return get_object_or_404(rows, pk=int(number) if number.isascii() and number.isdecimal() else 0)


def _step(request: AreaRequest, **chosen: int) -> str:
    """The address of an earlier step, with what was chosen until then."""
    return f"{address(request, 'contract_new')}?{urlencode(chosen)}"


def _choose_production(request: AreaRequest) -> HttpResponse:
    text = typed(request)
    rows = catalogue.playing_of(request.organisation).search(text)
    shown = listing(request, rows, orders={"date": ("first_at",)}, default="-date")
    return render(request, "providers/contract_new_production.html", {"listing": shown, "text": text})


def _choose_theater(request: AreaRequest, production: Production, refused: Theater | None) -> HttpResponse:
    bare = contracts.performances_without_contract(request.organisation).filter(production=production)
    open_in = list(bare.order_by().values_list("theater", flat=True))
    theaters = list(queries.theaters_of(request.organisation, production))
    return render(
        request,
        "providers/contract_new_theater.html",
        {
            "production": production,
            "members": [(theater, open_in.count(theater.pk)) for theater in theaters if theater.dip_member],
            "others": [theater for theater in theaters if not theater.dip_member],
            "refused": refused,
        },
    )


def _choose_type(request: AreaRequest, production: Production, theater: Theater) -> HttpResponse:
    offered = contracts.performances_for(request.organisation, production, theater)
    bound = "step" in request.GET
    picked = request.GET.getlist("performance")
    bare = contracts.performances_without_contract(request.organisation).filter(production=production, theater=theater)
    form = TypeForm(
        request.GET if bound else None,
        offered=offered,
        initial={"performances": picked or list(bare.values_list("pk", flat=True)), "type": ContractType.PARTAGE},
    )
    context = {
        "production": production,
        "theater": theater,
        "form": form,
        "back_url": _step(request, production=production.pk),
    }
    return render(request, "providers/contract_new_type.html", context)


def _fill_in(request: AreaRequest, production: Production, theater: Theater, kind: str) -> HttpResponse:
    receiver, provider = queries.last_contacts(request.organisation, theater)
    form = ContractForm(
        request.POST if request.method == "POST" else None,
        kind=kind,
        values=template_values(request, kind),
        offered=contracts.performances_for(request.organisation, production, theater),
        initial={
            "performances": [number for number in request.GET.getlist("performances") if number.isdecimal()],
            "contact_receiver": receiver,
            "contact_provider": provider,
            "agency_as_provider": True,
        },
    )
    if request.method == "POST" and not _only_asked(request, form) and form.is_valid():
        made = _create(request, form, production, theater)
        if made is not None:
            messages.success(request, _("Saved as a concept. The theater sees nothing until you propose it."))
            return go(request, "contract", pk=made.pk)
    context = {
        "form": form,
        "production": production,
        "theater": theater,
        "kind": ContractType(kind),
        "money": yields.of_form(form),
        "back_url": _step(request, production=production.pk, theater=theater.pk),
    }
    return render(request, "providers/contract_form.html", context)


def _only_asked(request: AreaRequest, form: ContractForm) -> bool:
    """Without scripts the sums and the snippets are asked for with a button: nothing is saved by it."""
    return "calculate" in request.POST or inserted(request, form)


def _create(request: AreaRequest, form: ContractForm, production: Production, theater: Theater) -> Contract | None:
    try:
        return actions.create_concept(
            provider=request.organisation,
            production=production,
            theater=theater,
            performances=list(form.cleaned_data["performances"]),
            kind=form.kind,
            terms=form.terms(),
            parties=form.parties(),
            actor=request.actor,
        )
    except Invalid as refused:
        blame(form, refused)
    return None


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def contract_edit(request: AreaRequest, pk: int) -> HttpResponse:
    """Change a concept. A save over somebody else's shows both values and writes nothing.

    What was typed stays on the screen also when a colleague proposed it meanwhile.
    """
    concept = loaders.contract(request, pk)
    if request.method != "POST" and not rules.may(concept, "update", request.actor):
        messages.info(request, _("Only a concept can be changed."))
        return go(request, "contract", pk=pk)
    form = ContractForm.of(concept, request.organisation, request.POST if request.method == "POST" else None)
    hints = hints_for(concept)
    form.mark(hints)
    stale: list[Any] | None = None
    if request.method == "POST" and not _only_asked(request, form) and form.is_valid():
        try:
            _update(request, concept, form)
            messages.success(request, _("Saved."))
            return go(request, "contract", pk=pk)
        except Invalid as refused:
            blame(form, refused)
        except StaleState:
            concept = loaders.contract(request, pk)
            stale = stale_rows(concept, form)
        except PortalError as refused:
            tell(request, refused)
    context = {
        "form": form,
        "contract": concept,
        "stale": stale,
        "hints": hints,
        "closed": not rules.may(concept, "update", request.actor),
        "kind": ContractType(concept.type),
        "money": yields.of_form(form),
        "back_url": address(request, "contract", pk=pk),
        "reload_url": address(request, "contract_edit", pk=pk),
    }
    refused_as_stale = stale is not None or context["closed"]
    return render(request, "providers/contract_form.html", context, status=409 if refused_as_stale else 200)


def _update(request: AreaRequest, concept: Contract, form: ContractForm) -> None:
    actions.update_concept(
        concept,
        actor=request.actor,
        seen_version=form.cleaned_data["version"] or 0,
        terms=form.terms(),
        performances=list(form.cleaned_data["performances"]),
        parties=form.parties(),
    )
