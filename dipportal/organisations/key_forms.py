"""The forms in which a person names a passkey; allauth's own carry no label that can be translated."""

from allauth.mfa.webauthn import forms as theirs
from django import forms
from django.utils.translation import gettext_lazy as _


class AddKeyForm(theirs.AddWebAuthnForm):
    name = forms.CharField(label=_("Name"), required=False)


class EditKeyForm(theirs.EditWebAuthnForm):
    name = forms.CharField(label=_("Name"))
