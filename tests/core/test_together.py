"""Several reads in one statement give what each gives by itself."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from dipportal.catalogue.models import Genre, Theater
from dipportal.core import together

pytestmark = pytest.mark.django_db


def test_every_read_gets_its_own_rows_in_its_own_order_and_every_count_its_number() -> None:
    Theater.objects.bulk_create(Theater(id=number, name=f"Huis {9 - number}", city="Stad") for number in range(1, 8))
    Genre.objects.bulk_create(Genre(id=number, name=f"Genre {number}") for number in (3, 1, 2))
    theaters = Theater.objects.order_by("name")
    reads = {
        "genres": Genre.objects.order_by("-id").values_list("pk"),
        "nothing": Genre.objects.none().values_list("pk"),
        "no rows": Theater.objects.filter(city="Dorp").values_list("pk", "city"),
        "theaters": theaters.values_list("pk", "name", "city")[:2],
    }
    counted = {"all": theaters, "many": theaters.filter(pk__gt=2), "none": theaters.none()}
    with CaptureQueriesContext(connection) as queries:
        rows, counts = together.read(reads, counted=counted, most=6)
    assert len(queries) == 1
    assert rows == {
        "genres": [(3,), (2,), (1,)],
        "nothing": [],
        "no rows": [],
        "theaters": [(7, "Huis 2", "Stad"), (6, "Huis 3", "Stad")],
    }
    assert counts == {"all": 6, "many": 5, "none": 0}


def test_nothing_to_ask_asks_nothing() -> None:
    with CaptureQueriesContext(connection) as queries:
        assert together.read({"none": Genre.objects.none().values_list("pk")}) == ({"none": []}, {})
    assert len(queries) == 0
