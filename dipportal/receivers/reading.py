"""What the page of one agreement shows to the receiver."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.contracts.display import GroupOfRows, Row, groups, start_time_rejected
from dipportal.contracts.enums import AnswerSource
from dipportal.contracts.models import Contract
from dipportal.core.money import format_percent
from dipportal.dip.rules import dip_still_waits
from dipportal.organisations.areas import AreaRequest
from dipportal.receivers import loaders


@dataclass(frozen=True)
class Group:
    """One group of terms: what is filled in or changed, and the labels of the rest on one line."""

    label: str | Promise
    shown: list[Row]
    empty: list[str | Promise]

    @classmethod
    def of(cls, group: GroupOfRows) -> "Group":
        shown = [row for row in group.rows if row.text or row.changed or row.rejected]
        return cls(group.label, shown, [row.term.label for row in group.rows if row not in shown])


def about(request: AreaRequest, contract: Contract) -> dict[str, Any]:
    versions = loaders.versions(contract, request.organisation)
    before = next((version for version in versions if version.pk == contract.parent_id), None)
    newest = versions[-1]
    evenings = loaders.evenings(contract)
    share = contract.provider_share
    return {
        "contract": contract,
        "groups": [Group.of(group) for group in groups(contract, before)],
        "before": before,
        "versions": versions,
        "newer": newest.pk != contract.pk,
        "newer_url": newest.url_for(request.organisation),
        "evenings": evenings,
        "cancelled": [evening for evening in evenings if evening.cancelled],
        "start_time_rejected": start_time_rejected(contract),
        "own_share": format_percent(Decimal(100) - share) if share is not None else "",
        "history": loaders.history(versions),
        "answered_by": answered_by(contract),
        "proposer": contract.proposed_by.get_full_name() if contract.proposed_by else "",
        "contact_email": contract.contact_provider or contract.provider.contact_email,
        "dip_is_behind": dip_still_waits(contract),
    }


def answered_by(contract: Contract) -> str:
    """Who answered, in words; somebody in DIP's own dashboard has no name here."""
    if contract.answer_source == AnswerSource.DIP or contract.answered_by is None:
        return _("somebody in DIP")
    return contract.answered_by.get_full_name()
