"""From journal lines to mails. Runs in the transaction of the change, so it only writes rows."""

from django.utils import translation

from dipportal.contracts.models import Contract
from dipportal.journal.actions import on
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.notifications import letters, purpose, recipients, words
from dipportal.notifications.actions import Mail, post
from dipportal.notifications.enums import Kind
from dipportal.notifications.recipients import Reader


@on("contract.proposed")
def proposed(event: Entry) -> None:
    contract = _contract(event)
    _write(Kind.PROPOSAL, contract, event, recipients.receivers(contract, event))


@on("contract.withdrawn")
def withdrawn(event: Entry) -> None:
    """Whoever was told of the proposal, and nobody else."""
    readers = recipients.told(purpose.standing_proposals(event), event)
    _write(Kind.WITHDRAWAL, _contract(event), event, readers)


@on("contract.approved", "contract.rejected")
def answered(event: Entry) -> None:
    """The provider's side; of an answer that it wrote down on behalf of the receiver, the receiver's as well."""
    contract = _contract(event)
    _write(Kind.ANSWER, contract, event, recipients.providers(contract, event))
    if words.is_outside(event):
        _write(Kind.RECORDED, contract, event, recipients.receivers(contract, event))


@on("contract.countered")
def countered(event: Entry) -> None:
    contract = _contract(event)
    _write(Kind.COUNTER, contract, event, recipients.providers(contract, event))


@on("contract.retracted")
def retracted(event: Entry) -> None:
    """Whoever was told of the adapted proposal, and nobody else."""
    readers = recipients.told(purpose.counters(event), event)
    _write(Kind.RETRACTION, _contract(event), event, readers)


@on("contract.adopted", "contract.declined")
def counter_answered(event: Entry) -> None:
    """The receiver, whose terms they were, and the colleagues of whoever answered."""
    contract = _contract(event)
    readers = [*recipients.countering(contract, event), *recipients.providers(contract, event)]
    _write(Kind.ANSWER, contract, event, recipients.once_each(readers))


@on("contract.reopened")
def reopened(event: Entry) -> None:
    """Whoever was mailed the answer that was taken back."""
    readers = recipients.told(purpose.answers_before(event), event)
    _write(Kind.REOPENED, _contract(event), event, readers)


@on("contract.extended", "contract.reminded")
def deadline_nears(event: Entry) -> None:
    contract = _contract(event)
    _write(Kind.DEADLINE, contract, event, recipients.receivers(contract, event))


@on("contract.expired")
def deadline_passed(event: Entry) -> None:
    contract = _contract(event)
    readers = [*recipients.receivers(contract, event), *recipients.providers(contract, event)]
    _write(Kind.DEADLINE, contract, event, recipients.once_each(readers))


@on("contract.endorsed")
def agreed_by_one(event: Entry) -> None:
    contract = _contract(event)
    _write(Kind.SECOND, contract, event, recipients.second_ones(contract, event))


@on("contract.conflict")
def conflicting(event: Entry) -> None:
    """The provider, and the receiver of a shared agreement, but for what the provider clears up alone."""
    contract = _contract(event)
    readers = recipients.providers(contract, event)
    if event.audience == Audience.BOTH:
        known = {reader.address.casefold() for reader in readers}
        others = recipients.receivers(contract, event)
        readers += [reader for reader in others if reader.address.casefold() not in known]
    _write(Kind.CONFLICT, contract, event, readers)


@on("contract.resolved")
def resolved(event: Entry) -> None:
    """What was chosen about a shared agreement, to both sides; what concerns the provider alone is mailed to nobody."""
    if event.audience == Audience.BOTH:
        conflicting(event)


def _contract(event: Entry) -> Contract:
    rows = Contract.objects.select_related(
        "provider", "producer", "production", "theater__receiver", "proposed_by", "parent__proposed_by", "revises"
    )
    return rows.get(pk=event.target_id)


def _write(kind: Kind, contract: Contract, event: Entry, readers: list[Reader]) -> None:
    deal = letters.Deal.of(contract, event)
    post([_mail(kind, deal, reader) for reader in readers])


def _mail(kind: Kind, deal: letters.Deal, reader: Reader) -> Mail:
    with translation.override(reader.language):
        subject, text, html = letters.render(kind, deal, reader)
    return Mail(
        kind=kind,
        event=deal.event,
        event_key=f"journal:{deal.event.pk}",
        thread=deal.contract.thread,
        recipient=reader.address,
        user=reader.user,
        organisation=reader.organisation,
        language=reader.language,
        subject=subject,
        text=text,
        html=html,
    )
