"""What happened lately to the performances that an organisation may see."""

import datetime as dt
from dataclasses import dataclass

from django.db.models import CharField, QuerySet
from django.db.models.functions import Cast
from django.utils import timezone

from dipportal.catalogue.models import Performance
from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry
from dipportal.organisations.models import Organisation

CODES = ("performance.moved", "performance.cancelled")
LATELY = dt.timedelta(days=30)


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


def lately(organisation: Organisation, *, most: int = 10) -> list[Change]:
    """The newest moves and cancellations in the past 30 days, newest first; each performance once."""
    visible = Performance.objects.visible_to(organisation)
    newest: dict[str, Entry] = {}
    for entry in _entries(organisation, visible)[: most * 3]:
        newest.setdefault(entry.target_id, entry)
    rows = visible.select_related("production", "theater", "hall").in_bulk([int(pk) for pk in newest])
    return [Change(entry, rows[int(pk)]) for pk, entry in newest.items()][:most]


def _entries(organisation: Organisation, visible: QuerySet[Performance]) -> QuerySet[Entry]:
    side = Audience.PROVIDER if organisation.is_provider else Audience.RECEIVER
    return Entry.objects.filter(
        code__in=CODES,
        audience__in=(side, Audience.BOTH),
        target_kind=Performance._meta.label_lower,
        target_id__in=visible.annotate(as_text=Cast("pk", CharField())).values("as_text"),
        at__gte=timezone.now() - LATELY,
    )
