"""A day's work in the log: what was typed, who typed it and to whom it went are not in it, whatever goes wrong."""

import json
import logging
import logging.config
from collections.abc import Iterator
from typing import Any

import pytest
import structlog
from django.conf import settings as django_settings
from django.db import DataError
from django.test import Client
from django.urls import reverse

from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip import apply_contracts, connections, pull
from dipportal.dip.models import Connection, Operation
from dipportal.notifications import delivery
from dipportal.organisations.models import User
from tests.dip.pushed import SECRET, Pushing
from tests.notifications.smtp import mail_server
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
# What is planted: a person's name and address, remarks, reasons, a contact, a secret.
NAME, LOCAL, REMARK, REASON, CONTACT = "Zwanenzang", "zwaluwstaart", "Zeepbellen", "Zomerregen", "zilvervos"
PLANTED = (NAME, LOCAL, REMARK, REASON, CONTACT, SECRET)


class Kept(logging.Handler):
    """Every line as the portal writes it, of every logger, also the talkative ones."""

    def __init__(self) -> None:
        super().__init__(logging.DEBUG)
        found = dict(django_settings.LOGGING["formatters"])["portal"]
        found = {**found, "processors": [*found["processors"][:-1], structlog.processors.JSONRenderer()]}
        self.setFormatter(logging.config.DictConfigurator({"version": 1}).configure_formatter(found))
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


@pytest.fixture
def log() -> Iterator[Kept]:
    kept, root = Kept(), logging.getLogger()
    level = root.level
    root.addHandler(kept)
    root.setLevel(logging.DEBUG)
    yield kept
    root.removeHandler(kept)
    root.setLevel(level)


@pytest.fixture
def people(world: World) -> World:
    """The editors are called what must not be logged."""
    for name in ("agency_editor", "kade_editor"):
        User.objects.filter(pk=world.people[name].pk).update(
            name=f"{NAME} {name}", email=f"{LOCAL}.{name}@portal.example"
        )
        world.people[name].refresh_from_db()
    for actor in world.actors.values():
        if actor.user is not None:
            actor.user.refresh_from_db()
    return world


def proposed(world: World) -> Contract:
    return world.contract(
        status="proposed",
        terms={"remarks": f"{REMARK} na afloop."},
        parties={"contact_receiver": f"{CONTACT}@kade.example", "contact_provider": f"{CONTACT}@agency.example"},
    )


def test_a_full_round_logs_ids_and_codes_only(log: Kept, people: World, pushing: Pushing, settings: Any) -> None:
    world, dip = people, pushing.dip
    contract = proposed(world)
    client = Client()
    client.force_login(world.people["kade_editor"])
    url = reverse("receivers:contract", kwargs={"organisation": world.kade.slug, "pk": contract.pk})
    assert NAME in client.get(url).content.decode(), "what is planted is really shown to people"
    with mail_server(settings) as post:
        post.rcpt = {f"{CONTACT}@kade.example": f"550 no such user {CONTACT}@kade.example"}
        assert delivery.drain_due() > 1
        assert post.letters
    pushing.until_settled()
    contract.refresh_from_db()
    assert dip.call("POST", "answer", {"contract": contract.dip_id, "answer": "reject", "reason": f"{REASON}!"})
    run = pull.run(Connection.objects.get(), "contracts", full=True)
    assert run.state == "good"
    contract.refresh_from_db()
    assert REASON in contract.rejection_reason
    following = actions.amend(contract, actor=world.actors["agency_editor"])
    actions.discard(following, actor=world.actors["agency_editor"], reason=f"{REASON} op zee")
    silent(log, least=10)


def test_what_goes_wrong_is_logged_without_whom_it_was_about(
    log: Kept, people: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """DIP quotes us in a refusal, sends records that cannot be read, and the database shows its row."""
    world, dip = people, pushing.dip
    contract = proposed(world)
    body = json.dumps({"error": "Bad request", "error_description": f"{CONTACT}@kade.example is geen contact"})
    dip.fault("status-before", path="/create", status=400, body=body)
    pushing.drain()
    assert CONTACT in Operation.objects.order_by("pk")[0].error_text, "the person reads it"
    Operation.objects.all().delete()
    other = proposed(world)
    pushing.until_settled()
    other.refresh_from_db()
    dip.edit("contract", other.dip_id, status=f"{REASON}")
    pull.run(Connection.objects.get(), "contracts", full=True)

    def refuse(*_arguments: Any, **_more: Any) -> Any:
        raise DataError(f"value too long for type character varying(60)\nDETAIL:  Row ({CONTACT}, {NAME}, {REMARK})")

    monkeypatch.setattr(apply_contracts, "apply", refuse)
    run = pull.run(Connection.objects.get(), "contracts", full=True)
    assert run.state == "failed"
    connections.test_connection(Connection.objects.get(), actor=world.actors["agency_manager"])
    assert Contract.objects.filter(pk=contract.pk).exists()
    silent(log, least=10)
    assert any("pull step failed" in line for line in log.lines)


def test_pages_that_break_are_logged_without_what_was_typed(
    log: Kept, people: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = people
    client = Client(raise_request_exception=False)
    client.force_login(world.people["agency_editor"])

    def refuse(*_arguments: Any, **_more: Any) -> Any:
        raise DataError(f"value too long\nDETAIL:  Failing row contains ({NAME}, {LOCAL}@portal.example)")

    monkeypatch.setattr(actions, "propose", refuse)
    contract = world.contract(terms={"remarks": f"{REMARK} na afloop."})
    url = reverse("providers:contract_propose", kwargs={"organisation": world.agency.slug, "pk": contract.pk})
    reply = client.post(url, {"version": contract.version, "note": f"{REASON} en {CONTACT}"})
    assert reply.status_code == 500
    silent(log, least=1)
    assert any("DataError" in line for line in log.lines)


def silent(log: Kept, *, least: int) -> None:
    assert len(log.lines) >= least, "there was something to read"
    found = [(word, line) for line in log.lines for word in PLANTED if word in line]
    assert found == []
