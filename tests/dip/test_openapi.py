"""Our own requests against docs/dip-openapi.yaml: paths, methods and bodies, for every kind of operation and type."""

import datetime as dt
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from dipportal.contracts.enums import ContractType
from dipportal.contracts.models import Contract
from dipportal.contracts.terms import OPEN_END, TERMS, Unit, terms_of
from dipportal.dip import state, wire, wire_counts
from dipportal.sandbox.spec import Spec
from dipportal.ticketing.enums import TicketKind
from tests.world import World

pytestmark = pytest.mark.django_db(transaction=True)
DOCUMENT = Spec(Path(__file__).resolve().parents[2] / "docs" / "dip-openapi.yaml")
PRODUCTION = "NL-25-123-0003776"

FILLED: dict[Unit, Any] = {
    Unit.CENTS: 1250,
    Unit.PERCENT: Decimal("12.5"),
    Unit.FLAG: True,
    Unit.COUNT: 2,
    Unit.TEXT: "Speelduur 90 minuten.",
    Unit.PRICES: [2750, 2350],
    Unit.TRANCHES: [{"amount": 400000, "percentage": "100.00"}, {"amount": OPEN_END, "percentage": "62.50"}],
}


def faults(method: str, path: str, body: Any) -> list[str]:
    """What in a request of ours does not fit the document."""
    operation, arguments = DOCUMENT.route(method, path)
    node = operation.node["requestBody"]
    schema = node["content"]["application/json"]["schema"]
    if "x-schema-by-type" in node:
        schema = {"$ref": f"#/components/schemas/{node['x-schema-by-type'][arguments['type']]}"}
    return DOCUMENT.errors(schema, body)


def full_terms(kind: str) -> dict[str, Any]:
    terms = {term.name: FILLED[term.unit] for term in terms_of(kind)}
    if "receiver_guarantee" in terms:
        terms["receiver_guarantee"] = 0
    return terms


def bare_terms(kind: str) -> dict[str, Any]:
    """Only what a proposal cannot do without."""
    return {term.name: FILLED[term.unit] for term in TERMS if kind in term.required}


def body(contract: Contract) -> dict[str, Any]:
    return wire.body_for_contract(contract, production_id=PRODUCTION, numbers=[11484907, 11484906])


@pytest.mark.parametrize("terms_for", [full_terms, bare_terms])
@pytest.mark.parametrize("kind", ContractType.values)
def test_an_agreement_of_every_type(world: World, kind: str, terms_for: Any) -> None:
    contract = world.contract(kind=kind, terms={})
    contract = Contract.objects.get(pk=contract.pk)
    for name, value in {**dict.fromkeys(full_terms(kind)), **terms_for(kind)}.items():
        setattr(contract, name, value)
    sent = body(contract)
    assert faults("POST", wire.contract_create_path(kind), sent) == []
    assert faults("PUT", wire.contract_update_path(200761, kind), sent) == []
    own = {wire.camel(wire.MEMBERS[term.name]) for term in terms_of(kind)}
    assert set(sent["properties"]) == own, "the terms of the type, all of them, and no others"


@pytest.mark.parametrize("kind", ContractType.values)
def test_the_document_would_notice_a_term_of_another_type(world: World, kind: str) -> None:
    contract = world.contract(kind=kind, terms=full_terms(kind))
    stranger = next(term for term in TERMS if not term.has(kind))
    sent = body(contract)
    sent["properties"][wire.camel(wire.MEMBERS[stranger.name])] = 1
    assert faults("POST", wire.contract_create_path(kind), sent) != []


def test_proposing() -> None:
    assert faults("PUT", wire.contract_propose_path(200761), wire.body_for_propose()) == []


@pytest.mark.parametrize("kind", ContractType.values)
def test_what_is_sent_reads_back_as_what_was_wanted(world: World, kind: str) -> None:
    """The body, brought into the shape of an answer, has the normal form that we want."""
    contract = world.contract(kind=kind, terms=full_terms(kind))
    sent = body(contract)
    snake = {wire.camel(member): member for member in wire.MEMBERS.values()}
    answer = {
        "id": 1, "type": kind, "name": sent["name"], "status": "concept", "contact_theater": sent["contactTheater"],
        "contact_producer": sent["contactProducer"], "agencyAsProvider": sent["agencyAsProvider"],
        "theater": {"id": sent["theaterId"], "name": ""}, "production": {"id": PRODUCTION},
        "performances": [{"number": number} for number in sent["performanceNumbers"]],
        "properties": {snake[name]: value for name, value in sent["properties"].items()},
    }  # fmt: skip
    wanted = state.wanted_contract(contract, production_id=PRODUCTION, numbers=[11484906, 11484907])
    assert state.comparable(wire.parse_contract(answer)) == wanted


