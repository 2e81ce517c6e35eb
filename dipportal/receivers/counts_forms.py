"""The forms with which a theater tells how many tickets there are, and how it counts."""

import datetime as dt
from typing import Any

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from dipportal.core.forms import CentsField, WholeField
from dipportal.ticketing import definitions
from dipportal.ticketing.actions import Unlikely
from dipportal.ticketing.enums import TicketKind, Weekday
from dipportal.ticketing.models import Counting, TicketCount
from dipportal.ticketing.rules import MOST_TICKETS, Report, Standing


def _kind(kind: TicketKind) -> WholeField:
    return WholeField(label=kind.label, help_text=definitions.KINDS[kind], required=False, most=MOST_TICKETS)


class CountForm(forms.Form):
    """Running totals of one performance; what stays empty is none.

    `other` is with its complimentary tickets, as it is shown everywhere. `seen`: when the person's own count was
    changed last, as it was shown. `sure`: the doubts that the person has read.
    """

    seen = forms.CharField(widget=forms.HiddenInput, required=False, max_length=40)
    sure = forms.CharField(widget=forms.HiddenInput, required=False, max_length=100)
    normal = _kind(TicketKind.NORMAL)
    discount = _kind(TicketKind.DISCOUNT)
    free = _kind(TicketKind.FREE)
    other = _kind(TicketKind.OTHER)
    complimentary = WholeField(
        label=gettext_lazy("Of which complimentary"),
        help_text=gettext_lazy("Used by a few theaters only: part of 'other', and kept apart underneath."),
        required=False,
        most=MOST_TICKETS,
    )
    revenue_cents = CentsField(label=gettext_lazy("Revenue"), help_text=definitions.REVENUE, required=False)
    reservations = WholeField(
        label=gettext_lazy("Reservations"), help_text=definitions.RESERVATIONS, required=False, most=MOST_TICKETS
    )
    blocked_seats = WholeField(
        label=gettext_lazy("Blocked seats"), help_text=definitions.BLOCKED, required=False, most=MOST_TICKETS
    )

    numbers = ("normal", "discount", "free", "other", "complimentary", "reservations", "blocked_seats")

    @classmethod
    def of(cls, standing: Standing, data: Any = None) -> "CountForm":
        """With what was told last: totals grow, so what stands there is mostly nearly right."""
        mine = standing.entered
        seen = mine.changed_at.isoformat() if mine is not None else ""
        return cls(data, initial={**values_of(mine or standing.shown), "seen": seen, "sure": ""})

    def clean_seen(self) -> dt.datetime | None:
        text = self.cleaned_data["seen"]
        if not text:
            return None
        try:
            return dt.datetime.fromisoformat(text)
        except ValueError:
            raise forms.ValidationError(_("Open this page again: it was not filled in as a whole.")) from None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        names = (*self.numbers, "revenue_cents")
        if not self.errors and all(cleaned[name] is None for name in names):
            raise forms.ValidationError(_("Fill in how many tickets there are; 0 when there are none yet."))
        if (cleaned.get("complimentary") or 0) > (cleaned.get("other") or 0) and not self.errors:
            self.add_error("complimentary", _("These are part of 'other', so there cannot be more of them."))
        return cleaned

    def report(self) -> Report:
        found = {name: self.cleaned_data[name] or 0 for name in (*self.numbers, "revenue_cents")}
        found["other"] -= found["complimentary"]
        return Report(**found)

    @property
    def confirmed(self) -> tuple[str, ...]:
        return tuple(self.cleaned_data["sure"].split(","))

    def carry(self, *, seen: dt.datetime | None = None, doubts: Unlikely | None = None) -> None:
        """Let the form say what is shown beside it: who saves it again has read that."""
        data = self.data.copy()  # type: ignore[attr-defined]
        if seen is not None:
            data["seen"] = seen.isoformat()
        data["sure"] = ",".join(doubt.code for doubt in doubts.doubts) if doubts is not None else ""
        self.data = data

    def compared(self, now: TicketCount) -> list[dict[str, Any]]:
        """What stands there now beside what was typed, where they differ; as components/stale.html shows it."""
        there, typed = values_of(now), {name: self.cleaned_data[name] for name in (*self.numbers, "revenue_cents")}
        return [
            {"label": self.fields[name].label, "there": self._text(name, there[name]), "typed": self._text(name, value)}
            for name, value in typed.items()
            if (value or 0) != (there[name] or 0)
        ]

    def _text(self, name: str, value: int | None) -> str:
        return str(self.fields[name].prepare_value(value or 0))


def values_of(count: TicketCount | None) -> dict[str, int | None]:
    """The fields of the form as this count tells them; None for what it does not tell."""
    names = (*CountForm.numbers, "revenue_cents")
    if count is None:
        return dict.fromkeys(names)
    found: dict[str, int | None] = {name: getattr(count, name) for name in names}
    if count.other is not None:
        found["other"] = count.other + (count.complimentary or 0)
    return found


class CountingForm(forms.Form):
    """How one theater counts."""

    theater = forms.IntegerField(widget=forms.HiddenInput)
    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    by_hand = forms.BooleanField(
        label=gettext_lazy("We count by hand"),
        required=False,
        help_text=gettext_lazy(
            "No ticketing system of ours tells DIP how many tickets there are. What is entered here then never breaks"
            " a link."
        ),
    )
    reminded = forms.BooleanField(
        label=gettext_lazy("Weekly mail about missing counts"),
        required=False,
        help_text=gettext_lazy("Only when a count is missing. It goes to everyone who can enter counts."),
    )
    weekday = forms.TypedChoiceField(label=gettext_lazy("Day of the week"), choices=Weekday.choices, coerce=int)
    hour = forms.TypedChoiceField(
        label=gettext_lazy("Time"), choices=[(hour, f"{hour:02d}:00") for hour in range(24)], coerce=int
    )

    @classmethod
    def of(cls, counting: Counting, data: Any = None) -> "CountingForm":
        names = ("by_hand", "reminded", "weekday", "hour", "version")
        initial = {name: getattr(counting, name) for name in names} | {"theater": counting.theater_id}
        return cls(data, initial=initial, prefix=f"t{counting.theater_id}")

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in ("by_hand", "reminded", "weekday", "hour")}
