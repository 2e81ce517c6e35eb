"""Productions and performances that DIP no longer has: seen by a pull, told once, known or cancelled by a choice."""

from html import unescape
from typing import Any

import pytest

from dipportal.catalogue import actions as entering
from dipportal.catalogue.models import Performance
from dipportal.dip.conflict_cases import case_of
from dipportal.dip.models import Connection, Operation
from dipportal.dip.models_conflict import Conflict
from dipportal.dip.resolve import resolve
from dipportal.journal.models import Entry
from dipportal.notifications.enums import Kind
from dipportal.notifications.models import Email
from dipportal.outbox.models import CLOSED
from tests.dip.pulling import FakeDip, pulled
from tests.dip.pushed import raw_performance, raw_production
from tests.world import World

pytestmark = pytest.mark.django_db
RECEIVER, PROVIDER = "editor@de-kade.example", "manager@impresariaat-noord.example"


@pytest.fixture(autouse=True)
def no_lag(settings: Any) -> None:
    settings.DIP_SETTLE_SECONDS = 0


@pytest.fixture
def tour(world: World, noord: Connection, fake: FakeDip) -> list[dict[str, Any]]:
    """The world's production with all of its performances, in DIP and seen; returns DIP's list of performances."""
    plays = [raw_performance(one) for one in Performance.objects.filter(production=world.production).order_by("pk")]
    assert len(plays) > 2
    fake.productions[world.producer.pk] = [raw_production(world.production)]
    fake.performances[world.production.dip_id] = plays
    pulled(noord, "catalogue")
    assert not Conflict.objects.exists()
    return plays


def still() -> list[Conflict]:
    return list(Conflict.objects.exclude(state="closed").order_by("pk"))


def choose(world: World, conflict: Conflict, chosen: str) -> Conflict:
    return resolve(conflict, chosen, seen=case_of(conflict).token, actor=world.actors["agency_editor"])


def mails(recipient: str = PROVIDER) -> list[Email]:
    return list(Email.objects.filter(recipient=recipient, kind=Kind.CONFLICT).order_by("pk"))


def pending() -> list[str]:
    """Of the catalogue; an agreement goes its own way."""
    rows = Operation.objects.exclude(state__in=CLOSED).exclude(subject_kind="contract")
    return list(rows.values_list("kind", flat=True))


def test_a_performance_that_is_gone_is_told_once(
    world: World, noord: Connection, fake: FakeDip, tour: list[dict[str, Any]]
) -> None:
    first = world.performances[0]
    gone = tour.pop(0)
    pulled(noord, "catalogue")
    pulled(noord, "catalogue")
    (conflict,) = still()
    assert (conflict.kind, conflict.subject_kind, conflict.subject_id) == ("vanished", "performance", first.pk)
    (line,) = Entry.objects.filter(code="dip.conflict")
    assert (line.target_id, line.actor_kind, line.audience) == (str(first.pk), "pull", "provider")
    (mail,) = mails()
    assert mail.subject.startswith("Verdwenen uit DIP: De Storm, ")
    for part in (mail.text, mail.html):
        assert "DIP heeft niet meer wat hieronder staat." in part
        assert first.theater.name in unescape(part)
    assert mails(RECEIVER) == []
    case = case_of(conflict)
    assert case.record is not None
    assert case.record.raw["number"] == gone["number"], "as it was last seen"
    assert [option.code for option in case.options] == ["known", "cancel"]
    here, there = case.sheet().heads
    assert here == "In dit portaal"
    assert there.startswith("In DIP, laatst gezien ")


def test_of_several_at_once_there_is_one_mail_and_a_conflict_each(
    world: World, noord: Connection, tour: list[dict[str, Any]]
) -> None:
    del tour[:2]
    pulled(noord, "catalogue")
    assert len(still()) == Entry.objects.filter(code="dip.conflict").count() == 2
    (mail,) = mails()
    assert mail.subject.endswith(" en nog 1")
    assert mail.text.count("\n- De Storm, ") == 2


def test_what_is_known_stays_so_until_it_is_back(world: World, noord: Connection, tour: list[dict[str, Any]]) -> None:
    gone = tour.pop(0)
    pulled(noord, "catalogue")
    (conflict,) = still()
    done = choose(world, conflict, "known")
    assert (done.state, pending()) == ("decided", [])
    assert Entry.objects.get(code="dip.resolved").fields == {"kind": "vanished.known"}
    pulled(noord, "catalogue")
    assert still() == [done]
    tour.append(gone)
    pulled(noord, "catalogue")
    assert still() == []
    tour.remove(gone)
    pulled(noord, "catalogue")
    assert still() != [done]
    assert len(mails()) == 2, "gone again is news again"


def test_a_performance_that_is_gone_is_cancelled_here_and_nothing_is_sent(
    world: World, noord: Connection, tour: list[dict[str, Any]]
) -> None:
    first = world.performances[0]
    contract = world.contract(status="approved", performances=[first])
    gone = tour.pop(0)
    pulled(noord, "catalogue")
    done = choose(world, still()[0], "cancel")
    first.refresh_from_db()
    assert (first.cancelled, done.state, pending()) == (True, "closed", [])
    assert Entry.objects.get(code="performance.cancelled").actor_kind == "user"
    assert Entry.objects.get(code="dip.resolved").fields == {"kind": "vanished.cancel"}
    contract.refresh_from_db()
    assert contract.status == "approved"
    pulled(noord, "catalogue")
    assert still() == []
    # DIP's word counts again as soon as it has one.
    tour.append(gone)
    pulled(noord, "catalogue")
    first.refresh_from_db()
    assert (first.cancelled, first.missing_since) == (False, None)


def test_a_production_that_is_gone_is_one_conflict_with_all_of_its_performances(
    world: World, noord: Connection, fake: FakeDip, tour: list[dict[str, Any]]
) -> None:
    fake.productions[world.producer.pk] = []
    pulled(noord, "catalogue")
    assert Performance.objects.filter(production=world.production, missing_since=None).count() == 0
    (conflict,) = still()
    assert (conflict.subject_kind, conflict.subject_id) == ("production", world.production.pk)
    (mail,) = mails()
    assert mail.subject == "Verdwenen uit DIP: De Storm"
    choose(world, conflict, "cancel")
    world.production.refresh_from_db()
    assert world.production.cancelled_at is not None
    assert not any(one.cancelled is False for one in Performance.objects.filter(production=world.production).upcoming())
    assert (still(), pending()) == ([], [])
    pulled(noord, "catalogue")
    assert still() == []


def test_what_is_cancelled_on_its_own_page_need_not_be_in_dip(
    world: World, noord: Connection, tour: list[dict[str, Any]]
) -> None:
    del tour[:1]
    pulled(noord, "catalogue")
    entering.cancel_performance(world.performances[0], actor=world.actors["agency_editor"])
    assert still() == []


def test_what_did_not_take_place_anyway_is_no_conflict(
    world: World, noord: Connection, tour: list[dict[str, Any]]
) -> None:
    tour[0]["status"] = "cancellation"
    pulled(noord, "catalogue")
    del tour[0]
    pulled(noord, "catalogue")
    assert Performance.objects.exclude(missing_since=None).count() == 1
    assert (still(), mails()) == ([], [])
