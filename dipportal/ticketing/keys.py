"""Making, revoking and recognising the keys of ticketing systems. The secret is returned once and kept nowhere."""

import datetime as dt
import hmac
import secrets

from django.db import transaction
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_variables

from dipportal.catalogue.models import Theater
from dipportal.core.errors import Invalid, NotAllowed
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role
from dipportal.ticketing.models_keys import MOST_NAME, SHOWN, SystemKey

# Working at once for one theater: a box office, its successor, a test. More is a list that nobody looks through.
MOST_KEYS = 10
# When it was used is written down at most so often.
NOTED_EVERY = dt.timedelta(minutes=1)
# Longer than any key; what is longer is not even digested.
MOST_SECRET = 200


@sensitive_variables("secret")
def create(theater: Theater, name: str, *, actor: Actor) -> tuple[SystemKey, str]:
    """A key for the ticketing system of this theater, and its secret. Raises NotAllowed and Invalid ('name')."""
    name = name.strip()
    with transaction.atomic():
        now = Theater.objects.select_for_update(of=("self",)).select_related("receiver").get(pk=theater.pk)
        owner = now.receiver
        if owner is None or not (actor.is_person and actor.acts_for(owner, Role.MANAGER)):
            raise NotAllowed
        _refuse_unfit(now, name)
        secret = secrets.token_urlsafe(32)
        key = SystemKey.objects.create(
            organisation=owner,
            theater=now,
            name=name,
            begins_with=secret[:SHOWN],
            digest=SystemKey.digest_of(secret),
            created_by=actor.user,
        )
        record("count_key.created", key, actor=actor, fields={"name": name, "theater": now.pk})
    return key, secret


def _refuse_unfit(theater: Theater, name: str) -> None:
    working = SystemKey.objects.working().filter(theater=theater)
    if not name:
        raise Invalid(fields={"name": _("Give the key a name, as that of the ticketing system.")})
    if len(name) > MOST_NAME or not name.isprintable():
        raise Invalid(fields={"name": _("A name has at most %(most)d letters and digits.") % {"most": MOST_NAME}})
    if working.filter(name=name).exists():
        raise Invalid(fields={"name": _("There is a key of this name already. Revoke it first, or choose another.")})
    if working.count() >= MOST_KEYS:
        text = _("This theater has %(most)d keys already. Revoke one that is not used any more.")
        raise Invalid(fields={"name": text % {"most": MOST_KEYS}})


def revoke(key: SystemKey, *, actor: Actor) -> None:
    """From now on it opens nothing. One that was revoked is a no-op. Raises NotAllowed."""
    with transaction.atomic():
        now = SystemKey.objects.select_for_update(of=("self",)).select_related("theater__receiver").get(pk=key.pk)
        actor.must_act_for(now.theater.receiver, Role.MANAGER)
        actor.must_act_for(now.organisation, Role.MANAGER)
        if SystemKey.objects.filter(pk=now.pk, revoked_at=None).update(revoked_at=timezone.now()):
            record("count_key.revoked", now, actor=actor, fields={"name": now.name, "theater": now.theater_id})


@sensitive_variables("secret")
def recognised(secret: str) -> SystemKey | None:
    """The working key with this secret.

    It is looked up by its digest: how long that takes tells about digests, and whoever tries cannot choose those.
    """
    if not secret or len(secret) > MOST_SECRET:
        return None
    digest = SystemKey.digest_of(secret)
    rows = SystemKey.objects.working().select_related("organisation", "theater")
    key = rows.filter(digest=digest).first()
    return key if key is not None and hmac.compare_digest(key.digest, digest) else None


def note_use(key: SystemKey) -> None:
    """Write down that it was used now, where the last time is longer ago than NOTED_EVERY."""
    now = timezone.now()
    if key.last_used_at is not None and now - key.last_used_at < NOTED_EVERY:
        return
    due = Q(last_used_at=None) | Q(last_used_at__lte=now - NOTED_EVERY)
    SystemKey.objects.filter(due, pk=key.pk).update(last_used_at=now)
