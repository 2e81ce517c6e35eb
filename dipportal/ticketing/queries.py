"""Reads about ticket counts."""

import datetime as dt

from django.db.models import Exists, OuterRef, QuerySet

from dipportal.catalogue.models import Performance, Production
from dipportal.organisations.models import Organisation

# So long after the evening a theater may still correct its count.
SETTLED_AFTER = dt.timedelta(days=60)


def still_counted(performances: QuerySet[Performance], now: dt.datetime) -> QuerySet[Performance]:
    """Those whose counts can still change; cancelled ones too, whose tickets go back one by one."""
    return performances.filter(starts_at__gte=now - SETTLED_AFTER, missing_since=None, number__isnull=False)


def counted_productions(organisation: Organisation | None, *, running_at: dt.datetime | None) -> QuerySet[Production]:
    """The productions whose counts can be asked of DIP; only those that run at that moment, or (None) all of them."""
    found = Production.objects.visible_to(organisation).filter(missing_since=None).exclude(dip_id="")
    if running_at is None:
        return found
    return found.filter(Exists(still_counted(Performance.objects.filter(production=OuterRef("pk")), running_at)))
