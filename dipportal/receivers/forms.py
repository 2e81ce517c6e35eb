"""The receiver's answer. The fields named here are all that a receiver can write."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dipportal.contracts.display import text_of
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, rejectable


class Answer(forms.Form):
    """`version` is the one the person read; an answer to another one is refused."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class ApproveForm(Answer):
    note = forms.CharField(
        label=_("Note to the provider"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Goes along with your approval, and changes nothing in the terms."),
    )


class RejectForm(Answer):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why: the provider works on from your reason.")},
        help_text=_("The provider reads this and works on from it."),
    )
    rejected_terms = forms.MultipleChoiceField(
        label=_("What you do not agree with"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick nothing to reject the proposal in whole."),
    )

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        choices = [(name, _choice(contract, name, str(label))) for name, label in rejectable(contract.type).items()]
        self.fields["rejected_terms"].choices = choices  # type: ignore[attr-defined]


def _choice(contract: Contract, name: str, label: str) -> str:
    """The label with the value it is about; remarks are too long for that."""
    text = text_of(BY_NAME[name], BY_NAME[name].value(contract)) if name in BY_NAME and name != "remarks" else ""
    return f"{label}: {text}" if text else label
