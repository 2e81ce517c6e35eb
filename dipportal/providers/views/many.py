"""Many agreements at once: choose the performances, fill the terms in once, look the agreements over, confirm.

Nothing is kept until it is confirmed: what was chosen stands in the address, what was filled in goes along in the form.
"""

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.db.models import Q
from django.http import Http404, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue.enums import PerformanceStatus
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import batches, display, planning, stock
from dipportal.contracts import queries as contracts
from dipportal.contracts.enums import ContractType
from dipportal.contracts.models_batch import Batch, BatchKind
from dipportal.contracts.planning import MONEY, MOST, OF_THE_HALL, Per, Planned, Wish
from dipportal.contracts.terms import BY_NAME
from dipportal.core.errors import PortalError
from dipportal.core.listing import listing
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import loaders, queries
from dipportal.providers.forms import ContractForm
from dipportal.providers.many_forms import ManyForm, SharedTermsForm
from dipportal.providers.pages import address, go, tell, typed
from dipportal.providers.snippets import inserted, template_values
from dipportal.providers.views.drafting import _create

KINDS = {"create": BatchKind.CREATE, "propose": BatchKind.BOTH}
# What the overview does not send on: its own buttons and ticks.
NOT_KEPT = ("csrfmiddlewaretoken", "go", "row", "token", "insert", "snippet")


def numbers(values: Iterable[str]) -> list[int]:
    """The keys in an address or a form, each once; what is no key is left out."""
    found = [int(value) for value in values if value.isascii() and value.isdecimal() and len(value) < 19]
    return list(dict.fromkeys(found))


def seen_versions(values: Iterable[str]) -> dict[int, int]:
    """'12:3' → {12: 3}: a key with the version that the person read."""
    pairs = [value.partition(":") for value in values]
    good = [(key, version) for key, _colon, version in pairs if numbers([key]) and numbers([version[:9]])]
    return {int(key): int(version[:9]) for key, version in good}


@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def many(request: AreaRequest) -> HttpResponse:
    plays = _chosen(request)
    productions = {play.production_id: play.production for play in plays}
    if len(productions) > 1:
        return _which_production(request, plays, list(productions.values()))
    production = next(iter(productions.values()), None) or _named(request)
    if production is None:
        return _choose_production(request)
    bound = "step" in request.GET
    keys = [play.pk for play in plays] or _open_ones(request, production)
    form = ManyForm(
        request.GET if bound else None,
        organisation=request.organisation,
        offered=_offered(request, production, keys),
        initial={"p": keys, "per": Per.THEATER, "type": ContractType.PARTAGE},
    )
    if bound and form.is_valid():
        return _fill_in(request, production, form)
    context = {"form": form, "production": production, "back_url": address(request, "production", pk=production.pk)}
    return render(request, "providers/many.html", context)


def _chosen(request: AreaRequest) -> list[Performance]:
    """The performances that the address names; 404 for a stranger's among them."""
    keys = numbers(request.GET.getlist("p"))
    found = list(catalogue.performances_of(request.organisation).filter(pk__in=keys).order_by("starts_at", "pk"))
    if len(found) != len(keys):
        raise Http404
    return found


def _named(request: AreaRequest) -> Production | None:
    named = numbers([request.GET.get("production", "")])
    return get_object_or_404(catalogue.productions_of(request.organisation), pk=named[0]) if named else None


def _open_ones(request: AreaRequest, production: Production) -> list[int]:
    bare = contracts.performances_without_contract(request.organisation).filter(production=production)
    return list(bare.order_by("starts_at", "pk").values_list("pk", flat=True)[:MOST])


def _offered(request: AreaRequest, production: Production, keys: list[int]) -> Any:
    """All that take place, and what was chosen although it does not: its row says why it cannot be made."""
    played = Q(status=PerformanceStatus.AGREED, missing_since=None)
    rows = catalogue.performances_of(request.organisation).filter(played | Q(pk__in=keys), production=production)
    return rows.order_by("starts_at", "pk")


def _choose_production(request: AreaRequest) -> HttpResponse:
    text = typed(request)
    rows = catalogue.playing_of(request.organisation).search(text)
    shown = listing(request, rows, orders={"date": ("first_at",)}, default="-date")
    return render(request, "providers/contract_new_production.html", {"listing": shown, "text": text})


def _which_production(request: AreaRequest, plays: list[Performance], productions: list[Production]) -> HttpResponse:
    """Agreements are made for one production at a time."""
    parts = [(one, [play for play in plays if play.production_id == one.pk]) for one in productions]
    return render(request, "providers/many_which.html", {"parts": parts})


