"""What happens to agreements when something happens in the catalogue."""

from django.db.models import Min, Q

from dipportal.catalogue.enums import PerformanceStatus
from dipportal.contracts.models import Contract
from dipportal.journal.actions import on
from dipportal.journal.models import Entry


@on("performance.moved", "performance.cancelled")
def follow_first_evening(entry: Entry) -> None:
    """`first_at` is the date by which agreements are listed: it follows the evenings that still take place."""
    agreed = Min("performances__starts_at", filter=Q(performances__status=PerformanceStatus.AGREED))
    touched = Contract.objects.filter(performances=int(entry.target_id)).values("pk")
    rows = Contract.objects.filter(pk__in=touched).annotate(agreed=agreed, planned=Min("performances__starts_at"))
    for key, now, agreed_at, planned_at in rows.values_list("pk", "first_at", "agreed", "planned"):
        first = agreed_at or planned_at
        if first != now:
            Contract.objects.filter(pk=key).update(first_at=first)
