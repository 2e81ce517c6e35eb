"""Who acts: a person with the organisation they act for, the pull, the clock, or an API client."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from dipportal.core.errors import NotAllowed
from dipportal.journal.models import ActorKind
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation, User


@dataclass(frozen=True)
class Actor:
    kind: ActorKind
    user: User | None = None
    organisation: Organisation | None = None
    role: Role | None = None
    # What a client of the API is called.
    called: str = ""

    @property
    def name(self) -> str:
        if self.user is not None:
            return self.user.get_full_name()
        if self.called:
            return self.called
        return "DIP" if self.kind == ActorKind.PULL else _("Automatic")

    @property
    def is_person(self) -> bool:
        return self.kind in (ActorKind.USER, ActorKind.API)

    def acts_for(self, organisation: Organisation | None, needed: Role = Role.EDITOR) -> bool:
        """May this actor do something for this organisation that needs this role? The pull and the clock may."""
        if not self.is_person:
            return True
        return (
            organisation is not None
            and self.organisation is not None
            and self.organisation.pk == organisation.pk
            and self.role is not None
            and self.role.covers(needed)
        )

    def must_act_for(self, organisation: Organisation | None, needed: Role = Role.EDITOR) -> None:
        """Raises NotAllowed."""
        if not self.acts_for(organisation, needed):
            raise NotAllowed

    @property
    def side(self) -> Side | None:
        return Side(self.organisation.kind) if self.organisation else None


def member(membership: Membership) -> Actor:
    return Actor(
        ActorKind.USER,
        user=membership.user,
        organisation=membership.organisation,
        role=Role(membership.role),
    )


def staff(user: User) -> Actor:
    """An administrator in the admin, acting for no organisation."""
    return Actor(ActorKind.USER, user=user)


def client(organisation: Organisation, name: str) -> Actor:
    """A program that acts for an organisation, as an editor: it manages nobody."""
    return Actor(ActorKind.API, organisation=organisation, role=Role.EDITOR, called=name)


def pull(organisation: Organisation | None = None) -> Actor:
    return Actor(ActorKind.PULL, organisation=organisation)


CLOCK = Actor(ActorKind.CLOCK)
