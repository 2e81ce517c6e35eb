"""The table of allowed moves: which status becomes which, by whom. Nothing else changes a status."""

from dataclasses import dataclass

from dipportal.contracts.enums import Status
from dipportal.organisations.enums import Role, Side

PROVIDER, RECEIVER = Side.PROVIDER, Side.RECEIVER


@dataclass(frozen=True)
class Move:
    """`target` None: the version itself stays as it is. `drafted`: whose terms the version holds, None for either's."""

    name: str
    sources: tuple[Status, ...]
    target: Status | None
    side: Side
    drafted: Side | None = PROVIDER
    role: Role = Role.EDITOR


MOVES: dict[str, Move] = {
    move.name: move
    for move in (
        # The provider's own drafts.
        Move("update", (Status.CONCEPT,), Status.CONCEPT, PROVIDER),
        Move("discard", (Status.CONCEPT,), None, PROVIDER),
        Move("propose", (Status.CONCEPT,), Status.PROPOSED, PROVIDER),
        Move("withdraw", (Status.PROPOSED,), Status.CONCEPT, PROVIDER),
        Move("extend", (Status.PROPOSED,), None, PROVIDER),
        # The receiver's answer; `counter` also after its own rejection, which then stays as it is.
        Move("approve", (Status.PROPOSED,), Status.APPROVED, RECEIVER),
        Move("reject", (Status.PROPOSED,), Status.REJECTED, RECEIVER),
        Move("counter", (Status.PROPOSED, Status.REJECTED), Status.REJECTED, RECEIVER),
        # An answer that was given outside, written down by the provider.
        Move("record_approval", (Status.PROPOSED,), Status.APPROVED, PROVIDER),
        Move("record_rejection", (Status.PROPOSED,), Status.REJECTED, PROVIDER),
        # The provider's answer to an adapted proposal, and the receiver who takes it back.
        Move("adopt", (Status.PROPOSED,), Status.APPROVED, PROVIDER, drafted=RECEIVER),
        Move("decline", (Status.PROPOSED,), Status.REJECTED, PROVIDER, drafted=RECEIVER),
        Move("retract", (Status.PROPOSED,), Status.REJECTED, RECEIVER, drafted=RECEIVER),
        # The answer that the theater gave in DIP, in place of another one that was given here.
        Move("take_approval", (Status.REJECTED,), Status.APPROVED, PROVIDER, drafted=None),
        Move("take_rejection", (Status.APPROVED,), Status.REJECTED, PROVIDER, drafted=None),
        # The next version.
        Move("reply", (Status.PROPOSED,), None, PROVIDER, drafted=RECEIVER),
        Move("amend", (Status.REJECTED,), None, PROVIDER, drafted=None),
        Move("revise", (Status.APPROVED,), None, PROVIDER, drafted=None),
    )
}
