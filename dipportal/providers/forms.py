"""The forms of this area. What a field may choose from is always looked up in scope."""

import datetime as dt
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.html import format_html
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance
from dipportal.contracts import queries as contracts
from dipportal.contracts import rules
from dipportal.contracts.actions import PARTY_FIELDS
from dipportal.contracts.display import remark_on, text_of
from dipportal.contracts.enums import OUTSIDE, ContractType, Status
from dipportal.contracts.forms import TermsForm
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, Unit, rejectable, rejection_label
from dipportal.core.dates import moment
from dipportal.core.forms import DayField
from dipportal.organisations.models import Organisation


class DayInput(forms.DateInput):
    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class PerformancesField(forms.ModelMultipleChoiceField):
    queryset: Any
    widget = forms.CheckboxSelectMultiple

    def label_from_instance(self, obj: Performance) -> str:
        parts = [moment(obj.starts_at), obj.hall.name if obj.hall else "", obj.get_kind_display()]
        return " · ".join(str(part) for part in parts if part)

    def clean(self, value: Any) -> Any:
        """Only keys that were offered reach the database: a number of thirty digits would not fit in a query."""
        offered = {str(key) for key in self.queryset.values_list("pk", flat=True)}
        if any(str(key) not in offered for key in value or ()):
            raise forms.ValidationError(self.error_messages["invalid_choice"], code="invalid_choice")
        return super().clean(value)


class ContractForm(TermsForm):
    """A concept: the performances it covers, the contacts, and the terms of its type."""

    performances = PerformancesField(
        label=_("Performances"),
        queryset=None,
        error_messages={
            "required": _("Choose at least one performance."),
            "invalid_choice": _("Choose performances of this production in this theater only."),
        },
    )
    contact_receiver = forms.EmailField(
        label=_("E-mail of the contact at the theater"), required=False, help_text=_("The proposal is sent there.")
    )
    contact_provider = forms.EmailField(
        label=_("E-mail of your contact"), required=False, help_text=_("Whom the theater can ask.")
    )
    own_reference = forms.CharField(
        label=_("Your own reference"),
        required=False,
        max_length=120,
        help_text=_("From your own system, if you have one."),
    )
    agency_as_provider = forms.BooleanField(
        label=_("The agency is the contracting party"),
        required=False,
        help_text=_("Off: the agreement is between the producer and the theater."),
    )
    version = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["performances"].queryset = self.offered = offered  # type: ignore[attr-defined]

    @classmethod
    def of(cls, contract: Contract, organisation: Organisation, data: Any = None) -> "ContractForm":
        """The form of a concept as it stands."""
        initial = {name: getattr(contract, name) for name in PARTY_FIELDS}
        initial |= {"version": contract.version, "performances": contract.performances.all()}
        return cls(
            data,
            kind=contract.type,
            values=contract.term_values(),
            initial=initial,
            offered=contracts.performances_for(organisation, contract.production, contract.theater),
        )

    def mark(self, hints: "list[Hint]") -> None:
        """Say beside each field what the theater said about it."""
        for hint in hints:
            if hint.name in self.fields:
                said = str(_("taken over from the theater") if hint.taken else _("rejected by the theater"))
                if hint.suggestion and not hint.taken:
                    said = str(_("rejected by the theater, which suggests %(value)s") % {"value": hint.suggestion})
                field = self.fields[hint.name]
                field.help_text = format_html("<strong>{}</strong> {}", said, field.help_text)

    def parties(self) -> dict[str, Any]:
        return {name: self.cleaned_data[name] for name in PARTY_FIELDS}

    @property
    def party_fields(self) -> list[forms.BoundField]:
        return [self[name] for name in ("contact_receiver", "contact_provider", "own_reference", "agency_as_provider")]


def type_choices() -> list[tuple[str, str]]:
    """Each type with its line of explanation, in the language of the request."""
    return [(kind.value, f"{kind.label}: {kind.explanation}") for kind in ContractType]


