"""A save over somebody else's change: what stands there now beside what was typed. Nothing is overwritten."""

from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.contracts.display import differences
from dipportal.contracts.models import Contract
from dipportal.core.dates import moment
from dipportal.providers.forms import ContractForm


@dataclass(frozen=True)
class StaleRow:
    label: str | Promise | None
    there: str  # what stands there now
    typed: str  # what this person typed


def renew(form: forms.BaseForm, version: int) -> None:
    """Let the form carry the version that is shown beside it: who saves again has seen both values."""
    data = form.data.copy()  # type: ignore[attr-defined]
    data[form.add_prefix("version")] = str(version)
    form.data = data


def stale_rows(now: Contract, form: ContractForm) -> list[StaleRow]:
    """Every field whose value differs. The typed values stay in the form, which now carries the newest version."""
    rows = [
        StaleRow(term.label, there, typed)
        for term, there, typed in differences(now.terms, now.term_values(), form.terms())
    ]
    for name, typed in form.parties().items():
        there = getattr(now, name)
        if there != typed:
            rows.append(StaleRow(form.fields[name].label, text(there), text(typed)))
    there_now, chosen = list(now.performances.all()), list(form.cleaned_data["performances"])
    if {one.pk for one in there_now} != {one.pk for one in chosen}:
        rows.append(StaleRow(form.fields["performances"].label, evenings(there_now), evenings(chosen)))
    renew(form, now.version)
    return rows


def stale_fields(form: forms.Form, now: forms.Form, version: int) -> list[StaleRow]:
    """The same for a plain form: `now` is the form of the object as it stands."""
    rows = []
    for name in form.fields:
        there, typed = shown(now, name, now.get_initial_for_field(now.fields[name], name)), shown(form, name)
        if name != "version" and there != typed:
            rows.append(StaleRow(form.fields[name].label, there, typed))
    renew(form, version)
    return rows


def shown(form: forms.Form, name: str, value: Any = None) -> str:
    """The value of a field as the person sees it: the label of a choice, an amount as typed."""
    field = form.fields[name]
    raw = form[name].value() if value is None else field.prepare_value(value)
    if isinstance(field, forms.ChoiceField):
        return _label(field, str(getattr(raw, "pk", raw) or ""))
    if isinstance(field, forms.BooleanField):
        return text(bool(raw))
    return str(field.widget.format_value(raw) or "") if hasattr(field.widget, "format_value") else text(raw)


def _label(field: forms.ChoiceField, wanted: str) -> str:
    choices: Any = field.choices
    for value, label in choices:
        pairs = label if isinstance(label, list | tuple) else [(value, label)]
        for key, name in pairs:
            if str(key) == wanted:
                return str(name)
    return ""


def evenings(performances: list[Any]) -> str:
    return "; ".join(moment(performance.starts_at) for performance in performances)


def text(value: Any) -> str:
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    return str(value) if value is not None else ""
