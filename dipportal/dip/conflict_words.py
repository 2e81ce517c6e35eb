"""Each choice in words: what it will do here, and what it will do in DIP. No more and no less than it does."""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from dipportal.catalogue.models import Production
from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.dip.models_conflict import Choice, ConflictKind

if TYPE_CHECKING:
    from dipportal.dip.conflict_cases import Case

Sentences = tuple[str, str, str]


@dataclass(frozen=True)
class Option:
    """One button. `here` and `there`: exactly what it will do in this portal and in DIP. `value`: of several alike."""

    choice: Choice
    label: str
    here: str
    there: str
    value: str = ""

    @property
    def code(self) -> str:
        return f"{self.choice}:{self.value}" if self.value else str(self.choice)


def option(case: "Case", choice: Choice, value: str = "") -> Option:
    label, here, there = _sentences(case, choice, value)
    return Option(choice, label, here, there, value)


def _sentences(case: "Case", choice: Choice, value: str) -> Sentences:
    """The button, here, in DIP."""
    kind = ConflictKind(case.conflict.kind)
    if kind == ConflictKind.TERMS:
        return _of_terms(case, choice)
    if kind == ConflictKind.ANSWERS:
        return _of_answers(case, choice)
    if kind == ConflictKind.CHANGED:
        return _of_change(case, choice)
    if kind == ConflictKind.VANISHED:
        return _of_vanished(case, choice)
    return _of_double(case, choice, value)


def _nothing_in_dip() -> str:
    return _("In DIP nothing changes.")


def _of_terms(case: "Case", choice: Choice) -> Sentences:
    ours, theirs = case.now.ours, case.now.theirs
    if choice == Choice.REVISE:
        return (
            _("Send ours to DIP as a revision"),
            _("A next version begins with the terms that stand here. What was agreed stays in force until the theater "
              "approves that version; you propose it."),
            _("The revision is entered as a concept, and proposed there when you propose it here."),
        )  # fmt: skip
    if choice == Choice.KEEP:
        return (
            _("The terms in this portal count"),
            _("Nothing changes. Both parties read that the terms in this portal count, and the theater gets a mail. "
              "The mark stays until DIP has the same terms."),
            _("Nothing is sent: DIP lets nobody change what was proposed there. "
              "Put it right in DIP's dashboard, or ask the theater to."),
        )  # fmt: skip
    label = _("Take over the terms in DIP")
    if ours == Status.APPROVED and theirs == Status.APPROVED:
        here = _("What was agreed here is not changed. A next version with DIP's terms is made, approved in DIP, and "
                 "replaces it. Both parties get a mail.")  # fmt: skip
    elif ours == Status.APPROVED:
        here = _("What was agreed here is not changed. A next version with DIP's terms is made and stands open for the "
                 "theater; what was agreed stays in force until it is approved. Both parties get a mail.")  # fmt: skip
    elif ours == Status.CONCEPT:
        here = _("The concept gets DIP's terms, and what you changed since is dropped. It has the status that it has "
                 "in DIP, so the theater sees it.")  # fmt: skip
    elif theirs == Status.APPROVED:
        here = _("The proposal gets DIP's terms, and counts as approved in DIP. Both parties get a mail.")
    else:
        here = _("The proposal gets DIP's terms and stands open for the theater. Both parties get a mail.")
    return label, here, _nothing_in_dip()


def _of_answers(case: "Case", choice: Choice) -> Sentences:
    if choice == Choice.KEEP:
        return (
            _("The answer in this portal counts"),
            _("Nothing changes. Both parties read that the answer in this portal counts, and the theater is asked by "
              "mail to put its answer right in DIP. The mark stays until DIP says the same."),
            _("Nothing is sent: DIP has no call for an answer, so only the theater can change it there."),
        )  # fmt: skip
    if case.now.ours == Status.CONCEPT:
        here = _("The proposal that was withdrawn stands again with DIP's terms, and with the answer that the theater "
                 "gave in DIP. Both parties get a mail.")  # fmt: skip
    elif case.now.theirs == Status.APPROVED:
        here = _("The rejection gives way: the agreement counts as approved in DIP. Both parties get a mail.")
    else:
        here = _("The approval gives way: the agreement counts as rejected in DIP, with the reason given there. "
                 "You can go on with a next version. Both parties get a mail.")  # fmt: skip
    return _("The answer in DIP counts"), here, _nothing_in_dip()


