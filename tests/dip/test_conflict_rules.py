"""What can be chosen in a conflict, over every pair of statuses: never what the life of an agreement forbids."""

from itertools import product

import pytest

from dipportal.contracts.enums import Status
from dipportal.dip.conflict_rules import Facts, can_count, choices
from dipportal.dip.models_conflict import Choice, ConflictKind

CONCEPT, PROPOSED, APPROVED, REJECTED, REVISED = (
    Status.CONCEPT, Status.PROPOSED, Status.APPROVED, Status.REJECTED, Status.REVISED,
)  # fmt: skip
PAIRS = list(product(Status, Status))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_other_terms_can_always_be_left_and_taken_where_nothing_agreed_is_lost(ours: Status, theirs: Status) -> None:
    found = choices(Facts("terms", ours, theirs))
    taken = {
        (CONCEPT, PROPOSED), (CONCEPT, APPROVED), (CONCEPT, REJECTED),
        (PROPOSED, PROPOSED), (PROPOSED, APPROVED), (APPROVED, PROPOSED), (APPROVED, APPROVED),
    }  # fmt: skip
    assert found[0] == Choice.KEEP
    assert (Choice.TAKE in found) == ((ours, theirs) in taken)
    assert (Choice.REVISE in found) == ((ours, theirs) == (APPROVED, APPROVED))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_another_answer_can_be_taken_where_there_is_one(ours: Status, theirs: Status) -> None:
    taken = {(APPROVED, REJECTED), (REJECTED, APPROVED), (CONCEPT, APPROVED), (CONCEPT, REJECTED)}
    found = choices(Facts("answers", ours, theirs))
    assert found == ((Choice.KEEP, Choice.TAKE) if (ours, theirs) in taken else (Choice.KEEP,))


def test_what_is_built_on_an_answer_keeps_it() -> None:
    for kind, ours, theirs in (
        ("answers", APPROVED, REJECTED),
        ("answers", REJECTED, APPROVED),
        ("terms", APPROVED, APPROVED),
    ):
        assert choices(Facts(kind, ours, theirs, settled=False)) == (Choice.KEEP,)


def test_a_yes_to_other_terms_is_no_yes_to_these() -> None:
    assert choices(Facts("answers", REJECTED, APPROVED, differs=True)) == (Choice.KEEP,)
    assert Choice.TAKE in choices(Facts("answers", APPROVED, REJECTED, differs=True))
    assert Choice.TAKE in choices(Facts("answers", CONCEPT, APPROVED, differs=True))


@pytest.mark.parametrize("kind", ["terms", "answers", "changed"])
def test_what_cannot_be_read_or_kept_cannot_be_taken_over(kind: str) -> None:
    for ours, theirs in PAIRS:
        assert Choice.TAKE not in choices(Facts(kind, ours, theirs, whole=False))


def test_a_change_that_is_under_way_again_leaves_nothing_to_choose() -> None:
    assert choices(Facts("changed", CONCEPT, CONCEPT, stuck=False)) == ()
    assert choices(Facts("changed", CONCEPT, CONCEPT)) == (Choice.PUT, Choice.TAKE)
    assert choices(Facts("changed", APPROVED, CONCEPT)) == (Choice.PUT,)
    assert choices(Facts("changed")) == (Choice.PUT, Choice.TAKE), "a production has no status"


@pytest.mark.parametrize("ours", list(Status))
def test_only_a_concept_is_entered_anew_or_given_up(ours: Status) -> None:
    found = choices(Facts("vanished", ours))
    assert (found == (Choice.KNOWN, Choice.ANEW, Choice.GIVE_UP)) == (ours == CONCEPT)
    assert found[0] == Choice.KNOWN


def test_what_does_not_take_place_is_not_cancelled_once_more() -> None:
    assert choices(Facts("vanished", stands=True)) == (Choice.KNOWN, Choice.CANCEL)
    assert choices(Facts("vanished", stands=False)) == (Choice.KNOWN,)


@pytest.mark.parametrize(("together", "counting"), [
    ((CONCEPT, CONCEPT), [0, 1]),
    ((CONCEPT, PROPOSED), [0, 1]),
    ((APPROVED, PROPOSED), [0]),
    ((APPROVED, REJECTED), []),
    ((CONCEPT, APPROVED, PROPOSED), [1]),
])  # fmt: skip
def test_an_answered_one_is_never_put_aside(together: tuple[Status, ...], counting: list[int]) -> None:
    assert [at for at in range(len(together)) if can_count(together, at)] == counting
    found = choices(Facts("double", together[0], together=together))
    assert found == ((Choice.THIS, Choice.BOTH) if counting else (Choice.BOTH,))
    assert choices(Facts("double", together[0], together=together, decided=True)) == ()


def test_every_kind_is_covered() -> None:
    for kind in ConflictKind.values:
        assert choices(Facts(kind, CONCEPT, PROPOSED, together=(CONCEPT, CONCEPT)))
