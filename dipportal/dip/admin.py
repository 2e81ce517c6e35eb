"""What an administrator sees: connections (never their secrets), operations with 'try again', records, runs."""

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.decorators import method_decorator
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.debug import sensitive_post_parameters

from dipportal.core.errors import PortalError
from dipportal.core.read_only import ReadOnly
from dipportal.dip import connections
from dipportal.dip.models import Connection, Operation, RemoteRecord, SyncRun
from dipportal.dip.models_conflict import Conflict
from dipportal.dip.tasks import wake
from dipportal.organisations.actors import Actor, staff
from dipportal.organisations.models import Organisation, User
from dipportal.outbox import actions as outbox


def _actor(request: HttpRequest) -> Actor:
    if not isinstance(request.user, User):
        raise TypeError("the admin is for users who are logged in")
    return staff(request.user)


class ConnectionForm(forms.ModelForm[Connection]):
    organisation = forms.ModelChoiceField(
        Organisation.objects.all(),
        label=gettext_lazy("Organisation"),
        help_text=gettext_lazy(
            "For a theater these are its ticketing credentials: the counts that it enters are reported to DIP with"
            " them, and nothing is fetched."
        ),
    )
    secret = forms.CharField(
        label=gettext_lazy("Secret"),
        required=False,
        # Never filled in again, not even after an error elsewhere in the form.
        widget=forms.PasswordInput(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=gettext_lazy("It is stored encrypted and never shown. Leave it empty to keep the stored one."),
    )

    class Meta:
        model = Connection
        fields = ("organisation", "client_id")

    def clean(self) -> dict[str, Any]:
        values = super().clean() or {}
        if not self.instance.pk and not values.get("secret"):
            self.add_error("secret", _("Fill in the secret that belongs to this client id."))
        if self.instance.pk and "client_id" in self.changed_data and not values.get("secret"):
            self.add_error("secret", _("Fill in the secret that belongs to this client id."))
        return values


SHOWN = ("active", "trouble", "open_until", "failures", "tested_at", "test_ok", "test_text", "last_good_pull_at")


@admin.register(Connection)
class ConnectionAdmin(admin.ModelAdmin[Connection]):
    form = ConnectionForm
    fields = ("organisation", "purpose", "client_id", "secret", *SHOWN)
    readonly_fields = ("purpose", *SHOWN)
    list_display = ("organisation", "purpose", "client_id", "active", "test_ok", "last_good_pull_at", "open_until")
    list_filter = ("active", "test_ok", "organisation__kind")
    search_fields = ("organisation__name", "client_id")
    list_select_related = ("organisation",)
    actions = ("test", "remove")

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> Any:
        return self.readonly_fields if obj is None else ("organisation", *self.readonly_fields)

    def has_change_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        return (obj is None or obj.active) and super().has_change_permission(request, obj)

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        """Removing is an action: it forgets the secret and leaves the history."""
        return False

    @admin.display(description=gettext_lazy("kind"))
    def purpose(self, row: Connection) -> str:
        return str(row.label) if row.pk else "-"

    @method_decorator(sensitive_post_parameters("secret"))
    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """What was typed is left out of every report of an error."""
        return super().changeform_view(request, *args, **kwargs)

    def save_model(self, request: HttpRequest, obj: Connection, form: Any, change: bool) -> None:
        values = form.cleaned_data
        saved = connections.save_connection(
            obj.organisation if change else values["organisation"],
            client_id=values["client_id"],
            secret=values["secret"],
            actor=_actor(request),
        )
        obj.pk = saved.pk

    @admin.action(description=gettext_lazy("Test the selected connections"), permissions=["change"])
    def test(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset.filter(active=True):
            tested = connections.test_connection(connection, actor=_actor(request))
            level = messages.SUCCESS if tested.test_ok else messages.ERROR
            self.message_user(request, f"{tested}: {tested.test_text}", level)

    @admin.action(description=gettext_lazy("Remove the selected connections"), permissions=["change"])
    def remove(self, request: HttpRequest, queryset: QuerySet[Connection]) -> None:
        for connection in queryset.filter(active=True):
            connections.remove(connection, actor=_actor(request))


@admin.register(Operation)
class OperationAdmin(ReadOnly):
    list_display = ("pk", "kind", "key", "organisation", "state", "error_code", "attempts", "due_at", "created_at")
    list_filter = ("state", "kind", "error_code", "organisation")
    search_fields = ("key", "reference")
    list_select_related = ("organisation",)
    date_hierarchy = "created_at"
    actions = ("retry", "abandon")
    exclude = ("claim_token",)

    def has_settle_permission(self, request: HttpRequest) -> bool:
        """Nobody changes a row by hand; who may change operations may try them again or give them up."""
        return request.user.has_perm("dip.change_operation")

    @admin.action(description=gettext_lazy("Try the selected operations again"), permissions=["settle"])
    def retry(self, request: HttpRequest, queryset: QuerySet[Operation]) -> None:
        self._each(request, queryset, lambda row: outbox.retry(row, actor=_actor(request)))
        wake()

    @admin.action(description=gettext_lazy("Give the selected operations up"), permissions=["settle"])
    def abandon(self, request: HttpRequest, queryset: QuerySet[Operation]) -> None:
        self._each(request, queryset, lambda row: outbox.abandon(row, actor=_actor(request)))
        wake()

    def _each(self, request: HttpRequest, queryset: QuerySet[Operation], act: Any) -> None:
        for row in queryset:
            try:
                act(row)
            except PortalError as error:
                self.message_user(request, f"{row}: {error}", messages.WARNING)


@admin.register(RemoteRecord)
class RemoteRecordAdmin(ReadOnly):
    list_display = (
        "kind",
        "remote_id",
        "organisation",
        "status",
        "modified_at",
        "seen_at",
        "missing_since",
        "readable",
    )
    list_filter = ("kind", "organisation", ("fault", admin.EmptyFieldListFilter))
    search_fields = ("remote_id",)
    list_select_related = ("organisation",)

    def get_readonly_fields(self, request: HttpRequest, obj: RemoteRecord | None = None) -> tuple[str, ...]:
        """The whole record may hold names and addresses: it is shown of what was set aside, beside the reason."""
        return ("whole",) if obj is not None and obj.fault else ()

    @admin.display(description=gettext_lazy("The record as DIP sent it"))
    def whole(self, row: RemoteRecord) -> SafeString:
        text = json.dumps(row.raw, indent=2, ensure_ascii=False)
        return format_html("<pre>{}</pre>", text)

    @admin.display(boolean=True, description=gettext_lazy("readable"))
    def readable(self, row: RemoteRecord) -> bool:
        return not row.fault


@admin.register(Conflict)
class ConflictAdmin(ReadOnly):
    list_display = ("found_at", "kind", "key", "organisation", "state", "choice", "decided_by", "closed_at")
    list_filter = ("state", "kind", "organisation")
    search_fields = ("key",)
    list_select_related = ("organisation", "decided_by")
    # The whole record, and what differs in words, may hold names and e-mail addresses.
    exclude = ("theirs", "text")


@admin.register(SyncRun)
class SyncRunAdmin(ReadOnly):
    list_display = ("started_at", "kind", "organisation", "state", "finished_at", "counts")
    list_filter = ("state", "kind", "organisation")
    list_select_related = ("organisation",)
    date_hierarchy = "started_at"
