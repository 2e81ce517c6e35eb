"""The full product of moves, statuses, sides and people: what the table allows happens, the rest changes nothing."""

import datetime as dt
from collections.abc import Callable

import pytest
from django.utils import timezone

from dipportal.contracts import actions
from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.transitions import MOVES
from dipportal.core.errors import PortalError
from dipportal.journal.models import Entry
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Side
from tests.world import World, undone

DOING: dict[str, Callable[[Contract, Actor], Contract]] = {
    "update": lambda contract, actor: actions.update_concept(
        contract, actor=actor, seen_version=contract.version, terms={"remarks": "Anders"}
    ),
    "discard": lambda contract, actor: actions.discard(contract, actor=actor),
    "propose": lambda contract, actor: actions.propose(contract, actor=actor),
    "withdraw": lambda contract, actor: actions.withdraw(contract, actor=actor),
    "extend": lambda contract, actor: actions.extend(
        contract, actor=actor, answer_by=timezone.localdate() + dt.timedelta(days=3)
    ),
    "approve": lambda contract, actor: actions.approve(contract, actor=actor),
    "reject": lambda contract, actor: actions.reject(contract, actor=actor, reason="Nee."),
    "counter": lambda contract, actor: actions.counter(contract, actor=actor, terms={"provider_guarantee": 500000}),
    "record_approval": lambda contract, actor: actions.approve(contract, actor=actor, source=AnswerSource.TELEPHONE),
    "record_rejection": lambda contract, actor: actions.reject(
        contract, actor=actor, reason="Nee.", source=AnswerSource.LETTER
    ),
    "adopt": lambda contract, actor: actions.adopt(contract, actor=actor),
    "decline": lambda contract, actor: actions.decline(contract, actor=actor, reason="Nee."),
    "retract": lambda contract, actor: actions.retract(contract, actor=actor),
    "reply": lambda contract, actor: actions.amend(contract, actor=actor),
    "amend": lambda contract, actor: actions.amend(contract, actor=actor),
    "revise": lambda contract, actor: actions.revise(contract, actor=actor),
    "take_approval": lambda contract, actor: actions.take_answer(contract, answer=Status.APPROVED, actor=actor),
    "take_rejection": lambda contract, actor: actions.take_answer(contract, answer=Status.REJECTED, actor=actor),
}
PEOPLE = [
    f"{house}_{role}" for house in ("agency", "rival", "kade", "haven") for role in ("viewer", "editor", "manager")
]
STATES = [(Side.PROVIDER, status) for status in Status.values] + [
    (Side.RECEIVER, status) for status in Status.values if status != Status.CONCEPT
]
# Doing again what was done, by the same one, is a no-op and no second answer.
REPEATS = {("propose", Side.PROVIDER, "proposed")}
# Moves that share one action: what the action allows is what either allows.
SAME_ACTION = {"amend": ("amend", "reply"), "reply": ("amend", "reply")}
# After these the row that the action returns is the next version.
STATUS_OF_NEXT = {
    "amend": Status.CONCEPT,
    "reply": Status.CONCEPT,
    "revise": Status.CONCEPT,
    "counter": Status.PROPOSED,
}


def in_state(world: World, side: Side, status: str) -> Contract:
    contract = world.contract(status="proposed" if side == Side.RECEIVER else "concept")
    if side == Side.RECEIVER:
        contract = actions.counter(contract, actor=world.actors["kade_editor"], terms={"provider_guarantee": 600000})
    if status != contract.status:
        Contract.objects.filter(pk=contract.pk).update(status=status, proposed_at=timezone.now())
        contract.refresh_from_db()
    return contract


def attempt(move: str, contract: Contract, actor: Actor) -> tuple[PortalError | None, Contract | None]:
    try:
        return None, DOING[move](contract, actor)
    except PortalError as refusal:
        return refusal, None


def test_every_move_of_the_table_is_tried() -> None:
    assert set(DOING) == set(MOVES)


@pytest.mark.parametrize(("side", "status"), STATES)
@pytest.mark.parametrize("move", list(MOVES))
def test_only_what_the_table_allows(world: World, move: str, side: Side, status: str) -> None:
    house = {"provider": "agency", "receiver": "kade"}[MOVES[move].side]
    open_to = [
        status in MOVES[name].sources and MOVES[name].drafted in (None, side)
        for name in SAME_ACTION.get(move, (move,))
    ]  # fmt: skip
    stands = in_state(world, side, status)
    for name in PEOPLE:
        allowed = name in (f"{house}_editor", f"{house}_manager") and any(open_to)
        with undone():
            tried(Contract.objects.get(pk=stands.pk), move, world.actors[name], allowed=allowed)


def tried(contract: Contract, move: str, actor: Actor, *, allowed: bool) -> None:
    side, status, who = contract.side, contract.status, actor.name
    before = Contract.objects.filter(pk=contract.pk).values().get()
    versions, lines = Contract.objects.count(), Entry.objects.count()
    refusal, result = attempt(move, contract, actor)
    changed = Entry.objects.count() > lines
    assert changed == allowed, (move, side, status, who)
    if allowed:
        assert result is not None
        assert result.status == STATUS_OF_NEXT.get(move, MOVES[move].target or status)
        return
    assert refusal is None or str(refusal)
    assert refusal is not None or (move, side, status) in REPEATS
    assert Contract.objects.filter(pk=contract.pk).values().get() == before
    assert Contract.objects.count() == versions
