from django import forms
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.models import User


class PreferencesForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("name", "language", "mail_proposals", "mail_answers")
        help_texts = {
            "language": _("Of the pages and of your mail."),
            "mail_proposals": _("New proposals to your organisation, and proposals that were withdrawn."),
            "mail_answers": _("Answers to proposals of your organisation. Answers to your own proposals always come."),
        }
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}
