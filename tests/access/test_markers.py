"""Non-interference: nothing of the neighbours shows on our pages, and our pages are the same with and without them."""

from collections.abc import Callable
from html import unescape

import pytest
from django.test import Client
from django.urls import reverse

from dipportal.contracts.models import Contract
from dipportal.notifications.models import Email
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Organisation
from tests.access import neighbours
from tests.access.crawl import crawl
from tests.access.neighbours import MARK, WORDS
from tests.access.plain import plain
from tests.world import World

# Tells of the reader's own log-ins, of which there are two here.
OF_THE_READER = {"/account/sessions/"}

Fill = Callable[[World], None]
SIDES = [
    pytest.param("agency", neighbours.fill_for_provider, id="provider"),
    pytest.param("kade", neighbours.fill_for_receiver, id="receiver"),
]


def our_own(world: World) -> None:
    """Deals of ours in every state, so that our pages have something on them."""
    performances = iter(world.performances)
    for status in ("proposed", "approved", "rejected"):
        world.contract(status=status, performances=[next(performances)])


def read_everything(world: World, own: str, role: Role) -> dict[str, str]:
    client = Client()
    client.force_login(world.people[f"{own}_{role}"])
    organisation: Organisation = getattr(world, own)
    return {url: plain(page.encode()) for url, page in crawl(client, organisation.home_url, words=WORDS).items()}


@pytest.mark.parametrize("role", [Role.VIEWER, Role.MANAGER])
@pytest.mark.parametrize(("own", "fill"), SIDES)
def test_no_marker_of_the_neighbours_shows(world: World, own: str, fill: Fill, role: Role) -> None:
    our_own(world)
    fill(world)
    pages = read_everything(world, own, role)
    assert len(pages) > 20
    assert [url for url, page in pages.items() if MARK in unescape(page)] == []


@pytest.mark.parametrize(("own", "fill"), SIDES)
def test_our_pages_are_the_same_with_and_without_the_neighbours(world: World, own: str, fill: Fill) -> None:
    our_own(world)
    neighbours.long_ago()
    without = read_everything(world, own, Role.MANAGER)
    fill(world)
    beside = read_everything(world, own, Role.MANAGER)
    assert set(beside) == set(without)
    assert [url for url in beside if beside[url] != without[url] and url not in OF_THE_READER] == []


def test_no_marker_of_what_the_counterpart_keeps_to_itself_shows(world: World) -> None:
    our_own(world)
    neighbours.internal(world)
    pages = read_everything(world, "kade", Role.MANAGER)
    assert [url for url, page in pages.items() if MARK in unescape(page)] == []


@pytest.mark.parametrize(("own", "fill"), SIDES)
def test_no_mail_to_us_tells_of_the_neighbours(world: World, own: str, fill: Fill) -> None:
    our_own(world)
    fill(world)
    organisation: Organisation = getattr(world, own)
    mails = Email.objects.filter(recipient__endswith=f"@{organisation.slug}.example")
    assert mails.exists()
    assert [mail.subject for mail in mails if MARK in mail.subject + mail.text + mail.html] == []


def test_the_crawl_would_find_a_leak(world: World) -> None:
    """The instrument itself: what the neighbours themselves read is full of markers."""
    neighbours.fill_for_receiver(world)
    pages = read_everything(world, "haven", Role.MANAGER)
    assert len([url for url, page in pages.items() if MARK in unescape(page)]) > 10


def test_a_receiver_that_guesses_the_address_of_a_concept_finds_nothing(world: World, client: Client) -> None:
    concept = world.contract()
    client.force_login(world.people["kade_manager"])
    for pk in range(1, concept.pk + 50):
        for name in ("contract", "approve", "reject"):
            url = reverse(f"receivers:{name}", kwargs={"organisation": "de-kade", "pk": pk})
            assert client.get(url).status_code == 404
            assert client.post(url, {"version": 1, "reason": "x"}).status_code in (404, 405)
    assert Contract.objects.get(pk=concept.pk).status == "concept"
    for name, query in (
        ("contracts", "q=storm"),
        ("contracts", "status=concept"),
        ("search", f"q={concept.reference}"),
    ):
        page = client.get(reverse(f"receivers:{name}", kwargs={"organisation": "de-kade"}) + f"?{query}")
        assert f"/afspraken/{concept.pk}/" not in page.content.decode()
