"""How each theater of a house counts, and when it is told that a count is missing."""

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from dipportal.core.errors import Invalid, StaleState
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.receivers import loaders
from dipportal.receivers.counts_forms import CountingForm
from dipportal.ticketing import actions


@area(Side.RECEIVER, methods=("GET", "POST"))
def counting(request: AreaRequest) -> HttpResponseBase:
    """One form for each theater; each is saved by itself."""
    known = loaders.counting(request.organisation)
    forms = {one.theater_id: CountingForm.of(one) for one in known}
    if request.method != "POST":
        return _page(request, forms)
    for one in known:
        if f"t{one.theater_id}-version" in request.POST:
            form = forms[one.theater_id] = CountingForm.of(one, request.POST)
            if form.is_valid() and _saved(request, form, one.theater.pk):
                return redirect("receivers:counting", request.organisation.slug)
            return _page(request, forms, status=409 if form.is_valid() else 200)
    return redirect("receivers:counting", request.organisation.slug)


def _saved(request: AreaRequest, form: CountingForm, pk: int) -> bool:
    theater = loaders.theater(request.organisation, pk)
    version = form.cleaned_data["version"]
    try:
        actions.set_counting(theater, values=form.values(), seen_version=version, actor=request.actor)
    except Invalid as refusal:
        for name, sentence in refusal.fields.items():
            form.add_error(name, str(sentence))
        return False
    except StaleState as refusal:
        form.add_error(None, str(refusal))
        return False
    messages.success(request, _("Saved for %(theater)s.") % {"theater": theater.name})
    return True


def _page(request: AreaRequest, forms: dict[int, CountingForm], *, status: int = 200) -> HttpResponse:
    names = {one.theater_id: one.theater.name for one in loaders.counting(request.organisation)}
    context = {
        "forms": [(names[pk], form) for pk, form in forms.items()],
        "may_change": request.membership.may(Role.EDITOR),
    }
    return render(request, "receivers/counting.html", context, status=status)
