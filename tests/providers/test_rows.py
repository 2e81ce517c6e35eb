"""The rows that are written without templates: what people typed is text in them, and nothing else."""

import datetime as dt
from html import unescape

import pytest
from django.urls import reverse
from django.utils import timezone

from dipportal.catalogue.models import Hall, Performance, Producer, Production, Theater
from dipportal.contracts.models import Contract
from dipportal.dip.models import Connection, SyncRun
from dipportal.organisations.models import Organisation, User
from tests.providers.browser import at, signed_in
from tests.world import World

NASTY = "<script>x</script>'\"&"
ESCAPED = "&lt;script&gt;x&lt;/script&gt;&#x27;&quot;&amp;"


@pytest.fixture
def nasty(world: World) -> World:
    """Every text that a row shows is one that would be something else, were it not escaped."""
    contract = world.contract(status="approved")
    Production.objects.update(title=NASTY, dip_id="")
    Production.objects.filter(pk=world.production.pk).update(dip_id=f"NL-25-123-{NASTY}"[:40])
    Theater.objects.update(name=NASTY, city=NASTY, province=NASTY, dip_member=True)
    Hall.objects.update(name=NASTY)
    Producer.objects.update(name=NASTY)
    User.objects.update(name=NASTY)
    type(world.genre).objects.update(name=NASTY)
    Organisation.objects.filter(pk=world.agency.pk).update(name=NASTY)
    now = timezone.now()
    Contract.objects.filter(pk=contract.pk).update(
        own_reference=NASTY, answer_source="telephone", answered_at=now, answered_by=world.people["agency_editor"]
    )
    link = Connection.objects.create(organisation=world.agency, client_id="x")
    SyncRun.objects.create(
        connection=link,
        organisation=world.agency,
        kind="contracts",
        state="partly",
        errors=[NASTY],
        counts={"seen": 4217},
    )
    return world


PAGES = ["productions", "performances", "contracts", "finder", "members", "sync", "search", "organisation"]


@pytest.mark.parametrize("name", PAGES)
def test_what_somebody_typed_is_text_in_the_rows(nasty: World, name: str) -> None:
    answer = signed_in(nasty, "agency_manager").get(at(nasty.agency, name) + ("?q=x" if name == "search" else ""))
    text = answer.content.decode()
    assert answer.status_code == 200
    assert "<script>x" not in text
    assert ESCAPED in text


@pytest.mark.parametrize("name", ["contracts", "performances", "search", "start"])
def test_what_somebody_typed_is_text_in_the_receiver_s_rows(nasty: World, name: str) -> None:
    url = reverse(f"receivers:{name}", kwargs={"organisation": nasty.kade.slug}) + ("?q=x" if name == "search" else "")
    text = signed_in(nasty, "kade_manager").get(url).content.decode()
    assert "<script>x" not in text
    assert ESCAPED in text


def test_the_tour_says_of_each_evening_how_it_stands(world: World) -> None:
    first, second, *_others = Performance.objects.filter(production=world.production).order_by("starts_at")
    Performance.objects.filter(pk=first.pk).update(status="cancelled", private=True)
    Performance.objects.filter(pk=second.pk).update(missing_since=timezone.now() - dt.timedelta(days=2))
    client = signed_in(world, "agency_editor")
    client.cookies["dipportal_language"] = "en"
    text = client.get(at(world.agency, "production", pk=world.production.pk)).content.decode()
    for piece in ("Cancelled", "closed", "no longer in DIP"):
        assert piece in text
    edit = at(world.agency, "performance_edit", pk=first.pk)
    assert edit not in text
    assert at(world.agency, "performance_edit", pk=second.pk) in text


def test_whoever_only_reads_gets_no_tick_boxes_and_no_forms(world: World) -> None:
    world.contract()
    for page in ("contracts", "performances"):
        assert 'form="many-form"' in signed_in(world, "agency_editor").get(at(world.agency, page)).content.decode()
        assert 'form="many-form"' not in signed_in(world, "agency_viewer").get(at(world.agency, page)).content.decode()


def test_a_box_to_tick_is_called_what_its_row_is_called(world: World) -> None:
    concept = world.contract()
    Performance.objects.update(missing_since=None)
    client = signed_in(world, "agency_editor")
    labels = unescape(client.get(at(world.agency, "contracts")).content.decode())
    assert f'aria-label="Kies: {concept}"' in labels
    labels = unescape(client.get(at(world.agency, "performances")).content.decode())
    assert f'aria-label="Kies: {world.performances[0]}"' in labels
