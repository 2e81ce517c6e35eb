"""The two states of a conflict beside each other, in words. Reads only; nothing of DIP's is believed by showing it."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _

from dipportal.catalogue.enums import PerformanceKind, PerformanceStatus
from dipportal.catalogue.models import Genre, Hall, Performance, Producer, Production, Theater
from dipportal.contracts.display import text_of
from dipportal.contracts.enums import AnswerSource, ContractType, Status
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import Unit, normalise, rejection_label, terms_of
from dipportal.core.dates import moment
from dipportal.dip import state, wire
from dipportal.dip.records import ContractRecord, PerformanceRecord, ProductionRecord
from dipportal.dip.state import Form
from dipportal.dip.values import parse_moment

Column = Mapping[str, tuple[str | Promise, str]]


@dataclass(frozen=True)
class Row:
    """One thing on every side. '' is nothing."""

    name: str
    label: str | Promise
    cells: tuple[str, ...]

    @property
    def differs(self) -> bool:
        return len(set(self.cells)) > 1


@dataclass(frozen=True)
class Sheet:
    """`heads` are the sides, `rows` what there is to say of them; what is empty on all sides is left out."""

    heads: tuple[str, ...]
    rows: tuple[Row, ...]

    @property
    def differing(self) -> list[Row]:
        return [row for row in self.rows if row.differs]

    @property
    def same(self) -> list[Row]:
        return [row for row in self.rows if not row.differs]

    @property
    def pairs(self) -> list[tuple[Row, list[tuple[str, str]]]]:
        """What differs, each cell with the head of its column, as a table on a telephone needs it."""
        return [(row, list(zip(self.heads, row.cells, strict=True))) for row in self.differing]


def sheet(heads: Sequence[str], columns: Sequence[Column]) -> Sheet:
    names: dict[str, str | Promise] = {}
    for column in columns:
        names.update({name: label for name, (label, _text) in column.items() if name not in names})
    rows = []
    for name, label in names.items():
        cells = tuple(column[name][1] if name in column else "" for column in columns)
        if any(cells):
            rows.append(Row(name, label, cells))
    return Sheet(tuple(heads), tuple(rows))


# --- agreements ------------------------------------------------------------------------------------------------
def of_contract(contract: Contract, *, own: bool) -> Column:
    """`own`: for the provider, who also sees its own reference."""
    plays = contract.performances.order_by("starts_at", "pk")
    withdrawn = contract.status == Status.CONCEPT and contract.conflict_at is not None
    found: dict[str, tuple[str | Promise, str]] = {
        "status": (_("Status"), _("withdrawn") if withdrawn else str(contract.get_status_display())),
        "answered_by": (_("Answered by"), _answered_by(contract)),
        "answered_at": (_("When"), moment(contract.answered_at) if contract.answered_at else ""),
        "reason": (_("Reason or note"), contract.rejection_reason or contract.answer_note),
        "rejected": (_("Rejected fields"), _rejected(contract.rejected_terms)),
        "type": (_("Type"), str(contract.get_type_display())),
        "production": (_("Production"), contract.production.title),
        "theater": (_("Theater"), contract.theater.name),
        "performances": (_("Performances"), "\n".join(moment(one.starts_at) for one in plays)),
    }
    found |= _terms(contract.type, contract.term_values())
    found["contact_receiver"] = (_("Contact at the theater"), contract.contact_receiver)
    found["contact_provider"] = (_("Contact at the provider"), contract.contact_provider)
    if own:
        found["own_reference"] = (_("Own reference"), contract.own_reference)
    return _tidy(found)


def _answered_by(contract: Contract) -> str:
    if contract.answered_at is None:
        return ""
    source = str(contract.get_answer_source_display())
    if contract.answer_source == AnswerSource.DIP or contract.answered_by is None:
        return source
    return f"{contract.answered_by.get_full_name()}, {source}"


def _rejected(names: Sequence[str]) -> str:
    return "; ".join(str(rejection_label(name)) for name in names)


def of_record(record: ContractRecord, *, own: bool) -> Column:
    """DIP's record. It does not say who answered; when is the stamp of its last change."""
    answered = record.status in (Status.APPROVED, Status.REJECTED, Status.REVISED)
    status = str(record.status.label) if record.status is not None else record.raw_status
    kinds = dict(ContractType.choices)
    found: dict[str, tuple[str | Promise, str]] = {
        "status": (_("Status"), status),
        "answered_by": (_("Answered by"), _("somebody in DIP") if answered else ""),
        "answered_at": (_("When"), moment(record.modified_at) if answered and record.modified_at else ""),
        "reason": (_("Reason or note"), record.rejection_reason),
        "rejected": (_("Rejected fields"), _rejected(record.rejected_terms)),
        "type": (_("Type"), str(kinds.get(record.type, record.type))),
        "production": (_("Production"), _production(record)),
        "theater": (_("Theater"), _theater(record)),
        "performances": (_("Performances"), _evenings(record)),
    }
    if record.type in kinds:
        found |= _terms(record.type, record.terms)
    found["contact_receiver"] = (_("Contact at the theater"), record.contact_receiver.strip())
    found["contact_provider"] = (_("Contact at the provider"), record.contact_provider.strip())
    if own:
        found["own_reference"] = (_("Own reference"), wire.own_reference_in(record.name))
    return _tidy(found)


