from django.contrib import admin

from dipportal.core.read_only import ReadOnly
from dipportal.journal.models import Entry


@admin.register(Entry)
class EntryAdmin(ReadOnly):
    """Read-only, for everyone: the journal has no editor."""

    list_display = ("at", "code", "who", "organisation", "target_kind", "target_id", "audience")
    list_filter = ("code", "actor_kind", "audience")
    search_fields = ("target_id", "thread", "who")
    list_select_related = ("organisation",)
    date_hierarchy = "at"
