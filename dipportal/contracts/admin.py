"""Agreements for administrators: to read, never to change. The life cycle belongs to the two parties."""

from django.contrib import admin

from dipportal.contracts.models import Contract
from dipportal.core.read_only import ReadOnly


@admin.register(Contract)
class ContractAdmin(ReadOnly):
    list_display = ("reference", "type", "status", "number", "provider", "production", "theater", "first_at", "dip_id")
    list_filter = ("status", "type", ("conflict_at", admin.EmptyFieldListFilter))
    search_fields = ("reference", "own_reference", "production__title", "theater__name", "=dip_id")
    list_select_related = ("provider", "production", "theater")
    date_hierarchy = "created_at"