def _production(record: ContractRecord) -> str:
    """By its number: another spelling of the same title is no difference."""
    known = Production.objects.filter(dip_id=record.production_id).values_list("title", flat=True).first()
    return known or record.production_title.strip() or record.production_id


def _theater(record: ContractRecord) -> str:
    known = Theater.objects.filter(pk=record.theater.id).values_list("name", flat=True).first()
    return known or record.theater.name


def _evenings(record: ContractRecord) -> str:
    """As the portal knows them, by their numbers; one that it does not know as DIP dates it."""
    known = dict(
        Performance.objects.filter(number__in=[number for number, _date in record.performances]).values_list(
            "number", "starts_at"
        )
    )
    dates = [known.get(number) or date for number, date in record.performances]
    return "\n".join(moment(date) for date in sorted(date for date in dates if date is not None))


def _terms(kind: str, given: Mapping[str, Any]) -> Column:
    """'Not filled in' and zero mean the same, and so do a no and nothing."""
    values = normalise(kind, dict(given))
    column: dict[str, tuple[str | Promise, str]] = {}
    for term in terms_of(kind):
        value = bool(values[term.name]) if term.unit is Unit.FLAG else values[term.name]
        filled = term.unit is Unit.FLAG or (term.is_filled(value) and bool(value))
        column[f"terms.{term.name}"] = (term.label, text_of(term, value) if filled else "")
    return column


def _tidy(found: Column) -> Column:
    """A line ends in one way only."""
    return {name: (label, text.replace("\r\n", "\n").strip()) for name, (label, text) in found.items()}


# --- productions and performances ------------------------------------------------------------------------------
def of_production(production: Production) -> Column:
    form = state.wanted_production(production, co_producer_ids=production.co_producers.values_list("pk", flat=True))
    return _of_form(form)


def of_performance(performance: Performance) -> Column:
    return _of_form(state.wanted_performance(performance))


def of_catalogue_record(record: ProductionRecord | PerformanceRecord) -> Column:
    return _of_form(state.comparable(record))


def _name_of(model: type[Genre | Theater | Hall | Producer]) -> Callable[[object], str]:
    def read(pk: object) -> str:
        row = model._default_manager.filter(pk=pk).first() if isinstance(pk, int) else None
        return str(row) if row is not None else str(pk or "")

    return read


def _yes_or_no(value: object) -> str:
    return _("yes") if value else _("no")


def _of_form(form: Form) -> Column:
    """The normal form that both sides are compared in, in words."""
    statuses, kinds = dict(PerformanceStatus.choices), dict(PerformanceKind.choices)
    words: dict[str, tuple[str, Callable[[object], str]]] = {
        "title": (_("Title"), str),
        "season": (_("Season"), str),
        "genre": (_("Genre"), _name_of(Genre)),
        "co_producers": (_("Co-producers"), lambda keys: "; ".join(map(_name_of(Producer), _listed(keys)))),
        "starts_at": (_("Date and time"), lambda stamp: moment(parse_moment(stamp))),
        "theater": (_("Theater"), _name_of(Theater)),
        "hall": (_("Hall"), _name_of(Hall)),
        "status": (_("Status"), lambda code: str(statuses.get(str(code), code))),
        "kind": (_("Type"), lambda code: str(kinds.get(str(code), code))),
        "private": (_("Closed to the public"), _yes_or_no),
        "in_festival": (_("Part of a festival"), _yes_or_no),
        "other_location": (_("At another location"), _yes_or_no),
        "capacity": (_("Capacity"), lambda seats: "; ".join(str(number) for number in _listed(seats))),
    }
    return {name: (words[name][0], words[name][1](value)) for name, value in form.items()}


def _listed(value: object) -> list[object]:
    return list(value) if isinstance(value, list | tuple) else []
