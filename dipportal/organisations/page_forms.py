"""The forms of the organisation pages. The fields named here are all that a manager can write."""

from django import forms
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.enums import Language, Role
from dipportal.organisations.memberships import ORGANISATION_FIELDS
from dipportal.organisations.models import Organisation


class OrganisationForm(forms.ModelForm[Organisation]):
    class Meta:
        model = Organisation
        fields = ORGANISATION_FIELDS
        help_texts = {
            "contact_name": _("The other side sees this beside your agreements: whom to call."),
            "contact_email": _("Answers of the other side can go here."),
        }


class RoleForm(forms.Form):
    role = forms.ChoiceField(label=_("Role"), choices=Role.choices)


class InvitationForm(RoleForm):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    language = forms.ChoiceField(label=_("Language of the mail"), choices=Language.choices)
    field_order = ("email", "role", "language")
