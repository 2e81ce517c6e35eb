"""What happened lately to the performances that an organisation may see."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from django.db.models import BigIntegerField, Exists, OuterRef, QuerySet
from django.db.models.functions import Cast

from dipportal.catalogue.models import Performance
from dipportal.core.repeated import KEYS, Repeated
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.organisations.models import Organisation

CODES = ("performance.moved", "performance.cancelled")
LATELY = dt.timedelta(days=30)
SHOWN = ("at", "code", "target_id", "fields")


@dataclass(frozen=True)
class Change:
    """The reason on the line is the provider's own: no page of the other side shows it."""

    entry: Entry
    performance: Performance

    @property
    def was_at(self) -> dt.datetime | None:
        """The time before the move, when that changed."""
        before = self.entry.fields.get("starts_at", [None])[0]
        return dt.datetime.fromisoformat(before) if before else None

    @property
    def was_in(self) -> str:
        """The hall before the move, when that changed."""
        before = self.entry.fields.get("hall", [None])[0]
        return str(before["name"]) if before else ""


def newest(organisation: Organisation, since: dt.datetime) -> dict[str, QuerySet[Entry]]:
    """Of each code the lines since then about performances that this organisation may see, newest first.

    Each code by itself: so the index has them in this order, and only as many are read as are asked for.
    """
    side = Audience.PROVIDER if organisation.is_provider else Audience.RECEIVER
    about = Performance.objects.visible_to(organisation).filter(pk=Cast(OuterRef("target_id"), BigIntegerField()))
    rows = Entry.objects.filter(
        Exists(about),
        audience__in=(side, Audience.BOTH),
        target_kind=Performance._meta.label_lower,
        at__gte=since,
    ).order_by("-at", "-pk")
    return {code: rows.filter(code=code) for code in CODES}


def lines(keys: Sequence[int], *, most: int) -> list[Entry]:
    """The newest `most` of the lines with these keys, newest first; of each performance its newest line."""
    found: dict[str, Entry] = {}
    for entry in _newest_of(most).read(keys) if keys else []:
        found.setdefault(entry.target_id, entry)
    return list(found.values())


@lru_cache(maxsize=8)
def _newest_of(most: int) -> Repeated:
    return Repeated(Entry.objects.filter(pk__in=KEYS[0]).order_by("-at", "-pk")[:most], SHOWN)