# --- the terms, once -------------------------------------------------------------------------------------------
def _fill_in(request: AreaRequest, production: Production, chosen: ManyForm) -> HttpResponse:
    template = chosen.cleaned_data["template"]
    form = SharedTermsForm(
        request.POST if request.method == "POST" else None,
        kind=chosen.kind,
        values=_values_of(template) if template else None,
        initial={"contact_provider": request.organisation.contact_email, "agency_as_provider": True},
    )
    asked = request.POST.get("go", "")
    inserting = inserted(request, form)
    if request.method == "POST" and not inserting and form.is_valid() and asked != "back":
        return _look_over(request, production, chosen, form, asked)
    context = {
        "form": form,
        "production": production,
        "kind": ContractType(chosen.kind),
        "number": len(chosen.cleaned_data["p"]),
        "back_url": f"{address(request, 'many')}?{_without_step(request)}",
    }
    return render(request, "providers/many_terms.html", context)


def _values_of(template: Any) -> dict[str, Any]:
    """Its terms. Prices and surcharges of one theater are not those of all of them."""
    values = stock.values_of(template.type, template.terms)
    return {name: value for name, value in values.items() if template.theater_id is None or name not in OF_THE_HALL}


def _without_step(request: AreaRequest) -> str:
    query = request.GET.copy()
    query.pop("step", None)
    return query.urlencode()


# --- the overview ----------------------------------------------------------------------------------------------
@dataclass(frozen=True)
class Line:
    """One agreement to be made, as the overview shows it."""

    row: Planned
    ticked: bool
    tickets: list[tuple[str | Promise, str]]
    money: list[tuple[str | Promise, str]]


def _look_over(
    request: AreaRequest, production: Production, chosen: ManyForm, form: SharedTermsForm, asked: str
) -> HttpResponse:
    """Shows what would be made; with one of its two buttons it is made, if it still is what was shown."""
    wish = Wish(
        kind=chosen.kind,
        terms=form.terms(),
        per=chosen.cleaned_data["per"],
        last_season=chosen.cleaned_data["last"],
        parties=form.parties(),
    )
    plays = list(planning.chosen(request.organisation, [play.pk for play in chosen.cleaned_data["p"]]))
    rows = planning.plan(request.organisation, production, plays, wish)
    stale = False
    if asked in KINDS:
        ticks = set(request.POST.getlist("row"))
        # One that cannot be made has no box to tick: it could be made when the page was shown, and now it says why not.
        stale = bool(ticks - {row.tick for row in rows if not row.fault})
        batch = None if stale else _make(request, KINDS[asked], [row for row in rows if row.tick in ticks])
        if batch is not None:
            return go(request, "batch", pk=batch.pk)
    context = {
        "lines": _lines(request, rows, shown_before=asked in KINDS),
        "kept": [(name, value) for name, values in request.POST.lists() if name not in NOT_KEPT for value in values],
        "token": secrets.token_urlsafe(24),
        "production": production,
        "kind": ContractType(chosen.kind),
        "stale": stale,
        "ready": sum(not row.fault for row in rows),
    }
    return render(request, "providers/many_overview.html", context, status=409 if stale else 200)


def _lines(request: AreaRequest, rows: list[Planned], *, shown_before: bool) -> list[Line]:
    """A page that is shown again keeps the ticks as they were set."""
    keys = {tick.partition(":")[0] for tick in request.POST.getlist("row")}
    return [
        Line(
            row,
            ticked=not row.fault and (row.key in keys if shown_before else row.ticked),
            tickets=_texts(row, OF_THE_HALL),
            money=_texts(row, MONEY) if row.money_from else [],
        )
        for row in rows
    ]


def _texts(row: Planned, names: Iterable[str]) -> list[tuple[str | Promise, str]]:
    """What is filled in; a surcharge of nothing is no news."""
    values = [(BY_NAME[name], row.terms.get(name)) for name in names]
    return [(term.label, display.text_of(term, value)) for term, value in values if term.is_filled(value)]


def _make(request: AreaRequest, kind: BatchKind, rows: list[Planned]) -> Batch | None:
    try:
        return batches.make(
            provider=request.organisation,
            kind=kind,
            planned=rows,
            token=request.POST.get("token", "")[:43] or secrets.token_urlsafe(24),
            actor=request.actor,
        )
    except PortalError as refused:
        tell(request, refused)
    return None


# --- proposing concepts ----------------------------------------------------------------------------------------
@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def many_propose(request: AreaRequest) -> HttpResponse:
    """Asks first, with all of them and the version of each; then they are proposed one by one."""
    seen = seen_versions(request.POST.getlist("row"))
    keys = (numbers(request.GET.getlist("c")) if request.method != "POST" else list(seen))[:MOST]
    rows = queries.agreements(request.organisation).filter(pk__in=keys).order_by("first_at", "pk")
    concepts = list(rows.prefetch_related("performances"))
    if len(concepts) != len(keys):
        raise Http404
    if not concepts:
        messages.error(request, _("Tick the concepts that you want to propose."))
        return go(request, "contracts")
    if request.method == "POST":
        batch = _propose(request, [(one, seen[one.pk]) for one in concepts])
        return go(request, "batch", pk=batch.pk) if batch else go(request, "contracts")
    shown = planning.proposable(concepts)
    context = {"rows": shown, "ready": sum(row.ready for row in shown), "token": secrets.token_urlsafe(24)}
    return render(request, "providers/many_propose.html", context)


