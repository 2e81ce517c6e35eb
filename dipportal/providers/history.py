"""Journal lines as the timeline shows them: with what changed, from what to what, in words."""

import datetime as dt
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from django.db.models import DateField, Field
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts.display import text_of
from dipportal.contracts.enums import OUTSIDE, AnswerSource, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import BY_NAME, rejection_label
from dipportal.core.dates import day, moment
from dipportal.journal.models import Entry

MODELS = (Contract, Performance, Production)
# The codes whose fields are name → [old, new].
CHANGES = ("updated", "moved", "followed", "extended", "reopened")


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
    """The reason, how an answer came, what was suggested, and one line for each field that changed."""
    parts = [entry.reason] if entry.reason else []
    if entry.fields.get("source") in OUTSIDE:
        source = AnswerSource(entry.fields["source"]).label
        parts.insert(0, _("Recorded on behalf of the theater: %(source)s.") % {"source": source})
    parts += _of_an_answer(entry)
    changes = entry.fields if entry.code.endswith(CHANGES) else {}
    for name, values in changes.items():
        if isinstance(values, list) and len(values) == 2:
            parts.append(_changed(entry.target_kind, name, *values))
    return "\n".join(part for part in parts if part)


def _of_an_answer(entry: Entry) -> list[str]:
    """The terms of an answer: what was rejected, with the suggestion and the remark, or what a counter changes."""
    if entry.code == "contract.countered":
        names = [str(rejection_label(name)) for name in entry.fields.get("terms", [])]
        return [_("Other terms: %(names)s") % {"names": ", ".join(names)}] if names else []
    wishes = entry.fields.get("suggestions", {}) if entry.code == "contract.rejected" else {}
    found = []
    for name in entry.fields.get("rejected_terms", []) if entry.code == "contract.rejected" else []:
        wish = wishes.get(name, {})
        value = text_of(BY_NAME[name], wish["value"]) if name in BY_NAME and wish.get("value") is not None else ""
        said = [_("suggests %(value)s") % {"value": value}] if value else []
        said += [wish["remark"]] if wish.get("remark") else []
        found.append(": ".join([str(rejection_label(name)), "; ".join(said)]) if said else str(rejection_label(name)))
    return found


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
    return _moment(value) if isinstance(field, DateField) else str(value or "")


def _moment(value: Any) -> str:
    """A date, or a moment: ten characters or more."""
    if not value:
        return ""
    return day(dt.date.fromisoformat(value)) if len(value) == 10 else moment(dt.datetime.fromisoformat(value))


# --- the line of versions ---------------------------------------------------------------------------------------
def state_of(contract: Contract) -> tuple[str, str | Promise]:
    """(code, word) for components/status.html: the status, or what a person calls it."""
    if contract.discarded_at is not None:
        return "withdrawn", _("Given up")
    if contract.is_counter and contract.status == Status.PROPOSED:
        return "countered", _("Adapted proposal")
    return contract.status, contract.get_status_display()


def line_of(shown: Contract, versions: list[Contract]) -> dict[str, Any]:
    """The versions, each with its state, and those that matter to the one that is shown."""
    alive = [one for one in versions if one.discarded_at is None]
    open_ones, agreed = (Status.CONCEPT, Status.PROPOSED), (Status.APPROVED, Status.REVISED)
    revisions = [one for one in alive if one.revises_id == shown.pk]
    return {
        "versions": [(one, state_of(one)) for one in versions],
        "later": next((one for one in reversed(alive) if one.parent_id == shown.pk), None),
        "revision": next((one for one in revisions if one.status in open_ones), None),
        "replaced_by": next((one for one in revisions if one.status in agreed), None),
    }


def said_with(counter: Contract, entries: Iterable[Entry]) -> str:
    """What the theater wrote beside its adapted proposal."""
    if not counter.is_counter:
        return ""
    own = (one for one in entries if one.code == "contract.countered" and one.target_id == str(counter.pk))
    return next((one.reason for one in own), "")
