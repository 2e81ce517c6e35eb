"""Who is a member, in which role. An organisation always keeps a manager."""

import datetime as dt
from collections.abc import Collection
from typing import Any

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.core.errors import Invalid, NotAllowed, PortalError, StaleState
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor, member
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation, User
from dipportal.organisations.queries import able_to_decide
from dipportal.organisations.rules import is_last_manager, may_set_absence, must_manage

LAST_MANAGER = gettext_lazy("An organisation keeps at least one manager. Make somebody else a manager first.")
ORGANISATION_FIELDS = ("name", "contact_name", "contact_email", "contact_phone")
# The longest time that a provider can give its proposals.
MOST_DAYS = 365


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


@transaction.atomic
def change_settings(
    organisation: Organisation,
    *,
    four_eyes: bool,
    answer_days: int | None,
    approvers: Collection[int],
    seen_version: int,
    actor: Actor,
) -> Organisation:
    """How agreements are made: two people or one, who of the members decide (by key), how long an answer may take.

    Raises StaleState when it was changed after `seen_version`, unless it is already as wanted, and Invalid.
    """
    must_manage(organisation, actor)
    now = Organisation.objects.select_for_update().get(pk=organisation.pk)
    members = list(Membership.objects.select_for_update().filter(organisation=now).order_by("pk"))
    before = sorted(row.pk for row in members if row.approver)
    changed: dict[str, Any] = {}
    for name, value in (("four_eyes", four_eyes), ("answer_days", answer_days)):
        if getattr(now, name) != value:
            changed[name] = [getattr(now, name), value]
            setattr(now, name, value)
    if before != sorted(approvers):
        changed["approvers"] = [before, sorted(approvers)]
    if not changed:
        return now
    if now.version != seen_version:
        raise StaleState
    _refuse_settings(now, changed, approvers)
    Membership.objects.filter(organisation=now).update(approver=False)
    Membership.objects.filter(organisation=now, pk__in=approvers).update(approver=True)
    now.version += 1
    now.save(update_fields=["four_eyes", "answer_days", "version"])
    record("organisation.settings_changed", now, actor=actor, fields=changed)
    return now


def _refuse_settings(now: Organisation, changed: dict[str, Any], approvers: Collection[int]) -> None:
    able = set(able_to_decide(now).values_list("pk", flat=True))
    if "approvers" in changed and set(approvers) - able:
        raise Invalid(fields={"approvers": _("Choose members who may do more than read.")})
    if "four_eyes" in changed and now.four_eyes and len(able) < 2:
        raise Invalid(fields={"four_eyes": _("That takes two members who may do more than read. Invite one first.")})
    days = now.answer_days
    if "answer_days" in changed and days is not None and (now.is_receiver or not 1 <= days <= MOST_DAYS):
        raise Invalid(fields={"answer_days": _("Choose between 1 and %(most)d days.") % {"most": MOST_DAYS}})


def absence_seen(membership: Membership) -> str:
    """What a form carries of the absence that the person read; compared before anything is written."""
    return f"{membership.absent_until or ''}/{membership.deputy_id or ''}"


@transaction.atomic
def set_absence(
    membership: Membership, *, until: dt.date | None, deputy: Membership | None, seen: str, actor: Actor
) -> Membership:
    """Away until and including that day, with somebody who decides meanwhile; None: back, and nobody stands in.

    Raises StaleState when it was changed after it was read, unless it is already as wanted, and Invalid.
    """
    if not may_set_absence(membership, actor):
        raise NotAllowed
    now = _locked(membership)
    stands_in = deputy if until else None
    wanted = f"{until or ''}/{stands_in.pk if stands_in else ''}"
    if absence_seen(now) == wanted:
        return now
    if absence_seen(now) != seen:
        raise StaleState
    if until is not None and until < timezone.localdate():
        raise Invalid(fields={"until": _("Choose today or a later day.")})
    able = able_to_decide(now.organisation).exclude(pk=now.pk)
    if stands_in is not None and not able.filter(pk=stands_in.pk).exists():
        raise Invalid(fields={"deputy": _("Choose a colleague who may do more than read.")})
    fields = {"user": now.user_id, "absence": [absence_seen(now), wanted]}
    now.absent_until, now.deputy = until, stands_in
    now.save(update_fields=["absent_until", "deputy"])
    record("member.absence_changed", now, actor=actor, fields=fields)
    return now
