"""Timelines."""

from django.db.models import QuerySet

from dipportal.journal.codes import Audience
from dipportal.journal.models import Entry


def timeline(thread: str, *, side: Audience) -> QuerySet[Entry]:
    """The lines of one thread that this side may read, newest first."""
    return Entry.objects.filter(thread=thread, audience__in=(side, Audience.BOTH)).select_related("organisation")
