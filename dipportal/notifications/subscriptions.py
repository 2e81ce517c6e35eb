"""Who gets the weekly sales mail: invited by a member, agreed to by the reader, stopped by either.

The secret of a link goes into a mail and nowhere else; here only its digest stays. Sales figures leave only after the
reader of the address has said yes.
"""

import datetime as dt
import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.db import IntegrityError, transaction
from django.db.models import F
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.catalogue.models import Production
from dipportal.core.dates import day
from dipportal.core.errors import Invalid, NotAllowed, StaleState
from dipportal.journal.actions import Acting, record
from dipportal.journal.models import ActorKind, Entry
from dipportal.notifications import sales_letters
from dipportal.notifications.actions import post
from dipportal.notifications.enums import Standing, StoppedBy
from dipportal.notifications.models import SalesSubscription
from dipportal.notifications.models_sales import SubscriptionQuerySet, digest
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Language
from dipportal.organisations.models import Organisation, User

# So long an invitation can be answered.
INVITATION_LASTS = dt.timedelta(days=14)
# So long an address is left alone after its reader stopped the mail, unless a member insists.
LEFT_ALONE = dt.timedelta(days=30)
# An address gets one invitation in so long, and an organisation sends MOST_INVITATIONS.
IN_A_DAY = dt.timedelta(days=1)
MOST_INVITATIONS = 20
MOST_ADDRESSES = 50


@dataclass(frozen=True)
class Reading:
    """The reader of an address, who has no log-in, on the page of a link."""

    subscription: SalesSubscription
    kind: ActorKind = ActorKind.USER
    user: User | None = None

    @property
    def organisation(self) -> Organisation:
        return self.subscription.organisation

    @property
    def name(self) -> str:
        return self.subscription.name or self.subscription.email


@dataclass(frozen=True)
class Wish:
    """What a subscription brings and when. `productions`: keys, of the chosen ones; None for all that run."""

    name: str
    language: str
    productions: Collection[int] | None
    weekday: int
    hour: int


# --- reads -------------------------------------------------------------------------------------------------------
def subscriptions_of(organisation: Organisation | None) -> SubscriptionQuerySet:
    return SalesSubscription.objects.visible_to(organisation).select_related("created_by", "organisation")


def by_invitation(token: str) -> SalesSubscription | None:
    """The subscription that the link of an invitation is about, whatever became of it since."""
    rows = SalesSubscription.objects.select_related("organisation", "created_by")
    return rows.filter(invitation_digest=digest(token)).first()


def by_stop_link(token: str) -> SalesSubscription | None:
    """The subscription that the link in a weekly mail stops. None as well when that mail is too old (`sales.clear`)."""
    rows = SalesSubscription.objects.select_related("organisation", "created_by")
    return rows.filter(rounds__stop_digest=digest(token)).first()


def rests_until(subscription: SalesSubscription) -> dt.datetime | None:
    """Until then its reader is to be left alone; None when there is no reason (any more)."""
    if subscription.stopped_at is None or subscription.stopped_by != StoppedBy.READER:
        return None
    until = subscription.stopped_at + LEFT_ALONE
    return until if until > timezone.now() else None


def may_be_asked(subscription: SalesSubscription) -> bool:
    """May an invitation be sent once more? Not while there is one of today, and not to somebody who said yes."""
    fresh = subscription.invited_at > timezone.now() - IN_A_DAY
    return subscription.standing is not Standing.ACTIVE and not fresh


# --- writes of members -------------------------------------------------------------------------------------------
def invite(
    organisation: Organisation, email: str, wish: Wish, *, actor: Actor, insists: bool = False
) -> SalesSubscription:
    """Ask the reader of an address whether they want the mail. Raises NotAllowed and Invalid.

    `insists`: although its reader stopped the mail lately.
    """
    _must_edit(organisation, actor)
    address = email.strip().lower()
    try:
        with transaction.atomic():
            _hold(organisation)
            found = subscriptions_of(organisation).filter(email__iexact=address).first()
            if found is not None:
                _refuse_known(found, insists)
            _refuse_many(organisation)
            _refuse_unfit(wish)
            return _asked(found or SalesSubscription(organisation=organisation, email=address), wish, actor)
    except IntegrityError:
        raise Invalid(fields={"email": gettext_lazy("This address is in the list already.")}) from None


def ask_again(subscription: SalesSubscription, *, actor: Actor, insists: bool = False) -> SalesSubscription:
    """The same, for one that was stopped, or never answered. The links of earlier invitations work no more."""
    return invite(subscription.organisation, subscription.email, wish_of(subscription), actor=actor, insists=insists)


def change(subscription: SalesSubscription, wish: Wish, *, seen_version: int, actor: Actor) -> SalesSubscription:
    """Change what it brings and when. Raises NotAllowed, Invalid, and StaleState when somebody changed it meanwhile."""
    _must_edit(subscription.organisation, actor)
    _refuse_unfit(wish)
    with transaction.atomic():
        rows = SalesSubscription.objects.select_for_update(of=("self",)).filter(
            pk=subscription.pk, version=seen_version
        )
        held = rows.first()
        if held is None:
            raise StaleState
        if same(wish_of(held), wish):
            return held
        _take_over(held, wish)
        held.version += 1
        held.save(update_fields=["name", "language", "all_running", "weekday", "hour", "version"])
        _choose(held, wish)
        record("sales.changed", held, actor=actor)
    return held


def stop(subscription: SalesSubscription, *, actor: Actor) -> SalesSubscription:
    """A member ends it; also an invitation that was not answered. Doing it again is a no-op."""
    _must_edit(subscription.organisation, actor)
    return _stop(subscription, StoppedBy.MEMBER, actor)


