"""Organisations and people, for the administrators of the portal. Writes go through the rooms' own actions."""

from typing import Any

from django import forms
from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from dipportal.core.errors import Invalid, PortalError, StaleState
from dipportal.organisations import invitations, memberships
from dipportal.organisations.actors import staff
from dipportal.organisations.enums import Role
from dipportal.organisations.memberships import LAST_MANAGER
from dipportal.organisations.models import Invitation, Membership, Organisation, User
from dipportal.organisations.rules import is_last_manager

NOBODY_ELSE = _("Nobody else can manage %(organisations)s. Make somebody else a manager there first.")


class ReadOnlyInline(admin.TabularInline[Any, Any]):
    extra = 0
    can_delete = False
    show_change_link = True

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False


class MembershipsOfUser(ReadOnlyInline):
    model = Membership
    fields = ("organisation", "role", "since")
    readonly_fields = fields


class MembershipsOfOrganisation(ReadOnlyInline):
    model = Membership
    fields = ("user", "role", "since")
    readonly_fields = fields


class InvitationsOfOrganisation(ReadOnlyInline):
    model = Invitation
    fields = ("email", "role", "expires_at", "accepted_at", "withdrawn_at")
    readonly_fields = fields


class UserAdminForm(forms.ModelForm[User]):
    def clean_is_active(self) -> bool:
        """Runs in the transaction of the admin's view: of two managers made inactive at once, one stays."""
        active: bool = self.cleaned_data["is_active"]
        if not active and self.instance.is_active:
            alone = memberships.managed_by_nobody_else(self.instance)
            if alone:
                names = ", ".join(str(organisation) for organisation in alone)
                raise forms.ValidationError(NOBODY_ELSE, params={"organisations": names})
        return active


@admin.register(User)
class UserAdmin(admin.ModelAdmin[User]):
    """Accounts begin with an invitation, and end by making them inactive. Passwords are not shown, nor set, here."""

    form = UserAdminForm
    list_display = ("email", "name", "is_active", "is_staff", "last_login")
    list_filter = ("is_active", "is_staff")
    search_fields = ("email", "name")
    fields = ("email", "name", "language", "is_active", "is_staff", "is_superuser", "last_login", "date_joined")
    readonly_fields = ("email", "last_login", "date_joined")
    inlines = (MembershipsOfUser,)

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: User | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: User | None = None) -> tuple[str, ...]:
        """Only a superuser makes administrators."""
        more = () if request.user.is_superuser else ("is_staff", "is_superuser")
        return (*self.readonly_fields, *more)


class OrganisationAdminForm(forms.ModelForm[Organisation]):
    seen_version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["seen_version"] = self.instance.version

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.instance.pk is not None and cleaned.get("seen_version") != self.instance.version:
            raise forms.ValidationError(StaleState.sentence)
        return cleaned


@admin.register(Organisation)
class OrganisationAdmin(admin.ModelAdmin[Organisation]):
    form = OrganisationAdminForm
    list_display = ("name", "kind", "slug", "contact_email")
    list_filter = ("kind",)
    search_fields = ("name", "slug")
    prepopulated_fields = {"slug": ("name",)}
    fields = ("name", "slug", "kind", "contact_name", "contact_email", "contact_phone", "linked", "seen_version")
    inlines = (MembershipsOfOrganisation, InvitationsOfOrganisation)

    def has_delete_permission(self, request: HttpRequest, obj: Organisation | None = None) -> bool:
        return False

    def get_readonly_fields(self, request: HttpRequest, obj: Organisation | None = None) -> tuple[str, ...]:
        """The side and the address stay: agreements hang on the one, links in mails on the other."""
        return ("linked", "kind", "slug") if obj else ("linked",)

    def save_model(self, request: HttpRequest, obj: Organisation, form: Any, change: bool) -> None:
        actor = staff(_user(request))
        if change:
            values = {name: form.cleaned_data[name] for name in memberships.ORGANISATION_FIELDS}
            seen = form.cleaned_data["seen_version"]
            _attempt(request, lambda: memberships.update_organisation(obj, values, seen_version=seen, actor=actor))
        else:
            memberships.create_organisation(obj, actor=actor)

    def get_prepopulated_fields(self, request: HttpRequest, obj: Organisation | None = None) -> dict[str, Any]:
        return {} if obj else {"slug": ("name",)}

    @admin.display(description=_("theaters or producers"))
    def linked(self, organisation: Organisation) -> str:
        """The way to the records of the catalogue that belong to this organisation; they are linked there."""
        if organisation.pk is None:
            return "–"
        name, field = ("theater", "receiver") if organisation.is_receiver else ("producer", "providers")
        try:
            url = reverse(f"admin:catalogue_{name}_changelist")
        except NoReverseMatch:
            return "–"
        label = _("Theaters") if organisation.is_receiver else _("Producers")
        return format_html('<a href="{}?{}__id__exact={}">{}</a>', url, field, organisation.pk, label)


