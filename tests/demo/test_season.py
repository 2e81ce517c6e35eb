"""The demo's season: the same world gives the same data, and doing it again changes nothing."""

from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from django.apps import apps
from django.core.management import CommandError, call_command
from django.db import models

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.demo import people, season
from dipportal.dip import pull, tasks
from dipportal.dip.models import Connection, Operation, RunKind, RunState
from dipportal.dip.push import work
from dipportal.organisations.actors import member
from dipportal.organisations.models import Membership, Organisation, User
from dipportal.outbox.drain import drain
from dipportal.outbox.models import State
from dipportal.sandbox.server import Running, start
from dipportal.sandbox.store import Store
from dipportal.sandbox.world import build
from dipportal.ticketing.enums import Source
from dipportal.ticketing.models import TicketCount, TicketCountPoint
from dipportal.ticketing.yield_queries import yield_of
from dipportal.ticketing.yielding import no_forecast
from tests.dip.counted import enter, totals

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]
TODAY = "2026-03-10"
# Moments of the season itself; every other moment is that of the seeding.
LASTING = {"starts_at", "first_at", "modified_at"}
# Made of chance or of the other process's address; how far a pull last said to be depends on how long it took.
CHANCE = {
    "password", "secret_encrypted", "token_encrypted", "claim_token", "message_id", "reference", "test_text",
    "step", "done", "total",
    # With the moment at which a mail was written.
    "headers",
}  # fmt: skip


@pytest.fixture
def sandboxes() -> Iterator[tuple[Running, Running]]:
    with start(scale="demo", today=TODAY) as one, start(scale="demo", today=TODAY) as other:
        yield one, other


@pytest.fixture(autouse=True)
def demo(settings: Any) -> None:
    settings.DEMO_MODE = True


def quiet(_text: str) -> None:
    return


def told_by(model: type[models.Model]) -> list[dict[str, Any]]:
    names = [
        field.attname
        for field in model._meta.concrete_fields
        if field.attname not in CHANCE and (field.attname in LASTING or not isinstance(field, models.DateTimeField))
    ]
    return list(model._default_manager.order_by("pk").values(*names))


def dump() -> dict[str, list[dict[str, Any]]]:
    own = [model for model in apps.get_models(include_auto_created=True) if model.__module__.startswith("dipportal.")]
    return {model._meta.label: told_by(model) for model in own}


def test_the_same_world_gives_the_same_data(sandboxes: tuple[Running, Running], settings: Any, tmp_path: Path) -> None:
    # Numbers begin at 1 both times, whatever tests made rows before.
    call_command("flush", interactive=False, verbosity=0)
    settings.DIP_URL = sandboxes[0].url
    season.seed(quiet)
    first = dump()
    season.seed(quiet)
    again = dump()
    for label, rows in first.items():
        assert rows == again[label], f"doing it again changed {label}"

    call_command("flush", interactive=False, verbosity=0)
    settings.DIP_URL = sandboxes[1].url
    season.seed(quiet)
    second = dump()
    for label, rows in first.items():
        assert rows == second[label], f"another time gave another {label}"
    assert_believable()
    assert_the_counts_follow_the_agreements(odd_counts(tmp_path))


def odd_counts(folder: Path) -> dict[str, int]:
    """The performances whose count is odd on purpose, as the same world names them."""
    store = Store(str(folder / "w.sqlite3"))
    build.fill(store, scale="demo", seed=1, today=date.fromisoformat(TODAY))
    found: dict[str, int] = store.get_meta("odd_counts")
    return found


def assert_the_counts_follow_the_agreements(odd: dict[str, int]) -> None:
    """On the settlement sheets only the two that are odd on purpose are doubted, each for what is odd of it."""
    doubted: dict[int | None, list[str]] = {}
    fitting = 0
    for provider in people.PROVIDERS:
        organisation = Organisation.objects.get(slug=provider.slug)
        for contract in Contract.objects.visible_to(organisation).filter(status=Status.APPROVED):
            for evening in yield_of(organisation, contract, forecast=no_forecast).evenings:
                if evening.played.doubts:
                    doubted[evening.played.performance.number] = [doubt.code for doubt in evening.played.doubts]
                fitting += evening.played.count is not None and not evening.played.doubts
    assert doubted == {odd["dinner"]: ["revenue"], odd["chairs"]: ["tickets"]}
    assert fitting > 60


