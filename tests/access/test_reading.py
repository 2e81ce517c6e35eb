"""Opening a page changes nothing, and a list of thirty costs as many queries as a list of three."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from dipportal.catalogue.models import Performance
from dipportal.organisations import invitations
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation, User
from tests.access.crawl import crawl
from tests.access.objects import token
from tests.world import World, evening

WRITE = re.compile(r"^\s*(INSERT|UPDATE|DELETE|REPLACE)\b[^\"`]*[\"`](\w+)", re.IGNORECASE)
# What a log-in keeps: the session itself, and which devices are logged in.
SESSION_TABLES = {"django_session", "usersessions_usersession"}


def writes(queries: CaptureQueriesContext) -> list[str]:
    found = [(WRITE.match(query["sql"]), query["sql"]) for query in queries.captured_queries]
    return [sql[:200] for match, sql in found if match and match[2] not in SESSION_TABLES]


@pytest.mark.parametrize(("own", "role"), [("agency", Role.MANAGER), ("kade", Role.MANAGER), ("kade", Role.VIEWER)])
def test_opening_every_page_writes_nothing(world: World, own: str, role: Role) -> None:
    for status, performance in zip(("concept", "proposed", "rejected"), world.performances, strict=True):
        world.contract(status=status, performances=[performance])
    organisation: Organisation = getattr(world, own)
    client = Client()
    client.force_login(world.people[f"{own}_{role}"])
    with CaptureQueriesContext(
        connection,
    ) as queries:
        pages = crawl(client, organisation.home_url, words=["storm"])
    assert len(pages) > 20
    assert writes(queries) == []


@pytest.mark.parametrize("person", [None, "kade_editor", "agency_viewer"])
def test_opening_the_link_of_an_invitation_three_times_changes_nothing(world: World, person: str | None) -> None:
    """Mail scanners open every link."""
    client = Client()
    if person:
        client.force_login(world.people[person])
    url = reverse("invitation", kwargs=token(world))
    with CaptureQueriesContext(connection) as queries:
        pages = [client.get(url) for _time in range(3)]
    assert [page.status_code for page in pages] == [200, 200, 200]
    assert writes(queries) == []


def test_the_instrument_sees_a_write(world: World) -> None:
    with CaptureQueriesContext(connection) as queries:
        world.kade.save()
    assert len(writes(queries)) == 1


def grow(world: World, number: int) -> None:
    """So many more agreements, performances and members, on both sides."""
    for _one in range(number):
        play = Performance.objects.create(
            number=50_000_000 + Performance.objects.count(), production=world.production, theater=world.theater,
            hall=world.hall, starts_at=evening(60 + Performance.objects.count()),
        )  # fmt: skip
        world.contract(status="proposed", performances=[play])
    for organisation, manager in ((world.kade, "kade_manager"), (world.agency, "agency_manager")):
        for one in range(number):
            email = f"lid{one}-{number}@{organisation.slug}.example"
            user = User.objects.create_user(email, name=f"Lid {one}")
            Membership.objects.create(user=user, organisation=organisation, role=Role.VIEWER)
            invitations.invite(organisation, f"x-{email}", "viewer", "nl", actor=world.actors[manager])


def cost(client: Client, url: str) -> int:
    client.get(url)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(url).status_code == 200
    return len(queries)


# page → queries. A number that goes up is a question for the reviewer.
RECEIVER = {"start": 7, "contracts": 6, "performances": 7, "search": 7, "organisation": 6}


@pytest.mark.parametrize(("page", "number"), RECEIVER.items())
def test_a_list_of_the_receiver_costs_the_same_with_three_and_thirty_rows(
    world: World, client: Client, page: str, number: int
) -> None:
    client.force_login(world.people["kade_manager"])
    url = reverse(f"receivers:{page}", kwargs={"organisation": "de-kade"}) + "?q=storm"
    grow(world, 3)
    few = cost(client, url)
    grow(world, 30)
    assert (few, cost(client, url)) == (number, number)


def test_the_page_of_an_agreement_costs_the_same_with_many_performances(world: World, client: Client) -> None:
    client.force_login(world.people["kade_manager"])
    grow(world, 12)
    plays: list[Any] = list(Performance.objects.filter(production=world.production, theater=world.theater))
    one = world.contract(status="proposed", performances=plays[:1])
    many = world.contract(status="proposed", performances=plays)
    urls = [reverse("receivers:contract", kwargs={"organisation": "de-kade", "pk": row.pk}) for row in (one, many)]
    assert cost(client, urls[0]) == cost(client, urls[1])
