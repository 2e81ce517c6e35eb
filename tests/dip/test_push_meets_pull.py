"""Rule 9: our own new record met by a pull, in every order of 'answer stored' and 'page read': one row, one record."""

from collections.abc import Callable
from typing import Any

import pytest

from dipportal.catalogue import actions as catalogue
from dipportal.catalogue.models import Performance, Production
from dipportal.contracts import actions
from dipportal.contracts.models import Contract
from dipportal.dip import pull
from dipportal.dip.client import Client
from dipportal.dip.models import Connection, RunState
from dipportal.dip.models_conflict import Conflict
from dipportal.dip.pull_run import Pull
from dipportal.notifications.models import Email
from tests.dip.pushed import Pushing, new_performance, new_production, rows
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
Meeting = Callable[[], None]


def pulled(kind: str) -> None:
    run = pull.run(Connection.objects.get(), kind)
    assert run.state == RunState.GOOD, run.errors


def between_yes_and_commit(monkeypatch: pytest.MonkeyPatch, meet: Meeting) -> None:
    """Run `meet` when DIP has said yes and the worker has not stored it yet."""
    write = Client.write

    def slowly(self: Client, *call: Any, **more: Any) -> Any:
        answer = write(self, *call, **more)
        meet()
        return answer

    monkeypatch.setattr(Client, "write", slowly)


def between_answer_and_step(monkeypatch: pytest.MonkeyPatch, meet: Meeting) -> None:
    """Run `meet` when the pull has DIP's answer and has written nothing of it yet."""
    write, met = Pull.write, []

    def later(self: Pull, *step: Any, **more: Any) -> Any:
        if not met:
            met.append(True)
            meet()
        return write(self, *step, **more)

    monkeypatch.setattr(Pull, "write", later)