# --- writes of readers -------------------------------------------------------------------------------------------
def agree(subscription: SalesSubscription, token: str) -> SalesSubscription:
    """The reader says yes, with the secret of the invitation. Doing it again is a no-op.

    Raises StaleState when the invitation is too old, was withdrawn or replaced.
    """
    now = timezone.now()
    with transaction.atomic():
        asked = SalesSubscription.objects.filter(
            pk=subscription.pk, invitation_digest=digest(token), stopped_at=None, confirmed_at=None, expires_at__gt=now
        )
        if asked.update(confirmed_at=now, version=F("version") + 1) == 1:
            subscription.refresh_from_db()
            record("sales.confirmed", subscription, actor=Reading(subscription))
    subscription.refresh_from_db()
    if subscription.standing is not Standing.ACTIVE:
        raise StaleState(_("This invitation is no longer valid."))
    return subscription


def stop_reading(subscription: SalesSubscription) -> SalesSubscription:
    """The reader stops it, or says no to the invitation. Doing it again is a no-op."""
    return _stop(subscription, StoppedBy.READER, Reading(subscription))


def _stop(subscription: SalesSubscription, who: StoppedBy, actor: Acting) -> SalesSubscription:
    with transaction.atomic():
        rows = SalesSubscription.objects.filter(pk=subscription.pk, stopped_at=None)
        changed = rows.update(stopped_at=timezone.now(), stopped_by=who, version=F("version") + 1)
        subscription.refresh_from_db()
        if changed:
            record("sales.stopped", subscription, actor=actor, fields={"by": str(who)})
    return subscription


# --- the parts ---------------------------------------------------------------------------------------------------
def wish_of(subscription: SalesSubscription) -> Wish:
    """As it stands. One query where productions were chosen."""
    chosen = None
    if not subscription.all_running:
        chosen = list(subscription.productions.order_by("pk").values_list("pk", flat=True))
    return Wish(subscription.name, subscription.language, chosen, subscription.weekday, subscription.hour)


def same(one: Wish, other: Wish) -> bool:
    chosen = [None if wish.productions is None else set(wish.productions) for wish in (one, other)]
    plain = [(wish.name, wish.language, wish.weekday, wish.hour) for wish in (one, other)]
    return chosen[0] == chosen[1] and plain[0] == plain[1]


def _must_edit(organisation: Organisation, actor: Actor) -> None:
    if not (organisation.is_provider and actor.is_person):
        raise NotAllowed
    actor.must_act_for(organisation)


def _hold(organisation: Organisation) -> None:
    """Two who invite at the same time take turns, so that the limits hold."""
    Organisation.objects.select_for_update(of=("self",)).get(pk=organisation.pk)


def _refuse_known(found: SalesSubscription, insists: bool) -> None:
    if found.standing is Standing.ACTIVE:
        raise Invalid(fields={"email": gettext_lazy("This address gets the mail already.")})
    if not may_be_asked(found):
        raise Invalid(
            fields={"email": gettext_lazy("This address was invited less than a day ago. Wait for the answer.")}
        )
    rests = rests_until(found)
    if rests is not None and not insists:
        text = _("The reader of this address stopped the mail. Until %(day)s it is only invited when you say so below.")
        raise Invalid(fields={"insists": text % {"day": day(rests)}}, code="left_alone")


def _refuse_many(organisation: Organisation) -> None:
    if SalesSubscription.objects.visible_to(organisation).open().count() >= MOST_ADDRESSES:
        raise Invalid(_("At most 50 addresses get the mail of one organisation. Stop one first."), code="too_many")
    today = Entry.objects.filter(code="sales.invited", organisation=organisation, at__gt=timezone.now() - IN_A_DAY)
    if today.count() >= MOST_INVITATIONS:
        raise Invalid(_("At most 20 invitations leave in a day. Go on tomorrow."), code="too_many")


def _refuse_unfit(wish: Wish) -> None:
    if wish.language not in Language.values:
        raise Invalid(fields={"language": gettext_lazy("Choose a language.")})
    if not (0 <= wish.weekday <= 6 and 0 <= wish.hour <= 23):
        raise Invalid(fields={"weekday": gettext_lazy("Choose a day and an hour.")})
    if wish.productions is not None and not wish.productions:
        raise Invalid(fields={"productions": gettext_lazy("Choose at least one production.")})


def _asked(subscription: SalesSubscription, wish: Wish, actor: Actor) -> SalesSubscription:
    """Write the invitation: the row, its line and its mail."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    _take_over(subscription, wish)
    subscription.invitation_digest = digest(token)
    subscription.invited_at, subscription.expires_at = now, now + INVITATION_LASTS
    subscription.confirmed_at = subscription.stopped_at = None
    subscription.stopped_by = ""
    subscription.created_by = actor.user
    if subscription.pk is not None:
        subscription.version += 1
    subscription.save()
    _choose(subscription, wish)
    record("sales.invited", subscription, actor=actor)
    post([sales_letters.invitation(subscription, token, actor.name)])
    return subscription


def _take_over(subscription: SalesSubscription, wish: Wish) -> None:
    subscription.name, subscription.language = wish.name.strip(), wish.language
    subscription.all_running = wish.productions is None
    subscription.weekday, subscription.hour = wish.weekday, wish.hour


def _choose(subscription: SalesSubscription, wish: Wish) -> None:
    """Only what the organisation may see; anything else is as if it did not exist."""
    own = Production.objects.visible_to(subscription.organisation).filter(pk__in=wish.productions or ())
    subscription.productions.set(own)
    if wish.productions and not own:
        raise Invalid(fields={"productions": gettext_lazy("Choose at least one production.")})
