"""Who is a member, in which role. An organisation always keeps a manager."""

from django.db import transaction
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor, member
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation, User
from dipportal.organisations.rules import is_last_manager, must_manage

LAST_MANAGER = gettext_lazy("An organisation keeps at least one manager. Make somebody else a manager first.")
ORGANISATION_FIELDS = ("name", "contact_name", "contact_email", "contact_phone")


def change_role(membership: Membership, role: str, *, actor: Actor) -> Membership:
    """Give a member another role. Raises PortalError('last_manager') for the last manager; the same role is a no-op."""
    must_manage(membership.organisation, actor)
    if role not in Role.values:
        raise Invalid(fields={"role": _("Choose a role.")})
    with transaction.atomic():
        now = _locked(membership)
        if now.role == role:
            return now
        _refuse_last_manager(now)
        before = now.role
        now.role = role
        now.save(update_fields=["role"])
        record("member.role_changed", now, actor=actor, fields={"role": [before, role], "user": now.user_id})
    return now


def remove(membership: Membership, *, actor: Actor) -> None:
    """Take somebody's access away. Raises PortalError('last_manager')."""
    must_manage(membership.organisation, actor)
    _end(membership, "member.removed", actor)


def leave(membership: Membership) -> None:
    """Somebody takes their own access away, whatever their role. Raises PortalError('last_manager')."""
    _end(membership, "member.left", member(membership))


def _end(membership: Membership, code: str, actor: Actor) -> None:
    with transaction.atomic():
        now = _locked(membership)
        _refuse_last_manager(now)
        record(code, now, actor=actor, fields={"role": now.role, "user": now.user_id})
        now.delete()


def _locked(membership: Membership) -> Membership:
    """The row as it is now. The organisation is locked with it: of two managers who leave at once, one stays."""
    Organisation.objects.select_for_update().get(pk=membership.organisation_id)
    now = Membership.objects.select_related("organisation", "user").filter(pk=membership.pk).first()
    if now is None:
        raise StaleState(_("This person is no longer a member."))
    return now


def managed_by_nobody_else(user: User) -> list[Organisation]:
    """The organisations that would have no manager without this person; locked, so for inside a transaction."""
    concerned = Organisation.objects.filter(memberships__user=user, memberships__role=Role.MANAGER)
    locked = Organisation.objects.select_for_update().filter(pk__in=concerned.values("pk")).order_by("pk")
    found = {one.pk: one for one in locked}
    own = Membership.objects.filter(user=user, organisation__in=found)
    return [found[membership.organisation_id] for membership in own if is_last_manager(membership)]


def _refuse_last_manager(membership: Membership) -> None:
    if is_last_manager(membership):
        raise PortalError(LAST_MANAGER, code="last_manager")


def create_organisation(organisation: Organisation, *, actor: Actor) -> Organisation:
    """Take in a new organisation; its first manager is invited. For administrators."""
    must_manage(organisation, actor)
    with transaction.atomic():
        organisation.save(force_insert=True)
        record("organisation.created", organisation, actor=actor)
    return organisation


def update_organisation(
    organisation: Organisation, values: dict[str, str], *, seen_version: int, actor: Actor
) -> Organisation:
    """Change the name and whom to call. The address in the portal stays: links in mails point to it.

    Raises StaleState when it was changed after `seen_version`, unless it is already as wanted.
    """
    must_manage(organisation, actor)
    if set(values) - set(ORGANISATION_FIELDS):
        raise KeyError(f"not for a manager: {', '.join(sorted(set(values) - set(ORGANISATION_FIELDS)))}")
    with transaction.atomic():
        now = Organisation.objects.select_for_update().get(pk=organisation.pk)
        changed = [name for name, value in values.items() if getattr(now, name) != value]
        if not changed:
            return now
        if now.version != seen_version:
            raise StaleState
        for name in changed:
            setattr(now, name, values[name])
        now.version += 1
        now.save(update_fields=[*changed, "version"])
        record("organisation.updated", now, actor=actor, fields={"changed": changed})
    return now
