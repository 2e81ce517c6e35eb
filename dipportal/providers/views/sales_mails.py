"""The weekly sales mail: who gets what, and who asked for it. Everybody reads, editors add, change and stop."""

from collections.abc import Sequence
from typing import Any

from django.contrib import messages
from django.db.models import Prefetch
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Production
from dipportal.catalogue.queries import productions_of, titles_of
from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.notifications import subscriptions
from dipportal.notifications.enums import Standing
from dipportal.notifications.models import SalesSubscription
from dipportal.notifications.sales import next_moment
from dipportal.organisations.areas import AreaRequest, area
from dipportal.organisations.enums import Role, Side
from dipportal.providers import loaders
from dipportal.providers.pages import address, blame, go, tell
from dipportal.providers.sales_forms import InsistForm, NewSalesForm, SalesForm
from dipportal.ticketing.running import running

editors = area(Side.PROVIDER, role=Role.EDITOR, methods=("GET", "POST"))


@area(Side.PROVIDER)
def sales_mails(request: AreaRequest) -> HttpResponse:
    chosen = Prefetch("productions", queryset=titles_of(request.organisation))
    rows = list(subscriptions.subscriptions_of(request.organisation).prefetch_related(chosen))
    now = timezone.now()
    context = {
        "rows": [_row(one, now) for one in rows if one.standing is not Standing.STOPPED],
        "stopped": [_row(one, now) for one in rows if one.standing is Standing.STOPPED],
        "may_edit": request.membership.may(Role.EDITOR),
    }
    return render(request, "providers/sales_mails.html", context)


def _row(one: SalesSubscription, now: Any) -> dict[str, Any]:
    return {
        "subscription": one,
        "standing": str(one.standing),
        "label": one.standing.label,
        "next": next_moment(one, now) if one.standing is Standing.ACTIVE else None,
        "titles": [production.title for production in one.productions.all()],
        "may_be_asked": subscriptions.may_be_asked(one),
    }


@editors
def sales_mail_new(request: AreaRequest) -> HttpResponseBase:
    form = NewSalesForm(request.POST or None, offered=_offered(request), initial={"language": request.LANGUAGE_CODE})
    if request.method == "POST" and form.is_valid():
        values = form.cleaned_data
        try:
            subscriptions.invite(
                request.organisation, values["email"], form.wish(), actor=request.actor, insists=values["insists"]
            )
        except Invalid as refused:
            blame(form, refused)
        else:
            messages.success(request, _("%(email)s was asked. The mail comes once its reader has said yes.") % values)
            return go(request, "sales_mails")
    return _form_page(request, form, _("Send somebody the sales each week"))


@editors
def sales_mail_edit(request: AreaRequest, pk: int) -> HttpResponseBase:
    shown = loaders.sales_subscription(request, pk)
    form = SalesForm.of(shown, request.POST or None, _offered(request, shown))
    if request.method == "POST" and form.is_valid():
        try:
            subscriptions.change(
                shown, form.wish(), seen_version=form.cleaned_data["version"] or 0, actor=request.actor
            )
        except Invalid as refused:
            blame(form, refused)
        except StaleState:
            now = loaders.sales_subscription(request, pk)
            rows = form.meet(SalesForm.of(now, None, _offered(request, now)), now.version)
            return _form_page(request, form, now.email, subscription=now, stale=rows)
        else:
            messages.success(request, _("Saved."))
            return go(request, "sales_mails")
    return _form_page(request, form, shown.email, subscription=shown)


@editors
def sales_mail_stop(request: AreaRequest, pk: int) -> HttpResponseBase:
    shown = loaders.sales_subscription(request, pk)
    if request.method == "POST":
        subscriptions.stop(shown, actor=request.actor)
        messages.success(request, _("Stopped: nothing more is mailed to %(email)s.") % {"email": shown.email})
        return go(request, "sales_mails")
    context = {
        "question": _("Stop the weekly sales mail to %(email)s?") % {"email": shown.email},
        "detail": _(
            "Nothing more is mailed, nor what is written and has not left yet. The reader hears nothing of it."
        ),
        "button": _("Stop this mail"),
        "action_name": "stop",
        "tone": "danger",
    }
    return render(request, "providers/sales_mail_confirm.html", context)


@editors
def sales_mail_again(request: AreaRequest, pk: int) -> HttpResponseBase:
    """Ask once more: after it was stopped, or never answered."""
    shown = loaders.sales_subscription(request, pk)
    rests = subscriptions.rests_until(shown)
    form = InsistForm(request.POST or None) if rests else None
    if request.method == "POST" and (form is None or form.is_valid()):
        try:
            subscriptions.ask_again(shown, actor=request.actor, insists=form is not None)
        except PortalError as refused:
            tell(request, refused)
        else:
            text = _("%(email)s was asked. The mail comes once its reader has said yes.")
            messages.success(request, text % {"email": shown.email})
        return go(request, "sales_mails")
    context = {
        "question": _("Ask %(email)s once more?") % {"email": shown.email},
        "detail": _("A mail leaves with a link, on which its reader says yes or no. Earlier links work no more."),
        "button": _("Ask once more"),
        "action_name": "again",
        "tone": "primary",
        "form": form,
    }
    return render(request, "providers/sales_mail_confirm.html", context)


def _offered(request: AreaRequest, subscription: SalesSubscription | None = None) -> Sequence[Production]:
    """What runs, and what was chosen before."""
    own = request.organisation
    found = list(running(own, timezone.now()))
    if subscription is not None:
        known = {one.pk for one in found}
        kept = subscription.productions.all()
        found += productions_of(own).filter(pk__in=[one.pk for one in kept if one.pk not in known])
    return found


def _form_page(
    request: AreaRequest, form: SalesForm, title: str, *, subscription: Any = None, stale: Any = None
) -> HttpResponse:
    context = {
        "form": form,
        "title": title,
        "subscription": subscription,
        "stale": stale,
        "back_url": address(request, "sales_mails"),
    }
    return render(request, "providers/sales_mail_form.html", context, status=200 if stale is None else 409)
