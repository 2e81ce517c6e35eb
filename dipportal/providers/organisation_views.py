"""The connection with DIP: the credentials go in and never come out, and whether they work stands there in words."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from dipportal.core.errors import Invalid
from dipportal.dip import connections
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side


class ConnectionForm(forms.Form):
    client_id = forms.CharField(
        label=gettext_lazy("Client id"), max_length=200, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    secret = forms.CharField(
        label=gettext_lazy("Client secret"),
        required=False,
        max_length=500,
        # Never filled in again: what was typed does not come back, not even beside an error.
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("It is kept encrypted and is never shown again. Leave empty to keep the stored one."),
    )


manages = area(Side.PROVIDER, role=Role.MANAGER, methods=("GET", "POST"))


@manages
@sensitive_post_parameters("secret")
def dip_connection(request: AreaRequest) -> HttpResponseBase:
    connection = connections.current(request.organisation)
    form = ConnectionForm(request.POST or None, initial={"client_id": connection.client_id if connection else ""})
    if request.method == "POST" and form.is_valid():
        try:
            connections.save_connection(request.organisation, actor=request.actor, **form.cleaned_data)
        except Invalid as refusal:
            for field, sentence in refusal.fields.items():
                form.add_error(field, str(sentence))
        else:
            messages.success(request, _("Saved. Test the connection to see whether it works."))
            return _back(request)
    if connection is None:
        form.fields["secret"].help_text = _("It is kept encrypted and is never shown again.")
    context = {"form": form, "connection": connection}
    return render(request, "organisation/dip_connection.html", context)


@manages
def dip_test(request: AreaRequest) -> HttpResponseBase:
    """One log-in and one reading call, now; the page shows the result in words."""
    connection = connections.current(request.organisation)
    if request.method == "POST" and connection is not None:
        connection = connections.test_connection(connection, actor=request.actor)
        (messages.success if connection.test_ok else messages.error)(request, connection.test_text)
    return _back(request)


@manages
def dip_remove(request: AreaRequest) -> HttpResponseBase:
    connection = connections.current(request.organisation)
    if connection is None:
        return _back(request)
    if request.method == "POST":
        connections.remove(connection, actor=request.actor)
        messages.success(request, _("The connection was removed and its secret forgotten."))
        return _back(request)
    return _confirm(request, connection.client_id)


def _confirm(request: AreaRequest, client_id: str) -> HttpResponse:
    context = {
        "question": _("Remove the connection with DIP (client id %(client_id)s)?") % {"client_id": client_id},
        "detail": _("Nothing is read from DIP or written to it until there is another one. What waits keeps waiting."),
        "button_label": _("Remove the connection"),
        "back_url": _back(request)["Location"],
    }
    return render(request, "organisation/confirm.html", context)


def _back(request: AreaRequest) -> HttpResponse:
    return redirect("providers:dip_connection", organisation=request.organisation.slug)
