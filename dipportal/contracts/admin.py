"""Agreements for administrators: to read, never to change. The life cycle belongs to the two parties."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from dipportal.contracts.models import Contract


@admin.register(Contract)
class ContractAdmin(admin.ModelAdmin[Contract]):
    list_display = ("reference", "type", "status", "number", "provider", "production", "theater", "first_at", "dip_id")
    list_filter = ("status", "type", ("conflict_at", admin.EmptyFieldListFilter))
    search_fields = ("reference", "own_reference", "production__title", "theater__name", "=dip_id")
    list_select_related = ("provider", "production", "theater")
    date_hierarchy = "created_at"

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False