def _of_change(case: "Case", choice: Choice) -> Sentences:
    if choice == Choice.PUT:
        return (
            _("Put ours over what DIP has"),
            _("Nothing changes."),
            _("What differs becomes as it stands here. If DIP was changed once more since, nothing is sent and this "
              "comes back as a new conflict."),
        )  # fmt: skip
    here = _("What differs becomes as it stands in DIP, and your own change is dropped.")
    if case.now.ours == Status.PROPOSED:
        here += " " + _("It is a proposal, so the theater gets a mail with the new terms.")
        return _("Take over what DIP has"), here, _("The proposal goes on its way, with the terms that DIP has.")
    return _("Take over what DIP has"), here, _nothing_in_dip()


def _of_vanished(case: "Case", choice: Choice) -> Sentences:
    if choice == Choice.CANCEL:
        return _of_cancelling(case)
    return {
        Choice.KNOWN: (
            _("I know, leave it so"),
            _("Nothing changes; it no longer waits for you. If DIP has it again the mark goes by itself."),
            _nothing_in_dip(),
        ),
        Choice.ANEW: (
            _("Enter it in DIP anew"),
            _("The concept stays as it is, and loses the number that DIP no longer has."),
            _("It is looked up by its reference first; when DIP really has none it is entered as a new concept."),
        ),
        Choice.GIVE_UP: (
            _("Give the concept up"),
            _("The concept goes out of the lists. It stays readable, and can be taken back."),
            _nothing_in_dip(),
        ),
    }[choice]


def _of_cancelling(case: "Case") -> Sentences:
    if isinstance(case.target, Production):
        return (
            _("Cancel the production here too"),
            _("The production and its coming performances are cancelled here, as on its own page."),
            _("Nothing is sent of what DIP no longer has. Performances of it that DIP still has are cancelled there."),
        )
    return (
        _("Cancel the performance here too"),
        _("The performance is cancelled here, as on its own page. Agreements about it stay as they are."),
        _("Nothing is sent, because DIP no longer has it."),
    )


def _of_double(case: "Case", choice: Choice, value: str) -> Sentences:
    if choice == Choice.BOTH:
        return (
            _("They are different, keep them all"),
            _("Nothing changes, and these are no longer called double."),
            _nothing_in_dip(),
        )
    kept = next(one for one in case.together if str(one.pk) == value)
    others = [one for one in case.together if one is not kept]
    words = {"number": kept.dip_id, "others": ", ".join(str(one.dip_id) for one in others)}
    here = _("%(others)s goes out of the lists and stays readable.")
    if any(one.status == Status.PROPOSED for one in others):
        here = _("%(others)s is withdrawn, which the theater is told, goes out of the lists and stays readable.")
    there = _("Nothing is deleted: DIP has no call for it. Remove %(others)s in DIP's dashboard.")
    return _("Number %(number)s counts") % words, here % words, there % words


# --- what is being done, for the other party --------------------------------------------------------------------
def for_receiver(contract: Contract, choice: str, kind: str) -> str:
    words = {"provider": contract.provider.name}
    if choice == Choice.KEEP and kind == ConflictKind.ANSWERS:
        return _("%(provider)s chose: the answer in this portal counts. Please give the same answer in DIP.") % words
    if choice == Choice.KEEP:
        return _("%(provider)s chose: the terms in this portal count, and puts DIP right.") % words
    if choice == Choice.REVISE:
        return _("%(provider)s chose: the terms in this portal count, and sends DIP a revision.") % words
    return _("%(provider)s has to choose which counts. Nothing was overwritten, here or in DIP.") % words
