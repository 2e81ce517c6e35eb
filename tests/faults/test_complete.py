"""Later work cannot forget the harness: every kind of row that goes out is in it."""

from django.apps import apps

from dipportal.dip.models import Kind, Operation
from dipportal.notifications.models import Email
from dipportal.outbox.models import OutboxRow
from dipportal.sandbox import contract_calls, count_calls, production_calls
from tests.faults.scenarios import SCENARIOS

COVERED = {kind for scenario in SCENARIOS for kind in scenario.kinds}
# What is done under faults for each model of rows: its own scenarios.
MODELS = {scenario.model for scenario in SCENARIOS}
CALLS = {"createContract", "updateContract", "proposeContract", "reviseContract"} | set(production_calls.HANDLERS)


def rows() -> set[type[OutboxRow]]:
    return {model for model in apps.get_models() if issubclass(model, OutboxRow)}


def test_every_model_of_rows_is_in_the_harness() -> None:
    assert rows() == MODELS == {Operation, Email}, "a new kind of outbox row needs a scenario in tests/faults"


def test_every_operation_is_in_the_harness() -> None:
    assert set(Kind) - COVERED == set(), "a new kind of operation needs a scenario in tests/faults"


def test_every_writing_call_of_dip_is_made_by_a_scenario() -> None:
    assert set(contract_calls.HANDLERS) | set(production_calls.HANDLERS) == CALLS
    writing = {name for name in count_calls.HANDLERS if name.startswith("update")}
    # Capacity is for ticketing systems: the portal does not tell it.
    assert writing - {"updateCapacity"} == {"updateTickets", "updateReservations", "updateBlockedSeats"}
    names = " ".join(scenario.name for scenario in SCENARIOS)
    for word in ("create", "update", "propose", "revise", "cancel", "count", "e-mail"):
        assert word in names