def test_a_production(world: World) -> None:
    sent = wire.body_for_production(world.production, co_producer_ids=[777, 201])
    assert faults("POST", wire.productions_path(123), sent) == []
    assert faults("PUT", wire.production_path(123, PRODUCTION), sent) == []
    assert sent["coProducerIds"] == [201, 777]


@pytest.mark.parametrize("status", ["agreed", "cancelled"])
@pytest.mark.parametrize("kind", ["normal", "premiere", "tryout"])
def test_a_performance(world: World, kind: str, status: str) -> None:
    performance = world.performances[0]
    performance.kind, performance.status = kind, status
    for hall, capacity in ((world.hall, [500, 120]), (None, []), (world.hall, [50] * 10)):
        performance.hall, performance.capacity = hall, capacity
        sent = wire.body_for_performance(performance)
        assert faults("POST", wire.performances_path(123, PRODUCTION), sent) == []
        assert faults("PUT", wire.performance_path(123, PRODUCTION, 11484906), sent) == []


def test_the_running_totals_of_a_performance() -> None:
    kinds = {kind: place for place, kind in enumerate(TicketKind)}
    tickets = wire_counts.body_for_tickets(PRODUCTION, 11484906, kinds, None, 91250)
    assert faults("PUT", wire_counts.TICKETS_TOTALS, tickets) == []
    assert [one["type"] for one in tickets["counts"]] == TicketKind.values, "the five kinds, also those that have none"
    assert tickets["recette"] == 91250
    assert not any("recette" in one for one in tickets["counts"]), "no share of a revenue that nobody shared out"
    cents = {str(kind): 100 * place for place, kind in enumerate(TicketKind)}
    of_kinds = wire_counts.body_for_tickets(PRODUCTION, 11484906, kinds, cents, 1000)
    assert faults("PUT", wire_counts.TICKETS_TOTALS, of_kinds) == []
    assert [one["recette"] for one in of_kinds["counts"]] == list(cents.values())
    assert "recette" not in of_kinds
    for path in (wire_counts.RESERVATIONS_TOTALS, wire_counts.BLOCKED_SEATS_TOTALS):
        assert faults("PUT", path, wire_counts.body_for_places(PRODUCTION, 11484906, 0)) == []
    assert faults("PUT", wire_counts.TICKETS_TOTALS, {**tickets, "seats": 1}) != []


READS = [
    (wire.THEATERS, "listTheaters"),
    (wire.theater_path(19), "getTheater"),
    (wire.PRODUCERS, "listProducers"),
    (wire.GENRES, "listGenres"),
    (wire.CONTRACTS, "listContracts"),
    (wire.contracts_of_production_path(PRODUCTION), "listProductionContracts"),
    (wire.productions_path(123), "listProductions"),
    (wire.performances_path(123, PRODUCTION), "listPerformances"),
]


@pytest.mark.parametrize(("path", "name"), READS)
def test_every_path_that_is_read_stands_in_the_document(path: str, name: str) -> None:
    operation, arguments = DOCUMENT.route("GET", path)
    DOCUMENT.parameters(operation, arguments, "path")
    assert operation.name == name


def test_the_queries_fit_the_document(world: World) -> None:
    listing, _none = DOCUMENT.route("GET", wire.CONTRACTS)
    since = wire.modified_since(world.performances[0].starts_at)
    assert DOCUMENT.parameters(listing, since, "query") == since
    productions, _some = DOCUMENT.route("GET", wire.productions_path(123))
    window = wire.season_window(dt.date(2000, 1, 1), dt.date(2030, 12, 31))
    assert DOCUMENT.parameters(productions, window, "query") == window


def test_an_odd_production_id_cannot_leave_its_place_in_the_path() -> None:
    assert wire.contracts_of_production_path("../theaters?x=1") == "/contracts/..%2Ftheaters%3Fx%3D1"
