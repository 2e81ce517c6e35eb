"""The receiver's answer. The fields named here are all that a receiver can write."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from dipportal.contracts import rules
from dipportal.contracts.display import text_of
from dipportal.contracts.forms import TermsForm, field_of
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, Term, Unit, rejectable
from dipportal.core.errors import Invalid

SUGGEST, REMARK = "suggest_", "remark_"


class Answer(forms.Form):
    """`version` is the one the person read; an answer to another one is refused."""

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)


def note_field() -> forms.CharField:
    return forms.CharField(
        label=_("Note to the provider"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
        help_text=_("Goes along with your approval, and changes nothing in the terms."),
    )


def reason_field() -> forms.CharField:
    return forms.CharField(
        label=_("Reason"),
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        error_messages={"required": _("Say why: the provider works on from your reason.")},
        help_text=_("The provider reads this and works on from it."),
    )


class ApproveForm(Answer):
    note = note_field()


@dataclass(frozen=True)
class TickedTerm:
    """One line of the rejection: the box, and what belongs to it once it is ticked."""

    name: str
    label: str
    ticked: bool
    suggestion: forms.BoundField | None
    remark: forms.BoundField

    @property
    def fields(self) -> list[forms.BoundField]:
        return [field for field in (self.suggestion, self.remark) if field is not None]

    @property
    def opened(self) -> bool:
        return self.ticked or any(field.errors or said(field.data) for field in self.fields)


class RejectForm(Answer):
    """No, in whole or to the ticked terms, each with an optional suggestion and remark.

    A suggestion or a remark with a term counts as its tick: without scripts the boxes stand there unticked too.
    """

    reason = reason_field()
    rejected_terms = forms.MultipleChoiceField(
        label=_("What you do not agree with"),
        required=False,
        widget=forms.CheckboxSelectMultiple,
        help_text=_("Tick nothing to reject the proposal in whole."),
    )

    def __init__(self, *args: Any, contract: Contract, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.labels = {name: _choice(contract, name, str(text)) for name, text in rejectable(contract.type).items()}
        self.fields["rejected_terms"].choices = list(self.labels.items())  # type: ignore[attr-defined]
        for name, label in rejectable(contract.type).items():
            if name in BY_NAME:
                self.fields[f"{SUGGEST}{name}"] = _suggestion_field(BY_NAME[name], contract.type)
            self.fields[f"{REMARK}{name}"] = _remark_field(label)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if "rejected_terms" in cleaned:
            ticked = [*cleaned["rejected_terms"], *self.wishes()]
            cleaned["rejected_terms"] = rules.in_table_order(ticked)
        return cleaned

    def wishes(self) -> dict[str, dict[str, Any]]:
        """What was typed: name → {"value", "remark"}, as the action takes it."""
        found: dict[str, dict[str, Any]] = {}
        for name in self.labels:
            value = self.cleaned_data.get(f"{SUGGEST}{name}")
            remark = self.cleaned_data.get(f"{REMARK}{name}", "")
            if said(value) or remark:
                found[name] = {"value": value if said(value) else None, "remark": remark}
        return found

    def lines(self) -> Iterator[TickedTerm]:
        ticked = self["rejected_terms"].value() or []
        for name, label in self.labels.items():
            suggestion = self[f"{SUGGEST}{name}"] if f"{SUGGEST}{name}" in self.fields else None
            yield TickedTerm(name, label, name in ticked, suggestion, self[f"{REMARK}{name}"])

    @property
    def opened(self) -> bool:
        return self.is_bound and any(line.opened for line in self.lines())

    def blame(self, refusal: Invalid) -> None:
        """Put the refusal of the action beside the fields it names."""
        if not refusal.fields:
            self.add_error(None, str(refusal))
        for name, sentence in refusal.fields.items():
            places = [place for place in (name, f"{SUGGEST}{name}") if place in self.fields]
            self.add_error(places[0] if places else None, str(sentence))


def said(value: Any) -> bool:
    """Zero and 'no' say something; an empty box says nothing. The boxes of the tranches are a list of rows."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return any(row["amount"] or row["percentage"] for row in value)
    return value not in (None, "", [])


