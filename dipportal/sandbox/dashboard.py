"""DIP's own dashboard in small: a theater answers here, and a provider changes a thing or two.

No log-in and no CSRF token: the sandbox holds nothing worth protecting and listens on this machine only.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse

from dipportal.sandbox import contracts, productions, terms
from dipportal.sandbox.calls import Refusal
from dipportal.sandbox.formats import term_text
from dipportal.sandbox.runtime import current
from dipportal.sandbox.store import Record

_STYLE = Path(__file__).resolve().parent / "templates" / "sandbox" / "style.css"


def _found(kind: str, record_id: int | str) -> Record:
    record = current().store.get(kind, record_id)
    if record is None:
        raise Http404(f"{kind} {record_id}")
    return record


def _page(request: HttpRequest, name: str, **context: Any) -> HttpResponse:
    context.update(message=request.GET.get("melding", ""), problem=request.GET.get("fout", ""))
    return render(request, f"sandbox/{name}.html", context)


def _back(view: str, *arguments: Any, **told: str) -> HttpResponse:
    return HttpResponseRedirect(f"{reverse(view, args=arguments)}?{urlencode(told)}")


def style(request: HttpRequest) -> HttpResponse:
    return HttpResponse(_STYLE.read_text(encoding="utf-8"), content_type="text/css; charset=utf-8")


def home(request: HttpRequest) -> HttpResponse:
    store = current().store
    open_proposals: dict[int, int] = {}
    for record in store.records("contract", "json_extract(body, '$.status') = 'proposed'"):
        open_proposals[record["theater"]["id"]] = open_proposals.get(record["theater"]["id"], 0) + 1
    theaters = [one for one in store.records("theater") if one["dip_member"]]
    for one in theaters:
        one["open"] = open_proposals.get(one["id"], 0)
    providers = store.get_meta("providers", [])
    return _page(request, "home", theaters=theaters, providers=providers)


def theater(request: HttpRequest, theater_id: int) -> HttpResponse:
    house = _found("theater", theater_id)
    # A receiver sees nothing of a concept.
    records = current().store.records(
        "contract", "theater = ? AND json_extract(body, '$.status') <> 'concept'", [theater_id]
    )
    records.sort(key=lambda one: (one["status"] != "proposed", one["first_date"], one["id"]))
    return _page(request, "theater", theater=house, contracts=records)


def _contract_of(theater_id: int, contract_id: int) -> Record:
    record = _found("contract", contract_id)
    if record["theater"]["id"] != theater_id or record["status"] == "concept":
        raise Http404(f"contract {contract_id}")
    return record


def proposal(request: HttpRequest, theater_id: int, contract_id: int) -> HttpResponse:
    record = _contract_of(theater_id, contract_id)
    rows = [(terms.LABELS[name], term_text(name, value)) for name, value in record["properties"].items()]
    allowed = terms.rejection_fields_of(record["type"])
    rejected = [terms.REJECTION_LABELS[name] for name, on in record["rejection_fields"].items() if on]
    fields = [(name, terms.REJECTION_LABELS[name]) for name in allowed]
    return _page(request, "proposal", contract=record, rows=rows, fields=fields, rejected=rejected)


def approve(request: HttpRequest, theater_id: int, contract_id: int) -> HttpResponse:
    return _answer(request, theater_id, contract_id, approved=True)


def reject(request: HttpRequest, theater_id: int, contract_id: int) -> HttpResponse:
    return _answer(request, theater_id, contract_id, approved=False)


def _answer(request: HttpRequest, theater_id: int, contract_id: int, *, approved: bool) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    box = current()
    try:
        with box.store.transaction():
            record = _contract_of(theater_id, contract_id)
            if approved:
                contracts.approve(box.store, box.clock, record)
            else:
                reason = request.POST.get("reason", "").strip()
                contracts.reject(box.store, box.clock, record, reason, request.POST.getlist("fields"))
    except Refusal as refusal:
        return _back("proposal", theater_id, contract_id, fout=refusal.description)
    message = "Het voorstel is goedgekeurd." if approved else "Het voorstel is afgekeurd."
    return _back("proposal", theater_id, contract_id, melding=message)


def organisation(request: HttpRequest, organisation_id: int) -> HttpResponse:
    box = current()
    concepts = box.store.records(
        "contract", "owner = ? AND json_extract(body, '$.status') = 'concept'", [organisation_id]
    )
    shown: list[Record] = []
    for producer_id in sorted(box.producers_of(organisation_id)):
        shown += box.store.records("production", "owner = ?", [producer_id])
    shown.sort(key=lambda one: (one["season"], one["title"]), reverse=True)
    names = {one["id"]: one["name"] for one in box.store.get_meta("providers", [])}
    if organisation_id not in names:
        raise Http404(f"organisation {organisation_id}")
    return _page(
        request,
        "organisation",
        organisation={"id": organisation_id, "name": names[organisation_id]},
        concepts=concepts,
        productions=shown,
    )


def production(request: HttpRequest, production_id: str) -> HttpResponse:
    shown = _found("production", production_id)
    performances = current().store.records("performance", "production = ?", [production_id])
    performances.sort(key=lambda one: (one["date"], one["number"]))
    return _page(request, "production", production=shown, performances=performances)


def propose(request: HttpRequest, contract_id: int) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    box = current()
    record = _found("contract", contract_id)
    owner = (record["agency"] or record["producer"])["id"]
    try:
        with box.store.transaction():
            contracts.propose(box.store, box.clock, _found("contract", contract_id))
    except Refusal as refusal:
        return _back("organisation", owner, fout=refusal.description)
    return _back("organisation", owner, melding=f"Afspraak {contract_id} is voorgesteld.")


def retitle(request: HttpRequest, production_id: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    title = request.POST.get("title", "").strip()
    if not title:
        return _back("production", production_id, fout="Een titel is verplicht.")
    store = current().store
    with store.transaction():
        record = _found("production", production_id)
        record["title"] = title
        productions.save_production(store, record)
    return _back("production", production_id, melding="De titel is gewijzigd.")


def move(request: HttpRequest, number: int) -> HttpResponse:
    try:
        date = productions.normal_date(request.POST.get("date", ""))
    except ValueError:
        production_id = _found("performance", number)["production"]["id"]
        return _back("production", production_id, fout="Vul een datum en een tijd in.")
    return _change(request, number, "De voorstelling is verplaatst.", date=date)


def cancel(request: HttpRequest, number: int) -> HttpResponse:
    return _change(request, number, "De voorstelling is geannuleerd.", status="cancellation")


def _change(request: HttpRequest, number: int, message: str, **members: str) -> HttpResponse:
    if request.method != "POST":
        return HttpResponseNotAllowed(["POST"])
    store = current().store
    with store.transaction():
        record = _found("performance", number)
        record.update(members)
        productions.save_performance(store, record)
    return _back("production", record["production"]["id"], melding=message)
