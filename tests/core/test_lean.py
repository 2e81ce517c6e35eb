"""Rows that are only shown are the rows that Django makes, with fewer instances; around them stands what it was."""

from typing import Any

import pytest
from django.db import connection
from django.db.models import F
from django.http import QueryDict
from django.template import Context, Template
from django.test import RequestFactory
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue.models import Performance
from dipportal.contracts.models import Contract
from dipportal.core.heads import href
from dipportal.core.lean import lean
from tests.world import World

RELATED = {"theater": ("name", "receiver_id"), "theater__receiver": ("name",), "hall": ("name",)}


def test_a_lean_row_is_the_row(world: World) -> None:
    Performance.objects.filter(pk=world.performances[0].pk).update(hall=None)
    whole = Performance.objects.select_related("theater__receiver", "hall").order_by("-starts_at", "pk")
    with CaptureQueriesContext(connection) as queries:
        found = lean(Performance.objects.order_by("-starts_at", "pk"), ("starts_at", "production_id"), RELATED)
        shown = [(row.pk, row.starts_at, row.production_id, row.theater.name, row.theater_id) for row in found]
        houses = [(row.theater.receiver and row.theater.receiver.name, row.hall and row.hall.name) for row in found]
    assert len(queries) == 1
    assert found == list(whole) != []
    assert shown == [(row.pk, row.starts_at, row.production_id, row.theater.name, row.theater_id) for row in whole]
    assert houses == [(row.theater.receiver and row.theater.receiver.name, row.hall and row.hall.name) for row in whole]
    assert None in [row.hall for row in found]


def test_what_was_not_read_of_a_lean_row_is_read_when_asked(world: World) -> None:
    (row,) = lean(Performance.objects.filter(pk=world.performances[0].pk), ("starts_at",), {"theater": ("name",)})
    with CaptureQueriesContext(connection) as queries:
        assert row.status == world.performances[0].status
        assert row.theater.city == world.performances[0].theater.city
        assert row.production == world.performances[0].production
    assert len(queries) == 4  # the key of the production is asked for too
    assert not row._state.adding


def test_several_rows_share_what_they_name_but_never_themselves(world: World) -> None:
    contract = world.contract(status="approved")
    contract.performances.add(*world.performances)
    evenings: Any = Contract.objects.filter(pk=contract.pk).annotate(evening=F("performances")).order_by("evening")
    found: list[Any] = lean(evenings, ("status", "evening"), {"theater": ("name",)})
    assert [row.evening for row in found] == sorted(contract.performances.values_list("pk", flat=True))
    assert len(found) > 1
    assert len({id(row) for row in found}) == len(found)
    assert len({id(row.theater) for row in found}) == 1


ADDRESSES = ["", "?order=-date", "?a=1&order=x&b=2&b=3", "?page=2&q=%22%3E%26", "?order=a&order=b&page=1&page=2", "?q="]


@pytest.mark.parametrize("query", ADDRESSES)
@pytest.mark.parametrize("changes", [{"order": "-date", "page": None}, {"page": 3}, {"page": None}])
def test_an_address_with_other_values_is_that_of_the_querystring_tag(query: str, changes: dict[str, Any]) -> None:
    request = RequestFactory().get(f"/{query}")
    words = " ".join(f"{name}={value!r}" for name, value in changes.items())
    context = Context({"request": request})
    context.request = request  # type: ignore[attr-defined]
    wanted = Template(f"{{% querystring {words} %}}").render(context)
    assert href(QueryDict(query[1:]), changes) == (wanted or "?")
