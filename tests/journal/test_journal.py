"""The journal is written once, with the change it records, and never changed."""

from collections.abc import Sequence

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.db import transaction

from dipportal.journal import actions
from dipportal.journal.codes import Audience, Code, declare, declared
from dipportal.journal.models import Entry
from dipportal.journal.queries import timeline
from tests.world import World


def test_a_line_cannot_be_changed_or_deleted(world: World) -> None:
    world.contract()
    entry = Entry.objects.get()
    for forbidden in (
        entry.delete,
        entry.save,
        Entry.objects.all().delete,
        lambda: Entry.objects.update(reason="anders"),
    ):
        with pytest.raises(TypeError):
            forbidden()


@pytest.mark.django_db(transaction=True)
def test_a_line_outside_a_transaction_is_refused() -> None:
    from tests.world import build

    world = build()
    with pytest.raises(ImproperlyConfigured):
        actions.record("contract.created", world.production, actor=world.actors["agency_editor"])


def test_a_failing_handler_takes_the_change_with_it(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    def fails(_entry: Entry) -> None:
        raise RuntimeError("the mail room is on fire")

    contract = world.contract()
    monkeypatch.setitem(actions._handlers, "contract.proposed", [fails])
    from dipportal.contracts.actions import propose

    with pytest.raises(RuntimeError), transaction.atomic():
        propose(contract, actor=world.actors["agency_editor"])
    contract.refresh_from_db()
    assert contract.status == "concept"


def test_each_side_reads_its_own_lines(world: World) -> None:
    contract = world.contract(status="rejected")
    mine = {entry.code for entry in timeline(contract.thread, side=Audience.PROVIDER)}
    theirs = {entry.code for entry in timeline(contract.thread, side=Audience.RECEIVER)}
    assert mine == {"contract.created", "contract.proposed", "contract.rejected"}
    assert theirs == {"contract.proposed", "contract.rejected"}


def test_a_code_is_declared_once_and_has_a_label() -> None:
    with pytest.raises(ValueError):
        declare(Code("contract.created", "Iets anders", Audience.BOTH))
    assert all(str(code.label) for code in declared().values())


def test_who_takes_all_lines_together_is_called_once(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[list[str]] = []

    def hears(entries: Sequence[Entry]) -> None:
        heard.append([entry.target_id for entry in entries])

    monkeypatch.setitem(actions._of_many, "count.linked", [hears])
    first, second, _third = world.performances
    actor = world.actors["kade_editor"]
    with transaction.atomic():
        actions.record_many("count.linked", [actions.Line(first), actions.Line(second)], actor=actor)
        actions.record("count.linked", first, actor=actor)
        actions.record_many("count.linked", [], actor=actor)
    assert heard == [[str(first.pk), str(second.pk)], [str(first.pk)]]
    assert Entry.objects.filter(code="count.linked").count() == 3
