"""What the DIP panel of an agreement shows: number, status there, what differs, what waits and what is stuck."""

import datetime as dt
from dataclasses import dataclass, field

from django.conf import settings

from dipportal.contracts.enums import AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.dip import operations, state, wire
from dipportal.dip.models import Operation, RemoteRecord, Subject
from dipportal.dip.push_contracts import labels
from dipportal.dip.records import ContractRecord
from dipportal.dip.values import Unreadable
from dipportal.outbox.models import CLOSED, STUCK


@dataclass(frozen=True)
class DipState:
    """`remote_status` is ours, None when DIP's word is not known here or nothing was seen; `raw_status` is DIP's.

    `differing` names, in words, what DIP has otherwise than this agreement. `still_proposed`: withdrawn here, while
    DIP, which has no call to take a proposal back, still shows it to the theater.
    """

    number: int | None = None
    remote_status: Status | None = None
    raw_status: str = ""
    differing: tuple[str, ...] = ()
    synced_at: dt.datetime | None = None
    missing_since: dt.datetime | None = None
    fault: str = ""
    waiting: tuple[Operation, ...] = ()
    stuck: tuple[Operation, ...] = ()
    still_proposed: bool = False
    answer_differs: bool = False
    dashboard_url: str = field(default_factory=lambda: settings.DIP_DASHBOARD_URL)

    @property
    def in_step(self) -> bool:
        """DIP has what we have, and nothing is under way."""
        return (
            self.number is not None
            and not (self.differing or self.waiting or self.stuck)
            and not (self.still_proposed or self.answer_differs or self.fault or self.missing_since)
        )


def dip_state(contract: Contract) -> DipState:
    """For a page of the provider's. Costs three queries, whatever the agreement."""
    rows = Operation.objects.filter(key=operations.key_of(Subject.CONTRACT, contract.pk))
    open_rows = list(rows.exclude(state__in=CLOSED).order_by("pk"))
    waiting = tuple(row for row in open_rows if row.state not in STUCK)
    stuck = tuple(row for row in open_rows if row.state in STUCK)
    seen = _seen(contract)
    if seen is None:
        return DipState(number=contract.dip_id, waiting=waiting, stuck=stuck)
    record = _record(seen)
    status = wire.contract_status(seen.status)
    return DipState(
        number=contract.dip_id,
        remote_status=status,
        raw_status=seen.status,
        differing=tuple(_differing(contract, record)) if record else (),
        synced_at=seen.seen_at,
        missing_since=seen.missing_since,
        fault=seen.fault,
        waiting=waiting,
        stuck=stuck,
        still_proposed=contract.status == Status.CONCEPT and status == Status.PROPOSED,
        answer_differs=_answer_differs(contract, status),
    )


def dip_still_waits(contract: Contract) -> bool:
    """Answered in the portal, while DIP, which has no call for an answer, still says 'proposed'. For both sides."""
    if contract.status not in (Status.APPROVED, Status.REJECTED) or contract.answer_source != AnswerSource.PORTAL:
        return False
    seen = _seen(contract)
    return seen is not None and wire.contract_status(seen.status) == Status.PROPOSED


def _seen(contract: Contract) -> RemoteRecord | None:
    if contract.dip_id is None:
        return None
    rows = RemoteRecord.objects.filter(organisation_id=contract.provider_id, kind=Subject.CONTRACT)
    return rows.filter(remote_id=str(contract.dip_id)).first()


def _record(seen: RemoteRecord) -> ContractRecord | None:
    """None when DIP answered with the bare id and no pull has come by since."""
    if not seen.raw:
        return None
    try:
        return wire.parse_contract(seen.raw)
    except Unreadable:
        return None


def _differing(contract: Contract, record: ContractRecord) -> list[str]:
    found = contract.performances.values_list("number", flat=True)
    numbers = [number for number in found if number is not None]
    wanted = state.wanted_contract(contract, production_id=contract.production.dip_id, numbers=numbers)
    return labels(state.differing(state.comparable(record), wanted, agency=record.agency is not None))


def _answer_differs(contract: Contract, status: Status | None) -> bool:
    """Answered here, and DIP says something else than that answer (also when it still waits for one)."""
    return contract.status in (Status.APPROVED, Status.REJECTED) and status not in (contract.status, Status.REVISED)
