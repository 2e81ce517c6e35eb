"""The forms of this area. What a field may choose from is always looked up in scope."""

from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _

from dipportal.catalogue.models import Performance
from dipportal.contracts import queries as contracts
from dipportal.contracts.actions import PARTY_FIELDS
from dipportal.contracts.enums import ContractType
from dipportal.contracts.forms import TermsForm
from dipportal.contracts.models import Contract
from dipportal.core.dates import moment
from dipportal.organisations.models import Organisation


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
        self.fields["performances"].queryset = offered  # type: ignore[attr-defined]

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


class ReasonForm(forms.Form):
    reason = forms.CharField(
        label=_("Why (only your own side reads this)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 3}),
    )
