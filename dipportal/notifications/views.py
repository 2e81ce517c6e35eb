from django.conf import settings
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from dipportal.notifications.forms import PreferencesForm
from dipportal.organisations.areas import signed_in
from dipportal.organisations.models import User


@signed_in
@require_http_methods(["GET", "HEAD", "POST"])
def preferences(request: HttpRequest) -> HttpResponse:
    """One's own name, language and mail."""
    user: User = request.user  # type: ignore[assignment]
    form = PreferencesForm(request.POST or None, instance=user)
    if request.method != "POST" or not form.is_valid():
        return render(request, "account/preferences.html", {"form": form})
    form.save()
    messages.success(request, _("Saved."))
    response = redirect("preferences")
    # A language chosen in this browser would win over the one that was just saved.
    response.delete_cookie(settings.LANGUAGE_COOKIE_NAME, samesite="Lax")
    return response
