from django import forms
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from dipportal.organisations.models import User


class SignupForm(forms.Form):
    """What someone who was invited tells on top of a password."""

    name = forms.CharField(label=_("Your name"), max_length=120, widget=forms.TextInput(attrs={"autocomplete": "name"}))

    def signup(self, request: HttpRequest, user: User) -> None:
        user.name = self.cleaned_data["name"]
        user.save(update_fields=["name"])
