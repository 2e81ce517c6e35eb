"""The pages of conflicts: what stands on them, who may press what, and what a late button shows."""

import re
from html import unescape
from typing import Any

import pytest
from django.db import connection as database
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip import pull
from dipportal.dip.models import Connection, Operation, RemoteRecord
from dipportal.dip.models_conflict import Conflict
from dipportal.journal.models import Entry
from dipportal.organisations import actors
from dipportal.outbox.models import State
from tests.dip.pulling import FakeDip, pulled, pushed, touch
from tests.dip.pushed import raw_performance, raw_production
from tests.providers.browser import at, signed_in
from tests.world import World

pytestmark = pytest.mark.django_db


def a_pull(world: World, monkeypatch: pytest.MonkeyPatch) -> tuple[Connection, FakeDip]:
    """The agency's connection to a DIP in memory; also under world.extra['dip']."""
    fake = FakeDip()
    monkeypatch.setattr(pull, "Client", fake)
    noord = Connection.objects.create(organisation=world.agency, client_id="noord", secret_encrypted="")
    world.extra["dip"] = (noord, fake)
    return noord, fake


@pytest.fixture
def unlike(world: World, monkeypatch: pytest.MonkeyPatch) -> Contract:
    """Proposed with a guarantee of € 6.500, in DIP with € 6.000; the own reference is the provider's alone."""
    parties = {"contact_receiver": "programmering@kade.example", "own_reference": "GEHEIM-42"}
    noord, fake = a_pull(world, monkeypatch)
    contract = world.contract(status="proposed", parties=parties)
    raw = pushed(contract, fake, 10, status="proposed")
    pulled(noord, "contracts")
    touch(raw, properties={"producer_warranty": 600000})
    pulled(noord, "contracts")
    contract.refresh_from_db()
    return contract


def the_one() -> Conflict:
    found: Conflict = Conflict.objects.exclude(state="closed").get()
    return found


def page_of(world: World, who: str = "agency_editor") -> Any:
    return signed_in(world, who).get(at(world.agency, "conflict", pk=the_one().pk))


def text_of(reply: Any) -> str:
    return re.sub(r"\s+", " ", unescape(re.sub(r"<[^>]+>", " ", reply.content.decode())))


def press(client: Client, page: Any, chosen: str) -> Any:
    """Press a button as the page gives it."""
    forms = re.findall(r"<form method=\"post\".*?</form>", page.content.decode(), re.DOTALL)
    form = next(one for one in forms if f'name="choice" value="{chosen}"' in one)
    seen = re.search(r'name="seen" value="(\w+)"', form)
    assert seen
    return client.post(page.request["PATH_INFO"], {"choice": chosen, "seen": seen[1]})


# --- what stands there -----------------------------------------------------------------------------------------
def test_both_states_and_what_each_choice_does_stand_on_the_page(world: World, unlike: Contract) -> None:
    page = page_of(world)
    text = text_of(page)
    assert "€ 6.500,00" in text
    assert "€ 6.000,00" in text
    assert [row.name for row in page.context["sheet"].differing] == ["terms.provider_guarantee"]
    assert "GEHEIM-42" in text
    for option in page.context["options"]:
        assert option.here in text
        assert option.there in text
        assert f'data-action="choose-{option.choice}"' in page.content.decode()
    assert [option.code for option in page.context["options"]] == ["keep", "take"]


def test_a_viewer_reads_and_has_no_buttons(world: World, unlike: Contract) -> None:
    page = page_of(world, "agency_viewer")
    assert "€ 6.000,00" in text_of(page)
    assert 'data-action="choose' not in page.content.decode()
    url = page.request["PATH_INFO"]
    assert signed_in(world, "agency_viewer").post(url, {"choice": "keep", "seen": "x"}).status_code == 403


def test_opening_the_page_changes_nothing(world: World, unlike: Contract) -> None:
    before = (Conflict.objects.values().get(), Entry.objects.count(), RemoteRecord.objects.count())
    page_of(world)
    assert (Conflict.objects.values().get(), Entry.objects.count(), RemoteRecord.objects.count()) == before


def test_the_rival_finds_nothing(world: World, unlike: Contract) -> None:
    url = at(world.rival, "conflict", pk=the_one().pk)
    client = signed_in(world, "rival_manager")
    assert client.get(url).status_code == 404
    assert client.post(url, {"choice": "keep", "seen": "x"}).status_code == 404
    assert "De Storm" not in client.get(at(world.rival, "conflicts")).content.decode()
    assert "De Storm" not in client.get(at(world.rival, "start")).content.decode()
    assert the_one().state == "open"


