"""A list in a statement that is kept is the list itself, each time anew."""

from typing import Any

import pytest
from django.test import RequestFactory

from dipportal.catalogue.models import Theater
from dipportal.core import kept_lists
from dipportal.core.kept_lists import Source, kept_listing
from dipportal.core.listing import PER_PAGE, Listing, Order, listing

ORDERS = {"city": ("city", "name"), "name": ("name",)}
QUERIES = ["", "?page=2", "?page=3", "?page=99", "?page=0", "?page=-1", "?page=x", "?page=123456789", "?order=-name"]


@pytest.fixture(autouse=True)
def theaters(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_lists, "_kept", {})
    Theater.objects.bulk_create(
        Theater(id=number, name=f"Huis {number % 7}", city=f"Stad {number % 3}")
        for number in range(1, PER_PAGE * 2 + 24)
    )


def read(keys: list[Any], order: Order) -> list[Theater]:
    return list(order.of(Theater.objects.filter(pk__in=keys)))


def page(query: str, city: str = "", *, key: Any = "all") -> Listing[Any]:
    rows = Theater.objects.filter(city=city) if city else Theater.objects.all()
    source = Source(key, lambda: rows, lambda: (Theater.objects.filter(city="Stad 0"),), read)
    return kept_listing(RequestFactory().get(f"/{query}"), source, orders=ORDERS, default="city")


@pytest.mark.parametrize("query", QUERIES)
def test_a_kept_list_is_the_list(query: str) -> None:
    plain = listing(RequestFactory().get(f"/{query}"), Theater.objects.all(), orders=ORDERS, default="city")
    for found in (page(query), page(query)):
        assert [row.pk for row in found.page] == [row.pk for row in plain.page] != []
        assert (found.order, found.page.number) == (plain.order, plain.page.number)
        assert found.page.paginator.count == plain.page.paginator.count == PER_PAGE * 2 + 23
        assert found.beside == (Theater.objects.filter(city="Stad 0").count(),)


def test_what_is_kept_is_the_question_and_not_the_answer() -> None:
    first = page("").page
    Theater.objects.create(id=5_000, name="Aan Zee", city="Aa")
    Theater.objects.filter(pk=first[0].pk).delete()
    then = page("").page
    assert then[0].pk == 5_000
    assert first[0] not in list(then)
    assert len(kept_lists._kept) == 1


def test_another_key_is_another_question() -> None:
    assert {row.city for row in page("", "Stad 1", key=1).page} == {"Stad 1"}
    assert {row.city for row in page("", "Stad 2", key=2).page} == {"Stad 2"}


def test_without_a_key_nothing_is_kept() -> None:
    assert {row.city for row in page("", "Stad 1", key=None).page} == {"Stad 1"}
    assert {row.city for row in page("", "Stad 2", key=None).page} == {"Stad 2"}
    assert kept_lists._kept == {}


def test_no_more_is_kept_than_so_much(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kept_lists, "MOST_KEPT", 3)
    for key in range(10):
        page("", key=key)
        assert len(kept_lists._kept) <= 3
