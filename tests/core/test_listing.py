"""A page found by its keys is the page that the wide rows give; a quick filter form is the form of the components."""

import copy
import datetime as dt
import re
from html.parser import HTMLParser
from typing import Any

import django_filters
import pytest
from django import forms
from django.db import connection
from django.template.loader import render_to_string
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext
from django.utils import timezone, translation

from dipportal.catalogue.models import Theater
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.filtering import MORE, Filters, Wanted, asked
from dipportal.core.listing import (
    MOMENT,
    Ask,
    FilterForm,
    First,
    Listing,
    counts,
    counts_and_keys,
    firsts,
    listing,
    written,
)
from dipportal.core.markup import dip_id

ORDERS = {"city": ("city", "name"), "name": ("name",)}


@pytest.fixture
def theaters(db: None) -> None:
    Theater.objects.bulk_create(
        Theater(id=number, name=f"Huis {number % 7}", city=f"Stad {number % 3}") for number in range(1, 24)
    )


def page(query: str, *, wide: Any = None, rows: Any = None) -> Listing[Theater]:
    found = Theater.objects.all() if rows is None else rows
    return listing(RequestFactory().get(f"/{query}"), found, orders=ORDERS, default="city", per_page=5, wide=wide)


QUERIES = [
    "",
    "?page=2",
    "?page=5",
    "?page=99",
    "?page=0",
    "?page=-1",
    "?page=x",
    "?order=-name",
    "?order=-city&page=4",
]


@pytest.mark.usefixtures("theaters")
@pytest.mark.parametrize("query", QUERIES)
def test_the_page_by_keys_is_the_page_itself(query: str) -> None:
    plain, narrow = page(query), page(query, wide=Theater.objects.only("name"))
    assert [row.pk for row in narrow.page] == [row.pk for row in plain.page] != []
    assert narrow.order == plain.order
    assert narrow.page.number == plain.page.number
    assert narrow.page.has_next() == plain.page.has_next()
    assert narrow.page.paginator.count == plain.page.paginator.count == 23


@pytest.mark.usefixtures("theaters")
def test_what_the_narrow_rows_leave_out_is_not_on_the_page() -> None:
    chosen = Theater.objects.filter(city="Stad 1")
    found = page("", wide=Theater.objects.all(), rows=chosen)
    assert {row.city for row in found.page} == {"Stad 1"}
    assert list(page("", wide=Theater.objects.all(), rows=Theater.objects.none()).page) == []


@pytest.mark.usefixtures("theaters")
def test_the_keys_come_with_the_counts_in_one_statement() -> None:
    rows = Theater.objects.order_by("name", "pk")
    with CaptureQueriesContext(connection) as queries:
        found = counts_and_keys([rows, rows.filter(city="Stad 1"), rows.none()], rows[5:9], most=20)
    assert found == ([20, 8, 0], found[1])
    assert sorted(found[1]) == sorted(rows.values_list("pk", flat=True)[5:9])
    assert len(queries) == 1
    assert counts([rows, rows.none()], most=20) == [20, 0]
    assert counts_and_keys([rows], rows.none(), most=20) == ([20], [])


@pytest.mark.usefixtures("theaters")
def test_the_first_of_several_come_in_their_order_with_their_number_in_one_statement() -> None:
    rows, some = Theater.objects.order_by("name", "-pk"), Theater.objects.filter(city="Stad 1").order_by("-pk")
    with CaptureQueriesContext(connection) as queries:
        found = firsts(
            written({"none": Ask(rows.none(), 5, 20), "all": Ask(rows, 5, 20)}).beside(
                written(
                    {
                        "some": Ask(some, 3, 20),
                        "apart": Ask(some, 3, 4, apart=True),
                        "few": Ask(some.filter(pk__lt=6), 5, 9),
                    }
                )
            )
        )
    assert len(queries) == 1
    first = [row.pk for row in rows][:5]
    latest = [row.pk for row in some]
    assert found == {
        "none": First([], 0),
        "all": First(first, 20),
        "some": First(latest[:3], 8),
        "apart": First(latest[:3], 4),
        "few": First([pk for pk in latest if pk < 6], 2),
    }
    assert firsts(written({"none": Ask(rows.none(), 5, 20)})) == {"none": First([], 0)}


@pytest.mark.django_db
def test_a_statement_that_is_kept_is_asked_at_each_moment_anew() -> None:
    now = timezone.now()
    Theater.objects.create(id=1, name="Weg", missing_since=now)
    kept = written({"since": Ask(Theater.objects.filter(missing_since__gte=MOMENT).order_by("pk"), 5, 5)})
    for moment, count in ((now, 1), (now + dt.timedelta(seconds=1), 0), (now - dt.timedelta(seconds=1), 1)):
        assert firsts(kept.at(moment))["since"].count == count


