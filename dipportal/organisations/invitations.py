"""Inviting somebody by mail. The secret of the link goes into the mail and nowhere else; here only its digest stays."""

import secrets
from collections.abc import Callable

from allauth.account.utils import has_verified_email
from django.contrib import messages
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.organisations import rules
from dipportal.organisations.actors import Actor, member
from dipportal.organisations.enums import Language, Role
from dipportal.organisations.models import Invitation, Membership, Organisation, User

SESSION_KEY = "invitation_token"

# Each writes the mail of an invitation, with the token of its link; called in the transaction of the invitation.
invitation_mailers: list[Callable[[Invitation, str], None]] = []


def invite(organisation: Organisation, email: str, role: str, language: str, *, actor: Actor) -> Invitation:
    """Invite an address. Raises NotAllowed, and Invalid when the address is a member or is invited already."""
    rules.must_manage(organisation, actor)
    address = email.strip().lower()
    refuse_unfit(organisation, address, role, language)
    token = secrets.token_urlsafe(32)
    invitation = Invitation(
        organisation=organisation,
        email=address,
        role=role,
        language=language,
        token_digest=Invitation.digest(token),
        invited_by=actor.user,
        expires_at=Invitation.default_expiry(),
    )
    try:
        with transaction.atomic():
            _withdraw_expired(organisation, address)
            invitation.save(force_insert=True)
            record("member.invited", invitation, actor=actor, fields={"role": role})
            _write_mail(invitation, token)
    except IntegrityError:
        raise Invalid(fields={"email": gettext_lazy("This address has an open invitation already.")}) from None
    return invitation


def refuse_unfit(organisation: Organisation, email: str, role: str, language: str) -> None:
    """Raises Invalid: a role or language that does not exist, or somebody who is a member or invited already."""
    if role not in Role.values:
        raise Invalid(fields={"role": gettext_lazy("Choose a role.")})
    if language not in Language.values:
        raise Invalid(fields={"language": gettext_lazy("Choose a language.")})
    if organisation.memberships.filter(user__email__iexact=email).exists():
        raise Invalid(fields={"email": gettext_lazy("This person is a member already.")})
    if organisation.invitations.open().filter(email__iexact=email).exists():
        raise Invalid(fields={"email": gettext_lazy("This address has an open invitation already.")})


def _withdraw_expired(organisation: Organisation, email: str) -> None:
    """An expired invitation does not stand in the way of a new one."""
    organisation.invitations.filter(
        email__iexact=email, accepted_at=None, withdrawn_at=None, expires_at__lte=timezone.now()
    ).update(withdrawn_at=timezone.now())


def _write_mail(invitation: Invitation, token: str) -> None:
    for write in invitation_mailers:
        write(invitation, token)


def resend(invitation: Invitation, *, actor: Actor) -> Invitation:
    """A new link, valid from now; the old one stops working."""
    rules.must_manage(invitation.organisation, actor)
    token = secrets.token_urlsafe(32)
    with transaction.atomic():
        rows = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
        if rows.update(token_digest=Invitation.digest(token), expires_at=Invitation.default_expiry()) != 1:
            raise StaleState(_("This invitation was accepted or withdrawn meanwhile."))
        invitation.refresh_from_db()
        record("member.invited_again", invitation, actor=actor)
        _write_mail(invitation, token)
    return invitation


def withdraw_invitation(invitation: Invitation, *, actor: Actor) -> Invitation:
    """The link stops working. Doing it again is a no-op; an accepted one raises StaleState."""
    rules.must_manage(invitation.organisation, actor)
    if invitation.withdrawn_at is not None:
        return invitation
    with transaction.atomic():
        rows = Invitation.objects.filter(pk=invitation.pk, accepted_at=None, withdrawn_at=None)
        if rows.update(withdrawn_at=timezone.now()) != 1:
            raise StaleState(_("This invitation was accepted or withdrawn meanwhile."))
        invitation.refresh_from_db()
        record("member.invitation_withdrawn", invitation, actor=actor)
    return invitation


def find(token: str) -> Invitation | None:
    """The open invitation of this link."""
    rows = Invitation.objects.for_token(token).select_related("organisation", "invited_by")
    return rows.first()


def has_account(invitation: Invitation) -> bool:
    """Does the invited person log in, or sign up first? Only who holds the link is told."""
    return User.objects.filter(email__iexact=invitation.email).exists()


def accept(invitation: Invitation, *, user: User) -> Membership:
    """Make the invited person a member. Raises NotAllowed for another address, StaleState when it is no longer open.

    A link that was forwarded lets nobody else in: the address of the log-in is the address that was invited.
    """
    if user.email.lower() != invitation.email.lower():
        raise NotAllowed(
            _("This invitation is for %(invited)s, and you are logged in as %(own)s.")
            % {"invited": invitation.email, "own": user.email}
        )
    with transaction.atomic():
        rows = Invitation.objects.open().filter(pk=invitation.pk, token_digest=invitation.token_digest)
        if rows.update(accepted_at=timezone.now()) != 1:
            raise StaleState(_("This invitation was accepted or withdrawn meanwhile, or is too old."))
        membership, _new = Membership.objects.get_or_create(
            user=user, organisation=invitation.organisation, defaults={"role": invitation.role}
        )
        record("member.joined", membership, actor=member(membership), fields={"role": membership.role})
    return membership


def accept_from_session(request: HttpRequest, user: User) -> Membership | None:
    """After log-in or sign-up: accept the invitation whose link brought this person here, if any.

    A refusal is told in words, never raised: the log-in itself is good. As long as the address is not confirmed the
    token stays in the session: somebody who signs up with another's address gets in nowhere.
    """
    token = request.session.get(SESSION_KEY, "")
    if not token or not has_verified_email(user, user.email):
        return None
    del request.session[SESSION_KEY]
    invitation = find(token)
    if invitation is None:
        messages.warning(request, _("The invitation is no longer valid. Ask for a new one."))
        return None
    try:
        membership = accept(invitation, user=user)
    except PortalError as refusal:
        messages.error(request, str(refusal))
        return None
    request.session["organisation"] = membership.organisation.slug
    messages.success(
        request, _("Welcome. You now work for %(organisation)s.") % {"organisation": membership.organisation.name}
    )
    return membership
