"""What an administrator sees: the counts as their source told them, and who may tell them. Nobody edits them here."""

from django.contrib import admin

from dipportal.core.read_only import ReadOnly
from dipportal.ticketing.models import TicketCount
from dipportal.ticketing.models_forecast import ForecastCheck
from dipportal.ticketing.models_keys import SystemKey


@admin.register(TicketCount)
class TicketCountAdmin(ReadOnly):
    list_display = ("performance", "source", "tickets", "reservations", "blocked_seats", "counted_at", "missing_since")
    list_filter = ("source",)
    search_fields = ("performance__number_text", "performance__production__title")
    list_select_related = ("performance__production",)
    show_full_result_count = False


@admin.register(ForecastCheck)
class ForecastCheckAdmin(ReadOnly):
    list_display = (
        "organisation", "days", "cases", "error", "error_last_year", "error_unchanged", "within", "checked_at",
    )  # fmt: skip
    list_filter = ("organisation",)
    list_select_related = ("organisation",)


@admin.register(SystemKey)
class SystemKeyAdmin(ReadOnly):
    list_display = ("name", "theater", "organisation", "created_at", "last_used_at", "revoked_at")
    search_fields = ("name", "theater__name", "organisation__name")
    list_select_related = ("theater", "organisation")
    exclude = ("digest", "begins_with")
