"""The OpenAPI document at run time: it routes the calls and judges every request (and, in tests, every answer)."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import jsonschema
import yaml

from dipportal.sandbox.calls import Call, Refusal, not_found

DEFAULT_PATH = Path(__file__).resolve().parents[2] / "docs" / "dip-openapi.yaml"
_METHODS = ("get", "post", "put", "delete", "patch")


@dataclass(frozen=True)
class Operation:
    name: str
    method: str
    template: str
    pattern: re.Pattern[str]
    node: dict[str, Any]

    @property
    def writes(self) -> bool:
        return self.method != "GET" and self.template != "/token"


def _compile(template: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", template)
    named = [re.escape(part) if index % 2 == 0 else f"(?P<{part}>[^/]+)" for index, part in enumerate(parts)]
    return re.compile("^" + "".join(named) + "$")


class Spec:
    def __init__(self, path: str | Path = DEFAULT_PATH) -> None:
        self.document: dict[str, Any] = yaml.safe_load(Path(path).read_text(encoding="utf-8"))
        self.operations = [
            Operation(node["operationId"], method.upper(), template, _compile(template), node)
            for template, item in self.document["paths"].items()
            for method, node in item.items()
            if method in _METHODS
        ]
        # Fixed segments before parameters: /theaters/fees is no theater id.
        self.operations.sort(key=lambda operation: operation.template.count("{"))
        self._validators: dict[str, jsonschema.Draft202012Validator] = {}

    def route(self, method: str, path: str) -> tuple[Operation, dict[str, str]]:
        other_method = False
        for operation in self.operations:
            found = operation.pattern.match(path)
            if found and operation.method == method:
                return operation, found.groupdict()
            other_method = other_method or bool(found)
        if other_method:
            raise Refusal(f"{method} is not allowed on {path}", status=405, error="Method not allowed")
        raise not_found(path)

    def operation(self, name: str) -> Operation:
        return next(operation for operation in self.operations if operation.name == name)

    def parameters(self, operation: Operation, given: dict[str, str], where: str) -> dict[str, Any]:
        """Typed values of the known parameters; unknown ones are ignored, as DIP does."""
        values: dict[str, Any] = {}
        for parameter in operation.node.get("parameters", []):
            name = parameter["name"]
            if parameter["in"] != where or name not in given:
                continue
            value: Any = given[name]
            if self._type_of(parameter["schema"]) == "integer" and re.fullmatch(r"-?\d+", value):
                value = int(value)
            self._refuse_unless_valid(parameter["schema"], value, name)
            values[name] = value
        return values

    def body(self, operation: Operation, call: Call, arguments: dict[str, Any]) -> Any:
        node = operation.node.get("requestBody")
        if node is None or (not call.body and not node["required"]):
            return {}
        content_type = call.content_type.partition(";")[0].strip().lower()
        if content_type not in node["content"]:
            raise Refusal(f"Content-Type must be {', '.join(node['content'])}", status=415)
        schema = node["content"][content_type]["schema"]
        if "x-schema-by-type" in node:
            schema = {"$ref": f"#/components/schemas/{node['x-schema-by-type'][arguments['type']]}"}
        value = self._decode(content_type, call)
        self._refuse_unless_valid(schema, value, "")
        return value

    def answer_errors(self, operation: Operation, status: int, value: Any) -> list[str]:
        """What in an answer does not fit the document; empty when it fits."""
        if status == 200:
            schema = operation.node["responses"]["200"]["content"]["application/json"]["schema"]
        else:
            schema = {"$ref": "#/components/schemas/Error"}
        return self.errors(schema, value)

    def errors(self, schema: dict[str, Any], value: Any) -> list[str]:
        found = sorted(self._validator(schema).iter_errors(value), key=lambda error: list(map(str, error.path)))
        return [_sentence(error, "") for error in found]

    def _decode(self, content_type: str, call: Call) -> Any:
        if content_type == "application/x-www-form-urlencoded":
            return dict(parse_qsl(call.text, keep_blank_values=True))
        try:
            return json.loads(call.body, parse_constant=_refuse_constant)
        except ValueError as problem:
            raise Refusal(f"The body is not JSON: {problem}") from problem

    def _refuse_unless_valid(self, schema: dict[str, Any], value: Any, name: str) -> None:
        error = jsonschema.exceptions.best_match(self._validator(schema).iter_errors(value))
        if error is not None:
            raise Refusal(_sentence(error, name))

    def _type_of(self, schema: dict[str, Any]) -> Any:
        if "$ref" in schema:
            schema = self.document["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        return schema.get("type")

    def _validator(self, schema: dict[str, Any]) -> jsonschema.Draft202012Validator:
        key = json.dumps(schema, sort_keys=True)
        if key not in self._validators:
            whole = {**schema, "components": self.document["components"]}
            self._validators[key] = jsonschema.Draft202012Validator(whole)
        return self._validators[key]


def _refuse_constant(name: str) -> Any:
    raise ValueError(f"{name} is not JSON")


def _sentence(error: jsonschema.exceptions.ValidationError, name: str) -> str:
    """Names the member first, so that a person finds it in the body at once."""
    member = ".".join([*([name] if name else []), *map(str, error.absolute_path)])
    schema: Any = error.schema
    given: Any = error.instance
    wanted: Any = error.validator_value
    if error.validator == "additionalProperties" and isinstance(given, dict):
        unknown = sorted(set(given) - set(schema.get("properties", {})))
        member, message = ".".join(filter(None, [member, unknown[0]])), "unknown member"
    elif error.validator == "required":
        missing = next(name for name in wanted if name not in given)
        member, message = ".".join(filter(None, [member, missing])), "is required"
    else:
        message = error.message if len(error.message) < 300 else error.message[:300] + "…"
    return f"{member or 'body'}: {message}"
