"""The form with which a manager makes a key for a ticketing system."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy

from dipportal.catalogue.models import Theater
from dipportal.ticketing.models_keys import MOST_NAME


class KeyForm(forms.Form):
    """`theaters`: those that the house runs. Of one alone nothing is asked."""

    theater = forms.TypedChoiceField(label=gettext_lazy("Theater"), coerce=int)
    name = forms.CharField(
        label=gettext_lazy("Name of the key"),
        max_length=MOST_NAME,
        help_text=gettext_lazy("What the ticketing system is called. It stands beside each count that it tells."),
    )

    def __init__(self, *args: Any, theaters: Sequence[Theater], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.theaters = {one.pk: one for one in theaters}
        if len(self.theaters) > 1:
            chosen = self.fields["theater"]
            chosen.choices = [(one.pk, str(one)) for one in theaters]  # type: ignore[attr-defined]
        else:
            del self.fields["theater"]

    def chosen(self) -> Theater:
        key = self.cleaned_data.get("theater")
        return self.theaters[key] if key is not None else next(iter(self.theaters.values()))
