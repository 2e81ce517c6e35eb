"""Each component with ordinary Dutch values, with very long ones, and with nothing."""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from django.conf import settings
from django.contrib.messages.constants import ERROR
from django.contrib.messages.storage.base import Message
from django.core.paginator import Paginator
from django.template.loader import get_template
from django.utils.safestring import mark_safe
from django.utils.translation import override

from dipportal.contracts.enums import Status
from dipportal.contracts.yields import Column, Yield
from dipportal.dip.conflict_sides import Row, Sheet
from dipportal.ticketing.monitor import RunUp
from dipportal.ticketing.run_up import Drawn
from tests.frontend.conftest import StrictReader, read
from tests.frontend.showcase import AT, LONG, EveryField, Filters, components_context, portal_context
from tests.frontend.showcase_yields import YIELDS

Render = Callable[..., StrictReader]
FOLDER = Path(settings.BASE_DIR) / "templates" / "components"

bound = EveryField({"guarantee": "veel"})
context = components_context()

# Filled with ordinary values and with long ones; 'with nothing' is tried for every component.
CASES: dict[str, list[dict[str, Any]]] = {
    "account_links": [{}],
    "account_menu": [{"user": SimpleNamespace(email=f"{'lang' * 30}@noorderlicht.example", is_staff=True)}],
    "alert": [
        {"tone": tone, "title": LONG, "text": LONG, "live": True}
        for tone in ("success", "info", "warning", "danger", "error", "")
    ],
    "alert_text": [{"title": "Let op", "text": LONG, "action_url": "/", "action_label": LONG}],
    "badge": [{"label": "Concept", "tone": "success", "icon": "check"}, {"label": LONG}],
    "confirm": [
        {
            "question": LONG,
            "detail": LONG,
            "action_url": "/",
            "button_label": "Intrekken",
            "cancel_url": "/",
            "csrf_token": "x",
            "version": 3,
        }
    ],
    "date": [
        {"value": AT},
        {"value": AT, "style": "day"},
        {"value": AT.date(), "style": "day"},
        {"value": AT, "style": "ago"},
    ],
    "difference_row": [
        {"label": LONG, "old": LONG, "new": "", "changed": True},
        {"label": "Garantie", "old": "80 %", "new": "80 %", "changed": False},
    ],
    "dip_id": [{"value": 4711}, {"value": LONG}],
    "dl_row": [{"term": LONG, "value": LONG, "note": LONG, "tone": "danger"}, {"term": "Toeslag", "value": 0}],
    "empty": [{"title": LONG, "text": LONG, "action_url": "/", "action_label": LONG, "icon": "theater"}],
    "error_page": [
        {"title": LONG, "text": LONG, "hint": LONG, "icon": "search", "action_url": "/", "action_label": LONG}
    ],
    "errors": [{"form": bound}, {"form": Filters()}, {"extra": [{"href": "#cel-3-2", "text": LONG}]}],
    "field": [{"field": field} for field in bound]
    + [{"field": bound["guarantee"], "prefix": "€", "suffix": "per voorstelling", "hide_label": True}],
    "field_error": [{"field": bound["guarantee"]}],
    "field_help": [{"field": bound["guarantee"]}],
    "fieldset": [{"legend": LONG, "text": LONG, "fields": list(bound.visible_fields()), "columns": 2}],
    "filter_bar": [{"form": Filters(), "action": "/", "clear_url": "/", "order": "-date", "target": "#list"}],
    "form": [{"form": bound}, {"form": Filters(), "no_summary": True}],
    "icon": [{"name": "home"}],
    "language": [{}],
    "navigation": [
        {"items": portal_context()["navigation"], "label": "Hoofdmenu"},
        {"items": [{"label": LONG, "url": "/"}], "label": LONG},
    ],
    "no_results": [{"clear_url": "/", "text": LONG}, {"clear_url": "/"}],
    "notices": [{"messages": [Message(ERROR, LONG)], "oob": True}],
    "organisation_label": [{"organisation": SimpleNamespace(name=LONG, get_kind_display="aanbieder")}],
    "organisation_switcher": [portal_context(), portal_context() | {"organisation": None, "membership": None}],
    "page_header": [
        {
            "title": LONG,
            "subtitle": LONG,
            "back_url": "/",
            "status": "proposed",
            "status_label": LONG,
            "action_url": "/",
            "action_label": LONG,
            "action_icon": "send",
        },
        {"title": "De Storm", "action_form": "voorstel", "action_label": "Versturen"},
        {
            "title": "De Storm",
            "action_url": "/",
            "action_label": "Versturen",
            "action_why": "De garantie ontbreekt nog.",
        },
    ],
    "money": [{"cents": 650_000}, {"cents": 0}, {"cents": 10**12}],
    "pager": [{"page": Paginator(range(403), 25).page(number)} for number in (1, 2, 17)]
    + [{"page": Paginator([], 25).page(1)}],
    "progress": [{"label": LONG, "value": 120, "max": 400, "text": "120 van 400"}, {"label": "Ophalen", "value": 12.5}],
    "run_up": [
        {
            "chart": Drawn(
                mark_safe('<svg class="chart" role="img" aria-label="Aanloop"></svg>'),
                mark_safe('<svg class="chart" role="img" aria-label="Aanloop"></svg>'),
                [RunUp(7, 120, Decimal("34.5"), Decimal("1.0"), Decimal("100.0"))],
            )
        },
        {"chart": Drawn(mark_safe("<svg></svg>"), mark_safe("<svg></svg>"), [])},
    ],
    "required": [{"field": bound["guarantee"]}],
    "search": [{"id": "zoek", "search_url": "/zoeken/"}],
    "sort_header": [
        {"label": LONG, "field": "date", "current": current, "numeric": True}
        for current in ("date", "-date", "title", "")
    ],
    "stat": [
        {"number": "12", "label": LONG, "url": "/", "note": LONG, "tone": "danger"},
        {"number": LONG, "label": "Bezetting"},
    ],
    "status": [{"status": "proposed", "label": LONG}, {"status": "onbekend"}],
    "timeline": [{"entries": context["entries"]}],
    "stale": [
        {"rows": [SimpleNamespace(label=LONG, there="", typed=LONG)], "reload_url": "/"},
        {"rows": [], "reload_url": "/", "closed": True},
    ],
    "missing": [{"since": AT}, {"since": None}],
    "paper_button": [{"url": "/pdf/"}],
    "conflict_sheet": [
        {
            "sheet": Sheet(
                ("In dit portaal", "In DIP"), (Row("remarks", LONG, (LONG, "")), Row("type", "Type", ("a", "a")))
            )
        },
        {"sheet": Sheet(("In dit portaal", "In DIP"), ())},
    ],
    "comparison_part": [
        {"text": text, "label": label, "tag": tag, "changed": True}
        for text, label, tag in (("", "rang 2", "del"), (LONG, "", "ins"))
    ],
    "standing": [
        {"standing": SimpleNamespace(found=True, text=LONG), "file_url": "/"},
        {"standing": SimpleNamespace(found=None, text=LONG)},
        {"standing": None},
    ],
    "yield": [
        {"money": Yield(reason=LONG), "own": "provider"},
        {
            "money": Yield(
                columns=(Column(20, 1, 10**9, 10**9, -(10**9)), Column(100, 500, 0, 0, 0)),
                base=LONG,
                estimate=True,
                evenings=1,
                seats=500,
                guaranteed=True,
                missing=(LONG, "Btw"),
            ),
            "own": "receiver",
            "lines": True,
        },
    ],
    **YIELDS,
}


