"""What can be chosen in a conflict. Pure: one rule serves the buttons and the action."""

from dataclasses import dataclass

from dipportal.contracts.enums import Status
from dipportal.dip.models_conflict import Choice, ConflictKind

CONCEPT, PROPOSED, APPROVED, REJECTED = Status.CONCEPT, Status.PROPOSED, Status.APPROVED, Status.REJECTED
# Whose terms DIP's can replace, by what DIP calls its own: a concept follows, a proposal is told anew, and what was
# agreed gets a revision.
_TAKES_TERMS = {
    CONCEPT: (PROPOSED, APPROVED, REJECTED),
    PROPOSED: (PROPOSED, APPROVED),
    APPROVED: (PROPOSED, APPROVED),
}
# Which answer here can give way to which in DIP. A concept is a proposal that was withdrawn here.
_TAKES_ANSWER = {CONCEPT: (APPROVED, REJECTED), APPROVED: (REJECTED,), REJECTED: (APPROVED,)}
# What can be put aside in favour of another: a proposal is withdrawn first.
PUTS_ASIDE = (CONCEPT, PROPOSED)


@dataclass(frozen=True)
class Facts:
    """`ours`, `theirs`: the statuses, None when there is none. `whole`: DIP's record can be taken over as it is.

    `differs`: are the terms other ones too? `settled`: nothing goes on from ours, no later version or revision.
    `stuck`: a change of ours waits for a choice. `decided`: somebody chose. `together`: of what looks double.
    `stands`: a production or a performance that is not cancelled here.
    """

    kind: str
    ours: Status | None = None
    theirs: Status | None = None
    whole: bool = True
    differs: bool = False
    settled: bool = True
    stuck: bool = True
    decided: bool = False
    together: tuple[Status, ...] = ()
    stands: bool = False


def choices(now: Facts) -> tuple[Choice, ...]:
    """What can be chosen, first what is usual."""
    return {
        ConflictKind.TERMS: _of_terms,
        ConflictKind.ANSWERS: _of_answers,
        ConflictKind.CHANGED: _of_change,
        ConflictKind.VANISHED: _of_vanished,
        ConflictKind.DOUBLE: _of_double,
    }[ConflictKind(now.kind)](now)


def _of_terms(now: Facts) -> tuple[Choice, ...]:
    found = [Choice.KEEP]
    if now.ours == APPROVED and now.theirs == APPROVED and now.settled:
        found.append(Choice.REVISE)
    fits = now.whole and now.ours is not None and now.theirs in _TAKES_TERMS.get(now.ours, ())
    if fits and (now.ours != APPROVED or now.settled):
        found.append(Choice.TAKE)
    return tuple(found)


def _of_answers(now: Facts) -> tuple[Choice, ...]:
    fits = now.ours is not None and now.theirs in _TAKES_ANSWER.get(now.ours, ())
    # A yes to other terms is no yes to these; a proposal that was withdrawn comes back with DIP's terms.
    same = not now.differs or now.theirs == REJECTED or now.ours == CONCEPT
    return (Choice.KEEP, Choice.TAKE) if now.whole and fits and same and now.settled else (Choice.KEEP,)


def _of_change(now: Facts) -> tuple[Choice, ...]:
    if not now.stuck:
        return ()
    # Without a status it is a production or a performance, which can always follow.
    follows = now.whole and now.ours in (None, CONCEPT, PROPOSED)
    return (Choice.PUT, Choice.TAKE) if follows else (Choice.PUT,)


def _of_vanished(now: Facts) -> tuple[Choice, ...]:
    if now.stands:
        return (Choice.KNOWN, Choice.CANCEL)
    return (Choice.KNOWN, Choice.ANEW, Choice.GIVE_UP) if now.ours == CONCEPT else (Choice.KNOWN,)


def _of_double(now: Facts) -> tuple[Choice, ...]:
    if now.decided:
        # What was put aside is put aside.
        return ()
    one_can = any(can_count(now.together, at) for at in range(len(now.together)))
    return (Choice.THIS, Choice.BOTH) if one_can else (Choice.BOTH,)


def can_count(together: tuple[Status, ...], at: int) -> bool:
    """Can this one of them count? Only when all the others can still be put aside."""
    return all(status in PUTS_ASIDE for other, status in enumerate(together) if other != at)
