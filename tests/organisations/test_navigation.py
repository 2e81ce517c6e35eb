"""The menu says how much waits, up to a number that nobody counts any more."""

import pytest
from django.template.loader import render_to_string
from django.urls import reverse

from dipportal.organisations.navigation import MOST_TOLD, Item
from dipportal.receivers import navigation
from tests.organisations.test_settings_pages import signed_in
from tests.world import World


@pytest.mark.parametrize(("count", "told"), [(1, "1"), (MOST_TOLD, "99"), (MOST_TOLD + 1, "99+"), (5_000, "99+")])
def test_what_waits_is_told(count: int, told: str) -> None:
    page = render_to_string(
        "components/navigation.html", {"items": [Item("Afspraken", "/", count=count)], "label": "x"}
    )
    assert f'<span class="count">{told}<' in page


def test_nothing_that_waits_is_not_told() -> None:
    page = render_to_string("components/navigation.html", {"items": [Item("Afspraken", "/")], "label": "x"})
    assert "count" not in page


@pytest.mark.django_db
def test_no_more_are_counted_than_are_told(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dipportal.organisations.navigation.MOST_TOLD", 1)
    monkeypatch.setattr(navigation, "MOST_TOLD", 1)
    for _number in range(3):
        world.contract(status="proposed")
    url = reverse("receivers:organisation", kwargs={"organisation": world.kade.slug})
    answer = signed_in(world, "kade_editor").get(url)
    counts = [item.count for item in answer.context["navigation"] if item.count]
    assert counts == [2]
    assert '<span class="count">1+<' in answer.content.decode()