# Made for one form widget or for rows of the database, and tried on the pages that have them:
# tests/contracts/test_compare_pages.py, tests/providers/test_paper_pages.py.
OF_ROWS = {"comparison", "comparison_performance", "version_row", "versions_form", "standing_head", "standing_period"}
ELSEWHERE = {"tranches", *OF_ROWS}


def test_every_component_is_tried() -> None:
    assert set(CASES) == {path.stem for path in FOLDER.glob("*.html")} - ELSEWHERE


@pytest.mark.parametrize(("name", "values"), [(name, values) for name, cases in CASES.items() for values in cases])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_a_component_is_well_formed(component: Render, name: str, values: dict[str, Any], language: str) -> None:
    with override(language):
        component(name, **values)


@pytest.mark.parametrize("name", sorted(CASES))
def test_a_component_without_values_is_well_formed(component: Render, name: str) -> None:
    component(name)


@pytest.mark.parametrize("path", sorted(FOLDER.glob("*.html")), ids=lambda path: path.stem)
def test_a_component_says_what_it_takes(path: Path) -> None:
    assert path.read_text().startswith("{% comment %}")


def test_names_of_others_are_escaped(component: Render) -> None:
    for name, key in [
        ("badge", "label"),
        ("alert", "text"),
        ("stat", "label"),
        ("dip_id", "value"),
        ("empty", "title"),
    ]:
        page = component(name, **{key: "<b>Zee & Zand</b>"})
        assert "b" not in [tag for tag, _attrs in page.tags]
        assert "<b>Zee & Zand</b>" in page.text


def test_an_amount_of_nothing_is_not_an_amount_of_zero(component: Render) -> None:
    assert "€\u00a00,00" in component("money", cents=0).text
    assert "€" not in component("money", cents=None).text


def test_dates_are_dutch_and_in_amsterdam(component: Render) -> None:
    assert component("date", value=AT).text.strip() == "do 12 mrt 2026, 20:15"
    assert component("date", value=AT, style="day").text.strip() == "do 12 mrt 2026"


@pytest.mark.parametrize("status", [*Status.values, "something-new"])
def test_a_status_is_never_colour_alone(component: Render, status: str) -> None:
    page = component("status", status=status, label="Het woord")
    assert "Het woord" in page.text
    assert any("#" in href for href in page.attributes("href")), "no icon"


