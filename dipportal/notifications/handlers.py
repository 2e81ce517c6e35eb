"""From journal lines to mails. Runs in the transaction of the change, so it only writes rows."""

from django.utils import translation

from dipportal.contracts.enums import SHARED
from dipportal.contracts.models import Contract
from dipportal.journal.actions import on
from dipportal.journal.models import Entry
from dipportal.notifications import letters, purpose, recipients
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
    contract = _contract(event)
    readers = recipients.receivers(contract, event)
    told = [reader for reader in readers if purpose.proposals_to(reader.address, event).exists()]
    _write(Kind.WITHDRAWAL, contract, event, told)


@on("contract.approved", "contract.rejected")
def answered(event: Entry) -> None:
    contract = _contract(event)
    _write(Kind.ANSWER, contract, event, recipients.providers(contract, event))


@on("contract.conflict")
def conflicting(event: Entry) -> None:
    """Both sides; the receiver only when it may see the agreement at all."""
    contract = _contract(event)
    readers = recipients.providers(contract, event)
    if contract.status in SHARED:
        known = {reader.address.casefold() for reader in readers}
        others = recipients.receivers(contract, event)
        readers += [reader for reader in others if reader.address.casefold() not in known]
    _write(Kind.CONFLICT, contract, event, readers)


def _contract(event: Entry) -> Contract:
    rows = Contract.objects.select_related("provider", "producer", "production", "theater__receiver", "proposed_by")
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