class MembershipAdminForm(forms.ModelForm[Membership]):
    def clean_role(self) -> str:
        role: str = self.cleaned_data["role"]
        if role != Role.MANAGER and is_last_manager(Membership.objects.get(pk=self.instance.pk)):
            raise forms.ValidationError(LAST_MANAGER)
        return role


@admin.register(Membership)
class MembershipAdmin(admin.ModelAdmin[Membership]):
    """Members come in by invitation. The last manager cannot be removed."""

    form = MembershipAdminForm
    list_display = ("user", "organisation", "role", "since")
    list_filter = ("role", "organisation")
    search_fields = ("user__email", "organisation__name")
    list_select_related = ("user", "organisation")
    fields = ("user", "organisation", "role", "since")
    readonly_fields = ("user", "organisation", "since")
    actions = None

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Membership | None = None) -> bool:
        last = obj is not None and is_last_manager(obj)
        return super().has_delete_permission(request, obj) and not last

    def save_model(self, request: HttpRequest, obj: Membership, form: Any, change: bool) -> None:
        _attempt(request, lambda: memberships.change_role(obj, obj.role, actor=staff(_user(request))))

    def delete_model(self, request: HttpRequest, obj: Membership) -> None:
        _attempt(request, lambda: memberships.remove(obj, actor=staff(_user(request))))


class InvitationAdminForm(forms.ModelForm[Invitation]):
    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if {"organisation", "email", "role", "language"} <= set(cleaned):
            given = {name: cleaned[name] for name in ("organisation", "email", "role", "language")}
            try:
                invitations.refuse_unfit(**given)
            except Invalid as refusal:
                for field, sentence in refusal.fields.items():
                    self.add_error(field, str(sentence))
        return cleaned


@admin.register(Invitation)
class InvitationAdmin(admin.ModelAdmin[Invitation]):
    """The first manager of an organisation is invited here."""

    form = InvitationAdminForm
    list_display = ("email", "organisation", "role", "created_at", "expires_at", "accepted_at", "withdrawn_at")
    list_filter = ("organisation",)
    list_select_related = ("organisation",)
    search_fields = ("email", "organisation__name")
    fields = ("organisation", "email", "role", "language")
    actions = ("send_again", "withdraw")

    def has_change_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Invitation | None = None) -> bool:
        return False

    def save_model(self, request: HttpRequest, obj: Invitation, form: Any, change: bool) -> None:
        made = invitations.invite(obj.organisation, obj.email, obj.role, obj.language, actor=staff(_user(request)))
        obj.pk = made.pk

    @admin.action(description=_("Send again, with a new link"), permissions=["add"])
    def send_again(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        for invitation in rows:
            _attempt(request, lambda chosen=invitation: invitations.resend(chosen, actor=staff(_user(request))))

    @admin.action(description=_("Withdraw"), permissions=["add"])
    def withdraw(self, request: HttpRequest, rows: QuerySet[Invitation]) -> None:
        for invitation in rows:
            _attempt(
                request,
                lambda chosen=invitation: invitations.withdraw_invitation(chosen, actor=staff(_user(request))),
            )


def _user(request: HttpRequest) -> User:
    user: User = request.user  # type: ignore[assignment]
    return user


def _attempt(request: HttpRequest, act: Any) -> None:
    """A refusal is shown as a message; nothing was changed then."""
    try:
        act()
    except PortalError as refusal:
        messages.error(request, str(refusal))