def assert_believable() -> None:
    agency = Organisation.objects.get(slug=people.AGENCY.slug)
    producer = Organisation.objects.get(slug=people.PRODUCER.slug)
    assert sorted(agency.producers.values_list("pk", flat=True)) == [123, 124, 125]
    assert sorted(producer.producers.values_list("pk", flat=True)) == [201]
    assert Theater.objects.exclude(receiver=None).count() == len(people.RECEIVERS)
    assert Production.objects.visible_to(agency).count() >= 15
    assert Performance.objects.filter(production__producer__in=[123, 124, 125]).count() >= 200
    counted = TicketCount.objects.filter(tickets__gt=0)
    curves = TicketCountPoint.objects.filter(performance__in=counted.values("performance"))
    assert curves.count() >= 5 * counted.count()
    for organisation in Organisation.objects.all():
        roles = set(Membership.objects.visible_to(organisation).values_list("role", flat=True))
        assert roles == {"manager", "editor", "viewer"}, organisation.slug
        assert Contract.objects.visible_to(organisation).exists(), organisation.slug
    both = User.objects.get(email="dubbel@portaal.example")
    assert {membership.organisation.kind for membership in both.memberships.all()} == {"provider", "receiver"}
    assert User.objects.filter(is_staff=True).count() == 1
    assert all(user.check_password(people.PASSWORD) for user in User.objects.all())


def test_a_count_that_is_entered_reaches_dip_and_comes_back(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tasks.drain_operations, "delay", lambda: None)
    with start(scale="demo", today=TODAY) as sandbox:
        settings.DIP_URL = sandbox.url
        season.seed(quiet)
        house = next(one for one in people.RECEIVERS if one.client_id)
        counted = TicketCount.objects.values("performance")
        evening = Performance.objects.filter(theater=house.theater, production__producer__in=people.AGENCY.producers)
        performance = evening.exclude(pk__in=counted).order_by("-starts_at")[0]
        enter(performance, totals(12), member(Membership.objects.get(organisation__slug=house.slug, role="editor")))
        drain(Operation, work)
        assert [row.state for row in Operation.objects.filter(subject_id=performance.pk)] == [State.DONE]
        run = pull.run(Connection.objects.get(organisation__slug=people.AGENCY.slug), RunKind.COUNTS_FULL)
        assert run.state == RunState.GOOD
        back = TicketCount.objects.get(performance=performance, source=Source.DIP)
        assert (back.tickets, back.revenue_cents) == (totals(12).tickets, totals(12).revenue_cents)


def test_a_real_portal_gets_no_log_ins_with_a_known_password(settings: Any) -> None:
    settings.DEMO_MODE = False
    with pytest.raises(CommandError, match="known password"):
        call_command("seed_demo")
    settings.DEMO_MODE = True
    settings.DIP_ENVIRONMENT = "production"
    with pytest.raises(CommandError, match="known password"):
        call_command("seed_demo")
    assert not User.objects.exists()


def test_a_sandbox_that_is_away_is_told(settings: Any) -> None:
    settings.DIP_URL = "http://127.0.0.1:9"
    with pytest.raises(CommandError, match="reference"):
        call_command("seed_demo")


def test_every_shown_log_in_exists() -> None:
    assert {email for email, _what in people.SHOWN} <= {person.email for person in people.PEOPLE}
    assert len({person.email for person in people.PEOPLE}) == len(people.PEOPLE)
    slugs = {provider.slug for provider in people.PROVIDERS} | {receiver.slug for receiver in people.RECEIVERS}
    assert {slug for person in people.PEOPLE for slug in person.roles} == slugs