def _propose(request: AreaRequest, seen: list[tuple[Any, int]]) -> Batch | None:
    try:
        return batches.make_proposals(
            provider=request.organisation,
            concepts=seen,
            token=request.POST.get("token", "")[:43] or secrets.token_urlsafe(24),
            actor=request.actor,
        )
    except PortalError as refused:
        tell(request, refused)
    return None


# --- how far it is ---------------------------------------------------------------------------------------------
@area(Side.PROVIDER)
def batch_list(request: AreaRequest) -> HttpResponse:
    rows = batches.counted(batches.batches_of(request.organisation))
    shown = listing(request, rows, orders={"made": ("created_at",)}, default="-made")
    return render(request, "providers/many_batches.html", {"listing": shown})


@area(Side.PROVIDER)
def batch(request: AreaRequest, pk: int) -> HttpResponse:
    """The progress and the one result list. The page asks for itself again while it is not finished."""
    shown = get_object_or_404(batches.batches_of(request.organisation), pk=pk)
    results = batches.results_of(shown)
    states = [result.row.state for result in results]
    context = {
        "batch": shown,
        "results": results,
        "total": len(states),
        "done": states.count("done"),
        "refused": states.count("refused"),
        "worked": len(states) - states.count("waiting"),
    }
    return render(request, "providers/many_batch.html", context)


@area(Side.PROVIDER, role=Role.EDITOR, methods=("POST",))
def batch_retry(request: AreaRequest, pk: int) -> HttpResponse:
    """Once more those that were refused, with the versions that the page showed."""
    shown = get_object_or_404(batches.batches_of(request.organisation), pk=pk)
    try:
        waiting = batches.retry(shown, seen=seen_versions(request.POST.getlist("seen")), actor=request.actor)
        if not waiting:
            messages.info(request, _("Nothing was refused, so there is nothing to try again."))
    except PortalError as refused:
        tell(request, refused)
    return go(request, "batch", pk=pk)


# --- one agreement as the example of another -------------------------------------------------------------------
@area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))
def contract_copy(request: AreaRequest, pk: int) -> HttpResponse:
    """A concept for other performances or another theater, with the terms of this agreement."""
    source = loaders.contract(request, pk)
    theaters = queries.theaters_of(request.organisation, source.production)
    named = numbers([request.GET.get("theater", "")])
    if not named:
        bare = contracts.performances_without_contract(request.organisation).filter(production=source.production)
        open_in = list(bare.order_by().values_list("theater", flat=True))
        places = [(theater, open_in.count(theater.pk)) for theater in theaters if theater.dip_member]
        return render(request, "providers/many_copy.html", {"contract": source, "places": places})
    theater = get_object_or_404(theaters, pk=named[0])
    form = _copy_form(request, source, theater)
    if request.method == "POST" and not inserted(request, form) and form.is_valid():
        made = _create(request, form, source.production, theater)
        if made is not None:
            messages.success(request, _("Saved as a concept. The theater sees nothing until you propose it."))
            return go(request, "contract", pk=made.pk)
    context = {
        "form": form,
        "production": source.production,
        "theater": theater,
        "kind": ContractType(source.type),
        "back_url": address(request, "contract_copy", pk=pk),
    }
    return render(request, "providers/contract_form.html", context)


def _copy_form(request: AreaRequest, source: Any, theater: Any) -> ContractForm:
    """In another theater its prices and surcharges are those of the last agreement there, if there is one."""
    offered = contracts.performances_for(request.organisation, source.production, theater)
    bare = contracts.performances_without_contract(request.organisation).filter(
        production=source.production, theater=theater
    )
    values = template_values(request, source.type) or source.term_values()
    receiver, provider = source.contact_receiver, source.contact_provider
    if theater.pk != source.theater_id:
        receiver, _own = queries.last_contacts(request.organisation, theater)
        plays = list(planning.chosen(request.organisation, offered.values_list("pk", flat=True)))
        open_terms = {name: value for name, value in values.items() if name not in OF_THE_HALL}
        rows = planning.plan(request.organisation, source.production, plays, Wish(kind=source.type, terms=open_terms))
        if rows and rows[0].prices_from:
            values = {**values, **rows[0].terms}
    initial = {
        "performances": list(bare.values_list("pk", flat=True)),
        "contact_receiver": receiver,
        "contact_provider": provider,
        "agency_as_provider": source.agency_as_provider,
    }
    data = request.POST if request.method == "POST" else None
    return ContractForm(data, kind=source.type, values=values, offered=offered, initial=initial)
