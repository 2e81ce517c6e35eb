from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dipportal.journal.models import Entry


@admin.register(Entry)
class EntryAdmin(admin.ModelAdmin[Entry]):
    """Read-only, for everyone: the journal has no editor."""

    list_display = ("at", "code", "who", "organisation", "target_kind", "target_id", "audience")
    list_filter = ("code", "actor_kind", "audience")
    search_fields = ("target_id", "thread", "who")
    list_select_related = ("organisation",)
    date_hierarchy = "at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