def test_each_status_has_its_own_icon(component: Render) -> None:
    icons = [component("status", status=status).attributes("href")[0] for status in Status.values]
    assert len(set(icons)) == len(icons)


def test_help_and_error_are_tied_to_their_field(component: Render) -> None:
    page = component("form", form=bound)
    ids = set(page.attributes("id"))
    described = [part for value in page.attributes("aria-describedby") for part in value.split()]
    assert {"id_guarantee_helptext", "id_guarantee_error", "id_answer_error"} <= set(described)
    assert set(described) <= ids


def test_every_field_has_a_label(component: Render) -> None:
    page = component("form", form=bound)
    labelled = set(page.attributes("for"))
    wanted = {
        attrs["id"]
        for tag, attrs in page.tags
        if tag in {"input", "select", "textarea"} and attrs.get("type") != "hidden"
    }
    assert wanted <= labelled


def test_the_error_summary_leads_to_each_field(component: Render) -> None:
    page = component("form", form=bound)
    targets = {href[1:] for href in page.attributes("href") if href.startswith("#")}
    assert {"id_guarantee", "id_percentage", "id_answer", "id_fields_rejected", "id_agreed"} <= targets
    assert targets <= set(page.attributes("id"))
    assert "De garantie is hoger dan de uitkoopsom." in page.text


def test_a_form_without_errors_has_no_summary(component: Render) -> None:
    assert "alert" not in component("form", form=Filters()).attributes("role")


def test_sorting_turns_around_keeps_the_filter_and_starts_at_page_one(component: Render) -> None:
    up = component("sort_header", label="Datum", field="date", current="date")
    down = component("sort_header", label="Datum", field="date", current="-date")
    other = component("sort_header", label="Datum", field="date", current="title")
    assert up.attributes("aria-sort") == ["ascending"]
    assert down.attributes("aria-sort") == ["descending"]
    assert other.attributes("aria-sort") == []
    assert "?status=proposed&order=-date" in up.attributes("href")
    assert "?status=proposed&order=date" in down.attributes("href")
    assert "?status=proposed&order=date" in other.attributes("href")


def test_the_pager_counts_and_keeps_the_filter(component: Render) -> None:
    page = component("pager", page=Paginator(range(403), 25).page(2))
    assert "26–50" in page.text
    assert "403" in page.text
    assert "?status=proposed&page=3" in page.attributes("href")
    assert "nav" not in [tag for tag, _attrs in component("pager", page=Paginator([], 25).page(1)).tags]


def test_a_filter_that_works_by_script_is_also_a_plain_form(component: Render) -> None:
    page = component("filter_bar", form=Filters(), action="/afspraken/", target="#list", order="-date")
    form = next(attrs for tag, attrs in page.tags if tag == "form")
    assert (form["method"], form["action"], form["hx-target"]) == ("get", "/afspraken/", "#list")
    assert "submit" in page.attributes("type")
    assert ("order", "-date") in [(attrs.get("name"), attrs.get("value")) for _tag, attrs in page.tags]


def test_a_confirmation_carries_the_token_and_the_version_that_was_seen(component: Render) -> None:
    page = component(
        "confirm", question="Intrekken?", action_url="/", button_label="Ja", csrf_token="x" * 64, version=0
    )
    fields = {attrs.get("name"): attrs.get("value") for tag, attrs in page.tags if tag == "input"}
    assert fields["csrfmiddlewaretoken"]
    assert fields["version"] == "0"


def test_an_action_that_cannot_work_says_why(component: Render) -> None:
    page = component(
        "page_header", title="De Storm", action_url="/x/", action_label="Versturen", action_why="De garantie ontbreekt."
    )
    assert "De garantie ontbreekt." in page.text
    assert "/x/" not in page.attributes("href")


def test_a_row_says_in_words_that_it_changed(component: Render) -> None:
    changed = component("difference_row", label="Garantie", old="€ 1", new="€ 2", changed=True)
    same = component("difference_row", label="Garantie", old="€ 1", new="€ 1", changed=False)
    assert {"del", "ins"} <= {tag for tag, _attrs in changed.tags}
    assert not {"del", "ins"} & {tag for tag, _attrs in same.tags}


@pytest.mark.parametrize("code", [400, 403, 404, 409, 500])
def test_an_error_page_needs_nothing(code: int) -> None:
    page = read(get_template(f"{code}.html").render())
    assert [tag for tag, _attrs in page.tags].count("h1") == 1
    assert "/" in page.attributes("href")


def test_a_refusal_is_shown_in_its_own_words() -> None:
    page = read(
        get_template("409.html").render(
            {"sentence": "De afspraak is intussen goedgekeurd.", "newest_url": "/nieuwste/"}
        )
    )
    assert "De afspraak is intussen goedgekeurd." in page.text
    assert "/nieuwste/" in page.attributes("href")
