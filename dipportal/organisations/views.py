"""The front door, the language, and the link of an invitation."""

from typing import Any

from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from dipportal.core.addresses import own_path
from dipportal.core.errors import PortalError
from dipportal.organisations import invitations, memberships
from dipportal.organisations.areas import public, signed_in
from dipportal.organisations.enums import Side
from dipportal.organisations.models import Invitation, User
from dipportal.organisations.pages import DUTIES


@signed_in(methods=("GET",))
def home(request: HttpRequest) -> HttpResponse:
    """To the organisation that was used last; without one, a page that says what to do."""
    user: User = request.user  # type: ignore[assignment]
    organisations = {
        found.organisation.slug: found.organisation for found in user.memberships.select_related("organisation")
    }
    if not organisations:
        return render(request, "organisation/none.html")
    last = organisations.get(request.session.get("organisation", ""))
    return redirect((last or next(iter(organisations.values()))).home_url)


@public(methods=("POST",))
def set_language(request: HttpRequest) -> HttpResponse:
    """Dutch or English, for this browser and for the mails; back to the page it was asked on."""
    wanted = request.POST.get("language", "")
    response = HttpResponseRedirect(own_path(request, request.POST.get("next", "")) or "/")
    if wanted not in dict(settings.LANGUAGES):
        return response
    if request.user.is_authenticated and request.user.language != wanted:
        request.user.language = wanted
        request.user.save(update_fields=["language"])
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        wanted,
        max_age=365 * 24 * 3600,
        secure=settings.LANGUAGE_COOKIE_SECURE,
        samesite="Lax",
        httponly=True,
    )
    return response


@public
def invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the mail. Opening it changes nothing; the button accepts, or leads to log-in or sign-up first."""
    found = invitations.find(token)
    if found is None:
        return render(request, "organisation/invitation_gone.html", status=404)
    if request.method != "POST":
        return render(request, "organisation/invitation.html", _about(request, found))
    if not request.user.is_authenticated:
        request.session[invitations.SESSION_KEY] = token
        return redirect("account_login" if invitations.has_account(found) else "account_signup")
    try:
        membership = invitations.accept(found, user=request.user)
    except PortalError as refusal:
        messages.error(request, str(refusal))
        return redirect("invitation", token=token)
    messages.success(request, _("Welcome. You now work for %(name)s.") % {"name": membership.organisation.name})
    return redirect(membership.home_url)


def _about(request: HttpRequest, found: Invitation) -> dict[str, Any]:
    user = request.user
    return {
        "invitation": found,
        "duty": DUTIES[found.role][Side(found.organisation.kind)],
        "has_account": invitations.has_account(found),
        "other_address": user.is_authenticated and user.email.lower() != found.email.lower(),
    }


@signed_in
def leave(request: HttpRequest, slug: str) -> HttpResponse:
    """Somebody leaves an organisation, in whatever role; the last manager cannot."""
    user: User = request.user  # type: ignore[assignment]
    membership = get_object_or_404(user.memberships.select_related("organisation", "user"), organisation__slug=slug)
    if request.method == "POST":
        try:
            memberships.leave(membership)
        except PortalError as refusal:
            messages.error(request, str(refusal))
            return redirect(membership.home_url)
        messages.success(request, _("You left %(name)s.") % {"name": membership.organisation.name})
        return redirect("home")
    question = _("Leave %(name)s?") % {"name": membership.organisation.name}
    return render(request, "organisation/leave.html", {"question": question, "back_url": membership.home_url})
