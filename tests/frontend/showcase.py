"""A page with every component on it, only for the tests: filled with ordinary and with awkward values."""

import datetime as dt
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpRequest, HttpResponse
from django.template import engines
from django.utils import timezone

from dipportal.core.forms import CentsField, PercentField
from dipportal.dip.conflict_sides import Row, Sheet

LONG = "De buitengewoon langdradige geschiedenis van het Hottentottententententoonstellingsterreinenbeheer " * 2
AT = dt.datetime(2026, 3, 12, 19, 15, tzinfo=dt.UTC)
STATUSES = [
    ("concept", "Concept"),
    ("proposed", "Voorgesteld"),
    ("countered", "Tegenvoorstel"),
    ("approved", "Goedgekeurd"),
    ("rejected", "Afgekeurd"),
    ("revised", "Herzien"),
    ("withdrawn", "Ingetrokken"),
    ("conflict", "Tegenstrijdig"),
    ("cancelled", "Geannuleerd"),
    ("waiting", "Wacht"),
    ("running", "Bezig"),
    ("something-new", "Iets nieuws"),
]


class EveryField(forms.Form):
    guarantee = CentsField(label="Garantie", help_text="Zoals 6500 of 6.500,00.")
    percentage = PercentField(label="Percentage")
    seats = forms.IntegerField(label="Plaatsen", min_value=0)
    title = forms.CharField(label=LONG, required=False)
    remark = forms.CharField(label="Opmerking", widget=forms.Textarea, required=False)
    kind = forms.ChoiceField(label="Soort", choices=[("partage", "Partage"), ("rent", "Huur")])
    answer = forms.ChoiceField(
        label="Antwoord",
        choices=[("yes", "Goedkeuren"), ("no", LONG)],
        widget=forms.RadioSelect,
        help_text="De andere kant krijgt bericht.",
    )
    fields_rejected = forms.MultipleChoiceField(
        label="Afgekeurde velden",
        choices=[("guarantee", "Garantie"), ("percentage", "Percentage")],
        widget=forms.CheckboxSelectMultiple,
    )
    agreed = forms.BooleanField(label="Ik heb het gelezen", help_text="Alle voorwaarden.")
    day = forms.DateField(label="Dag", widget=forms.DateInput(attrs={"type": "date"}))
    at = forms.DateTimeField(label="Aanvang", widget=forms.DateTimeInput(attrs={"type": "datetime-local"}))
    version = forms.IntegerField(widget=forms.HiddenInput, required=False)

    def clean(self) -> None:
        raise forms.ValidationError("De garantie is hoger dan de uitkoopsom.")


class Filters(forms.Form):
    title = forms.CharField(label="Titel", required=False)
    status = forms.ChoiceField(label="Status", choices=STATUSES, required=False)
    since = forms.DateField(label="Vanaf", widget=forms.DateInput(attrs={"type": "date"}), required=False)
    own = forms.BooleanField(label="Alleen van mij", required=False)


def member(name: str, slug: str, kind: str, role: str) -> SimpleNamespace:
    organisation = SimpleNamespace(name=name, slug=slug, get_kind_display=kind)
    return SimpleNamespace(organisation=organisation, get_role_display=role, role="viewer", home_url=f"/{slug}/")


def portal_context() -> dict[str, Any]:
    """What the context processor gives on a page of a signed-in member."""
    memberships = [
        member("Impresariaat Noorderlicht", "noorderlicht", "aanbieder", "meekijker"),
        member(LONG, "lang", "afnemer", "beheerder"),
    ]
    items = [
        ("Start", "home", 12),
        ("Producties", "theater", 0),
        ("Afspraken", "file-text", 3),
        ("Kaartstanden", "ticket", 0),
    ]
    return {
        "user": SimpleNamespace(is_authenticated=True, is_staff=False, email="planner@noorderlicht.example"),
        "organisation": memberships[0].organisation,
        "membership": memberships[0],
        "memberships": memberships,
        "search_url": "/zoeken/",
        "demo_mode": True,
        "navigation": [
            {"label": label, "url": f"/{icon}/", "icon": icon, "count": count, "active": icon == "file-text"}
            for label, icon, count in items
        ],
    }


def components_context() -> dict[str, Any]:
    form = EveryField({"guarantee": "veel", "percentage": "120", "version": "2"})
    bound = {field.name: field for field in form.visible_fields()}
    rows = [
        SimpleNamespace(title="De Storm", at=AT, cents=650_000, status="proposed", word="Voorgesteld", dip_id="4711"),
        SimpleNamespace(title=LONG, at=AT, cents=None, status="rejected", word="Afgekeurd", dip_id=""),
        SimpleNamespace(
            title="Zee & <Zand>", at=None, cents=0, status="", word="", dip_id="NH-2026-000123-ABCDEFGHIJKL"
        ),
    ]
    entries = [
        SimpleNamespace(at=AT, label="Voorgesteld", who="Impresariaat Noorderlicht", text="", tone="info", icon="send"),
        SimpleNamespace(at=AT, label=LONG, who="", text="Te duur.\n\nGraag lager.", tone="danger", icon="circle-x"),
        SimpleNamespace(at=None, label="Gelezen", who=None, text=None, tone="", icon=""),
    ]
    return {
        "title": "De Storm, wo 11 mrt 2026, Schouwburg De Kade",
        "tones": ["success", "info", "warning", "danger"],
        "statuses": STATUSES,
        "form": form,
        "filters": Filters(auto_id="filter_%s"),
        "sheet": Sheet(
            ("In dit portaal", "In DIP"),
            (
                Row("provider_guarantee", "Garantie", ("€ 6.000,00", "€ 6.500,00")),
                Row("remarks", LONG, ("Twee regels\nop een", "")),
                Row("type", "Type", ("Partage", "Partage")),
            ),
        ),
        "no_sheet": Sheet(("In dit portaal", "In DIP"), ()),
        "money_fields": [bound.pop("guarantee"), bound.pop("percentage"), bound.pop("seats"), bound.pop("kind")],
        "other_fields": list(bound.values()),
        "rows": rows,
        "page": Paginator(range(403), 25).page(2),
        "entries": entries,
        "now": timezone.now(),
    }


def showcase(request: HttpRequest) -> HttpResponse:
    if request.method == "POST":
        return HttpResponse(status=204)
    messages.success(request, "Het voorstel is verstuurd.")
    messages.error(request, "De afspraak kon niet worden opgeslagen.")
    template = engines["django"].from_string(Path(__file__).with_name("showcase.html").read_text())
    return HttpResponse(template.render(components_context() | portal_context(), request))
