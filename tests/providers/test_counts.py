"""The page with the ticket counts of a production."""

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue.models import Performance, Production
from dipportal.ticketing import mirror
from dipportal.ticketing.enums import Source, TicketKind
from dipportal.ticketing.models import TicketCountPoint
from tests.providers.browser import signed_in
from tests.world import World

pytestmark = pytest.mark.django_db


def page(world: World, query: str = "") -> Any:
    address = reverse("providers:production_counts", args=[world.agency.slug, world.production.pk])
    return signed_in(world, "agency_viewer").get(address + query)


def counted(world: World, evening: Performance, tickets: int, *, seats: int = 500) -> None:
    Performance.objects.filter(pk=evening.pk).update(capacity=[seats])
    kinds = {TicketKind.NORMAL: (tickets - 1, tickets * 2000), TicketKind.COMPLIMENTARY: (1, 0)}
    told = mirror.sold(tickets, tickets * 2000, timezone.now(), kinds)
    mirror.write({evening.pk: told | {"reservations": 7}}, source=Source.DIP)


def test_with_nothing_it_says_how_counts_come_in(world: World) -> None:
    answer = page(world)
    assert answer.status_code == 200
    text = answer.content.decode()
    assert "Nog geen kaartstanden" in text
    assert "<table" not in text


def test_each_performance_with_its_kinds_and_the_tour_together(world: World) -> None:
    one, other = world.performances[:2]
    counted(world, one, 1200, seats=1500)
    counted(world, other, 100)
    answer = page(world)
    tour = answer.context["tour"]
    assert (tour.tickets, tour.seats, tour.reservations) == (1300, 2000, 14)
    text = " ".join(answer.content.decode().split())
    for words in ("1.300", "65 %", "€ 26.000", "1.199"):
        assert words in text, words
    assert "333" not in text


def test_the_weakest_first(world: World) -> None:
    one, other = world.performances[:2]
    counted(world, one, 400)
    counted(world, other, 40)
    assert [row.performance for row, *_more in page(world).context["rows"]][:2] == [one, other]
    assert [row.performance for row, *_more in page(world, "?order=weakest").context["rows"]][:2] == [other, one]


def test_beside_each_performance_how_full_others_were_in_that_theater(world: World) -> None:
    one = world.performances[0]
    counted(world, one, 400)
    assert "Eerder daar" not in page(world).content.decode()
    before = Production.objects.create(title="Toen", season="2025-2026", producer=world.producer)
    evening = Performance.objects.create(
        production=before, theater=one.theater, starts_at=timezone.now() - dt.timedelta(days=300), number=77001
    )
    counted(world, evening, 130, seats=400)
    answer = page(world)
    found = {sold.performance: share for sold, _silence, share in answer.context["rows"]}
    assert found[one] == Decimal("32.5")
    text = " ".join(answer.content.decode().split())
    assert "eerder daar 32,5 %" in text.replace("\u00a0", " ")
    assert "Eerder daar: hoe vol uw andere producties" in text


def test_the_picture_and_its_figures(world: World) -> None:
    one = world.performances[0]
    Performance.objects.filter(pk=one.pk).update(starts_at=timezone.now() + dt.timedelta(days=10))
    counted(world, one, 100)
    TicketCountPoint.objects.create(performance=one, day=timezone.localdate() - dt.timedelta(days=30), tickets=50)
    chart = page(world).context["chart"]
    assert [(day.days_before, str(day.average)) for day in chart.table] == [
        (35, "10.0"), (28, "10.0"), (21, "10.0"), (14, "10.0")
    ]  # fmt: skip
    assert chart.wide.count("<path") == chart.narrow.count("<path") == 2


def test_what_has_further_to_go_than_the_picture_is_not_in_it(world: World) -> None:
    near, far = world.performances[:2]
    for one, days in ((near, 10), (far, 97)):
        Performance.objects.filter(pk=one.pk).update(starts_at=timezone.now() + dt.timedelta(days=days))
        counted(world, one, 100)
    chart = page(world).context["chart"]
    # The line of the near one, and the place of an average, of which there is none.
    assert chart.wide.count('class="chart-line"') == 1
    Performance.objects.filter(pk=near.pk).delete()
    assert page(world).context["chart"] is None


def test_without_a_known_capacity_there_is_no_picture(world: World) -> None:
    counted(world, world.performances[0], 100, seats=0)
    answer = page(world)
    assert answer.context["chart"] is None
    assert '<svg class="chart"' not in answer.content.decode()


def test_the_questions_do_not_grow_with_the_tour(world: World) -> None:
    counted(world, world.performances[0], 100)
    with CaptureQueriesContext(connection) as few:
        page(world)
    for number in range(20):
        evening = Performance.objects.create(
            production=world.production, theater=world.theater, starts_at=timezone.now(), number=88000 + number
        )
        counted(world, evening, 50)
    with CaptureQueriesContext(connection) as many:
        page(world)
    assert len(many) == len(few)


def test_a_neighbour_s_counts_are_nobody_else_s(world: World) -> None:
    counted(world, world.performances[0], 100)
    counted(world, world.rival_performance, 333)
    assert "333" not in page(world).content.decode()
    foreign = reverse("providers:production_counts", args=[world.agency.slug, world.rival_production.pk])
    assert signed_in(world, "agency_viewer").get(foreign).status_code == 404
