"""What the page of one agreement shows to the receiver."""

from decimal import Decimal
from typing import Any

from django.utils.translation import gettext as _

from dipportal.contracts.display import groups, start_time_rejected
from dipportal.contracts.enums import AnswerSource
from dipportal.contracts.models import Contract
from dipportal.core.money import format_percent
from dipportal.organisations.areas import AreaRequest
from dipportal.receivers import loaders


def about(request: AreaRequest, contract: Contract) -> dict[str, Any]:
    versions = loaders.versions(contract, request.organisation)
    before = next((version for version in versions if version.pk == contract.parent_id), None)
    newest = versions[-1]
    evenings = loaders.evenings(contract)
    share = contract.provider_share
    return {
        "contract": contract,
        "groups": groups(contract, before),
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
        "dip_is_behind": loaders.dip_is_behind(contract),
    }


def answered_by(contract: Contract) -> str:
    """Who answered, in words; somebody in DIP's own dashboard has no name here."""
    if contract.answer_source == AnswerSource.DIP or contract.answered_by is None:
        return _("somebody in DIP")
    return contract.answered_by.get_full_name()