# --- pressing --------------------------------------------------------------------------------------------------
def test_a_button_does_what_it_says(world: World, unlike: Contract) -> None:
    client = signed_in(world, "agency_editor")
    reply = press(client, page_of(world), "take")
    assert (reply.status_code, reply.url) == (302, at(world.agency, "conflicts"))
    unlike.refresh_from_db()
    assert unlike.provider_guarantee == 600000


def test_a_performance_that_is_gone_is_cancelled_with_its_button(
    world: World, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.DIP_SETTLE_SECONDS = 0
    noord, fake = a_pull(world, monkeypatch)
    first, second = world.performances[:2]
    fake.productions[world.producer.pk] = [raw_production(world.production)]
    fake.performances[world.production.dip_id] = [raw_performance(first), raw_performance(second)]
    pulled(noord, "catalogue")
    del fake.performances[world.production.dip_id][0]
    pulled(noord, "catalogue")
    page = page_of(world)
    text = text_of(page)
    assert "DIP heeft het niet meer. Wat DIP het laatst had, is gelijk aan wat hier staat." in text
    assert "zeggen beide hetzelfde" not in text
    assert [option.code for option in page.context["options"]] == ["known", "cancel"]
    for option in page.context["options"]:
        assert option.here in text
        assert option.there in text
    press(signed_in(world, "agency_editor"), page, "cancel")
    first.refresh_from_db()
    second.refresh_from_db()
    assert (first.cancelled, second.cancelled) == (True, False)
    assert not Conflict.objects.exclude(state="closed").exists()


def test_a_late_button_shows_how_it_stands_now(world: World, unlike: Contract) -> None:
    noord, fake = world.extra["dip"]
    page = page_of(world)
    touch(fake.contracts[0], properties={"producer_warranty": 550000})
    pulled(noord, "contracts")
    client = signed_in(world, "agency_editor")
    reply = press(client, page, "take")
    assert reply.status_code == 409
    assert 'role="alert"' in reply.content.decode()
    assert reply.context["options"] == [], "that conflict is over; another took its place"
    unlike.refresh_from_db()
    assert unlike.provider_guarantee == 650000
    assert press(client, page_of(world), "take").status_code == 302
    unlike.refresh_from_db()
    assert unlike.provider_guarantee == 550000


@pytest.mark.parametrize("sent", [{}, {"choice": "take"}, {"choice": "take", "seen": "0" * 64}])
def test_a_press_without_what_was_seen_does_nothing(world: World, unlike: Contract, sent: dict[str, str]) -> None:
    reply = signed_in(world, "agency_editor").post(page_of(world).request["PATH_INFO"], sent)
    assert reply.status_code == 409
    unlike.refresh_from_db()
    assert (unlike.provider_guarantee, the_one().state) == (650000, "open")


@pytest.mark.parametrize("chosen", ["", "revise", "anew", "this:1", "nonsense"])
def test_what_is_not_offered_cannot_be_sent(world: World, unlike: Contract, chosen: str) -> None:
    page = page_of(world)
    sent = {"choice": chosen, "seen": page.context["case"].token}
    reply = signed_in(world, "agency_editor").post(page.request["PATH_INFO"], sent)
    assert reply.status_code == 302
    unlike.refresh_from_db()
    assert (unlike.status, unlike.provider_guarantee, the_one().state) == ("proposed", 650000, "open")


# --- where it is found -----------------------------------------------------------------------------------------
def test_the_overview_has_first_what_waits(world: World, unlike: Contract) -> None:
    client = signed_in(world, "agency_viewer")
    first = the_one()
    page = client.get(at(world.agency, "conflicts"))
    assert str(unlike) in page.content.decode().replace("&quot;", '"')
    Conflict.objects.filter(pk=first.pk).update(state="decided", choice="keep", decided_at=timezone.now())
    other = world.contract(status="approved", performances=[world.performances[1]])
    actions.flag_conflict(other, text="Hier ja, daar nee", actor=actors.pull(world.agency))
    page = client.get(at(world.agency, "conflicts"))
    assert [row.conflict.state for row in page.context["rows"]] == ["open", "decided"]


def test_the_start_page_counts_those_that_wait(world: World, unlike: Contract) -> None:
    client = signed_in(world, "agency_viewer")
    page = client.get(at(world.agency, "start"))
    assert page.context["conflicts"].count == 1
    assert at(world.agency, "conflict", pk=the_one().pk) in page.content.decode()
    Conflict.objects.update(state="decided", choice="keep")
    page = client.get(at(world.agency, "start"))
    assert page.context["conflicts"].count == 0
    assert 'data-section="conflicts"' not in page.content.decode()


def test_without_conflicts_the_overview_says_so(world: World) -> None:
    assert (
        'class="empty-state"' in signed_in(world, "agency_viewer").get(at(world.agency, "conflicts")).content.decode()
    )


def test_the_agreement_and_the_synchronisation_lead_to_it(world: World, unlike: Contract) -> None:
    client = signed_in(world, "agency_viewer")
    link = f'href="{at(world.agency, "conflict", pk=the_one().pk)}"'
    assert link in client.get(at(world.agency, "contract", pk=unlike.pk)).content.decode()
    assert f'href="{at(world.agency, "conflicts")}"' in client.get(at(world.agency, "sync")).content.decode()


def test_a_change_that_a_conflict_stopped_leads_to_it(world: World) -> None:
    contract = world.contract()
    Operation.objects.update(state=State.ATTENTION, error_code="conflict")
    found = Conflict.objects.create(
        organisation=world.agency, kind="changed", subject_kind="contract", subject_id=contract.pk,
        key=f"contract:{contract.pk}",
    )  # fmt: skip
    link = f'href="{at(world.agency, "conflict", pk=found.pk)}"'
    client = signed_in(world, "agency_viewer")
    assert link in client.get(at(world.agency, "sync")).content.decode()
    assert link in client.get(at(world.agency, "contract", pk=contract.pk)).content.decode()


def test_the_overview_needs_the_same_queries_with_3_and_30(world: World) -> None:
    client = signed_in(world, "agency_viewer")
    costs: list[int] = []
    for _some in range(2):
        for number in range(3 if not costs else 20):
            contract = world.contract(status="proposed")
            actions.flag_conflict(contract, text=f"{number}", kind="terms", actor=actors.pull(world.agency))
        client.get(at(world.agency, "conflicts"))
        with CaptureQueriesContext(database) as seen:
            assert client.get(at(world.agency, "conflicts")).status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 8


# --- the other party -------------------------------------------------------------------------------------------
def read_along(world: World, contract: Contract) -> Any:
    url = reverse("receivers:contract", kwargs={"organisation": world.kade.slug, "pk": contract.pk})
    return signed_in(world, "kade_editor").get(url)


def test_the_receiver_reads_along_and_cannot_choose(world: World, unlike: Contract) -> None:
    page = read_along(world, unlike)
    text = text_of(page)
    assert 'data-section="conflict"' in page.content.decode()
    assert "€ 6.000,00" in text
    assert "GEHEIM-42" not in text, "the own reference is the provider's"
    assert "choose-" not in page.content.decode()
    waits = page.context["conflict"].doing
    press(signed_in(world, "agency_editor"), page_of(world), "keep")
    page = read_along(world, unlike)
    assert page.context["conflict"].doing != waits
    assert page.context["conflict"].doing in text_of(page)


def test_the_receiver_sees_nothing_of_what_is_the_provider_s(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """A concept in DIP, a change that did not fit, and a pair that looks alike."""
    _noord, fake = a_pull(world, monkeypatch)
    contract = world.contract(status="proposed")
    Conflict.objects.create(
        organisation=world.agency, kind="changed", subject_kind="contract", subject_id=contract.pk,
        key=f"contract:{contract.pk}", theirs={"remarks": "ZZGEHEIM"}, text="ZZGEHEIM",
    )  # fmt: skip
    Conflict.objects.create(
        organisation=world.agency, kind="double", subject_kind="contract", subject_id=contract.pk,
        key="double:1,2:2", others=[contract.pk], text="ZZGEHEIM",
    )  # fmt: skip
    other = world.contract(status="proposed", performances=[world.performances[1]])
    raw = pushed(other, fake, 12, status="concept")
    Conflict.objects.create(
        organisation=world.agency, kind="terms", subject_kind="contract", subject_id=other.pk,
        key=f"contract:{other.pk}", theirs=raw, text="ZZGEHEIM",
    )  # fmt: skip
    for shown in (contract, other):
        page = read_along(world, shown)
        assert page.status_code == 200
        assert page.context["conflict"] is None
        assert "ZZGEHEIM" not in page.content.decode()
