"""The door of the role areas: who is let in, and on behalf of which organisation.

The organisation is part of the address (/aanbieder/<slug>/…), so two windows can never act for each other's
organisation, and a link in a mail opens on the right one. A stranger gets 404, a member without the role 403.
"""

import functools
from collections.abc import Callable
from typing import Any, Concatenate, ParamSpec, TypeVar

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponseBase
from django.views.decorators.http import require_http_methods

from dipportal.organisations.actors import Actor, member
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Membership, Organisation

Parameters = ParamSpec("Parameters")
Response = TypeVar("Response", bound=HttpResponseBase)
View = Callable[..., HttpResponseBase]


class AreaRequest(HttpRequest):
    """A request that has passed the door of an area."""

    organisation: Organisation
    membership: Membership
    actor: Actor


def area(
    side: Side, *, role: Role = Role.VIEWER, methods: tuple[str, ...] = ("GET",)
) -> Callable[[Callable[Concatenate[AreaRequest, Parameters], Response]], Callable[..., HttpResponseBase]]:
    """Declare who may use a view. `role` is what reading takes; a POST takes at least an editor.

    The declaration is kept on the view as `policy`; the permission matrix reads it.
    """

    def wrap(
        view: Callable[Concatenate[AreaRequest, Parameters], Response],
    ) -> Callable[..., HttpResponseBase]:
        @functools.wraps(view)
        def inner(request: Any, organisation: str, *args: Any, **kwargs: Any) -> HttpResponseBase:
            membership = _membership(request, organisation, side)
            if membership is None:
                raise Http404
            needed = role if request.method in ("GET", "HEAD") else max(role, Role.EDITOR, key=lambda r: r.rank)
            if not membership.may(needed):
                raise PermissionDenied
            request.membership = membership
            request.organisation = membership.organisation
            request.actor = member(membership)
            request.session_remembers = membership.organisation.slug
            return view(request, *args, **kwargs)

        guarded = require_http_methods(_with_head(methods))(login_required(inner))
        guarded.policy = {"area": side, "role": role, "methods": methods}  # type: ignore[attr-defined]
        return guarded

    return wrap


def _membership(request: Any, slug: str, side: Side) -> Membership | None:
    """Of all memberships of this user, which the head of the page shows too, the one that the address names."""
    request.memberships = list(request.user.memberships.select_related("organisation"))
    for one in request.memberships:
        if one.organisation.slug == slug and one.organisation.kind == side:
            return one
    return None


def public(view: View | None = None, *, methods: tuple[str, ...] = ("GET", "POST")) -> Callable[..., Any]:
    """Declare that a view is open to everyone. Used bare, or with the methods it answers."""
    if view is None:
        return functools.partial(public, methods=methods)
    return _declared(view, None, methods)


def signed_in(view: View | None = None, *, methods: tuple[str, ...] = ("GET", "POST")) -> Callable[..., Any]:
    """Declare that a view is for every user with a log-in, whatever their organisation."""
    if view is None:
        return functools.partial(signed_in, methods=methods)
    return _declared(login_required(view), "signed-in", methods)


def with_key(view: View, *, methods: tuple[str, ...]) -> View:
    """Declare that a view is for programs with a key of their own, and for nobody's session.

    The view refuses whoever shows none, whatever the method; the permission matrix holds it to that.
    """
    view.policy = {"area": "api", "role": None, "methods": methods}  # type: ignore[attr-defined]
    return view


def _declared(view: View, who: str | None, methods: tuple[str, ...]) -> View:
    guarded = require_http_methods(_with_head(methods))(view)
    guarded.policy = {"area": who, "role": None, "methods": methods}  # type: ignore[attr-defined]
    return guarded


def _with_head(methods: tuple[str, ...]) -> list[str]:
    return [*methods, "HEAD"] if "GET" in methods else [*methods]
