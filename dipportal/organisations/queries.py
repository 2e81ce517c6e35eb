"""Reads about people."""

from django.utils import timezone

from dipportal.organisations.models import Membership, Organisation


def approvers_of(organisation: Organisation) -> set[int] | None:
    """The users who may decide where two must agree, with the deputies of those who are away; None: any editor."""
    named = Membership.objects.visible_to(organisation).filter(approver=True, user__is_active=True)
    rows = list(named.select_related("deputy"))
    if not rows:
        return None
    today = timezone.localdate()
    deputies = {
        row.deputy.user_id
        for row in rows
        if row.deputy is not None and row.absent_until is not None and row.absent_until >= today
    }
    return {row.user_id for row in rows} | deputies
