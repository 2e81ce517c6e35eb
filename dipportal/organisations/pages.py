"""The organisation pages, the same in both areas: each area hangs them in its own addresses with `urls(side)`."""

from copy import copy
from typing import Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.organisations import invitations, memberships
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.organisations.models import Invitation, Membership, Organisation
from dipportal.organisations.page_forms import AbsenceForm, InvitationForm, OrganisationForm, RoleForm, SettingsForm
from dipportal.organisations.queries import members_of, rights
from dipportal.organisations.rules import may_set_absence

# What each role may do, on each side; shown beside the members.
DUTIES: dict[str, dict[Side, str | Promise]] = {
    Role.MANAGER: {
        Side.PROVIDER: gettext_lazy("Everything an editor does; members, invitations, the DIP connection."),
        Side.RECEIVER: gettext_lazy("Everything an editor does; members and invitations."),
    },
    Role.EDITOR: {
        Side.PROVIDER: gettext_lazy("Enters productions and performances, drafts, proposes and withdraws agreements."),
        Side.RECEIVER: gettext_lazy("Answers proposals: approves and rejects."),
    },
    Role.VIEWER: {
        Side.PROVIDER: gettext_lazy("Reads everything, changes nothing: a look-along account, as in DIP."),
        Side.RECEIVER: gettext_lazy("Reads everything, changes nothing: a look-along account, as in DIP."),
    },
}


def _home(request: AreaRequest) -> str:
    space = "providers" if request.organisation.is_provider else "receivers"
    return reverse(f"{space}:organisation", kwargs={"organisation": request.organisation.slug})


def _member(request: AreaRequest, pk: int) -> Membership:
    rows = Membership.objects.visible_to(request.organisation).select_related("user", "organisation")
    return get_object_or_404(rows, pk=pk)


def _invitation(request: AreaRequest, pk: int) -> Invitation:
    rows = Invitation.objects.visible_to(request.organisation).select_related("organisation")
    return get_object_or_404(rows.filter(accepted_at=None, withdrawn_at=None), pk=pk)


def _overview(request: AreaRequest) -> HttpResponse:
    """Whom to call, who is a member and in which role, who was invited."""
    members = members_of(request.organisation)
    waiting = Invitation.objects.visible_to(request.organisation).filter(accepted_at=None, withdrawn_at=None)
    side = Side(request.organisation.kind)
    context = {
        "rights": rights(members),
        "invitations": waiting.select_related("invited_by"),
        "duties": [(role.label, DUTIES[role][side]) for role in (Role.MANAGER, Role.EDITOR, Role.VIEWER)],
        "now": timezone.now(),
        "area": "providers" if request.organisation.is_provider else "receivers",
    }
    return render(request, "organisation/overview.html", context)


def _edit(request: AreaRequest) -> HttpResponseBase:
    # A copy: the form writes into what it is given, and the head of the page shows what stands.
    form = OrganisationForm(request.POST or None, instance=copy(request.organisation))
    stale: list[Any] | None = None
    if request.method == "POST" and form.is_valid():
        seen = form.cleaned_data["version"] or 0
        try:
            memberships.update_organisation(request.organisation, form.values(), seen_version=seen, actor=request.actor)
        except StaleState:
            stale = form.meet(Organisation.objects.visible_to(request.organisation).get())
        else:
            messages.success(request, _("Saved."))
            return redirect(_home(request))
    return _form_page(request, form, _("Name and contact"), _("Save"), stale=stale)


