"""Journal lines as the timeline shows them: with what changed, from what to what, in words."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import DateTimeField, Field
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts.display import text_of
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME
from dipportal.core.dates import moment
from dipportal.journal.models import Entry

MODELS = (Contract, Performance, Production)
# The codes whose fields are name → [old, new].
CHANGES = ("updated", "moved", "followed")


@dataclass(frozen=True)
class Line:
    """What components/timeline.html shows."""

    at: dt.datetime
    label: str | Promise
    who: str
    text: str
    tone: str
    icon: str


def lines(entries: Iterable[Entry]) -> list[Line]:
    return [Line(entry.at, entry.label, entry.who, text_for(entry), entry.tone, entry.icon) for entry in entries]


def text_for(entry: Entry) -> str:
    """The reason, and one line for each field that changed."""
    parts = [entry.reason] if entry.reason else []
    changes = entry.fields if entry.code.endswith(CHANGES) else {}
    for name, values in changes.items():
        if isinstance(values, list) and len(values) == 2:
            parts.append(_changed(entry.target_kind, name, *values))
    return "\n".join(part for part in parts if part)


def _changed(target_kind: str, name: str, old: Any, new: Any) -> str:
    """'' for a field that says nothing to a person."""
    field = _field(target_kind, name)
    label = str(BY_NAME[name].label) if name in BY_NAME else str(field.verbose_name).capitalize() if field else ""
    if name in ("performances", "co_producers"):
        return _("%(label)s: another choice") % {"label": label}
    before, after = _shown(field, name, old), _shown(field, name, new)
    nothing = _("not filled in")
    return f"{label}: {before or nothing} → {after or nothing}" if label else ""


def _field(target_kind: str, name: str) -> "Field[Any, Any] | None":
    model = next((model for model in MODELS if model._meta.label_lower == target_kind), None)
    fields = {field.name: field for field in model._meta.get_fields() if isinstance(field, Field)} if model else {}
    return fields.get(name)


def _shown(field: "Field[Any, Any] | None", name: str, value: Any) -> str:
    """A value as the journal keeps it: JSON, a moment as ISO text, a row as its id and name."""
    if name in BY_NAME:
        return text_of(BY_NAME[name], value)
    if isinstance(value, dict):
        return str(value.get("name", ""))
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return "; ".join(str(part) for part in value)
    if field is not None and field.choices:
        return str(dict(field.flatchoices).get(value, value))
    return _moment(value) if isinstance(field, DateTimeField) else str(value or "")


def _moment(value: Any) -> str:
    return moment(dt.datetime.fromisoformat(value)) if value else ""
