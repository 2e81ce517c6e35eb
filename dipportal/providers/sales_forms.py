"""The forms of the weekly sales mail. The productions to choose from are always looked up in scope."""

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Production
from dipportal.notifications.models import SalesSubscription
from dipportal.notifications.subscriptions import Wish, wish_of
from dipportal.organisations.enums import Language
from dipportal.providers.stale import StaleRow, renew, shown, text
from dipportal.ticketing.enums import Weekday

ALL, CHOSEN = "all", "chosen"


class SalesForm(forms.Form):
    """What somebody gets and when. `version` is the number that the person read."""

    name = forms.CharField(
        label=_("Name"),
        required=False,
        max_length=120,
        help_text=_("For your own list: accountant, co-producer. It is not in the mail."),
    )
    language = forms.ChoiceField(label=_("Language of the mail"), choices=Language.choices)
    which = forms.ChoiceField(
        label=_("Which productions"),
        widget=forms.RadioSelect,
        choices=[(ALL, _("all that run in the week of the mail")), (CHOSEN, _("only those that are ticked here"))],
    )
    productions = forms.MultipleChoiceField(
        label=_("Productions"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        error_messages={"invalid_choice": _("Choose productions of this list only.")},
    )
    weekday = forms.TypedChoiceField(label=_("Day of the week"), choices=Weekday.choices, coerce=int)
    hour = forms.TypedChoiceField(label=_("Time"), choices=[(hour, f"{hour:02d}:00") for hour in range(24)], coerce=int)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, offered: Sequence[Production], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.titles = {str(one.pk): " · ".join(part for part in (one.title, one.season) if part) for one in offered}
        self.fields["productions"].choices = list(self.titles.items())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        if self.cleaned_data.get("which") == CHOSEN and self.cleaned_data.get("productions") == []:
            self.add_error("productions", _("Choose at least one production."))
        return self.cleaned_data

    def wish(self) -> Wish:
        values = self.cleaned_data
        chosen = [int(key) for key in values["productions"]] if values["which"] == CHOSEN else None
        return Wish(values["name"], values["language"], chosen, values["weekday"], values["hour"])

    @classmethod
    def of(cls, subscription: SalesSubscription, data: Any, offered: Sequence[Production]) -> "SalesForm":
        wish = wish_of(subscription)
        initial = {
            "name": wish.name,
            "language": wish.language,
            "which": ALL if wish.productions is None else CHOSEN,
            "productions": [str(key) for key in wish.productions or ()],
            "weekday": wish.weekday,
            "hour": wish.hour,
            "version": subscription.version,
        }
        return cls(data, initial=initial, offered=offered)

    def meet(self, now: "SalesForm", version: int) -> list[StaleRow]:
        """What stands there now beside what was typed. The form then carries the version that is shown."""
        rows = []
        for name in ("name", "language", "which", "productions", "weekday", "hour"):
            there, typed = now._said(name, now.initial[name]), self._said(name, self[name].value())
            if there != typed:
                rows.append(StaleRow(self.fields[name].label, there, typed))
        renew(self, version)
        return rows

    def _said(self, name: str, value: Any) -> str:
        if name == "productions":
            return "; ".join(self.titles.get(str(key), "") for key in value or ())
        return text(value) if name == "name" else shown(self, name, value)


class NewSalesForm(SalesForm):
    email = forms.EmailField(label=_("E-mail address"), max_length=254)
    insists = forms.BooleanField(
        label=_("Invite this address although its reader stopped the mail lately"),
        required=False,
        help_text=_("Only when you agreed it with them."),
    )
    field_order = ("email", "name", "language", "which", "productions", "weekday", "hour", "insists")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["which"].initial = ALL
        self.fields["weekday"].initial = Weekday.MONDAY
        self.fields["hour"].initial = 9


class InsistForm(forms.Form):
    insists = forms.BooleanField(
        label=_("Invite this address although its reader stopped the mail lately"),
        help_text=_("Only when you agreed it with them."),
    )
