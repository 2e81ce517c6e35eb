"""The pages of the weekly sales mail for its reader, who has no log-in: say yes or no, and stop.

Mail scanners open every link, so only POST acts. Whoever holds the secret of the link is the reader; it is asked for
nowhere else, and stands in no log (`core.logs`).
"""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_exempt

from dipportal.catalogue.models import Production
from dipportal.core.errors import StaleState
from dipportal.notifications import subscriptions
from dipportal.notifications.enums import Standing
from dipportal.notifications.models import SalesSubscription
from dipportal.notifications.sales import next_moment
from dipportal.organisations.areas import public

# What a mail program posts for a reader who asks it to stop a mail (RFC 8058); the button of the page posts the same.
ONE_CLICK = ("List-Unsubscribe", "One-Click")


@public
@never_cache
def sales_invitation(request: HttpRequest, token: str) -> HttpResponse:
    """The link of the invitation: who asks, what would come, yes and no."""
    found = subscriptions.by_invitation(token)
    if found is None:
        return render(request, "account/sales_gone.html", {"invitation": True}, status=404)
    answer = request.POST.get("answer") if request.method == "POST" else None
    if answer == "no":
        found = subscriptions.stop_reading(found)
    elif answer == "yes":
        try:
            found = subscriptions.agree(found, token)
        except StaleState:
            found.refresh_from_db()
    return render(request, "account/sales_invitation.html", _about(found))


# A mail program has no cookie of ours. The secret of the link is what a forged request would lack.
@csrf_exempt
@public
@never_cache
def sales_stop(request: HttpRequest, token: str) -> HttpResponse:
    """The link at the foot of each mail, and the address of its List-Unsubscribe."""
    found = subscriptions.by_stop_link(token)
    if found is None:
        return render(request, "account/sales_gone.html", {"invitation": False}, status=404)
    name, value = ONE_CLICK
    if request.method == "POST" and request.POST.get(name) == value:
        found = subscriptions.stop_reading(found)
    return render(request, "account/sales_stop.html", {**_about(found), "one_click": ONE_CLICK})


def _about(subscription: SalesSubscription) -> dict[str, object]:
    standing = subscription.standing
    about: dict[str, object] = {"subscription": subscription, "standing": str(standing)}
    if standing in (Standing.INVITED, Standing.ACTIVE):
        about["next"] = next_moment(subscription, timezone.now())
    if not subscription.all_running:
        own = Production.objects.visible_to(subscription.organisation)
        chosen = subscription.productions.filter(pk__in=own).order_by("title")
        about["productions"] = list(chosen.values_list("title", flat=True))
    return about
