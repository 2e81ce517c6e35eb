"""The OpenAPI document is what the code says, and its examples are what the code takes and gives."""

from pathlib import Path
from typing import Any

import pytest
import yaml
from django.urls import reverse
from django.utils import translation
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.renderers import OpenApiYamlRenderer
from drf_spectacular.validation import validate_schema
from jsonschema import Draft4Validator, ValidationError

from dipportal.api import examples
from dipportal.ticketing import definitions
from tests.access import api
from tests.access.test_matrix import API_ROUTES
from tests.api.conftest import Call
from tests.api.test_counts import IMPOSSIBLE
from tests.world import World

FILE = Path(__file__).resolve().parents[2] / "docs" / "api" / "openapi.yaml"
DOCUMENT: dict[str, Any] = yaml.safe_load(FILE.read_text(encoding="utf-8"))
CALLS = [(path, method) for path, item in DOCUMENT["paths"].items() for method in item]


def nullable(part: Any) -> Any:
    """As plain JSON Schema says it: OpenAPI 3.0 has a word of its own for 'or null'."""
    if isinstance(part, list):
        return [nullable(one) for one in part]
    if not isinstance(part, dict):
        return part
    plain = {name: nullable(value) for name, value in part.items() if name != "nullable"}
    return {"anyOf": [plain, {"type": "null"}]} if part.get("nullable") is True else plain


def check(body: Any, schema: dict[str, Any]) -> None:
    Draft4Validator({**nullable(schema), "components": nullable(DOCUMENT["components"])}).validate(body)


def schema_of(operation: dict[str, Any], status: int) -> dict[str, Any]:
    found: dict[str, Any] = operation["responses"][str(status)]["content"]["application/json"]["schema"]
    return found


def test_the_document_is_what_the_code_says() -> None:
    """After a change: python manage.py spectacular --file docs/api/openapi.yaml --validate --fail-on-warn"""
    made = SchemaGenerator().get_schema(request=None, public=True)
    validate_schema(made)
    assert OpenApiYamlRenderer().render(made, renderer_context={}).decode() == FILE.read_text(encoding="utf-8")


def test_the_document_has_every_call_and_no_other() -> None:
    known = {
        (reverse(route.name), method.lower()) for route in API_ROUTES for method in (route.policy or {})["methods"]
    }
    assert set(CALLS) == known
    assert all(DOCUMENT["paths"][path][method]["security"] == [{"key": []}] for path, method in CALLS)


def test_every_example_fits_its_schema() -> None:
    seen = 0
    for path, method in CALLS:
        operation = DOCUMENT["paths"][path][method]
        bodies = [operation["requestBody"], *operation["responses"].values()] if method == "put" else []
        for body in bodies or operation["responses"].values():
            content = body["content"]["application/json"]
            for example in content.get("examples", {}).values():
                check(example["value"], content["schema"])
                seen += 1
    assert seen > 12


@pytest.mark.parametrize(
    ("name", "shown"),
    [("tickets", examples.TICKETS), ("reservations", examples.PLACES), ("blocked_seats", examples.PLACES)],
)
def test_every_example_of_a_call_is_taken_in(world: World, put: Call, name: str, shown: dict[str, Any]) -> None:
    operation = DOCUMENT["paths"][reverse(f"api:{name}")]["put"]
    assert shown
    for body in shown.values():
        answer = put(body, name)
        assert answer.status_code == 200, answer.content
        check(answer.json(), schema_of(operation, 200))


def test_what_is_refused_fits_the_document(world: World, put: Call) -> None:
    operation = DOCUMENT["paths"][reverse("api:tickets")]["put"]
    bad = {**examples.TICKETS["One performance, by its numbers of DIP"], "reservations": -1}
    check(put(bad).json(), schema_of(operation, 400))
    check(put(bad, secret="").json(), schema_of(operation, 401))
    check(put(b"x", content_type="text/plain").json(), schema_of(operation, 415))


def test_the_page_for_box_offices_explains_every_code_and_number() -> None:
    page = (FILE.parents[1] / "api.md").read_text(encoding="utf-8")
    told = {code for _body, _field, code in IMPOSSIBLE} | {"older", "linked", "number", "gone", "places"}
    assert {code for code in told if f"`{code}`" not in page} == set()
    with translation.override("en"):
        said = [*definitions.KINDS.values(), definitions.ACQUIRED, definitions.RESERVATIONS, definitions.BLOCKED]
        assert [str(text) for text in (*said, definitions.REVENUE) if str(text) not in page] == []


def test_what_is_listed_fits_the_document(world: World, put: Call, secret: str) -> None:
    put(examples.TICKETS["With its number in the own system, which is kept"])
    listed = api.call("GET", "performances", secret).json()
    assert [one["count"] is None for one in listed] == [False, True, True]
    check(listed, schema_of(DOCUMENT["paths"][reverse("api:performances")]["get"], 200))
    with pytest.raises(ValidationError, match="not valid"):
        check([{**listed[0], "seats": "veel"}], schema_of(DOCUMENT["paths"][reverse("api:performances")]["get"], 200))
