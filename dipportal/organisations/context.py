"""What every page needs to know about the reader: the organisation they act for, and the others they can switch to."""

from typing import Any

from django.conf import settings
from django.http import HttpRequest

from dipportal.organisations import navigation
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Membership


def portal(request: HttpRequest) -> dict[str, Any]:
    """Costs two queries a page at most, none of its own in an area, however many templates the page is made of."""
    known: dict[str, Any] | None = getattr(request, "portal_context", None)
    if known is None:
        known = _portal(request)
        request.portal_context = known  # type: ignore[attr-defined]
    return known


def _portal(request: HttpRequest) -> dict[str, Any]:
    user = getattr(request, "user", None)
    membership: Membership | None = getattr(request, "membership", None)
    items, search_url = navigation.of(request) if membership else ([], "")
    return {
        "organisation": membership.organisation if membership else None,
        "membership": membership,
        "memberships": _memberships(request, user),
        "can_edit": bool(membership and membership.may(Role.EDITOR)),
        "can_manage": bool(membership and membership.may(Role.MANAGER)),
        "navigation": items,
        "search_url": search_url,
        "demo_mode": settings.DEMO_MODE,
    }


def _memberships(request: HttpRequest, user: Any) -> list[Membership]:
    """As the door of the area read them; other pages ask here."""
    if user is None or not user.is_authenticated:
        return []
    known: list[Membership] | None = getattr(request, "memberships", None)
    return list(user.memberships.select_related("organisation")) if known is None else known
