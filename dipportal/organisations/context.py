"""What every page needs to know about the reader: the organisation they act for, and the others they can switch to."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership


def portal(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    membership: Membership | None = getattr(request, "membership", None)
    context: dict[str, Any] = {
        "organisation": membership.organisation if membership else None,
        "membership": membership,
        "memberships": [],
        "can_edit": bool(membership and membership.may(Role.EDITOR)),
        "can_manage": bool(membership and membership.may(Role.MANAGER)),
        "navigation": [],
        "search_url": "",
        "demo_mode": settings.DEMO_MODE,
    }
    if user is not None and user.is_authenticated:
        context["memberships"] = list(user.memberships.select_related("organisation"))
    return context
