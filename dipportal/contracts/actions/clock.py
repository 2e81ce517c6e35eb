"""What the clock does to proposals with a last day: a reminder before it, a word to both sides after it."""

import datetime as dt

from django.db import transaction
from django.utils import timezone

from dipportal.contracts.enums import Status
from dipportal.contracts.models import Contract, ContractQuerySet
from dipportal.journal.actions import record
from dipportal.organisations.actors import CLOCK
from dipportal.organisations.enums import Side

REMIND_BEFORE = dt.timedelta(days=3)
NONE, BEFORE, AFTER = 0, 1, 2


def remind_of_answers(today: dt.date | None = None) -> int:
    """Write one line for each proposal whose last day comes near or has passed. May run at any time, and often.

    A beat that was missed for days makes one line, not several: who is past the last day is told that only.
    """
    day = today or timezone.localdate()
    waiting = Contract.objects.filter(status=Status.PROPOSED, side=Side.PROVIDER, answer_by__isnull=False)
    near = waiting.filter(reminded=NONE, answer_by__gte=day, answer_by__lte=day + REMIND_BEFORE)
    past = waiting.filter(reminded__lt=AFTER, answer_by__lt=day)
    return _note(past, "contract.expired", AFTER) + _note(near, "contract.reminded", BEFORE)


def _note(rows: ContractQuerySet, code: str, stage: int) -> int:
    """Each proposal in a transaction of its own; one that was answered or noted meanwhile is passed over."""
    noted = 0
    for key, before in list(rows.order_by("pk").values_list("pk", "reminded")):
        with transaction.atomic():
            mine = Contract.objects.filter(pk=key, status=Status.PROPOSED, reminded=before)
            # `version` stays: a reminder changes nothing that somebody may be reading.
            if mine.update(reminded=stage) != 1:
                continue
            contract = Contract.objects.get(pk=key)
            record(code, contract, actor=CLOCK, thread=contract.thread, fields={"answer_by": str(contract.answer_by)})
            noted += 1
    return noted
