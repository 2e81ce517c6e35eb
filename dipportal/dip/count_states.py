"""How far the counts of a theater have come on their way to DIP, in words, for its own pages; and 'try again'."""

import datetime as dt
from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from django.db import transaction
from django.db.models import Max, Q, QuerySet

from dipportal.dip.count_reports import REPORTS, key_of
from dipportal.dip.models import COUNTED, Operation
from dipportal.dip.tasks import wake
from dipportal.organisations.actors import Actor
from dipportal.organisations.enums import Role
from dipportal.organisations.models import Organisation
from dipportal.outbox import actions as outbox
from dipportal.outbox.models import CLOSED, STUCK, State


@dataclass(frozen=True)
class Sending:
    """What of one performance's count is under way to DIP.

    `waiting` leaves by itself, `stuck` needs a person (each row's `label` says which list it is, and `error_text` why).
    `dropped`: given up since the last one that got through, because it was no longer to be sent. `told_at`: when DIP
    last took in a list.
    """

    waiting: tuple[Operation, ...] = ()
    stuck: tuple[Operation, ...] = ()
    dropped: tuple[Operation, ...] = ()
    told_at: dt.datetime | None = None

    @property
    def is_told(self) -> bool:
        """DIP has all that was sent, and nothing is under way."""
        return self.told_at is not None and not (self.waiting or self.stuck or self.dropped)


def sendings_of(organisation: Organisation | None, performances: Collection[int]) -> Mapping[int, Sending]:
    """By the key of the performance, for those of which anything was queued. Two queries."""
    every = Operation.objects.visible_to(organisation).filter(
        key__in=[key_of(kind, pk) for pk in performances for kind in REPORTS]
    )
    newest = every.order_by().values("key").annotate(newest=Max("pk")).values("newest")
    found: dict[int, list[Operation]] = defaultdict(list)
    for row in every.filter(~Q(state__in=CLOSED) | Q(pk__in=newest)).order_by("pk"):
        found[row.subject_id].append(row)
    told = every.filter(state=State.DONE).order_by().values_list("subject_id").annotate(Max("done_at"))
    last_told: dict[int, dt.datetime] = dict(told)
    return {pk: _sending(rows, last_told.get(pk)) for pk, rows in found.items()}


def _sending(rows: Collection[Operation], told_at: dt.datetime | None) -> Sending:
    return Sending(
        waiting=tuple(row for row in rows if row.state not in (*CLOSED, *STUCK)),
        stuck=tuple(row for row in rows if row.state in STUCK),
        dropped=tuple(row for row in rows if row.state == State.ABANDONED),
        told_at=told_at,
    )


def stuck_counts(organisation: Organisation | None) -> QuerySet[Operation]:
    """The lists of this theater that need a person, oldest first. `subject_id` is the performance."""
    rows: QuerySet[Operation] = Operation.objects.visible_to(organisation).filter(
        subject_kind__in=COUNTED, state__in=STUCK
    )
    return rows.order_by("created_at", "pk")


def try_again(organisation: Organisation, performance: int, *, actor: Actor) -> int:
    """Have the stuck lists of a performance sent now, with the newest totals. Returns how many; none is a no-op.

    Raises NotAllowed. One that somebody else set going meanwhile is no fault: it goes.
    """
    actor.must_act_for(organisation, Role.EDITOR)
    with transaction.atomic():
        rows = stuck_counts(organisation).filter(key__in=[key_of(kind, performance) for kind in REPORTS])
        held = list(rows.select_for_update(of=("self",)))
        for row in held:
            outbox.retry(row, actor=actor)
        if held:
            wake()
    return len(held)
