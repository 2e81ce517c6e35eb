"""Who may manage an organisation's people. One rule serves the pages, the admin and the actions."""

from dipportal.core.errors import NotAllowed
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation


def is_administrator(actor: Actor) -> bool:
    """Somebody in the admin, acting for no organisation."""
    return actor.organisation is None and actor.user is not None and actor.user.is_staff


def must_manage(organisation: Organisation, actor: Actor) -> None:
    """A manager of the organisation, or an administrator in the admin. Raises NotAllowed."""
    if not is_administrator(actor) and not (actor.is_person and actor.acts_for(organisation, Role.MANAGER)):
        raise NotAllowed


def may_set_absence(membership: Membership, actor: Actor) -> bool:
    """Everybody who takes part in answers says so themselves; a manager can for all."""
    own = actor.user is not None and actor.user.pk == membership.user_id
    return actor.is_person and actor.acts_for(membership.organisation, Role.EDITOR if own else Role.MANAGER)


def is_last_manager(membership: Membership) -> bool:
    """Nobody else can manage: who was made inactive cannot log in."""
    managers = Membership.objects.filter(
        organisation=membership.organisation_id, role=Role.MANAGER, user__is_active=True
    )
    return membership.role == Role.MANAGER and not managers.exclude(pk=membership.pk).exists()
