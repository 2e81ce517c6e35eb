"""Form fields and the renderer of the portal: one template a component, amounts and percentages as typed."""

import datetime as dt
import re
from decimal import Decimal
from typing import Any

from django import forms
from django.forms.renderers import TemplatesSetting
from django.utils.translation import gettext_lazy as _

from dipportal.core.money import NBSP, format_cents, format_percent, parse_cents, parse_percent


class PortalRenderer(TemplatesSetting):
    form_template_name = "components/form.html"
    field_template_name = "components/field.html"


class DayField(forms.DateField):
    """A date in a year that somebody can mean. Further out, the day after it or its moment in UTC may not exist."""

    first_year, last_year = 1900, 2200
    default_error_messages = {"year": _("Fill in a date between the years %(first)d and %(last)d.")}

    def validate(self, value: dt.date | None) -> None:
        super().validate(value)
        if value is not None and not self.first_year <= value.year <= self.last_year:
            years = {"first": self.first_year, "last": self.last_year}
            raise forms.ValidationError(self.error_messages["year"], code="year", params=years)


class CentsField(forms.Field):
    """An amount, typed as people type it; `cleaned_data` holds integer cents or None."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("This is not an amount. Type it like 6500 or 6.500,00."),
        "negative": _("An amount cannot be negative."),
        "too_much": _("This amount is too large."),
    }
    most = 10_000_000_000

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return format_cents(value, symbol=False) if isinstance(value, int) else value

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        if isinstance(value, int):
            return value
        try:
            cents = parse_cents(str(value))
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
        if cents < 0:
            raise forms.ValidationError(self.error_messages["negative"], code="negative")
        if cents > self.most:
            raise forms.ValidationError(self.error_messages["too_much"], code="too_much")
        return cents

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except forms.ValidationError:
            return True


class WholeField(forms.Field):
    """A number of things, typed as people type it (1300 or 1.300); `cleaned_data` holds an int or None."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("This is not a whole number. Type it like 310."),
        "too_much": _("This number is too large."),
    }
    shape = re.compile(r"\d{1,3}([. ]\d{3})+|\d+", re.ASCII)

    def __init__(self, *, most: int = 1_000_000, **kwargs: Any) -> None:
        self.most = most
        super().__init__(**kwargs)

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "numeric", "autocomplete": "off"}

    def to_python(self, value: Any) -> int | None:
        if value in self.empty_values:
            return None
        text = str(value).replace(NBSP, " ").strip()
        if not self.shape.fullmatch(text):
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid")
        digits = text.replace(".", "").replace(" ", "")
        if len(digits) > len(str(self.most)) or int(digits) > self.most:
            raise forms.ValidationError(self.error_messages["too_much"], code="too_much")
        return int(digits)

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except forms.ValidationError:
            return True


class PercentField(forms.Field):
    """A percentage between 0 and 100 with at most four decimals; `cleaned_data` holds a Decimal or None."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("This is not a percentage. Type it like 12 or 12,5."),
        "range": _("A percentage lies between 0 and 100."),
    }

    def widget_attrs(self, widget: forms.Widget) -> dict[str, Any]:
        return {"inputmode": "decimal", "autocomplete": "off"}

    def prepare_value(self, value: Any) -> Any:
        return format_percent(value) if isinstance(value, Decimal | float) else value

    def to_python(self, value: Any) -> Decimal | None:
        if value in self.empty_values:
            return None
        try:
            number = value if isinstance(value, Decimal) else parse_percent(str(value))
        except ValueError:
            raise forms.ValidationError(self.error_messages["invalid"], code="invalid") from None
        if not 0 <= number <= 100:
            raise forms.ValidationError(self.error_messages["range"], code="range")
        return number


class CentsListField(forms.Field):
    """Amounts for the ranks of a hall, separated by semicolons or new lines; cleaned to a list of cents."""

    widget = forms.TextInput
    default_error_messages = {
        "invalid": _("“%(part)s” is not an amount. Separate the ranks with a semicolon: 27,50; 23,50."),
        "too_many": _("A hall has at most %(most)s ranks."),
    }
    most = 10

    def prepare_value(self, value: Any) -> Any:
        if isinstance(value, list):
            return "; ".join(format_cents(cents, symbol=False) for cents in value)
        return value

    def to_python(self, value: Any) -> list[int]:
        if isinstance(value, list):
            return value
        parts = [part.strip() for part in str(value or "").replace("\n", ";").split(";") if part.strip()]
        if len(parts) > self.most:
            raise forms.ValidationError(self.error_messages["too_many"], code="too_many", params={"most": self.most})
        amounts = []
        for part in parts:
            try:
                cents = parse_cents(part)
            except ValueError:
                cents = -1
            if cents < 0:
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid", params={"part": part})
            amounts.append(cents)
        return amounts

    def has_changed(self, initial: Any, data: Any) -> bool:
        try:
            return bool(self.to_python(initial) != self.to_python(data))
        except forms.ValidationError:
            return True