def order(name: str, kind: str, pushing: Pushing, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bring what waits to DIP, with a pull at that moment."""
    if name == "page read before the answer is stored":
        between_yes_and_commit(monkeypatch, lambda: pulled(kind))
    elif name == "answer lost, page read, then looked up":
        pushing.dip.fault("drop-after", method="POST", path="(create|productions|performances)$")
        pushing.dip.fault("drop-before", method="GET", path="NL-|productions$")
        pushing.drain()
        Connection.objects.update(open_until=None)
        pulled(kind)
    elif name == "answer lost, looked up, then page read":
        pushing.dip.fault("drop-after", method="POST", path="(create|productions|performances)$")
    pushing.drain()
    pushing.until_settled()
    pulled(kind)


ORDERS = [
    "answer stored before the page is read",
    "page read before the answer is stored",
    "answer lost, page read, then looked up",
    "answer lost, looked up, then page read",
]


@pytest.mark.parametrize("name", ORDERS)
@pytest.mark.parametrize("kind", ["contracts", "contracts-full"])
def test_an_agreement(world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch, name: str, kind: str) -> None:
    contract = world.contract(status="proposed")
    order(name, kind, pushing, monkeypatch)
    contract.refresh_from_db()
    assert list(Contract.objects.values_list("pk", flat=True)) == [contract.pk]
    assert [made["result"] for made in pushing.contracts] == [contract.dip_id]
    assert {state for _kind, state, _code in rows()} == {"done"}
    assert contract.status == "proposed"


@pytest.mark.parametrize("name", ORDERS)
def test_a_production(world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    production = new_production(world, world.actors["agency_editor"])
    order(name, "catalogue", pushing, monkeypatch)
    production.refresh_from_db()
    assert list(Production.objects.filter(title="Het Eiland").values_list("pk", flat=True)) == [production.pk]
    assert [made["result"] for made in pushing.writes("/productions")] == [production.dip_id]
    assert {state for _kind, state, _code in rows()} == {"done"}


@pytest.mark.parametrize("name", ORDERS)
def test_a_performance(world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    before = Performance.objects.count()
    performance = new_performance(world, world.actors["agency_editor"])
    order(name, "catalogue", pushing, monkeypatch)
    performance.refresh_from_db()
    assert Performance.objects.count() == before + 1
    assert [made["result"] for made in pushing.writes("/performances")] == [performance.number]
    assert {state for _kind, state, _code in rows()} == {"done"}


@pytest.mark.parametrize(("kind", "new"), [
    ("contracts", lambda world: world.contract(status="proposed")),
    ("contracts-full", lambda world: world.contract(status="proposed")),
    ("catalogue", lambda world: new_production(world, world.actors["agency_editor"])),
    ("catalogue", lambda world: new_performance(world, world.actors["agency_editor"])),
])  # fmt: skip
def test_what_was_made_after_the_question_is_not_gone_because_the_answer_lacks_it(
    world: World, pushing: Pushing, monkeypatch: pytest.MonkeyPatch, kind: str, new: Callable[[World], Any]
) -> None:
    made = new(world)
    between_answer_and_step(monkeypatch, pushing.drain)
    pulled(kind)
    made.refresh_from_db()
    assert {state for _kind, state, _code in rows()} == {"done"}
    assert made.missing_since is None
    assert not Conflict.objects.exists()
    assert not Email.objects.filter(kind="conflict").exists()


def test_what_was_deleted_in_dip_long_after_it_was_made_is_gone(world: World, pushing: Pushing, settings: Any) -> None:
    contract = world.contract(status="proposed")
    pushing.drain()
    settings.DIP_SETTLE_SECONDS = 180.0
    pushing.dip.delete("contract", pushing.contracts[0]["result"])
    pulled("contracts-full")
    contract.refresh_from_db()
    assert contract.missing_since is None
    settings.DIP_SETTLE_SECONDS = 0.0
    pulled("contracts-full")
    contract.refresh_from_db()
    assert contract.missing_since is not None


def test_an_edit_behind_a_create_that_the_pull_linked_is_no_conflict_with_ourselves(
    world: World, pushing: Pushing
) -> None:
    """The pull puts the record off, because of that edit, and keeps nothing of it: what was sent is what counts."""
    contract = world.contract()
    pushing.dip.fault("drop-after", method="POST", path="create$")
    pushing.dip.fault("drop-before", method="GET", path="NL-")
    pushing.drain()
    contract.refresh_from_db()
    editor = world.actors["agency_editor"]
    actions.update_concept(contract, actor=editor, seen_version=contract.version, terms={"remarks": "Later"})
    pulled("contracts")
    contract.refresh_from_db()
    assert contract.dip_id is not None
    pushing.until_settled()
    assert rows(contract) == [("contract.create", "done", ""), ("contract.update", "done", "")]
    assert [write["body"]["properties"]["remarks"] for write in pushing.writes("/update")] == ["Later"]


def edit_agreement(world: World) -> tuple[Any, Meeting]:
    made = world.contract()

    def edit() -> None:
        actions.update_concept(
            made, actor=world.actors["agency_editor"], seen_version=made.version, terms={"remarks": "Later"}
        )

    return made, edit


def edit_production(world: World) -> tuple[Any, Meeting]:
    editor = world.actors["agency_editor"]
    made = new_production(world, editor)
    values = {"title": "Later", "season": made.season, "genre": made.genre, "producer": made.producer}
    return made, lambda: catalogue.update_production(made, values=values, seen_version=made.version, actor=editor)


def edit_performance(world: World) -> tuple[Any, Meeting]:
    editor = world.actors["agency_editor"]
    made = new_performance(world, editor)
    names = ("theater", "hall", "starts_at", "kind", "private", "in_festival", "other_location")
    values = {name: getattr(made, name) for name in names} | {"capacity": [17]}
    return made, lambda: catalogue.update_performance(made, values=values, seen_version=made.version, actor=editor)


@pytest.mark.parametrize(("kind", "make"), [
    ("contracts", edit_agreement), ("catalogue", edit_production), ("catalogue", edit_performance),
])  # fmt: skip
def test_an_edit_after_a_create_that_the_pull_linked_and_put_off_is_no_conflict_with_ourselves(
    world: World, pushing: Pushing, kind: str, make: Callable[[World], tuple[Any, Meeting]]
) -> None:
    """Between the end of the create and the next pull nothing but what was sent says what DIP has."""
    made, edit = make(world)
    pushing.dip.fault("drop-after", method="POST", path="(create|productions|performances)$")
    pushing.dip.fault("drop-before", method="GET", path="NL-|productions$")
    pushing.drain()
    Connection.objects.update(open_until=None)
    pulled(kind)
    made.refresh_from_db()
    pushing.until_settled()
    assert [state for _kind, state, _code in rows(made)] == ["done"]
    edit()
    pushing.until_settled()
    assert [state for _kind, state, _code in rows(made)] == ["done", "done"], rows(made)
    assert not Conflict.objects.exists()
    assert len([write for write in pushing.writes("") if write["method"] == "PUT"]) == 1


def test_a_change_in_dip_behind_a_create_that_the_pull_linked_is_a_conflict(world: World, pushing: Pushing) -> None:
    contract = world.contract()
    pushing.dip.fault("drop-after", method="POST", path="create$")
    pushing.dip.fault("drop-before", method="GET", path="NL-")
    pushing.drain()
    pushing.dip.edit("contract", pushing.contracts[0]["result"], properties={"partage_percentage": 70.0})
    contract.refresh_from_db()
    editor = world.actors["agency_editor"]
    actions.update_concept(contract, actor=editor, seen_version=contract.version, terms={"remarks": "Later"})
    pulled("contracts")
    pushing.until_settled()
    assert rows(contract)[-1] == ("contract.update", "attention", "conflict")
    assert pushing.writes("/update") == []
