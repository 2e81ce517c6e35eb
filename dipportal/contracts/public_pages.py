"""The page on which anybody with a paper in hand asks whether the portal still holds what it says."""

import time

from django import forms
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _
from django.views.decorators.cache import never_cache

from dipportal.contracts import paper
from dipportal.contracts.models import Contract
from dipportal.contracts.paper.verification import SHORT, tidy_code
from dipportal.organisations.areas import public
from dipportal.organisations.models import Organisation
from dipportal.organisations.visitors import network_of

MOST_A_MINUTE = 20


class CheckForm(forms.Form):
    """A GET form, so that the link on the paper is the same question."""

    kenmerk = forms.CharField(label=_("Reference"), max_length=40, help_text=_("As printed: DP-… or DIP-…"))
    code = forms.CharField(
        label=_("Code"), max_length=120, help_text=_("The first five groups are enough; spaces do not count.")
    )

    def clean_code(self) -> str:
        code = tidy_code(self.cleaned_data["code"])
        if len(code) < SHORT:
            raise forms.ValidationError(_("Type at least the first five groups of the code."))
        return code


@public(methods=("GET",))
@never_cache
def check_paper(request: HttpRequest) -> HttpResponse:
    """Yes or no, the reference, and since when it stands as it does. Terms are for those who may see the agreement."""
    asked = bool(request.GET)
    form = CheckForm(request.GET if asked else None)
    if asked and _too_often(request):
        return render(request, "contracts/check_paper.html", {"form": CheckForm(), "too_often": True}, status=429)
    context = {"form": form, "answered": False}
    if asked and form.is_valid():
        found = paper.find(form.cleaned_data["kenmerk"], form.cleaned_data["code"])
        context |= {"answered": True, "found": found, **(_about(request, found) if found else {})}
    return render(request, "contracts/check_paper.html", context)


def _about(request: HttpRequest, found: Contract) -> dict[str, object]:
    theirs = (one for one in Organisation.objects.of(request.user) if _sees(one, found))  # type: ignore[arg-type]
    own = next(theirs, None)
    return {
        "reference": paper.reference_of(found),
        "since": found.answered_at or found.proposed_at,
        "url": found.url_for(own) if own else "",
    }


def _sees(organisation: Organisation, found: Contract) -> bool:
    return Contract.objects.visible_to(organisation).filter(pk=found.pk).exists()


def _too_often(request: HttpRequest) -> bool:
    """Counts the questions of one address in this minute, in the cache; of IPv6 the network counts."""
    key = f"check-paper:{network_of(request)}:{int(time.time() // 60)}"
    cache.add(key, 0, 120)
    try:
        return bool(cache.incr(key) > MOST_A_MINUTE)
    except ValueError:  # it went out of the cache between the two
        return False
