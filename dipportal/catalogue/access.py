"""Who runs a theater and who acts for a producer: our own columns on DIP's records, and they decide who sees what.

Only administrators set them. Each action writes its own column and nothing else, so that it never puts back what a
pull writes in the same row at the same moment.
"""

from collections.abc import Collection

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.actions import plain
from dipportal.catalogue.models import Producer, Theater
from dipportal.core.errors import Invalid, NotAllowed
from dipportal.journal.actions import record
from dipportal.organisations.actors import Actor
from dipportal.organisations.models import Organisation
from dipportal.organisations.rules import is_administrator


def set_receiver(theater: Theater, receiver: Organisation | None, *, actor: Actor) -> Theater:
    """Say which organisation runs a theater, None for nobody yet. The one it has already is a no-op."""
    _refuse_others(actor)
    if receiver is not None and not receiver.is_receiver:
        raise Invalid(fields={"receiver": _("Choose an organisation of the side of the theaters.")})
    with transaction.atomic():
        now = Theater.objects.select_for_update(of=("self",)).select_related("receiver").get(pk=theater.pk)
        if now.receiver != receiver:
            Theater.objects.filter(pk=now.pk).update(receiver=receiver)
            record(
                "theater.receiver_set", now, actor=actor, fields={"receiver": [plain(now.receiver), plain(receiver)]}
            )
    theater.refresh_from_db()
    return theater


def set_providers(producer: Producer, providers: Collection[Organisation], *, actor: Actor) -> Producer:
    """Say which organisations enter productions for a producer. The ones it has already are a no-op."""
    _refuse_others(actor)
    if not all(one.is_provider for one in providers):
        raise Invalid(fields={"providers": _("Choose organisations of the side of the agencies and producers.")})
    with transaction.atomic():
        now = Producer.objects.select_for_update().get(pk=producer.pk)
        before = list(now.providers.order_by("pk"))
        after = sorted(providers, key=lambda one: one.pk)
        if before != after:
            now.providers.set(after)
            fields = {"providers": [[plain(one) for one in before], [plain(one) for one in after]]}
            record("producer.providers_set", now, actor=actor, fields=fields)
    return producer


def _refuse_others(actor: Actor) -> None:
    if not is_administrator(actor):
        raise NotAllowed
