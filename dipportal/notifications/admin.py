"""The mails for an administrator: to whom, about what, what became of it. Never the text: a link in it may be a key."""

from collections.abc import Callable
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.core.errors import PortalError
from dipportal.journal.actions import Acting
from dipportal.notifications import actions
from dipportal.notifications.models import Email
from dipportal.organisations.actors import staff


@admin.register(Email)
class EmailAdmin(admin.ModelAdmin[Email]):
    list_display = ("created_at", "kind", "recipient", "subject", "state", "attempts", "due_at", "done_at")
    list_filter = ("state", "kind", "language")
    search_fields = ("recipient", "subject", "message_id")
    date_hierarchy = "created_at"
    fields = (
        *("kind", "recipient", "subject", "language", "organisation", "state", "error_code", "error_text"),
        *("created_at", "due_at", "attempts", "doubts", "sent_at", "done_at", "message_id", "event"),
    )
    actions = ("retry", "abandon")

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> tuple[str, ...]:
        return tuple(str(name) for name in self.fields)

    def get_queryset(self, request: HttpRequest) -> QuerySet[Email]:
        return super().get_queryset(request).defer("text", "html")

    @admin.action(description=gettext_lazy("Try again"), permissions=["change"])
    def retry(self, request: HttpRequest, rows: QuerySet[Email]) -> None:
        self._each(request, rows, actions.retry)

    @admin.action(description=gettext_lazy("Give up"), permissions=["change"])
    def abandon(self, request: HttpRequest, rows: QuerySet[Email]) -> None:
        self._each(request, rows, actions.abandon)

    def _each(self, request: HttpRequest, rows: QuerySet[Email], act: Callable[..., None]) -> None:
        """One row that cannot be changed any more does not stop the others."""
        actor: Acting = staff(request.user)  # type: ignore[arg-type]
        done = 0
        for row in rows:
            try:
                act(row, actor=actor)
            except PortalError:
                self.message_user(
                    request, _("%(row)s has left or was given up already.") % {"row": row}, messages.WARNING
                )
            else:
                done += 1
        self.message_user(request, _("%(count)d mails changed.") % {"count": done})
