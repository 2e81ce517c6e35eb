"""Somebody was first: who, and what it is now."""

from django.http import HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract
from dipportal.core.dates import moment
from dipportal.organisations.areas import AreaRequest
from dipportal.receivers import loaders
from dipportal.receivers.reading import answered_by


def too_late(request: AreaRequest, contract: Contract) -> HttpResponse:
    """The page that says so. Nothing was saved."""
    now = loaders.contract_or_none(request.organisation, contract.pk)
    context = {
        "sentence": who_was_first(now),
        "newest_url": now.url_for(request.organisation) if now else request.organisation.home_url,
    }
    return render(request, "409.html", context, status=409)


def who_was_first(now: Contract | None) -> str:
    """`now`: the row as it is for this receiver; None when it is no longer there."""
    if now is None:
        return _("The provider took this proposal back, so it can no longer be answered.")
    if now.status != Status.PROPOSED:
        return _what_it_is(now)
    if now.is_counter:
        return _("This is your own adapted proposal: the provider answers it.")
    if now.endorsed_by is not None:
        first = {"who": now.endorsed_by.get_full_name(), "when": moment(now.endorsed_at)}
        return _("%(who)s agreed to this as the first of two, %(when)s. Your answer was not saved.") % first
    return _("The provider changed this proposal after you opened it. Your answer was not saved: read it again first.")


def _what_it_is(now: Contract) -> str:
    answer = {"who": answered_by(now), "when": moment(now.answered_at)}
    if now.status == Status.APPROVED:
        return _("This proposal was already approved by %(who)s, %(when)s. Your answer was not saved.") % answer
    if now.status == Status.REJECTED:
        return _("This proposal was already rejected by %(who)s, %(when)s. Your answer was not saved.") % answer
    return _("This agreement was replaced by its revision. Your answer was not saved.")
