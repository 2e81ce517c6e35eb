"""Reads about people."""

from django.utils import timezone

from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership, Organisation


def approvers_of(organisation: Organisation) -> set[int] | None:
    """The users who may decide where two must agree, with the deputies of those who are away; None: any editor."""
    able = Membership.objects.visible_to(organisation).filter(user__is_active=True).exclude(role=Role.VIEWER)
    rows = list(able.filter(approver=True))
    if not rows:
        return None
    today = timezone.localdate()
    deputies = [row.deputy_id or 0 for row in rows if row.absent_until is not None and row.absent_until >= today]
    return {row.user_id for row in rows} | set(able.filter(pk__in=deputies).values_list("user_id", flat=True))
