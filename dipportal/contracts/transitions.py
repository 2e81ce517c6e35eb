"""The table of allowed moves: which status becomes which, by whom. Nothing else changes a status."""

from dataclasses import dataclass

from dipportal.contracts.enums import Status
from dipportal.organisations.enums import Role, Side


@dataclass(frozen=True)
class Move:
    """`target` None: the version itself stays as it is, and a new version begins."""

    name: str
    sources: tuple[Status, ...]
    target: Status | None
    side: Side
    role: Role = Role.EDITOR


MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        Move("update", (Status.CONCEPT,), Status.CONCEPT, Side.PROVIDER),
        Move("propose", (Status.CONCEPT,), Status.PROPOSED, Side.PROVIDER),
        Move("withdraw", (Status.PROPOSED,), Status.CONCEPT, Side.PROVIDER),
        Move("approve", (Status.PROPOSED,), Status.APPROVED, Side.RECEIVER),
        Move("reject", (Status.PROPOSED,), Status.REJECTED, Side.RECEIVER),
        Move("amend", (Status.REJECTED,), None, Side.PROVIDER),
    )
}
