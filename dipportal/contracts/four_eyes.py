"""Two people of one organisation who must both agree: before a provider proposes, before a receiver approves.

The first one's yes is a mark on the version; any change of the version wipes it. Where the organisation names
approvers, one of the two must be one of them, or the deputy of one who is away.
"""

from collections.abc import Callable

from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.contracts.models import Contract
from dipportal.core.errors import PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.journal.codes import Audience
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from dipportal.organisations.queries import approvers_of


def complete(contract: Contract, organisation: Organisation, *, actor: Actor, audience: Audience) -> bool:
    """Is this yes the last one needed? False: it was kept as the first of two. Inside the caller's transaction.

    Raises PortalError: the same person twice, or two people of whom neither may decide.
    """
    if not (organisation.four_eyes and actor.is_person) or actor.user is None:
        return True
    if contract.endorsed_by_id is None:
        _keep(contract, actor, audience)
        return False
    refused = fault_in_second(contract, organisation, actor=actor)
    if refused is not None:
        raise refused
    return True


def fault_in_second(
    contract: Contract,
    organisation: Organisation,
    *,
    actor: Actor,
    approvers: Callable[[Organisation], set[int] | None] = approvers_of,
) -> PortalError | None:
    """Why the yes of this person cannot be the second one; None when it can, or when it would be the first.

    `approvers` lets a list ask once for all its rows.
    """
    if not (organisation.four_eyes and actor.is_person) or actor.user is None or contract.endorsed_by_id is None:
        return None
    if contract.endorsed_by_id == actor.user.pk:
        return PortalError(_("You agreed already. A colleague has to agree as well."), code="second_needed")
    deciding = approvers(organisation)
    if deciding is not None and not deciding & {contract.endorsed_by_id, actor.user.pk}:
        return PortalError(
            _("One of the two has to be an approver of your organisation, or the deputy of one who is away."),
            code="approver_needed",
        )
    return None


def _keep(contract: Contract, actor: Actor, audience: Audience) -> None:
    rows = Contract.objects.filter(pk=contract.pk, version=contract.version, endorsed_by=None)
    if rows.update(endorsed_by=actor.user, endorsed_at=timezone.now(), version=F("version") + 1) != 1:
        raise StaleState
    record("contract.endorsed", contract, actor=actor, thread=contract.thread, audience=audience)
