"""The forms of standing agreements."""

import datetime as dt
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.contracts.models_standing import StandingAgreement
from dipportal.contracts.standing import theaters_to_choose
from dipportal.core.dates import day
from dipportal.core.forms import DayField

DATE = {"type": "date"}


class StandingForm(forms.Form):
    """The days and the file of one that exists. `version` is the number that the person read."""

    title = forms.CharField(label=_("Title"), max_length=200)
    valid_from = DayField(label=_("From"), widget=forms.DateInput(DATE, format="%Y-%m-%d"))
    valid_until = DayField(
        label=_("Until and including"),
        required=False,
        widget=forms.DateInput(DATE, format="%Y-%m-%d"),
        help_text=_("Leave empty when it has no end."),
    )
    file = forms.FileField(
        label=_("PDF"),
        required=False,
        widget=forms.FileInput({"accept": "application/pdf,.pdf"}),
        help_text=_("At most 10 MB. Both sides can read it."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def terms(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("title", "valid_from", "valid_until")}

    def meet(self, now: StandingAgreement) -> list[dict[str, Any]]:
        """What stands there now beside what was typed. The form then carries the version that is shown."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["version"] = str(now.version)
        self.data = data
        return [
            {"label": self.fields[name].label, "there": _text(getattr(now, name)), "typed": _text(typed)}
            for name, typed in self.terms().items()
            if getattr(now, name) != typed
        ]


class NewStandingForm(StandingForm):
    theater = forms.ModelChoiceField(
        label=_("Theater"),
        queryset=theaters_to_choose().none(),
        help_text=_("It counts for all theaters of the same organisation."),
    )
    field_order = ("theater", "title", "valid_from", "valid_until", "file")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["theater"].queryset = theaters_to_choose()  # type: ignore[attr-defined]


class EndForm(forms.Form):
    last_day = DayField(
        label=_("Last day"), widget=forms.DateInput(DATE, format="%Y-%m-%d"), initial=timezone.localdate
    )
    version = forms.IntegerField(widget=forms.HiddenInput)


def _text(value: str | dt.date | None) -> str:
    return day(value) if isinstance(value, dt.date) else value or ""
