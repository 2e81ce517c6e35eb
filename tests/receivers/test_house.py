"""A house sees by the numbers of its theaters what it may see, at once and no longer."""

from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue.models import Performance, Theater
from dipportal.catalogue.queries import visible_performances, visible_theaters
from dipportal.contracts.models import Contract
from dipportal.contracts.queries import visible_contracts, waiting_for_answer
from dipportal.receivers.house import House
from tests.world import World, evening

LISTS = ("contracts", "performances")


STATUSES = ("concept", "proposed", "approved", "rejected", "revised")


@pytest.fixture
def several(world: World) -> World:
    """Every state of an agreement, in both houses; followed by another version, seen and unseen."""

    def version(status: str, **values: Any) -> Contract:
        contract = world.contract()
        proposed_at = None if status == "concept" else timezone.now()
        Contract.objects.filter(pk=contract.pk).update(status=status, proposed_at=proposed_at, **values)
        return contract

    for status in STATUSES:
        version("proposed", parent=version(status), number=2)
        version(status, parent=version("rejected"), number=2)
        # This one follows in another house.
        version(status, parent=version("rejected"), number=2, theater=world.other_theater)
    version("concept", discarded_at=timezone.now())
    Performance.objects.filter(pk=world.performances[0].pk).update(number=None)
    return world


def test_the_rows_of_a_house_are_those_it_may_see(several: World) -> None:
    for organisation in (several.kade, several.haven):
        house = House(organisation, tuple(visible_theaters(organisation).values_list("pk", flat=True)))
        for shown, visible in (
            (house.contracts(), visible_contracts(organisation).newest(organisation)),
            (house.performances(), visible_performances(organisation)),
            (house.to_answer(), waiting_for_answer(organisation)),
        ):
            assert set(shown) == set(visible) != set()


def address(name: str, house: str) -> str:
    return reverse(f"receivers:{name}", kwargs={"organisation": house})


def shown(client: Client, name: str, house: str) -> set[int]:
    """Asked twice: the second time the statement was kept."""
    for _time in range(2):
        answer = client.get(address(name, house))
        found = {row.pk for row in answer.context["list"].page}
    return found


def test_the_lists_show_a_house_its_own_and_nothing_of_another(several: World, editor: Client) -> None:
    for name, model in zip(LISTS, (Contract, Performance), strict=True):
        found = shown(editor, name, "de-kade")
        assert found
        assert set(model.objects.filter(pk__in=found).values_list("theater", flat=True)) == {several.theater.pk}


@pytest.mark.parametrize("name", LISTS)
def test_a_theater_that_comes_or_goes_is_seen_at_once(several: World, editor: Client, name: str) -> None:
    before = shown(editor, name, "de-kade")
    Theater.objects.filter(pk=several.other_theater.pk).update(receiver=several.kade)
    assert shown(editor, name, "de-kade") - before
    Theater.objects.filter(receiver=several.kade).update(receiver=None)
    assert shown(editor, name, "de-kade") == set()


def test_what_has_begun_is_no_longer_coming_in_a_list_asked_before(world: World, editor: Client) -> None:
    first, *others = world.performances
    assert shown(editor, "performances", "de-kade") == {row.pk for row in world.performances}
    Performance.objects.filter(pk=first.pk).update(starts_at=evening(-1))
    assert shown(editor, "performances", "de-kade") == {row.pk for row in others}


def test_what_was_proposed_since_is_in_a_list_asked_before(world: World, editor: Client) -> None:
    assert shown(editor, "contracts", "de-kade") == set()
    contract = world.contract(status="proposed")
    assert shown(editor, "contracts", "de-kade") == {contract.pk}