def _settings(request: AreaRequest) -> HttpResponseBase:
    """How agreements are made: two people or one, who decides, and for a provider how long an answer may take."""
    form = SettingsForm(request.POST if request.method == "POST" else None, organisation=request.organisation)
    stale: list[Any] | None = None
    if form.is_valid():
        try:
            memberships.change_settings(request.organisation, **form.values(), actor=request.actor)
        except StaleState:
            stale = form.meet(Organisation.objects.visible_to(request.organisation).get())
        except Invalid as refusal:
            _blame(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(_home(request))
    return _form_page(request, form, _("How agreements are made"), _("Save"), stale=stale)


def _absence(request: AreaRequest, pk: int) -> HttpResponseBase:
    """Away until a day, with a deputy: one's own, or as a manager anybody's."""
    membership = _member(request, pk)
    if not may_set_absence(membership, request.actor):
        messages.error(request, _("Only a manager says for somebody else that they are away."))
        return redirect(_home(request))
    form = AbsenceForm(request.POST if request.method == "POST" else None, membership=membership)
    stale: list[Any] | None = None
    if form.is_valid():
        try:
            memberships.set_absence(membership, **form.values(), actor=request.actor)
        except StaleState:
            stale = form.meet(_member(request, pk))
        except Invalid as refusal:
            _blame(form, refusal)
        else:
            messages.success(request, _("Saved."))
            return redirect(_home(request))
    title = _("Absence of %(person)s") % {"person": membership.user.get_full_name()}
    return _form_page(request, form, title, _("Save"), stale=stale)


def _blame(form: Any, refusal: Invalid) -> None:
    for field, sentence in refusal.fields.items():
        form.add_error(field, str(sentence))


def _invite(request: AreaRequest) -> HttpResponseBase:
    initial = {"role": Role.EDITOR, "language": request.membership.user.language}
    form = InvitationForm(request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            invitations.invite(request.organisation, actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            _blame(form, refusal)
        else:
            messages.success(request, _("Invited: %(email)s.") % {"email": form.cleaned_data["email"]})
            return redirect(_home(request))
    return _form_page(request, form, _("Invite somebody"), _("Send the invitation"), roles=True)


def _change_role(request: AreaRequest, pk: int) -> HttpResponseBase:
    membership = _member(request, pk)
    form = RoleForm(request.POST or None, initial={"role": membership.role})
    if request.method == "POST" and form.is_valid():
        return _done(
            request,
            lambda: memberships.change_role(membership, form.cleaned_data["role"], actor=request.actor),
            _("Role changed."),
        )
    title = _("Role of %(person)s") % {"person": membership.user.get_full_name()}
    return _form_page(request, form, title, _("Save"), roles=True)


def _remove(request: AreaRequest, pk: int) -> HttpResponseBase:
    membership = _member(request, pk)
    if membership.pk == request.membership.pk:
        return redirect("leave", slug=request.organisation.slug)
    if request.method == "POST":
        return _done(request, lambda: memberships.remove(membership, actor=request.actor), _("Removed."))
    words = {"person": membership.user.get_full_name(), "organisation": request.organisation.name}
    return _confirm_page(
        request,
        question=_("Remove %(person)s from %(organisation)s?") % words,
        detail=_("They can no longer log in here for this organisation. What they did stays in the history."),
        button_label=_("Remove %(person)s") % words,
    )


def _resend(request: AreaRequest, pk: int) -> HttpResponseBase:
    invitation = _invitation(request, pk)
    if request.method == "POST":
        return _done(request, lambda: invitations.resend(invitation, actor=request.actor), _("Sent again."))
    return _confirm_page(
        request,
        question=_("Send %(email)s the invitation again?") % {"email": invitation.email},
        detail=_("With a new link. The link in the earlier mail stops working."),
        button_label=_("Send again"),
        tone="primary",
    )


def _withdraw(request: AreaRequest, pk: int) -> HttpResponseBase:
    invitation = _invitation(request, pk)
    if request.method == "POST":
        return _done(request, lambda: invitations.withdraw_invitation(invitation, actor=request.actor), _("Withdrawn."))
    return _confirm_page(
        request,
        question=_("Withdraw the invitation of %(email)s?") % {"email": invitation.email},
        detail=_("The link in the mail stops working."),
        button_label=_("Withdraw the invitation"),
    )


def _done(request: AreaRequest, act: Any, sentence: str) -> HttpResponseBase:
    try:
        act()
    except PortalError as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, sentence)
    return redirect(_home(request))


def _form_page(
    request: AreaRequest,
    form: Any,
    title: str,
    button: str,
    *,
    roles: bool = False,
    stale: list[Any] | None = None,
) -> HttpResponse:
    side = Side(request.organisation.kind)
    context = {
        "form": form,
        "title": title,
        "button": button,
        "back_url": _home(request),
        "duties": [(role.label, DUTIES[role][side]) for role in Role] if roles else [],
        "stale": stale,
    }
    return render(request, "organisation/form.html", context, status=200 if stale is None else 409)


def _confirm_page(request: AreaRequest, **words: str) -> HttpResponse:
    return render(request, "organisation/confirm.html", {**words, "back_url": _home(request)})


def urls(side: Side) -> list[URLPattern]:
    """The pages with the door of this side. Reading the overview is for every member, the rest for managers."""
    manages = area(side, role=Role.MANAGER, methods=("GET", "POST"))
    edits = area(side, role=Role.EDITOR, methods=("GET", "POST"))
    return [
        path("", area(side)(_overview), name="organisation"),
        path("gegevens/", manages(_edit), name="organisation_edit"),
        path("afspraken/", manages(_settings), name="organisation_settings"),
        path("leden/<int:pk>/afwezig/", edits(_absence), name="member_absence"),
        path("uitnodigen/", manages(_invite), name="invite"),
        path("uitnodigingen/<int:pk>/opnieuw/", manages(_resend), name="invitation_resend"),
        path("uitnodigingen/<int:pk>/intrekken/", manages(_withdraw), name="invitation_withdraw"),
        path("leden/<int:pk>/rol/", manages(_change_role), name="member_role"),
        path("leden/<int:pk>/verwijderen/", manages(_remove), name="member_remove"),
    ]