def _choice(contract: Contract, name: str, label: str) -> str:
    """The label with the value it is about; remarks are too long for that."""
    text = text_of(BY_NAME[name], BY_NAME[name].value(contract)) if name in BY_NAME and name != "remarks" else ""
    return f"{label}: {text}" if text else label


def _suggestion_field(term: Term, kind: str) -> forms.Field:
    """As in the form of the terms. A box to tick cannot say 'no suggestion', so that one becomes a choice."""
    if term.unit is Unit.FLAG:
        choices = [("", _("no suggestion")), ("yes", _("yes")), ("no", _("no"))]
        field: forms.Field = forms.TypedChoiceField(
            required=False, choices=choices, coerce=lambda value: value == "yes", empty_value=None
        )
    else:
        field = field_of(term, kind)
        if term.unit not in (Unit.PRICES, Unit.TRANCHES):
            field.help_text = ""
    field.label = _("%(term)s: your suggestion") % {"term": term.label}
    return field


def _remark_field(label: str | Promise) -> forms.CharField:
    return forms.CharField(
        label=_("%(term)s: your remark") % {"term": label},
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
    )


@dataclass(frozen=True)
class Change:
    """One term of an adapted proposal that says something else than the proposal."""

    name: str
    label: str | Promise
    old: str
    new: str


class CounterForm(TermsForm):
    """An adapted proposal: the provider's own form, filled with the proposal.

    `checked` is the digest of what the person was shown; what is sent must be that, to the letter.
    """

    version = forms.IntegerField(widget=forms.HiddenInput, min_value=1)
    checked = forms.CharField(widget=forms.HiddenInput, required=False, max_length=64)
    remark = forms.CharField(
        label=_("Remark to the provider"),
        required=False,
        max_length=4000,
        widget=forms.Textarea(attrs={"rows": 3}),
        help_text=_("Why you want it otherwise. The provider reads this beside your terms."),
    )

    @classmethod
    def of(cls, contract: Contract, data: Any = None) -> "CounterForm":
        initial = {"version": contract.version}
        return cls(data, kind=contract.type, values=contract.term_values(), initial=initial, auto_id="counter_%s")

    def changes(self, contract: Contract) -> list[Change]:
        wanted = self.terms()
        found = []
        for name in rules.changed_terms(contract, wanted):
            term = BY_NAME[name]
            found.append(Change(name, term.label, text_of(term, term.value(contract)), text_of(term, wanted[name])))
        return found

    def refuse_unfit(self, contract: Contract) -> None:
        """What the action would refuse, told before the person is asked to send it."""
        for name, sentence in rules.faults_in_terms(contract.type, self.terms(), complete=True).items():
            self.add_error(name, str(sentence))
        if not self.errors and not self.changes(contract):
            self.add_error(None, gettext("Nothing differs from the proposal. Approve it, or change a term."))

    def digest(self) -> str:
        said_here = [self.terms(), self.cleaned_data["remark"]]
        return hashlib.sha256(json.dumps(said_here, default=str, sort_keys=True).encode()).hexdigest()

    @property
    def was_checked(self) -> bool:
        return bool(self.cleaned_data["checked"] == self.digest())

    def renew(self, *, version: int) -> None:
        """Let the form carry what is shown now, so that sending it again sends just that."""
        data = self.data.copy()  # type: ignore[attr-defined]
        data["version"], data["checked"] = str(version), self.digest()
        self.data = data

    def blame(self, refusal: Invalid) -> None:
        if not refusal.fields:
            self.add_error(None, str(refusal))
        for name, sentence in refusal.fields.items():
            self.add_error(name if name in self.fields else None, str(sentence))


class RetractForm(forms.Form):
    reason = forms.CharField(
        label=_("Reason (the provider reads it)"),
        required=False,
        max_length=2000,
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class ApproveManyForm(forms.Form):
    note = note_field()


class RejectManyForm(forms.Form):
    reason = reason_field()
