"""The whole policy of 'here says this, DIP says that', pair by pair."""

import itertools

import pytest

from dipportal.contracts.enums import Status
from dipportal.dip.apply_answers import NOTHING, Situation, Verdict, judge

CONCEPT, PROPOSED, APPROVED, REJECTED, REVISED = Status

FOUND = {
    (CONCEPT, CONCEPT): (),
    (CONCEPT, PROPOSED): ("propose",),
    (CONCEPT, APPROVED): ("propose", "approve"),
    (CONCEPT, REJECTED): ("propose", "reject"),
    (CONCEPT, REVISED): ("propose", "approve", "supersede"),
    (PROPOSED, APPROVED): ("approve",),
    (PROPOSED, REJECTED): ("reject",),
    (PROPOSED, REVISED): ("approve", "supersede"),
    (APPROVED, REVISED): ("supersede",),
}
CONTRADICTIONS = {(APPROVED, REJECTED), (REJECTED, APPROVED), (REJECTED, REVISED), (REVISED, REJECTED)}
PAIRS = list(itertools.product(Status, Status))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
def test_equal_terms(ours: Status, theirs: Status) -> None:
    verdict = judge(Situation(ours, theirs))
    if (ours, theirs) in CONTRADICTIONS:
        assert verdict == Verdict(conflict="answers")
    else:
        assert verdict == Verdict(moves=FOUND.get((ours, theirs), ()))


@pytest.mark.parametrize(("ours", "theirs"), PAIRS)
@pytest.mark.parametrize("differs", [False, True])
@pytest.mark.parametrize("unsent", [False, True])
@pytest.mark.parametrize("withdrawn", [False, True])
def test_an_answer_given_here_is_never_replaced(
    ours: Status, theirs: Status, differs: bool, unsent: bool, withdrawn: bool
) -> None:
    verdict = judge(Situation(ours, theirs, differs, unsent, withdrawn))
    if ours != CONCEPT:
        assert not verdict.follow
    if ours in (APPROVED, REJECTED, REVISED):
        assert not {"approve", "reject", "propose"} & set(verdict.moves)
    if verdict.conflict:
        assert not verdict.moves


@pytest.mark.parametrize("theirs", [PROPOSED, APPROVED])
def test_other_terms_in_dip_are_a_conflict_once_it_is_proposed(theirs: Status) -> None:
    assert judge(Situation(PROPOSED, theirs, differs=True)).conflict == "terms"
    assert judge(Situation(APPROVED, theirs, differs=True)).conflict == "terms"


def test_a_rejection_of_other_terms_is_still_a_rejection() -> None:
    assert judge(Situation(PROPOSED, REJECTED, differs=True)) == Verdict(moves=("reject",))


def test_a_local_change_that_was_not_sent_wins() -> None:
    assert judge(Situation(CONCEPT, CONCEPT, differs=True, unsent=True)) == Verdict(defer=True)
    assert judge(Situation(CONCEPT, CONCEPT, differs=True)) == Verdict(follow=True)
    assert judge(Situation(PROPOSED, PROPOSED, differs=True, unsent=True)) == Verdict(defer=True)
    assert judge(Situation(CONCEPT, PROPOSED, differs=True, unsent=True)).conflict == "terms"


def test_our_own_proposal_on_its_way_is_left_alone() -> None:
    assert judge(Situation(PROPOSED, CONCEPT, differs=True, unsent=True)) == NOTHING


def test_what_was_withdrawn_here_is_not_proposed_again_by_dip() -> None:
    assert judge(Situation(CONCEPT, PROPOSED, withdrawn=True)) == NOTHING
    for answer in (APPROVED, REJECTED):
        assert judge(Situation(CONCEPT, answer, withdrawn=True)).conflict == "answers"
