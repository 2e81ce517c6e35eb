"""Who proposed and who answered, for whom and when. Neutral words: both sides read the same paper."""

from django.utils.translation import gettext

from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.core.dates import moment
from dipportal.organisations.models import User


def steps(contract: Contract) -> list[list[str]]:
    """Rows of: what, who, for whom, when."""
    if contract.status == Status.CONCEPT:
        return []
    return [_proposal(contract), *([_answer(contract)] if contract.answered_at else [])]


def house(contract: Contract) -> str:
    receiver = contract.theater.receiver
    return receiver.name if receiver else contract.theater.name


def _proposal(contract: Contract) -> list[str]:
    what = gettext("Adapted proposal") if contract.is_counter else gettext("Proposed")
    side = house(contract) if contract.is_counter else contract.provider.name
    return [what, _named(contract.proposed_by), side, moment(contract.proposed_at) or "–"]


def _answer(contract: Contract) -> list[str]:
    who = _named(None if contract.answer_source == AnswerSource.DIP else contract.answered_by)
    if contract.on_behalf:
        words = {"who": who, "provider": contract.provider.name, "how": contract.get_answer_source_display()}
        who = gettext("recorded by %(who)s of %(provider)s on behalf of the receiver: %(how)s") % words
    by_provider = contract.is_counter and contract.answer_source == AnswerSource.PORTAL
    side = contract.provider.name if by_provider else house(contract)
    return [_what(contract), who, side, moment(contract.answered_at)]


def _what(contract: Contract) -> str:
    yes = contract.status in (Status.APPROVED, Status.REVISED)
    if contract.is_counter and not contract.answer_source:
        return gettext("Adapted proposal taken back")
    if contract.is_counter:
        return gettext("Adapted proposal accepted") if yes else gettext("Adapted proposal declined")
    return gettext("Approved") if yes else gettext("Rejected")


def _named(person: User | None) -> str:
    """Somebody in DIP's own dashboard has no name here."""
    return person.get_full_name() if person else gettext("somebody in DIP")
