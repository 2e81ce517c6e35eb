"""Reads whose SQL is kept give what the same question gives when it is written for the moment."""

import pytest
from django.db import connection
from django.db.models import Q
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from dipportal.catalogue.models import Hall, Theater
from dipportal.core import together
from dipportal.core.repeated import KEYS, TEXT, Repeated

pytestmark = pytest.mark.django_db

NAMES = ("Grote 100% zaal", "Grote zaal", "a_b", "aab", "O'Brien", 'Back\\slash "x"', TEXT, "%s", "%%")


@pytest.fixture(autouse=True)
def _theaters() -> None:
    Theater.objects.bulk_create(Theater(id=number, name=name, city="Stad") for number, name in enumerate(NAMES, 1))


@pytest.mark.parametrize("text", ["zaal", "100%", "%", "_", "a_b", "'", "\\", '"', TEXT, "%s", "%%", "; --", ""])
def test_a_text_is_looked_for_as_it_is_typed(text: str) -> None:
    kept = Repeated(Theater.objects.filter(name__icontains=TEXT).order_by("pk"), ("name",))
    wanted = [*Theater.objects.filter(name__icontains=text).order_by("pk").values_list("pk", "name")]
    assert [(row.pk, row.name) for row in kept.read(text=text)] == wanted
    rows = Theater.objects.filter(name__icontains=TEXT).order_by("pk").values_list("pk", "name")
    assert together.written({"rows": rows}).read(text)[0]["rows"] == wanted


def test_keys_come_where_they_are_asked_for_and_none_find_nothing() -> None:
    rows = Theater.objects.filter(Q(pk__in=KEYS[0]) | Q(pk__in=KEYS[1], name__icontains=TEXT)).order_by("-pk")
    kept = Repeated(rows, ("name",))
    with CaptureQueriesContext(connection) as queries:
        assert [row.pk for row in kept.read([1, 4], [2, 3], text="a_b")] == [4, 3, 1]
        assert [row.pk for row in kept.read([], [2, 3], text="zaal")] == [2]
        assert [row.pk for row in kept.read([5] * 3, [], text="zaal")] == [5]
        assert kept.read([], []) == []
    assert len(queries) == 4


def test_nothing_of_the_rows_is_kept() -> None:
    kept = Repeated(Theater.objects.filter(pk__in=KEYS[0]), ("name",))
    assert [row.name for row in kept.read([2])] == ["Grote zaal"]
    Theater.objects.filter(pk=2).update(name="Kleine zaal")
    assert [row.name for row in kept.read([2])] == ["Kleine zaal"]
    Theater.objects.filter(pk=2).delete()
    assert kept.read([2]) == []


def test_values_are_converted_as_the_model_does() -> None:
    moment = timezone.now()
    Hall.objects.create(id=1, theater_id=2, name="Zaal", missing_since=moment)
    (row,) = Repeated(Hall.objects.filter(pk__in=KEYS[0]), ("missing_since",), {"theater": ("dip_member",)}).read([1])
    assert (row.missing_since, row.theater.pk) == (moment, 2)
    assert isinstance(row.theater.dip_member, bool)


def test_what_can_find_nothing_is_not_asked() -> None:
    kept = Repeated(Theater.objects.filter(pk__in=[]), ("name",))
    with CaptureQueriesContext(connection) as queries:
        assert kept.read([1]) == []
    assert len(queries) == 0
