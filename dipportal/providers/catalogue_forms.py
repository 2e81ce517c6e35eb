"""The forms of productions and performances."""

import datetime as dt
from typing import Any

from django import forms
from django.forms import BaseFormSet, formset_factory
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue import queries as catalogue
from dipportal.catalogue import rules
from dipportal.catalogue.actions import MOST_ROWS, PRODUCTION_FIELDS
from dipportal.catalogue.enums import PerformanceKind
from dipportal.catalogue.models import Hall, Performance, Production, Theater
from dipportal.core.forms import DayField
from dipportal.organisations.models import Organisation

NOT_KNOWN = "unknown"


class RevivalField(forms.ModelChoiceField):
    def label_from_instance(self, obj: Production) -> str:
        return f"{obj.title} ({obj.season})" if obj.season else obj.title


class ProductionForm(forms.Form):
    """A production. The producers on offer are the organisation's own; for a revival, its own productions."""

    title = forms.CharField(label=_("Title"), max_length=300)
    producer: Any = forms.ModelChoiceField(label=_("Producer"), queryset=None, empty_label=None)
    season = forms.ChoiceField(label=_("Season"))
    genre: Any = forms.ModelChoiceField(label=_("Genre"), queryset=None, required=False, empty_label=_("not filled in"))
    revival_of = RevivalField(
        label=_("Revival of"),
        queryset=None,
        required=False,
        empty_label=_("no revival"),
        help_text=_("A revival may also be entered in an earlier season."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, organisation: Organisation, production: Production | None = None, **kwargs: Any
    ) -> None:
        if production is not None:
            kwargs["initial"] = {name: getattr(production, name) for name in (*PRODUCTION_FIELDS, "version")}
        super().__init__(*args, **kwargs)
        own = catalogue.productions_of(organisation).order_by("title", "-season")
        offers: dict[str, Any] = {
            "producer": catalogue.producers_of(organisation),
            "genre": catalogue.genres(kept=production.genre_id if production else None),
            "revival_of": own.exclude(pk=production.pk) if production else own,
        }
        for name, rows in offers.items():
            self.fields[name].queryset = rows  # type: ignore[attr-defined]
        self.fields["season"].choices = season_choices(production)  # type: ignore[attr-defined]
        if production is not None:
            self._keep_producer(production)

    def _keep_producer(self, production: Production) -> None:
        """The field says why the producer stays, and what is posted for it is ignored."""
        field = self.fields["producer"]
        field.disabled = True
        field.help_text = rules.WHY_PRODUCER_STAYS_IN_DIP if production.dip_id else rules.WHY_PRODUCER_STAYS

    def values(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PRODUCTION_FIELDS}


def season_choices(production: Production | None) -> list[Any]:
    """The running season and the next ones, then the earlier ones, for revivals."""
    coming = rules.seasons_to_choose()
    start = int(coming[0][:4])
    earlier = [f"{year}-{year + 1}" for year in range(start - 1, start - 16, -1)]
    if production is not None and production.season not in (*coming, *earlier):
        coming = [production.season, *coming]
    return [
        (_("Running and next"), [(season, season) for season in coming]),
        (_("Earlier, for revivals"), [(season, season) for season in earlier]),
    ]


class TheaterField(forms.CharField):
    """A theater as typed or chosen from the list of suggestions; `organisation` is set by the form."""

    organisation: Organisation | None = None
    default_error_messages = {
        "unknown": _("No theater in use is called “%(text)s”. Type a part of its name, its city or its number."),
        "several": _("“%(text)s” can mean %(found)s. Choose one from the list."),
    }

    def prepare_value(self, value: Any) -> Any:
        return catalogue.theater_label(value) if isinstance(value, Theater) else value

    def known(self, value: Any) -> Theater | None:
        """The theater when it is clear which one is meant."""
        if isinstance(value, Theater):
            return value
        found = catalogue.theaters_meant(self.organisation, str(value)) if value else []
        return found[0] if len(found) == 1 else None

    def clean(self, value: Any) -> Any:
        if isinstance(value, Theater):
            return value
        text = super().clean(value)
        found = catalogue.theaters_meant(self.organisation, text) if text else []
        if len(found) == 1:
            return found[0]
        code = "several" if found else "unknown"
        names = "; ".join(catalogue.theater_label(theater) for theater in found)
        raise forms.ValidationError(self.error_messages[code], code=code, params={"text": text, "found": names})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != (data or "")


class CapacityField(forms.CharField):
    """Seats per rank, as '400; 120'; cleaned to a list of numbers."""

    default_error_messages = {"invalid": _("“%(part)s” is not a number of seats. Type it like 400; 120.")}

    def prepare_value(self, value: Any) -> Any:
        return "; ".join(str(seats) for seats in value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        if isinstance(value, list):
            return value
        parts = [part.strip() for part in str(value or "").replace(",", ";").split(";") if part.strip()]
        for part in parts:
            if not part.isascii() or not part.isdecimal() or int(part) > rules.MOST_SEATS:
                raise forms.ValidationError(self.error_messages["invalid"], code="invalid", params={"part": part})
        return [int(part) for part in parts]

    def has_changed(self, initial: Any, data: Any) -> bool:
        return (self.prepare_value(initial) or "") != (data or "")


class PerformanceForm(forms.Form):
    """One performance. The theater is typed or chosen from the suggestions; then its halls are on offer."""

    day = DayField(label=_("Date"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    time = forms.TimeField(label=_("Time"), widget=forms.TimeInput(format="%H:%M", attrs={"type": "time"}))
    theater = TheaterField(
        label=_("Theater"),
        max_length=400,
        widget=forms.TextInput(attrs={"list": "theaters", "autocomplete": "off"}),
        help_text=_("Name, city or number."),
    )
    hall = forms.ChoiceField(
        label=_("Hall"),
        required=False,
        error_messages={"invalid_choice": _("This hall belongs to another theater, or is no longer in use.")},
    )
    kind = forms.ChoiceField(label=_("Type"), choices=PerformanceKind.choices, initial=PerformanceKind.NORMAL)
    capacity = CapacityField(label=_("Seats per rank"), required=False, help_text=_("Like 400; 120."))
    private = forms.BooleanField(label=_("Closed to the public"), required=False)
    in_festival = forms.BooleanField(label=_("Part of a festival"), required=False)
    other_location = forms.BooleanField(label=_("At another location"), required=False)
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, organisation: Organisation, halls_url: str = "", **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        theater = self.fields["theater"]
        theater.organisation = organisation  # type: ignore[attr-defined]
        self.halls = self._halls()
        self.fields["hall"].choices = self._hall_choices()  # type: ignore[attr-defined]
        if halls_url:
            target = f"#{self.add_prefix('hall')}-place"
            theater.widget.attrs |= {"hx-get": halls_url, "hx-trigger": "change", "hx-target": target}

    @classmethod
    def of(cls, performance: Performance, organisation: Organisation, data: Any = None) -> "PerformanceForm":
        """The form of a performance as it stands. Its theater stays: agreements hang on it there."""
        local = timezone.localtime(performance.starts_at)
        names = ("theater", "kind", "private", "in_festival", "other_location", "capacity", "version")
        initial = {name: getattr(performance, name) for name in names}
        initial |= {"day": local.date(), "time": local.time(), "hall": performance.hall_id or NOT_KNOWN}
        form = cls(data, organisation=organisation, initial=initial)
        form.fields["theater"].disabled = True
        form.fields["theater"].help_text = _(
            "A performance stays in its theater. For another one: cancel this one and enter a new one."
        )
        return form

    def _halls(self) -> list[Hall]:
        """The halls of the theater that stands in the row; none as long as it is not known which one."""
        typed: Any = self.initial.get("theater")
        if self.is_bound and self.add_prefix("theater") in self.data:
            typed = self.data[self.add_prefix("theater")]
        theater = self.fields["theater"].known(typed)  # type: ignore[attr-defined]
        kept = self.initial.get("hall")
        return list(catalogue.halls_of(theater, kept=kept if isinstance(kept, int) else None)) if theater else []

    def _hall_choices(self) -> list[tuple[str, Any]]:
        if not self.halls:
            return [("", _("choose the theater first"))]
        choices = [(str(hall.pk), hall.name) for hall in self.halls]
        return [("", _("choose")), *choices, (NOT_KNOWN, _("not known yet"))]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        chosen = cleaned.get("hall", "")
        by_key: dict[str, Hall | None] = {str(hall.pk): hall for hall in self.halls}
        if chosen == "" and len(self.halls) > 1 and "theater" in cleaned and "hall" not in self.errors:
            self.add_error("hall", _("Choose the hall, or say that it is not known yet."))
        only = self.halls[0] if len(self.halls) == 1 and chosen == "" else None
        cleaned["hall"] = by_key.get(chosen, only)
        return cleaned

    def values(self) -> dict[str, Any]:
        """The cleaned row, ready for an action."""
        names = ("theater", "hall", "kind", "private", "in_festival", "other_location", "capacity")
        when = dt.datetime.combine(self.cleaned_data["day"], self.cleaned_data["time"])
        return {"starts_at": timezone.make_aware(when), **{name: self.cleaned_data[name] for name in names}}


PerformanceRows: type[BaseFormSet[PerformanceForm]] = formset_factory(
    PerformanceForm, extra=5, max_num=MOST_ROWS, absolute_max=MOST_ROWS, validate_max=True
)

# The fields of a form beside the fields of an action that they stand for.
FIELD_OF = {"starts_at": "day"}
