"""A theater links its performances to the numbers of its own ticketing system."""

from collections.abc import Callable

import pytest
from django.test import Client
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.ticketing import actions
from dipportal.ticketing.models import TicketLink
from tests.world import World

pytestmark = pytest.mark.django_db
Url = Callable[..., str]


def line(one: Performance, number: str, *, title: str = "") -> str:
    starts_at = timezone.localtime(one.starts_at)
    return f"{number}\t{starts_at:%d-%m-%Y}\t{starts_at:%H:%M}\t{title or one.production.title}"


def test_a_number_beside_a_performance_links_it(editor: Client, url: Url, world: World) -> None:
    first, second = world.performances[:2]
    assert first.production.title in editor.get(url("links")).content.decode()
    saved = editor.post(url("links"), {f"n{first.pk}": " EV-1 ", f"n{second.pk}": ""}, follow=True)
    assert "1 performance linked." in saved.content.decode()
    link = TicketLink.objects.get()
    assert (link.performance, link.system_number, link.theater) == (first, "EV-1", world.theater)
    assert f'name="n{first.pk}"' not in saved.content.decode()


def test_a_pasted_list_is_shown_before_anything_is_linked(editor: Client, url: Url, world: World) -> None:
    first, second = world.performances[:2]
    pasted = "\n".join([line(first, "11"), line(second, "12"), line(first, "13", title="Iets anders"), "14;morgen"])
    page = editor.post(url("links"), {"list": pasted})
    assert not TicketLink.objects.exists()
    text = page.content.decode()
    assert "Line 4" in text
    rows = page.context["rows"]
    assert [row.performance for row in rows] == [first, second, None]
    choices = {f"p{row.line.place}": row.performance.pk if row.performance else "" for row in rows}
    numbers = {f"n{row.line.place}": row.line.number for row in rows}
    editor.post(url("links"), {"chosen": "1", **choices, **numbers})
    assert dict(TicketLink.objects.values_list("system_number", "performance")) == {"11": first.pk, "12": second.pk}


def test_two_lines_for_one_performance_link_nothing(editor: Client, url: Url, world: World) -> None:
    first = world.performances[0]
    sent = {"chosen": "1", "p1": first.pk, "n1": "11", "p2": first.pk, "n2": "12"}
    answer = editor.post(url("links"), sent)
    assert answer.status_code == 400
    assert "Two lines of the list" in answer.content.decode()
    assert not TicketLink.objects.exists()


def test_a_number_that_is_taken_is_told_beside_the_field(editor: Client, url: Url, world: World) -> None:
    first, second = world.performances[:2]
    actions.link(first, "EV-1", actor=world.actors["kade_editor"])
    answer = editor.post(url("links"), {f"n{second.pk}": "EV-1"})
    assert answer.status_code == 400
    text = answer.content.decode()
    assert "Another performance has this number already." in text
    assert 'value="EV-1"' in text


def test_the_neighbour_s_performance_is_not_linked(editor: Client, url: Url, world: World) -> None:
    foreign = world.rival_performance
    editor.post(url("links"), {f"n{foreign.pk}": "EV-1"})
    editor.post(url("links"), {"chosen": "1", "p1": foreign.pk, "n1": "EV-1"})
    assert not TicketLink.objects.exists()
    page = editor.post(url("links"), {"list": line(foreign, "1")})
    assert foreign.production.title not in [one.production.title for row in page.context["rows"] for one in row.others]


@pytest.mark.parametrize("sent", [{"n999999999999999999999": "1"}, {"chosen": "1", "p1": "-1", "n1": "2"}, {"nx": "1"}])
def test_nonsense_links_nothing(editor: Client, url: Url, world: World, sent: dict[str, str]) -> None:
    assert editor.post(url("links"), sent).status_code == 302
    assert not TicketLink.objects.exists()


def test_a_link_is_removed_after_a_question(editor: Client, url: Url, world: World) -> None:
    first = world.performances[0]
    assert editor.get(url("unlink", pk=first.pk)).status_code == 302
    actions.link(first, "EV-1", actor=world.actors["kade_editor"])
    assert "EV-1" in editor.get(url("unlink", pk=first.pk)).content.decode()
    assert TicketLink.objects.exists()
    editor.post(url("unlink", pk=first.pk))
    editor.post(url("unlink", pk=first.pk))
    assert not TicketLink.objects.exists()
    assert 'name="normal"' in editor.get(url("count", pk=first.pk)).content.decode()


def test_a_viewer_sees_and_links_nothing(world: World, url: Url) -> None:
    viewer = Client()
    viewer.force_login(world.people["kade_viewer"])
    assert "data-action" not in viewer.get(url("links")).content.decode()
    assert viewer.post(url("links"), {f"n{world.performances[0].pk}": "1"}).status_code == 403
    assert viewer.get(url("unlink", pk=world.performances[0].pk)).status_code == 403
