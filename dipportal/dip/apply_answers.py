"""What DIP says of an agreement beside what was done here: who wins, what moves, what is a conflict.

`judge` is the whole policy, pure, one line per pair of statuses. Nothing that was answered here is ever overwritten.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.contracts import actions, mirror
from dipportal.contracts.display import text_of
from dipportal.contracts.enums import AnswerSource, ContractType, Status
from dipportal.contracts.mirror import ContractFacts
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, rejectable
from dipportal.core.dates import moment
from dipportal.organisations.actors import Actor

CONCEPT, PROPOSED, APPROVED, REJECTED, REVISED = (
    Status.CONCEPT,
    Status.PROPOSED,
    Status.APPROVED,
    Status.REJECTED,
    Status.REVISED,
)


@dataclass(frozen=True)
class Situation:
    """`unsent`: a change here that DIP may not know yet. `withdrawn`: what DIP calls proposed was taken back here."""

    ours: Status
    theirs: Status
    differs: bool = False
    unsent: bool = False
    withdrawn: bool = False


@dataclass(frozen=True)
class Verdict:
    """`follow`: take over the terms. `moves`: in this order. `conflict`: 'answers' or 'terms'. `defer`: look again."""

    follow: bool = False
    moves: tuple[str, ...] = ()
    conflict: str = ""
    defer: bool = False


NOTHING = Verdict()
# What DIP's status means for a proposal that stands open here.
_ANSWERS: dict[Status, tuple[str, ...]] = {
    PROPOSED: (),
    APPROVED: ("approve",),
    REJECTED: ("reject",),
    REVISED: ("approve", "supersede"),
}
# And what it means for one that was approved here.
_AFTER_YES: dict[Status, tuple[str, ...]] = {PROPOSED: (), APPROVED: (), REVISED: ("supersede",)}
# Answered differently: nobody is overwritten.
_CONTRADICTIONS = {(APPROVED, REJECTED), (REVISED, REJECTED), (REJECTED, APPROVED), (REJECTED, REVISED)}


def judge(now: Situation) -> Verdict:
    if now.ours == CONCEPT:
        return _of_concept(now)
    if (now.ours, now.theirs) in _CONTRADICTIONS:
        return Verdict(conflict="answers")
    if now.theirs == CONCEPT or now.ours in (REJECTED, REVISED):
        # Our proposal is on its way; or the matter is closed and DIP is behind, or says the same.
        return NOTHING
    if now.ours == PROPOSED and now.theirs == REJECTED:
        return Verdict(moves=_ANSWERS[REJECTED])
    if now.differs:
        # Both sides of the deal must be looking at the same terms; a yes to other terms is no yes to these.
        waits = now.unsent and now.theirs == PROPOSED
        return Verdict(defer=True) if waits else Verdict(conflict="terms")
    return Verdict(moves=_ANSWERS[now.theirs] if now.ours == PROPOSED else _AFTER_YES[now.theirs])


def _of_concept(now: Situation) -> Verdict:
    if now.theirs == CONCEPT:
        return Verdict(defer=True) if now.differs and now.unsent else Verdict(follow=now.differs)
    if now.withdrawn:
        # Taken back here; DIP has no call for that, so it goes on saying 'proposed'. An answer there contradicts.
        return NOTHING if now.theirs == PROPOSED else Verdict(conflict="answers")
    if now.differs and now.unsent:
        return Verdict(conflict="terms", defer=True)
    return Verdict(follow=now.differs, moves=("propose", *_ANSWERS[now.theirs]))


# --- carrying out ------------------------------------------------------------------------------------------
def carry_out(contract: Contract, facts: ContractFacts, moves: Sequence[str], *, actor: Actor) -> None:
    """Do the moves through the same actions as a person's. Raises PortalError."""
    for move in moves:
        if move == "propose":
            mirror.found_proposed(contract, actor=actor)
        elif move == "approve":
            actions.approve(contract, actor=actor, source=AnswerSource.DIP)
        elif move == "reject":
            own = rejectable(contract.type)
            actions.reject(
                contract,
                actor=actor,
                source=AnswerSource.DIP,
                reason=facts.rejection_reason,
                rejected_terms=[name for name in facts.rejected_terms if name in own],
            )
        elif move == "supersede":
            mirror.supersede(contract, actor=actor)


# --- in words ----------------------------------------------------------------------------------------------
def conflict_of_answers(contract: Contract, facts: ContractFacts) -> str:
    ours = _("withdrawn") if contract.status == CONCEPT else contract.get_status_display()
    return _("Here: %(ours)s. In DIP: %(theirs)s.") % {
        "ours": _with_reason(str(ours), contract.rejection_reason if contract.status == REJECTED else ""),
        "theirs": _with_reason(str(facts.status.label), facts.rejection_reason),
    }


def _with_reason(text: str, reason: str) -> str:
    return f"{text} ({reason.strip()})" if reason.strip() else text


def conflict_of_terms(contract: Contract, facts: ContractFacts, differences: dict[str, list[Any]]) -> str:
    """'In DIP this agreement has other terms. Guarantee to the provider: here € 6.500,00, in DIP € 6.000,00.'"""
    lines = [
        _("%(term)s: here %(ours)s, in DIP %(theirs)s.")
        % {"term": label, "ours": ours or _("nothing"), "theirs": theirs or _("nothing")}
        for label, ours, theirs in (_in_words(name, *values) for name, values in differences.items())
    ]
    head = _("In DIP this agreement is %(status)s with other terms.") % {"status": facts.status.label.lower()}
    return " ".join([head, *lines])


def _in_words(name: str, ours: Any, theirs: Any) -> tuple[str, str, str]:
    if name in BY_NAME:
        term = BY_NAME[name]
        return str(term.label), text_of(term, ours), text_of(term, theirs)
    if name == "type":
        return _("Type"), str(ContractType(ours).label), str(ContractType(theirs).label)
    if name == "performances":
        dates = dict(Performance.objects.filter(pk__in=[*ours, *theirs]).values_list("pk", "starts_at"))
        return _("Performances"), _dates(ours, dates), _dates(theirs, dates)
    model: type[Production | Theater] = Production if name == "production_id" else Theater
    rows = {row.pk: str(row) for row in model._default_manager.filter(pk__in=[ours, theirs])}
    return str(model._meta.verbose_name).capitalize(), rows.get(ours, ""), rows.get(theirs, "")


def _dates(pks: Sequence[int], dates: dict[int, Any]) -> str:
    return "; ".join(moment(dates[pk]) for pk in sorted(pks, key=lambda pk: dates[pk]))
