"""The questions that a search asks first; see `meaning`."""

from typing import Any

from django.db.models import Q, QuerySet

from dipportal.catalogue import meaning
from dipportal.catalogue.dip_id import search_parts
from dipportal.catalogue.models import Performance, Production, Theater
from dipportal.core.repeated import KEYS
from dipportal.organisations.models import Organisation


def asked(organisation: Organisation, text: str) -> dict[str, QuerySet[Any]]:
    """For `Meaning.of`: which titles, theaters and numbers a text names, a few keys of each.

    Titles and numbers are everybody's: who sees an agreement may no longer see its production, and finds it by its
    title all the same. A whole DIP-id says enough by itself: nothing is asked.
    """
    text = text.strip()
    if "|" in text or not text:
        return {}
    part, number = search_parts(text)
    titled = Q(title__icontains=text) | (Q(dip_id__contains=part) if part else Q())
    numbered = Performance.objects.filter(number_text__contains=number) if number else Performance.objects.none()
    found = {
        "productions": Production.objects.filter(titled),
        "theaters": Theater.objects.visible_to(organisation).filter(Q(name__icontains=text) | Q(city__icontains=text)),
        "numbered": numbered,
    }
    return {name: rows.order_by().values_list("pk")[: meaning.FEW[name] + 1] for name, rows in found.items()}


def is_plain(text: str) -> bool:
    """It can only be a part of a title, a name or a reference. What is asked is then the same but for the text."""
    return "|" not in text and not any(search_parts(text))


def marked(*, many_titles: bool, many_theaters: bool) -> meaning.Meaning:
    """The meaning of a plain text in a statement that is kept: in the place of the keys, what stands for them."""
    return meaning.Meaning(None if many_titles else KEYS[0], None if many_theaters else KEYS[1], [])
