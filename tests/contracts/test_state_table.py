"""The full product of moves, statuses and people: what the table allows happens, everything else changes nothing."""

from collections.abc import Callable

import pytest

from dipportal.contracts import actions
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import PortalError
from dipportal.journal.models import Entry
from dipportal.organisations.actors import Actor
from tests.world import World

DOING: dict[str, Callable[[Contract, Actor], Contract]] = {
    "update": lambda contract, actor: actions.update_concept(
        contract, actor=actor, seen_version=contract.version, terms={"remarks": "Anders"}
    ),
    "propose": lambda contract, actor: actions.propose(contract, actor=actor),
    "withdraw": lambda contract, actor: actions.withdraw(contract, actor=actor),
    "approve": lambda contract, actor: actions.approve(contract, actor=actor),
    "reject": lambda contract, actor: actions.reject(contract, actor=actor, reason="Nee."),
    "amend": lambda contract, actor: actions.amend(contract, actor=actor),
}
PEOPLE = [
    f"{house}_{role}" for house in ("agency", "rival", "kade", "haven") for role in ("viewer", "editor", "manager")
]
STATUSES = ["concept", "proposed", "approved", "rejected", "revised"]
# Doing again what was done, by the same side, is a no-op.
REPEATS = {("propose", "proposed"), ("approve", "approved"), ("reject", "rejected")}


def attempt(move: str, contract: Contract, actor: Actor) -> tuple[PortalError | None, Contract | None]:
    try:
        return None, DOING[move](contract, actor)
    except PortalError as refusal:
        return refusal, None


def test_every_move_of_the_table_is_tried() -> None:
    assert set(DOING) == set(MOVES)


@pytest.mark.parametrize("status", STATUSES)
@pytest.mark.parametrize("move", list(MOVES))
def test_only_what_the_table_allows(world: World, move: str, status: str) -> None:
    house = {"provider": "agency", "receiver": "kade"}[MOVES[move].side]
    for name in PEOPLE:
        contract = world.contract(status=status if status != "revised" else "approved")
        if status == "revised":
            Contract.objects.filter(pk=contract.pk).update(status=Status.REVISED)
            contract.refresh_from_db()
        lines = Entry.objects.count()
        allowed = name in (f"{house}_editor", f"{house}_manager") and status in MOVES[move].sources
        refusal, result = attempt(move, contract, world.actors[name])
        changed = Entry.objects.count() > lines
        if result is None:
            assert str(refusal)
        elif changed:
            assert result.status == (MOVES[move].target or Status.CONCEPT)
        else:
            assert (move, status) in REPEATS
        assert changed == allowed, (move, status, name)
        contract.refresh_from_db()
        if not allowed:
            assert contract.status == status
