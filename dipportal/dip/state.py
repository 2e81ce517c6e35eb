"""One normal form for what DIP has and what we want, so that the two can be compared.

What means the same looks the same: no guarantee and a guarantee of 0, performances in any order, 12 and 12.0000.
"""

import functools
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import singledispatch
from typing import Any

from dipportal.catalogue.models import Performance, Production
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import Term, Unit, terms_of
from dipportal.dip.records import ContractRecord, PerformanceRecord, ProductionRecord
from dipportal.dip.values import digest, stamp
from dipportal.dip.wire import name_for

# An agreement without an agency: DIP then says no to the flag, whatever was sent (ASSUMED).
AGENCY = "agency_as_provider"
Form = dict[str, Any]


def state_digest(form: Form) -> str:
    return digest(form)


def _normal_of(term: Term) -> Callable[[Any], Any]:
    empty: Any = {Unit.CENTS: 0, Unit.FLAG: False}.get(term.unit, [])
    return {
        Unit.PERCENT: _percent,
        Unit.TRANCHES: _tranches,
        Unit.COUNT: lambda value: value,
        Unit.TEXT: lambda value: str(value or "").replace("\r\n", "\n").strip(),
    }.get(term.unit, lambda value: value or empty)


def _percent(value: Any) -> str:
    return f"{Decimal(str(value or 0)):.4f}"


def _tranches(value: Any) -> list[list[Any]]:
    return [[int(row["amount"]), f"{Decimal(str(row['percentage'])):.2f}"] for row in value or []]


@functools.lru_cache(maxsize=64)
def _normals(kind: str) -> tuple[tuple[str, str, Callable[[Any], Any]], ...]:
    return tuple((f"terms.{term.name}", term.name, _normal_of(term)) for term in terms_of(kind))


def _terms(kind: str, values: Mapping[str, Any]) -> Form:
    return {key: normal(values.get(name)) for key, name, normal in _normals(kind)}


@singledispatch
def comparable(record: Any) -> Form:
    """The normal form of one of DIP's records."""
    raise TypeError(f"no form for {type(record).__name__}")


@comparable.register
def _contract(record: ContractRecord) -> Form:
    return {
        "type": record.type,
        "name": record.name.strip(),
        "production": record.production_id,
        "theater": record.theater.id,
        "performances": sorted(number for number, _date in record.performances),
        "contact_receiver": record.contact_receiver.strip(),
        "contact_provider": record.contact_provider.strip(),
        AGENCY: record.agency_as_provider,
        **_terms(record.type, record.terms),
    }


@comparable.register
def _production(record: ProductionRecord) -> Form:
    return {
        "title": record.title.strip(),
        "season": record.season,
        "genre": record.genre.id if record.genre else None,
        "co_producers": sorted(producer.id for producer in record.co_producers),
    }


@comparable.register
def _performance(record: PerformanceRecord) -> Form:
    return {
        "starts_at": stamp(record.starts_at),
        "theater": record.theater.id,
        "hall": record.hall.id if record.hall else None,
        "status": str(record.status or record.raw_status),
        "kind": str(record.kind or record.raw_kind),
        "private": record.private,
        "in_festival": record.in_festival,
        "other_location": record.other_location,
        "capacity": list(record.capacity),
    }


def wanted_contract(contract: Contract, *, production_id: str, numbers: Iterable[int]) -> Form:
    """The normal form of our agreement; `numbers` are DIP's of its performances."""
    return {
        "type": contract.type,
        "name": name_for(contract.reference, contract.own_reference).strip(),
        "production": production_id,
        "theater": contract.theater_id,
        "performances": sorted(numbers),
        "contact_receiver": contract.contact_receiver.strip(),
        "contact_provider": contract.contact_provider.strip(),
        AGENCY: contract.agency_as_provider,
        **_terms(contract.type, contract.term_values()),
    }


def wanted_production(production: Production, *, co_producer_ids: Iterable[int]) -> Form:
    return {
        "title": production.title.strip(),
        "season": production.season,
        "genre": production.genre_id,
        "co_producers": sorted(co_producer_ids),
    }


def wanted_performance(performance: Performance) -> Form:
    seats = list(performance.capacity)
    while seats and not seats[-1]:
        seats.pop()
    return {
        "starts_at": stamp(performance.starts_at),
        "theater": performance.theater_id,
        "hall": performance.hall_id,
        "status": str(performance.status),
        "kind": str(performance.kind),
        "private": performance.private,
        "in_festival": performance.in_festival,
        "other_location": performance.other_location,
        "capacity": seats,
    }


def differing(has: Form, wants: Form, *, agency: bool = True) -> list[str]:
    """The names in which the two differ. Without an agency in DIP its flag says nothing."""
    return [name for name in wants if has.get(name) != wants[name] and (agency or name != AGENCY)]


def digests_of(form: Form, *, agency: bool = True) -> set[str]:
    """The digests that count as this state; without an agency both values of its flag are the same."""
    if agency or AGENCY not in form:
        return {state_digest(form)}
    return {state_digest({**form, AGENCY: value}) for value in (True, False)}