class TheaterFilter(Filters):
    q = django_filters.CharFilter(label="Zoek <naam>", max_length=9, widget=forms.TextInput(attrs={"type": "search"}))
    city = django_filters.ChoiceFilter(label="Stad", choices=[("a", "A & B"), ("b", '"B"')], empty_label="alle")
    since = django_filters.DateFilter(label="Vanaf", widget=forms.DateInput(attrs={"type": "date"}, format="%Y-%m-%d"))
    both = django_filters.MultipleChoiceFilter(label="Meer", choices=[("a", "A")])

    class Meta:
        model = Theater
        fields: list[str] = []
        form = FilterForm


class Elements(HTMLParser):
    """Elements with their attributes in any order, and text without the blanks around it."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.found: list[Any] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, sorted((name, " ".join((value or "").split())) for name, value in attrs)))

    def handle_endtag(self, tag: str) -> None:
        self.found.append(f"/{tag}")

    def handle_data(self, data: str) -> None:
        self.found += [re.sub(r"\s+", " ", data.strip())] if data.strip() else []


@pytest.mark.django_db
@pytest.mark.parametrize(
    "typed",
    [{}, {"q": '"><script>', "city": "b", "since": "2026-03-01"}, {"since": "nooit", "q": "x" * 20}, {"both": "a"}],
)
def test_a_quick_form_is_the_form_of_the_components(typed: dict[str, str]) -> None:
    quick = TheaterFilter(typed, Theater.objects.all()).form
    slow = forms.Form(typed)
    slow.fields = {name: each.field for name, each in copy.deepcopy(TheaterFilter.base_filters).items()}
    for form in (quick, slow):
        form.is_valid()
    expected = Elements(render_to_string("components/form.html", {"form": slow})).found
    assert Elements(quick.quick_fields).found == expected != []


@pytest.mark.parametrize("value", ["", "NL-25-123-0001234|11002345", "<b>"])
def test_an_id_in_a_row_is_the_component(value: str) -> None:
    component = render_to_string("components/dip_id.html", {"value": value})
    assert Elements(dip_id(value)).found == Elements(component).found != []


@pytest.mark.django_db
def test_a_field_is_made_once_and_speaks_the_language_of_who_reads_it() -> None:
    first, second = (ContractFilter({"status": "concept"}, Contract.objects.all()).form for _each in range(2))
    assert first.fields["status"] is second.fields["status"]
    shown = []
    for language in ("nl", "en", "nl"):
        with translation.override(language):
            shown.append(str(first["status"].as_widget()))
    assert shown[0] == shown[2] != shown[1]


class ContractFilter(Filters):
    status = django_filters.ChoiceFilter(label="Status", choices=Status.choices)
    type = django_filters.ChoiceFilter(label="Soort", choices=())

    class Meta:
        model = Contract
        fields: list[str] = []
        form = FilterForm


@pytest.mark.django_db
def test_what_one_reader_may_choose_from_is_not_offered_to_the_next() -> None:
    mine, yours = (ContractFilter({"type": "mine"}, Contract.objects.all()) for _each in range(2))
    mine.choose_from("type", [("mine", "Mijn")])
    assert "Mijn" in mine.form.quick_fields
    assert mine.form.is_valid()
    assert "Mijn" not in yours.form.as_p()
    assert not yours.form.is_valid()
    assert "type" in ContractFilter({}, Contract.objects.all()).filters


@pytest.mark.usefixtures("theaters")
def test_several_selects_are_filled_by_one_statement() -> None:
    rows = Theater.objects.all()
    with CaptureQueriesContext(connection) as queries:
        few, kept, everything, nothing = asked(
            [
                Wanted(rows, ("city", "name"), most=4),
                Wanted(rows, kept=1, most=4),
                Wanted(rows, most=None),
                Wanted(rows.none()),
            ]
        ).answer()
    assert len(queries) == 1
    newest = sorted(rows.order_by("-pk")[:4], key=lambda row: (row.city, [-ord(letter) for letter in row.name], row.pk))
    assert list(few.rows) == [row.pk for row in newest]
    assert few.more
    assert set(kept.rows) == {1, 20, 21, 22, 23}
    assert kept.choices()[-1] == MORE
    assert list(everything.rows) == [row.pk for row in rows.order_by("name", "pk")]
    assert not everything.more
    assert nothing.choices() == []
