"""More rules that must bite: those of the pull, and one mail an event and recipient. With and without each rule."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from dataclasses import replace
from typing import Any
from unittest import mock

import pytest
from django.conf import settings
from django.db import connections, transaction
from django.test.utils import override_settings

from dipportal.contracts.models import Contract
from dipportal.dip import apply_contracts, pull
from dipportal.dip.models import Connection, RunKind
from dipportal.journal import actions as journal
from dipportal.journal.models import Entry
from dipportal.notifications.models import Email
from dipportal.sandbox import loading
from tests.faults import scenarios
from tests.faults.engine import Planned
from tests.faults.explore import Theater
from tests.faults.judge import judge
from tests.faults.scenarios import Prepared, Stage

Play = Callable[[Theater], list[str]]


def pulled() -> None:
    pull.run(Connection.objects.get(), RunKind.CONTRACTS)


# --- our own new record, met before its answer ------------------------------------------------------------------
def met_by_a_pull(house: Theater) -> list[str]:
    """DIP made it, the answer was lost, and a pull comes before the look-up."""
    prepared = house.prepare(scenarios.BY_NAME["contract create"])
    house.round.take_down, house.round.plan = None, [Planned("call", "POST", "lost after")]
    with house.round.watching():
        house.round.play(())
        pulled()
        while house.pass_time():
            house.round.play(())
    rows = Contract.objects.count()
    return [*map(str, judge(house.dip, prepared)), *(["two rows of one agreement"] if rows != 1 else [])]


@contextmanager
def without_matching() -> Iterator[None]:
    known = apply_contracts._known

    def by_number_only(work: Any, records: Any) -> Any:
        return known(work, {key: replace(record, reference="") for key, record in records.items()})

    with mock.patch.object(apply_contracts, "_known", by_number_only):
        yield


# --- the watermark ---------------------------------------------------------------------------------------------
def two_in_dip(house: Theater) -> list[Contract]:
    """Two agreements, here and there the same, and a watermark."""

    def ask(stage: Stage) -> Prepared:
        for performance in stage.world.performances[:2]:
            stage.world.contract(performances=[performance])
        return Prepared([])

    house.prepare_with(ask)
    house.settle()
    pull.run(Connection.objects.get(), RunKind.CONTRACTS_FULL)
    return list(Contract.objects.order_by("pk"))


def changed_in_dip(house: Theater, contract: Contract, text: str, **members: Any) -> None:
    members["properties"] = {"remarks": text}
    loading.edit(house.dip.store, house.dip.box.clock, "contract", contract.dip_id or 0, members)


def as_in_dip(contract: Contract, text: str) -> list[str]:
    contract.refresh_from_db()
    shown = contract.term_values()["remarks"]
    return [] if shown == text else [f"DIP says {text!r}, here it is {shown!r}"]


def committed_late(house: Theater) -> list[str]:
    """A change whose stamp is older than what was seen already becomes visible only now."""
    first, second = two_in_dip(house)
    stamp = house.dip.box.clock.stamp()
    house.clock.pass_by(3600)
    changed_in_dip(house, second, "Nieuw")
    pulled()
    changed_in_dip(house, first, "Laat", modified=stamp)
    house.clock.pass_by(600)
    pulled()
    return [*as_in_dip(first, "Laat"), *as_in_dip(second, "Nieuw")]


def rows_not_stored(house: Theater) -> list[str]:
    """Two changes hours apart; the pull that read both broke when it stored them."""
    first, second = two_in_dip(house)
    changed_in_dip(house, first, "Eerst")
    house.clock.pass_by(6 * 3600)
    changed_in_dip(house, second, "Later")
    with mock.patch.object(apply_contracts, "apply", side_effect=RuntimeError("the database went away")):
        pulled()
    house.clock.pass_by(600)
    pulled()
    return [*as_in_dip(first, "Eerst"), *as_in_dip(second, "Later")]


@contextmanager
def watermark_by_itself() -> Iterator[None]:
    page_of, move = pull.page_of, pull._move_watermark

    def moved_at_once(*args: Any, **more: Any) -> Any:
        page = page_of(*args, **more)
        move(Connection.objects.get(), page, set())
        return page

    with mock.patch.object(pull, "page_of", moved_at_once):
        yield


# --- one mail an event and recipient ----------------------------------------------------------------------------
def told_twice(house: Theater) -> list[str]:
    """The handlers of one event run a second time."""

    def ask(stage: Stage) -> Prepared:
        stage.world.contract(status="proposed")
        return Prepared([])

    house.prepare_with(ask, Email)
    event = Entry.objects.get(code="contract.proposed")
    with transaction.atomic():
        for handler in journal._handlers[event.code]:
            if handler.__module__.startswith("dipportal.notifications"):
                handler(event)
    while house.pass_time():
        house.drain()
    readers = [recipient for recipient, _letter in house.dip.post.accepted]
    assert readers, "nobody was told at all"
    return [f"{reader} was told twice" for reader in set(readers) if readers.count(reader) > 1]


@contextmanager
def without_the_constraint() -> Iterator[None]:
    """The index is put back with the rest of the database by the next that begins."""
    migrated = Theater.restore

    def restore(self: Theater, moment: Any) -> None:
        migrated(self, moment)
        with connections["default"].cursor() as cursor:
            cursor.execute("DROP INDEX IF EXISTS email_once_per_recipient")

    with mock.patch.object(Theater, "restore", restore):
        yield


RULES: dict[str, tuple[Play, Callable[[], AbstractContextManager[Any]]]] = {
    "a pull matches open intents first": (met_by_a_pull, without_matching),
    "the watermark has an overlap": (committed_late, lambda: override_settings(DIP_OVERLAP=settings.DIP_OVERLAP * 0)),
    "the watermark moves with the rows": (rows_not_stored, watermark_by_itself),
    "one mail an event and recipient": (told_twice, without_the_constraint),
}


@pytest.mark.parametrize("name", RULES)
def test_with_the_rule_no_harm_is_done(house: Theater, name: str) -> None:
    play, _without = RULES[name]
    assert play(house) == []


@pytest.mark.parametrize("name", RULES)
def test_without_the_rule_harm_is_found(house: Theater, name: str) -> None:
    play, without = RULES[name]
    with without():
        assert play(house), f"taken away, and nobody noticed: {name}"
