"""Pages of the admin on which there is something to look at, and nothing to write."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest


class NotMadeHere(admin.ModelAdmin[Any]):
    """What comes from elsewhere is neither made nor deleted by hand."""

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class ReadOnly(NotMadeHere):
    """To look at: what stands here is written by the portal itself."""

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