class TypeForm(forms.Form):
    """The first half of a new agreement: which evenings, and in which form."""

    performances = PerformancesField(
        label=_("Performances"),
        queryset=None,
        error_messages={
            "required": _("Choose at least one performance."),
            "invalid_choice": _("Choose performances of this production in this theater only."),
        },
    )
    type = forms.ChoiceField(
        label=_("Type"),
        widget=forms.RadioSelect,
        choices=type_choices,
        error_messages={"required": _("Choose a type.")},
    )

    def __init__(self, *args: Any, offered: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["performances"].queryset = offered  # type: ignore[attr-defined]


class SeenForm(forms.Form):
    """`version` is the one the person read; acting on another one is refused."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


class ProposeForm(SeenForm):
    answer_by = DayField(label=_("Answer by"), required=False, widget=DayInput())

    def __init__(self, data: Any = None, *, contract: Contract) -> None:
        days, today = contract.provider.answer_days, timezone.localdate()
        usual = today + dt.timedelta(days=days) if days else None
        chosen = contract.answer_by if contract.answer_by and contract.answer_by >= today else usual
        super().__init__(data, initial={"version": contract.version, "answer_by": chosen})
        text = _("The last day on which the theater can approve. Empty: the %(days)d days of your organisation.")
        nothing = _("The last day on which the theater can approve. Empty: no last day.")
        self.fields["answer_by"].help_text = text % {"days": days} if days else nothing


class LastDayForm(SeenForm):
    answer_by = DayField(
        label=_("Answer by"),
        required=False,
        widget=DayInput(),
        help_text=_("The last day on which the theater can approve. Empty: no last day."),
    )


class AdoptForm(SeenForm):
    note = forms.CharField(
        label=_("Note to the theater"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Goes along with your answer, and changes nothing in the terms."),
    )


class DeclineForm(SeenForm):
    reason = forms.CharField(
        label=_("Reason"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why: the theater works on from your reason.")},
        help_text=_("The theater reads this and works on from it."),
    )


class RecordForm(SeenForm):
    """An answer that was given outside the portal."""

    answer = forms.ChoiceField(
        label=_("The theater"),
        widget=forms.RadioSelect,
        choices=(("approved", _("approves the proposal")), ("rejected", _("rejects the proposal"))),
        error_messages={"required": _("Choose what the theater answered.")},
    )
    source = forms.ChoiceField(
        label=_("How the answer came"),
        choices=[(source.value, source.label) for source in OUTSIDE],
        help_text=_("This stays visible with the agreement, for both sides."),
    )
    text = forms.CharField(
        label=_("Note, or the reason of a rejection"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Who said it, and what. A rejection needs a reason."),
    )
    rejected = forms.MultipleChoiceField(
        label=_("What the theater does not agree with"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Only for a rejection. Tick nothing when it rejects the proposal in whole."),
    )

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["rejected"].choices = list(rejectable(contract.type).items())  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("answer") == "approved" and cleaned.get("rejected"):
            self.add_error("rejected", _("An approval rejects nothing. Tick nothing, or choose the rejection."))
        return cleaned


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why (only your own side reads this)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )


class GiveUpForm(ReasonForm, SeenForm):
    """Why, and which version the person read."""


@dataclass(frozen=True)
class Hint:
    """What the receiver said about one field of the version before. `taken`: the concept says what it suggested."""

    name: str
    anchor: str
    label: str | Promise
    suggestion: str
    remark: str
    taken: bool


def hints_for(concept: Contract) -> list[Hint]:
    """For the form of a version that follows a rejection: field by field what was rejected and suggested."""
    before = concept.parent
    if before is None or before.status != Status.REJECTED:
        return []
    suggested, found = rules.suggested_values(before), []
    for name in before.rejected_terms:
        term = BY_NAME.get(name)
        value = suggested.get(name)
        text = text_of(term, value) if term else ""
        taken = term is not None and value is not None and term.same(term.value(concept), value)
        anchor = f"id_{name}" if term else "id_performances"
        if term is not None and term.unit is Unit.TRANCHES:
            anchor += "-0-amount"
        found.append(Hint(name, anchor, rejection_label(name), text, remark_on(before, name), taken))
    return found
