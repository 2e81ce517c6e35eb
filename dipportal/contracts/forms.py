"""The form of an agreement's terms, made from the table of terms. One form serves every type and both sides."""

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from django import forms
from django.utils.datastructures import MultiValueDict
from django.utils.functional import Promise
from django.utils.translation import gettext, pgettext_lazy
from django.utils.translation import gettext_lazy as _

from dipportal.contracts import rules
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import OPEN_END, Group, Term, Unit, terms_of
from dipportal.core.forms import CentsField, CentsListField, PercentField
from dipportal.core.money import format_cents, format_percent, parse_cents, parse_percent

MOST_TRANCHES = 10


class TranchesWidget(forms.Widget):
    """Rows of two boxes, named `<name>-<row>-amount` and `<name>-<row>-percentage`."""

    template_name = "components/tranches.html"
    use_fieldset = True

    def value_from_datadict(self, data: Any, files: MultiValueDict[str, Any], name: str) -> list[dict[str, str]]:
        return [
            {part: str(data.get(f"{name}-{row}-{part}", "")).strip() for part in ("amount", "percentage")}
            for row in range(MOST_TRANCHES)
        ]

    def value_omitted_from_data(self, data: Any, files: MultiValueDict[str, Any], name: str) -> bool:
        return f"{name}-0-percentage" not in data

    def id_for_label(self, id_: str) -> str:
        return f"{id_}-0-amount"

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        filled = [row for row in value or [] if row["amount"] or row["percentage"]]
        shown = min(max(len(filled) + 1, 4), MOST_TRANCHES)
        rows = [*filled, *({"amount": "", "percentage": ""} for _row in range(shown - len(filled)))]
        context["widget"]["rows"] = list(enumerate(rows))
        return context


class TranchesField(forms.Field):
    """Cleaned to the list that the column holds: [{"amount": cents, "percentage": "60.00"}, …]."""

    widget = TranchesWidget
    default_error_messages = {
        "amount": _("Tranche %(row)s: “%(text)s” is not an amount. Type it like 6500 or 6.500,00."),
        "percentage": _("Tranche %(row)s: “%(text)s” is not a percentage between 0 and 100."),
        "no_percentage": _("Tranche %(row)s: fill in the percentage."),
        "no_amount": _("Tranche %(row)s: fill in up to which amount it goes. Only the last one has no end."),
    }

    def prepare_value(self, value: Any) -> list[dict[str, str]]:
        return [_as_typed(row) for row in value or []]

    def to_python(self, value: Any) -> list[dict[str, Any]]:
        rows = [row for row in value or [] if row["amount"] or row["percentage"]]
        return [self._row(row, number, last=number == len(rows)) for number, row in enumerate(rows, start=1)]

    def _row(self, row: dict[str, Any], number: int, *, last: bool) -> dict[str, Any]:
        if not row["percentage"]:
            raise self._fault("no_percentage", number)
        if not row["amount"] and not last:
            raise self._fault("no_amount", number)
        try:
            amount = parse_cents(row["amount"]) if row["amount"] else OPEN_END
        except ValueError:
            amount = -1
        if not 0 <= amount <= OPEN_END:
            raise self._fault("amount", number, row["amount"])
        try:
            share = parse_percent(row["percentage"])
        except ValueError:
            share = Decimal(-1)
        if not 0 <= share <= 100:
            raise self._fault("percentage", number, row["percentage"])
        return {"amount": amount, "percentage": f"{share.quantize(Decimal('0.01'))}"}

    def _fault(self, code: str, row: int, text: str = "") -> forms.ValidationError:
        return forms.ValidationError(self.error_messages[code], code=code, params={"row": row, "text": text})

    def has_changed(self, initial: Any, data: Any) -> bool:
        return self.prepare_value(initial) != self.prepare_value(data)


def _as_typed(row: dict[str, Any]) -> dict[str, str]:
    """A stored row as text for the boxes; a typed row stays what was typed."""
    if not isinstance(row["amount"], int):
        return row
    amount = "" if row["amount"] == OPEN_END else format_cents(row["amount"], symbol=False)
    return {"amount": amount, "percentage": format_percent(Decimal(str(row["percentage"])))}


def field_of(term: Term, kind: str) -> forms.Field:
    """The form field of one term. Nothing is required: a concept may be kept half-filled."""
    common: dict[str, Any] = {"label": term.label, "required": False, "help_text": term.help}
    if term.unit is Unit.CENTS:
        field: forms.Field = CentsField(**common)
    elif term.unit is Unit.PERCENT:
        field = PercentField(**common)
    elif term.unit is Unit.FLAG:
        field = forms.BooleanField(**common)
    elif term.unit is Unit.COUNT:
        field = forms.IntegerField(min_value=0, max_value=999, **common)
    elif term.unit is Unit.PRICES:
        field = CentsListField(**common)
    elif term.unit is Unit.TRANCHES:
        field = TranchesField(**common)
    else:
        field = forms.CharField(max_length=4000, widget=forms.Textarea(attrs={"rows": 4}), **common)
    if kind in term.required:
        field.label = _("%(label)s (needed to propose)") % {"label": term.label}
    return field


class FieldGroup:
    """The fields of one group, for components/fieldset.html."""

    def __init__(self, label: str | Promise, fields: list[forms.BoundField]) -> None:
        self.label = label
        self.fields = fields


class TermsForm(forms.Form):
    """The terms of one type. `values` are the terms as they stand; without them the defaults of the table show."""

    def __init__(self, *args: Any, kind: str, values: dict[str, Any] | None = None, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        for term in terms_of(kind):
            self.fields[term.name] = field_of(term, kind)
            given = (values or {}).get(term.name)
            self.initial.setdefault(term.name, term.empty() if given is None else given)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for name, sentence in rules.faults_in_terms(self.kind, self.terms(), complete=False).items():
            if name not in self.errors:
                self.add_error(name, str(sentence))
        return cleaned

    def begun(self) -> dict[str, Any]:
        """The terms as they stood before anything was typed."""
        return {term.name: self.initial.get(term.name) for term in terms_of(self.kind)}

    def terms(self) -> dict[str, Any]:
        """The cleaned terms, ready for an action."""
        return {term.name: self.cleaned_data.get(term.name) for term in terms_of(self.kind)}

    @property
    def term_groups(self) -> list[FieldGroup]:
        found: dict[Group, list[forms.BoundField]] = {group: [] for group in Group}
        for term in terms_of(self.kind):
            found[term.group].append(self[term.name])
        return [FieldGroup(group.label, fields) for group, fields in found.items() if fields]


class VersionsForm(forms.Form):
    """Which two versions of a line to compare; a GET form, so it is an address. `versions`: those its reader sees."""

    met = forms.ChoiceField(label=_("Compare"), required=False)
    versie = forms.ChoiceField(label=pgettext_lazy("compare one version with another", "With"), required=False)

    def __init__(self, *, versions: Sequence[Contract], chosen: tuple[Contract | None, Contract]) -> None:
        super().__init__(initial={"met": str(chosen[0].pk) if chosen[0] else "", "versie": str(chosen[1].pk)})
        choices = [(str(version.pk), self._name(version)) for version in versions]
        for name in ("met", "versie"):
            self.fields[name].choices = choices  # type: ignore[attr-defined]

    def _name(self, version: Contract) -> str:
        status = gettext("given up") if version.discarded_at else version.get_status_display().lower()
        return gettext("Version %(number)d, %(status)s") % {"number": version.number, "status": status}
