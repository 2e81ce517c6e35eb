from django import forms
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.models import User


class PreferencesForm(forms.ModelForm[User]):
    class Meta:
        model = User
        fields = ("name", "language", "mail_proposals", "mail_answers", "mail_counts")
        help_texts = {
            "language": _("Of the pages and of your mail."),
            "mail_proposals": _(
                "Proposals to your organisation: new ones, their last day to answer, and what was withdrawn."
            ),
            "mail_answers": _(
                "Answers to proposals of your organisation, also adapted proposals. Answers to your own always come."
            ),
            "mail_counts": _(
                "Once a week, of a theater that you work for: the performances of which no ticket count is registered."
            ),
        }
        widgets = {"name": forms.TextInput(attrs={"autocomplete": "name"})}
