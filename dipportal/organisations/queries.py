"""Reads about people."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from django.utils import timezone

from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, MembershipQuerySet, Organisation, User


def able_to_decide(organisation: Organisation) -> MembershipQuerySet:
    """The members who can log in and may do more than read: they propose, answer, and stand in for each other."""
    return Membership.objects.visible_to(organisation).filter(user__is_active=True).exclude(role=Role.VIEWER)


def approvers_of(organisation: Organisation) -> set[int] | None:
    """The users who may decide where two must agree, with the deputies of those who are away; None: any editor."""
    able = able_to_decide(organisation)
    rows = list(able.filter(approver=True))
    if not rows:
        return None
    today = timezone.localdate()
    deputies = [row.deputy_id or 0 for row in rows if row.absent_until is not None and row.absent_until >= today]
    return {row.user_id for row in rows} | set(able.filter(pk__in=deputies).values_list("user_id", flat=True))


def named(keys: Iterable[int]) -> dict[int, User]:
    """These people by their keys, to write down who did something: of any organisation."""
    return User.objects.only("name", "email").in_bulk(set(keys))


def members_of(organisation: Organisation) -> list[Membership]:
    """Everybody, each with user and deputy. One query: a deputy is a member too."""
    rows = list(Membership.objects.visible_to(organisation).select_related("user").order_by("user__email"))
    known = {row.pk: row for row in rows}
    for row in rows:
        if row.deputy_id in known:
            row.deputy = known[row.deputy_id]
    return rows


@dataclass(frozen=True)
class Rights:
    """What one member may do, at a glance. `stands_in_for`: those who are away and whose deputy this one is."""

    member: Membership
    edits: bool
    manages: bool
    decides: bool
    away: bool
    stands_in_for: tuple[str, ...]


def rights(members: Sequence[Membership]) -> list[Rights]:
    """The members of one organisation, with what each may do today. Reads nothing: give `deputy` and `user` along."""
    today = timezone.localdate()
    able = {row.pk for row in members if row.user.is_active and row.may(Role.EDITOR)}
    named = [row for row in members if row.approver and row.pk in able]
    absent = [row for row in members if row.absent_until is not None and row.absent_until >= today]
    away = {row.pk for row in absent}
    deciding = {row.pk for row in named} | {row.deputy_id for row in named if row.pk in away}
    instead: dict[int | None, list[str]] = {}
    for row in absent:
        instead.setdefault(row.deputy_id, []).append(row.user.get_full_name())
    return [
        Rights(
            member=row,
            edits=row.pk in able,
            manages=row.user.is_active and row.may(Role.MANAGER),
            decides=row.pk in able and (row.pk in deciding or not named),
            away=row.pk in away,
            stands_in_for=tuple(instead.get(row.pk, ())),
        )
        for row in members
    ]
