"""The forms of the organisation pages. The fields named here are all that a manager can write."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.enums import Language, Role
from dipportal.organisations.memberships import ORGANISATION_FIELDS
from dipportal.organisations.models import Organisation


class OrganisationForm(forms.ModelForm[Organisation]):
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    class Meta:
        model = Organisation
        fields = ORGANISATION_FIELDS
        help_texts = {
            "contact_name": _("The other side sees this beside your agreements: whom to call."),
            "contact_email": _("Answers of the other side can go here."),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.initial["version"] = self.instance.version

    def values(self) -> dict[str, str]:
        return {name: self.cleaned_data[name] for name in ORGANISATION_FIELDS}

    def meet(self, now: Organisation) -> list[dict[str, Any]]:
        """What stands there now beside what was typed. The form then carries the version that is shown."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data[self.add_prefix("version")] = str(now.version)
        self.data = data
        return [
            {"label": self.fields[name].label, "there": getattr(now, name), "typed": typed}
            for name, typed in self.values().items()
            if getattr(now, name) != typed
        ]


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class InvitationForm(RoleForm):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    language = forms.ChoiceField(label=_("Language of the mail"), choices=Language.choices)
    field_order = ("email", "role", "language")
