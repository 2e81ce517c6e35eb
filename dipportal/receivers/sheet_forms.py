"""The forms of the spreadsheet of ticket counts: which performances are in it, and the file that comes back."""

import datetime as dt
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.catalogue.models import Theater
from dipportal.core import spreadsheets
from dipportal.core.dates import midnight
from dipportal.core.errors import Invalid, PortalError
from dipportal.core.forms import DayField
from dipportal.ticketing import sheet_reading
from dipportal.ticketing.sheet_reading import SheetRow

AROUND = dt.timedelta(weeks=8)
DATE = {"type": "date"}
KINDS = [(spreadsheets.XLSX, gettext_lazy("Excel (XLSX)")), (spreadsheets.CSV, "CSV")]


class PeriodForm(forms.Form):
    """What is left empty is as it stood there at first."""

    since = DayField(label=gettext_lazy("From"), required=False, widget=forms.DateInput(DATE, format="%Y-%m-%d"))
    until = DayField(label=gettext_lazy("until"), required=False, widget=forms.DateInput(DATE, format="%Y-%m-%d"))
    theater = forms.ChoiceField(label=gettext_lazy("Theater"), required=False)
    silent = forms.BooleanField(label=gettext_lazy("Only performances without a count"), required=False)
    format = forms.ChoiceField(label=gettext_lazy("Kind of file"), choices=KINDS, required=False)

    def __init__(self, data: Any, *, theaters: list[Theater]) -> None:
        today = timezone.localdate()
        self.period = (today - AROUND, today + AROUND)
        first, last = self.period
        super().__init__(
            data, initial={"since": first, "until": last}, auto_id="sheet_%s", use_required_attribute=False
        )
        self.theaters = theaters
        if len(theaters) > 1:
            choices = [("", _("All")), *((str(one.pk), one.name) for one in theaters)]
            self.fields["theater"].choices = choices  # type: ignore[attr-defined]
        else:
            del self.fields["theater"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if self.errors:
            return cleaned
        cleaned["since"], cleaned["until"] = (
            cleaned["since"] or self.period[0],
            cleaned["until"] or self.period[1],
        )
        if cleaned["until"] < cleaned["since"]:
            self.add_error("until", _("The last day cannot lie before the first."))
        return cleaned

    @property
    def chosen_theaters(self) -> list[int]:
        chosen = self.cleaned_data.get("theater")
        return [one.pk for one in self.theaters if not chosen or str(one.pk) == chosen]

    @property
    def moments(self) -> tuple[dt.datetime, dt.datetime]:
        """The first moment of the first day, and the first one after the last."""
        return midnight(self.cleaned_data["since"]), midnight(self.cleaned_data["until"] + dt.timedelta(days=1))


class SheetForm(forms.Form):
    """A filled in sheet. `rows` is what stands in it, once the form is valid."""

    file = forms.FileField(
        label=gettext_lazy("Filled in sheet"),
        widget=forms.FileInput({"accept": ".xlsx,.csv"}),
        error_messages={"required": gettext_lazy("Choose the file.")},
        help_text=gettext_lazy("XLSX or CSV, at most 2 MB. First you see what it would change; nothing is saved yet."),
    )

    def __init__(self, data: Any = None, files: Any = None) -> None:
        super().__init__(data, files, auto_id="upload_%s")
        self.rows: list[SheetRow] = []

    def clean_file(self) -> UploadedFile[Any]:
        file: UploadedFile[Any] = self.cleaned_data["file"]
        try:
            # One byte more than may be is enough to refuse it.
            content = file.read(spreadsheets.MOST_BYTES + 1)
            self.rows = sheet_reading.read(spreadsheets.read(content, file.name or ""))
        except (PortalError, Invalid) as refused:
            raise forms.ValidationError(str(refused)) from refused
        return file
