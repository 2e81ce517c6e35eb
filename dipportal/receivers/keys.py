"""Keys with which the theater's own ticketing system tells its counts over the API. For managers."""

from django.conf import settings
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from dipportal.core.errors import Invalid
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers import loaders
from dipportal.receivers.keys_forms import KeyForm
from dipportal.ticketing import keys
from dipportal.ticketing.models_keys import SystemKey


@area(Side.RECEIVER, role=Role.MANAGER, methods=("GET", "POST"))
@sensitive_variables()
def ticketing_keys(request: AreaRequest) -> HttpResponseBase:
    """The keys there are, and a form for one more.

    A new one is shown in the answer itself: what would keep it for the page after would keep it. The name, which no two
    keys of a theater share, stops a page that is sent again from making another.
    """
    theaters = loaders.theaters(request.organisation)
    if request.method != "POST" or not theaters:
        return _page(request, KeyForm(theaters=theaters))
    form = KeyForm(request.POST, theaters=theaters)
    if not form.is_valid():
        return _page(request, form)
    try:
        key, secret = keys.create(form.chosen(), form.cleaned_data["name"], actor=request.actor)
    except Invalid as refusal:
        for name, sentence in refusal.fields.items():
            form.add_error(name, str(sentence))
        return _page(request, form)
    return _page(request, KeyForm(theaters=theaters), made=key, secret=secret)


def _page(request: AreaRequest, form: KeyForm, *, made: SystemKey | None = None, secret: str = "") -> HttpResponse:
    known = loaders.system_keys(request.organisation)
    context = {
        "form": form,
        "working": [key for key in known if key.revoked_at is None],
        "revoked": [key for key in known if key.revoked_at is not None],
        "several_theaters": len(form.theaters) > 1,
        "any_theater": bool(form.theaters),
        "made": made,
        "secret": secret,
        "address": f"{settings.PUBLIC_URL}/api/v1/",
    }
    return render(request, "receivers/keys.html", context)


@area(Side.RECEIVER, role=Role.MANAGER, methods=("GET", "POST"))
def ticketing_key_revoke(request: AreaRequest, pk: int) -> HttpResponseBase:
    key = loaders.system_key(request.organisation, pk)
    if request.method == "POST":
        keys.revoke(key, actor=request.actor)
        messages.success(request, _("The key %(name)s is revoked: it opens nothing any more.") % {"name": key.name})
        return redirect("receivers:ticketing_keys", request.organisation.slug)
    if key.revoked_at is not None:
        messages.info(request, _("This key was revoked already."))
        return redirect("receivers:ticketing_keys", request.organisation.slug)
    return render(request, "receivers/key_revoke.html", {"key": key})
