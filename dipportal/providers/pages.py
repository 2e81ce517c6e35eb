"""What the views of this area share: the way on, and how a refusal is told."""

from typing import Any

from django import forms
from django.contrib import messages
from django.http import HttpResponseRedirect
from django.shortcuts import redirect
from django.urls import reverse

from dipportal.core.errors import Invalid, PortalError
from dipportal.organisations.areas import AreaRequest


def address(request: AreaRequest, name: str, **kwargs: Any) -> str:
    """The address of a page of this area, for the organisation of this request."""
    return reverse(f"providers:{name}", kwargs={"organisation": request.organisation.slug, **kwargs})


def go(request: AreaRequest, name: str, **kwargs: Any) -> HttpResponseRedirect:
    return redirect(address(request, name, **kwargs))


def tell(request: AreaRequest, refused: PortalError) -> None:
    """Show a refusal on the next page, with the sentence of each field it names."""
    sentences = [str(refused)]
    if isinstance(refused, Invalid):
        sentences += [str(sentence) for sentence in refused.fields.values()]
    messages.error(request, " ".join(sentences))


def blame(form: forms.BaseForm, refused: Invalid) -> None:
    """Put the refusal of an action beside the fields it names, the rest at the top of the form."""
    if not refused.fields:
        form.add_error(None, str(refused))
    for name, sentence in refused.fields.items():
        form.add_error(name if name in form.fields else None, str(sentence))


def typed(request: AreaRequest, name: str = "q") -> str:
    """What was typed in a search box, cut to a length that a search can carry."""
    return request.GET.get(name, "").replace("\x00", "").strip()[:100]
