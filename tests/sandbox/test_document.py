"""The OpenAPI document: routes, weights, strictness, and that real samples fit it."""

import json
from pathlib import Path
from typing import Any

import pytest

from dipportal.sandbox import terms
from dipportal.sandbox.pipeline import HANDLERS
from tests.sandbox.client import SPEC, Dip

GOLDEN = Path(__file__).resolve().parents[1] / "golden"
SAMPLES = {
    "theaters": "listTheaters",
    "productions": "listProductions",
    "performances": "listPerformances",
    "sales": "listSales",
    "contracts": "listContracts",
}
SCHEMAS = SPEC.document["components"]["schemas"]


def golden(name: str) -> Any:
    return json.loads((GOLDEN / f"{name}.json").read_text(encoding="utf-8"))


def bodies() -> list[str]:
    return sorted(name for name in SCHEMAS if name.endswith(("Body", "Terms", "Create", "Update", "Request")))


def test_every_operation_has_a_handler_and_every_handler_an_operation() -> None:
    assert {one.name for one in SPEC.operations} - {"createToken"} == set(HANDLERS)


def test_every_operation_says_how_sure_it_is() -> None:
    assert {one.node["x-weight"] for one in SPEC.operations} == {"given", "seen", "spec", "ours"}


@pytest.mark.parametrize("name", bodies())
def test_no_request_body_lets_an_unknown_member_through(name: str) -> None:
    assert SCHEMAS[name]["additionalProperties"] is False


@pytest.mark.parametrize("contract_type", terms.CONTRACT_TYPES)
def test_request_terms_are_the_answers_terms_in_camel_case(contract_type: str) -> None:
    title = contract_type.capitalize()
    asked = {terms.snake(name) for name in SCHEMAS[f"{title}Terms"]["properties"]}
    assert asked == set(SCHEMAS[f"{title}Properties"]["properties"]) == set(terms.properties(contract_type, {}))


@pytest.mark.parametrize("resource", sorted(SAMPLES))
def test_the_golden_samples_fit(resource: str) -> None:
    assert SPEC.answer_errors(SPEC.operation(SAMPLES[resource]), 200, golden(resource)) == []


def test_the_golden_errors_fit() -> None:
    for sample in golden("errors").values():
        assert SPEC.errors({"$ref": "#/components/schemas/Error"}, sample["body"]) == []


@pytest.mark.parametrize(
    ("resource", "damage"),
    [
        ("contracts", {"parentId": None}),
        ("contracts", {"type": "buyout"}),
        ("contracts", {"modified": "2026-03-10T16:25:36+01:00"}),
        ("performances", {"status": "cancelled"}),
        ("productions", {"id": "25-123-1"}),
    ],
)
def test_a_damaged_sample_does_not_fit(resource: str, damage: dict[str, Any]) -> None:
    records = golden(resource)
    records[0].update(damage)
    assert SPEC.answer_errors(SPEC.operation(SAMPLES[resource]), 200, records) != []


def test_loaded_golden_records_come_back_word_for_word(agency: Dip) -> None:
    contracts, sales = golden("contracts"), golden("sales")
    production = golden("productions")[0]["id"]
    agency.admin.load(
        theaters=golden("theaters"),
        productions=golden("productions"),
        performances=golden("performances"),
        contracts=contracts,
        sales={production: sales},
    )
    assert agency.get(f"/contracts/{production}") == [one for one in contracts if one["production"]["id"] == production]
    assert agency.get(f"/productions/{production}/sales") == sales
    assert agency.get(f"/producers/123/productions/{production}/performances") == golden("performances")
    assert agency.get("/theaters/19") == golden("theaters")[0]
    made = agency.concept()
    assert made["id"] > max(one["id"] for one in contracts)


def test_every_reading_call_of_a_full_world_fits(demo: Dip) -> None:
    """`Dip.send` checks each answer; here every reading operation is called at least once."""
    refused = set()
    production, performance = demo.playing(124)
    values = {
        "theaterId": str(performance["theater"]["id"]),
        "producerId": "124",
        "productionNumber": production["id"],
        "performanceId": str(performance["number"]),
        "borderelId": "1",
    }
    for operation in SPEC.operations:
        if operation.method == "GET":
            status, _ = demo.send("GET", operation.template.format_map(values))
            refused |= {operation.name} if status != 200 else set()
    for producer in (123, 124, 125, 201):
        for one in demo.productions(producer):
            demo.send("GET", f"/producers/{producer}/productions/{one['id']}/performances")
            demo.send("GET", f"/productions/{one['id']}/sales")
    # Nothing was sold, blocked or settled there; everything else has an answer.
    assert refused <= {"getBorderel", "listBlockedSeats", "listPerformanceSales", "listReservations"}
