"""Who hears of an agreement: the contact on it and the members who want it, each person once.

Viewers look along in the portal and get no mail as members; a viewer who is the contact on the agreement does.
A person's own switch wins over being the contact. The proposer always hears of the answer. Nobody is told of what
they did themselves. When that leaves no receiver for a proposal, it goes to the address of their organisation.
What corrects an earlier mail goes to whoever got that one.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Literal

from django.conf import settings

from dipportal.contracts.models import Contract
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.notifications.enums import Why
from dipportal.notifications.models import Email
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, MembershipQuerySet, Organisation, User
from dipportal.organisations.queries import approvers_of

Switch = Literal["mail_proposals", "mail_answers", "mail_counts"]


@dataclass(frozen=True)
class Reader:
    """Someone who gets a mail. `organisation` is the side they read it for, None when that side has none here;
    `member` says whether they can open its pages."""

    address: str
    why: Why
    language: str
    organisation: Organisation | None = None
    user: User | None = None
    member: bool = False


@dataclass
class Circle:
    """The readers of one side, collected one by one."""

    organisation: Organisation | None
    actor: int | None  # the user whose act it is
    switch: Switch
    acted_for: int | None = None  # the organisation that it was done for
    readers: dict[str, Reader] = field(default_factory=dict)

    def add(self, address: str, why: Why, user: User | None, *, member: bool) -> None:
        self.readers.setdefault(
            address.casefold(),
            Reader(
                address=address,
                why=why,
                language=user.language if user else settings.LANGUAGE_CODE,
                organisation=self.organisation,
                user=user,
                member=member,
            ),
        )

    def proposer(self, user: User | None) -> None:
        """Whatever their switches say, as long as they belong to the organisation and did not act for it themselves."""
        if self.organisation is not None and (user and user.pk, self.organisation.pk) == (self.actor, self.acted_for):
            return
        if user is not None and user.is_active and self._is_member(user):
            self.add(user.email, Why.PROPOSER, user, member=True)

    def address(self, given: str, why: Why) -> None:
        """An address that need not belong to an account. With one its switch decides; a closed one gets none."""
        address = given.strip()
        if not address:
            return
        user = User.objects.filter(email__iexact=address).order_by("-is_active", "pk").first()
        if user is None:
            self.add(address, why, None, member=False)
        elif user.is_active and getattr(user, self.switch) and user.pk != self.actor:
            self.add(user.email, why, user, member=self._is_member(user))

    def members(self) -> None:
        """The editors and managers who want it."""
        if self.organisation is None:
            return
        memberships = (
            acting_members(self.organisation)
            .filter(**{f"user__{self.switch}": True})
            .exclude(user=self.actor)
            .select_related("user")
            .order_by("pk")
        )
        for membership in memberships:
            self.add(membership.user.email, Why.MEMBER, membership.user, member=True)

    def _is_member(self, user: User) -> bool:
        return Membership.objects.visible_to(self.organisation).filter(user=user).exists()


def acting_members(organisation: Organisation) -> MembershipQuerySet:
    """Those who can do something there: editors and managers whose accounts are open."""
    return Membership.objects.visible_to(organisation).filter(
        role__in=[Role.EDITOR, Role.MANAGER], user__is_active=True
    )


def receivers(contract: Contract, event: Entry) -> list[Reader]:
    """Who hears of a proposal, and of its withdrawal."""
    organisation = contract.theater.receiver
    circle = Circle(organisation, event.user_id, "mail_proposals")
    circle.address(contract.contact_receiver, Why.CONTACT)
    circle.members()
    if not circle.readers and organisation is not None:
        circle.address(organisation.contact_email, Why.OFFICE)
    return list(circle.readers.values())


def providers(contract: Contract, event: Entry) -> list[Reader]:
    """Who hears of an answer, also of one in the form of an adapted proposal."""
    circle = Circle(contract.provider, event.user_id, "mail_answers", event.organisation_id)
    circle.proposer(contract.proposed_by)
    if contract.is_counter and contract.parent is not None:
        circle.proposer(contract.parent.proposed_by)
    circle.address(contract.contact_provider, Why.CONTACT)
    circle.members()
    return list(circle.readers.values())


def countering(contract: Contract, event: Entry) -> list[Reader]:
    """Who hears at the receiver of the answer to its adapted proposal."""
    circle = Circle(contract.theater.receiver, event.user_id, "mail_answers", event.organisation_id)
    circle.proposer(contract.proposed_by)
    circle.address(contract.contact_receiver, Why.CONTACT)
    circle.members()
    return list(circle.readers.values())


def second_ones(contract: Contract, event: Entry) -> list[Reader]:
    """The colleagues of whoever agreed first of two, who can complete it; nobody outside the organisation."""
    organisation = contract.provider if event.audience == Audience.PROVIDER else contract.theater.receiver
    if organisation is None:
        return []
    circle = Circle(organisation, event.user_id, "mail_proposals")
    circle.members()
    deciding = approvers_of(organisation)
    found = list(circle.readers.values())
    if deciding is None or event.user_id in deciding:
        return found
    return [reader for reader in found if reader.user is not None and reader.user.pk in deciding]


def office(organisation: Organisation, event: Entry) -> list[Reader]:
    """Who hears at this organisation of what is no agreement: the members who want to hear of answers."""
    circle = Circle(organisation, event.user_id, "mail_answers", event.organisation_id)
    circle.members()
    return list(circle.readers.values())


def counters(organisation: Organisation) -> list[Reader]:
    """Who hears that ticket counts are missing: the editors and managers who want it.

    The office only where there is nobody else: when everybody turned the mail off, it is off.
    """
    circle = Circle(organisation, None, "mail_counts")
    circle.members()
    if not circle.readers and not acting_members(organisation).exists():
        circle.address(organisation.contact_email, Why.OFFICE)
    return list(circle.readers.values())


def told(mails: Iterable[Email], event: Entry) -> list[Reader]:
    """Whoever got one of these mails, for what corrects it: whether or not they would get it today."""
    found = [
        Reader(
            address=mail.recipient,
            why=Why.TOLD,
            language=mail.user.language if mail.user else mail.language,
            organisation=mail.organisation,
            user=mail.user,
            member=_may_open(mail),
        )
        for mail in mails
        if mail.user is None or (mail.user.is_active and not _did_it(mail, event))
    ]
    return once_each(found)


def _did_it(mail: Email, event: Entry) -> bool:
    return (mail.user_id, mail.organisation_id) == (event.user_id, event.organisation_id)


def _may_open(mail: Email) -> bool:
    memberships = Membership.objects.visible_to(mail.organisation)
    return mail.user is not None and memberships.filter(user=mail.user).exists()


def once_each(readers: list[Reader]) -> list[Reader]:
    """Of somebody who stands on both sides, the first."""
    found: dict[str, Reader] = {}
    for reader in readers:
        found.setdefault(reader.address.casefold(), reader)
    return list(found.values())
