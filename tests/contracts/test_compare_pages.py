"""The pages that put two versions beside each other, on both sides."""

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import translation

from dipportal.contracts import actions
from dipportal.contracts.differences import compare
from dipportal.contracts.models import Contract
from dipportal.organisations.models import User
from tests.world import World


def url(world: World, side: str, contract: Contract) -> str:
    area, organisation = {"agency": ("providers", world.agency), "kade": ("receivers", world.kade),
                          "rival": ("providers", world.rival), "haven": ("receivers", world.haven)}[side]  # fmt: skip
    return reverse(f"{area}:compare", kwargs={"organisation": organisation.slug, "pk": contract.pk})


def signed_in(world: World, name: str) -> Client:
    client = Client()
    client.force_login(world.people[name])
    return client


@pytest.fixture
def line(world: World) -> list[Contract]:
    """Rejected, countered, and a concept in reply that only the provider may know of."""
    editor = world.actors["agency_editor"]
    first = world.contract(status="rejected", performances=world.performances)
    changes: dict[str, Any] = {"provider_guarantee": 500000, "entrance_prices": [2800, 2300], "remarks": "Met pauze."}
    second = actions.counter(first, actor=world.actors["kade_editor"], terms=changes)
    third = actions.amend(second, actor=editor)
    actions.update_concept(
        third, actor=editor, seen_version=third.version, terms={**third.term_values(), "provider_guarantee": 575000},
        performances=world.performances[:2], parties={"own_reference": "EIGEN-77"},
    )  # fmt: skip
    return [first, second, third]


def shown(page: Any) -> list[str]:
    return re.findall(r'data-change="(\w+)"', page.content.decode())


@pytest.mark.parametrize("side", ["agency", "kade"])
@pytest.mark.parametrize("role", ["viewer", "editor"])
def test_without_a_choice_it_is_the_version_before(world: World, line: list[Contract], side: str, role: str) -> None:
    client = signed_in(world, f"{side}_{role}")
    page = client.get(url(world, side, line[1]))
    assert shown(page) == ["provider_guarantee", "entrance_prices", "remarks"]
    text = page.content.decode()
    assert "<del>€\xa06.500,00</del>" in text
    assert "<ins>€\xa05.000,00</ins>" in text
    assert shown(client.get(url(world, side, line[0]))) == shown(page), "the first one beside the next"


def test_any_two_and_both_ways(world: World, line: list[Contract]) -> None:
    client = signed_in(world, "agency_editor")
    first, _second, third = line
    page = client.get(url(world, "agency", third), {"met": first.pk})
    found = compare(first, third, reader=world.agency)
    assert shown(page) == [change.name for change in found.changes]
    assert "own_reference" in shown(page)
    assert re.findall(r'data-performance="(\d+)"', page.content.decode()) == [str(world.performances[2].pk)]
    back = client.get(url(world, "agency", third), {"met": third.pk, "versie": first.pk})
    assert shown(back) == shown(page)
    assert "<ins>€\xa06.500,00</ins>" in back.content.decode()
    same = client.get(url(world, "agency", third), {"met": third.pk})
    assert shown(same) == []
    with translation.override("nl"):
        assert back.context["comparison"].new == first


def test_the_receiver_sees_no_concept_on_it_nor_in_the_choice(world: World, line: list[Contract]) -> None:
    client = signed_in(world, "kade_manager")
    first, second, third = line
    assert client.get(url(world, "kade", third)).status_code == 404
    for wanted in ({"met": third.pk}, {"versie": third.pk}, {"met": first.pk, "versie": third.pk}):
        assert client.get(url(world, "kade", second), wanted).status_code == 404
    page = client.get(url(world, "kade", second)).content.decode()
    assert re.findall(r'<option value="(\d+)"', page) == [str(first.pk), str(second.pk)] * 2
    for hidden in ("575", "EIGEN-77", f'"{third.pk}"'):
        assert hidden not in page


def test_the_own_reference_is_not_compared_for_the_receiver(world: World, line: list[Contract]) -> None:
    actions.propose(line[2], actor=world.actors["agency_editor"])
    page = signed_in(world, "kade_editor").get(url(world, "kade", line[2]), {"met": line[0].pk})
    assert "own_reference" not in shown(page)
    assert "EIGEN-77" not in page.content.decode()


@pytest.mark.parametrize("key", ["", "0", "x", "999999999", "neighbour", "other line"])
@pytest.mark.parametrize("side", ["agency", "kade"])
def test_what_is_no_version_of_the_line_is_not_there(world: World, line: list[Contract], side: str, key: str) -> None:
    if key == "neighbour":
        key = str(world.rival_contract(status="proposed").pk)
    if key == "other line":
        key = str(world.contract(status="proposed").pk)
    client = signed_in(world, f"{side}_manager")
    assert client.get(url(world, side, line[1]), {"met": key}).status_code == 404


@pytest.mark.parametrize("side", ["rival", "haven"])
def test_a_stranger_finds_nothing(world: World, line: list[Contract], side: str) -> None:
    assert signed_in(world, f"{side}_manager").get(url(world, side, line[1])).status_code == 404


@pytest.mark.parametrize("side", ["agency", "kade"])
def test_one_version_has_nothing_to_be_compared_with_and_no_link(world: World, side: str) -> None:
    contract = world.contract(status="proposed")
    client = signed_in(world, f"{side}_editor")
    page = client.get(url(world, side, contract))
    assert page.status_code == 200
    assert page.context["comparison"] is None
    organisation = getattr(world, side)
    assert url(world, side, contract) not in client.get(contract.url_for(organisation)).content.decode()


@pytest.mark.parametrize("side", ["agency", "kade"])
@pytest.mark.parametrize("language", ["nl", "en"])
def test_the_versions_lead_to_it(world: World, line: list[Contract], side: str, language: str) -> None:
    User.objects.update(language=language)
    client = signed_in(world, f"{side}_viewer")
    page = client.get(line[1].url_for(getattr(world, side))).content.decode()
    assert url(world, side, line[1]) in page
    assert client.get(url(world, side, line[1])).status_code == 200


def test_text_of_the_other_side_stays_text(world: World, line: list[Contract]) -> None:
    Contract.objects.filter(pk=line[1].pk).update(remarks="<script>alert(1)</script>\n<b>x</b>")
    page = signed_in(world, "agency_editor").get(url(world, "agency", line[1])).content.decode()
    assert "<script>alert" not in page
    assert "&lt;script&gt;alert(1)&lt;/script&gt;<br>&lt;b&gt;x" in page


def test_the_page_costs_as_much_for_many_performances_and_versions(
    world: World, line: list[Contract], django_assert_max_num_queries: Any
) -> None:
    client = signed_in(world, "agency_editor")
    client.get(url(world, "agency", line[1]))
    with django_assert_max_num_queries(60) as few:
        client.get(url(world, "agency", line[1]))
    for _turn in range(4):
        actions.discard(line[-1], actor=world.actors["agency_editor"])
        line.append(actions.amend(line[1], actor=world.actors["agency_editor"]))
    with django_assert_max_num_queries(len(few.captured_queries)):
        client.get(url(world, "agency", line[-1]), {"met": line[0].pk})
