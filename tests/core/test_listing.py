"""A page found by its keys is the page that the wide rows give; a quick filter form is the form of the components."""

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

from dipportal.catalogue.models import Theater
from dipportal.core.filtering import Filters
from dipportal.core.listing import FilterForm, Listing, counts, counts_and_keys, listing
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
    slow = TheaterFilter(typed, Theater.objects.all()).form
    for name, field in TheaterFilter.base_filters.items():
        slow.fields[name].widget.__class__ = forms.Select if name == "city" else type(field.field.widget)
    for form in (quick, slow):
        form.is_valid()
    expected = Elements(render_to_string("components/form.html", {"form": slow})).found
    assert Elements(quick.quick_fields).found == expected != []


@pytest.mark.parametrize("value", ["", "NL-25-123-0001234|11002345", "<b>"])
def test_an_id_in_a_row_is_the_component(value: str) -> None:
    component = render_to_string("components/dip_id.html", {"value": value})
    assert Elements(dip_id(value)).found == Elements(component).found != []
